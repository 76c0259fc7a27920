//! The event queue: a hierarchical timing wheel.

use std::cmp::Reverse;

use crate::{EventId, Time};

/// The near wheel: so many microseconds from now on, each with a slot of its own.
const NEAR_BITS: u32 = 11;
const NEAR: usize = 1 << NEAR_BITS;
/// Bits of a time that one level of the wheels beyond looks at.
const BITS: u32 = 8;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 7; // with the near wheel 64 bits, and more
/// No event.
const NONE: u32 = u32::MAX;
/// How many emptied slots' memory is kept to be used again.
const SPARE: usize = 64;
/// How many events a block holds.
const BLOCK: usize = 512;
/// So many events are put among others one by one.
const FEW: usize = 8;

/// What is to happen, in order of time; equal times in order of id.
///
/// A hierarchical timing wheel (Varghese & Lauck, "Hashed and hierarchical timing wheels",
/// SOSP 1987): pushing costs a constant, popping the number of levels that an event moves down,
/// whatever the number of events that wait. What comes within two milliseconds has a slot for each
/// microsecond, whose events are sorted when it comes. Events stay where they are while their names
/// move, so that moving reads memory in order.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    near: Near,
    far: Vec<Level>,
    far_from: u64, // where the first slot of those that holds an event begins
    events: Places<E>,
    now: u64,       // no event that waits in a wheel is before this
    due: Vec<Due>,  // the events at `now`, the first of them last
    late: Vec<Due>, // those that came when it was `now` already, in any order
    spare: Vec<Vec<Waiting>>,
}

/// What is to happen in `NEAR` microseconds from now on, by the microsecond.
#[derive(Debug)]
struct Near {
    first: Vec<u32>, // of each slot, the place of an event
    next: Vec<u32>,  // of each place, that of another event in the same slot
    occupied: [u64; NEAR / 64],
    /// The words of `occupied` that are not 0.
    words: u32,
}

/// What is to happen later, by a byte of its time.
#[derive(Debug)]
struct Level {
    occupied: [u64; SLOTS / 64],
    slots: Vec<Vec<Waiting>>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    at: u64,
    place: u32,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    prefix: u64, // of its id
    place: u32,
}

#[derive(Debug)]
struct Place<E> {
    id: EventId,
    event: Option<E>,
}

/// Where events stay while they wait, in blocks, none of which is ever moved.
#[derive(Debug)]
struct Places<E> {
    blocks: Vec<Box<[Place<E>; BLOCK]>>,
    free: Vec<u32>,
}

/// An event whose time has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Popped {
    pub(crate) at: Time,
    pub(crate) id: EventId,
    place: u32,
}

