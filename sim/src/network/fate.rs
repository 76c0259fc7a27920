//! What becomes of a message: drawn, or read from a trace.

use rejoin_crdts::Draw;
use rustc_hash::FxHashMap;
use smallvec::smallvec;

use std::num::NonZeroU32;

use crate::rng::{Draws, Seed, Stream};
use crate::scenario::{Bandwidth, Latency, Link, Scenario};
use crate::trace::{Decisions, Fate, Passage, Rest, Way};
use crate::{EventId, Time};

/// How a link is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    pub(super) latency: Latency,
    pub(super) bandwidth: Option<Bandwidth>,
    pub(super) loss: f64,
    pub(super) duplicate: f64,
    pub(super) reorder: f64,
    pub(super) redeliver: f64,
    pub(super) corrupt: f64,
    /// Nothing befalls a message but its latency.
    harmless: bool,
    /// Its latency, if it is always the same.
    constant_us: Option<u64>,
}

impl Profile {
    /// What holds where no rule says otherwise.
    fn of(scenario: &Scenario) -> Self {
        Self {
            latency: scenario.latency,
            bandwidth: scenario.bandwidth,
            loss: scenario.loss,
            duplicate: scenario.duplicate,
            reorder: scenario.reorder,
            redeliver: scenario.redeliver,
            corrupt: scenario.corrupt,
            harmless: false,
            constant_us: None,
        }
        .judged()
    }

    fn judged(mut self) -> Self {
        let Self { loss, duplicate, reorder, redeliver, corrupt, .. } = self;
        self.harmless = self.bandwidth.is_none()
            && [loss, duplicate, reorder, redeliver, corrupt].iter().all(|p| *p == 0.0);
        self.constant_us = match self.latency {
            Latency::Constant { ms } => Some(us(ms)),
            _ => None,
        };
        self
    }

    /// The greatest latency once the faults are over: a message that takes a thousand times as long as
    /// others, and whatever waits behind it, would be one more fault.
    fn calm_us(&self) -> u64 {
        self.latency.typical_us().saturating_mul(8)
    }

    fn change(&mut self, rule: &Link) {
        self.latency = rule.latency.unwrap_or(self.latency);
        self.bandwidth = rule.bandwidth.or(self.bandwidth);
        self.loss = rule.loss.unwrap_or(self.loss);
        self.duplicate = rule.duplicate.unwrap_or(self.duplicate);
        self.reorder = rule.reorder.unwrap_or(self.reorder);
        self.redeliver = rule.redeliver.unwrap_or(self.redeliver);
        self.corrupt = rule.corrupt.unwrap_or(self.corrupt);
    }
}

/// Finds the profile of each link: what holds everywhere, and what the rules make of it.
pub(super) struct Profiles {
    rules: Vec<Link>,
    pub(super) found: Vec<Profile>,
}

impl Profiles {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let mut rules = scenario.topology.tiers();
        rules.extend(scenario.link.iter().cloned());
        Self { rules, found: vec![Profile::of(scenario)] }
    }

    /// The number of the profile of the link between two indices.
    pub(super) fn of(&mut self, from: usize, to: usize) -> u32 {
        if self.rules.is_empty() {
            return 0;
        }
        let mut profile = self.found[0].clone();
        for rule in self.rules.iter().filter(|rule| rule.covers(from as u64 + 1, to as u64 + 1)) {
            profile.change(rule);
        }
        let profile = profile.judged();
        let known = self.found.iter().position(|known| *known == profile);
        known.unwrap_or_else(|| {
            self.found.push(profile);
            self.found.len() - 1
        }) as u32
    }
}

/// Where the fates of messages come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// From the seed and the probabilities of the links.
    Drawn { seed: Seed, again_us: u64 },
    /// From a trace, which also says what becomes of what it does not mention.
    Recorded { fates: FxHashMap<EventId, Fate>, rest: Rest },
    /// From a trace up to a moment, and then from another seed.
    Prefix { recorded: Box<Self>, until: Time, then: Box<Self> },
}

/// Places in the sequence of a message's draws, so that one does not depend on whether another is
/// made.
mod slot {
    pub(super) const LOSS: u64 = 0;
    pub(super) const DUPLICATE: u64 = 1;
    pub(super) const REDELIVER: u64 = 2;
    pub(super) const COPY: u64 = 8; // and the seven after it, for each copy
    pub(super) const REORDER: u64 = 1;
    pub(super) const CORRUPT: u64 = 2;
}

impl Source {
    pub(crate) fn drawn(scenario: &Scenario, seed: u64) -> Self {
        let again_us = Time::from_ms(scenario.duration_ms).as_us().max(1);
        Self::Drawn { seed: Seed::new(seed), again_us }
    }

    pub(crate) fn recorded(decisions: &Decisions) -> Self {
        Self::Recorded { fates: decisions.fates.iter().cloned().collect(), rest: decisions.rest }
    }

    /// Whether it is a trace, of which whoever shrinks it wants to know what could be decided.
    pub(super) const fn is_recorded(&self) -> bool {
        matches!(self, Self::Recorded { .. })
    }

    /// What becomes of the messages of which nothing was decided.
    pub(super) const fn rest(&self) -> Rest {
        match self {
            Self::Recorded { rest, .. } => *rest,
            Self::Drawn { .. } | Self::Prefix { .. } => Rest::Arrive,
        }
    }

    /// As recorded for what is sent before `until`, and drawn from there on.
    pub(crate) fn prefix(
        decisions: &Decisions,
        until: Time,
        scenario: &Scenario,
        seed: u64,
    ) -> Self {
        let (recorded, then) = (Self::recorded(decisions), Self::drawn(scenario, seed));
        Self::Prefix { recorded: Box::new(recorded), until, then: Box::new(then) }
    }

