//! A library of documents as a black box: replicas edit, export what is new, import what others
//! exported, and are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use rejoin_crdts::{At, Lattice, Merge, OpId, Replicated, Timestamp};
use serde::{Deserialize, Serialize};

/// What a library says of what it knows, in a fixed order.
pub(crate) type Version = Vec<(Vec<u8>, u64)>;

/// What is done to a document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Edit {
    Put(String, String),
    Remove(String),
    Insert(usize, u8),
    Delete(usize),
    Type(usize, char),
    Erase(usize),
    Add(i64),
}

/// What a document reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Content {
    pub(crate) map: BTreeMap<String, String>,
    pub(crate) list: Vec<u8>,
    pub(crate) text: String,
    pub(crate) sum: i64,
}

/// A document of a library: a map, a list, a text and a counter.
pub(crate) trait Document: Clone + 'static {
    /// An empty document that `peer` will edit.
    fn open(peer: u64) -> Self;

    /// What is to be sent of the edit.
    fn edit(&mut self, edit: &Edit) -> Vec<u8>;

    /// Whether nothing that was imported is waiting for something else.
    fn import(&mut self, bytes: &[u8]) -> bool;

    fn version(&mut self) -> Version;

    /// What is beyond `version`.
    fn since(&mut self, version: &Version) -> Vec<u8>;

    fn whole(&mut self) -> Vec<u8>;

    fn content(&mut self) -> Content;
}

/// What each operation exported, in an order in which each comes after all that it had seen.
type Updates = BTreeMap<(Timestamp, OpId), Vec<u8>>;

/// Bytes that a library exported, and the operations that they hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Export {
    updates: Updates,
    bytes: Vec<u8>,
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.updates.keys().map(|(_, id)| id)).finish()
    }
}

/// Exports, to be imported one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Delta(BTreeSet<Export>);

impl Merge for Delta {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.0.len();
        self.0.extend(other.0.iter().cloned());
        self.0.len() > before
    }
}

impl Lattice for Delta {}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Edit(Edit),
    Import(Vec<u8>),
}

/// What a log makes of a document.
struct Look {
    complete: bool,
    version: Version,
    content: Content,
    whole: Vec<u8>,
}

