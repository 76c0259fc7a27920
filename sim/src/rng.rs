//! Event ids, and randomness that is a function of them.
//!
//! Every draw is a function of (seed, stream, event id) (Salmon, Moraes, Dror & Shaw, "Parallel
//! random numbers: as easy as 1, 2, 3", SC 2011). An event's id is a hash of its parent's id and of
//! what it is to its parent, so deleting an event changes neither the ids nor the draws of any
//! that it did not cause.
//!
//! The seed is spread by ChaCha8, once a run. What is needed for every message is mixed by folded
//! multiplication, the step of wyhash (Wang Yi, 2019): a cipher's block would cost as much as all
//! the rest of a message (docs/decisions/0008).

use std::fmt;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use rejoin_crdts::Draw;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::codec;

/// The 128-bit name of an event (folded multiplication).
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
    /// Where a fault comes at its moment: after all else, in their own order.
    pub(crate) const fn fault(order: u8, root: u64) -> Self {
        Self((u128::MAX << 72) | (order as u128) << 64 | root as u128)
    }

    /// A turn: after all that happens at a moment but the last.
    pub(crate) const TURN: Self = Self(u128::MAX - 1);

    /// The last of all that happens at a moment.
    pub(crate) const LAST: Self = Self(u128::MAX);

    /// The `number`-th root of its kind: an event that the plan causes.
    pub(crate) fn root(kind: Kind, number: u64) -> Self {
        Self(0x7265_6a6f_696e).child(kind, number, 0)
    }

    /// A consequence of this event: `detail` is its destination or the hash of its timer, `ordinal`
    /// its number among those equal in these.
    pub(crate) fn child(self, kind: Kind, detail: u64, ordinal: u64) -> Self {
        let mut hash = Hasher(halves(self.0));
        hash.pair(detail, ordinal << 8 | kind as u64);
        let (low, high) = hash.0;
        Self(low as u128 | (high as u128) << 64)
    }

    /// The arrival of a `copy` of the message whose sending this is.
    pub(crate) const fn arrival(self, copy: u64) -> Self {
        let copy = copy as u128 + 1;
        Self(self.0 ^ copy.wrapping_mul(MIX[2] as u128 | (MIX[3] as u128) << 64))
    }

    pub(crate) const fn as_u128(self) -> u128 {
        self.0
    }

    #[cfg(test)]
    pub(crate) const fn of(number: u128) -> Self {
        Self(number)
    }

    /// Its upper half, by which nearly all ids differ already.
    pub(crate) const fn prefix(self) -> u64 {
        (self.0 >> 64) as u64
    }
}

/// The lower and the upper half.
const fn halves(number: u128) -> (u64, u64) {
    (number as u64, (number >> 64) as u64)
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
    Swarm = 8,
    Members = 9,
}

impl Kind {
    /// In words, as of one event.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Start => "a start",
            Self::Operation => "an operation",
            Self::Fault => "a fault",
            Self::Send => "a message",
            Self::Deliver => "a delivery",
            Self::Timer => "a timer",
            Self::Calm => "the end of the faults",
            Self::Swarm => "a draw",
            Self::Members => "news of neighbours",
        }
    }
}

/// Any large odd numbers without a pattern: the fractional parts of √2, √3, √5, √7.
const MIX: [u64; 4] =
    [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1];

/// The product of 128 bits, its halves folded into one.
const fn fold(a: u64, b: u64) -> u64 {
    let (low, high) = halves(a as u128 * b as u128);
    low ^ high
}

/// A hash of 128 bits over words of 64, the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Hasher((u64, u64));

impl Hasher {
    /// A hash of its own for each `purpose`.
    pub(crate) const fn new(purpose: u64) -> Self {
        Self((MIX[0] ^ purpose, MIX[1]))
    }

    pub(crate) const fn pair(&mut self, x: u64, y: u64) -> &mut Self {
        let (a, b) = self.0;
        self.0 = (
            fold(a ^ x ^ MIX[0], b ^ y.rotate_left(32) ^ MIX[1]) ^ b.rotate_left(23),
            fold(b ^ x.rotate_left(17) ^ MIX[2], a ^ y ^ MIX[3]) ^ a.rotate_left(41),
        );
        self
    }

    pub(crate) const fn u128(&mut self, number: u128) -> &mut Self {
        let (low, high) = halves(number);
        self.pair(low, high)
    }

    /// The bytes and their length.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let mut pairs = bytes.chunks_exact(16);
        for pair in pairs.by_ref() {
            let word = u128::from_le_bytes(pair.try_into().expect("chunks of sixteen"));
            self.u128(word);
        }
        let mut rest = [0; 16];
        rest[..pairs.remainder().len()].copy_from_slice(pairs.remainder());
        self.u128(u128::from_le_bytes(rest)).pair(bytes.len() as u64, MIX[2])
    }

    /// The hash of everything so far.
    pub(crate) const fn finish(&self) -> u128 {
        let (a, b) = self.0;
        let (a, b) = (fold(a ^ MIX[2], b ^ MIX[0]), fold(b ^ MIX[3], a ^ MIX[1]));
        a as u128 | (b as u128) << 64
    }
}

/// The hash of a timer, for its id: of its canonical bytes, which are the same on every machine. (What
/// `Hash` is given is not: a list of numbers goes in the machine's order of bytes.) One that cannot be
/// written goes by its number among its equals alone.
pub(crate) fn name_of(timer: &impl Serialize) -> u64 {
    let mut hash = Hasher::new(4);
    for byte in codec::canonical(timer).unwrap_or_default() {
        hash.pair(byte.into(), 0);
    }
    hash.finish() as u64
}

