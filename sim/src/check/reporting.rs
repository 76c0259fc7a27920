//! Visibility by a replica's own word.

use std::collections::BTreeSet;

use rejoin_crdts::sync::Reporting;
use rejoin_crdts::wire::WireError;
use rejoin_crdts::{At, OpId, OpSet};

use super::chronicle::Chronicle;
use super::sessions::Session;
use super::witness::{OpOf, ValueOf, Witness, Wrong};

/// Takes a replica's word for what is visible there, for the judge to cross-check.
pub(crate) struct ReportWitness;

impl<P: Reporting> Witness<P> for ReportWitness {
    const HEARSAY: bool = true;

    type Knowledge = (BTreeSet<OpId>, ValueOf<P>);

    fn knowledge(replica: &P) -> Self::Knowledge {
        (replica.visible(), replica.read())
    }

    fn knows(replica: &P, known: &Self::Knowledge) -> bool {
        <Self as Witness<P>>::knowledge(replica) == *known
    }

    /// There is no state to write: the value's text stands in for it.
    fn bytes(replica: &P) -> Result<Vec<u8>, WireError> {
        Ok(format!("{:?}", replica.read()).into_bytes())
    }

    fn record(&mut self, _: &Self::Knowledge, _: &P, _: &At, _: &OpOf<P>) -> Result<(), Wrong> {
        Ok(())
    }

    fn changed_something(&self, _: usize) -> bool {
        true
    }

    fn contains((mine, _): &Self::Knowledge, (theirs, _): &Self::Knowledge) -> bool {
        theirs.is_subset(mine)
    }

    fn serves(
        replica: &P,
        session: &Session<Self::Knowledge>,
        chronicle: &Chronicle<OpOf<P>>,
    ) -> bool {
        replica.serves(&chronicle.ids(&session.read), &chronicle.ids(&session.wrote))
    }

    fn see_more(
        &self,
        known: &Self::Knowledge,
        chronicle: &Chronicle<OpOf<P>>,
        visible: &mut OpSet,
    ) -> Result<(), String> {
        <Self as Witness<P>>::see(self, known, chronicle, 0, visible)
    }

    fn see(
        &self,
        (reported, _): &Self::Knowledge,
        chronicle: &Chronicle<OpOf<P>>,
        first: usize,
        visible: &mut OpSet,
    ) -> Result<(), String> {
        for &id in reported {
            match chronicle.find(id) {
                Some(index) if index >= first => {
                    visible.insert(index);
                }
                Some(_) => {}
                None => return Err(format!("it reports {id}, which nobody performed")),
            }
        }
        Ok(())
    }
}
