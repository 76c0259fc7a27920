//! A machine's wall clock.

use crate::Time;
use crate::trace::{ClockChange, ClockStart};

/// The rate of a clock that stands still, in millionths off the right one.
const STOPPED: i64 = -1_000_000;

/// A machine's wall clock: what it shows is a function of the true time, until that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    since: Time,
    shown_us: u64, // then
    drift_ppm: i64,
}

impl Clock {
    pub(crate) const fn new(start: ClockStart) -> Self {
        let shown_us = start.ahead_ms.saturating_mul(1_000);
        Self { since: Time::ZERO, shown_us, drift_ppm: start.drift_ppm }
    }

    /// What it shows, in milliseconds.
    pub(crate) fn ms(&self, now: Time) -> u64 {
        self.us(now) / 1_000
    }

    fn us(&self, now: Time) -> u64 {
        let passed = now.as_us().saturating_sub(self.since.as_us());
        if self.drift_ppm == 0 {
            return self.shown_us.saturating_add(passed);
        }
        let rate = u128::from(self.drift_ppm.saturating_sub(STOPPED).max(0).unsigned_abs());
        let passed = u128::from(passed) * rate / 1_000_000;
        self.shown_us.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    pub(crate) fn change(&mut self, now: Time, change: ClockChange) {
        self.shown_us = self.us(now);
        self.since = now;
        match change {
            ClockChange::Jump(ms) => {
                self.shown_us = self.shown_us.saturating_add_signed(ms.saturating_mul(1_000));
            }
            ClockChange::Drift(ppm) => self.drift_ppm = ppm,
            ClockChange::Stop => self.drift_ppm = STOPPED,
            ClockChange::Set(ms) => self.shown_us = ms.saturating_mul(1_000),
            ClockChange::Right => {
                self.shown_us = now.as_us();
                self.drift_ppm = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_what_happens_to_it() {
        let mut clock = Clock::new(ClockStart { ahead_ms: 30, drift_ppm: 100_000 });
        assert_eq!(clock.ms(Time::from_ms(100)), 30 + 110);
        clock.change(Time::from_ms(100), ClockChange::Drift(0));
        assert_eq!(clock.ms(Time::from_ms(150)), 190);
        clock.change(Time::from_ms(150), ClockChange::Stop);
        assert_eq!(clock.ms(Time::from_ms(900)), 190);
        clock.change(Time::from_ms(900), ClockChange::Jump(-1_000));
        assert_eq!(clock.ms(Time::from_ms(950)), 0, "time begins at 0, and it is stopped still");
        clock.change(Time::from_ms(950), ClockChange::Set(u64::MAX));
        assert_eq!(clock.ms(Time::from_ms(960)), u64::MAX / 1_000);
        clock.change(Time::from_ms(1_000), ClockChange::Right);
        assert_eq!(clock.ms(Time::from_ms(1_234)), 1_234);
    }

    #[test]
    fn a_slow_clock_never_runs_backwards() {
        let slow = Clock::new(ClockStart { ahead_ms: 0, drift_ppm: i64::MIN });
        assert_eq!(slow.ms(Time::from_ms(5_000)), 0);
    }
}
