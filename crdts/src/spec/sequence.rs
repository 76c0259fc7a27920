//! The sequence: the list that `FugueMax` makes of a history.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Collect, Nested};
use crate::causal::Element;
use crate::model::{DeltaOf, Refused, Wire, exchanged};
use crate::{
    At, Draw, MatrixClock, Model, ReplicaId, Seen, Sequence, SequenceEdit, SequenceView, Spec,
    Symmetry, View,
};

/// A change to a sequence. Places are counted around: 0 is the first, -1 the last, and whatever
/// lies outside begins anew at the other end. So every change can be performed everywhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SequenceOp<T> {
    /// Insert an element at a place, of which there is one more than there are elements.
    Insert(i64, T),
    /// Delete the element at a place, if there is any.
    Delete(i64),
    /// Delete every element.
    Clear,
}

/// `insert "a" at 0`, `delete -1` or `clear`.
impl<T: fmt::Debug> fmt::Debug for SequenceOp<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insert(place, element) => write!(f, "insert {element:?} at {place}"),
            Self::Delete(place) => write!(f, "delete {place}"),
            Self::Clear => f.write_str("clear"),
        }
    }
}

/// The index of a place among so many.
fn index(place: i64, places: usize) -> usize {
    place.rem_euclid(places as i64) as usize
}

/// [`Sequence`]: the elements that no visible delete had seen, in the order of `FugueMax` (Weidner &
/// Kleppmann 2023).
///
/// An operation speaks of the list that its performer read; the specification finds that list
/// itself. It places an element in a plain list, between its neighbours then, by a scan over what
/// lies between them (the list form of Gentle & Kleppmann), where the type keeps a tree. It has no
/// incremental form: to find what a performer read takes all that was ever inserted.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{SequenceModel, SequenceOp};
/// use rejoin_crdts::{OpSet, Spec};
/// let model = SequenceModel::new(['a', 'b', 'x', 'y']);
/// let mut run = Execution::new(&model, 2);
/// let mut type_in = |replica, letter, sees: &[usize]| {
///     let op = SequenceOp::Insert(0, letter); // each before the last: backwards
///     run.step(&Event { replica, op, sees: sees.iter().copied().collect(), clock_ms: 0 });
/// };
/// (type_in(0, 'b', &[]), type_in(1, 'y', &[]), type_in(0, 'a', &[0]), type_in(1, 'x', &[1]));
/// let view = run.history().view(&OpSet::first(4));
/// assert_eq!(model.value(&view), Some(vec!['a', 'b', 'x', 'y'])); // and not a, x, b, y
/// ```
#[derive(Clone, Debug)]
pub struct SequenceModel<T> {
    elements: Vec<T>,
}

impl<T> SequenceModel<T> {
    /// Tries these elements.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{SequenceModel, SequenceOp::*};
    /// let model = SequenceModel::new(['a']);
    /// assert_eq!(model.alphabet(), [Insert(0, 'a'), Insert(-1, 'a'), Delete(0), Delete(-1)]);
    /// ```
    pub fn new(elements: impl IntoIterator<Item = T>) -> Self {
        Self { elements: elements.into_iter().collect() }
    }
}

/// What a history made: elements in the order in which they were inserted, their list, and who
/// deleted which of them.
struct Replay<'h, T> {
    inserted: Vec<Inserted<'h, T>>,
    list: Vec<usize>,
    deleted: Vec<(usize, Seen<'h, SequenceOp<T>>)>,
}

struct Inserted<'h, T> {
    by: Seen<'h, SequenceOp<T>>,
    value: &'h T,
    left: Option<usize>, // the element before it, as its performer read it, or the beginning
    right: Option<usize>, // what came after that one there, read or deleted, or the end
}

