//! The states and deltas of one type, behind small numbers.
//!
//! Everything that the search does is a question about numbers: which state results from merging
//! these two? A question that was asked before is answered from memory.

use rejoin_crdts::{
    At, Delivery, DeltaOf, History, Lattice as _, Merge, Model, OpSet, ReplicaId, Replicated,
    Running, Spec,
};
use rustc_hash::FxHashMap;

use super::store::{Store, bytes_of, debug_of};
use super::tree::{Mask, members};
use crate::codec;

/// A state that a reader has.
pub(super) type StateId = u32;
/// A delta.
pub(super) type DeltaId = u32;

/// The empty delta.
pub(super) const EMPTY: DeltaId = 0;

/// How two states that should be one differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Differs {
    /// By `Eq`.
    State,
    /// In their bytes only.
    Bytes,
}

/// Whose state.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Reader(StateId),
    /// By its place on the stack.
    Replica(usize),
}

/// What merging gave, and whether `merge` said truly if it changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) state: StateId,
    pub(super) honest: bool,
}

/// What an operation did.
#[derive(Clone, Debug)]
pub(super) struct Performed {
    pub(super) delta: DeltaId,
    /// Whether the state is as it was before.
    pub(super) unchanged: bool,
    /// Whether merging the delta into the state before gives the state after.
    pub(super) by_delta: bool,
}

/// An operation that the type refused.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// Whether it changed the state nevertheless.
    pub(super) changed: bool,
}

/// An operation as the specification is told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) at: At,
    pub(super) op: usize,
    pub(super) saw: Mask,
}

/// A type, its states and deltas.
///
/// Replicas have states of their own, numbered by their place on a stack: these are what replicas
/// really have, and are never taken for one another, whatever `Eq` says. A reader's states are
/// shared: those that `Eq`, `Hash`, `Debug` and their bytes cannot tell apart are one.
pub(super) trait Space {
    fn delivery(&self) -> Delivery;

    /// Forgets the replicas' states.
    fn keep_own(&mut self, count: usize);
    /// The first state of a replica.
    fn start(&mut self, name: ReplicaId);
    /// A copy of a replica's state, with deltas merged.
    fn fork(&mut self, own: usize, deltas: &[DeltaId]);
    /// Performs an operation on the latest of the replicas' states.
    fn perform(&mut self, at: &At, op: usize) -> Result<Performed, Refusal>;
    /// A copy of a replica's state, with a reader's merged.
    fn fork_merged(&mut self, own: usize, state: StateId);
    /// How the latest of the replicas' states differs from a reader's.
    fn latest_differs(&self, state: StateId) -> Option<Differs>;
    /// Whether two deltas are equal.
    fn same_delta(&self, left: DeltaId, right: DeltaId) -> bool;

    /// The state of a reader that has seen nothing.
    fn reader(&mut self, name: ReplicaId) -> StateId;
    fn absorb(&mut self, state: StateId, delta: DeltaId) -> Merged;
    fn merge(&mut self, left: StateId, right: StateId) -> Merged;
    fn join(&mut self, left: DeltaId, right: DeltaId) -> DeltaId;
    /// What `other` lacks of `state`, or `None` if the type says that there is nothing.
    fn missing(&mut self, state: StateId, other: StateId) -> Option<DeltaId>;
    /// Whether `Eq` holds.
    fn equal(&self, left: StateId, right: StateId) -> bool;
    /// Whether the bytes are equal.
    fn same_bytes(&self, left: StateId, right: StateId) -> bool;
    /// Why the parts of a state do not make it up, if they do not.
    fn parts_fail(&mut self, state: StateId) -> Option<PartsFail>;

