//! One history, looked at closely.

use rejoin_crdts::Model;
use rejoin_crdts::laws::Law;
use serde::Serialize;

use super::check::{Added, Place};
use super::scope::{Address, ExploreError, Scope};
use super::space::{Arena, Of, Space};
use super::tree::{Clocks, Event, Mask, members};
use super::{Counterexample, Plan};

/// An operation of a history, and what its performer then reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name.
    pub id: String,
    /// What was done.
    pub operation: String,
    /// Whether its performer has crashed since its last operation, or before its first.
    pub after_crash: bool,
    /// Its stamp, if the order of stamps is explored.
    pub stamp: Option<String>,
    /// What its performer had seen.
    pub saw: Vec<String>,
    /// What is read there now.
    pub reads: String,
    /// What must be read there.
    pub specified: String,
}

impl Step {
    fn new(place: &Place<'_, '_>, at: usize) -> Self {
        let event = place.events[at];
        let visible = event.saw | 1 << at;
        let (reads, specified) =
            place.space.show_values(&place.told, visible, Of::Replica(place.performer(at)));
        // What matters of stamps is their order.
        let mut walls: Vec<_> = place.events.iter().map(|event| event.wall).collect();
        walls.sort_unstable();
        walls.dedup();
        let rank = walls.iter().filter(|&&wall| wall <= event.wall).count();
        Self {
            id: place.id(at).to_string(),
            operation: place.space.show_op(event.op),
            after_crash: Self::after_crash(place, at, event.line),
            stamp: (place.world.clocks == Clocks::Any).then(|| rank.to_string()),
            saw: members(event.saw).map(|seen| place.id(seen).to_string()).collect(),
            reads,
            specified,
        }
    }

    /// Every operation of the history, and the one that the type then refuses.
    pub(super) fn all(place: &Place<'_, '_>, refused: Option<Event>) -> Vec<Self> {
        let performed = (0..place.events.len()).map(|at| Self::new(place, at));
        performed.chain(refused.map(|event| Self::refused(place, event))).collect()
    }

    /// An operation that comes next, and that the type refuses.
    fn refused(place: &Place<'_, '_>, event: Event) -> Self {
        let mut events = place.events.clone();
        events.push(event);
        let (id, _) = place.world.at(&events);
        let at = place.events.len();
        Self {
            id: id.to_string(),
            operation: place.space.show_op(event.op),
            after_crash: Self::after_crash(place, at, event.line),
            stamp: None,
            saw: members(event.saw).map(|seen| place.id(seen).to_string()).collect(),
            reads: "refused".to_owned(),
            specified: String::new(),
        }
    }

    fn after_crash(place: &Place<'_, '_>, at: usize, line: usize) -> bool {
        place.world.lines[line].before.is_some()
            && !place.events[..at].iter().any(|earlier| earlier.line == line)
    }
}

/// Where a replica stands at some point of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Who it is.
    pub replica: String,
    /// What it has merged.
    pub knows: Vec<String>,
    /// Its state.
    pub state: String,
    /// What is read there.
    pub reads: String,
    /// What must be read there.
    pub specified: String,
}

/// One history: its steps, where everybody stands after each, and what fails in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// Where it is in the tree.
    pub address: Address,
    /// What was done.
    pub steps: Vec<Step>,
    /// Where every replica stands after each step.
    pub standings: Vec<Vec<Standing>>,
    /// Where somebody stands who has merged all of it.
    pub all: Standing,
    /// How many ways there are to go on.
    pub children: u64,
    /// What fails here, if something does.
    pub counterexample: Option<Counterexample>,
}

impl Visit {
    /// The law that fails here.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::explore::{Address, Scope, visit};
    /// let root = visit(&GCounterModel, &Scope::new([1, 1]), &Address::default())?;
    /// assert_eq!(root.law(), None);
    /// # Ok::<(), rejoin_sim::explore::ExploreError>(())
    /// ```
    #[must_use]
    pub fn law(&self) -> Option<Law> {
        self.counterexample.as_ref().map(|found| found.law)
    }
}

