//! The world: virtual time, replicas, the network between them, and a judge who watches.

mod effects;
mod events;
mod faults;
mod log;
mod node;
mod report;
mod story;

use std::collections::BTreeMap;
use std::sync::Arc;

use rejoin_crdts::sync::{Output, Protocol};

use crate::check::{Check, Judge, Losses, Moment, Rumour, Witness, address};
use crate::network::{Network, Source, Transit};
use crate::outcome::{Operations, Outcome, Size, Traffic};
use crate::plan::Plan;
use crate::queue::Queue;
use crate::rng::{Kind, Seed};
use crate::scenario::{Disk, PartitionKind, Scenario};
use crate::timeline::Happening;
use crate::trace::{Fault, TraceError};
use crate::violation::{Class, Violation};
use crate::{EventId, Time};

use log::Log;
use node::Node;
use story::Story;

/// A run with more events than this in a second of its time will not end: messages breed, or a timer
/// has no delay.
const MAX_EVENTS_A_SECOND: u64 = 2_000_000;
/// But a crowd may have more, each of them.
const MAX_EVENTS_OF_ONE: u64 = 20_000;

/// What is run, apart from the types.
pub(crate) struct Setup<'s> {
    pub(crate) scenario: &'s Scenario,
    pub(crate) policy: &'s str,
    pub(crate) seed: u64,
    pub(crate) source: Source,
}

/// A message on its way.
enum Payload<P: Protocol> {
    Bytes(Arc<[u8]>),
    Value(P::Message),
}

/// What happens at a moment.
enum Event<P: Protocol> {
    Start {
        node: usize,
    },
    Operation {
        index: usize,
        tries: u32,
    },
    Fault {
        index: usize,
    },
    Deliver {
        transit: Transit,
        payload: Payload<P>,
        rumour: Rumour,
    },
    Timer {
        node: u32,
        boot: u32,
        timer: P::Timer,
    },
    /// A message of those that are held may go.
    Turn,
    Calm,
}

/// One run.
pub(crate) struct World<'s, P: Protocol, W: Witness<P>> {
    setup: Setup<'s>,
    seed: Seed,
    spec: P::Spec,
    config: P::Config,
    plan: Plan<<P::Spec as rejoin_crdts::Spec>::Op>,
    now: Time,
    step: u64,
    queue: Queue<Event<P>>,
    nodes: Vec<Node<P>>,
    network: Network,
    held: BTreeMap<EventId, Event<P>>, // deliveries whose turn has not come
    turn_at: Option<Time>,             // when the next of them may go
    watching: bool,                    // something is checked
    as_bytes: bool,                    // messages travel as bytes
    judge: Judge<P, W>,
    log: Log,
    cuts: BTreeMap<u64, (PartitionKind, Vec<Vec<u64>>)>, // those that are there
    struck: Struck,
    operations: Operations,
    traffic: Traffic,
    size: Size,
    story: Story,
    calm_since: Option<Time>,
    deadline: Option<Time>,  // until when they must have settled
    laggard: usize,          // who waited for something when that was asked last
    outputs: Vec<Output<P>>, // what the replica that acted last wants done
}

