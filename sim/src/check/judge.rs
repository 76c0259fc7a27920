//! The judge itself: what it keeps of each replica, and in which order it checks.

use std::collections::BTreeSet;
use std::sync::Arc;

use rejoin_crdts::sync::Protocol;
use rejoin_crdts::{At, OpId, OpSet, Running, Spec, Timestamp};

use super::Check;
use super::acknowledged::Acknowledged;
use super::anomaly::of_class;
use super::checks::{Account, Checks, WHOLE};
use super::chronicle::Chronicle;
use super::convergence::{Convergence, Knows};
use super::rumour::{Rumour, add};
use super::sessions::Sessions;
use super::witness::{OpOf, ValueOf, Witness, Wrong};
use crate::Time;
use crate::outcome::Reading;
use crate::rng::Hasher;
use crate::scenario::{Disk, Scenario};
use crate::violation::{Class, Violation};

/// Up to so many operations everything is checked wherever something changed.
const ALWAYS: usize = 256;
/// And up to so many wherever nothing did, which is so at most events.
const ALWAYS_READ: usize = 32;

/// When and where something happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The number of the event.
    pub(crate) step: u64,
    pub(crate) at: Time,
    pub(crate) node: usize,
}

impl Moment {
    pub(crate) fn address(self) -> u64 {
        address(self.node)
    }
}

/// The address of the replica at an index.
pub(crate) fn address(node: usize) -> u64 {
    node as u64 + 1
}

/// What the judge keeps of a replica.
pub(super) struct Standing<P: Protocol, W: Witness<P>> {
    /// What it knows and reads, unless it is down.
    pub(super) live: Option<(W::Knowledge, Arc<ValueOf<P>>)>,
    pub(super) visible: OpSet,
    /// The hash of what is visible.
    pub(super) mark: u128,
    /// What must be read where that is visible.
    pub(super) running: Option<Running<OpOf<P>, ValueOf<P>>>,
    /// What could have reached it.
    pub(super) heard: Rumour,
    /// The greatest stamp of what is visible, changed something and was heard of.
    pub(super) latest: Option<(Timestamp, usize)>,
    /// How many of what is visible changed something.
    changed: u64,
    /// The hash of its state as bytes, if that was written when it changed last.
    pub(super) digest: Option<u128>,
}

impl<P: Protocol, W: Witness<P>> Standing<P, W> {
    fn new(spec: &P::Spec) -> Self {
        Self {
            live: None,
            visible: OpSet::new(),
            mark: 0,
            running: spec.running(),
            heard: Rumour::default(),
            latest: None,
            changed: 0,
            digest: None,
        }
    }

    pub(super) fn knows(&self) -> Knows {
        Knows { mark: self.mark, count: self.visible.len() }
    }
}

