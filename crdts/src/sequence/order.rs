//! A list whose items keep their place: by index among the live ones, and by comparison.

use im::Vector;

/// Where an item is kept. It never changes, whatever is inserted around it.
pub(super) type Slot = u32;

/// No item.
pub(super) const NONE: Slot = Slot::MAX;

fn some(slot: Slot) -> Option<Slot> {
    (slot != NONE).then_some(slot)
}

const LEFT: usize = 0;
const RIGHT: usize = 1;

/// Items in a total order, some of them live: a weight-balanced tree (Hirai & Yamamoto, "Balancing
/// weight-balanced trees", JFP 2011) whose nodes lie in a persistent vector and know their parents.
///
/// Items are inserted next to others and never taken out. Everything is logarithmic in the number
/// of items, and cloning is O(1). Nothing recurs.
#[derive(Clone)]
pub(super) struct Order<P> {
    places: Vector<Place<P>>,
    top: Slot,
}

#[derive(Clone)]
struct Place<P> {
    item: P,
    is_live: bool,
    size: u32, // of the subtree
    live: u32, // of these
    up: Slot,
    kids: [Slot; 2],
}

impl<P: Clone> Default for Order<P> {
    fn default() -> Self {
        Self { places: Vector::new(), top: NONE }
    }
}

impl<P: Clone> Order<P> {
    pub(super) fn is_empty(&self) -> bool {
        self.top == NONE
    }

    /// How many live items there are.
    pub(super) fn live(&self) -> usize {
        self.live_below(self.top) as usize
    }

    /// All items, in order.
    pub(super) fn items(&self) -> impl Iterator<Item = &P> {
        let first = (!self.is_empty()).then(|| self.outermost(self.top, LEFT));
        let slots = std::iter::successors(first, |&slot| some(self.next(slot)));
        slots.map(|slot| self.item(slot))
    }

    pub(super) fn item(&self, slot: Slot) -> &P {
        &self.at(slot).item
    }

    pub(super) fn item_mut(&mut self, slot: Slot) -> &mut P {
        &mut self.at_mut(slot).item
    }

    /// Puts an item right after another one. The first item is the first whatever `after` is.
    pub(super) fn insert(&mut self, after: Slot, item: P, is_live: bool) -> Slot {
        let slot = self.places.len() as Slot;
        assert!(slot < NONE, "four billion elements, each of a hundred bytes");
        let (up, side) = match (self.is_empty(), after) {
            (true, _) => (NONE, RIGHT),
            (false, after) => match self.at(after).kids[RIGHT] {
                NONE => (after, RIGHT),
                right => (self.outermost(right, LEFT), LEFT),
            },
        };
        let live = u32::from(is_live);
        self.places.push_back(Place { item, is_live, size: 1, live, up, kids: [NONE; 2] });
        if up == NONE {
            self.top = slot;
        } else {
            self.at_mut(up).kids[side] = slot;
            self.settle(up);
        }
        slot
    }

    pub(super) fn set_live(&mut self, slot: Slot, is_live: bool) {
        self.at_mut(slot).is_live = is_live;
        let mut at = slot;
        while at != NONE {
            self.measure(at);
            at = self.at(at).up;
        }
    }

    /// How many items come before this one.
    pub(super) fn rank(&self, slot: Slot) -> usize {
        self.before(slot, |below| self.size(below), |_| 1)
    }

    /// How many live items come before this one.
    pub(super) fn index(&self, slot: Slot) -> usize {
        self.before(slot, |below| self.live_below(below), |at| u32::from(self.at(at).is_live))
    }

    fn before(
        &self,
        slot: Slot,
        below: impl Fn(Slot) -> u32,
        of_one: impl Fn(Slot) -> u32,
    ) -> usize {
        let mut before = below(self.at(slot).kids[LEFT]);
        let mut at = slot;
        while let Some(up) = some(self.at(at).up) {
            if self.at(up).kids[RIGHT] == at {
                before += of_one(up) + below(self.at(up).kids[LEFT]);
            }
            at = up;
        }
        before as usize
    }

    /// The item before this one.
    pub(super) fn previous(&self, slot: Slot) -> Slot {
        self.neighbour(slot, LEFT)
    }

    /// The item after this one.
    pub(super) fn next(&self, slot: Slot) -> Slot {
        self.neighbour(slot, RIGHT)
    }

    /// The live item at `index` among the live ones.
    pub(super) fn select(&self, index: usize) -> Option<Slot> {
        self.iter(index).next()
    }

