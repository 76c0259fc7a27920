//! Lamport's logical clock.

use serde::{Deserialize, Serialize};

use super::ClockError;

/// A logical clock: if one event happened before another, its time is smaller
/// (Lamport, "Time, clocks, and the ordering of events", CACM 1978). The converse does not hold.
///
/// ```
/// use rejoin_crdts::Lamport;
/// let mut here = Lamport::new();
/// let mut there = Lamport::new();
/// let sent = here.tick()?;
/// assert!(there.observe(sent)? > sent);
/// # Ok::<(), rejoin_crdts::ClockError>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Lamport {
    time: u64,
}

impl Lamport {
    /// A clock at 0, before any event.
    ///
    /// ```
    /// use rejoin_crdts::Lamport;
    /// assert_eq!(Lamport::new().time(), 0);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { time: 0 }
    }

    /// The time of the latest event here.
    ///
    /// ```
    /// use rejoin_crdts::Lamport;
    /// let mut clock = Lamport::new();
    /// let event = clock.tick()?;
    /// assert_eq!(clock.time(), event);
    /// # Ok::<(), rejoin_crdts::ClockError>(())
    /// ```
    #[must_use]
    pub const fn time(self) -> u64 {
        self.time
    }

    /// The time of a new local event.
    ///
    /// # Errors
    ///
    /// [`ClockError::Exhausted`] at the last time there is; the clock does not move.
    ///
    /// ```
    /// use rejoin_crdts::Lamport;
    /// let mut clock = Lamport::new();
    /// assert_eq!((clock.tick()?, clock.tick()?), (1, 2));
    /// # Ok::<(), rejoin_crdts::ClockError>(())
    /// ```
    pub fn tick(&mut self) -> Result<u64, ClockError> {
        self.observe(0)
    }

    /// The time of the receipt of an event that happened elsewhere at `remote`: greater than both.
    ///
    /// # Errors
    ///
    /// [`ClockError::Exhausted`] if there is no greater time; the clock does not move.
    ///
    /// ```
    /// use rejoin_crdts::Lamport;
    /// let mut clock = Lamport::new();
    /// assert_eq!(clock.observe(7)?, 8);
    /// assert_eq!(clock.observe(3)?, 9); // later than both, whichever is behind
    /// # Ok::<(), rejoin_crdts::ClockError>(())
    /// ```
    pub fn observe(&mut self, remote: u64) -> Result<u64, ClockError> {
        self.time = self.time.max(remote).checked_add(1).ok_or(ClockError::Exhausted)?;
        Ok(self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_grows_past_both_and_never_wraps() {
        let mut clock = Lamport::new();
        assert_eq!(clock.tick(), Ok(1));
        assert_eq!(clock.observe(7), Ok(8));
        assert_eq!(clock.observe(3), Ok(9));
        assert_eq!(clock.observe(u64::MAX), Err(ClockError::Exhausted));
        assert_eq!(clock.time(), 9);
    }
}
