//! Links, and what becomes of a message on its way.

mod cut;
mod fate;
mod turns;

use rejoin_crdts::Draw;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crate::outcome::{Arrived, Sent};
use crate::scenario::{Bandwidth, Scenario};
use crate::trace::{Fate, Fault, Passage, Rest, Way};
use crate::{EventId, Time};

use cut::Cut;
pub(crate) use fate::Source;
use fate::{Profile, Profiles};
use turns::{Turns, Waiting};

/// The links between replicas (by index), the cuts in them, and what was decided on them.
#[derive(Debug)]
pub(crate) struct Network {
    starts: Vec<u32>, // where the links of each sender begin
    links: Vec<Link>, // by sender, ascending by receiver
    profiles: Vec<Profile>,
    profile_of: Vec<u32>, // of each link; empty if there is one profile only
    busy: Vec<Time>,      // until when each link sends what waits; empty if none has a bandwidth
    cuts: BTreeMap<u64, Cut>,
    source: Source,
    /// Whose message is next, if that is not for latencies to say; whoever draws it.
    turns: Option<Turns>,
    calm_at: Time,
    calm: bool,
    /// What was decided, in order, if that is recorded.
    pub(crate) fates: Option<Vec<(EventId, Fate)>>,
    /// What was sent and what arrived, if a trace is run.
    pub(crate) post: Option<Post>,
    /// When the last message that is on its way arrives.
    pub(crate) last_arrival: Time,
    /// How often each fault fired.
    pub(crate) fired: Fired,
}

/// The messages of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post {
    pub(crate) sent: Vec<Sent>,
    pub(crate) arrived: Vec<Arrived>,
    on_the_way: FxHashMap<EventId, Time>, // when the copy that arrives as this was sent
}

impl Post {
    /// Notes that a copy arrives.
    pub(crate) fn arrive(&mut self, now: Time, id: EventId, (from, to): (u64, u64), damaged: bool) {
        let sent_us = self.on_the_way.get(&id).copied().unwrap_or(now);
        self.arrived.push(Arrived { id, sent_us, at_us: now, from, to, damaged });
    }
}

/// How often each of the network's faults fired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fired {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) reordered: u64,
    pub(crate) redelivered: u64,
    pub(crate) corrupted: u64,
    pub(crate) queued: u64,
    pub(crate) overflowed: u64,
    pub(crate) cut: u64,
}

#[derive(Debug)]
struct Link {
    from: u32,
    to: u32,
    sent: u32,           // messages
    front: u32,          // the number of the latest message that has arrived
    ordered_until: Time, // no ordered message may arrive before this
}

impl Link {
    /// When what would arrive at a moment does, behind what was sent before: strictly later than that,
    /// since equal times would be ordered by id.
    #[inline]
    fn queue_up(&mut self, at: Time) -> Time {
        let arrives = at.max(self.ordered_until);
        self.ordered_until = arrives.plus_us(1);
        arrives
    }
}

/// A copy of a message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transit {
    link: u32,
    number: u32, // among the link's messages
    first: bool, // of its copies
    way: Way,
    pub(crate) damage: Option<NonZeroU32>,
}

/// A copy that will arrive: when, or else when its turn comes, as which event, how.
pub(crate) type Arrival = (Option<Time>, EventId, Transit);

