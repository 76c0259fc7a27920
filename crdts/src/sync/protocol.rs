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
///
/// ```
/// use rejoin_crdts::spec::{CounterOp, GCounterModel};
/// use rejoin_crdts::sync::{Config, Outbox, Output, Protocol, Replica};
/// use rejoin_crdts::{OpId, ReplicaId};
/// let mut draw = |bound: u64| bound / 2; // a driver's own randomness
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut out = Outbox::new(&mut draw);
/// let mut replica: Replica<GCounterModel> =
///     Replica::start(GCounterModel, Config::default(), me, Vec::new(), 0, &mut out);
///
/// let mut out = Outbox::new(&mut draw);
/// replica.perform(OpId::new(me, 1), 5, CounterOp::Add(7), &mut out)?;
/// assert_eq!(replica.read(), 7);
/// let outputs = out.into_outputs(); // in this order: first it is on the disk, then it is done
/// assert!(matches!(outputs[..], [Output::Append(_), Output::Done { .. }]));
/// # Ok::<(), rejoin_crdts::Refused>(())
/// ```
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
///
/// ```
/// use rejoin_crdts::Lattice;
/// use rejoin_crdts::sync::Backed;
/// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
/// # use rejoin_crdts::sync::{Config, Outbox, Protocol, Replica};
/// # use rejoin_crdts::{OpId, ReplicaId};
/// # let mut draw = |bound: u64| bound / 2;
/// # let me = ReplicaId::new(1, 0);
/// # let mut out = Outbox::new(&mut draw);
/// # let mut replica: Replica<GCounterModel> =
/// #     Replica::start(GCounterModel, Config::default(), me, Vec::new(), 0, &mut out);
/// let before = replica.state().clone();
/// replica.perform(OpId::new(me, 1), 5, CounterOp::Add(7), &mut out)?;
/// assert!(replica.state().covers(&before) && *replica.state() != before);
/// # Ok::<(), rejoin_crdts::Refused>(())
/// ```
pub trait Backed: Protocol<Spec: Model> {
    /// The state of this replica.
    fn state(&self) -> &<Self::Spec as Model>::State;
}

/// A protocol that is not backed by a lattice: it says itself what is visible, and is cross-checked
/// (the set grows, stays within what was performed, holds its own operations at once, and is
/// complete when the network is quiet).
///
/// ```
/// use rejoin_crdts::OpId;
/// use rejoin_crdts::sync::Reporting;
/// use std::collections::BTreeSet;
/// # mod ledger { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/ledger.rs")); }
/// # use ledger::Ledger;
/// # use rejoin_crdts::ReplicaId;
/// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
/// # use rejoin_crdts::sync::{Outbox, Protocol};
///
/// impl Reporting for Ledger { // a protocol that keeps the list of its operations
///     fn visible(&self) -> BTreeSet<OpId> {
///         self.entries.keys().copied().collect()
///     }
/// }
/// # let mut draw = |bound: u64| bound / 2;
/// # let me = ReplicaId::new(1, 0);
/// # let mut out = Outbox::new(&mut draw);
/// # let mut ledger = Ledger::start(GCounterModel, 50, me, Vec::new(), 0, &mut out);
/// let id = OpId::new(me, 1);
/// ledger.perform(id, 5, CounterOp::Add(7), &mut out)?;
/// assert_eq!(ledger.visible(), [id].into());
/// # Ok::<(), rejoin_crdts::Refused>(())
/// ```
pub trait Reporting: Protocol {
    /// The operations visible here.
    fn visible(&self) -> BTreeSet<OpId>;

    /// Whether a client that has `read` and `written` these operations can be served here: it must
    /// find all of them (Terry et al., "Session guarantees for weakly consistent replicated data",
    /// PDIS 1994).
    ///
    /// ```
    /// use rejoin_crdts::OpId;
    /// use rejoin_crdts::sync::Reporting;
    /// # mod ledger { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/ledger.rs")); }
    /// # use ledger::Ledger;
    /// # use rejoin_crdts::ReplicaId;
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::sync::{Outbox, Protocol};
    /// # impl Reporting for Ledger {
    /// #     fn visible(&self) -> std::collections::BTreeSet<OpId> {
    /// #         self.entries.keys().copied().collect()
    /// #     }
    /// # }
    /// # let mut draw = |bound: u64| bound / 2;
    /// # let me = ReplicaId::new(1, 0);
    /// # let mut out = Outbox::new(&mut draw);
    /// # let mut ledger = Ledger::start(GCounterModel, 50, me, Vec::new(), 0, &mut out);
    /// let (first, second) = (OpId::new(me, 1), OpId::new(me, 2));
    /// ledger.perform(first, 5, CounterOp::Add(7), &mut out)?;
    /// assert!(ledger.serves(&[].into(), &[first].into()));
    /// assert!(!ledger.serves(&[second].into(), &[first].into())); // it was read elsewhere
    /// # Ok::<(), rejoin_crdts::Refused>(())
    /// ```
    fn serves(&self, read: &BTreeSet<OpId>, written: &BTreeSet<OpId>) -> bool {
        let visible = self.visible();
        read.is_subset(&visible) && written.is_subset(&visible)
    }
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
///
/// ```
/// # use rejoin_crdts::spec::GCounterModel;
/// # use rejoin_crdts::sync::{Outbox, Output, Replica, Timer};
/// # let mut draw = |bound: u64| bound / 2;
/// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
/// out.timer(100, Timer::Gossip);
/// out.timer(1_000, Timer::Heartbeat);
/// assert_eq!(out.into_outputs().len(), 2); // now a driver carries them out
/// ```
pub struct Outbox<'d, P: Protocol> {
    outputs: Vec<Output<P>>,
    draw: &'d mut dyn Draw,
}

