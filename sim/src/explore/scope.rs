//! What is explored: how many replicas and operations, which of them, and what may go wrong.

use std::fmt;
use std::str::FromStr;

use rejoin_crdts::ReplicaId;
use serde::{Deserialize, Serialize};

use super::tree::{Clocks, Line, World};

/// More operations than this are out of reach for any enumeration.
const MOST_OPERATIONS: usize = 20;

/// There may be so many ways to crash, each of which is a tree of its own.
const MOST_WORLDS: usize = 4_096;

/// What is explored.
///
/// ```
/// use rejoin_sim::explore::Scope;
/// // Three replicas, of which the first performs two operations and the others one each.
/// let scope = Scope { crashes: 1, ..Scope::new([2, 1, 1]) };
/// assert_eq!(scope.operations(), 4);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// At most how many operations each replica performs.
    pub ops: Vec<usize>,
    /// The operations to try, by what people write for them or by their place in the type's
    /// alphabet. All of it, if there are none.
    pub alphabet: Vec<String>,
    /// At most how many crashes there are, each between two operations of one replica. Whoever has
    /// crashed comes back having seen any down-set, in a new incarnation.
    pub crashes: usize,
    /// Whoever has crashed keeps its incarnation instead: a fault that breaks every type with dots
    /// or slots.
    pub reuse_id: bool,
    /// What is left out because a type claims that it is the same but for names.
    pub reductions: Reductions,
    /// How many threads. What is found does not depend on it.
    #[serde(skip)]
    pub threads: usize,
    /// About how many bytes may be remembered in order not to compute a thing twice. Past it, what
    /// is not needed where the search is gets forgotten.
    #[serde(skip)]
    pub memory_bytes: usize,
}

/// Which of a type's claims ([`Spec::symmetry`](rejoin_crdts::Spec::symmetry)) are believed: what
/// they say to be the same is visited once.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::explore::{Reductions, Scope, explore};
/// let scope = Scope::new([1, 1]);
/// let whole = Scope { reductions: Reductions::NONE, ..scope.clone() };
/// let visited = |scope| explore(&GCounterModel, scope, &mut |_| {}).map(|e| e.checked.histories);
/// assert!(visited(&scope)? < visited(&whole)?);
/// # Ok::<(), rejoin_sim::explore::ExploreError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reductions {
    /// That operations may change names.
    pub operations: bool,
    /// That replicas may change names.
    pub replicas: bool,
    /// That stamps make no difference.
    pub stamps: bool,
}

impl Reductions {
    /// Every claim is believed.
    pub const ALL: Self = Self { operations: true, replicas: true, stamps: true };
    /// None is.
    pub const NONE: Self = Self { operations: false, replicas: false, stamps: false };
}

impl Scope {
    /// So many operations at each replica, the whole alphabet, no crash, one thread, 1 GiB.
    ///
    /// ```
    /// use rejoin_sim::explore::Scope;
    /// assert!(Scope::new([2, 2]).alphabet.is_empty()); // that is: all of it
    /// ```
    pub fn new(ops: impl IntoIterator<Item = usize>) -> Self {
        Self {
            ops: ops.into_iter().collect(),
            alphabet: Vec::new(),
            crashes: 0,
            reuse_id: false,
            reductions: Reductions::ALL,
            threads: 1,
            memory_bytes: 1 << 30,
        }
    }

    /// How many operations a full history has.
    ///
    /// ```
    /// use rejoin_sim::explore::Scope;
    /// assert_eq!(Scope::new([2, 2, 1]).operations(), 5);
    /// ```
    #[must_use]
    pub fn operations(&self) -> usize {
        self.ops.iter().fold(0, |sum, &ops| sum.saturating_add(ops))
    }

    /// The same with one thread and 1 GiB, if it was read from where these are not written.
    pub(super) fn with_means(self) -> Self {
        let means = Self::new([]);
        Self { threads: means.threads, memory_bytes: means.memory_bytes, ..self }
    }

