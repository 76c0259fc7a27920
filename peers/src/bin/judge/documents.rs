//! Documents under what their libraries' documentation says of them.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use rejoin_crdts::spec::{
    CounterOp, LwwMapModel, LwwMapOp, PnCounterModel, SequenceModel, SequenceOp,
};
use rejoin_crdts::{At, DeltaOf, Draw, Model, Refused, ReplicaId, Seen, Spec, View};

use crate::document::{Document, Edit, State};

/// What a peer calls itself: 53 bits, in the order of ids.
fn peer(replica: ReplicaId) -> u64 {
    (replica.id() << 32 | replica.incarnation() & 0xffff_ffff) & (u64::MAX >> 11)
}

macro_rules! of_a_library {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* }) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub(crate) struct $name<D> {
            $($field: $type,)*
            library: PhantomData<fn() -> D>,
        }

        impl<D> $name<D> {
            pub(crate) fn new($($field: $type),*) -> Self {
                Self { $($field,)* library: PhantomData }
            }
        }
    };
}

of_a_library! {
    /// Registers by key: of changes that no other had seen, one is read.
    Registers {
        // Whether a value that is concurrent with a removal stays.
        values_stay: bool
    }
}

fn keys() -> LwwMapModel<u8, u8> {
    LwwMapModel::new([7, 8], [1, 2])
}

fn key(op: &LwwMapOp<u8, u8>) -> u8 {
    match op {
        LwwMapOp::Put(key, _) | LwwMapOp::Remove(key) => *key,
    }
}

impl<D: Document> Spec for Registers<D> {
    type Op = LwwMapOp<u8, u8>;
    type Value = BTreeMap<u8, u8>;

    fn alphabet(&self) -> Vec<Self::Op> {
        keys().alphabet()
    }

    fn draw(&self, draw: &mut dyn Draw) -> Self::Op {
        keys().draw(draw)
    }

    fn value(&self, _: &View<'_, Self::Op>) -> Option<Self::Value> {
        None
    }

    fn admits(&self, view: &View<'_, Self::Op>, value: &Self::Value) -> Result<(), String> {
        for of in [7, 8] {
            let changes = view.filter(|seen| key(seen.op) == of);
            let stands =
                |seen: &Seen<'_, Self::Op>| !changes.iter().any(|other| changes.saw(&other, seen));
            let last = changes.filter(stands);
            let wrote = |seen: &Seen<'_, Self::Op>| match seen.op {
                LwwMapOp::Put(_, value) => Some(*value),
                LwwMapOp::Remove(_) => None,
            };
            let mut may: Vec<Option<u8>> = last.iter().map(|seen| wrote(&seen)).collect();
            if may.is_empty() || may.iter().all(Option::is_none) {
                may = vec![None];
            } else if self.values_stay {
                may.retain(Option::is_some);
            }
            let read = value.get(&of).copied();
            if !may.contains(&read) {
                return Err(format!("of {of} one of {may:?} should be read, not {read:?}"));
            }
        }
        Ok(())
    }
}

impl<D: Document> Model for Registers<D> {
    type State = State<D>;

    fn initial(&self, me: ReplicaId) -> State<D> {
        State::new(peer(me))
    }

    /// No two writes are of the same value: none of the libraries writes a value that is there.
    fn perform(
        &self,
        state: &mut State<D>,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let edit = match op {
            LwwMapOp::Put(key, value) => {
                Edit::Put(key.to_string(), format!("{value} by {}", at.id))
            }
            LwwMapOp::Remove(key) => Edit::Remove(key.to_string()),
        };
        Ok(state.perform(peer(at.id.replica), at, edit))
    }

    fn read(&self, state: &State<D>) -> Self::Value {
        let number = |text: &str| text.parse().expect("it is a number");
        let entry = |(key, value): (&String, &String)| {
            (number(key), number(value.split(' ').next().unwrap_or_default()))
        };
        state.content().map.iter().map(entry).collect()
    }
}

of_a_library! {
    /// The sum of what was added and taken.
    Counter {}
}

impl<D: Document> Spec for Counter<D> {
    type Op = CounterOp;
    type Value = i128;

    fn alphabet(&self) -> Vec<CounterOp> {
        PnCounterModel.alphabet()
    }

    fn value(&self, view: &View<'_, CounterOp>) -> Option<i128> {
        PnCounterModel.value(view)
    }
}

impl<D: Document> Model for Counter<D> {
    type State = State<D>;

    fn initial(&self, me: ReplicaId) -> State<D> {
        State::new(peer(me))
    }

    fn perform(
        &self,
        state: &mut State<D>,
        at: &At,
        op: &CounterOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        let by = match *op {
            CounterOp::Add(by) => by as i64,
            CounterOp::Take(by) => -(by as i64),
        };
        Ok(state.perform(peer(at.id.replica), at, Edit::Add(by)))
    }

    fn read(&self, state: &State<D>) -> i128 {
        i128::from(state.content().sum)
    }
}

/// The order that a library gives to what is inserted at one place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// After Roh et al. 2011: behind its left neighbour, before what is older.
    Rga,
    /// After Nicolaescu et al. 2016, as Yjs has it; what is inserted among tombstones comes after them.
    Yata,
    /// After Weidner & Kleppmann 2023.
    Fugue,
}

of_a_library! {
    /// A sequence, as a list or as a text.
    List { order: Order, is_text: bool }
}

fn elements() -> SequenceModel<u8> {
    SequenceModel::new([1, 2])
}

struct Element<'h> {
    by: Seen<'h, SequenceOp<u8>>,
    age: u64,
    value: u8,
    left: Option<usize>,
    right: Option<usize>,
}

