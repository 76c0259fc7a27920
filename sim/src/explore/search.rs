//! The walk over the tree: size by size, so that the first failure is the least, on all cores.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use super::check::{Added, Finding, Place};
use super::checked::Checked;
use super::space::Space;
use super::symmetry::Renamings;
use super::tree::{Event, World};

/// How far from the leaves the tree is cut into tasks.
const TASK_HEIGHT: usize = 2;

/// How many tasks are done before the results are put together: fewer, the larger they are, so that
/// there is a place to go on from every few seconds.
pub(super) fn chunk(alphabet: usize) -> u64 {
    const HISTORIES: u64 = 1 << 14;
    let task = (alphabet as u64).saturating_pow(TASK_HEIGHT as u32);
    (HISTORIES / task.max(1)).clamp(8, 1024)
}

/// Every how many histories there is word of the progress.
const WORD: u64 = 1 << 13;

/// What part of the tree is walked: the histories of one size, from one task to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) world: &'a World,
    pub(super) alphabet: usize,
    pub(super) renamings: &'a Renamings,
    /// How many operations the histories have that are checked.
    pub(super) size: usize,
    pub(super) from: u64,
    pub(super) to: u64,
    /// How many bytes a space may remember.
    pub(super) memory: usize,
}

/// What a part of the walk came to.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) checked: Checked,
    /// How many tasks there were, if the end was reached.
    pub(super) tasks: Option<u64>,
    pub(super) failure: Option<Failure>,
}

/// A check that failed, and where.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) task: u64,
    pub(super) path: Vec<u64>,
    pub(super) events: Vec<Event>,
    pub(super) why: Why,
}

/// What went wrong.
#[derive(Debug)]
pub(super) enum Why {
    Broken(Box<Finding>),
    Panicked(String),
}