impl<'d, P: Protocol> Outbox<'d, P> {
    /// An empty outbox whose choices come from `draw`.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_crdts::sync::{Outbox, Replica};
    /// let mut draw = |bound: u64| bound - 1; // whatever the driver draws from
    /// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
    /// assert_eq!(out.draw(6), 5);
    /// ```
    #[must_use]
    pub fn new(draw: &'d mut dyn Draw) -> Self {
        Self { outputs: Vec::new(), draw }
    }

    /// An empty outbox that uses the memory of `outputs`, which a driver has carried out.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Outbox, Replica, Timer};
    /// # let mut draw = |bound: u64| bound - 1;
    /// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
    /// out.timer(100, Timer::Gossip);
    /// let spare = out.into_outputs();
    /// assert_eq!(Outbox::reusing(spare, &mut draw).into_outputs(), []);
    /// ```
    #[must_use]
    pub fn reusing(mut outputs: Vec<Output<P>>, draw: &'d mut dyn Draw) -> Self {
        outputs.clear();
        Self { outputs, draw }
    }

    /// Asks for `message` to be sent to address `to`.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Outbox, Output, Replica, Timer};
    /// # let mut draw = |bound: u64| bound / 2;
    /// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
    /// # use rejoin_crdts::{ReplicaId, sync::{Have, Message}};
    /// # let (of, by) = (ReplicaId::new(2, 0), ReplicaId::new(1, 0));
    /// let message = Message::Have(Have { of, by, have: 3 });
    /// out.send(2, message.clone());
    /// assert_eq!(out.into_outputs(), [Output::Send { to: 2, message }]);
    /// ```
    pub fn send(&mut self, to: u64, message: P::Message) {
        self.outputs.push(Output::Send { to, message });
    }

    /// Asks to be woken with `timer` after `after_ms` milliseconds.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Outbox, Output, Replica, Timer};
    /// # let mut draw = |bound: u64| bound / 2;
    /// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
    /// out.timer(100, Timer::Gossip);
    /// assert_eq!(out.into_outputs(), [Output::Timer { after_ms: 100, timer: Timer::Gossip }]);
    /// ```
    pub fn timer(&mut self, after_ms: u64, timer: P::Timer) {
        self.outputs.push(Output::Timer { after_ms, timer });
    }

    /// Asks for `record` to be appended to the disk.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Outbox, Output, Record, Replica};
    /// # use rejoin_crdts::{GCounter, ReplicaId, Timestamp};
    /// # let clock = Timestamp::new(5, 0, ReplicaId::new(1, 0));
    /// # let mut draw = |bound: u64| bound / 2;
    /// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
    /// # let delta = GCounter::new().increment(ReplicaId::new(1, 0), 7)?;
    /// let record = Record::News { delta, clock };
    /// out.append(record.clone());
    /// assert_eq!(out.into_outputs(), [Output::Append(record)]);
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    pub fn append(&mut self, record: P::Record) {
        self.outputs.push(Output::Append(record));
    }

    /// Asks for the disk to be replaced by `record`.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Outbox, Output, Record, Replica};
    /// # use rejoin_crdts::{GCounter, ReplicaId, Timestamp};
    /// # let clock = Timestamp::new(5, 0, ReplicaId::new(1, 0));
    /// # let mut draw = |bound: u64| bound / 2;
    /// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
    /// let record = Record::Snapshot { state: GCounter::new(), clock };
    /// out.snapshot(record.clone());
    /// assert_eq!(out.into_outputs(), [Output::Snapshot(record)]);
    /// ```
    pub fn snapshot(&mut self, record: P::Record) {
        self.outputs.push(Output::Snapshot(record));
    }

    /// Acknowledges operation `id`, which the disks of `held_by` hold.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Outbox, Output, Replica, Timer};
    /// # let mut draw = |bound: u64| bound / 2;
    /// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
    /// # use rejoin_crdts::{OpId, ReplicaId};
    /// let id = OpId::new(ReplicaId::new(1, 0), 1);
    /// out.done(id, [1]); // on its own disk, so far
    /// assert_eq!(out.into_outputs(), [Output::Done { id, held_by: [1].into() }]);
    /// ```
    pub fn done(&mut self, id: OpId, held_by: impl IntoIterator<Item = u64>) {
        self.outputs.push(Output::Done { id, held_by: held_by.into_iter().collect() });
    }

    /// A random number in `0..bound`; the only randomness a replica may use.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Outbox, Output, Replica, Timer};
    /// # let mut draw = |bound: u64| bound / 2;
    /// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
    /// assert!(out.draw(6) < 6);
    /// ```
    pub fn draw(&mut self, bound: u64) -> u64 {
        self.draw.below(bound)
    }

    /// Takes what was asked for, in order.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Outbox, Output, Replica, Timer};
    /// # let mut draw = |bound: u64| bound / 2;
    /// let mut out: Outbox<'_, Replica<GCounterModel>> = Outbox::new(&mut draw);
    /// out.timer(100, Timer::Gossip);
    /// out.timer(1_000, Timer::Heartbeat);
    /// let [first, _] = &out.into_outputs()[..] else { panic!("two were asked for") };
    /// assert_eq!(*first, Output::Timer { after_ms: 100, timer: Timer::Gossip });
    /// ```
    #[must_use]
    pub fn into_outputs(self) -> Vec<Output<P>> {
        self.outputs
    }
}
