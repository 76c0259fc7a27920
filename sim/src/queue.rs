//! The event queue: a hierarchical timing wheel.

use crate::{EventId, Time};

/// Bits of a time that one level looks at.
const BITS: u32 = 8;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 8; // 64 bits
/// How many emptied slots' memory is kept to be used again.
const SPARE: usize = 64;

/// What is to happen, in order of time; equal times in order of id.
///
/// A hierarchical timing wheel (Varghese & Lauck, "Hashed and hierarchical timing wheels",
/// SOSP 1987): pushing costs a constant, popping the number of levels that an event moves down,
/// whatever the number of events that wait. A slot of the lowest level is one microsecond; the
/// events of that microsecond are sorted when it comes. Events stay where they are while their
/// names move, so that moving reads memory in order.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    wheel: Vec<Level>,
    events: Vec<Place<E>>,
    free: u32,                // the first of the unused places
    now: u64,                 // no event that waits in the wheel is before this
    due: Vec<(EventId, u32)>, // the events at `now`, the first of them last
    spare: Vec<Vec<Waiting>>,
}

#[derive(Debug)]
struct Level {
    occupied: [u64; SLOTS / 64],
    slots: Vec<Vec<Waiting>>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    at: u64,
    id: EventId,
    place: u32,
}

#[derive(Debug)]
enum Place<E> {
    Taken(E),
    Free(u32), // and the next one
}

impl<E> Queue<E> {
    pub(crate) fn new() -> Self {
        let level = || Level { occupied: [0; SLOTS / 64], slots: vec![Vec::new(); SLOTS] };
        Self {
            wheel: (0..LEVELS).map(|_| level()).collect(),
            events: Vec::new(),
            free: u32::MAX,
            now: 0,
            due: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Adds an event. One in the past happens as soon as possible.
    pub(crate) fn push(&mut self, at: Time, id: EventId, event: E) {
        let at = at.as_us().max(self.now);
        let place = match self.events.get_mut(self.free as usize) {
            Some(unused) => {
                let place = self.free;
                if let Place::Free(next) = std::mem::replace(unused, Place::Taken(event)) {
                    self.free = next;
                }
                place
            }
            None => {
                self.events.push(Place::Taken(event));
                (self.events.len() - 1) as u32
            }
        };
        if at == self.now {
            let before = self.due.partition_point(|&(due, _)| due > id);
            self.due.insert(before, (id, place));
        } else {
            self.wait(Waiting { at, id, place });
        }
    }

    pub(crate) fn pop(&mut self) -> Option<(Time, EventId, E)> {
        self.advance();
        let (id, place) = self.due.pop()?;
        let left = std::mem::replace(&mut self.events[place as usize], Place::Free(self.free));
        self.free = place;
        match left {
            Place::Taken(event) => Some((Time::from_us(self.now), id, event)),
            Place::Free(_) => unreachable!("an event is popped once"),
        }
    }

    /// When the next event is due.
    pub(crate) fn next_at(&mut self) -> Option<Time> {
        self.advance();
        (!self.due.is_empty()).then_some(Time::from_us(self.now))
    }

    /// Puts an event into the slot of its time: on the level of the highest byte in which that
    /// differs from now.
    fn wait(&mut self, waiting: Waiting) {
        let level = ((63 - (waiting.at ^ self.now).leading_zeros()) / BITS) as usize;
        let slot = (waiting.at >> (level as u32 * BITS)) as usize % SLOTS;
        let Level { occupied, slots } = &mut self.wheel[level];
        if slots[slot].capacity() == 0
            && let Some(spare) = self.spare.pop()
        {
            slots[slot] = spare;
        }
        slots[slot].push(waiting);
        occupied[slot / 64] |= 1 << (slot % 64);
    }

    /// Goes on to the next time at which something is due, unless something is due now.
    fn advance(&mut self) {
        while self.due.is_empty() {
            // The lowest level that holds anything holds what comes first.
            let Some((level, slot)) =
                (0..LEVELS).find_map(|level| Some((level, self.wheel[level].first_occupied()?)))
            else {
                return;
            };
            let mut moving = self.wheel[level].empty(slot);
            let shift = level as u32 * BITS;
            let above = u64::MAX.checked_shl(shift + BITS).unwrap_or(0);
            self.now = self.now & above | (slot as u64) << shift;
            for waiting in moving.drain(..) {
                if waiting.at == self.now {
                    self.due.push((waiting.id, waiting.place));
                } else {
                    self.wait(waiting);
                }
            }
            if self.spare.len() < SPARE {
                self.spare.push(moving);
            }
            if self.due.len() > 1 {
                self.due.sort_unstable_by(|left, right| right.cmp(left));
            }
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

    #[test]
    fn events_come_in_order_of_time_then_id_however_they_went_in() {
        let event = |n: u64| (Time::from_us(n / 3), EventId::root(Kind::Timer, n));
        let mut sorted: Vec<_> = (0..30).map(event).collect();
        sorted.sort();
        for step in [1, 7, 11, 13] {
            let mut queue = Queue::new();
            for n in 0..30 {
                let (at, id) = event(n * step % 30);
                queue.push(at, id, ());
            }
            let popped: Vec<_> =
                std::iter::from_fn(|| queue.pop()).map(|(at, id, ())| (at, id)).collect();
            assert_eq!(popped, sorted);
        }
    }

    #[test]
    fn it_does_what_an_ordered_set_does() {
        let mut draws = Seed::new(1).draws(Stream::Workload, EventId::default());
        for round in 0..40 {
            let (mut queue, mut reference) = (Queue::new(), BTreeSet::new());
            let (mut now, mut number) = (0, 0);
            for _ in 0..2_000 {
                if draws.below(5) < 3 {
                    // From the same microsecond to the end of time.
                    let wait = draws.next_u64() >> draws.below(65).min(63);
                    let at =
                        Time::from_us(now).plus_us(if round % 2 == 0 { wait } else { wait % 700 });
                    number += 1;
                    let id = EventId::root(Kind::Send, number);
                    queue.push(at, id, number);
                    reference.insert((at, id, number));
                } else {
                    assert_eq!(queue.next_at(), reference.first().map(|first| first.0));
                    let popped = queue.pop();
                    assert_eq!(popped, reference.pop_first());
                    now = popped.map_or(now, |(at, ..)| at.as_us());
                }
            }
            while let Some(popped) = queue.pop() {
                assert_eq!(Some(popped), reference.pop_first());
            }
            assert!(reference.is_empty());
        }
    }
}