impl<'h, T: Element> Replay<'h, T> {
    fn new(view: &View<'h, SequenceOp<T>>) -> Self {
        let mut replay = Self { inserted: Vec::new(), list: Vec::new(), deleted: Vec::new() };
        for seen in view.iter() {
            let (there, live) = replay.as_of(|earlier| view.saw(&seen, earlier));
            match seen.op {
                SequenceOp::Insert(place, value) => {
                    let left = index(*place, live.len() + 1).checked_sub(1).map(|at| live[at]);
                    let after = left.map_or(0, |left| 1 + position(&there, left));
                    let right = there.get(after).copied();
                    replay.insert(Inserted { by: seen, value, left, right });
                }
                SequenceOp::Delete(_) if live.is_empty() => {}
                SequenceOp::Delete(place) => {
                    replay.deleted.push((live[index(*place, live.len())], seen));
                }
                SequenceOp::Clear => replay.deleted.extend(live.iter().map(|&dead| (dead, seen))),
            }
        }
        replay
    }

    /// What was there, and what of it was not deleted, for somebody who had seen certain things.
    fn as_of(&self, saw: impl Fn(&Seen<'h, SequenceOp<T>>) -> bool) -> (Vec<usize>, Vec<usize>) {
        let is_there = |element: &usize| saw(&self.inserted[*element].by);
        let there: Vec<usize> = self.list.iter().copied().filter(is_there).collect();
        let dead: BTreeSet<usize> =
            self.deleted.iter().filter(|(_, by)| saw(by)).map(|dead| dead.0).collect();
        let live = there.iter().copied().filter(|element| !dead.contains(element)).collect();
        (there, live)
    }

    /// Puts an element where `FugueMax` wants it: past what others put at the same place, if they
    /// had a nearer neighbour on the right, or else the same and a smaller name.
    fn insert(&mut self, new: Inserted<'h, T>) {
        let after = |left: Option<usize>| left.map_or(0, |left| 1 + position(&self.list, left));
        let until = |right: Option<usize>| {
            right.map_or(self.list.len(), |right| position(&self.list, right))
        };
        let (from, to) = (after(new.left), until(new.right));
        let (mut place, mut in_doubt) = (from, false);
        for at in from..to {
            let other = &self.inserted[self.list[at]];
            let (other_from, other_to) = (after(other.left), until(other.right));
            let is_alike = (other_from, other_to) == (from, to);
            let precedes = new.by.at.id.replica < other.by.at.id.replica;
            if other_from < from || is_alike && precedes {
                break;
            }
            if other_from == from {
                in_doubt = other_to < to;
            }
            if !in_doubt {
                place = at + 1;
            }
        }
        self.list.insert(place, self.inserted.len());
        self.inserted.push(new);
    }
}

fn position(list: &[usize], element: usize) -> usize {
    list.iter().take_while(|other| **other != element).count()
}

impl<T: Element + Wire + Send + Sync> Spec for SequenceModel<T> {
    type Op = SequenceOp<T>;
    type Value = Vec<T>;

    fn alphabet(&self) -> Vec<SequenceOp<T>> {
        let at = |place| move |element: &T| SequenceOp::Insert(place, element.clone());
        let (first, last) = (self.elements.iter().map(at(0)), self.elements.iter().map(at(-1)));
        first.chain(last).chain([SequenceOp::Delete(0), SequenceOp::Delete(-1)]).collect()
    }

    fn draw(&self, draw: &mut dyn Draw) -> SequenceOp<T> {
        let place = draw.below(8) as i64 - 4;
        match draw.below(16) {
            0..=3 => SequenceOp::Delete(place), // a sequence that is mostly empty tests little
            4 => SequenceOp::Clear,
            _ => {
                let element = draw.below(self.elements.len() as u64) as usize;
                SequenceOp::Insert(place, self.elements[element].clone())
            }
        }
    }

    fn value(&self, view: &View<'_, SequenceOp<T>>) -> Option<Vec<T>> {
        let replay = Replay::new(view);
        let (_, live) = replay.as_of(|_| true);
        Some(live.into_iter().map(|element| replay.inserted[element].value.clone()).collect())
    }