    /// Which of a type's operations are to be tried, by place.
    pub(super) fn choose(&self, shown: &[String]) -> Result<Vec<usize>, ExploreError> {
        if self.alphabet.is_empty() {
            return Ok((0..shown.len()).collect());
        }
        let mut chosen = Vec::new();
        for wanted in &self.alphabet {
            let by_text = shown.iter().position(|op| op == wanted);
            let by_place = || wanted.parse().ok().filter(|&at| at < shown.len());
            let Some(at) = by_text.or_else(by_place) else {
                return Err(ExploreError::Operation {
                    wanted: wanted.clone(),
                    known: shown.to_vec(),
                });
            };
            if !chosen.contains(&at) {
                chosen.push(at);
            }
        }
        Ok(chosen)
    }

    pub(super) fn worlds(&self, stamps: bool) -> Result<Worlds, ExploreError> {
        let operations = self.operations();
        if operations == 0 {
            return Err(ExploreError::Nothing);
        }
        if operations > MOST_OPERATIONS {
            return Err(ExploreError::TooMany { operations, most: MOST_OPERATIONS });
        }
        if self.reuse_id && self.crashes == 0 {
            return Err(ExploreError::NoCrash);
        }
        let ways = self.ops.iter().map(|&ops| ways_to_split(ops, self.crashes));
        if ways.fold(1usize, usize::saturating_mul) > MOST_WORLDS {
            return Err(ExploreError::TooManyCrashes { crashes: self.crashes });
        }
        let most: usize = self.ops.iter().map(|ops| ops.saturating_sub(1)).sum();
        if self.crashes > most {
            return Err(ExploreError::Crashes { crashes: self.crashes, most });
        }
        let mut lives = vec![(Vec::new(), self.crashes)];
        for (at, &operations) in self.ops.iter().enumerate() {
            let mut longer = Vec::new();
            for (lines, left) in lives {
                for split in splits(operations, left) {
                    let mut lines: Vec<Line> = lines.clone();
                    for (life, &operations) in split.iter().enumerate() {
                        let incarnation = if self.reuse_id { 0 } else { life as u64 };
                        lines.push(Line {
                            name: ReplicaId::new(at as u64 + 1, incarnation),
                            operations,
                            before: (life > 0).then(|| lines.len() - 1),
                        });
                    }
                    longer.push((lines, left - (split.len() - 1)));
                }
            }
            lives = longer;
        }
        let clocks =
            if stamps { [Clocks::Stopped, Clocks::Any].as_slice() } else { &[Clocks::Stopped] };
        let worlds = lives.iter().flat_map(|(lines, _)| {
            clocks.iter().map(|&clocks| World { lines: lines.clone(), clocks })
        });
        Ok(Worlds(worlds.collect()))
    }
}

/// How many ways there are to split so many operations, with at most so many crashes.
fn ways_to_split(operations: usize, crashes: usize) -> usize {
    let places = operations.saturating_sub(1);
    let mut ways = 1usize;
    let mut sum = 1usize;
    for crash in 1..=crashes.min(places) {
        ways = ways * (places + 1 - crash) / crash;
        sum += ways;
    }
    sum
}

/// The ways to split so many operations into lives, with at most so many crashes; the way without
/// any comes first.
fn splits(operations: usize, crashes: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![operations]];
    if crashes > 0 {
        for first in 1..operations {
            for mut rest in splits(operations - first, crashes - 1) {
                rest.insert(0, first);
                all.push(rest);
            }
        }
    }
    all
}

/// The trees that are walked: one for each way to crash, and one more for each where stamps matter.
#[derive(Clone, Debug)]
pub(super) struct Worlds(pub(super) Vec<World>);

