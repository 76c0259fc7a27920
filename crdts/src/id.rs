//! Who writes ([`ReplicaId`]), and the name of a single change ([`Dot`]).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A replica: a stable address, and the incarnation that is writing under it.
///
/// The incarnation is what makes reuse of an identity harmless. Whatever restarts without being
/// able to prove that its store is complete takes a new one: minting a dot twice is the one
/// unrecoverable error of a CRDT. Take it from your own randomness; there is no default.
///
/// Ids order by address, then by incarnation; the order breaks ties and means nothing else.
///
/// ```
/// use rejoin_crdts::ReplicaId;
/// let before = ReplicaId::new(7, 0x5eed);
/// let after_losing_the_disk = ReplicaId::new(7, 0xf00d);
/// assert_ne!(before, after_losing_the_disk);
/// assert_eq!(before.id(), after_losing_the_disk.id());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaId {
    id: u64,
    incarnation: u64,
}

impl ReplicaId {
    /// The replica at address `id`, in the given incarnation.
    ///
    /// ```
    /// use rejoin_crdts::ReplicaId;
    /// assert_eq!(ReplicaId::new(1, 0x2a).to_string(), "r1/2a");
    /// ```
    #[must_use]
    pub const fn new(id: u64, incarnation: u64) -> Self {
        Self { id, incarnation }
    }

    /// The address, which survives restarts.
    ///
    /// ```
    /// use rejoin_crdts::ReplicaId;
    /// assert_eq!(ReplicaId::new(7, 0x5eed).id(), 7);
    /// ```
    #[must_use]
    pub const fn id(self) -> u64 {
        self.id
    }

    /// The nonce that tells this life of the replica from its earlier ones.
    ///
    /// ```
    /// use rejoin_crdts::ReplicaId;
    /// assert_eq!(ReplicaId::new(7, 0x5eed).incarnation(), 0x5eed);
    /// ```
    #[must_use]
    pub const fn incarnation(self) -> u64 {
        self.incarnation
    }
}

/// `r1` in incarnation 0, otherwise `r1/2a` with the incarnation in hexadecimal.
impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.incarnation {
            0 => write!(f, "r{}", self.id),
            incarnation => write!(f, "r{}/{incarnation:x}", self.id),
        }
    }
}

impl fmt::Debug for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of one primitive change: the `counter`-th of `replica`, counted from 1.
///
/// A dot is minted once and never shared by two entries, removals included, so a set of dots
/// ([`CausalContext`](crate::CausalContext)) is the whole of what a replica knows
/// (Almeida, Baquero, Gonçalves, Preguiça & Fonte, "Scalable and accurate causality tracking",
/// DAIS 2014).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawDot")]
pub struct Dot {
    /// Who minted it.
    pub replica: ReplicaId,
    /// Its number among that replica's dots, from 1.
    pub counter: u64,
}

impl Dot {
    /// The last counter that is taken from a stranger, so that a replica can always mint one more.
    pub(crate) const LAST: u64 = u64::MAX >> 1;

    /// The `counter`-th dot of `replica`.
    ///
    /// ```
    /// use rejoin_crdts::{Dot, ReplicaId};
    /// assert_eq!(Dot::new(ReplicaId::new(1, 0), 4).to_string(), "r1:4");
    /// ```
    #[must_use]
    pub const fn new(replica: ReplicaId, counter: u64) -> Self {
        Self { replica, counter }
    }
}

/// A dot as a stranger writes it.
#[derive(Deserialize)]
#[serde(rename = "Dot")]
struct RawDot {
    replica: ReplicaId,
    counter: u64,
}

impl TryFrom<RawDot> for Dot {
    type Error = String;

    fn try_from(RawDot { replica, counter }: RawDot) -> Result<Self, String> {
        if (1..=Self::LAST).contains(&counter) {
            Ok(Self { replica, counter })
        } else {
            Err(format!("there is no dot {replica}:{counter}"))
        }
    }
}

/// `r1:4`.
impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.replica, self.counter)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of an operation, given by whoever performs it: the `seq`-th of `replica`, from 1.
///
/// It is the harness's name for what happened. Types mint their own [`Dot`]s and never see it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpId {
    /// Who performed it.
    pub replica: ReplicaId,
    /// Its number among that replica's operations, from 1.
    pub seq: u64,
}

impl OpId {
    /// The `seq`-th operation of `replica`.
    ///
    /// ```
    /// use rejoin_crdts::{OpId, ReplicaId};
    /// assert_eq!(OpId::new(ReplicaId::new(1, 0), 4).to_string(), "r1:4");
    /// ```
    #[must_use]
    pub const fn new(replica: ReplicaId, seq: u64) -> Self {
        Self { replica, seq }
    }
}

/// `r1:4`.
impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.replica, self.seq)
    }
}

impl fmt::Debug for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