    /// Elements are only read. Replicas are told apart: of what two inserted at one place, that of
    /// the smaller id comes first.
    fn symmetry(&self) -> Symmetry {
        let symmetry =
            Symmetry::of_names(&self.alphabet(), &self.elements, |op, left, right| match op {
                SequenceOp::Insert(place, element) => {
                    SequenceOp::Insert(*place, exchanged(element, left, right).clone())
                }
                other => other.clone(),
            });
        Symmetry { replicas: false, ..symmetry }
    }
}

impl<T: Element + Wire + Send + Sync> Model for SequenceModel<T> {
    type State = Sequence<T>;

    fn initial(&self, _me: ReplicaId) -> Sequence<T> {
        Sequence::new()
    }

    fn perform(
        &self,
        state: &mut Sequence<T>,
        at: &At,
        op: &SequenceOp<T>,
    ) -> Result<DeltaOf<Self>, Refused> {
        let (me, len) = (at.id.replica, state.len());
        Ok(match op {
            SequenceOp::Insert(place, element) => {
                state.insert(me, index(*place, len + 1), element.clone())?
            }
            SequenceOp::Delete(_) if len == 0 => DeltaOf::<Self>::default(),
            SequenceOp::Delete(place) => state.remove(me, index(*place, len))?,
            SequenceOp::Clear => state.clear(me),
        })
    }

    fn read(&self, state: &Sequence<T>) -> Vec<T> {
        state.iter().cloned().collect()
    }

    fn forges(&self, me: ReplicaId, state: &Sequence<T>, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state.context())
    }
}

impl<T: Element + Wire + Send + Sync> Nested for SequenceModel<T> {
    type Type = Sequence<T>;

    fn edit(&self, edit: &mut SequenceEdit<'_, T>, op: &SequenceOp<T>) -> Result<(), Refused> {
        let len = edit.view().len();
        match op {
            SequenceOp::Insert(place, element) => {
                edit.insert(index(*place, len + 1), element.clone())?;
            }
            SequenceOp::Delete(_) if len == 0 => {}
            SequenceOp::Delete(place) => edit.remove(index(*place, len))?,
            SequenceOp::Clear => edit.clear(),
        }
        Ok(())
    }

    fn read_view(&self, view: SequenceView<'_, T>) -> Vec<T> {
        view.iter().cloned().collect()
    }

    fn present(&self, view: &View<'_, SequenceOp<T>>) -> bool {
        self.value(view).is_some_and(|value| !value.is_empty())
    }

    /// A place that an operation speaks of is one among elements that were removed since.
    fn removal(&self) -> Option<&'static SequenceOp<T>> {
        Some(&SequenceOp::Clear)
    }
}

impl<T: Element + Wire + Send + Sync> Collect for SequenceModel<T> {
    type Known = MatrixClock;

    fn note(&self, known: &mut MatrixClock, at: &At, state: &Self::State) -> MatrixClock {
        known.note(at.id.replica, state.context())
    }

