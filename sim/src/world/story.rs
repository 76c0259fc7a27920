//! The story of a run: where replicas diverge, and where they agree again.

use std::collections::BTreeSet;

use rejoin_crdts::sync::Protocol;

use super::World;
use crate::check::Witness;
use crate::timeline::Happening;

/// Among more replicas not every step is looked at: a look goes to everybody.
const CROWD: u64 = 64;

/// Where the story of divergence and agreement stands.
pub(super) struct Story {
    /// A divergence is worth a note: since the start, or since the last cut.
    armed: bool,
    /// Who has performed an operation since then.
    writers: BTreeSet<usize>,
    /// Who is apart from all of them, by index.
    untold: BTreeSet<usize>,
    /// A divergence was noted, and no agreement since.
    apart: bool,
}

impl Story {
    pub(super) fn new(armed: bool, replicas: usize) -> Self {
        Self { armed, writers: BTreeSet::new(), untold: (0..replicas).collect(), apart: false }
    }
}

impl<P: Protocol, W: Witness<P>> World<'_, P, W> {
    /// There is one more cut.
    pub(super) fn note_cut(&mut self) {
        if !self.watching {
            return;
        }
        self.story.armed = true;
        self.story.writers.clear();
        self.story.untold = (0..self.nodes.len()).collect();
    }

    /// There is one cut less.
    pub(super) fn note_heal(&mut self) {
        if !self.watching {
            return;
        }
        self.story.untold = (0..self.nodes.len()).collect();
        for writer in std::mem::take(&mut self.story.writers) {
            self.note_writer(writer);
        }
    }

    /// A replica performed an operation.
    pub(super) fn note_writer(&mut self, writer: usize) {
        if self.watching && self.story.armed && self.story.writers.insert(writer) {
            let mut untold = std::mem::take(&mut self.story.untold);
            if self.cuts.is_empty() {
                untold.remove(&writer);
            } else {
                untold.retain(|side| self.apart(*side, writer));
            }
            self.story.untold = untold;
        }
    }

    /// Whether two replicas are on different sides of a cut; where there is none, each is a side.
    fn apart(&self, one: usize, other: usize) -> bool {
        // Who is isolated still hears itself.
        let cut = || self.network.is_cut(one, other) || self.network.is_cut(other, one);
        one != other && (self.cuts.is_empty() || cut())
    }

    /// Notes the first divergence, where both sides have written, and the agreement that ends it.
    pub(super) fn note_divergence(&mut self, node: usize) {
        if !self.watching {
            return;
        }
        if self.story.armed {
            let rarely = (self.nodes.len() as u64 / CROWD).max(1);
            let told = |node| !self.story.untold.contains(&node);
            if !told(node) || !self.step.is_multiple_of(rarely) {
                return;
            }
            let others = (0..self.nodes.len()).filter(|&it| told(it) && self.apart(node, it));
            if let Some(values) = self.judge.diverged(node, others) {
                self.log.note(self.now, Happening::Diverged { values });
                self.story.armed = false;
                self.story.apart = true;
            }
        } else if self.story.apart
            && self.cuts.is_empty()
            && self.calm_since.is_none()
            && self.judge.agree()
        {
            let value = self.judge.reading(node).map_or_else(String::new, |reading| reading.value);
            self.log.note(self.now, Happening::Agreed { value });
            self.story.apart = false;
        }
    }
}
