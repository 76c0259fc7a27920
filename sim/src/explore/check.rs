//! A place in the tree: the history so far, the state at each of its down-sets, and the checks.
//!
//! What merging two states gives depends only on what is in their union. So whatever concerns a set
//! of operations is checked at the node that is just this set, and nowhere else: at a node, only
//! what makes up the *whole* of its history is looked at. Every set is a node of its own.

use rejoin_crdts::laws::Law;
use rejoin_crdts::{At, Delivery, OpId, ReplicaId};

use super::checked::Checked;
use super::space::{
    DeltaId, Differs, EMPTY, PartsFail, Performed, Refusal, Space, StateId, Strays, Told,
};
use super::tree::{Event, Mask, World, grow, members};

/// A law that does not hold, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) law: Law,
    /// A name and what it stands for, one a line.
    pub(super) lines: Vec<(String, String)>,
}

pub(super) type Verdict = Result<(), Box<Finding>>;

/// What adding an operation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    Performed,
    Refused,
}

/// What is forgotten when an operation is taken back.
#[derive(Clone, Copy, Debug)]
struct Mark {
    sets: usize,
    open: usize,
    line: usize,
    before: usize,
    fed_before: usize,
}

/// A place in the tree.
pub(super) struct Place<'s, 'w> {
    pub(super) space: &'s mut (dyn Space + 's),
    pub(super) world: &'w World,
    pub(super) events: Vec<Event>,
    pub(super) told: Vec<Told>,
    /// The causally closed sets.
    pub(super) sets: Vec<Mask>,
    /// The sets that the contract of delivery allows besides.
    open: Vec<Mask>,
    /// The state of a reader that merged a set, by the set.
    state_of: Vec<StateId>,
    deltas: Vec<DeltaId>,
    /// Where on the stack a line's latest state is, if it is sent deltas, each once and in order.
    pub(super) own: Vec<usize>,
    /// The same, if it is sent states.
    fed: Vec<usize>,
    /// How many states are on the stack.
    owned: usize,
    marks: Vec<Mark>,
    /// Sets that lie between two down-sets, each with what must be there before and its delta.
    convex: Vec<(Mask, Mask, DeltaId)>,
    met: Vec<bool>,
    pub(super) checked: Checked,
}

/// Whose state it is that performs nothing.
const READER: ReplicaId = ReplicaId::new(u64::MAX, 0);