    fn stabilise(
        &self,
        state: &mut Self::State,
        at: &At,
        known: &MatrixClock,
        members: &[ReplicaId],
    ) -> DeltaOf<Self> {
        state.stabilise(at.id.replica, &known.stable(members.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::{Event, Execution};
    use crate::{History, OpSet};

    type Op = SequenceOp<u8>;

    /// Histories of so many operations, in which each operation saw what some down-set holds.
    fn histories(operations: u64, number: u64) -> impl Iterator<Item = History<Op>> {
        (0..number).map(move |seed| {
            let mut state = seed + 1;
            let mut draw = |bound: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed | 1);
                (state >> 33) % bound
            };
            let model = SequenceModel::new(0..=255);
            let mut run = Execution::new(&model, 3);
            for step in 0..operations {
                let op = match draw(8) {
                    0 => SequenceOp::Delete(draw(4) as i64 - 2),
                    _ => SequenceOp::Insert(draw(4) as i64 - 2, step as u8),
                };
                let mut sees = OpSet::new();
                for seen in 0..step as usize {
                    if draw(6) == 0 {
                        sees.insert(seen);
                    }
                }
                run.step(&Event { replica: draw(3) as usize, op, sees, clock_ms: 0 });
            }
            run.history().clone()
        })
    }

    /// Where something comes in a list, if it does.
    fn at(list: &[usize], element: usize) -> Option<usize> {
        list.iter().position(|other| *other == element)
    }

    /// The strong list specification (Attiya et al. 2016): what is read at any down-set is what was
    /// inserted and not deleted there, in one order for all, and each was inserted at its index.
    #[test]
    fn it_is_a_strong_list() {
        for history in histories(10, 300) {
            let view = history.view(&history.all());
            let whole = Replay::new(&view);
            let event =
                |replay: &Replay<'_, u8>, element: usize| replay.inserted[element].by.event();
            let order: Vec<usize> = whole.list.iter().map(|&e| event(&whole, e)).collect();
            for (new, seen) in view.iter().enumerate() {
                let mut known = history.saw(new).clone();
                let before = Replay::new(&history.view(&known));
                known.insert(new);
                let after_view = history.view(&known);
                let after = Replay::new(&after_view);
                let live = |replay: &Replay<'_, u8>| -> Vec<usize> {
                    replay.as_of(|_| true).1.iter().map(|&e| event(replay, e)).collect()
                };
                let (mut expected, read) = (live(&before), live(&after));
                match *seen.op {
                    SequenceOp::Insert(place, _) => {
                        expected.insert(index(place, expected.len() + 1), new);
                    }
                    SequenceOp::Delete(place) if !expected.is_empty() => {
                        expected.remove(index(place, expected.len()));
                    }
                    _ => {}
                }
                assert_eq!(read, expected, "{history:?}");
                let places: Vec<usize> = read.iter().filter_map(|e| at(&order, *e)).collect();
                assert_eq!(places.len(), read.len());
                assert!(places.is_sorted(), "{read:?} in {order:?}: {history:?}");
            }
        }
    }

    /// Maximal non-interleaving (Weidner & Kleppmann 2023). Forwards: an element is followed by
    /// what was inserted after it, and what was inserted after that, with nothing else in between.
    /// Backwards, among what was inserted after the same element: of two with different right
    /// neighbours, neither a neighbour of the other's kind, the one with the further comes first;
    /// of two with the same ones, that of the smaller id.
    #[test]
    fn it_is_maximally_non_interleaving() {
        let mut told_apart = 0;
        for history in histories(10, 300) {
            let view = history.view(&history.all());
            let Replay { inserted, list, .. } = Replay::new(&view);
            let follows = |mut element: usize, root: usize| loop {
                match inserted[element].left {
                    Some(left) if left == root => break true,
                    Some(left) => element = left,
                    None => break false,
                }
            };
            for (from, &root) in list.iter().enumerate() {
                let after = &list[from + 1..];
                let run = after.iter().take_while(|element| follows(**element, root)).count();
                let all = list.iter().filter(|element| follows(**element, root)).count();
                assert_eq!(run, all, "after {root} in {list:?}: {history:?}");
            }
            let end = |right: Option<usize>| right.map_or(list.len(), |e| position(&list, e));
            // What is backed against a sibling goes with that one.
            let stands = |element: usize| {
                let Inserted { left, right, .. } = inserted[element];
                right.is_none_or(|right| inserted[right].left != left)
            };
            for (from, &one) in list.iter().enumerate() {
                for &other in &list[from + 1..] {
                    let [first, second] = [&inserted[one], &inserted[other]];
                    if first.left != second.left {
                        continue;
                    }
                    let ids = first.by.at.id.replica < second.by.at.id.replica;
                    if first.right == second.right {
                        assert!(ids, "{one}, {other} in {list:?}: {history:?}");
                    } else if stands(one) && stands(other) {
                        assert!(end(first.right) > end(second.right), "{list:?}: {history:?}");
                        told_apart += 1;
                    }
                }
            }
        }
        assert!(told_apart > 0, "right neighbours never told siblings apart");
    }
}
