//! Every schedule at small scope.
//!
//! Deliveries to different replicas commute, so what can happen to replicas that exchange deltas or
//! states is given by the *causal history* alone: who performs what, and which operations each of
//! them had seen. There are 2,827 for three replicas with two operations each, instead of some
//! 3.9·10¹⁰ interleavings. The explorer visits each of them with every script over an alphabet, and
//! checks there
//!
//! - **the op path**: whatever order deltas arrive in, the state is the same;
//! - **the state path**: for every two down-sets, `S(D₁) ⊔ S(D₂) = S(D₁ ∪ D₂)`;
//! - **the delta path**: joined deltas, wherever they may arrive, `S(E) ⊔ Δ(D, D′) = S(E ∪ D′)`;
//! - **the specification** at every down-set within the type's contract of delivery.
//!
//! What this proves, and what it does not, is in `docs/proof.md`.
//!
//! ```
//! use rejoin_crdts::spec::OrSetModel;
//! use rejoin_sim::Verdict;
//! use rejoin_sim::explore::{Scope, explore};
//! let model = OrSetModel::new(["apple".to_owned(), "pear".to_owned()]);
//! let explored = explore(&model, &Scope::new([2, 1]), &mut |_| {})?;
//! assert_eq!(explored.verdict, Verdict::Held);
//! assert_eq!(explored.shapes.histories, 6);
//! # Ok::<(), rejoin_sim::explore::ExploreError>(())
//! ```

mod check;
mod checked;
mod counterexample;
mod exhaust;
mod saved;
mod scope;
mod search;
mod space;
mod store;
mod symmetry;
mod tree;
mod visit;

use std::fmt;

use rejoin_crdts::{Model, Spec};
use serde::{Deserialize, Serialize};

pub use checked::Checked;
pub use counterexample::Counterexample;
pub use exhaust::{Exhausted, exhaust};
pub use saved::{ResumeError, SavedHistory};
pub use scope::{Address, ExploreError, Reductions, Scope};
pub use tree::Shapes;
pub use visit::{Standing, Step, Visit, visit};

use crate::Verdict;
use scope::Worlds;
use search::{Part, Why, chunk, walk};
use space::{Arena, Space};
use symmetry::Renamings;

/// How far an exploration is.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::explore::{Scope, explore};
/// let mut sizes = Vec::new();
/// explore(&GCounterModel, &Scope::new([1, 1]), &mut |progress| sizes.push(progress.size))?;
/// assert_eq!(sizes.last(), Some(&2)); // histories of both operations, after smaller ones
/// # Ok::<(), rejoin_sim::explore::ExploreError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Progress<'a> {
    /// How many operations the histories have that are looked at now.
    pub size: usize,
    /// How many operations the largest have.
    pub sizes: usize,
    /// The part of this size that is done, from 0 to 1: an estimate, by the shape of the tree.
    pub done: f64,
    place: Option<&'a dyn Fn() -> Checkpoint>,
}

impl Progress<'_> {
    /// Where to go on after an interruption, if this is a good place to note it.
    ///
    /// **Complexity**: O(n log n) in the states that were met, so not to be asked every time.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::explore::{Scope, explore};
    /// let mut last = None;
    /// explore(&GCounterModel, &Scope::new([1, 1]), &mut |progress| {
    ///     last = progress.checkpoint().or(last.take());
    /// })?;
    /// assert!(last.is_some());
    /// # Ok::<(), rejoin_sim::explore::ExploreError>(())
    /// ```
    #[must_use]
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.place.map(|place| place())
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, sizes, done, .. } = self;
        write!(f, "{:.0} % of the histories of {size} operations out of {sizes}", done * 100.0)
    }
}

/// A place from which an exploration can go on: [`explore_from`] does.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::explore::{Scope, explore};
/// let mut checkpoints = Vec::new();
/// explore(&GCounterModel, &Scope::new([1, 1]), &mut |progress| {
///     checkpoints.extend(progress.checkpoint());
/// })?;
/// assert_eq!(checkpoints.len(), 2); // after the histories of one operation, and of two
/// # Ok::<(), rejoin_sim::explore::ExploreError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    of: Of,
    size: usize,
    world: usize,
    task: u64,
    /// What was checked, and how much of that at smaller sizes.
    checked: Checked,
    smaller: Checked,
    states: Vec<u64>,
}

