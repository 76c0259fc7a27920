//! What replicas can have heard of, whatever messages say.

use std::sync::Arc;

use rejoin_crdts::OpSet;
use rejoin_crdts::sync::Protocol;

use super::judge::Judge;
use super::witness::Witness;

/// What a replica can have heard of: what its messages carry along, whatever they say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rumour {
    /// Everything in the past of any message it took, and of its own.
    pub(super) past: Option<Arc<OpSet>>,
    /// That part of it which came with messages that changed something here, all the way: the
    /// stamps of these a replica must exceed. An operation of the same effect as others may become
    /// visible without being heard of, and nobody need know its stamp.
    pub(super) news: Option<Arc<OpSet>>,
}

fn join(mine: &mut Option<Arc<OpSet>>, theirs: &Option<Arc<OpSet>>) {
    let Some(theirs) = theirs else { return };
    match mine {
        None => *mine = Some(Arc::clone(theirs)),
        Some(mine) if theirs.is_subset(mine) => {}
        Some(mine) => Arc::make_mut(mine).union_with(theirs),
    }
}

/// Adds an operation.
pub(super) fn add(set: &mut Option<Arc<OpSet>>, operation: usize) {
    Arc::make_mut(set.get_or_insert_default()).insert(operation);
}

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    /// A replica took a message that carries `rumour`.
    pub(crate) fn received(&mut self, node: usize, rumour: &Rumour) {
        if let Some(standing) = self.standings.get_mut(node) {
            join(&mut standing.heard.past, &rumour.past);
        }
    }

    /// What it took changed it.
    pub(crate) fn learned(&mut self, node: usize, rumour: &Rumour) {
        let Some(standing) = self.standings.get_mut(node) else { return };
        let before = standing.heard.news.clone().unwrap_or_default();
        join(&mut standing.heard.news, &rumour.news);
        let Some(news) = &standing.heard.news else { return };
        for operation in news.difference(&before).filter(|&op| standing.visible.contains(op)) {
            if self.witness.changed_something(operation) {
                let stamped = (self.chronicle.history.at(operation).stamp, operation);
                standing.latest = standing.latest.max(Some(stamped));
            }
        }
    }

    /// What the messages of a replica carry along.
    pub(crate) fn rumour(&self, node: usize) -> Rumour {
        self.standings.get(node).map_or_else(Rumour::default, |standing| standing.heard.clone())
    }
}