    /// The live items from `index` on, in order.
    pub(super) fn iter(&self, index: usize) -> Iter<'_, P> {
        let mut open = Vec::new();
        let (mut at, mut skip) = (self.top, index);
        while at != NONE {
            let [left, right] = self.at(at).kids;
            let before = self.live_below(left) as usize;
            if skip < before {
                open.push(at);
                at = left;
            } else if skip == before && self.at(at).is_live {
                open.push(at);
                break;
            } else {
                skip -= before + usize::from(self.at(at).is_live);
                at = right;
            }
        }
        Iter { order: self, open }
    }

    fn at(&self, slot: Slot) -> &Place<P> {
        &self.places[slot as usize]
    }

    fn at_mut(&mut self, slot: Slot) -> &mut Place<P> {
        &mut self.places[slot as usize]
    }

    fn size(&self, slot: Slot) -> u32 {
        if slot == NONE { 0 } else { self.at(slot).size }
    }

    fn live_below(&self, slot: Slot) -> u32 {
        if slot == NONE { 0 } else { self.at(slot).live }
    }

    fn outermost(&self, mut at: Slot, side: usize) -> Slot {
        while let Some(kid) = some(self.at(at).kids[side]) {
            at = kid;
        }
        at
    }

    fn neighbour(&self, slot: Slot, side: usize) -> Slot {
        if let Some(kid) = some(self.at(slot).kids[side]) {
            return self.outermost(kid, 1 - side);
        }
        let mut at = slot;
        while let Some(up) = some(self.at(at).up) {
            if self.at(up).kids[1 - side] == at {
                return up;
            }
            at = up;
        }
        NONE
    }

    fn measure(&mut self, slot: Slot) {
        let place = self.at(slot);
        let [left, right] = place.kids;
        let size = 1 + self.size(left) + self.size(right);
        let live = u32::from(place.is_live) + self.live_below(left) + self.live_below(right);
        let place = self.at_mut(slot);
        (place.size, place.live) = (size, live);
    }

    /// Restores measures and balance from `at` upwards, after an insertion below it.
    fn settle(&mut self, mut at: Slot) {
        const HEAVY: u64 = 3; // a side may weigh so many times the other
        const INNER: u64 = 2; // its inner part so many times its outer one
        let weight = |order: &Self, slot| u64::from(order.size(slot)) + 1;
        while at != NONE {
            self.measure(at);
            for side in [LEFT, RIGHT] {
                let [heavy, light] = [self.at(at).kids[side], self.at(at).kids[1 - side]];
                if weight(self, heavy) > HEAVY * weight(self, light) {
                    let kids = self.at(heavy).kids;
                    if weight(self, kids[1 - side]) >= INNER * weight(self, kids[side]) {
                        self.lift(heavy, 1 - side);
                    }
                    at = self.lift(at, side);
                    break;
                }
            }
            at = self.at(at).up;
        }
    }

    /// Rotates the child of `top` on `side` above it.
    fn lift(&mut self, top: Slot, side: usize) -> Slot {
        let up = self.at(top).up;
        let kid = self.at(top).kids[side];
        let inner = self.at(kid).kids[1 - side];
        self.at_mut(top).kids[side] = inner;
        if inner != NONE {
            self.at_mut(inner).up = top;
        }
        self.at_mut(kid).kids[1 - side] = top;
        self.at_mut(top).up = kid;
        self.at_mut(kid).up = up;
        if up == NONE {
            self.top = kid;
        } else {
            let from = usize::from(self.at(up).kids[RIGHT] == top);
            self.at_mut(up).kids[from] = kid;
        }
        self.measure(top);
        self.measure(kid);
        kid
    }
}

/// Live items in order.
pub(super) struct Iter<'a, P> {
    order: &'a Order<P>,
    open: Vec<Slot>, // each comes before what is right of it, and that before the one below
}

impl<P: Clone> Iterator for Iter<'_, P> {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        loop {
            let slot = self.open.pop()?;
            let place = self.order.at(slot);
            let mut at = place.kids[RIGHT];
            while self.order.live_below(at) > 0 {
                self.open.push(at);
                at = self.order.at(at).kids[LEFT];
            }
            if place.is_live {
                return Some(slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A balanced tree is at most so deep.
    fn depth<P: Clone>(order: &Order<P>) -> usize {
        let mut deepest = 0;
        let mut open = vec![(order.top, 1)];
        while let Some((at, depth)) = open.pop() {
            if at != NONE {
                deepest = deepest.max(depth);
                open.extend(order.at(at).kids.map(|kid| (kid, depth + 1)));
            }
        }
        deepest
    }

    #[test]
    fn it_is_a_list_wherever_items_are_inserted_and_stays_shallow() {
        type Choice = fn(u32, u32) -> u32;
        let choices: [Choice; 4] = [|_, n| n - 1, |_, _| 0, |_, n| n / 2, |random, n| random % n];
        for choose in choices {
            let mut order = Order::default();
            let mut list = vec![order.insert(NONE, 0, true)];
            let mut random = 1u32;
            for item in 1..2_000 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let after = choose(random >> 8, item) as usize;
                let slot = order.insert(list[after], item, item % 3 != 0);
                list.insert(after + 1, slot);
                if item % 7 == 0 {
                    order.set_live(list[after / 2], item % 2 == 0);
                }
            }
            assert!(depth(&order) <= 27, "{}", depth(&order)); // log2(2_000) / log2(4 / 3)
            let is_live = |slot: &&Slot| order.at(**slot).is_live;
            let live: Vec<Slot> = list.iter().filter(is_live).copied().collect();
            assert_eq!(order.live(), live.len());
            for from in [0, 1, 7, live.len() / 2, live.len() - 1, live.len(), live.len() + 1] {
                let rest: Vec<Slot> = order.iter(from).collect();
                assert_eq!(rest, live.get(from..).unwrap_or_default());
            }
            for (rank, &slot) in list.iter().enumerate() {
                assert_eq!(order.rank(slot), rank);
                assert_eq!(order.index(slot), list[..rank].iter().filter(is_live).count());
                assert_eq!(order.next(slot), list.get(rank + 1).copied().unwrap_or(NONE));
                let before = rank.checked_sub(1).map_or(NONE, |before| list[before]);
                assert_eq!(order.previous(slot), before);
            }
        }
    }
}