impl<'s, 'w> Place<'s, 'w> {
    /// The root: nothing has happened.
    pub(super) fn new(space: &'s mut (dyn Space + 's), world: &'w World) -> Self {
        space.keep_own(0);
        space.keep_told(0);
        for line in &world.lines {
            space.start(line.name);
        }
        let lines = world.lines.len();
        let nothing = space.reader(READER);
        let mut state_of = vec![0; 1 << world.size()];
        state_of[0] = nothing;
        Self {
            space,
            world,
            events: Vec::new(),
            told: Vec::new(),
            sets: vec![0],
            open: Vec::new(),
            state_of,
            deltas: Vec::new(),
            own: (0..lines).collect(),
            fed: (0..lines).collect(),
            owned: lines,
            marks: Vec::new(),
            convex: Vec::new(),
            met: vec![false; 1 << world.size()],
            checked: Checked::default(),
        }
    }

    /// Everything that has happened.
    pub(super) fn all(&self) -> Mask {
        (1 << self.events.len()) - 1
    }

    pub(super) fn state(&self, set: Mask) -> StateId {
        self.state_of[set as usize]
    }

    /// The name of an operation.
    pub(super) fn id(&self, index: usize) -> OpId {
        self.told[index].at.id
    }

    /// What a line has merged, its own operations included.
    pub(super) fn known(&self, line: usize) -> Mask {
        let own = self.events.iter().enumerate().rev().find(|(_, event)| event.line == line);
        own.map_or(0, |(at, event)| event.saw | 1 << at)
    }

    /// Adds an operation, and checks what it did if this is where that is done.
    pub(super) fn add(&mut self, event: Event, checking: bool) -> Result<Added, Box<Finding>> {
        let known = self.known(event.line);
        let fresh: Vec<DeltaId> = members(event.saw & !known).map(|at| self.deltas[at]).collect();
        let before = self.own[event.line];
        self.space.fork(before, &fresh);
        self.owned += 1;
        let saw = self.state(event.saw);
        if checking && let Some(differs) = self.space.latest_differs(saw) {
            let finding = Finding::new(law_of(differs))
                .say("operations", self.names(event.saw))
                .say("at the performer", self.space.show_latest())
                .say("at a reader", self.space.show_state(saw));
            self.undo_fork();
            return Err(finding);
        }

        self.events.push(event);
        let (id, stamp) = self.world.at(&self.events);
        let at = At { id, stamp };
        let Performed { delta, unchanged, by_delta } = match self.space.perform(&at, event.op) {
            Ok(performed) => performed,
            Err(Refusal { changed }) => {
                self.events.pop();
                let verdict = if changed && checking {
                    Err(Finding::new(Law::RefusalChangesNothing)
                        .say("operation", format!("{id} {}", self.space.show_op(event.op)))
                        .say("before", self.space.show_state(saw))
                        .say("after", self.space.show_latest()))
                } else {
                    Ok(Added::Refused)
                };
                self.undo_fork();
                return verdict.and_then(|refused| {
                    if checking {
                        self.check_refused(event, &at, fresh.is_empty(), saw)?;
                    }
                    Ok(refused)
                });
            }
        };
        let told = Told { at, op: event.op, saw: event.saw };
        self.space.tell(&told);
        self.told.push(told);
        self.deltas.push(delta);
        let fed_before = self.fed[event.line];
        self.marks.push(Mark {
            sets: self.sets.len(),
            open: self.open.len(),
            line: event.line,
            before,
            fed_before,
        });
        self.own[event.line] = self.owned - 1;
        self.grow();
        let after = self.state(event.saw | 1 << (self.events.len() - 1));
        let differs = if checking { self.space.latest_differs(after) } else { None };

        if fresh.is_empty() {
            self.space.fork(fed_before, &[]);
        } else {
            self.space.fork_merged(fed_before, saw);
        }
        self.owned += 1;
        self.fed[event.line] = self.owned - 1;
        let again = self.space.perform(&at, event.op).ok();
        if !checking {
            return Ok(Added::Performed);
        }
        let verdict = self
            .check_operation(event, delta, unchanged, by_delta, differs)
            .and_then(|()| self.check_fed(event, delta, again));
        if verdict.is_err() {
            self.take_back();
        }
        verdict.map(|()| Added::Performed)
    }

    fn check_operation(
        &mut self,
        event: Event,
        delta: DeltaId,
        unchanged: bool,
        by_delta: bool,
        differs: Option<Differs>,
    ) -> Verdict {
        let last = self.events.len() - 1;
        let law = if (delta == EMPTY) != unchanged {
            Law::DeltaEmptyIffUnchanged
        } else if !by_delta || differs == Some(Differs::State) {
            Law::OperationIsItsDelta
        } else if differs == Some(Differs::Bytes) {
            Law::EqualKnowledgeEqualBytes
        } else {
            return Ok(());
        };
        let after = self.state(event.saw | 1 << last);
        Err(Finding::new(law)
            .say("operation", self.name(last))
            .say("its delta", self.space.show_delta(delta))
            .say("before", self.space.show_state(self.state(event.saw)))
            .say("performed", self.space.show_own(self.own[event.line]))
            .say("delta merged", self.space.show_state(after)))
    }

    /// Whoever was sent states has what those have that were sent deltas, and does the same.
    fn check_fed(&mut self, event: Event, delta: DeltaId, again: Option<Performed>) -> Verdict {
        let last = self.events.len() - 1;
        let after = self.state(event.saw | 1 << last);
        let same = again.as_ref().is_some_and(|again| self.space.same_delta(again.delta, delta));
        let law = match self.space.latest_differs(after) {
            Some(differs) => law_of(differs),
            None if !same => Law::OperationIsItsDelta,
            None => return Ok(()),
        };
        let its = again.map_or("refused".to_owned(), |again| self.space.show_delta(again.delta));
        Err(Finding::new(law)
            .say("operation", self.name(last))
            .say("by whoever was sent deltas", self.space.show_own(self.own[event.line]))
            .say("with the delta", self.space.show_delta(delta))
            .say("by whoever was sent states", self.space.show_latest())
            .say("with the delta", its))
    }

    /// What is refused by whoever was sent deltas is refused by whoever was sent states.
    fn check_refused(&mut self, event: Event, at: &At, alone: bool, saw: StateId) -> Verdict {
        if alone {
            self.space.fork(self.fed[event.line], &[]);
        } else {
            self.space.fork_merged(self.fed[event.line], saw);
        }
        self.owned += 1;
        let performed = self.space.perform(at, event.op).is_ok();
        let after = self.space.show_latest();
        self.undo_fork();
        if !performed {
            return Ok(());
        }
        Err(Finding::new(Law::OperationIsItsDelta)
            .say("operation", format!("{} {}", at.id, self.space.show_op(event.op)))
            .say("by whoever was sent deltas", "refused")
            .say("by whoever was sent states", after))
    }

    fn undo_fork(&mut self) {
        self.owned -= 1;
        self.space.keep_own(self.owned);
    }

    /// Takes the last operation back.
    pub(super) fn take_back(&mut self) {
        let Some(mark) = self.marks.pop() else { unreachable!("there is an operation") };
        self.owned -= 2;
        self.space.keep_own(self.owned);
        self.own[mark.line] = mark.before;
        self.fed[mark.line] = mark.fed_before;
        self.sets.truncate(mark.sets);
        self.open.truncate(mark.open);
        self.events.pop();
        self.told.pop();
        self.space.keep_told(self.told.len());
        self.deltas.pop();
    }

    /// The sets that hold the last operation, and their states.
    fn grow(&mut self) {
        let last = self.events.len() - 1;
        let (bit, delta) = (1 << last, self.deltas[last]);
        let (closed, opened) = (self.sets.len(), self.open.len());
        grow(&mut self.sets, &self.events);
        for at in closed..self.sets.len() {
            let set = self.sets[at];
            self.state_of[set as usize] = self.space.absorb(self.state(set & !bit), delta).state;
        }
        if self.space.delivery() == Delivery::Causal {
            return;
        }
        let needs = self.needs(last);
        for from in 0..closed + opened {
            let set = if from < closed { self.sets[from] } else { self.open[from - closed] };
            let is_closed = from < closed && self.events[last].saw & !set == 0;
            if needs & !set == 0 && !is_closed {
                self.open.push(set | bit);
                let state = self.space.absorb(self.state(set), delta).state;
                self.state_of[(set | bit) as usize] = state;
            }
        }
    }

    /// What must have been merged before an operation's delta may be, beyond causality.
    fn needs(&self, index: usize) -> Mask {
        if self.deltas[index] == EMPTY {
            return self.events[index].saw;
        }
        match self.space.delivery() {
            Delivery::Causal => self.events[index].saw,
            Delivery::PerSender => {
                let line = self.events[index].line;
                let last = (0..index).rev().find(|&at| self.events[at].line == line);
                last.map_or(0, |at| 1 << at)
            }
            Delivery::Any => 0,
        }
    }

    /// Where on the stack the state of a performer is, just after its operation.
    pub(super) fn performer(&self, index: usize) -> usize {
        self.world.lines.len() + 2 * index
    }

    /// Checks everything that concerns the whole of the history.
    pub(super) fn check(&mut self) -> Verdict {
        self.checked.histories += 1;
        self.check_specification()?;
        self.check_orders()?;
        self.check_replicas()?;
        self.check_merges()?;
        self.check_intervals()?;
        self.check_open_sets()?;
        self.check_parts()?;
        match self.space.unwritable() {
            Some(why) => Err(Finding::new(Law::RoundTrip).say("cannot be written", why)),
            None => Ok(()),
        }
    }

    fn check_specification(&mut self) -> Verdict {
        let all = self.all();
        self.specified(all)?;
        if let Some(&Event { saw, line, .. }) = self.events.last() {
            let visible = saw | 1 << (self.events.len() - 1);
            self.checked.specification += 1;
            let own = self.own[line];
            if let Err(reason) = self.space.own_admits(visible, own) {
                return Err(Finding::new(Law::Specification)
                    .say("visible", self.names(visible))
                    .say("at the performer", self.space.show_own(own))
                    .say("but", reason));
            }
        }
        Ok(())
    }

    fn specified(&mut self, visible: Mask) -> Verdict {
        self.checked.specification += 1;
        let state = self.state(visible);
        if let Err(reason) = self.space.admits(visible, state) {
            return Err(Finding::new(Law::Specification)
                .say("visible", self.names(visible))
                .say("state", self.space.show_state(state))
                .say("but", reason));
        }
        self.runs_right(visible, state)
    }

    /// Nothing depends on the order in which the incremental specification is told. So it is enough
    /// that it is the same whichever operation comes last: of what was before, a smaller history
    /// has shown it.
    fn runs_right(&mut self, visible: Mask, state: StateId) -> Verdict {
        let needed = members(visible).fold(0, |needed, at| needed | self.needs(at));
        let in_order = visible.checked_ilog2().map_or(0, |last| 1 << last);
        match self.space.runs_right(visible, visible & !needed & !in_order, state) {
            Ok(compared) => self.checked.incremental += compared,
            Err(Strays { last, says, reason }) => {
                let last = if visible == 0 { "nothing".to_owned() } else { self.name(last) };
                return Err(Finding::new(Law::Specification)
                    .say("visible", self.names(visible))
                    .say("told last", last)
                    .say("the incremental specification says", says)
                    .say("but", reason));
            }
        }
        Ok(())
    }

    /// Whatever may arrive last, the result is the same: two operations that can come next make a
    /// diamond, and neighbours that may change places connect all orders.
    fn check_orders(&mut self) -> Verdict {
        let all = self.all();
        for last in 0..self.events.len().saturating_sub(1) {
            let without = all & !(1 << last);
            if self.events.iter().any(|event| event.saw >> last & 1 == 1) {
                continue;
            }
            self.checked.orders += 1;
            self.arrives_last(all, without, last)?;
        }
        Ok(())
    }

    fn arrives_last(&mut self, all: Mask, without: Mask, last: usize) -> Verdict {
        let (from, delta) = (self.state(without), self.deltas[last]);
        let merged = self.space.absorb(from, delta);
        self.same(merged.state, all, Law::EqualKnowledgeEqualState, |place| {
            vec![
                ("without".into(), place.told_state(without)),
                ("then".into(), format!("{}: {}", place.name(last), place.space.show_delta(delta))),
            ]
        })?;
        self.honest(merged.honest, from, || "a delta".to_owned())
    }

    /// What each replica really has, once it has merged the rest.
    fn check_replicas(&mut self) -> Verdict {
        let all = self.all();
        for line in 0..self.own.len() {
            let known = self.known(line);
            let rest: Vec<DeltaId> = members(all & !known).map(|at| self.deltas[at]).collect();
            for sent in ["deltas, in order", "states"] {
                if sent == "states" {
                    self.space.fork_merged(self.fed[line], self.state(all));
                } else {
                    self.space.fork(self.own[line], &rest);
                }
                let state = self.state(all);
                let differs = self.space.latest_differs(state);
                let shown = differs.map(|differs| (differs, self.space.show_latest()));
                let read = self.space.latest_read_right(all, state);
                let read = read.map_err(|reason| (reason, self.space.show_latest()));
                self.space.keep_own(self.owned);
                let whose = format!("{}, sent {sent}", self.world.lines[line].name);
                if let Some((differs, shown)) = shown {
                    return Err(Finding::new(law_of(differs))
                        .say("operations", self.names(all))
                        .say(&whose, shown)
                        .say("at a reader", self.space.show_state(state)));
                }
                if let Err((reason, shown)) = read {
                    return Err(Finding::new(Law::Specification)
                        .say("visible", self.names(all))
                        .say(&whose, shown)
                        .say("but", reason));
                }
            }
        }
        Ok(())
    }

    /// `S(D₁) ⊔ S(D₂) = S(D₁ ∪ D₂)`, either way round, and by what is missing.
    fn check_merges(&mut self) -> Verdict {
        let all = self.all();
        for first in 0..self.sets.len() {
            for second in first..self.sets.len() {
                let (left, right) = (self.sets[first], self.sets[second]);
                if left | right != all {
                    continue;
                }
                self.checked.merges += 1;
                self.check_merge(left, right)?;
                if left != right {
                    self.check_merge(right, left)?;
                }
            }
        }
        Ok(())
    }

    fn check_merge(&mut self, left: Mask, right: Mask) -> Verdict {
        let (mine, theirs) = (self.state(left), self.state(right));
        let merged = self.space.merge(mine, theirs);
        let given = |place: &Self| {
            vec![
                ("S(D₁)".to_owned(), place.told_state(left)),
                ("S(D₂)".to_owned(), place.told_state(right)),
            ]
        };
        self.same(merged.state, left | right, Law::StatePath, given)?;
        self.honest(merged.honest, mine, || self.space.show_state(theirs))?;
        let missing = self.space.missing(theirs, mine);
        let covered = self.space.equal(merged.state, mine);
        match missing {
            None if covered => Ok(()),
            Some(delta) if !covered => {
                let merged = self.space.absorb(mine, delta);
                self.same(merged.state, left | right, Law::MissingSuffices, |place| {
                    let mut lines = given(place);
                    lines.push(("missing".to_owned(), place.space.show_delta(delta)));
                    lines
                })
            }
            _ => Err(Finding { law: Law::MissingNoneIffCovered, lines: given(self) }.boxed()),
        }
    }

    /// `S(E) ⊔ Δ(D, D′) = S(E ∪ D′)` for `D ⊂ D′` and `D ⊆ E`. The joined delta depends on `D′ ∖ D`
    /// only, so intervals with the same operations are one.
    fn check_intervals(&mut self) -> Verdict {
        let all = self.all();
        let mut convex = std::mem::take(&mut self.convex);
        convex.clear();
        for &above in &self.sets {
            for &below in &self.sets {
                let within = above & !below;
                if below & !above == 0
                    && within != 0
                    && !std::mem::replace(&mut self.met[within as usize], true)
                {
                    let before =
                        members(within).fold(0, |set, at| set | self.events[at].saw) & !within;
                    convex.push((within, before, EMPTY));
                }
            }
        }
        for &(within, ..) in &convex {
            self.met[within as usize] = false;
        }
        for (within, _, delta) in &mut convex {
            *delta = members(*within)
                .map(|at| self.deltas[at])
                .reduce(|joined, delta| self.space.join(joined, delta))
                .unwrap_or(EMPTY);
        }
        let mut verdict = Ok(());
        'all: for at in 0..self.sets.len() {
            let onto = self.sets[at];
            for &(within, before, delta) in &convex {
                if onto | within == all && before & !onto == 0 {
                    self.checked.intervals += 1;
                    verdict = self.check_interval(onto, within, delta);
                    if verdict.is_err() {
                        break 'all;
                    }
                }
            }
        }
        self.convex = convex;
        verdict
    }

    fn check_interval(&mut self, onto: Mask, within: Mask, delta: DeltaId) -> Verdict {
        let from = self.state(onto);
        let merged = self.space.absorb(from, delta);
        self.same(merged.state, onto | within, Law::DeltaPath, |place| {
            vec![
                ("S(E)".to_owned(), place.told_state(onto)),
                (
                    "Δ".to_owned(),
                    format!("{}   ({})", place.space.show_delta(delta), place.names(within)),
                ),
            ]
        })?;
        self.honest(merged.honest, from, || self.space.show_delta(delta))
    }

    /// Sets that the contract allows, although somebody had seen more: the value is specified
    /// there, and does not depend on the order.
    fn check_open_sets(&mut self) -> Verdict {
        let from = self.marks.last().map_or(0, |mark| mark.open);
        for at in from..self.open.len() {
            let set = self.open[at];
            self.checked.open_sets += 1;
            self.specified(set)?;
            for last in members(set) {
                let without = set & !(1 << last);
                let needed = members(without).any(|other| self.needs(other) >> last & 1 == 1);
                if !needed && last + 1 < self.events.len() {
                    self.checked.orders += 1;
                    self.arrives_last(set, without, last)?;
                }
            }
        }
        Ok(())
    }

    /// The irreducible parts of the state rejoin to it, and none is redundant.
    fn check_parts(&mut self) -> Verdict {
        let state = self.state(self.all());
        let law = match self.space.parts_fail(state) {
            None => return Ok(()),
            Some(PartsFail::Rejoin) => Law::PartsRejoin,
            Some(PartsFail::Redundant) => Law::PartsIrredundant,
        };
        Err(Finding::new(law).say("state", self.space.show_state(state)))
    }

    /// Expects a state to be that of a set, in memory and in bytes.
    fn same(
        &self,
        state: StateId,
        set: Mask,
        law: Law,
        given: impl Fn(&Self) -> Vec<(String, String)>,
    ) -> Verdict {
        let expected = self.state(set);
        let law = if state == expected {
            return Ok(());
        } else if !self.space.equal(state, expected) {
            law
        } else if !self.space.same_bytes(state, expected) {
            Law::EqualKnowledgeEqualBytes
        } else {
            return Ok(());
        };
        let mut lines = given(self);
        lines.push(("gives".to_owned(), self.space.show_state(state)));
        lines.push(("and not".to_owned(), self.told_state(set)));
        Err(Finding { law, lines }.boxed())
    }

    fn honest(&self, honest: bool, into: StateId, what: impl Fn() -> String) -> Verdict {
        if honest {
            return Ok(());
        }
        Err(Finding::new(Law::MergeReportsChange)
            .say("into", self.space.show_state(into))
            .say("merged", what()))
    }

    /// A state and whose it is.
    fn told_state(&self, set: Mask) -> String {
        format!("{}   ({})", self.space.show_state(self.state(set)), self.names(set))
    }

    /// An operation and its name.
    fn name(&self, index: usize) -> String {
        format!("{} {}", self.id(index), self.space.show_op(self.told[index].op))
    }

    /// The operations of a set by name.
    pub(super) fn names(&self, set: Mask) -> String {
        let names: Vec<String> = members(set).map(|at| self.id(at).to_string()).collect();
        if names.is_empty() { "nothing".to_owned() } else { format!("after {}", names.join(" ")) }
    }

    /// Forgets what was computed, but for what is needed here.
    pub(super) fn forget(&mut self) {
        let held: Vec<Mask> = self.sets.iter().chain(&self.open).copied().collect();
        let mut states: Vec<StateId> = held.iter().map(|&set| self.state(set)).collect();
        self.space.retain(&mut states, &mut self.deltas);
        for (set, state) in held.into_iter().zip(states) {
            self.state_of[set as usize] = state;
        }
    }
}

const fn law_of(differs: Differs) -> Law {
    match differs {
        Differs::State => Law::EqualKnowledgeEqualState,
        Differs::Bytes => Law::EqualKnowledgeEqualBytes,
    }
}

impl Finding {
    fn new(law: Law) -> Box<Self> {
        Box::new(Self { law, lines: Vec::new() })
    }

    fn boxed(self) -> Box<Self> {
        Box::new(self)
    }

    fn say(mut self: Box<Self>, name: &str, words: impl Into<String>) -> Box<Self> {
        self.lines.push((name.to_owned(), words.into()));
        self
    }
}
