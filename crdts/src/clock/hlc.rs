//! Hybrid logical clocks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ClockError;
use crate::ReplicaId;

/// A stamp of a hybrid logical clock. Stamps are totally ordered: by wall time, then by counter,
/// then by replica.
///
/// ```
/// use rejoin_crdts::{ReplicaId, Timestamp};
/// let me = ReplicaId::new(1, 0x5eed);
/// let stamps = [(999, 9), (1_000, 0), (1_000, 1)];
/// assert!(stamps.map(|(wall_ms, counter)| Timestamp::new(wall_ms, counter, me)).is_sorted());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp {
    wall_ms: u64,
    counter: u32,
    replica: ReplicaId,
}

impl Timestamp {
    /// The stamp `counter` at `wall_ms` milliseconds, by `replica`.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, Timestamp};
    /// assert_eq!(Timestamp::new(12, 1, ReplicaId::new(2, 0)).to_string(), "12ms+1@r2");
    /// ```
    #[must_use]
    pub const fn new(wall_ms: u64, counter: u32, replica: ReplicaId) -> Self {
        Self { wall_ms, counter, replica }
    }

    /// The greatest wall time, in milliseconds, that its clock had seen.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// assert_eq!(Timestamp::new(1_000, 2, me).wall_ms(), 1_000);
    /// ```
    #[must_use]
    pub const fn wall_ms(self) -> u64 {
        self.wall_ms
    }

    /// Its number among the events at that wall time.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// assert_eq!(Timestamp::new(1_000, 2, me).counter(), 2);
    /// ```
    #[must_use]
    pub const fn counter(self) -> u32 {
        self.counter
    }

    /// Whose clock made it.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// assert_eq!(Timestamp::new(1_000, 2, me).replica(), me);
    /// ```
    #[must_use]
    pub const fn replica(self) -> ReplicaId {
        self.replica
    }
}

/// `12ms+1@r2`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.wall_ms)?;
        if self.counter > 0 {
            write!(f, "+{}", self.counter)?;
        }
        write!(f, "@{}", self.replica)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A hybrid logical clock: stamps that respect causality like [`Lamport`](crate::Lamport)'s and
/// stay close to wall time (Kulkarni, Demirbas, Madappa, Avva & Leone, OPODIS 2014).
///
/// It reads no clock: wall time is an argument, in milliseconds. Wall time that stands still or
/// jumps back never makes a stamp go back; the counter carries into the wall part instead of
/// wrapping.
///
/// ```
/// use rejoin_crdts::{Hlc, ReplicaId};
/// let mut here = Hlc::new(ReplicaId::new(1, 0), 500);
/// let mut there = Hlc::new(ReplicaId::new(2, 0), 500);
/// let sent = here.tick(1_000)?;
/// assert!(there.observe(990, sent)? > sent); // although its wall clock is behind
/// assert!(there.tick(400)? > sent);          // and even if it jumps back
/// # Ok::<(), rejoin_crdts::ClockError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hlc {
    latest: Timestamp,
    max_ahead_ms: u64,
}

impl Hlc {
    /// A clock of `replica` that accepts remote stamps up to `max_ahead_ms` milliseconds ahead of
    /// its wall clock.
    ///
    /// ```
    /// use rejoin_crdts::{Hlc, ReplicaId, Timestamp};
    /// let mut clock = Hlc::new(ReplicaId::new(1, 0), 500);
    /// let peer = ReplicaId::new(2, 0);
    /// assert!(clock.observe(1_000, Timestamp::new(1_500, 0, peer)).is_ok());
    /// assert!(clock.observe(1_000, Timestamp::new(1_501, 0, peer)).is_err());
    /// ```
    #[must_use]
    pub const fn new(replica: ReplicaId, max_ahead_ms: u64) -> Self {
        Self { latest: Timestamp::new(0, 0, replica), max_ahead_ms }
    }

    /// The latest stamp it made or observed: every later one is greater.
    ///
    /// ```
    /// use rejoin_crdts::{Hlc, ReplicaId};
    /// let mut clock = Hlc::new(ReplicaId::new(1, 0x5eed), 500);
    /// let stamp = clock.tick(1_000)?;
    /// assert_eq!(clock.latest(), stamp);
    /// # Ok::<(), rejoin_crdts::ClockError>(())
    /// ```
    #[must_use]
    pub const fn latest(self) -> Timestamp {
        self.latest
    }