impl Network {
    pub(crate) fn new(
        scenario: &Scenario,
        neighbours: &[Vec<u32>],
        source: Source,
        record: bool,
    ) -> Self {
        let mut profiles = Profiles::new(scenario);
        let mut starts = Vec::with_capacity(neighbours.len() + 1);
        let count = neighbours.iter().map(Vec::len).sum();
        let (mut links, mut profile_of) = (Vec::with_capacity(count), Vec::new());
        for (from, peers) in neighbours.iter().enumerate() {
            starts.push(links.len() as u32);
            for &to in peers {
                profile_of.push(profiles.of(from, to as usize));
                let from = from as u32;
                links.push(Link { from, to, sent: 0, front: 0, ordered_until: Time::ZERO });
            }
        }
        starts.push(links.len() as u32);
        let profiles = profiles.found;
        let post = source.is_recorded().then(Post::default);
        if profiles.len() == 1 {
            profile_of = Vec::new();
        }
        let limited = profiles.iter().any(|profile| profile.bandwidth.is_some());
        let turns = scenario
            .pct
            .and_then(|depth| Some(Turns::new(source.drawn_from()?, scenario, depth, links.len())));
        Self {
            starts,
            busy: if limited { vec![Time::ZERO; links.len()] } else { Vec::new() },
            links,
            profiles,
            profile_of,
            cuts: BTreeMap::new(),
            source,
            turns,
            calm_at: Time::from_ms(scenario.duration_ms),
            calm: false,
            fates: record.then(Vec::new),
            post,
            last_arrival: Time::ZERO,
            fired: Fired::default(),
        }
    }

    /// Whether messages must be written to know what becomes of them.
    pub(crate) fn needs_bytes(&self) -> bool {
        self.profiles.iter().any(|profile| profile.bandwidth.is_some() || profile.corrupt > 0.0)
    }

    /// Begins the cut that `fault` is.
    pub(crate) fn cut(&mut self, fault: &Fault) {
        if let Fault::Cut { cut, kind, groups } = fault {
            self.cuts.insert(*cut, Cut::new(*kind, groups, self.starts.len() - 1));
        }
    }

    /// Ends a cut; whether it was there.
    pub(crate) fn heal(&mut self, cut: u64) -> bool {
        self.cuts.remove(&cut).is_some()
    }

    /// What became of the messages of which nothing was decided.
    pub(crate) const fn rest(&self) -> Rest {
        self.source.rest()
    }

    /// The cuts that are there.
    pub(crate) fn cuts(&self) -> Vec<u64> {
        self.cuts.keys().copied().collect()
    }

    /// Whether a cut is on the way from one replica to another.
    pub(crate) fn is_cut(&self, from: usize, to: usize) -> bool {
        self.cuts.values().any(|cut| cut.blocks(from, to))
    }

    /// Ends all faults of the network for good; returns what waited for its turn, and when it arrives.
    pub(crate) fn calm(&mut self) -> Vec<(Time, EventId)> {
        self.cuts.clear();
        self.calm = true;
        let waiting: Vec<_> = self.turns.take().iter_mut().flat_map(Turns::drain).collect();
        waiting
            .into_iter()
            .map(|(link, waiting)| {
                let latency_us = self.held_back_us(link, waiting.since);
                self.end_waiting(link, waiting, waiting.since.plus_us(latency_us))
            })
            .collect()
    }

    /// How long a message takes whose turn does not come before all faults are over.
    fn held_back_us(&self, link: usize, since: Time) -> u64 {
        let profile = &self.profiles[self.profile_of.get(link).map_or(0, |&n| n as usize)];
        (self.calm_at.as_us().saturating_sub(since.as_us()))
            .saturating_add(profile.latency.typical_us().max(1)) // after whatever ends the faults
    }

    /// When the next turn is, if a message waits for its own.
    pub(crate) fn next_turn(&self, now: Time) -> Option<Time> {
        self.turns.as_ref()?.next_at(now)
    }

    /// The copy whose turn it is, and when it arrives: after all that is to happen now.
    pub(crate) fn turn(&mut self, now: Time) -> Option<(Time, EventId)> {
        let (link, waiting) = self.turns.as_mut()?.next(now)?;
        Some(self.end_waiting(link, waiting, now.plus_us(1)))
    }

    fn end_waiting(&mut self, link: usize, waiting: Waiting, at: Time) -> (Time, EventId) {
        let Waiting { since, id, fate: (number, copy) } = waiting;
        let arrives = self.links[link].queue_up(at);
        self.last_arrival = self.last_arrival.max(arrives);
        if let Some((_, fate)) = self.fates.as_mut().and_then(|fates| fates.get_mut(number)) {
            fate.copies[copy].latency_us = arrives.as_us() - since.as_us();
        }
        (arrives, id)
    }