impl<E> Queue<E> {
    pub(crate) fn new() -> Self {
        let level = || Level { occupied: [0; SLOTS / 64], slots: vec![Vec::new(); SLOTS] };
        Self {
            near: Near::new(),
            far: (0..LEVELS).map(|_| level()).collect(),
            far_from: u64::MAX,
            events: Places::new(),
            now: 0,
            due: Vec::new(),
            late: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Adds the event that `make` makes. One in the past happens as soon as possible.
    #[inline(always)]
    pub(crate) fn push(&mut self, at: Time, id: EventId, make: impl FnOnce() -> E) {
        let place = self.events.free();
        let unused = self.events.at_mut(place);
        unused.id = id;
        // Made where it stays: to move it there would cost as much as all the rest here.
        let nothing = unused.event.replace(make());
        debug_assert!(nothing.is_none(), "a free place holds nothing");
        std::mem::forget(nothing);
        let at = at.as_us().max(self.now);
        if at == self.now {
            self.late.push(Due { prefix: id.prefix(), place });
        } else {
            self.wait(Waiting { at, place });
        }
    }

    /// The next event, which must be [taken](Self::take).
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<Popped> {
        self.advance();
        let Due { place, .. } = self.due.pop()?;
        Some(Popped { at: Time::from_us(self.now), id: self.events.at(place).id, place })
    }

    /// What was popped. (By itself: events are large, and to move them costs more than to order
    /// them.)
    #[inline(always)]
    pub(crate) fn take(&mut self, popped: Popped) -> E {
        self.events.free.push(popped.place);
        let event = self.events.at_mut(popped.place).event.take();
        event.expect("an event is taken once")
    }

    /// When the next event is due.
    #[inline]
    pub(crate) fn next_at(&mut self) -> Option<Time> {
        self.advance();
        (!self.due.is_empty()).then_some(Time::from_us(self.now))
    }

    /// Drops the events of this id that come next.
    pub(crate) fn drop_next(&mut self, id: EventId) {
        self.advance();
        while self.due.last().is_some_and(|due| self.events.at(due.place).id == id) {
            let dropped = self.pop();
            drop(dropped.map(|popped| self.take(popped)));
            self.advance();
        }
    }

    /// Puts an event into the slot of its time: of the near wheel, or of the level of the highest byte in
    /// which that differs from now.
    #[inline]
    fn wait(&mut self, waiting: Waiting) {
        if waiting.at - self.now < NEAR as u64 {
            self.near.push(waiting);
        } else {
            self.wait_long(waiting);
        }
    }

    fn wait_long(&mut self, waiting: Waiting) {
        let differs = (waiting.at ^ self.now) >> NEAR_BITS;
        let level = ((63 - differs.leading_zeros()) / BITS) as usize;
        let shift = NEAR_BITS + level as u32 * BITS;
        let slot = (waiting.at >> shift) as usize % SLOTS;
        let Level { occupied, slots } = &mut self.far[level];
        if slots[slot].capacity() == 0
            && let Some(spare) = self.spare.pop()
        {
            slots[slot] = spare;
        }
        slots[slot].push(waiting);
        occupied[slot / 64] |= 1 << (slot % 64);
        self.far_from = self.far_from.min(waiting.at >> shift << shift);
    }

    /// Goes on to the next time at which something is due, unless something is due now.
    #[inline]
    fn advance(&mut self) {
        if !self.late.is_empty() {
            self.catch_up();
        } else if self.due.is_empty() {
            self.turn();
        }
    }

    /// Puts in order what came late.
    fn catch_up(&mut self) {
        if self.late.len() > FEW {
            if self.due.is_empty() {
                std::mem::swap(&mut self.due, &mut self.late);
            }
            self.due.append(&mut self.late);
            return self.sort();
        }
        while let Some(late) = self.late.pop() {
            let id = self.events.at(late.place).id;
            let before = self.due.partition_point(|due| self.events.at(due.place).id > id);
            self.due.insert(before, late);
        }
    }

    fn turn(&mut self) {
        let far = |it: &Self| it.near.first_at(it.now).is_none_or(|near| near >= it.far_from);
        while far(self) && self.come_nearer() {}
        let Some(at) = self.near.first_at(self.now) else { return };
        self.now = at;
        let Self { near, events, due, .. } = self;
        near.empty(at, |place| due.push(Due { prefix: events.at(place).id.prefix(), place }));
        self.sort();
    }

    /// Goes on to where the first slot begins of those that are not near, and moves what it holds;
    /// false if there is none.
    fn come_nearer(&mut self) -> bool {
        let first = |far: &[Level]| {
            far.iter().enumerate().find_map(|(level, slots)| Some((level, slots.first_occupied()?)))
        };
        let Some((level, slot)) = first(&self.far) else { return false };
        self.now = self.far_from;
        let mut moving = self.far[level].empty(slot);
        self.far_from = u64::MAX;
        for waiting in moving.drain(..) {
            self.wait(waiting);
        }
        if self.spare.len() < SPARE {
            self.spare.push(moving);
        }
        if let Some((level, slot)) = first(&self.far) {
            let shift = NEAR_BITS + level as u32 * BITS;
            let above = u64::MAX.checked_shl(shift + BITS).unwrap_or(0);
            self.far_from = self.now & above | (slot as u64) << shift;
        }
        true
    }

    /// Puts what is due in the order of ids.
    fn sort(&mut self) {
        let Self { due, events, .. } = self;
        due.sort_unstable_by_key(|due| Reverse(due.prefix));
        if due.windows(2).any(|pair| pair[0].prefix == pair[1].prefix) {
            due.sort_unstable_by_key(|due| Reverse(events.at(due.place).id));
        }
    }
}

impl<E> Places<E> {
    const fn new() -> Self {
        Self { blocks: Vec::new(), free: Vec::new() }
    }

    #[inline(always)]
    fn at(&self, place: u32) -> &Place<E> {
        &self.blocks[place as usize / BLOCK][place as usize % BLOCK]
    }

    #[inline(always)]
    fn at_mut(&mut self, place: u32) -> &mut Place<E> {
        &mut self.blocks[place as usize / BLOCK][place as usize % BLOCK]
    }

    /// An unused place.
    #[inline(always)]
    fn free(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| self.add())
    }

    /// Adds a block; returns one of its places.
    #[cold]
    fn add(&mut self) -> u32 {
        let first = (self.blocks.len() * BLOCK) as u32;
        let place = || Place { id: EventId::default(), event: None };
        let block: Box<[_]> = std::iter::repeat_with(place).take(BLOCK).collect();
        let Ok(block) = block.try_into() else { unreachable!("a block has its length") };
        self.blocks.push(block);
        self.free.extend((first + 1..first + BLOCK as u32).rev());
        first
    }
}

impl Near {
    fn new() -> Self {
        Self { first: vec![NONE; NEAR], next: Vec::new(), occupied: [0; NEAR / 64], words: 0 }
    }