/// The elements in their order, and the operation that deleted each, as far as any did.
struct Replay<'h> {
    order: Order,
    elements: Vec<Element<'h>>,
    list: Vec<usize>,
    deleted: Vec<(usize, Seen<'h, SequenceOp<u8>>)>,
}

impl<'h> Replay<'h> {
    fn new(order: Order, view: &View<'h, SequenceOp<u8>>) -> Self {
        let mut replay =
            Self { order, elements: Vec::new(), list: Vec::new(), deleted: Vec::new() };
        let mut ages: Vec<(Seen<'h, SequenceOp<u8>>, u64)> = Vec::new();
        for seen in view.iter() {
            let (there, live) = replay.known(|by| view.saw(&seen, by));
            let known = ages.iter().filter(|(by, _)| view.saw(&seen, by)).map(|(_, age)| *age);
            let age = 1 + known.max().unwrap_or(0);
            match seen.op {
                SequenceOp::Insert(place, value) => {
                    let at = place.rem_euclid(live.len() as i64 + 1) as usize;
                    let after = if order == Order::Yata {
                        live.get(at).map_or(there.len(), |&next| position(&there, next))
                    } else {
                        at.checked_sub(1).map_or(0, |before| 1 + position(&there, live[before]))
                    };
                    let left = after.checked_sub(1).map(|before| there[before]);
                    let right = there.get(after).copied();
                    let element = Element { by: seen, age, value: *value, left, right };
                    replay.insert(element);
                }
                SequenceOp::Delete(place) if !live.is_empty() => {
                    let at = place.rem_euclid(live.len() as i64) as usize;
                    replay.deleted.push((live[at], seen));
                }
                _ => continue, // it did nothing
            }
            ages.push((seen, age));
        }
        replay
    }

    /// What is there to somebody, and what of it is not deleted.
    fn known(&self, saw: impl Fn(&Seen<'h, SequenceOp<u8>>) -> bool) -> (Vec<usize>, Vec<usize>) {
        let there: Vec<usize> =
            self.list.iter().copied().filter(|at| saw(&self.elements[*at].by)).collect();
        let is_live =
            |at: &usize| !self.deleted.iter().any(|(deleted, by)| deleted == at && saw(by));
        let live = there.iter().copied().filter(is_live).collect();
        (there, live)
    }

    fn insert(&mut self, new: Element<'h>) {
        let from = new.left.map_or(0, |left| 1 + position(&self.list, left));
        let mut place = from;
        let replica = |element: &Element<'_>| element.by.at.id.replica;
        match self.order {
            Order::Rga => {
                let rank = |element: &Element<'_>| (element.age, replica(element));
                while self.list.get(place).is_some_and(|at| rank(&self.elements[*at]) > rank(&new))
                {
                    place += 1;
                }
            }
            Order::Yata => {
                let mut conflicting = Vec::new();
                let mut before = Vec::new();
                for (at, &other_at) in self.list.iter().enumerate().skip(from) {
                    let other = &self.elements[other_at];
                    if new.right == Some(other_at) {
                        break;
                    }
                    before.push(other_at);
                    conflicting.push(other_at);
                    if other.left == new.left {
                        if replica(other) < replica(&new) {
                            place = at + 1;
                            conflicting.clear();
                        } else if other.right == new.right {
                            break;
                        }
                    } else if other.left.is_some_and(|left| before.contains(&left)) {
                        if !other.left.is_some_and(|left| conflicting.contains(&left)) {
                            place = at + 1;
                            conflicting.clear();
                        }
                    } else {
                        break;
                    }
                }
            }
            Order::Fugue => unreachable!("the specification has it"),
        }
        self.list.insert(place, self.elements.len());
        self.elements.push(new);
    }
}

fn position(list: &[usize], element: usize) -> usize {
    list.iter().take_while(|other| **other != element).count()
}

impl<D: Document> Spec for List<D> {
    type Op = SequenceOp<u8>;
    type Value = Vec<u8>;

    fn alphabet(&self) -> Vec<Self::Op> {
        elements().alphabet()
    }

    fn draw(&self, draw: &mut dyn Draw) -> Self::Op {
        match elements().draw(draw) {
            SequenceOp::Clear => SequenceOp::Delete(0),
            op => op,
        }
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<Vec<u8>> {
        if self.order == Order::Fugue {
            return elements().value(view);
        }
        let replay = Replay::new(self.order, view);
        let (_, live) = replay.known(|_| true);
        Some(live.into_iter().map(|at| replay.elements[at].value).collect())
    }
}

impl<D: Document> Model for List<D> {
    type State = State<D>;

    fn initial(&self, me: ReplicaId) -> State<D> {
        State::new(peer(me))
    }

    fn perform(
        &self,
        state: &mut State<D>,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let len = self.read(state).len();
        let within = |place: i64, places: usize| place.rem_euclid(places as i64) as usize;
        let edit = match *op {
            SequenceOp::Insert(place, value) if self.is_text => {
                Edit::Type(within(place, len + 1), char::from(b'a' + value))
            }
            SequenceOp::Insert(place, value) => Edit::Insert(within(place, len + 1), value),
            SequenceOp::Delete(_) | SequenceOp::Clear if len == 0 => return Ok(<_>::default()),
            SequenceOp::Delete(place) if self.is_text => Edit::Erase(within(place, len)),
            SequenceOp::Delete(place) => Edit::Delete(within(place, len)),
            SequenceOp::Clear => return Err(Refused::Rule("one at a time".into())),
        };
        Ok(state.perform(peer(at.id.replica), at, edit))
    }

    fn read(&self, state: &State<D>) -> Vec<u8> {
        let content = state.content();
        if self.is_text {
            content.text.bytes().map(|byte| byte - b'a').collect()
        } else {
            content.list.clone()
        }
    }
}
