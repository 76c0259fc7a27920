//! How the command ends.

use std::process::ExitCode;

use rejoin_sim::Verdict;

/// How the command ends: a status that scripts can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Every check held.
    Held,
    /// A violation was found.
    Violated,
    /// The input or the usage is wrong, and nothing was run.
    BadInput,
    /// It proved nothing: vacuous, or not deterministic.
    Unproven,
    /// Ended before its end, with nothing found until then.
    Interrupted,
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Held => Self::Held,
            Verdict::Violated => Self::Violated,
            Verdict::Vacuous | Verdict::Nondeterministic => Self::Unproven,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Held => 0,
            Exit::Violated => 1,
            Exit::BadInput => 2,
            Exit::Unproven => 3,
            Exit::Interrupted => 130, // as a shell says of what SIGINT killed
        })
    }
}
