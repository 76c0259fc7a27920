//! The laws on every history of a scope.

use std::sync::atomic::{AtomicU64, Ordering};

use rejoin_crdts::laws::{Case, Event as CaseEvent, Report, Violation, exhaust_case};
use rejoin_crdts::{Delivery, Model};

use super::space::set;
use super::symmetry::Renamings;
use super::tree::{Clocks, Event, Mask, World, grow};
use super::{ExploreError, Plan, Scope};

/// What was checked, and the violation that was found, if one was.
pub type Exhausted<Op> = (Report, Option<Box<Violation<Op>>>);

/// Checks every law on every history of at most `most` operations within a scope, smallest first:
/// on every triple of the states that a history reaches, while they are at most a thousand; beyond,
/// on every pair against its union.
///
/// `word` hears how many histories were done, from the calling thread.
///
/// **Complexity**: exponential in the number of operations.
///
/// What was checked comes with the violation in the first history that breaks a law, if one does;
/// none with fewer operations did.
///
/// # Errors
///
/// If the scope makes no sense for the model.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::explore::{Scope, exhaust};
/// let (report, violation) = exhaust(&GCounterModel, &Scope::new([1, 1]), 2, &mut |_| {})?;
/// assert!(violation.is_none());
/// assert_eq!((report.cases, report.crowded), (1 + 2 + 7, 0)); // those of 0, 1 and 2 operations
/// # Ok::<(), rejoin_sim::explore::ExploreError>(())
/// ```
pub fn exhaust<M: Model>(
    model: &M,
    scope: &Scope,
    most: usize,
    word: &mut dyn FnMut(u64),
) -> Result<Exhausted<M::Op>, ExploreError> {
    let scope = Scope { crashes: 0, reuse_id: false, ..scope.clone() };
    let plan = Plan::new(model, &scope)?;
    let mut report = Report::default();
    for size in 0..=most.min(scope.operations()) {
        for (world, renamings) in plan.worlds.0.iter().zip(&plan.renamings) {
            // Without operations there is only one history.
            if size == 0 && world.clocks == Clocks::Any {
                continue;
            }
            let walk = Walk { world, renamings, alphabet: plan.alphabet.len(), size };
            let check = |events: &[Event]| {
                exhaust_case(model, &case(model.delivery(), world, &plan.alphabet, events))
            };
            match walk.all(scope.threads.max(1) as u64, &check, word, report.cases) {
                Ok(found) => report.add(&found),
                Err(violation) => {
                    report.add(violation.report());
                    return Ok((report, Some(violation)));
                }
            }
        }
    }
    Ok((report, None))
}

/// The case of a history. What matters of stamps is their order.
fn case<Op: Clone>(
    delivery: Delivery,
    world: &World,
    alphabet: &[Op],
    events: &[Event],
) -> Case<Op> {
    let mut walls: Vec<u64> = events.iter().map(|event| event.wall).collect();
    walls.sort_unstable();
    walls.dedup();
    let clock_ms = |event: &Event| match world.clocks {
        Clocks::Stopped => 0,
        Clocks::Any => walls.partition_point(|&wall| wall < event.wall) as u64 + 1,
    };
    let events = events.iter().map(|event| CaseEvent {
        replica: event.line,
        op: alphabet[event.op].clone(),
        sees: set(event.saw),
        clock_ms: clock_ms(event),
    });
    Case::new(delivery, events)
}

/// The histories of one size.
#[derive(Clone, Copy)]
struct Walk<'a> {
    world: &'a World,
    renamings: &'a Renamings,
    alphabet: usize,
    size: usize,
}

type Checking<'c, Op> = dyn Fn(&[Event]) -> Result<Report, Box<Violation<Op>>> + Sync + 'c;

impl Walk<'_> {
    fn all<Op: Send>(
        self,
        threads: u64,
        check: &Checking<'_, Op>,
        word: &mut dyn FnMut(u64),
        done: u64,
    ) -> Result<Report, Box<Violation<Op>>> {
        let lowest = AtomicU64::new(u64::MAX);
        let run = |thread: u64, word: &mut dyn FnMut(u64)| {
            let mut part = Part {
                walk: self,
                check,
                lowest: &lowest,
                turn: (thread, threads),
                number: 0,
                report: Report::default(),
                failed: None,
            };
            part.visit(&mut Vec::new(), &mut vec![0], &mut |cases| word(done + cases * threads));
            part
        };
        let parts = std::thread::scope(|scope| {
            let run = &run;
            let others: Vec<_> =
                (1..threads).map(|thread| scope.spawn(move || run(thread, &mut |_| {}))).collect();
            let mut parts = vec![run(0, word)];
            for other in others {
                match other.join() {
                    Ok(part) => parts.push(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            parts
        });
        let mut report = Report::default();
        let mut failed: Option<(u64, Box<Violation<Op>>)> = None;
        for part in parts {
            report.add(&part.report);
            if let Some(found) = part.failed
                && failed.as_ref().is_none_or(|sooner| found.0 < sooner.0)
            {
                failed = Some(found);
            }
        }
        failed.map_or(Ok(report), |(_, violation)| Err(violation))
    }
}

/// What one thread does of a walk.
struct Part<'w, 'c, Op> {
    walk: Walk<'w>,
    check: &'c Checking<'c, Op>,
    /// The number of the first history that is known to fail.
    lowest: &'c AtomicU64,
    /// Which thread this is, of how many.
    turn: (u64, u64),
    number: u64,
    report: Report,
    failed: Option<(u64, Box<Violation<Op>>)>,
}

impl<Op> Part<'_, '_, Op> {
    fn visit(&mut self, events: &mut Vec<Event>, sets: &mut Vec<Mask>, word: &mut dyn FnMut(u64)) {
        if self.failed.is_some() {
            return;
        }
        let Walk { world, renamings, alphabet, size } = self.walk;
        if events.len() == size {
            if !renamings.least(events) {
                return;
            }
            let (number, (thread, threads)) = (self.number, self.turn);
            self.number += 1;
            if number % threads != thread || number > self.lowest.load(Ordering::Relaxed) {
                return;
            }
            match (self.check)(events) {
                Ok(report) => self.report.add(&report),
                Err(violation) => {
                    self.lowest.fetch_min(number, Ordering::Relaxed);
                    self.failed = Some((number, violation));
                }
            }
            return word(self.report.cases);
        }
        let mut next = Vec::new();
        world.extensions(events, sets, |event| next.push(event));
        for event in next {
            for op in 0..alphabet {
                events.push(Event { op, ..event });
                if renamings.least_script(events) {
                    let before = sets.len();
                    grow(sets, events);
                    self.visit(events, sets, word);
                    sets.truncate(before);
                }
                events.pop();
            }
        }
    }
}
