//! The judge itself: what it keeps of each replica, and in which order it checks.

use std::collections::BTreeSet;
use std::sync::Arc;

use rejoin_crdts::sync::Protocol;
use rejoin_crdts::{At, OpId, OpSet, Spec};

use super::acknowledged::Acknowledged;
use super::chronicle::Chronicle;
use super::convergence::{Convergence, Evidence};
use super::witness::{OpOf, ValueOf, Witness, Wrong};
use super::{Check, visibility};
use crate::Time;
use crate::outcome::Reading;
use crate::rng::Hasher;
use crate::scenario::Disk;
use crate::violation::{Class, Violation};

/// When and where something happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The number of the event.
    pub(crate) step: u64,
    pub(crate) at: Time,
    pub(crate) node: usize,
}

impl Moment {
    pub(crate) fn address(self) -> u64 {
        address(self.node)
    }
}

/// The address of the replica at an index.
pub(crate) fn address(node: usize) -> u64 {
    node as u64 + 1
}

/// What a replica can have heard of: what its messages carry along, whatever they say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rumour {
    /// Everything in the past of any message it took, and of its own.
    past: Option<Arc<OpSet>>,
    /// That part of it which came with messages that changed something here, all the way: the
    /// stamps of these a replica must exceed. An operation of the same effect as others may become
    /// visible without being heard of, and nobody need know its stamp.
    news: Option<Arc<OpSet>>,
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
fn add(set: &mut Option<Arc<OpSet>>, operation: usize) {
    Arc::make_mut(set.get_or_insert_default()).insert(operation);
}

/// What the judge keeps of a replica.
pub(super) struct Standing<P: Protocol, W: Witness<P>> {
    /// What it knows and reads, unless it is down.
    pub(super) live: Option<(W::Knowledge, ValueOf<P>)>,
    pub(super) visible: OpSet,
    /// What could have reached it.
    pub(super) heard: Rumour,
    pub(super) digest: u128,
}

