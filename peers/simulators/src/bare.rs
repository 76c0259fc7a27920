//! The same with nothing around it: an ordered queue, and an array of hosts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::work::{Work, next};

/// By a binary heap; returns how many messages were delivered.
pub fn heap(work: Work, duration_ms: u64) -> u64 {
    let mut turns = vec![0; work.hosts as usize];
    let mut queue = BinaryHeap::new();
    let (least, most) = work.latency_us;
    let mut random = 1_u64;
    let mut number = 0;
    let mut send =
        |queue: &mut BinaryHeap<_>, turns: &mut [u64], now: u64, me: u64, message: u64| {
            let to = next(work.hosts, me, &mut turns[me as usize]);
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let latency = least + (((random >> 33) * (most - least + 1)) >> 31);
            number += 1;
            queue.push(Reverse((now + latency, number, to, message)));
        };
    for me in 0..work.hosts {
        (0..work.each).for_each(|message| send(&mut queue, &mut turns, 0, me, message));
    }
    let mut delivered = 0;
    while let Some(Reverse((now, _, me, message))) = queue.pop()
        && now <= duration_ms * 1_000
    {
        delivered += 1;
        send(&mut queue, &mut turns, now, me, message + 1);
    }
    delivered
}
