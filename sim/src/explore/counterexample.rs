//! A failure, told so that a person can follow.

use rejoin_crdts::laws::Law;
use serde::Serialize;

use super::check::{Added, Finding, Place};
use super::scope::Address;
use super::space::Space;
use super::tree::{Event, World};
use super::visit::Step;

/// The least history that fails, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counterexample {
    /// Where it is in the tree; the same with and without reductions.
    pub address: Address,
    /// Which law is broken.
    pub law: Law,
    /// How many operations it takes. No history with fewer fails.
    pub operations: usize,
    /// How many replicas perform them.
    pub replicas: usize,
    /// What was done, one operation after the other.
    pub steps: Vec<Step>,
    /// What the law is about and what came out: a name and what it stands for.
    pub explanation: Vec<(String, String)>,
}

impl Counterexample {
    pub(super) fn new(
        space: &mut dyn Space,
        world: &World,
        events: &[Event],
        finding: &Finding,
        address: Address,
    ) -> Self {
        let mut place = Place::new(space, world);
        let mut refused = None;
        for &event in events {
            match place.add(event, false) {
                Ok(Added::Performed) => {}
                // What is refused, and changed the state nevertheless, comes last.
                Ok(Added::Refused) => refused = Some(event),
                Err(_) => unreachable!("nothing is checked here"),
            }
        }
        let steps = Step::all(&place, refused);
        // The lives of one replica count once.
        let mut performers: Vec<u64> =
            events.iter().map(|event| world.lines[event.line].name.id()).collect();
        performers.sort_unstable();
        performers.dedup();
        Self {
            address,
            law: finding.law,
            operations: events.len(),
            replicas: performers.len(),
            steps,
            explanation: finding.lines.clone(),
        }
    }
}
