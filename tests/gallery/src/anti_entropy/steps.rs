//! The steps at which an author can go wrong.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::slice;

use rejoin_crdts::sync::{Outbox, Waiting};
use rejoin_crdts::{
    At, CausalContext, Dot, Lattice, Merge, Model, OpId, Refused, ReplicaId, Spec, Timestamp,
};

use super::message::{Cargo, Frame};
use super::{AntiEntropy, EntryOf, RecordOf};

/// What [`AntiEntropy`] does at each step. What is written here is right; a broken protocol does
/// one thing differently.
pub(crate) trait Steps<M: Model>: Debug + Send + Sync {
    /// The name under which a life numbers its entries.
    fn line(&self, fresh: ReplicaId) -> ReplicaId {
        fresh
    }

    /// Goes on above every stamp that was recovered from the disk.
    fn resume(&self, me: &mut AntiEntropy<M>, latest: Timestamp) {
        me.above(latest);
    }

    /// Takes back an entry from the disk.
    fn recover(&self, me: &mut AntiEntropy<M>, entry: EntryOf<M>) {
        me.adopt(entry);
    }

    /// A message has come, or the time for a round.
    fn begin(&self, me: &mut AntiEntropy<M>) {
        let _ = me;
    }

    /// The stamp of an operation.
    fn stamp(&self, me: &mut AntiEntropy<M>, now_ms: u64) -> Result<Timestamp, Refused> {
        Ok(me.clock.tick(now_ms)?)
    }

    /// Performs an operation, or refuses it and changes nothing.
    fn perform(
        &self,
        me: &mut AntiEntropy<M>,
        at: At,
        op: <M as Spec>::Op,
        out: &mut Outbox<'_, AntiEntropy<M>>,
    ) -> Result<(), Refused> {
        me.room()?;
        me.enter(at, op, out)
    }

    /// Writes a record to the disk, before anything that follows from it leaves.
    fn write(
        &self,
        me: &mut AntiEntropy<M>,
        record: RecordOf<M>,
        out: &mut Outbox<'_, AntiEntropy<M>>,
    ) {
        me.write(record, out);
    }

    /// Whose disks hold an operation that was just performed.
    fn holders(&self, me: &AntiEntropy<M>) -> BTreeSet<u64> {
        [me.me.id()].into()
    }

    /// An operation was performed.
    fn performed(&self, me: &mut AntiEntropy<M>) {
        let _ = me;
    }

    /// Takes a batch: checks all of it before it changes anything.
    fn take(
        &self,
        me: &mut AntiEntropy<M>,
        now_ms: u64,
        batch: Vec<EntryOf<M>>,
        out: &mut Outbox<'_, AntiEntropy<M>>,
    ) -> Result<(), Refused> {
        me.admit(now_ms, &batch)?;
        for entry in batch {
            me.hold(entry);
            me.deliver(now_ms, out);
        }
        Ok(())
    }

    /// Whether all that an entry had seen is here, so that it can be delivered.
    fn ready(&self, me: &AntiEntropy<M>, entry: &EntryOf<M>) -> bool {
        me.has.covers(&entry.after)
    }

    /// Moves the clock above an entry that is delivered.
    fn observe(&self, me: &mut AntiEntropy<M>, now_ms: u64, entry: &mut EntryOf<M>) {
        let _ = now_ms;
        me.above(entry.stamp);
    }

    /// What a replica says that it has.
    fn digest(&self, me: &AntiEntropy<M>) -> CausalContext {
        me.has.clone()
    }

    /// `by` says what it has. Within a life that only grows; another life begins anew.
    fn hear(&self, me: &mut AntiEntropy<M>, by: ReplicaId, has: &CausalContext) {
        let Some(peer) = me.peers.get_mut(&by.id()) else { return };
        if peer.life != Some(by) {
            (peer.life, peer.has) = (Some(by), CausalContext::new());
        }
        peer.has.merge(has);
    }

    /// What the peer at an address is taken to have.
    fn known(&self, me: &AntiEntropy<M>, peer: u64) -> CausalContext {
        me.peers.get(&peer).map(|peer| peer.has.clone()).unwrap_or_default()
    }

    /// Whether somebody who has `theirs` lacks something of `mine`.
    fn lacks(&self, mine: &CausalContext, theirs: &CausalContext) -> bool {
        !theirs.covers(mine)
    }

    /// Changes a batch before it is sent to a peer.
    fn batch(&self, me: &mut AntiEntropy<M>, peer: u64, batch: &mut [EntryOf<M>]) {
        let _ = (me, peer, batch);
    }

    /// An entry left the log, because everybody has it or because the log was full.
    fn dropped(&self, me: &mut AntiEntropy<M>, number: Dot, full: bool) {
        let _ = full;
        me.forgotten.insert(number);
    }

    /// There is a new peer.
    fn meet(&self, me: &mut AntiEntropy<M>, peer: u64) {
        let _ = (me, peer);
    }

    /// A peer is no longer among the members.
    fn part(&self, me: &mut AntiEntropy<M>, peer: u64) {
        me.peers.remove(&peer);
    }

    /// A round begins.
    fn round(&self, me: &mut AntiEntropy<M>, now_ms: u64, out: &mut Outbox<'_, AntiEntropy<M>>) {
        let _ = (me, now_ms, out);
    }

    /// What is read from, and which operations are in it.
    fn served<'m>(&self, me: &'m AntiEntropy<M>) -> (&'m M::State, &'m BTreeSet<OpId>) {
        (&me.state, &me.ops)
    }

    /// What is outstanding.
    fn awaited(&self, me: &AntiEntropy<M>) -> Vec<Waiting> {
        me.awaited()
    }

    /// What a client reads.
    fn read(&self, me: &AntiEntropy<M>) -> M::Value {
        me.model.read(self.served(me).0)
    }

    /// Whether a client that has `read` and `written` these can be served.
    fn serves(&self, me: &AntiEntropy<M>, read: &BTreeSet<OpId>, written: &BTreeSet<OpId>) -> bool {
        let (_, visible) = self.served(me);
        read.is_subset(visible) && written.is_subset(visible)
    }

    /// The frame around what is sent.
    fn frame(&self, cargo: Cargo) -> Frame {
        let _ = cargo;
        Frame::default()
    }
}

/// Nothing is done differently.
#[derive(Debug)]
pub(crate) struct Sound;

impl<M: Model> Steps<M> for Sound {}

/// Takes a batch entry by entry. Sound only if every entry is sound.
pub(crate) fn one_by_one<M: Model>(
    me: &mut AntiEntropy<M>,
    now_ms: u64,
    batch: Vec<EntryOf<M>>,
    out: &mut Outbox<'_, AntiEntropy<M>>,
) -> Result<(), Refused> {
    for entry in batch {
        me.admit(now_ms, slice::from_ref(&entry))?;
        me.hold(entry);
        me.deliver(now_ms, out);
    }
    Ok(())
}
