//! Event ids, and randomness that is a function of them.
//!
//! Every draw is a function of (seed, stream, event id) (Salmon, Moraes, Dror & Shaw, "Parallel
//! random numbers: as easy as 1, 2, 3", SC 2011). An event's id is a hash of its parent's id and of
//! what it is to its parent, so deleting an event changes neither the ids nor the draws of any
//! that it did not cause.

use std::fmt;
use std::hash::Hasher as _;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use rejoin_crdts::Draw;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// The 128-bit name of an event (SipHash-1-3 with fixed keys).
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::{Scenario, Subject, TypeSubject};
/// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
/// // Whatever happens to a message is stored under the id of its sending.
/// let outcome = counter.run(&Scenario::of("likes"), 1)?;
/// let (id, fate) = &outcome.decisions.fates[0];
/// assert_eq!((id.to_string().len(), fate.copies.len()), (32, 1));
/// # Ok::<(), rejoin_sim::RunError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(u128);

impl EventId {
    /// The `number`-th root of its kind: an event that the plan causes.
    pub(crate) fn root(kind: Kind, number: u64) -> Self {
        let mut hash = Hasher::new(0);
        hash.byte(kind as u8).u64(number);
        Self(hash.finish())
    }

    /// A consequence of this event: `detail` is its destination or timer, `ordinal` its number
    /// among those equal in these.
    pub(crate) fn child(self, kind: Kind, detail: &[u8], ordinal: u64) -> Self {
        let mut hash = Hasher::new(1);
        hash.u128(self.0).byte(kind as u8).bytes(detail).u64(ordinal);
        Self(hash.finish())
    }

    pub(crate) const fn as_u128(self) -> u128 {
        self.0
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an event is. The numbers are hashed, so they keep their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Start = 1,
    Operation = 2,
    Fault = 3,
    Send = 4,
    Deliver = 5,
    Timer = 6,
    Calm = 7,
}

/// SipHash-1-3 with fixed keys over explicit little-endian bytes: the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    sip: SipHasher13,
}

impl Hasher {
    /// A hash of its own for each `purpose`.
    pub(crate) fn new(purpose: u64) -> Self {
        Self { sip: SipHasher13::new_with_keys(0x7265_6a6f_696e_0001, purpose) }
    }

    pub(crate) fn byte(&mut self, byte: u8) -> &mut Self {
        self.sip.write(&[byte]);
        self
    }

    pub(crate) fn u64(&mut self, number: u64) -> &mut Self {
        self.sip.write(&number.to_le_bytes());
        self
    }

    pub(crate) fn u128(&mut self, number: u128) -> &mut Self {
        self.sip.write(&number.to_le_bytes());
        self
    }

    /// The bytes and their length.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u64(bytes.len() as u64);
        self.sip.write(bytes);
        self
    }

    /// The hash of everything so far.
    pub(crate) fn finish(&self) -> u128 {
        let hash = self.sip.finish128();
        u128::from(hash.h1) | u128::from(hash.h2) << 64
    }
}

/// The hash over a run's ordered events.
///
/// SipHash-1-3, 128 bits. Equal seeds give equal fingerprints on every machine.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::{Scenario, Subject, TypeSubject};
/// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
/// let run = |seed| counter.run(&Scenario::of("likes"), seed);
/// assert_eq!(run(1)?.fingerprint, run(1)?.fingerprint);
/// assert_ne!(run(1)?.fingerprint, run(2)?.fingerprint);
/// # Ok::<(), rejoin_sim::RunError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint(pub(crate) u128);

/// 32 hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(de::Error::custom)
    }
}

/// What randomness is for; each use has a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Workload = 1,
    Nemesis = 2,
    Clock = 3,
    Network = 4,
    Replica = 5,
}

/// The draws of one event in one stream. Costs nothing until the first draw.
#[derive(Debug)]
pub(crate) struct Draws {
    key: [u8; 32],
    block: Option<ChaCha8Rng>,
}

impl Draws {
    pub(crate) fn new(seed: u64, stream: Stream, event: EventId) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(stream as u64).to_le_bytes());
        key[16..].copy_from_slice(&event.as_u128().to_le_bytes());
        Self { key, block: None }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.block.get_or_insert_with(|| ChaCha8Rng::from_seed(self.key)).next_u64()
    }

    /// A number in `0..1`, a multiple of 2⁻⁵³.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of this probability happens. Draws even when it is certain, so that the
    /// later draws of the event stay as they are when the probability changes.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

impl Draw for Draws {
    /// Lemire's multiplication ("Fast random integer generation in an interval", TOMACS 2019),
    /// without bias.
    fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0, "an empty range");
        let bound = bound.max(1);
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(bound);
            if (wide as u64) >= bound.wrapping_neg() % bound {
                return (wide >> 64) as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_a_function_of_seed_stream_and_event() {
        let event = EventId::root(Kind::Operation, 3);
        let draw = |seed, stream, event| Draws::new(seed, stream, event).next_u64();
        let reference = draw(1, Stream::Network, event);
        assert_eq!(reference, draw(1, Stream::Network, event));
        assert_ne!(reference, draw(2, Stream::Network, event));
        assert_ne!(reference, draw(1, Stream::Replica, event));
        assert_ne!(reference, draw(1, Stream::Network, EventId::root(Kind::Operation, 4)));
    }

    #[test]
    fn ids_and_draws_are_the_same_on_every_machine() {
        let event = EventId::root(Kind::Operation, 3).child(Kind::Send, b"peer", 1);
        assert_eq!(event.to_string(), "c64dfbda62f5cd65d3dd6c08284d081d");
        assert_eq!(Draws::new(7, Stream::Network, event).next_u64(), 1_873_583_134_379_981_508);
    }

    #[test]
    fn below_reaches_every_number_and_no_other() {
        let mut draws = Draws::new(1, Stream::Workload, EventId::default());
        let mut seen = [0; 6];
        for _ in 0..600 {
            seen[draws.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| count > 60), "{seen:?}");
    }
}
