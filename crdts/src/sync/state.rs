//! Policy state: now and then, the whole state to a random peer (the basic anti-entropy of
//! Shapiro, Preguiça, Baquero & Zawirski, SSS 2011).
//!
//! The network may lose, duplicate and reorder: a state carries its past along, so a later one
//! makes up for any that was lost. Nothing is remembered of the peers, and so nothing can be said
//! of what they lack.

use super::message::{Message, WholeState};
use super::replica::Voice;

/// Whom to send to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Gossip {
    peers: Vec<u64>,
}

impl Gossip {
    pub(super) fn set_peers(&mut self, peers: impl Iterator<Item = u64>) {
        self.peers = peers.collect();
    }

    /// One round: the state to one peer, which `draw` chooses. One clone, which shares structure.
    pub(super) fn round<S: Clone, D>(
        &self,
        voice: &Voice<'_, S>,
        draw: impl FnOnce(u64) -> u64,
    ) -> Option<(u64, Message<S, D>)> {
        if self.peers.is_empty() {
            return None;
        }
        let to = self.peers[draw(self.peers.len() as u64) as usize];
        let Voice { sender, clock, state } = *voice;
        Some((to, Message::Whole(WholeState { sender, upto: 0, state: state.clone(), clock })))
    }
}