    /// The stamp of a local event when the wall clock shows `now_ms`.
    ///
    /// # Errors
    ///
    /// [`ClockError::Exhausted`] if no greater stamp exists; the clock does not move.
    ///
    /// ```
    /// use rejoin_crdts::{Hlc, ReplicaId};
    /// let mut clock = Hlc::new(ReplicaId::new(1, 0x5eed), 500);
    /// let first = clock.tick(1_000)?;
    /// assert!(clock.tick(400)? > first); // although the wall clock jumped back
    /// # Ok::<(), rejoin_crdts::ClockError>(())
    /// ```
    pub fn tick(&mut self, now_ms: u64) -> Result<Timestamp, ClockError> {
        self.advance(now_ms, self.latest)
    }

    /// The stamp of the receipt of `remote` when the wall clock shows `now_ms`: greater than both
    /// clocks.
    ///
    /// # Errors
    ///
    /// [`ClockError::TooFarAhead`] if `remote` is further ahead than the bound, and
    /// [`ClockError::Exhausted`] if no greater stamp exists; the clock does not move.
    ///
    /// ```
    /// use rejoin_crdts::{Hlc, ReplicaId, Timestamp};
    /// let mut clock = Hlc::new(ReplicaId::new(1, 0), 500);
    /// let remote = Timestamp::new(1_400, 0, ReplicaId::new(2, 0));
    /// assert!(clock.observe(1_000, remote)? > remote);
    /// assert!(clock.tick(1_001)? > remote); // and so is every later one
    /// # Ok::<(), rejoin_crdts::ClockError>(())
    /// ```
    pub fn observe(&mut self, now_ms: u64, remote: Timestamp) -> Result<Timestamp, ClockError> {
        let ahead_ms = remote.wall_ms.saturating_sub(now_ms);
        if ahead_ms > self.max_ahead_ms {
            return Err(ClockError::TooFarAhead {
                stamp: remote,
                ahead_ms,
                max_ahead_ms: self.max_ahead_ms,
            });
        }
        self.advance(now_ms, self.latest.max(remote))
    }

    /// Moves to the least stamp of this replica, at `now_ms` or later, that exceeds `past`.
    fn advance(&mut self, now_ms: u64, past: Timestamp) -> Result<Timestamp, ClockError> {
        let (wall_ms, counter) = if now_ms > past.wall_ms {
            (now_ms, 0)
        } else if let Some(counter) = past.counter.checked_add(1) {
            (past.wall_ms, counter)
        } else {
            (past.wall_ms.checked_add(1).ok_or(ClockError::Exhausted)?, 0)
        };
        self.latest = Timestamp::new(wall_ms, counter, self.latest.replica);
        Ok(self.latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: ReplicaId = ReplicaId::new(1, 0);
    const PEER: ReplicaId = ReplicaId::new(2, 0);

    #[test]
    fn a_stamp_exceeds_every_earlier_one_whatever_the_wall_clock_does() {
        let mut clock = Hlc::new(ME, 100);
        let mut last = clock.latest();
        for now_ms in [0, 5, 5, 3, 0, 9, 8, u64::MAX, 1] {
            let stamp = clock.tick(now_ms).unwrap();
            assert!(stamp > last, "{stamp} after {last} at {now_ms}");
            last = stamp;
        }
    }

    #[test]
    fn the_counter_carries_into_the_wall_time() {
        let mut clock = Hlc::new(ME, 100);
        let stamp = clock.observe(7, Timestamp::new(7, u32::MAX, PEER)).unwrap();
        assert_eq!(stamp, Timestamp::new(8, 0, ME));
    }

    #[test]
    fn the_last_stamp_is_an_error_that_does_not_move_the_clock() {
        let mut clock = Hlc::new(ME, u64::MAX);
        clock.observe(u64::MAX, Timestamp::new(u64::MAX, u32::MAX - 1, PEER)).unwrap();
        let before = clock;
        assert_eq!(clock.tick(3), Err(ClockError::Exhausted));
        assert_eq!(clock, before);
    }

    #[test]
    fn a_stamp_beyond_the_bound_is_an_error_that_does_not_move_the_clock() {
        let mut clock = Hlc::new(ME, 100);
        let before = clock;
        let stamp = Timestamp::new(1_101, 0, PEER);
        assert_eq!(
            clock.observe(1_000, stamp),
            Err(ClockError::TooFarAhead { stamp, ahead_ms: 101, max_ahead_ms: 100 })
        );
        assert_eq!(clock, before);
        clock.observe(1_001, stamp).unwrap();
    }
}