/// Visits one history of a scope, and checks what is checked there.
///
/// # Errors
///
/// If there is no such scope, or no such history in it.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::explore::{Scope, visit};
/// let visit = visit(&GCounterModel, &Scope::new([1, 1]), &"0/1".parse()?)?;
/// assert_eq!(visit.steps.len(), 2);
/// assert_eq!(visit.all.reads, visit.all.specified);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn visit<M: Model>(model: &M, scope: &Scope, address: &Address) -> Result<Visit, ExploreError> {
    let plan = Plan::new(model, scope)?;
    let mut arena = Arena::new(model, &plan.alphabet);
    plan.visit(&mut arena, address)
}

impl<Op> Plan<Op> {
    fn visit(&self, space: &mut dyn Space, address: &Address) -> Result<Visit, ExploreError> {
        let (number, path) = self.worlds.find(address)?;
        let world = &self.worlds.0[number];
        let skipped = address.0.len() - path.len();
        let mut place = Place::new(&mut *space, world);
        let mut standings = Vec::new();
        let mut failed = None;
        let mut refused = None;
        for (at, &child) in path.iter().enumerate() {
            let children = self.children(&place);
            let place_in_address = at + skipped;
            let wanted = usize::try_from(child).ok().and_then(|child| children.get(child));
            let Some(&event) = wanted else {
                return Err(ExploreError::Address {
                    address: address.clone(),
                    place: place_in_address,
                    children: children.len() as u64,
                });
            };
            match place.add(event, at + 1 == path.len()) {
                Ok(Added::Performed) => {}
                Ok(Added::Refused) => {
                    return Err(ExploreError::Refused {
                        address: address.clone(),
                        place: place_in_address,
                    });
                }
                Err(finding) => {
                    failed = Some(finding);
                    // It can be shown, if not believed.
                    if let Ok(Added::Refused) = place.add(event, false) {
                        refused = Some(event);
                    }
                }
            }
            standings.push(standings_of(&place));
        }
        if failed.is_none()
            && let Err(finding) = place.check()
        {
            failed = Some(finding);
        }
        let steps = Step::all(&place, refused);
        let everything = place.state(place.all());
        let everything = (Of::Reader(everything), place.space.show_state(everything));
        let all = standing(&place, "everybody, in the end".to_owned(), place.all(), everything);
        let children = self.children(&place).len() as u64;
        let events: Vec<Event> = place.events.iter().copied().chain(refused).collect();
        let counterexample = failed
            .map(|finding| Counterexample::new(space, world, &events, &finding, address.clone()));
        Ok(Visit { address: address.clone(), steps, standings, all, children, counterexample })
    }

    fn children(&self, place: &Place<'_, '_>) -> Vec<Event> {
        let mut next = Vec::new();
        place.world.extensions(&place.events, &place.sets, |event| {
            next.extend((0..self.alphabet.len()).map(|op| Event { op, ..event }));
        });
        next
    }
}

fn standings_of(place: &Place<'_, '_>) -> Vec<Standing> {
    place
        .world
        .lines
        .iter()
        .enumerate()
        .map(|(line, life)| {
            let own = place.own[line];
            let state = (Of::Replica(own), place.space.show_own(own));
            let earlier = std::iter::successors(life.before, |&at| place.world.lines[at].before);
            let name = match earlier.count() {
                0 => life.name.to_string(),
                crashes => format!("{} (life {})", life.name, crashes + 1),
            };
            standing(place, name, place.known(line), state)
        })
        .collect()
}

fn standing(
    place: &Place<'_, '_>,
    replica: String,
    knows: Mask,
    (state, shown): (Of, String),
) -> Standing {
    let (reads, specified) = place.space.show_values(&place.told, knows, state);
    Standing {
        replica,
        knows: members(knows).map(|at| place.id(at).to_string()).collect(),
        state: shown,
        reads,
        specified,
    }
}
