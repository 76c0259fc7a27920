//! Virtual time.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment of virtual time, in microseconds since the start of the run.
///
/// ```
/// use rejoin_sim::Time;
/// let moment = Time::from_ms(1_250);
/// assert_eq!(moment.as_us(), 1_250_000);
/// assert_eq!(moment.to_string(), "1.250 s");
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Self = Self(0);

    /// The moment `us` microseconds after the start.
    ///
    /// ```
    /// use rejoin_sim::Time;
    /// assert_eq!(Time::from_us(1_250_000), Time::from_ms(1_250));
    /// ```
    #[must_use]
    pub const fn from_us(us: u64) -> Self {
        Self(us)
    }

    /// The moment `ms` milliseconds after the start; the last moment there is, if that is later.
    ///
    /// ```
    /// use rejoin_sim::Time;
    /// assert_eq!(Time::from_ms(1_250).to_string(), "1.250 s");
    /// assert_eq!(Time::from_ms(u64::MAX), Time::from_us(u64::MAX));
    /// ```
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// Microseconds since the start.
    ///
    /// ```
    /// use rejoin_sim::Time;
    /// assert_eq!(Time::from_ms(2).as_us(), 2_000);
    /// ```
    #[must_use]
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the start.
    ///
    /// ```
    /// use rejoin_sim::Time;
    /// assert_eq!(Time::from_us(1_999).as_ms(), 1);
    /// ```
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// `us` microseconds later, or the last moment there is.
    ///
    /// ```
    /// use rejoin_sim::Time;
    /// assert_eq!(Time::from_ms(1).plus_us(500), Time::from_us(1_500));
    /// ```
    #[must_use]
    pub const fn plus_us(self, us: u64) -> Self {
        Self(self.0.saturating_add(us))
    }
}

/// Seconds with three digits: `1.250 s`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.as_ms();
        write!(f, "{}.{:03} s", ms / 1_000, ms % 1_000)
    }
}
