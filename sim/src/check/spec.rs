//! The specification: what must be read, given what is visible.

use rejoin_crdts::Spec;
use rejoin_crdts::sync::Protocol;

use super::Check;
use super::judge::{Judge, Moment};
use super::witness::Witness;
use crate::violation::Class;

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    /// Compares what a replica reads with the specification at what is visible there.
    pub(super) fn check_spec(&self, moment: Moment) -> Check {
        let standing = &self.standings[moment.node];
        let Some((_, value)) = &standing.live else { return Ok(()) };
        if self.checks.on(Class::Invariant)
            && let Err(wrong) = self.spec.invariant(value)
        {
            let wrong = format!("At r{}: {wrong}.", moment.address());
            let visible = standing.visible.iter();
            return Err(self.found(moment, Class::Invariant, visible, wrong));
        }
        if !self.checks.on(Class::Specification) {
            return Ok(());
        }
        // The incremental form is told of operations in an order that a broken type may not keep
        // to: the pure one has the last word.
        let doubted = match &standing.running {
            Some(running) => running.admits(value).is_err(),
            None => false,
        };
        if !doubted && !self.thorough {
            return Ok(());
        }
        let view = self.chronicle.history.view(&standing.visible);
        let Err(reason) = self.spec.admits(&view, value) else { return Ok(()) };
        let wrong = format!("At r{}: {reason}.", moment.address());
        let mut violation =
            self.found(moment, Class::Specification, standing.visible.iter(), wrong);
        violation.expected = self.must_be(&standing.visible);
        violation.anomaly = self.name_reading(&standing.visible, value);
        Err(violation)
    }
}