impl Worlds {
    /// One for each way to crash.
    pub(super) fn timeless(&self) -> impl Iterator<Item = World> + '_ {
        self.0.iter().filter(|world| world.clocks == Clocks::Stopped).cloned()
    }

    /// The address of a path in a tree: the tree comes first, if there is more than one.
    pub(super) fn address(&self, world: usize, path: &[u64]) -> Address {
        let tree = (self.0.len() > 1).then_some(world as u64);
        Address(tree.into_iter().chain(path.iter().copied()).collect())
    }

    /// The tree and the path in it.
    pub(super) fn find<'a>(
        &self,
        address: &'a Address,
    ) -> Result<(usize, &'a [u64]), ExploreError> {
        if self.0.len() == 1 {
            return Ok((0, &address.0));
        }
        let (first, rest) = address.0.split_first().unwrap_or((&0, &[]));
        let world = usize::try_from(*first).ok().filter(|&world| world < self.0.len());
        match world {
            Some(world) => Ok((world, rest)),
            None => Err(ExploreError::Address {
                address: address.clone(),
                place: 0,
                children: self.0.len() as u64,
            }),
        }
    }
}

/// Where a history is in the tree: which child, of each node on the way, after the number of the tree
/// if there are several. It does not depend on the reductions, unless the order of stamps is explored
/// of a type that claims not to look at them: then there are more trees.
///
/// ```
/// use rejoin_sim::explore::Address;
/// let address: Address = "0/3/1".parse()?;
/// assert_eq!(address.to_string(), "0/3/1");
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address(pub Vec<u64>);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join("/"))
    }
}

impl FromStr for Address {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.split('/').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// Why nothing was explored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExploreError {
    /// There is no operation to perform.
    #[error("there are no operations: a scope is written as in 2,2,1")]
    Nothing,
    /// There are too many operations.
    #[error("{operations} operations are out of reach; there may be {most}")]
    TooMany {
        /// How many there are.
        operations: usize,
        /// How many there may be.
        most: usize,
    },
    /// An identity is to be used again, but nobody crashes.
    #[error("an identity is only used again after a crash; allow some, as in --crashes 1")]
    NoCrash,
    /// There are more crashes than places for them.
    #[error("{crashes} crashes do not fit between the operations; {most} would")]
    Crashes {
        /// How many are wanted.
        crashes: usize,
        /// How many there may be.
        most: usize,
    },
    /// There are too many ways to crash.
    #[error("there are too many ways to place {crashes} crashes; allow fewer, or fewer operations")]
    TooManyCrashes {
        /// How many are wanted.
        crashes: usize,
    },
    /// The place to go on from is in another exploration.
    #[error("the place to go on from is in an exploration of another scope, or other symmetries")]
    OtherCheckpoint,
    /// The type panicked.
    #[error("the type panics: {message}")]
    Panicked {
        /// What it said.
        message: String,
        /// Where in the tree.
        address: Address,
        /// What was done until then, one operation after the other; the last one may be undone.
        history: Vec<String>,
    },
    /// An operation that the type does not have.
    #[error("no operation `{wanted}`; there are {}", numbered(.known))]
    Operation {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// There is no such place in the tree.
    #[error("there is no history at `{address}`: {}", beyond(*.place, *.children))]
    Address {
        /// What was asked for.
        address: Address,
        /// Which of its numbers is wrong, counted from 0.
        place: usize,
        /// How many children there are.
        children: u64,
    },
    /// The type refuses an operation on the way.
    #[error("there is no history at `{address}`: the type refuses operation number {place}")]
    Refused {
        /// What was asked for.
        address: Address,
        /// Which of its operations it is, counted from 0.
        place: usize,
    },
}

fn beyond(place: usize, children: u64) -> String {
    if children == 0 {
        return format!("nothing follows what is before number {place}");
    }
    format!("number {place} must be below {children}")
}

fn numbered(known: &[String]) -> String {
    let each = known.iter().enumerate().map(|(at, op)| format!("{at}: {op}"));
    each.collect::<Vec<_>>().join(", ")
}
