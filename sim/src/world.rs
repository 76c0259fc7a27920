//! The world: virtual time, replicas, the network between them, and a judge who watches.

mod effects;
mod events;
mod faults;
mod log;
mod node;
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;

use rejoin_crdts::sync::Protocol;

use crate::check::{Check, Judge, Losses, Moment, Rumour, Witness};
use crate::network::{Network, Source, Transit};
use crate::outcome::{Operations, Outcome, Traffic};
use crate::plan::Plan;
use crate::queue::Queue;
use crate::rng::Kind;
use crate::scenario::Scenario;
use crate::timeline::Happening;
use crate::topology::neighbours;
use crate::trace::TraceError;
use crate::violation::Violation;
use crate::{EventId, Time};

use log::Log;
use node::Node;

/// A run with more events than this in a second of its time will not end: messages breed, or a timer
/// has no delay.
const MAX_EVENTS_A_SECOND: u64 = 2_000_000;

/// What is run, apart from the types.
pub(crate) struct Setup<'s> {
    pub(crate) scenario: &'s Scenario,
    pub(crate) policy: &'s str,
    pub(crate) seed: u64,
    pub(crate) source: Source,
}

/// What happens at a moment.
enum Event<P: Protocol> {
    Start { node: usize },
    Operation { index: usize },
    Fault { index: usize },
    Deliver { transit: Transit, bytes: Arc<[u8]>, rumour: Rumour },
    Timer { node: usize, life: u64, timer: P::Timer },
    Calm,
}

/// One run.
pub(crate) struct World<'s, P: Protocol, W: Witness<P>> {
    setup: Setup<'s>,
    spec: P::Spec,
    config: P::Config,
    plan: Plan<<P::Spec as rejoin_crdts::Spec>::Op>,
    now: Time,
    step: u64,
    queue: Queue<Event<P>>,
    nodes: Vec<Node<P>>,
    network: Network,
    judge: Judge<P, W>,
    log: Log,
    cuts: BTreeMap<u64, Vec<Vec<u64>>>, // the groups of each cut that is there
    crashes_kept: u64,
    crashes_lost: u64,
    operations: Operations,
    traffic: Traffic,
    story: Story,
    calm_since: Option<Time>,
}

/// Where the story of divergence and agreement stands.
struct Story {
    /// A divergence is worth a note: since the start, or since the last cut.
    armed: bool,
    /// Who has performed an operation since then.
    wrote: Vec<bool>,
    /// A divergence was noted, and no agreement since.
    apart: bool,
}

impl<'s, P: Protocol, W: Witness<P>> World<'s, P, W> {
    pub(crate) fn new(
        setup: Setup<'s>,
        plan: Plan<<P::Spec as rejoin_crdts::Spec>::Op>,
        spec: P::Spec,
        config: P::Config,
        witness: W,
    ) -> Self {
        let Setup { scenario, .. } = setup;
        let replicas = scenario.replicas as usize;
        let neighbours = neighbours(scenario.topology, replicas);
        let node = |index: usize| {
            let ahead_ms = plan.clock_ahead_ms.get(index).copied().unwrap_or(0);
            Node::new(index as u64 + 1, &neighbours[index], ahead_ms)
        };
        let cuts_planned =
            plan.faults.iter().any(|fault| matches!(fault.fault, crate::trace::Fault::Cut { .. }));
        Self {
            spec: spec.clone(),
            config,
            now: Time::ZERO,
            step: 0,
            queue: Queue::new(),
            nodes: (0..replicas).map(node).collect(),
            network: Network::new(&neighbours, setup.source.clone()),
            judge: Judge::new(spec, witness, replicas),
            log: Log::new(),
            cuts: BTreeMap::new(),
            crashes_kept: 0,
            crashes_lost: 0,
            operations: Operations { planned: plan.operations.len() as u64, ..Default::default() },
            traffic: Traffic::default(),
            story: Story { armed: !cuts_planned, wrote: vec![false; replicas], apart: false },
            calm_since: None,
            setup,
            plan,
        }
    }

    /// Runs to the end.
    ///
    /// # Errors
    ///
    /// If an operation cannot be written into a trace.
    pub(crate) fn run(mut self) -> Result<Outcome, TraceError> {
        self.schedule();
        let verdict = self.execute();
        self.report(verdict)
    }

    fn schedule(&mut self) {
        for node in 0..self.nodes.len() {
            let id = EventId::root(Kind::Start, self.nodes[node].address);
            self.queue.push(Time::ZERO, id, Event::Start { node });
        }
        for (index, planned) in self.plan.operations.iter().enumerate() {
            let id = EventId::root(Kind::Operation, planned.root);
            self.queue.push(planned.at, id, Event::Operation { index });
        }
        for (index, planned) in self.plan.faults.iter().enumerate() {
            let id = EventId::root(Kind::Fault, planned.root);
            self.queue.push(planned.at_us, id, Event::Fault { index });
        }
        let calm = Time::from_ms(self.setup.scenario.duration_ms);
        self.queue.push(calm, EventId::root(Kind::Calm, 0), Event::Calm);
    }

    /// The event loop.
    fn execute(&mut self) -> Check<Losses> {
        let settle_us = Time::from_ms(self.setup.scenario.settle_ms).as_us();
        // Settled, but messages were on their way: until the last of them has arrived.
        let mut until: Option<Time> = None;
        let (mut second, mut steps_before) = (0, 0);
        loop {
            let deadline = self.calm_since.map(|calm| calm.plus_us(settle_us));
            let next = self.queue.next_at();
            if let Some(until) = until
                && next.is_none_or(|next| next > until || Some(next) > deadline)
            {
                break;
            }
            if next.is_none() {
                return Err(self.unsettled("Nothing is scheduled that could still change anything"));
            }
            if let (Some(next), Some(deadline)) = (next, deadline)
                && next > deadline
            {
                self.now = deadline;
                let settle_ms = self.setup.scenario.settle_ms;
                let because = format!("{settle_ms} ms after the last fault");
                return Err(self.unsettled(&because));
            }
            if self.step - steps_before >= MAX_EVENTS_A_SECOND {
                let because =
                    format!("After {MAX_EVENTS_A_SECOND} events in a second, each causing others");
                return Err(self.unsettled(&because));
            }
            let Some((at, id, event)) = self.queue.pop() else { break };
            self.now = at;
            if at.as_us() / 1_000_000 != second {
                (second, steps_before) = (at.as_us() / 1_000_000, self.step);
            }
            self.step += 1;
            let changed = self.carry_out(id, event)?;
            if self.calm_since.is_none() {
                continue;
            }
            if until.is_none() || changed {
                until = self.settled().then_some(self.network.last_arrival.max(self.now));
            }
        }
        let value = self.judge.readings().into_iter().next().map_or_else(String::new, |r| r.value);
        self.log.note(self.now, Happening::Agreed { value });
        self.judge.account(self.now)
    }

    /// Whether all replicas agree and none waits for anything.
    fn settled(&self) -> bool {
        self.judge.agree()
            && self
                .nodes
                .iter()
                .all(|node| node.replica.as_ref().is_some_and(|r| r.waiting_for().is_empty()))
    }

    fn unsettled(&self, because: &str) -> Box<Violation> {
        let waiting =
            |node: &Node<P>| node.replica.as_ref().map(Protocol::waiting_for).unwrap_or_default();
        let waiting = self.nodes.iter().map(waiting).collect();
        self.judge.unsettled(self.now, waiting, because)
    }

    fn moment(&self, node: usize) -> Moment {
        Moment { step: self.step, at: self.now, node }
    }
}
