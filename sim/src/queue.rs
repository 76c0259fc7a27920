//! The event queue.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::{EventId, Time};

/// What is to happen, in order of time; equal times in order of id.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    heap: BinaryHeap<Entry<E>>,
}

#[derive(Debug)]
struct Entry<E> {
    at: Time,
    id: EventId,
    event: E,
}

impl<E> Queue<E> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new() }
    }

    pub(crate) fn push(&mut self, at: Time, id: EventId, event: E) {
        self.heap.push(Entry { at, id, event });
    }

    pub(crate) fn pop(&mut self) -> Option<(Time, EventId, E)> {
        self.heap.pop().map(|entry| (entry.at, entry.id, entry.event))
    }

    /// When the next event is due.
    pub(crate) fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|entry| entry.at)
    }
}

// The heap's greatest is the earliest. Ids are unique in a run, so the order is total and the heap's
// inner layout shows nowhere.
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.id).cmp(&(self.at, self.id))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.id) == (other.at, other.id)
    }
}

impl<E> Eq for Entry<E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Kind;

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
}