    /// The neighbours of a replica.
    pub(crate) fn neighbours(&self, of: usize) -> impl Iterator<Item = usize> + '_ {
        let links = self.starts[of] as usize..self.starts[of + 1] as usize;
        self.links[links].iter().map(|link| link.to as usize)
    }

    #[inline]
    fn find(&self, from: usize, to: usize) -> Option<usize> {
        let (start, end) = (self.starts[from] as usize, self.starts[from + 1] as usize);
        let links = &self.links[start..end];
        // Where it is in a mesh.
        let guess = to - usize::from(to > from);
        if links.get(guess).is_some_and(|link| link.to == to as u32) {
            return Some(start + guess);
        }
        let at = links.binary_search_by_key(&(to as u32), |link| link.to).ok()?;
        Some(start + at)
    }

    /// Who sent what is on its way, and to whom.
    pub(crate) fn ends(&self, transit: Transit) -> (usize, usize) {
        let Link { from, to, .. } = self.links[transit.link as usize];
        (from as usize, to as usize)
    }

    /// Sends a message that nothing can befall but its latency, if it is one, and nobody keeps a
    /// record.
    #[inline(always)]
    pub(crate) fn pass(
        &mut self,
        now: Time,
        send: EventId,
        (from, to): (usize, usize),
    ) -> Option<(Time, EventId, Transit)> {
        if !self.cuts.is_empty() || self.fates.is_some() || self.turns.is_some() {
            return None;
        }
        let at = self.find(from, to)?;
        let link = &mut self.links[at];
        let profile = &self.profiles[self.profile_of.get(at).map_or(0, |&n| n as usize)];
        let latency_us = self.source.only_latency(profile, send, self.calm)?;
        link.sent = link.sent.wrapping_add(1);
        let arrives = link.queue_up(now.plus_us(latency_us));
        self.last_arrival = self.last_arrival.max(arrives);
        let (link, number) = (at as u32, link.sent);
        let transit = Transit { link, number, first: true, way: Way::Ordered, damage: None };
        Some((arrives, send.arrival(0), transit))
    }

    /// Sends a message of `bytes`; returns the copies that will arrive, or `None` if there is no
    /// link.
    pub(crate) fn send(
        &mut self,
        now: Time,
        send: EventId,
        (from, to): (usize, usize),
        bytes: u64,
    ) -> Option<SmallVec<[Arrival; 2]>> {
        let at = self.find(from, to)?;
        let mut arrivals = SmallVec::new();
        if !self.cuts.is_empty() && self.is_cut(from, to) {
            self.fired.cut += 1;
            return Some(arrivals);
        }
        let link = &mut self.links[at];
        let profile = &self.profiles[self.profile_of.get(at).map_or(0, |&n| n as usize)];
        link.sent = link.sent.wrapping_add(1);
        let sent = link.sent;
        let transit =
            |first, way, damage| Transit { link: at as u32, number: sent, first, way, damage };
        let leaves = match profile.bandwidth.filter(|_| !self.calm) {
            None => now,
            Some(bandwidth) => {
                let Some(leaves) = queue(&mut self.busy[at], now, bandwidth, bytes) else {
                    self.fired.overflowed += 1;
                    return Some(arrivals);
                };
                self.fired.queued += u64::from(leaves.1);
                leaves.0
            }
        };
        let mut fate = self.source.fate(profile, send, now, self.calm);
        let mut plain = 0;
        let number = self.fates.as_ref().map_or(0, Vec::len);
        for copy in 0..fate.copies.len() {
            let Passage { latency_us, way, damage } = fate.copies[copy];
            plain += u64::from(way != Way::Again);
            let id = send.arrival(copy as u64);
            let arrives = match &mut self.turns {
                Some(turns) if turns.begin <= now && way == Way::Ordered => {
                    turns.wait(at, Waiting { since: leaves, id, fate: (number, copy) });
                    // Unless its turn comes.
                    fate.copies[copy].latency_us = self.held_back_us(at, leaves);
                    None
                }
                _ => {
                    let arrives = leaves.plus_us(latency_us);
                    Some(if way == Way::Ordered {
                        self.links[at].queue_up(arrives)
                    } else {
                        arrives
                    })
                }
            };
            self.last_arrival = self.last_arrival.max(arrives.unwrap_or_default());
            arrivals.push((arrives, id, transit(copy == 0, way, damage)));
        }
        match plain {
            0 => self.fired.lost += 1,
            copies => self.fired.doubled += copies - 1,
        }
        if let Some(fates) = &mut self.fates {
            fates.push((send, fate));
        }
        if let Some(post) = &mut self.post {
            let (from, to) = (from as u64 + 1, to as u64 + 1);
            if !self.calm {
                post.sent.push(Sent { id: send, at_us: now, from, to });
            }
            post.on_the_way.extend(arrivals.iter().map(|(_, id, _)| (*id, now)));
        }
        Some(arrivals)
    }

    /// Lets a copy arrive; false if a cut stops it.
    #[inline]
    pub(crate) fn arrive(&mut self, transit: Transit) -> bool {
        let Transit { link, number, first, way, .. } = transit;
        if !self.cuts.is_empty() {
            let (from, to) = self.ends(transit);
            if self.is_cut(from, to) {
                self.fired.cut += 1;
                return false;
            }
        }
        let link = &mut self.links[link as usize];
        match way {
            Way::Again => self.fired.redelivered += 1,
            Way::Ordered | Way::Unordered => {
                if number < link.front && first {
                    self.fired.reordered += 1;
                }
                link.front = link.front.max(number);
            }
        }
        true
    }
}