    /// Tells the specification of a further operation.
    fn tell(&mut self, told: &Told);
    /// Has the specification forget all but the first that it was told of.
    fn keep_told(&mut self, count: usize);
    /// Whether the incremental specification, if there is one, says of `visible` what the pure one
    /// does, where reading `state` is right: told in order, or of one of `lasts` last. Returns how
    /// often they were compared.
    fn runs_right(&mut self, visible: Mask, lasts: Mask, state: StateId) -> Result<u64, Strays>;
    /// Whether reading the state is right where `visible` of what was told is visible.
    fn admits(&self, visible: Mask, state: StateId) -> Result<(), String>;
    /// Whether reading a replica's state is right.
    fn own_admits(&self, visible: Mask, own: usize) -> Result<(), String>;
    /// Whether reading the latest of the replicas' states is right, where reading `state` is.
    fn latest_read_right(&self, visible: Mask, state: StateId) -> Result<(), String>;
    /// Why something could not be written as bytes, if anything could not.
    fn unwritable(&self) -> Option<String>;

    fn show_state(&self, state: StateId) -> String;
    fn show_own(&self, own: usize) -> String;
    fn show_latest(&self) -> String;
    fn show_delta(&self, delta: DeltaId) -> String;
    fn show_op(&self, op: usize) -> String;
    /// What is read of a state, and what the specification says, if it is a function.
    fn show_values(&self, told: &[Told], visible: Mask, state: Of) -> (String, String);

    /// About how many bytes are remembered.
    fn memory(&self) -> usize;
    /// Forgets everything but these, and renumbers them.
    fn retain(&mut self, states: &mut [StateId], deltas: &mut [DeltaId]);
    /// A hash of every distinct state of a reader.
    fn state_hashes(&self) -> Vec<u64>;
}

/// What is wrong with the parts of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartsFail {
    Rejoin,
    Redundant,
}

/// Where the incremental specification strays from the pure one.
#[derive(Clone, Debug)]
pub(super) struct Strays {
    /// Which operation it was told of last.
    pub(super) last: usize,
    /// What it then says.
    pub(super) says: String,
    pub(super) reason: String,
}

type Memo<V> = FxHashMap<u64, V>;

fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

type RunningOf<M> = Running<<M as Spec>::Op, <M as Spec>::Value>;

/// The space of a model.
pub(super) struct Arena<'m, M: Model> {
    model: &'m M,
    alphabet: &'m [M::Op],
    own: Vec<M::State>,
    told: History<M::Op>,
    /// The incremental specification before anything happened.
    fresh: Option<RunningOf<M>>,
    /// What it comes to at some sets, by the last operation in them.
    forms: Vec<Vec<(Mask, RunningOf<M>)>>,
    states: Store<M::State>,
    deltas: Store<DeltaOf<M>>,
    absorbed: Memo<Merged>,
    merged: Memo<Merged>,
    joined: Memo<DeltaId>,
    lacked: Memo<Option<DeltaId>>,
    parted: FxHashMap<StateId, Option<PartsFail>>,
    hashes: rustc_hash::FxHashSet<u64>,
}

impl<'m, M: Model> Arena<'m, M> {
    pub(super) fn new(model: &'m M, alphabet: &'m [M::Op]) -> Self {
        let mut deltas = Store::default();
        deltas.add(DeltaOf::<M>::default());
        Self {
            model,
            alphabet,
            own: Vec::new(),
            told: History::new(),
            fresh: None,
            forms: Vec::new(),
            states: Store::default(),
            deltas,
            absorbed: Memo::default(),
            merged: Memo::default(),
            joined: Memo::default(),
            lacked: Memo::default(),
            parted: FxHashMap::default(),
            hashes: Default::default(),
        }
    }

    fn add(&mut self, state: M::State) -> StateId {
        let met = self.states.met.len();
        let id = self.states.add(state);
        if id as usize == met {
            let bytes = self.states.met[met].bytes;
            self.hashes.insert((bytes ^ (bytes >> 64)) as u64);
        }
        id
    }