    #[inline]
    fn push(&mut self, Waiting { at, place }: Waiting) {
        let slot = at as usize % NEAR;
        if place as usize >= self.next.len() {
            self.next.resize(place as usize + 1, NONE);
        }
        self.next[place as usize] = std::mem::replace(&mut self.first[slot], place);
        self.occupied[slot / 64] |= 1 << (slot % 64);
        self.words |= 1 << (slot / 64);
    }

    /// When something is first, from now on.
    #[inline]
    fn first_at(&self, now: u64) -> Option<u64> {
        let slot = now as usize % NEAR;
        let here = self.occupied[slot / 64] >> (slot % 64);
        if here != 0 {
            return Some(now + u64::from(here.trailing_zeros()));
        }
        // Those that follow, and then from the beginning.
        let following = self.words.rotate_right(slot as u32 / 64 + 1);
        if following == 0 {
            return None;
        }
        let word = (slot / 64 + 1 + following.trailing_zeros() as usize) % (NEAR / 64);
        let first = word * 64 + self.occupied[word].trailing_zeros() as usize;
        Some(now + (first.wrapping_sub(slot) % NEAR) as u64)
    }

    /// Takes what is in the slot of a time.
    #[inline]
    fn empty(&mut self, at: u64, mut take: impl FnMut(u32)) {
        let slot = at as usize % NEAR;
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        if self.occupied[slot / 64] == 0 {
            self.words &= !(1 << (slot / 64));
        }
        let mut place = std::mem::replace(&mut self.first[slot], NONE);
        while place != NONE {
            take(place);
            place = self.next[place as usize];
        }
    }
}

impl Level {
    fn first_occupied(&self) -> Option<usize> {
        let word = self.occupied.iter().position(|&word| word != 0)?;
        Some(word * 64 + self.occupied[word].trailing_zeros() as usize)
    }

    /// Empties a slot.
    fn empty(&mut self, slot: usize) -> Vec<Waiting> {
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        std::mem::take(&mut self.slots[slot])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use crate::rng::{Kind, Seed, Stream};
    use rejoin_crdts::Draw;

    impl<E> Queue<E> {
        fn next(&mut self) -> Option<(Time, EventId, E)> {
            self.pop().map(|popped| (popped.at, popped.id, self.take(popped)))
        }
    }

    #[test]
    fn events_come_in_order_of_time_then_id_however_they_went_in() {
        let event = |n: u64| (Time::from_us(n / 3), EventId::root(Kind::Timer, n));
        let mut sorted: Vec<_> = (0..30).map(event).collect();
        sorted.sort();
        for step in [1, 7, 11, 13] {
            let mut queue = Queue::new();
            for n in 0..30 {
                let (at, id) = event(n * step % 30);
                queue.push(at, id, || ());
            }
            let popped: Vec<_> =
                std::iter::from_fn(|| queue.next()).map(|(at, id, ())| (at, id)).collect();
            assert_eq!(popped, sorted);
        }
    }

    #[test]
    fn ids_that_differ_in_their_lower_half_only_are_in_order() {
        let mut queue = Queue::new();
        let ids: Vec<EventId> =
            (0..40).map(|n| EventId::of(((n % 3) << 64) | (n * 7 % 40))).collect();
        ids.iter().for_each(|&id| queue.push(Time::from_us(9), id, || ()));
        let popped: Vec<_> = std::iter::from_fn(|| queue.next()).map(|(_, id, ())| id).collect();
        assert!(popped.len() == 40 && popped.is_sorted());
    }

    #[test]
    fn it_does_what_an_ordered_set_does() {
        let mut draws = Seed::new(1).draws(Stream::Workload, EventId::default());
        for round in 0..40 {
            let (mut queue, mut reference) = (Queue::new(), BTreeSet::new());
            let (mut now, mut number) = (0, 0);
            for _ in 0..2_000 {
                if draws.below(5) < 3 {
                    let wait = draws.next_u64() >> draws.below(65).min(63);
                    let at = match round % 3 {
                        // From the same microsecond to the end of time.
                        0 => Time::from_us(now).plus_us(wait),
                        1 => Time::from_us(now).plus_us(wait % 700),
                        // At moments that others are at, too, who were far from them, or near.
                        _ => Time::from_us((now + wait % 6_000).next_multiple_of(512)),
                    };
                    number += 1;
                    let id = EventId::root(Kind::Send, number);
                    queue.push(at, id, || number);
                    reference.insert((at, id, number));
                } else {
                    assert_eq!(queue.next_at(), reference.first().map(|first| first.0));
                    let popped = queue.next();
                    assert_eq!(popped, reference.pop_first());
                    now = popped.map_or(now, |(at, ..)| at.as_us());
                }
            }
            while let Some(popped) = queue.next() {
                assert_eq!(Some(popped), reference.pop_first());
            }
            assert!(reference.is_empty());
        }
    }
}
