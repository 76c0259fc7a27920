//! The event queue: a hierarchical timing wheel.

use crate::{EventId, Time};

/// Bits of a time that one level looks at.
const BITS: u32 = 8;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 8; // 64 bits
const NONE: u32 = u32::MAX;

/// What is to happen, in order of time; equal times in order of id.
///
/// A hierarchical timing wheel (Varghese & Lauck, "Hashed and hierarchical timing wheels",
/// SOSP 1987): pushing costs a constant, popping the number of levels that an event moves down,
/// whatever the number of events that wait. A slot of the lowest level is one microsecond; the
/// events of that microsecond are sorted when it comes.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    wheel: Vec<Level>,
    entries: Vec<Entry<E>>,
    free: u32,                // the first of the unused entries
    now: u64,                 // no event that waits in the wheel is before this
    due: Vec<(EventId, u32)>, // the events at `now`, the first of them last
}

#[derive(Debug)]
struct Level {
    occupied: [u64; SLOTS / 64],
    first: [u32; SLOTS],
}

#[derive(Debug)]
struct Entry<E> {
    at: u64,
    id: EventId,
    next: u32,
    event: Option<E>,
}

impl<E> Queue<E> {
    pub(crate) fn new() -> Self {
        let level = || Level { occupied: [0; SLOTS / 64], first: [NONE; SLOTS] };
        Self {
            wheel: (0..LEVELS).map(|_| level()).collect(),
            entries: Vec::new(),
            free: NONE,
            now: 0,
            due: Vec::new(),
        }
    }

    /// Adds an event. One in the past happens as soon as possible.
    pub(crate) fn push(&mut self, at: Time, id: EventId, event: E) {
        let at = at.as_us().max(self.now);
        let entry = Entry { at, id, next: NONE, event: Some(event) };
        let index = if self.free == NONE {
            self.entries.push(entry);
            (self.entries.len() - 1) as u32
        } else {
            let index = self.free;
            self.free = self.entries[index as usize].next;
            self.entries[index as usize] = entry;
            index
        };
        if at == self.now {
            let place = self.due.partition_point(|&(due, _)| due > id);
            self.due.insert(place, (id, index));
        } else {
            self.place(at, index);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<(Time, EventId, E)> {
        self.advance();
        let (id, index) = self.due.pop()?;
        let entry = &mut self.entries[index as usize];
        let event = entry.event.take()?;
        entry.next = self.free;
        self.free = index;
        Some((Time::from_us(self.now), id, event))
    }

    /// When the next event is due.
    pub(crate) fn next_at(&mut self) -> Option<Time> {
        self.advance();
        (!self.due.is_empty()).then_some(Time::from_us(self.now))
    }

    /// Puts an entry into the slot of its time: on the level of the highest byte in which that
    /// differs from now.
    fn place(&mut self, at: u64, index: u32) {
        let level = ((63 - (at ^ self.now).leading_zeros()) / BITS) as usize;
        let slot = (at >> (level as u32 * BITS)) as usize % SLOTS;
        let Level { occupied, first } = &mut self.wheel[level];
        self.entries[index as usize].next = first[slot];
        first[slot] = index;
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
            let mut index = self.wheel[level].empty(slot);
            let shift = level as u32 * BITS;
            let above = u64::MAX.checked_shl(shift + BITS).unwrap_or(0);
            self.now = self.now & above | (slot as u64) << shift;
            while index != NONE {
                let Entry { at, id, next, .. } = self.entries[index as usize];
                if at == self.now {
                    self.due.push((id, index));
                } else {
                    self.place(at, index);
                }
                index = next;
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

    /// Empties a slot; returns its first entry.
    fn empty(&mut self, slot: usize) -> u32 {
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        std::mem::replace(&mut self.first[slot], NONE)
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