    fn merging<R>(&mut self, into: StateId, what: &R) -> Merged
    where
        M::State: Merge<R>,
    {
        let before = self.states.get(into);
        let mut state = before.clone();
        let reported = state.merge(what);
        let honest = reported == (state != *before);
        Merged { state: self.add(state), honest }
    }

    fn latest(&self) -> &M::State {
        let Some(latest) = self.own.last() else { unreachable!("replicas were started") };
        latest
    }

    fn history(&self, told: &[Told]) -> History<M::Op> {
        let mut history = History::new();
        for Told { at, op, saw } in told {
            history.push(*at, self.alphabet[*op].clone(), set(*saw));
        }
        history
    }

    /// The incremental specification, told of the operations of a set in their order, and then of
    /// `last`.
    fn form(&mut self, set: Mask, last: usize) -> Option<RunningOf<M>> {
        let mut form = self.form_at(set)?;
        form.see(&self.told.seen(last));
        Some(form)
    }

    fn form_at(&mut self, set: Mask) -> Option<RunningOf<M>> {
        let Some(last) = set.checked_ilog2() else { return self.fresh.clone() };
        let last = last as usize;
        if let Some((_, form)) = self.forms[last].iter().find(|(known, _)| *known == set) {
            return Some(form.clone());
        }
        let form = self.form(set & !(1 << last), last)?;
        self.forms[last].push((set, form.clone()));
        Some(form)
    }

    fn judge(&self, visible: Mask, state: &M::State) -> Result<(), String> {
        self.model.admits(&self.told.view(&set(visible)), &self.model.read(state))
    }
}

pub(super) fn set(mask: Mask) -> OpSet {
    members(mask).collect()
}