/// When the last byte of a message leaves that is put on a link now, which is busy until some
/// moment, and whether it had to wait; `None` if it finds no room to.
fn queue(busy: &mut Time, now: Time, width: Bandwidth, bytes: u64) -> Option<(Time, bool)> {
    let Bandwidth { bytes_per_s, buffer_bytes } = width;
    let bytes_per_s = u128::from(bytes_per_s.max(1));
    let begin = (*busy).max(now);
    let wait_us = u128::from(begin.as_us() - now.as_us());
    let waiting = wait_us * bytes_per_s / 1_000_000;
    if wait_us > 0 && waiting + u128::from(bytes) > u128::from(buffer_bytes) {
        return None;
    }
    let takes_us = u128::from(bytes) * 1_000_000 / bytes_per_s;
    *busy = begin.plus_us(u64::try_from(takes_us).unwrap_or(u64::MAX));
    Some((*busy, wait_us > 0))
}

/// Damages a message, as `damage` draws it: some bits flip, bytes are zeroed, repeated or lost, or
/// the end is missing. Something is different afterwards, unless there was nothing.
pub(crate) fn damage(bytes: &mut Vec<u8>, draws: &mut impl Draw) {
    let before = bytes.clone();
    let len = bytes.len() as u64;
    if len == 0 {
        return;
    }
    match draws.below(5) {
        0 => bytes.truncate(draws.below(len) as usize),
        1 => {
            let (from, to) = (draws.below(len), draws.below(len));
            bytes[from.min(to) as usize..=from.max(to) as usize].fill(0);
        }
        2 => {
            let at = draws.below(len) as usize;
            let again = bytes[at..].to_vec();
            bytes.extend(again);
        }
        3 => {
            bytes.remove(draws.below(len) as usize);
        }
        _ => {}
    }
    if *bytes == before {
        for _ in 0..=draws.below(8) {
            let bit = draws.below(8 * len);
            bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
        }
        if *bytes == before {
            bytes[0] ^= 1;
        }
    }
}

#[cfg(test)]
mod tests;