/// What was explored, as far as it can be told from what else might be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Of {
    scope: Scope,
    alphabet: Vec<String>,
    trees: usize,
    renamings: usize,
}

/// What an exploration found.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::explore::{Scope, explore};
/// let explored = explore(&GCounterModel, &Scope::new([2, 1]), &mut |_| {})?;
/// assert_eq!((explored.alphabet, explored.scripts), (vec!["+1".into(), "+2".into()], 8));
/// # Ok::<(), rejoin_sim::explore::ExploreError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explored {
    /// [`Held`](Verdict::Held), [`Violated`](Verdict::Violated), or
    /// [`Vacuous`](Verdict::Vacuous) if no two operations were concurrent in any history, or none
    /// ever changed anything.
    pub verdict: Verdict,
    /// The scope.
    pub scope: Scope,
    /// The operations that were tried, as people write them.
    pub alphabet: Vec<String>,
    /// The same, so that they can be asked for again.
    #[serde(skip)]
    chosen: Vec<String>,
    /// The counts of full histories, whatever their operations are. Zero after a violation: they
    /// are counted when everything was visited.
    #[serde(flatten)]
    pub shapes: Shapes,
    /// How many scripts there are for each history: operations to the power of their number.
    pub scripts: u128,
    /// What was checked; after a violation, in histories with fewer operations.
    pub checked: Checked,
    /// How many states were told apart, by their bytes. Zero after a violation.
    pub distinct_states: u64,
    /// How many renamings of operations were used to leave histories out.
    pub operation_renamings: usize,
    /// How many renamings of replicas were used to leave histories out.
    pub replica_renamings: usize,
    /// Whether every order of stamps was tried.
    pub stamps: bool,
    /// Whether another order of the replicas' ids is another scope: ids may break ties, and not
    /// every replica performs equally much.
    pub ids_matter: bool,
    /// How many operations the histories have that were all visited.
    pub complete_to: usize,
    /// The least failure, if there is one.
    pub counterexample: Option<Counterexample>,
}