/// Watches a run and checks every step.
pub(crate) struct Judge<P: Protocol, W: Witness<P>> {
    pub(super) spec: P::Spec,
    pub(super) witness: W,
    pub(super) chronicle: Chronicle<OpOf<P>>,
    pub(super) standings: Vec<Standing<P, W>>,
    convergence: Convergence<W::Knowledge, ValueOf<P>>,
    pub(super) acknowledged: Acknowledged,
}

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    pub(crate) fn new(spec: P::Spec, witness: W, replicas: usize) -> Self {
        let standing =
            |_| Standing { live: None, visible: OpSet::new(), heard: Rumour::default(), digest: 0 };
        Self {
            spec,
            witness,
            chronicle: Chronicle::new(),
            standings: (0..replicas).map(standing).collect(),
            convergence: Convergence::new(),
            acknowledged: Acknowledged::default(),
        }
    }

    /// A replica started, with what its disk gave back; returns how many operations that is.
    pub(crate) fn started(&mut self, moment: Moment, replica: &P) -> Check<usize> {
        let heard = self.standings[moment.node].heard.clone();
        let mut visible = self.see_all(moment, replica)?;
        let (past, news) = (heard.past.unwrap_or_default(), heard.news.unwrap_or_default());
        if W::HEARSAY && !visible.is_subset(&past) {
            visible.subtract(&past);
            return Err(self.made_up(moment, &visible));
        }
        // What it did not get back it no longer has from anywhere.
        let back = |set: &OpSet| visible.iter().filter(|&op| set.contains(op)).collect::<OpSet>();
        let (past, news) = (back(&past), back(&news));
        let count = past.iter().filter(|&op| self.witness.changed_something(op)).count();
        self.standings[moment.node].heard =
            Rumour { past: Some(Arc::new(past)), news: Some(Arc::new(news)) };
        self.settle(moment, replica, visible)?;
        Ok(count)
    }

    /// A replica performed an operation, which the judge performs again on a copy.
    pub(crate) fn performed(
        &mut self,
        moment: Moment,
        replica: &P,
        (id, at): (OpId, At),
        op: OpOf<P>,
    ) -> Check {
        let standing = &self.standings[moment.node];
        let saw = standing.visible.clone();
        let news = standing.heard.news.clone().unwrap_or_default();
        let before = standing.live.as_ref().map(|(knowledge, _)| knowledge.clone());
        let Some(before) = before else { return Ok(()) }; // only live replicas perform
        let recorded = self.witness.record(&before, replica, &at, &op);
        let (index, stamped) = self.chronicle.push(At { id, ..at }, op, saw.clone());
        let heard = &mut self.standings[moment.node].heard;
        add(&mut heard.past, index);
        add(&mut heard.news, index);
        let named = self.chronicle.describe(index);
        if at.id != id {
            return Err(self.violation(
                moment,
                Class::Stamp,
                [index],
                format!(
                    "r{} was to perform {named}, and says that it performed {}.",
                    moment.address(),
                    at.id
                ),
            ));
        }
        if let Some(other) = stamped {
            let other_named = self.chronicle.describe(other);
            return Err(self.violation(
                moment,
                Class::Stamp,
                [other, index],
                format!(
                    "{named} has the stamp {}, which {other_named} has already: ties between them \
                 cannot be broken.",
                    at.stamp
                ),
            ));
        }
        let not_below = saw.iter().find(|&seen| {
            news.contains(seen)
                && self.witness.changed_something(seen)
                && self.chronicle.history.at(seen).stamp >= at.stamp
        });
        if let Some(seen) = not_below {
            let stamp = self.chronicle.history.at(seen).stamp;
            let seen_named = self.chronicle.describe(seen);
            return Err(self.violation(moment, Class::Stamp, [seen, index], format!(
                "{named} has the stamp {}, although r{} had seen {seen_named}, whose stamp {stamp} \
                 is not below it.",
                at.stamp, moment.address()
            )));
        }
        if let Err(Wrong { words, elsewhere }) = recorded {
            let wrong = format!("{named} at r{}: {words}.", moment.address());
            let mut violation = self.violation(moment, Class::Delta, [index], wrong);
            let value = format!("{:?}", replica.read());
            violation.expected = elsewhere.filter(|elsewhere| *elsewhere != value);
            violation.values = vec![Reading { replica: moment.address(), value }];
            return Err(violation);
        }
        self.look(moment, replica, Some(index))?;
        self.spread(moment, index)?;
        self.sees_own(moment, index, &self.standings[moment.node].visible)
    }

    fn sees_own(&self, moment: Moment, index: usize, visible: &OpSet) -> Check {
        if visible.contains(index) {
            return Ok(());
        }
        let named = self.chronicle.describe(index);
        let wrong =
            format!("r{} performed {named}, and it is not visible there.", moment.address());
        Err(self.violation(moment, Class::Visibility, [index], wrong))
    }

    /// A new operation may be visible at once where nobody told of it: where it changes nothing.
    fn spread(&mut self, moment: Moment, index: usize) -> Check {
        for node in 0..self.standings.len() {
            let standing = &mut self.standings[node];
            let Some((knowledge, _)) = &standing.live else { continue };
            if standing.visible.contains(index) {
                continue;
            }
            let seen = self.witness.see(knowledge, &self.chronicle, index, &mut standing.visible);
            if seen.is_ok() && standing.visible.contains(index) {
                self.compare(Moment { node, ..moment })?;
            }
        }
        Ok(())
    }

    /// Something happened at a replica; returns whether it knows or reads something else now.
    pub(crate) fn observed(&mut self, moment: Moment, replica: &P) -> Check<bool> {
        self.look(moment, replica, None)
    }

    /// Looks at a replica, which may just have performed an operation.
    fn look(&mut self, moment: Moment, replica: &P, own: Option<usize>) -> Check<bool> {
        let standing = &self.standings[moment.node];
        if standing.live.as_ref().is_some_and(|(known, _)| W::knows(replica, known)) {
            return Ok(false);
        }
        let before = standing.visible.clone();
        let past = standing.heard.past.clone().unwrap_or_default();
        let visible = self.see_all(moment, replica)?;
        if W::HEARSAY && !visible.is_subset(&past) {
            let mut made_up = visible;
            made_up.subtract(&past);
            return Err(self.made_up(moment, &made_up));
        }
        if let Some(own) = own {
            self.sees_own(moment, own, &visible)?;
        }
        let mut gone = before;
        gone.subtract(&visible);
        self.settle(moment, replica, visible)?;
        if !gone.is_empty() {
            let wrong = visibility::shrank(moment.address(), &self.chronicle.names(&gone));
            let mut violation = self.violation(moment, Class::Visibility, gone.iter(), wrong);
            gone.union_with(&self.standings[moment.node].visible);
            // Where both happen to read the same, that must not be shown as a difference.
            let differs = |value: &String| violation.values.iter().all(|read| read.value != *value);
            violation.expected = self.must_be(&gone).filter(differs);
            return Err(violation);
        }
        Ok(true)
    }

    fn made_up(&self, moment: Moment, visible: &OpSet) -> Box<Violation> {
        let wrong = visibility::made_up(moment.address(), &self.chronicle.names(visible));
        self.violation(moment, Class::Visibility, visible.iter(), wrong)
    }

    fn see_all(&self, moment: Moment, replica: &P) -> Check<OpSet> {
        let mut visible = OpSet::new();
        self.witness.see(&W::knowledge(replica), &self.chronicle, 0, &mut visible).map_err(
            |wrong| {
                let wrong = format!("r{}: {wrong}.", moment.address());
                self.violation(moment, Class::Visibility, [], wrong)
            },
        )?;
        Ok(visible)
    }

    /// Takes down what a replica knows and reads now, and compares it.
    fn settle(&mut self, moment: Moment, replica: &P, visible: OpSet) -> Check {
        let bytes = W::bytes(replica).map_err(|error| {
            let wrong = format!("The state of r{} cannot be written: {error}.", moment.address());
            self.violation(moment, Class::Wire, [], wrong)
        })?;
        let standing = &mut self.standings[moment.node];
        let grown = standing.visible.is_subset(&visible) || standing.live.is_none();
        standing.live = Some((W::knowledge(replica), replica.read()));
        standing.visible = visible;
        standing.digest = Hasher::new(2).bytes(&bytes).finish();
        // What disappeared is a finding of its own, and comparisons would only blur it.
        if grown { self.compare(moment) } else { Ok(()) }
    }

    /// Compares a replica with those that knew the same, then with the specification.
    fn compare(&mut self, moment: Moment) -> Check {
        let standing = &self.standings[moment.node];
        let Some((knowledge, value)) = &standing.live else { return Ok(()) };
        let evidence = Evidence {
            replica: moment.address(),
            at: moment.at,
            knowledge: knowledge.clone(),
            value: value.clone(),
            digest: standing.digest,
        };
        if let Err(split) = self.convergence.check(&standing.visible, evidence) {
            let visible = self.standings[moment.node].visible.clone();
            let mut violation =
                self.violation(moment, Class::Convergence, visible.iter(), split.explanation);
            violation.values = split.values;
            return Err(violation);
        }
        self.check_spec(moment)
    }

    /// A replica took a message that carries `rumour`.
    pub(crate) fn received(&mut self, node: usize, rumour: &Rumour) {
        if let Some(standing) = self.standings.get_mut(node) {
            join(&mut standing.heard.past, &rumour.past);
        }
    }

    /// What it took changed it.
    pub(crate) fn learned(&mut self, node: usize, rumour: &Rumour) {
        if let Some(standing) = self.standings.get_mut(node) {
            join(&mut standing.heard.news, &rumour.news);
        }
    }

    /// What the messages of a replica carry along.
    pub(crate) fn rumour(&self, node: usize) -> Rumour {
        self.standings.get(node).map_or_else(Rumour::default, |standing| standing.heard.clone())
    }

    /// A replica crashed; returns how many operations no live replica shows any more.
    pub(crate) fn crashed(&mut self, moment: Moment, disk: Disk) -> u64 {
        if self.standings.is_empty() {
            return 0;
        }
        let before = self.known_to_somebody().len();
        let standing = &mut self.standings[moment.node];
        standing.live = None;
        standing.visible = OpSet::new();
        if disk == Disk::Lost {
            standing.heard = Rumour::default();
        }
        if disk.excuses_loss() {
            self.acknowledged.lose_disk(moment.step, moment.address());
        }
        (before - self.known_to_somebody().len()) as u64
    }

    /// A replica acknowledged an operation.
    pub(crate) fn promised(&mut self, moment: Moment, id: OpId, held_by: BTreeSet<u64>) -> Check {
        let Some(index) = self.chronicle.find(id) else {
            return Err(self.violation(
                moment,
                Class::Acknowledged,
                [],
                format!("r{} acknowledges {id}, which nobody performed.", moment.address()),
            ));
        };
        self.acknowledged.promise(moment.step, index, held_by);
        Ok(())
    }

    /// The union of what is visible at live replicas.
    pub(super) fn known_to_somebody(&self) -> OpSet {
        let mut known = OpSet::new();
        for standing in self.standings.iter().filter(|standing| standing.live.is_some()) {
            known.union_with(&standing.visible);
        }
        known
    }

    /// The hash of a replica's state as bytes.
    pub(crate) fn digest(&self, node: usize) -> u128 {
        self.standings.get(node).map_or(0, |standing| standing.digest)
    }

    /// What a replica reads.
    pub(crate) fn reading(&self, node: usize) -> Option<Reading> {
        let (_, value) = self.standings.get(node)?.live.as_ref()?;
        Some(Reading { replica: address(node), value: format!("{value:?}") })
    }

    /// What the specification says where `visible` is visible, as text.
    pub(super) fn must_be(&self, visible: &OpSet) -> Option<String> {
        let view = self.chronicle.history.view(visible);
        self.spec.value(&view).map(|value| format!("{value:?}"))
    }

    pub(super) fn violation(
        &self,
        moment: Moment,
        class: Class,
        operations: impl IntoIterator<Item = usize>,
        explanation: String,
    ) -> Box<Violation> {
        Box::new(Violation {
            values: self.reading(moment.node).into_iter().collect(),
            operations: operations.into_iter().map(|op| self.chronicle.describe(op)).collect(),
            ..Violation::new(class, moment.at, explanation)
        })
    }
}
