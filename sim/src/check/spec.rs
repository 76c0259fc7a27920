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
        let view = self.chronicle.history.view(&standing.visible);
        let Err(reason) = self.spec.admits(&view, value) else { return Ok(()) };
        let wrong = format!("At r{}: {reason}.", moment.address());
        let mut violation =
            self.violation(moment, Class::Specification, standing.visible.iter(), wrong);
        violation.expected = self.must_be(&standing.visible);
        Err(violation)
    }
}