/// Visits every history of `scope`, smallest first, and stops at the first that fails.
///
/// `word` hears of the progress, from the calling thread. A panic of the type is an error that says
/// where.
///
/// **Complexity**: exponential in the number of operations, in time. Memory is bounded by the
/// scope's ceiling and by what one history needs.
///
/// # Errors
///
/// If the scope makes no sense for the model, or the type panics.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::Verdict;
/// use rejoin_sim::explore::{Scope, explore};
/// let harmless = Scope { crashes: 1, ..Scope::new([2, 1]) };
/// assert_eq!(explore(&GCounterModel, &harmless, &mut |_| {})?.verdict, Verdict::Held);
/// let reuse = Scope { reuse_id: true, ..harmless };
/// let explored = explore(&GCounterModel, &reuse, &mut |_| {})?;
/// assert_eq!(explored.counterexample.map(|found| found.operations), Some(2));
/// # Ok::<(), rejoin_sim::explore::ExploreError>(())
/// ```
pub fn explore<M: Model>(
    model: &M,
    scope: &Scope,
    word: &mut dyn FnMut(Progress<'_>),
) -> Result<Explored, ExploreError> {
    explore_from(model, scope, None, word)
}

/// Goes on from a [`Checkpoint`], as [`explore`] does from the beginning.
///
/// # Errors
///
/// If the scope makes no sense for the model, or the checkpoint is of another exploration: of other
/// operations or symmetries. That the type itself has changed cannot be seen.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::explore::{Scope, explore, explore_from};
/// let scope = Scope::new([2, 2]);
/// let mut checkpoints = Vec::new();
/// let whole = explore(&GCounterModel, &scope, &mut |progress| {
///     checkpoints.extend(progress.checkpoint());
/// })?;
/// let rest = explore_from(&GCounterModel, &scope, checkpoints.pop(), &mut |_| {})?;
/// assert_eq!(rest, whole);
/// # Ok::<(), rejoin_sim::explore::ExploreError>(())
/// ```
pub fn explore_from<M: Model>(
    model: &M,
    scope: &Scope,
    checkpoint: Option<Checkpoint>,
    word: &mut dyn FnMut(Progress<'_>),
) -> Result<Explored, ExploreError> {
    let plan = Plan::new(model, scope)?;
    let threads = scope.threads.max(1);
    if checkpoint.as_ref().is_some_and(|checkpoint| !plan.can_go_on_from(checkpoint)) {
        return Err(ExploreError::OtherCheckpoint);
    }
    let mut spaces: Vec<_> = (0..threads).map(|_| Arena::new(model, &plan.alphabet)).collect();
    plan.carry_out(&mut spaces, checkpoint, word)
}

/// What is to be visited, of a type whose operations are `Op`.
pub(crate) struct Plan<Op> {
    scope: Scope,
    alphabet: Vec<Op>,
    shown: Vec<String>,
    /// The text of each if no other has it, or its place.
    names: Vec<String>,
    worlds: Worlds,
    renamings: Vec<Renamings>,
    stamps: bool,
    ids_matter: bool,
}

impl<Op: Clone + std::fmt::Debug> Plan<Op> {
    fn new<S: Spec<Op = Op>>(spec: &S, scope: &Scope) -> Result<Self, ExploreError> {
        let whole = spec.alphabet();
        let shown: Vec<String> = whole.iter().map(|op| format!("{op:?}")).collect();
        let chosen = scope.choose(&shown)?;
        let symmetry = spec.symmetry();
        let believed = scope.reductions;
        let stamps = !(symmetry.stamps && believed.stamps);
        let worlds = scope.worlds(stamps)?;
        let ops = if believed.operations {
            Renamings::of_ops(&symmetry.renamings, whole.len(), &chosen)
        } else {
            Vec::new()
        };
        let by_world = |world| Renamings {
            ops: ops.clone(),
            lines: if believed.replicas && symmetry.replicas && !stamps {
                Renamings::of_lines(world)
            } else {
                Vec::new()
            },
        };
        Ok(Self {
            scope: scope.clone(),
            alphabet: chosen.iter().map(|&at| whole[at].clone()).collect(),
            names: chosen.iter().map(|&at| name(&shown, at)).collect(),
            shown: chosen.iter().map(|&at| shown[at].clone()).collect(),
            renamings: worlds.0.iter().map(by_world).collect(),
            worlds,
            stamps,
            ids_matter: !(symmetry.replicas && believed.replicas)
                && scope.ops.windows(2).any(|pair| pair[0] != pair[1]),
        })
    }

    fn of(&self) -> Of {
        let renamings = self.renamings.iter().map(|one| one.ops.len() + one.lines.len());
        Of {
            scope: self.scope.clone().with_means(),
            alphabet: self.names.clone(),
            trees: self.worlds.0.len(),
            renamings: renamings.sum(),
        }
    }

    fn can_go_on_from(&self, checkpoint: &Checkpoint) -> bool {
        checkpoint.of == self.of()
            && checkpoint.size <= self.scope.operations() + 1
            && checkpoint.world < self.worlds.0.len()
    }

    fn carry_out<S: Space + Send>(
        &self,
        spaces: &mut [S],
        checkpoint: Option<Checkpoint>,
        word: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Explored, ExploreError> {
        let sizes = self.scope.operations();
        let start = checkpoint.unwrap_or_else(|| Checkpoint {
            of: self.of(),
            size: 0,
            world: 0,
            task: 0,
            checked: Checked::default(),
            smaller: Checked::default(),
            states: Vec::new(),
        });
        let mut checked = start.checked;
        let mut smaller = start.smaller;
        let chunk = chunk(self.alphabet.len());
        let memory = self.scope.memory_bytes / spaces.len();
        let mut resumed = Some((start.size, start.world, start.task));
        for size in start.size..=sizes {
            if size > start.size {
                smaller = checked;
            }
            for (number, world) in self.worlds.0.iter().enumerate() {
                let mut from = 0;
                if let Some((at, first, task)) = resumed {
                    if (size, number) < (at, first) {
                        continue;
                    }
                    from = task;
                    resumed = None;
                }
                if size > world.size() {
                    continue;
                }
                loop {
                    let renamings = &self.renamings[number];
                    let (alphabet, to) = (self.alphabet.len(), from.saturating_add(chunk));
                    let part = Part { world, alphabet, renamings, size, from, to, memory };
                    let walked = walk(spaces, part, &mut |done| {
                        word(Progress { size, sizes, done, place: None });
                    });
                    if let Some(failure) = walked.failure {
                        let space = &mut spaces[0];
                        return self.failed(space, number, &failure, size, smaller);
                    }
                    checked.add(&walked.checked);
                    from = to;
                    let (next_size, next_world, next_task) = match walked.tasks {
                        None => (size, number, from),
                        Some(_) if number + 1 < self.worlds.0.len() => (size, number + 1, 0),
                        Some(_) => (size + 1, 0, 0),
                    };
                    let done = if walked.tasks.is_some() { 1.0 } else { 0.0 };
                    let place = || Checkpoint {
                        of: self.of(),
                        size: next_size,
                        world: next_world,
                        task: next_task,
                        checked,
                        smaller: if next_size > size { checked } else { smaller },
                        states: distinct(spaces, &start.states),
                    };
                    let place: &dyn Fn() -> Checkpoint = &place;
                    word(Progress { size, sizes, done, place: (size > 0).then_some(place) });
                    if walked.tasks.is_some() {
                        break;
                    }
                }
            }
        }
        let mut shapes = Shapes::default();
        for world in self.worlds.timeless() {
            shapes.add(&world, self.stamps);
        }
        // The shapes may have diamonds although the type refuses to perform what is in them.
        let concurrent = shapes.diamonds > 0 && checked.orders > 0;
        let distinct_states = distinct(spaces, &start.states).len() as u64;
        let tested = concurrent && distinct_states > 1;
        let verdict = if tested { Verdict::Held } else { Verdict::Vacuous };
        Ok(Explored { shapes, distinct_states, ..self.explored(verdict, checked, sizes) })
    }

    fn explored(&self, verdict: Verdict, checked: Checked, complete_to: usize) -> Explored {
        let renamings = |of: fn(&Renamings) -> usize| self.renamings.iter().map(of).max();
        let power = u32::try_from(self.scope.operations()).unwrap_or(u32::MAX);
        Explored {
            verdict,
            scope: self.scope.clone(),
            alphabet: self.shown.clone(),
            chosen: self.names.clone(),
            shapes: Shapes::default(),
            scripts: (self.alphabet.len() as u128).saturating_pow(power),
            checked,
            distinct_states: 0,
            operation_renamings: renamings(|one| one.ops.len()).unwrap_or(0),
            replica_renamings: renamings(|one| one.lines.len()).unwrap_or(0),
            stamps: self.stamps,
            ids_matter: self.ids_matter,
            complete_to,
            counterexample: None,
        }
    }

    fn failed(
        &self,
        space: &mut dyn Space,
        world: usize,
        failure: &search::Failure,
        size: usize,
        checked: Checked,
    ) -> Result<Explored, ExploreError> {
        let address = self.worlds.address(world, &failure.path);
        let world = &self.worlds.0[world];
        let finding = match &failure.why {
            Why::Broken(finding) => finding,
            Why::Panicked(message) => {
                let named = failure.events.iter().enumerate().map(|(at, event)| {
                    let (id, _) = world.at(&failure.events[..=at]);
                    format!("{id} {}", self.shown[event.op])
                });
                let (message, history) = (message.clone(), named.collect());
                return Err(ExploreError::Panicked { message, address, history });
            }
        };
        let counterexample = Counterexample::new(space, world, &failure.events, finding, address);
        Ok(Explored {
            counterexample: Some(counterexample),
            ..self.explored(Verdict::Violated, checked, size.saturating_sub(1))
        })
    }
}

/// What to ask for in order to have an operation again.
fn name(shown: &[String], at: usize) -> String {
    let alike = shown.iter().filter(|other| **other == shown[at]).count();
    if alike == 1 { shown[at].clone() } else { at.to_string() }
}

/// The hashes of all states that were met, in order.
fn distinct<S: Space>(spaces: &[S], before: &[u64]) -> Vec<u64> {
    let mut all: Vec<u64> = spaces.iter().flat_map(Space::state_hashes).collect();
    all.extend_from_slice(before);
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests;