/// Walks a part with one space for each thread; `word` hears from the first how far it is.
pub(super) fn walk<S: Space + Send>(
    spaces: &mut [S],
    part: Part<'_>,
    word: &mut dyn FnMut(f64),
) -> Walked {
    let lowest = AtomicU64::new(u64::MAX);
    let threads = spaces.len() as u64;
    let Some((first, others)) = spaces.split_first_mut() else { unreachable!("there is a thread") };
    let mut all = std::thread::scope(|scope| {
        let lowest = &lowest;
        let handles: Vec<_> = others
            .iter_mut()
            .zip(1..)
            .map(|(space, number)| {
                scope.spawn(move || start(space, part, (number, threads), lowest, &mut |_| {}))
            })
            .collect();
        let mut all = vec![start(first, part, (0, threads), lowest, word)];
        for handle in handles {
            match handle.join() {
                Ok(walked) => all.push(walked),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    let mut total = all.swap_remove(0);
    for one in all {
        total.checked.add(&one.checked);
        total.tasks = total.tasks.or(one.tasks);
        let sooner = |one: &Failure| total.failure.as_ref().is_none_or(|f| one.task < f.task);
        if one.failure.as_ref().is_some_and(sooner) {
            total.failure = one.failure;
        }
    }
    total
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

/// One thread's walk.
fn start<S: Space>(
    space: &mut S,
    part: Part<'_>,
    turn: (u64, u64),
    lowest: &AtomicU64,
    word: &mut dyn FnMut(f64),
) -> Walked {
    let walk = || Walker::new(space, part, turn, lowest).walk(word);
    // What panics here does so before anything has happened: a type may as soon as it is made.
    catch_unwind(AssertUnwindSafe(walk)).unwrap_or_else(|panic| {
        let why = Why::Panicked(message(&*panic));
        let failure = Failure { task: 0, path: Vec::new(), events: Vec::new(), why };
        Walked { failure: Some(failure), ..Walked::default() }
    })
}

struct Walker<'s, 'a> {
    place: Place<'s, 'a>,
    part: Part<'a>,
    /// Which thread this is, of how many.
    number: u64,
    threads: u64,
    lowest: &'a AtomicU64,
    task: u64,
    path: Vec<u64>,
    /// How far it is, by the number of children of the first levels: each its share.
    done: f64,
    share: f64,
}

/// Why a walk ends early.
enum Stop {
    /// The part's last task was done, or a sooner one has failed.
    Enough,
    Failed(Box<Finding>),
}

impl<'s, 'a> Walker<'s, 'a> {
    fn new<S: Space>(
        space: &'s mut S,
        part: Part<'a>,
        (number, threads): (u64, u64),
        lowest: &'a AtomicU64,
    ) -> Self {
        Self {
            place: Place::new(space, part.world),
            part,
            number,
            threads,
            lowest,
            task: 0,
            path: Vec::new(),
            done: 0.0,
            share: 1.0,
        }
    }

    fn walk(mut self, word: &mut dyn FnMut(f64)) -> Walked {
        // What a panic leaves behind is looked at for where it was, and not gone on with.
        let ended = catch_unwind(AssertUnwindSafe(|| self.visit(word)));
        let mut walked = Walked { checked: self.place.checked, ..Walked::default() };
        let why = match ended {
            Ok(Ok(())) => {
                walked.tasks = Some(self.task);
                return walked;
            }
            Ok(Err(Stop::Enough)) => return walked,
            Ok(Err(Stop::Failed(finding))) => Why::Broken(finding),
            Err(panic) => Why::Panicked(message(&*panic)),
        };
        self.lowest.fetch_min(self.task, Ordering::Relaxed);
        let (task, path, events) = (self.task, self.path, self.place.events);
        walked.failure = Some(Failure { task, path, events, why });
        walked
    }

    fn visit(&mut self, word: &mut dyn FnMut(f64)) -> Result<(), Stop> {
        let depth = self.place.events.len();
        if depth == self.part.size {
            if depth == 0 {
                return if self.number == 0 { self.check(word) } else { Ok(()) };
            }
            return self.check(word);
        }
        let is_task = depth + 1 == self.part.size.saturating_sub(TASK_HEIGHT).max(1);
        let mut next = Vec::new();
        self.part.world.extensions(&self.place.events, &self.place.sets, |event| next.push(event));
        let (done, share) = (self.done, self.share);
        let alphabet = self.part.alphabet;
        self.share = share / (next.len() * alphabet).max(1) as f64;
        let children = next.iter().flat_map(|event| (0..alphabet).map(|op| Event { op, ..*event }));
        for (number, event) in (0u64..).zip(children) {
            self.done = done + self.share * number as f64;
            self.path.push(number);
            self.enter(event, is_task, word)?;
            self.path.pop();
        }
        (self.done, self.share) = (done, share);
        Ok(())
    }

    /// One child: it is skipped, or walked with all that follows.
    fn enter(
        &mut self,
        event: Event,
        is_task: bool,
        word: &mut dyn FnMut(f64),
    ) -> Result<(), Stop> {
        let place = &mut self.place;
        let leaf = place.events.len() + 1 == self.part.size;
        place.events.push(event);
        let least = self.part.renamings.least_script(&place.events)
            && (!leaf || self.part.renamings.least(&place.events));
        place.events.pop();
        if !least {
            return Ok(());
        }
        if is_task {
            let task = self.task;
            if task >= self.part.to || task > self.lowest.load(Ordering::Relaxed) {
                return Err(Stop::Enough);
            }
            if task < self.part.from || task % self.threads != self.number {
                self.task += 1;
                return Ok(());
            }
            if self.place.space.memory() > self.part.memory {
                self.place.forget();
            }
        }
        let result = match self.place.add(event, leaf) {
            Err(finding) => {
                // The operation is part of what went wrong.
                self.place.events.push(event);
                return Err(Stop::Failed(finding));
            }
            Ok(Added::Refused) => {
                self.place.checked.refused += u64::from(leaf);
                Ok(())
            }
            Ok(Added::Performed) => {
                self.visit(word)?;
                self.place.take_back();
                Ok(())
            }
        };
        if is_task {
            self.task += 1;
        }
        result
    }

    fn check(&mut self, word: &mut dyn FnMut(f64)) -> Result<(), Stop> {
        if self.place.checked.histories.is_multiple_of(WORD) {
            word(self.done);
        }
        self.place.check().map_err(Stop::Failed)
    }
}