/// The hash over a run's ordered events.
///
/// Folded multiplication, 128 bits. Equal seeds give equal fingerprints on every machine.
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
    Workload = 0,
    Nemesis = 1,
    Clock = 2,
    Network = 3,
    Replica = 4,
    Swarm = 5,
    Schedule = 6,
    Topology = 7,
}

const STREAMS: usize = 8;

/// The randomness of one seed: a key for each stream.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    keys: [(u64, u64); STREAMS],
}

impl Seed {
    /// Spreads `seed` over the streams.
    pub(crate) fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut spread = ChaCha8Rng::from_seed(key);
        Self { keys: std::array::from_fn(|_| (spread.next_u64(), spread.next_u64())) }
    }

    /// The draws of an event in a stream.
    pub(crate) fn draws(&self, stream: Stream, event: EventId) -> Draws {
        let (low, high) = halves(event.0);
        let (a, b) = self.keys[stream as usize];
        Draws { key: (low ^ a, high ^ b), count: 0 }
    }
}

/// The draws of one event in one stream. Costs nothing until the first draw.
#[derive(Clone, Debug)]
pub(crate) struct Draws {
    key: (u64, u64),
    count: u64,
}

impl Draws {
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.count += 1;
        self.nth(self.count)
    }

    fn nth(&self, count: u64) -> u64 {
        let (a, b) = self.key;
        let n = count.wrapping_mul(MIX[0]);
        fold(fold(a ^ n, b ^ MIX[1]) ^ MIX[2], b ^ n.rotate_left(32) ^ MIX[3])
    }

    /// Goes to the `slot`-th place of the sequence: what is drawn from there on does not depend on
    /// what was drawn before.
    pub(crate) fn at(&mut self, slot: u64) -> &mut Self {
        self.count = slot << 16;
        self
    }

    /// A number in `0..1`, a multiple of 2⁻⁵³.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.unit() < probability
    }

    /// One of `items`, which are not empty.
    pub(crate) fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// Puts `items` in any order, each as likely (Fisher & Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at as u64 + 1) as usize);
        }
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
            let low = wide as u64;
            // The remainder is less than the bound: hardly ever must it be known.
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (wide >> 64) as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn draws_are_a_function_of_seed_stream_and_event() {
        let event = EventId::root(Kind::Operation, 3);
        let draw = |seed, stream, event| Seed::new(seed).draws(stream, event).next_u64();
        let reference = draw(1, Stream::Network, event);
        assert_eq!(reference, draw(1, Stream::Network, event));
        assert_ne!(reference, draw(2, Stream::Network, event));
        assert_ne!(reference, draw(1, Stream::Replica, event));
        assert_ne!(reference, draw(1, Stream::Network, EventId::root(Kind::Operation, 4)));
    }

    #[test]
    fn ids_and_draws_are_the_same_on_every_machine() {
        let event = EventId::root(Kind::Operation, 3).child(Kind::Send, 7, 1);
        assert_eq!(event.to_string(), "408fb552939deca0b4cb754f9196ccb3");
        assert_eq!(
            Seed::new(7).draws(Stream::Network, event).next_u64(),
            3_134_167_640_107_697_597
        );
        assert_eq!(name_of(&(Kind::Send as u8, "gossip", [1_u32, 2])), 2_957_060_291_498_701_742);
    }

    #[test]
    fn ids_are_apart_and_each_of_their_bits_is_set_in_half_of_them() {
        let mut ids = BTreeSet::new();
        let mut ones = [0_u32; 128];
        for root in 0..200 {
            for detail in 0..10 {
                for ordinal in 0..10 {
                    let id = EventId::root(Kind::Timer, root).child(Kind::Send, detail, ordinal);
                    assert!(ids.insert(id));
                    for (bit, ones) in ones.iter_mut().enumerate() {
                        *ones += (id.0 >> bit & 1) as u32;
                    }
                }
            }
        }
        // 20,000 fair coins: within six standard deviations of 71 each.
        assert!(ones.iter().all(|ones| ones.abs_diff(10_000) < 430), "{ones:?}");
    }

    #[test]
    fn draws_of_neighbouring_seeds_events_and_places_are_even_and_unrelated() {
        let mut buckets = [0_u32; 16];
        let mut ones = [0_u32; 64];
        let mut last = 0;
        for seed in 0..20 {
            let seed = Seed::new(seed);
            for event in 0..50 {
                let mut draws = seed.draws(Stream::Network, EventId::root(Kind::Send, event));
                for _ in 0..20 {
                    let draw = draws.next_u64();
                    buckets[(draw >> 60) as usize] += 1;
                    for (bit, ones) in ones.iter_mut().enumerate() {
                        *ones += ((draw ^ last) >> bit & 1) as u32;
                    }
                    last = draw;
                }
            }
        }
        assert!(buckets.iter().all(|count| count.abs_diff(1_250) < 210), "{buckets:?}");
        assert!(ones.iter().all(|ones| ones.abs_diff(10_000) < 430), "{ones:?}");
    }

    #[test]
    fn below_reaches_every_number_and_no_other() {
        let mut draws = Seed::new(1).draws(Stream::Workload, EventId::default());
        let mut seen = [0; 6];
        for _ in 0..600 {
            seen[draws.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| count > 60), "{seen:?}");
    }
}