/// Watches a run and checks every step.
pub(crate) struct Judge<P: Protocol, W: Witness<P>> {
    pub(super) spec: P::Spec,
    pub(super) witness: W,
    pub(super) chronicle: Chronicle<OpOf<P>>,
    pub(super) standings: Vec<Standing<P, W>>,
    pub(super) checks: Checks,
    pub(super) sessions: Sessions<W::Knowledge>,
    pub(super) convergence: Convergence<W::Knowledge, ValueOf<P>>,
    pub(super) acknowledged: Acknowledged,
    account: Account,
    /// What writing states is paid from.
    writing: Account,
    /// What reading again is paid from where nothing changed.
    reading: Account,
    /// What comparing states with those of others is paid from.
    comparing: Account,
    /// The pure forms are evaluated at this step.
    pub(super) thorough: bool,
    changed: u64,
    concurrent_pairs: u64,
}

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    pub(crate) fn new(spec: P::Spec, witness: W, scenario: &Scenario, replicas: usize) -> Self {
        Self {
            checks: Checks::new(scenario, spec.delivery()),
            sessions: Sessions::new(scenario.clients),
            standings: (0..replicas).map(|_| Standing::new(&spec)).collect(),
            spec,
            witness,
            chronicle: Chronicle::new(),
            convergence: Convergence::new(),
            acknowledged: Acknowledged::default(),
            account: Account::new(ALWAYS),
            writing: Account::new(ALWAYS),
            reading: Account::new(ALWAYS_READ),
            comparing: Account::new(ALWAYS),
            thorough: true,
            changed: 0,
            concurrent_pairs: 0,
        }
    }

    /// A replica started, with what its disk gave back; returns how many operations that is.
    pub(crate) fn started(&mut self, moment: Moment, replica: &P) -> Check<usize> {
        self.step();
        let heard = self.standings[moment.node].heard.clone();
        let known = W::knowledge(replica);
        let mut visible = self.see_all(moment, &known)?;
        let (past, news) = (heard.past.unwrap_or_default(), heard.news.unwrap_or_default());
        if W::HEARSAY && !visible.is_subset(&past) {
            visible.subtract(&past);
            return self.made_up(moment, &visible).map(|()| 0);
        }
        // What it did not get back it no longer has from anywhere.
        let back = |set: &OpSet| visible.iter().filter(|&op| set.contains(op)).collect::<OpSet>();
        let (past, news) = (back(&past), back(&news));
        let count = past.iter().filter(|&op| self.witness.changed_something(op)).count();
        let fresh = Standing {
            heard: Rumour { past: Some(Arc::new(past)), news: Some(Arc::new(news)) },
            ..Standing::new(&self.spec)
        };
        self.standings[moment.node] = fresh;
        self.settle(moment, replica, known, visible)?;
        self.compare(moment)?;
        Ok(count)
    }

    /// A replica performed an operation, which the judge performs again on a copy.
    pub(crate) fn performed(
        &mut self,
        moment: Moment,
        replica: &P,
        (id, at): (OpId, At),
        (client, op): (Option<u64>, OpOf<P>),
    ) -> Check {
        let standing = &self.standings[moment.node];
        let saw = standing.visible.clone();
        let (latest, changed_seen) = (standing.latest, standing.changed);
        let before = standing.live.as_ref().map(|(knowledge, _)| knowledge.clone());
        let Some(before) = before else { return Ok(()) }; // only live replicas perform
        let recorded = self.witness.record(&before, replica, &at, &op);
        let (index, stamped) = self.chronicle.push(At { id, ..at }, op, saw);
        if self.witness.changed_something(index) {
            self.concurrent_pairs += self.changed - changed_seen;
            self.changed += 1;
        }
        let heard = &mut self.standings[moment.node].heard;
        add(&mut heard.past, index);
        add(&mut heard.news, index);
        let named = self.chronicle.describe(index);
        if at.id != id {
            let wrong = format!(
                "r{} was to perform {named}, and says that it performed {}.",
                moment.address(),
                at.id
            );
            self.violation(moment, Class::Stamp, [index], wrong)?;
        }
        if let Some(other) = stamped {
            let other_named = self.chronicle.describe(other);
            let wrong = format!(
                "{named} has the stamp {}, which {other_named} has already: ties between them \
                 cannot be broken.",
                at.stamp
            );
            self.violation(moment, Class::Stamp, [other, index], wrong)?;
        }
        if let Some((stamp, seen)) = latest.filter(|(stamp, _)| *stamp >= at.stamp) {
            let seen_named = self.chronicle.describe(seen);
            let wrong = format!(
                "{named} has the stamp {}, although r{} had seen {seen_named}, whose stamp {stamp} \
                 is not below it.",
                at.stamp,
                moment.address()
            );
            self.violation(moment, Class::Stamp, [seen, index], wrong)?;
        }
        if let Err(Wrong { words, elsewhere }) = recorded
            && self.checks.on(Class::Delta)
        {
            let wrong = format!("{named} at r{}: {words}.", moment.address());
            let mut violation = self.found(moment, Class::Delta, [index], wrong);
            let value = format!("{:?}", replica.read());
            violation.expected = elsewhere.filter(|elsewhere| *elsewhere != value);
            violation.values = vec![Reading { replica: moment.address(), value }];
            return Err(violation);
        }
        if let Some(client) = client {
            self.sessions.wrote(client, index, W::knowledge(replica));
        }
        self.look(moment, replica, Some(index))?;
        self.spread(moment, index)?;
        let visible = self.standings[moment.node].visible.contains(index);
        self.sees_own(moment, index, visible)
    }

    /// A step begins.
    fn step(&mut self) {
        let operations = self.chronicle.len();
        self.thorough = self.account.affords(operations, operations);
    }

    /// Something happened at a replica; returns whether it knows or reads something else now.
    pub(crate) fn observed(&mut self, moment: Moment, replica: &P) -> Check<bool> {
        self.look(moment, replica, None)
    }

    /// Looks at a replica, which may just have performed an operation.
    fn look(&mut self, moment: Moment, replica: &P, own: Option<usize>) -> Check<bool> {
        let standing = &self.standings[moment.node];
        let Some((before, _)) = &standing.live else { return Ok(false) };
        if W::knows(replica, before) {
            let afforded = self.reading.affords(self.chronicle.len(), WHOLE);
            return if afforded { self.reread(moment, replica) } else { Ok(false) };
        }
        let known = W::knowledge(replica);
        // Whoever contains what it was still sees what it saw.
        let grew = W::contains(&known, before);
        let saw = standing.visible.clone();
        self.step();
        let visible = if grew && !self.thorough {
            let mut visible = saw.clone();
            let more = self.witness.see_more(&known, &self.chronicle, &mut visible);
            self.sound(moment, more)?;
            visible
        } else {
            self.see_all(moment, &known)?
        };
        if W::HEARSAY {
            let past = self.standings[moment.node].heard.past.clone().unwrap_or_default();
            if !visible.is_subset(&past) {
                let mut made_up = visible.clone();
                made_up.subtract(&past);
                self.made_up(moment, &made_up)?;
            }
        }
        if let Some(own) = own {
            self.sees_own(moment, own, visible.contains(own))?;
        }
        let gone: OpSet = saw.difference(&visible).collect();
        let new: Vec<usize> = visible.difference(&saw).collect();
        self.settle(moment, replica, known, visible)?;
        if !gone.is_empty() && self.checks.on(Class::Visibility) {
            return Err(self.shrank(moment, &saw, &gone));
        }
        if !grew {
            let address = moment.address();
            let wrong = format!(
                "The state of r{address} does not contain the state that it had before: merging \
                 that into it would change it."
            );
            self.violation(moment, Class::Inflation, own, wrong)?;
        }
        // What must come before is looked for first: where it is missing, nothing need be read right.
        self.order(moment, &new)?;
        // What disappeared is a finding of its own, and comparisons would only blur it.
        if gone.is_empty() && grew {
            self.compare(moment)?;
        }
        Ok(true)
    }

    /// Reads at a replica that knows what it knew: what is read must be what was read then. Returns
    /// whether it is something else, that the specification allows too.
    pub(crate) fn reread(&mut self, moment: Moment, replica: &P) -> Check<bool> {
        if !self.checks.values() {
            return Ok(false);
        }
        let standing = self.standings.get_mut(moment.node);
        let live = standing.and_then(|standing| standing.live.as_mut());
        let Some((_, before)) = live else { return Ok(false) };
        let value = replica.read();
        if **before == value {
            return Ok(false);
        }
        *before = Arc::new(value);
        // Nothing explains it, so the pure form has the word at once.
        self.thorough = true;
        self.check_spec(moment)?;
        self.check_convergence(moment, true)?;
        Ok(true)
    }

    /// Takes down what a replica knows and reads now.
    fn settle(
        &mut self,
        moment: Moment,
        replica: &P,
        known: W::Knowledge,
        visible: OpSet,
    ) -> Check {
        let wanted = self.checks.on(Class::Convergence) || self.checks.on(Class::Wire);
        let affords = self.writing.affords(self.chronicle.len(), WHOLE);
        let digest = if wanted && affords { self.written(moment, replica)? } else { None };
        self.become_visible(moment.node, &visible);
        let standing = &mut self.standings[moment.node];
        standing.live = Some((known, Arc::new(replica.read())));
        standing.digest = digest;
        Ok(())
    }

    /// Takes down that `visible` is visible at a replica now.
    pub(super) fn become_visible(&mut self, node: usize, visible: &OpSet) {
        let standing = &mut self.standings[node];
        if !standing.visible.is_subset(visible) {
            let heard = std::mem::take(&mut standing.heard);
            *standing = Standing { heard, live: standing.live.take(), ..Standing::new(&self.spec) };
        }
        let news = standing.heard.news.clone().unwrap_or_default();
        let history = &self.chronicle.history;
        for operation in visible.difference(&standing.visible) {
            standing.mark ^= mark(operation);
            if let Some(running) = &mut standing.running {
                running.see(&history.seen(operation));
            }
            if self.witness.changed_something(operation) {
                standing.changed += 1;
                if news.contains(operation) {
                    let stamped = (history.at(operation).stamp, operation);
                    standing.latest = standing.latest.max(Some(stamped));
                }
            }
        }
        standing.visible = visible.clone();
    }

    /// Compares a replica with those that knew the same, then with the specification.
    pub(super) fn compare(&mut self, moment: Moment) -> Check {
        if self.checks.on(Class::Convergence) {
            let afforded = self.comparing.affords(self.chronicle.len(), WHOLE);
            self.check_convergence(moment, afforded)?;
        }
        self.check_spec(moment)
    }

    /// A replica crashed, and its disk lost something or not; returns how many operations no live
    /// replica shows any more.
    pub(crate) fn crashed(&mut self, moment: Moment, disk: Disk, lost: bool) -> u64 {
        if self.standings.is_empty() {
            return 0;
        }
        let standing = &mut self.standings[moment.node];
        let mut before = std::mem::replace(standing, Standing::new(&self.spec));
        if disk != Disk::Lost {
            standing.heard = std::mem::take(&mut before.heard);
        }
        let mut gone = before.live.map(|_| before.visible).unwrap_or_default();
        gone.subtract(&self.known_to_somebody());
        if lost {
            self.acknowledged.lose_disk(moment.step, moment.address());
            self.sessions.forgiven.union_with(&gone);
        }
        gone.len() as u64
    }

    /// A replica acknowledged an operation.
    pub(crate) fn promised(&mut self, moment: Moment, id: OpId, held_by: BTreeSet<u64>) -> Check {
        let Some(index) = self.chronicle.find(id) else {
            let wrong = format!("r{} acknowledges {id}, which nobody performed.", moment.address());
            return self.violation(moment, Class::Acknowledged, [], wrong);
        };
        self.acknowledged.promise(moment.step, index, held_by);
        Ok(())
    }

    /// The union of what is visible at live replicas.
    pub(super) fn known_to_somebody(&self) -> OpSet {
        let mut known = OpSet::new();
        for standing in self.standings.iter().filter(|standing| standing.live.is_some()) {
            known.union_with(&standing.visible);
        }
        known
    }

    /// The hash of a replica's state as bytes.
    pub(crate) fn digest(&self, node: usize) -> u128 {
        self.standings.get(node).and_then(|standing| standing.digest).unwrap_or(0)
    }

    /// Whether a class is checked.
    pub(crate) fn checks(&self, class: Class) -> bool {
        self.checks.on(class)
    }

    /// What a replica reads.
    pub(crate) fn reading(&self, node: usize) -> Option<Reading> {
        let (_, value) = self.standings.get(node)?.live.as_ref()?;
        Some(Reading { replica: address(node), value: format!("{value:?}") })
    }

    /// What the specification says where `visible` is visible, as text.
    pub(super) fn must_be(&self, visible: &OpSet) -> Option<String> {
        let view = self.chronicle.history.view(visible);
        self.spec.value(&view).map(|value| format!("{value:?}"))
    }

    /// A violation, if that is checked.
    pub(super) fn violation(
        &self,
        moment: Moment,
        class: Class,
        operations: impl IntoIterator<Item = usize>,
        explanation: String,
    ) -> Check {
        if self.checks.on(class) || self.checks.named(class) {
            return Err(self.found(moment, class, operations, explanation));
        }
        Ok(())
    }

    pub(super) fn found(
        &self,
        moment: Moment,
        class: Class,
        operations: impl IntoIterator<Item = usize>,
        explanation: String,
    ) -> Box<Violation> {
        Box::new(Violation {
            values: self.reading(moment.node).into_iter().collect(),
            operations: operations.into_iter().map(|op| self.chronicle.describe(op)).collect(),
            anomaly: of_class(class),
            ..Violation::new(class, moment.at, explanation)
        })
    }

    /// How many pairs of operations that changed something had not seen each other.
    pub(crate) fn concurrent_pairs(&self) -> u64 {
        self.concurrent_pairs
    }
}

/// The random number of an operation, of which the hash of a set is the sum without carries
/// (Zobrist, 1970).
fn mark(operation: usize) -> u128 {
    Hasher::new(5).pair(operation as u64, 0).finish()
}