/// A library, who edits, and what was done.
type Log = (&'static str, u64, Vec<Step>);

/// The same log always makes the same of a document, and the judges come to it again and again.
static LOOKS: Mutex<BTreeMap<Log, Arc<Look>>> = Mutex::new(BTreeMap::new());
const LOOKS_KEPT: usize = 50_000;

fn document<D: Document>(peer: u64, steps: &[Step]) -> (D, bool) {
    let (mut document, mut complete) = (D::open(peer), true);
    for step in steps {
        match step {
            Step::Edit(edit) => drop(document.edit(edit)),
            Step::Import(bytes) => complete = document.import(bytes),
        }
    }
    (document, complete)
}

fn look<D: Document>(peer: u64, steps: &[Step]) -> Arc<Look> {
    let log = (std::any::type_name::<D>(), peer, steps.to_vec());
    if let Some(look) = LOOKS.lock().unwrap_or_else(PoisonError::into_inner).get(&log) {
        return Arc::clone(look);
    }
    let (mut document, complete) = document::<D>(peer, steps);
    let (version, content) = (document.version(), document.content());
    let look = Arc::new(Look { complete, version, content, whole: document.whole() });
    let mut looks = LOOKS.lock().unwrap_or_else(PoisonError::into_inner);
    if looks.len() >= LOOKS_KEPT {
        looks.clear();
    }
    looks.insert(log, Arc::clone(&look));
    look
}

/// A replica, as the log of what it did and imported: a document is read by doing all that again, so
/// that no two states share anything, and each has what just this order makes of it.
///
/// States are equal if they hold the same updates, the library says that they know the same, and what
/// they read is the same. What cannot be imported yet is kept here and tried again, so that it can be
/// compared.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored", bound = "")]
pub(crate) struct State<D: Document> {
    peer: u64,
    steps: Vec<Step>,
    updates: Updates,
    waiting: Updates,
    look: Arc<Look>,
    library: PhantomData<fn() -> D>,
}

/// What a state is written as: what it holds, not in which order it came.
#[derive(Serialize, Deserialize)]
struct Stored {
    updates: Updates,
    waiting: Updates,
}

impl<D: Document> From<State<D>> for Stored {
    fn from(state: State<D>) -> Self {
        Self { updates: state.updates, waiting: state.waiting }
    }
}

impl<D: Document> From<Stored> for State<D> {
    fn from(stored: Stored) -> Self {
        let mut state = Self::new(0);
        state.replay(stored.updates);
        state.waiting = stored.waiting;
        state
    }
}

impl<D: Document> State<D> {
    /// A replica that has seen nothing.
    pub(crate) fn new(peer: u64) -> Self {
        Self {
            peer,
            steps: Vec::new(),
            updates: Updates::new(),
            waiting: Updates::new(),
            look: look::<D>(peer, &[]),
            library: PhantomData,
        }
    }

    /// What is read.
    pub(crate) fn content(&self) -> &Content {
        &self.look.content
    }

    fn replay(&mut self, updates: Updates) {
        self.steps = updates.values().cloned().map(Step::Import).collect();
        self.updates = updates;
        self.look = look::<D>(self.peer, &self.steps);
    }

    /// Does `edit`; one that changes nothing is not sent.
    pub(crate) fn perform(&mut self, peer: u64, at: &At, edit: Edit) -> Delta {
        if self.peer != peer {
            self.peer = peer; // another incarnation: what it has was not done by it
            self.replay(self.updates.clone());
        }
        let (mut document, _) = document::<D>(self.peer, &self.steps);
        let bytes = document.edit(&edit);
        if document.version() == self.look.version {
            return Delta::default();
        }
        self.steps.push(Step::Edit(edit));
        self.look = look::<D>(self.peer, &self.steps);
        let update = Updates::from([((at.stamp, at.id), bytes)]);
        self.updates.extend(update.clone());
        Delta(singly(&update).collect())
    }

    /// Imports what can be: exports as they are, and of one that is waiting for something what is not.
    fn import(&mut self, exports: impl IntoIterator<Item = Export>) -> bool {
        let before = self.clone();
        for Export { updates, bytes } in exports {
            if !self.take(&updates, bytes) {
                self.waiting.extend(updates);
            }
        }
        // In this order one pass is enough: each comes after all that it had seen.
        for (id, bytes) in std::mem::take(&mut self.waiting) {
            let update = Updates::from([(id, bytes.clone())]);
            if !self.take(&update, bytes) {
                self.waiting.extend(update);
            }
        }
        before != *self
    }

    /// Imports `bytes`, unless they are waiting for something.
    fn take(&mut self, updates: &Updates, bytes: Vec<u8>) -> bool {
        self.steps.push(Step::Import(bytes));
        let look = look::<D>(self.peer, &self.steps);
        let is_news = (&look.version, &look.content) != (&self.look.version, &self.look.content);
        if look.complete && is_news {
            self.look = Arc::clone(&look);
        } else {
            self.steps.pop();
        }
        if look.complete {
            self.updates.extend(updates.clone());
        }
        look.complete
    }

    fn known(&self) -> (&Version, &Content, &Updates, &Updates) {
        (&self.look.version, &self.look.content, &self.updates, &self.waiting)
    }
}

/// Each as it was sent.
fn singly(updates: &Updates) -> impl Iterator<Item = Export> {
    updates.iter().map(|(id, bytes)| Export {
        updates: Updates::from([(*id, bytes.clone())]),
        bytes: bytes.clone(),
    })
}

impl<D: Document> PartialEq for State<D> {
    fn eq(&self, other: &Self) -> bool {
        self.known() == other.known()
    }
}

impl<D: Document> Eq for State<D> {}

impl<D: Document> Hash for State<D> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.known().hash(hasher);
    }
}

impl<D: Document> fmt::Debug for State<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Content { map, list, text, sum } = self.content();
        write!(f, "{map:?} {list:?} {text:?} {sum} with ")?;
        f.debug_set().entries(self.updates.keys().map(|(_, id)| id)).finish()?;
        if !self.waiting.is_empty() {
            f.write_str(" and waiting ")?;
            f.debug_set().entries(self.waiting.keys().map(|(_, id)| id)).finish()?;
        }
        Ok(())
    }
}

/// Who has nothing loads the whole document; anybody else says what it knows and imports the answer.
impl<D: Document> Merge for State<D> {
    fn merge(&mut self, other: &Self) -> bool {
        let bytes = if self.updates.is_empty() || self.look.version == other.look.version {
            other.look.whole.clone()
        } else {
            document::<D>(other.peer, &other.steps).0.since(&self.look.version)
        };
        let export = Export { updates: other.updates.clone(), bytes };
        self.import(std::iter::once(export).chain(singly(&other.waiting)))
    }
}

impl<D: Document> Merge<Delta> for State<D> {
    fn merge(&mut self, delta: &Delta) -> bool {
        self.import(delta.0.iter().cloned())
    }
}

impl<D: Document> Lattice for State<D> {}

impl<D: Document> Replicated for State<D> {
    type Delta = Delta;

    fn missing_from(&self, other: &Self) -> Option<Delta> {
        let is_missing = |part: &Delta| other.clone().merge(part);
        let exports = self.parts().filter(is_missing).flat_map(|part| part.0);
        (!other.covers(self)).then(|| Delta(exports.collect()))
    }

    fn news(&self, delta: &Delta) -> Option<Delta> {
        self.clone().merge(delta).then(|| delta.clone())
    }

    /// What was sent of each operation.
    fn parts(&self) -> impl Iterator<Item = Delta> {
        let parts = singly(&self.updates).chain(singly(&self.waiting));
        parts.map(|part| Delta(BTreeSet::from([part])))
    }
}