/// How often each fault struck, apart from those of the network.
#[derive(Debug, Default)]
struct Struck {
    cuts: BTreeMap<PartitionKind, u64>,
    crashes: BTreeMap<Disk, u64>,
    reused: u64,
    pauses: u64,
    flooded: u64,
    jumps: u64,
    drifts: u64,
    stops: u64,
    sets: u64,
    joins: u64,
    leaves: u64,
    corrupted: u64,
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
        let neighbours = scenario.topology.neighbours(replicas);
        let watching = scenario.checks.as_ref().is_none_or(|checks| !checks.is_empty());
        let network = Network::new(scenario, &neighbours, setup.source.clone(), watching);
        let clock = |node: usize| plan.clocks.get(node).copied().unwrap_or_default();
        let mut nodes: Vec<Node<P>> = (0..replicas).map(|node| Node::new(clock(node))).collect();
        for replica in &plan.absent {
            nodes[(*replica - 1) as usize].member = false;
        }
        let cuts_planned = plan.faults.iter().any(|fault| matches!(fault.fault, Fault::Cut { .. }));
        Self {
            seed: Seed::new(setup.seed),
            spec: spec.clone(),
            config,
            now: Time::ZERO,
            step: 0,
            queue: Queue::new(),
            nodes,
            held: BTreeMap::new(),
            turn_at: None,
            watching,
            as_bytes: network.needs_bytes() || scenario.checks(Class::Wire),
            network,
            judge: Judge::new(spec, witness, scenario, if watching { replicas } else { 0 }),
            log: Log::new(watching),
            cuts: BTreeMap::new(),
            struck: Struck::default(),
            operations: Operations { planned: plan.operations.len() as u64, ..Default::default() },
            traffic: Traffic::default(),
            size: Size::default(),
            story: Story::new(!cuts_planned, if watching { replicas } else { 0 }),
            calm_since: None,
            deadline: None,
            laggard: 0,
            outputs: Vec::new(),
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
            if self.nodes[node].member {
                let id = EventId::root(Kind::Start, address(node));
                self.queue.push(Time::ZERO, id, || Event::Start { node });
            }
        }
        for (index, planned) in self.plan.operations.iter().enumerate() {
            let id = EventId::root(Kind::Operation, planned.root);
            self.queue.push(planned.at, id, || Event::Operation { index, tries: 0 });
        }
        for (index, planned) in self.plan.faults.iter().enumerate() {
            let id = EventId::fault(planned.fault.order(), planned.root);
            self.queue.push(planned.at_us, id, || Event::Fault { index });
        }
        let calm = Time::from_ms(self.setup.scenario.duration_ms);
        // Whatever else is to happen at that moment happens before.
        self.queue.push(calm, EventId::LAST, || Event::Calm);
    }

    /// The event loop.
    fn execute(&mut self) -> Check<Losses> {
        // Settled, but messages were on their way: until the last of them has arrived.
        let mut until: Option<Time> = None;
        let (mut second_ends, mut steps_before) = (Time::ZERO, 0);
        let most = self.most_a_second();
        loop {
            let deadline = self.deadline;
            if deadline.is_some() {
                self.queue.drop_next(EventId::TURN); // nothing is held any more
            }
            let next = self.queue.next_at();
            if let Some(until) = until
                && next.is_none_or(|next| next > until || Some(next) > deadline)
            {
                break;
            }
            let many = self.step - steps_before >= most;
            if (many || deadline.is_some() || next.is_none())
                && let Some(because) = self.hopeless(next, deadline, many)
            {
                self.now = deadline.filter(|_| next > deadline).unwrap_or(self.now);
                if self.judge.checks(Class::Liveness) {
                    return Err(self.unsettled(&because));
                }
                return self.end();
            }
            let Some(popped) = self.queue.pop() else { break };
            self.now = popped.at;
            if self.now >= second_ends {
                let second = self.now.as_us() / 1_000_000;
                second_ends = Time::from_us(second * 1_000_000).plus_us(1_000_000);
                steps_before = self.step;
            }
            self.step += 1;
            let event = self.queue.take(popped);
            let changed = self.carry_out(popped.id, event)?;
            if self.calm_since.is_none() {
                continue;
            }
            if !self.watching {
                return Ok(Losses::default());
            }
            if until.is_none() || changed {
                until = self.settled()?.then_some(self.network.last_arrival.max(self.now));
            }
        }
        let value = self.judge.readings().into_iter().next().map_or_else(String::new, |r| r.value);
        self.log.note(self.now, Happening::Agreed { value });
        self.end()
    }

    /// Everybody is read a last time, and accounts are settled.
    fn end(&mut self) -> Check<Losses> {
        for node in 0..self.nodes.len() {
            let moment = self.moment(node);
            if let Some(replica) = &self.nodes[node].replica {
                self.judge.reread(moment, replica)?;
            }
        }
        self.judge.account(self.now)
    }

    /// Why the run cannot settle any more, or not in time.
    fn hopeless(&self, next: Option<Time>, deadline: Option<Time>, many: bool) -> Option<String> {
        let Some(next) = next else {
            return Some("Nothing is scheduled that could still change anything".to_owned());
        };
        if deadline.is_some_and(|deadline| next > deadline) {
            return Some(format!("{} ms after the last fault", self.setup.scenario.settle_ms));
        }
        many.then(|| {
            let events = self.most_a_second();
            format!("After {events} events in a second, each causing others")
        })
    }

    /// How many events may happen in a second.
    fn most_a_second(&self) -> u64 {
        MAX_EVENTS_A_SECOND.max(MAX_EVENTS_OF_ONE * self.nodes.len() as u64)
    }

    /// Whether all replicas agree and none waits for anything.
    fn settled(&mut self) -> Check<bool> {
        let waits = |node: &Node<P>| {
            node.member && node.replica.as_ref().is_none_or(|it| !it.waiting_for().is_empty())
        };
        // Who waited last most likely still does: nobody else need be asked.
        if !waits(&self.nodes[self.laggard]) {
            self.laggard = self.nodes.iter().position(waits).unwrap_or(self.laggard);
        }
        if waits(&self.nodes[self.laggard]) || !self.judge.agree() {
            return Ok(false);
        }
        let moment = self.moment(0);
        let members = self.nodes.iter().filter(|node| node.member);
        self.judge.same_bytes(moment, members.filter_map(|node| node.replica.as_ref()))
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