    /// From when on what is sent is drawn, unless it is all recorded, and from which seed.
    pub(super) fn drawn_from(&self) -> Option<(&Seed, Time)> {
        match self {
            Self::Drawn { seed, .. } => Some((seed, Time::ZERO)),
            Self::Recorded { .. } => None,
            Self::Prefix { until, then, .. } => then.drawn_from().map(|(seed, _)| (seed, *until)),
        }
    }

    /// The latency of the message whose sending is `send`, if nothing else can befall it.
    #[inline]
    pub(super) fn only_latency(&self, profile: &Profile, send: EventId, calm: bool) -> Option<u64> {
        let Self::Drawn { seed, .. } = self else { return None };
        if !calm && !profile.harmless {
            return None;
        }
        if profile.constant_us.is_some() {
            return profile.constant_us;
        }
        let latency_us = Drawing { seed, profile }.alone_us(send);
        Some(if calm { latency_us.min(profile.calm_us()) } else { latency_us })
    }

    /// What becomes of the message whose sending is `send`, on a link that has `profile`, put there
    /// at a moment. Once it is `calm` messages are only delayed.
    pub(super) fn fate(&self, profile: &Profile, send: EventId, now: Time, calm: bool) -> Fate {
        let plain = || Fate {
            copies: smallvec![Passage {
                latency_us: profile.latency.typical_us(),
                ..Passage::default()
            }],
        };
        match self {
            Self::Recorded { fates, rest } => match fates.get(&send) {
                Some(fate) => fate.clone(),
                None if *rest == Rest::Lost && !calm => Fate::default(),
                None => plain(),
            },
            Self::Prefix { recorded, until, then } => {
                let source = if now < *until { recorded } else { then };
                source.fate(profile, send, now, calm)
            }
            Self::Drawn { seed, again_us } => {
                let drawing = Drawing { seed, profile };
                if !calm {
                    return drawing.fate(send, *again_us);
                }
                let latency_us = drawing.alone_us(send).min(profile.calm_us());
                Fate { copies: smallvec![Passage { latency_us, ..Passage::default() }] }
            }
        }
    }
}

/// What the fate of a message is drawn from.
struct Drawing<'s> {
    seed: &'s Seed,
    profile: &'s Profile,
}

impl Drawing<'_> {
    /// The latency of the first copy.
    fn alone_us(&self, send: EventId) -> u64 {
        let mut draws = self.seed.draws(Stream::Network, send);
        self.profile.latency.draw_us(draws.at(slot::COPY))
    }

    fn fate(&self, send: EventId, again_us: u64) -> Fate {
        let Profile { loss, duplicate, reorder, redeliver, corrupt, .. } = *self.profile;
        let mut draws = self.seed.draws(Stream::Network, send);
        let mut fate = Fate::default();
        if draws.at(slot::LOSS).chance(loss) {
            return fate;
        }
        let copies = 1 + u64::from(draws.at(slot::DUPLICATE).chance(duplicate));
        for copy in 0..copies {
            let base = slot::COPY * (copy + 1);
            let latency_us = self.profile.latency.draw_us(draws.at(base));
            let mut passage = Passage { latency_us, ..Passage::default() };
            if draws.at(base + slot::REORDER).chance(reorder) {
                // From nothing to eight times as long: it overtakes, and is overtaken even where
                // latency is constant.
                passage.latency_us = (passage.latency_us / 2).saturating_mul(draws.below(17));
                passage.way = Way::Unordered;
            }
            if draws.at(base + slot::CORRUPT).chance(corrupt) {
                passage.damage = NonZeroU32::new(draws.next_u64() as u32);
            }
            fate.copies.push(passage);
        }
        if draws.at(slot::REDELIVER).chance(redeliver) {
            let latency_us = fate.copies[0].latency_us.saturating_add(draws.below(again_us));
            fate.copies.push(Passage { latency_us, way: Way::Again, damage: None });
        }
        fate
    }
}

/// The greatest latency: a day.
const MAX_LATENCY_US: f64 = 86_400_000_000.0;

impl Latency {
    /// A latency in microseconds. No float function of the standard library is used: they differ
    /// between machines.
    pub(super) fn draw_us(&self, draws: &mut Draws) -> u64 {
        match *self {
            Self::Constant { ms } => us(ms),
            Self::Uniform { min_ms, max_ms } => {
                let (min, max) = (us(min_ms), us(max_ms));
                min + draws.below(max.saturating_sub(min) + 1)
            }
            Self::Exponential { mean_ms } => us(-mean_ms * libm::log(1.0 - draws.unit())),
            Self::LogNormal { median_ms, sigma } => {
                // Box & Muller, 1958.
                let radius = libm::sqrt(-2.0 * libm::log(1.0 - draws.unit()));
                let normal = radius * libm::cos(std::f64::consts::TAU * draws.unit());
                us(median_ms * libm::exp(sigma * normal))
            }
            Self::Pareto { min_ms, alpha } => {
                us(min_ms * libm::exp(-libm::log(1.0 - draws.unit()) / alpha))
            }
        }
    }

    /// The latency of a message of which nothing else is known: the mean or the median.
    pub(crate) fn typical_us(&self) -> u64 {
        match *self {
            Self::Constant { ms } => us(ms),
            Self::Uniform { min_ms, max_ms } => us(f64::midpoint(min_ms, max_ms)),
            Self::Exponential { mean_ms } => us(mean_ms),
            Self::LogNormal { median_ms, .. } => us(median_ms),
            Self::Pareto { min_ms, alpha } => us(min_ms * libm::exp2(1.0 / alpha)),
        }
    }
}

fn us(ms: f64) -> u64 {
    (ms * 1_000.0).clamp(0.0, MAX_LATENCY_US) as u64
}
