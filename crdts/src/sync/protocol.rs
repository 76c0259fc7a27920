//! The contract of a sans-IO replica: no sockets, no clocks, no randomness of its own.
//!
//! Time is an argument, what it wants done is pushed to an [`Outbox`], and every random choice is
//! drawn from there. The same code is judged in the simulator and runs over a real network.

use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Debug;
use std::hash::Hash;

use crate::model::{Draw, Model, Refused, Spec, Wire};
use crate::wire::WireError;
use crate::{At, OpId, ReplicaId};

/// A replica of some replicated object: ours ([`Replica`](crate::sync::Replica)) or yours.
///
/// Addresses (`from`, `to`, `peers`) are replica ids without their incarnation.
pub trait Protocol: Clone + Eq + Hash + Debug + Send + 'static {
    /// What the replicated object means.
    type Spec: Spec;
    /// Every cap and interval, so that every one can be made small.
    type Config: Clone + Debug + Send + Sync + 'static;
    /// What travels.
    type Message: Clone + Eq + Hash + Debug;
    /// What wakes it up.
    type Timer: Clone + Ord + Hash + Debug + Wire;
    /// What it writes to its disk.
    type Record: Clone + Eq + Hash + Debug + Wire;

    /// Starts a replica: for the first time, or again after a crash.
    ///
    /// `fresh` has an incarnation that was never used before. `disk` holds the records that
    /// survived, oldest first.
    fn start(
        spec: Self::Spec,
        config: Self::Config,
        fresh: ReplicaId,
        disk: Vec<Self::Record>,
        now_ms: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Self;

    /// Performs a client's operation at once, and returns its name and the stamp it was given.
    ///
    /// The stamp must exceed that of every operation that reached this replica, by whatever way. (An
    /// operation that changed nothing reaches nobody, although it is visible wherever its past is.)
    ///
    /// # Errors
    ///
    /// If the operation is refused; the replica is then unchanged.
    fn perform(
        &mut self,
        id: OpId,
        now_ms: u64,
        op: <Self::Spec as Spec>::Op,
        out: &mut Outbox<'_, Self>,
    ) -> Result<At, Refused>;

    /// Takes a message from the replica at address `from`.
    ///
    /// # Errors
    ///
    /// If the message is not acceptable; the replica is then unchanged.
    fn receive(
        &mut self,
        now_ms: u64,
        from: u64,
        message: Self::Message,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused>;

    /// Acts on a timer that it set earlier in this life.
    fn timer(&mut self, now_ms: u64, timer: Self::Timer, out: &mut Outbox<'_, Self>);

    /// Learns which addresses it may talk to from now on (itself excluded).
    fn members(&mut self, now_ms: u64, peers: &[u64], out: &mut Outbox<'_, Self>);

    /// What a client reads here.
    fn read(&self) -> <Self::Spec as Spec>::Value;

    /// Why this replica is not quiet yet; empty when nothing is outstanding.
    fn waiting_for(&self) -> Vec<Waiting>;

    /// Appends the message's bytes to `bytes`.
    fn encode(message: &Self::Message, bytes: &mut Vec<u8>);

    /// The message that `bytes` hold.
    ///
    /// # Errors
    ///
    /// If they hold none. Bytes may come from anywhere.
    fn decode(bytes: &[u8]) -> Result<Self::Message, WireError>;
}

/// A protocol whose replicas hold a lattice: a judge derives from the state what is visible.
pub trait Backed: Protocol<Spec: Model> {
    /// The state of this replica.
    fn state(&self) -> &<Self::Spec as Model>::State;
}

/// A protocol that is not backed by a lattice: it says itself what is visible, and is cross-checked
/// (the set grows, stays within what was performed, holds its own operations at once, and is
/// complete when the network is quiet).
pub trait Reporting: Protocol {
    /// The operations visible here.
    fn visible(&self) -> BTreeSet<OpId>;
}

/// Something that a replica still waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Waiting {
    /// What, as it should read after "waits for".
    pub what: String,
    /// From which address, if from one.
    pub from: Option<u64>,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from {
            Some(from) => write!(f, "{} from r{from}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// Something that a replica wants done. Outputs are carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<P: Protocol> {
    /// Send a message, unreliably, to an address.
    Send {
        /// The address.
        to: u64,
        /// The message.
        message: P::Message,
    },
    /// Call [`Protocol::timer`] after a delay, unless the replica has crashed by then.
    Timer {
        /// The delay in milliseconds.
        after_ms: u64,
        /// Handed back.
        timer: P::Timer,
    },
    /// Write a record, durable before any later output leaves.
    Append(P::Record),
    /// Write a record that replaces all earlier ones, durable before any later output leaves.
    Snapshot(P::Record),
    /// Tell the client that its operation is safe on the disks of `held_by`.
    Done {
        /// The operation.
        id: OpId,
        /// The addresses whose disks hold it. Losing it is excused only if all of them lose theirs.
        held_by: BTreeSet<u64>,
    },
}

/// Where a replica puts what it wants done, and where it draws its random choices.
pub struct Outbox<'d, P: Protocol> {
    outputs: Vec<Output<P>>,
    draw: &'d mut dyn Draw,
}

impl<'d, P: Protocol> Outbox<'d, P> {
    /// An empty outbox whose choices come from `draw`.
    #[must_use]
    pub fn new(draw: &'d mut dyn Draw) -> Self {
        Self { outputs: Vec::new(), draw }
    }

    /// Asks for `message` to be sent to address `to`.
    pub fn send(&mut self, to: u64, message: P::Message) {
        self.outputs.push(Output::Send { to, message });
    }

    /// Asks to be woken with `timer` after `after_ms` milliseconds.
    pub fn timer(&mut self, after_ms: u64, timer: P::Timer) {
        self.outputs.push(Output::Timer { after_ms, timer });
    }

    /// Asks for `record` to be appended to the disk.
    pub fn append(&mut self, record: P::Record) {
        self.outputs.push(Output::Append(record));
    }

    /// Asks for the disk to be replaced by `record`.
    pub fn snapshot(&mut self, record: P::Record) {
        self.outputs.push(Output::Snapshot(record));
    }

    /// Acknowledges operation `id`, which the disks of `held_by` hold.
    pub fn done(&mut self, id: OpId, held_by: impl IntoIterator<Item = u64>) {
        self.outputs.push(Output::Done { id, held_by: held_by.into_iter().collect() });
    }

    /// A random number in `0..bound`; the only randomness a replica may use.
    pub fn draw(&mut self, bound: u64) -> u64 {
        self.draw.below(bound)
    }

    /// Takes what was asked for, in order.
    #[must_use]
    pub fn into_outputs(self) -> Vec<Output<P>> {
        self.outputs
    }
}