impl<M: Model> Space for Arena<'_, M> {
    fn delivery(&self) -> Delivery {
        self.model.delivery()
    }

    fn keep_own(&mut self, count: usize) {
        self.own.truncate(count);
    }

    fn start(&mut self, name: ReplicaId) {
        self.own.push(self.model.initial(name));
    }

    fn fork(&mut self, own: usize, deltas: &[DeltaId]) {
        let mut state = self.own[own].clone();
        for &delta in deltas {
            state.merge(self.deltas.get(delta));
        }
        self.own.push(state);
    }

    fn perform(&mut self, at: &At, op: usize) -> Result<Performed, Refusal> {
        let before = self.latest().clone();
        let Some(state) = self.own.last_mut() else { unreachable!("replicas were started") };
        let delta = match self.model.perform(state, at, &self.alphabet[op]) {
            Ok(delta) => delta,
            Err(_) => {
                let changed = *state != before
                    || debug_of(state) != debug_of(&before)
                    || codec::canonical(state) != codec::canonical(&before);
                return Err(Refusal { changed });
            }
        };
        let unchanged = *state == before;
        let mut merged = before;
        merged.merge(&delta);
        let by_delta = merged == *state;
        let delta = self.deltas.add(delta);
        let empty = self.deltas.met[delta as usize].class == EMPTY;
        Ok(Performed { delta: if empty { EMPTY } else { delta }, unchanged, by_delta })
    }

    fn fork_merged(&mut self, own: usize, state: StateId) {
        let mut forked = self.own[own].clone();
        forked.merge(self.states.get(state));
        self.own.push(forked);
    }

    fn latest_differs(&self, state: StateId) -> Option<Differs> {
        let latest = self.latest();
        if *latest != *self.states.get(state) {
            return Some(Differs::State);
        }
        let (bytes, _) = bytes_of(latest).unwrap_or_default();
        (bytes != self.states.met[state as usize].bytes).then_some(Differs::Bytes)
    }

    fn same_delta(&self, left: DeltaId, right: DeltaId) -> bool {
        self.deltas.get(left) == self.deltas.get(right)
    }

    fn reader(&mut self, name: ReplicaId) -> StateId {
        self.add(self.model.initial(name))
    }

    fn absorb(&mut self, state: StateId, delta: DeltaId) -> Merged {
        let asked = pair(state, delta);
        if let Some(&known) = self.absorbed.get(&asked) {
            return known;
        }
        let delta = self.deltas.get(delta).clone();
        let merged = self.merging(state, &delta);
        self.absorbed.insert(asked, merged);
        merged
    }

    fn merge(&mut self, left: StateId, right: StateId) -> Merged {
        let asked = pair(left, right);
        if let Some(&known) = self.merged.get(&asked) {
            return known;
        }
        let right = self.states.get(right).clone();
        let merged = self.merging(left, &right);
        self.merged.insert(asked, merged);
        merged
    }

    fn join(&mut self, left: DeltaId, right: DeltaId) -> DeltaId {
        let asked = pair(left, right);
        if let Some(&known) = self.joined.get(&asked) {
            return known;
        }
        let mut joined = self.deltas.get(left).clone();
        joined.merge(self.deltas.get(right));
        let id = self.deltas.add(joined);
        self.joined.insert(asked, id);
        id
    }

    fn missing(&mut self, state: StateId, other: StateId) -> Option<DeltaId> {
        let asked = pair(state, other);
        if let Some(&known) = self.lacked.get(&asked) {
            return known;
        }
        let missing = self.states.get(state).missing_from(self.states.get(other));
        let id = missing.map(|missing| self.deltas.add(missing));
        self.lacked.insert(asked, id);
        id
    }

    fn equal(&self, left: StateId, right: StateId) -> bool {
        let class = |id: StateId| self.states.met[id as usize].class;
        // Values that are equal and hash differently are in different classes.
        class(left) == class(right) || self.states.get(left) == self.states.get(right)
    }

    fn same_bytes(&self, left: StateId, right: StateId) -> bool {
        self.states.met[left as usize].bytes == self.states.met[right as usize].bytes
    }

    fn parts_fail(&mut self, state: StateId) -> Option<PartsFail> {
        if let Some(&known) = self.parted.get(&state) {
            return known;
        }
        let whole = self.states.get(state);
        let parts: Vec<DeltaOf<M>> = whole.parts().collect();
        let rejoined = |without: Option<usize>| {
            let mut joined = DeltaOf::<M>::default();
            for (at, part) in parts.iter().enumerate() {
                if Some(at) != without {
                    joined.merge(part);
                }
            }
            joined
        };
        let mut bottom = self.states.get(0).clone();
        bottom.merge(&rejoined(None));
        let verdict = if bottom != *whole || codec::canonical(&bottom) != codec::canonical(whole) {
            Some(PartsFail::Rejoin)
        } else {
            (0..parts.len())
                .any(|at| rejoined(Some(at)).covers(&parts[at]))
                .then_some(PartsFail::Redundant)
        };
        self.parted.insert(state, verdict);
        verdict
    }

    fn tell(&mut self, told: &Told) {
        self.told.push(told.at, self.alphabet[told.op].clone(), set(told.saw));
        if self.forms.len() < self.told.len() {
            self.forms.push(Vec::new());
        }
    }

    fn keep_told(&mut self, count: usize) {
        if count == 0 {
            self.fresh = self.model.running();
        }
        while self.told.len() > count {
            self.told.pop();
            self.forms[self.told.len()].clear();
        }
    }

    fn runs_right(&mut self, visible: Mask, lasts: Mask, state: StateId) -> Result<u64, Strays> {
        let Some(form) = self.form_at(visible) else { return Ok(0) };
        let strays = |last, form: &RunningOf<M>, reason| {
            let says = form.value().map_or("nothing".to_owned(), |value| format!("{value:?}"));
            Strays { last, says, reason }
        };
        let last = visible.checked_ilog2().unwrap_or(0) as usize;
        // The pure one allows it; if it is a function, it says just that.
        let read = self.model.read(self.states.get(state));
        form.admits(&read).map_err(|reason| strays(last, &form, reason))?;
        let value = form.value();
        if value.as_ref() != Some(&read) {
            let pure = self.model.value(&self.told.view(&set(visible)));
            if value != pure {
                let pure = pure.map_or("nothing".to_owned(), |value| format!("{value:?}"));
                return Err(strays(last, &form, format!("the pure one says {pure}")));
            }
        }
        for last in members(lasts) {
            let other = self.form(visible & !(1 << last), last);
            if let Some(other) = other.filter(|other| *other != form) {
                let value = form.value();
                let reason = if other.value() == value {
                    "it is not equal (`Eq`) to what it comes to in another order".to_owned()
                } else {
                    format!("in another order it says {value:?}")
                };
                return Err(strays(last, &other, reason));
            }
        }
        Ok(1 + u64::from(lasts.count_ones()))
    }

    fn admits(&self, visible: Mask, state: StateId) -> Result<(), String> {
        self.judge(visible, self.states.get(state))
    }

    fn own_admits(&self, visible: Mask, own: usize) -> Result<(), String> {
        self.judge(visible, &self.own[own])
    }

    fn latest_read_right(&self, visible: Mask, state: StateId) -> Result<(), String> {
        let latest = self.latest();
        if self.model.read(latest) == self.model.read(self.states.get(state)) {
            return Ok(());
        }
        self.judge(visible, latest)
    }

    fn unwritable(&self) -> Option<String> {
        self.states.unwritable.clone().or_else(|| self.deltas.unwritable.clone())
    }

    fn show_state(&self, state: StateId) -> String {
        format!("{:?}", self.states.get(state))
    }

    fn show_own(&self, own: usize) -> String {
        format!("{:?}", self.own[own])
    }

    fn show_latest(&self) -> String {
        format!("{:?}", self.latest())
    }

    fn show_delta(&self, delta: DeltaId) -> String {
        format!("{:?}", self.deltas.get(delta))
    }

    fn show_op(&self, op: usize) -> String {
        format!("{:?}", self.alphabet[op])
    }

    fn show_values(&self, told: &[Told], visible: Mask, state: Of) -> (String, String) {
        let history = self.history(told);
        let view = history.view(&set(visible));
        let read = self.model.read(match state {
            Of::Reader(state) => self.states.get(state),
            Of::Replica(own) => &self.own[own],
        });
        let meant = match (self.model.value(&view), self.model.admits(&view, &read)) {
            (Some(value), _) => format!("{value:?}"),
            (None, Ok(())) => "allowed".to_owned(),
            (None, Err(reason)) => reason,
        };
        (format!("{read:?}"), meant)
    }

    fn memory(&self) -> usize {
        // An entry of a memo takes 16 to 32 bytes in its table. How large a value is cannot be
        // asked; ten times its bytes on the wire, and what surrounds it, is on the safe side.
        let memos = self.absorbed.len() + self.merged.len() + self.joined.len() + self.lacked.len();
        let values = self.states.met.len() + self.deltas.met.len();
        memos * 32 + values * 300 + (self.states.written + self.deltas.written) * 10
    }

    fn retain(&mut self, states: &mut [StateId], deltas: &mut [DeltaId]) {
        // The first of each is the empty one, and stays the first.
        let mut kept = vec![0];
        kept.extend_from_slice(states);
        self.states.retain(&mut kept);
        states.copy_from_slice(&kept[1..]);
        let mut kept = vec![EMPTY];
        kept.extend_from_slice(deltas);
        self.deltas.retain(&mut kept);
        deltas.copy_from_slice(&kept[1..]);
        self.absorbed = Memo::default();
        self.merged = Memo::default();
        self.joined = Memo::default();
        self.lacked = Memo::default();
        self.parted = FxHashMap::default();
    }

    fn state_hashes(&self) -> Vec<u64> {
        self.hashes.iter().copied().collect()
    }
}
