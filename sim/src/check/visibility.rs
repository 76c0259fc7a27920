//! What is visible where, and what can be wrong with that.

use rejoin_crdts::OpSet;
use rejoin_crdts::sync::Protocol;

use super::Check;
use super::judge::{Judge, Moment};
use super::witness::Witness;
use crate::violation::{Class, Violation};

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    pub(super) fn sees_own(&self, moment: Moment, index: usize, visible: bool) -> Check {
        if visible {
            return Ok(());
        }
        let named = self.chronicle.describe(index);
        let wrong =
            format!("r{} performed {named}, and it is not visible there.", moment.address());
        self.violation(moment, Class::Visibility, [index], wrong)
    }

    /// A new operation may be visible at once where nobody told of it: where it changes nothing.
    pub(super) fn spread(&mut self, moment: Moment, index: usize) -> Check {
        for node in 0..self.standings.len() {
            let standing = &mut self.standings[node];
            let Some((knowledge, _)) = &standing.live else { continue };
            if standing.visible.contains(index) {
                continue;
            }
            let mut visible = standing.visible.clone();
            let seen = self.witness.see(knowledge, &self.chronicle, index, &mut visible);
            if seen.is_ok() && visible.contains(index) {
                let moment = Moment { node, ..moment };
                self.become_visible(node, &visible);
                self.compare(moment)?;
            }
        }
        Ok(())
    }

    /// Operations are no longer visible.
    pub(super) fn shrank(&self, moment: Moment, saw: &OpSet, gone: &OpSet) -> Box<Violation> {
        let (address, names) = (moment.address(), self.chronicle.names(gone));
        let wrong = format!(
            "At r{address}, {names} was visible and no longer is, although no crash took its state: \
             what was known has been forgotten or come undone."
        );
        let mut violation = self.found(moment, Class::Visibility, gone.iter(), wrong);
        let mut all = gone.clone();
        all.union_with(&self.standings[moment.node].visible);
        // Where both happen to read the same, that must not be shown as a difference.
        let differs = |value: &String| violation.values.iter().all(|read| read.value != *value);
        violation.expected = self.must_be(&all).filter(differs);
        if let Some((_, read)) = &self.standings[moment.node].live {
            violation.anomaly = Some(self.name_loss(saw, read));
        }
        violation
    }

    /// Operations are said to be visible of which nothing was heard.
    pub(super) fn made_up(&self, moment: Moment, visible: &OpSet) -> Check {
        let (address, names) = (moment.address(), self.chronicle.names(visible));
        let wrong = format!(
            "r{address} reports {names} as visible, but no message could have told it of that."
        );
        self.violation(moment, Class::Visibility, visible.iter(), wrong)
    }

    /// All that is visible, by definition.
    pub(super) fn see_all(&self, moment: Moment, known: &W::Knowledge) -> Check<OpSet> {
        let mut visible = OpSet::new();
        let seen = self.witness.see(known, &self.chronicle, 0, &mut visible);
        self.sound(moment, seen)?;
        Ok(visible)
    }

    pub(super) fn sound(&self, moment: Moment, seen: Result<(), String>) -> Check {
        let Err(wrong) = seen else { return Ok(()) };
        let wrong = format!("r{}: {wrong}.", moment.address());
        self.violation(moment, Class::Visibility, [], wrong)
    }
}
