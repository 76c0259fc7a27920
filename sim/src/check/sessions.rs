//! Sessions: what a client may rely on that goes from replica to replica (Terry, Demers, Petersen,
//! Spreitzer, Theimer & Welch, "Session guarantees for weakly consistent replicated data", PDIS
//! 1994).

use std::collections::BTreeMap;

use rejoin_crdts::OpSet;
use rejoin_crdts::sync::Protocol;

use super::Check;
use super::judge::{Judge, Moment, Standing};
use super::witness::Witness;
use crate::outcome::SessionCounts;
use crate::scenario::Clients;
use crate::violation::Class;

/// What a client did, and what it brings along.
#[derive(Clone, Debug)]
pub(crate) struct Session<K> {
    pub(super) wrote: OpSet,
    pub(super) read: OpSet,
    /// What the replica knew that served it last.
    pub(super) token: Option<K>,
}

impl<K> Default for Session<K> {
    fn default() -> Self {
        Self { wrote: OpSet::new(), read: OpSet::new(), token: None }
    }
}

/// The sessions of all clients.
#[derive(Debug)]
pub(super) struct Sessions<K> {
    /// Clients bring tokens: the guarantees are promised.
    pub(super) promised: bool,
    clients: Vec<Session<K>>,
    before: BTreeMap<usize, (OpSet, OpSet)>, // what its client had written and read, by operation
    /// Operations that a fault destroyed for a while at least.
    pub(super) forgiven: OpSet,
    pub(super) counts: SessionCounts,
}

/// A guarantee that does not hold, and the operations that are missing.
pub(super) type Broken = (Class, OpSet);

impl<K: Clone> Sessions<K> {
    pub(super) fn new(clients: Option<Clients>) -> Self {
        let count = clients.map_or(0, |clients| clients.count as usize);
        Self {
            promised: clients.is_some_and(|clients| clients.token),
            clients: (0..count).map(|_| Session::default()).collect(),
            before: BTreeMap::new(),
            forgiven: OpSet::new(),
            counts: SessionCounts::default(),
        }
    }

    /// What the client brings along, if it brings something.
    pub(super) fn brings(&self, client: u64) -> Option<&Session<K>> {
        self.clients.get(client as usize).filter(|_| self.promised)
    }

    /// The client is served where `visible` is visible and `token` is known.
    pub(super) fn serve(&mut self, client: u64, visible: &OpSet, token: Option<&K>) -> Vec<Broken> {
        let Some(session) = self.clients.get_mut(client as usize) else { return Vec::new() };
        self.counts.served += 1;
        let written = lacks(&session.wrote, visible, &self.forgiven);
        let read = lacks(&session.read, visible, &self.forgiven);
        session.read.union_with(visible);
        // What it does next may be refused, and it has read all the same.
        session.token = token.filter(|_| self.promised).cloned();
        let written = written.map(|missing| (Class::ReadYourWrites, missing));
        written.into_iter().chain(read.map(|missing| (Class::MonotonicReads, missing))).collect()
    }

    /// The client performed an operation, and now the replica knows `token`.
    pub(super) fn wrote(&mut self, client: u64, operation: usize, token: K) {
        if let Some(session) = self.clients.get_mut(client as usize) {
            self.before.insert(operation, (session.wrote.clone(), session.read.clone()));
            session.wrote.insert(operation);
            session.token = Some(token);
        }
    }

    /// The client gives up, and begins a new session.
    pub(super) fn abandon(&mut self, client: u64) {
        if let Some(session) = self.clients.get_mut(client as usize) {
            self.counts.abandoned += 1;
            *session = Session::default();
        }
    }

    /// An operation becomes visible where `visible` is, itself included.
    pub(super) fn order(&self, operation: usize, visible: &OpSet) -> Vec<Broken> {
        let Some((wrote, read)) = self.before.get(&operation) else { return Vec::new() };
        let written = lacks(wrote, visible, &self.forgiven);
        let written = written.map(|missing| (Class::MonotonicWrites, missing));
        let read = lacks(read, visible, &self.forgiven);
        written.into_iter().chain(read.map(|missing| (Class::WritesFollowReads, missing))).collect()
    }

    /// Counts a guarantee that was not promised and does not hold.
    pub(super) fn count(&mut self, class: Class) {
        *self.counts.anomalies.entry(class.name().to_owned()).or_default() += 1;
    }
}

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    /// Whether `replica` says that it has all that the client has seen.
    pub(crate) fn serves(&self, client: u64, replica: &P) -> bool {
        let brings = self.sessions.brings(client);
        brings.is_none_or(|session| W::serves(replica, session, &self.chronicle))
    }

    /// A client is about to perform an operation at a replica, and reads there first.
    pub(crate) fn served(&mut self, moment: Moment, client: u64, replica: &P) -> Check {
        self.reread(moment, replica)?;
        let Standing { live, visible, .. } = &self.standings[moment.node];
        let token = live.as_ref().map(|(known, _)| known);
        let served = self.sessions.serve(client, visible, token);
        for (class, missing) in served {
            let explanation = format!(
                "Client {} was served at r{}, where {} is not visible, which it had {} before.",
                client + 1,
                moment.address(),
                self.chronicle.names(&missing),
                if class == Class::ReadYourWrites { "written" } else { "read" },
            );
            self.session(moment, class, &missing, explanation)?;
        }
        Ok(())
    }

    /// A guarantee of a session does not hold: that is a violation if it was promised.
    pub(super) fn session(
        &mut self,
        moment: Moment,
        class: Class,
        missing: &OpSet,
        explanation: String,
    ) -> Check {
        if !self.checks.on(class) {
            return Ok(());
        }
        let promised = self.sessions.promised;
        if promised || self.checks.named(class) {
            return self.violation(moment, class, missing.iter(), explanation);
        }
        self.sessions.count(class);
        Ok(())
    }

    /// Operations became visible: is everything there that must come before them?
    pub(super) fn order(&mut self, moment: Moment, new: &[usize]) -> Check {
        let visible = self.standings[moment.node].visible.clone();
        for &operation in new {
            // What a client was promised is said first: it is causality, as far as the client goes.
            for (class, missing) in self.sessions.order(operation, &visible) {
                let wrong = format!(
                    "{} is visible at r{}, but {} is not, which its client had {} before.",
                    self.chronicle.describe(operation),
                    moment.address(),
                    self.chronicle.names(&missing),
                    if class == Class::MonotonicWrites { "written" } else { "read" },
                );
                self.session(moment, class, &missing, wrong)?;
            }
            let saw = self.chronicle.history.saw(operation);
            if self.checks.on(Class::Causality) && !saw.is_subset(&visible) {
                let missing: OpSet = saw.difference(&visible).collect();
                let missing: OpSet = missing.difference(&self.sessions.forgiven).collect();
                if !missing.is_empty() {
                    let wrong = format!(
                        "{} is visible at r{}, but {} is not, which it had seen.",
                        self.chronicle.describe(operation),
                        moment.address(),
                        self.chronicle.names(&missing)
                    );
                    let all = [operation].into_iter().chain(missing.iter());
                    self.violation(moment, Class::Causality, all, wrong)?;
                }
            }
        }
        Ok(())
    }

    /// What became of clients' sessions.
    pub(crate) fn session_counts(&self) -> SessionCounts {
        self.sessions.counts.clone()
    }

    /// A client was turned away; or it gave up, and begins a new session.
    pub(crate) fn turned_away(&mut self, client: u64, for_good: bool) {
        self.sessions.counts.turned_away += 1;
        if for_good {
            self.sessions.abandon(client);
        }
    }
}

/// What of `wanted` is neither visible nor forgiven.
fn lacks(wanted: &OpSet, visible: &OpSet, forgiven: &OpSet) -> Option<OpSet> {
    if wanted.is_subset(visible) {
        return None;
    }
    let missing: OpSet = wanted.difference(visible).filter(|&op| !forgiven.contains(op)).collect();
    (!missing.is_empty()).then_some(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Sessions<()> {
        Sessions::new(Some(Clients { count: 2, roam: 1.0, token: true }))
    }

    fn set(operations: &[usize]) -> OpSet {
        operations.iter().copied().collect()
    }

    #[test]
    fn each_guarantee_is_told_from_the_others() {
        let mut sessions = sessions();
        assert_eq!(sessions.serve(0, &set(&[0, 1]), Some(&())), []);
        sessions.wrote(0, 2, ());
        assert_eq!(
            sessions.serve(0, &set(&[0, 1]), Some(&())),
            [(Class::ReadYourWrites, set(&[2]))]
        );
        assert_eq!(
            sessions.serve(0, &set(&[0, 2]), Some(&())),
            [(Class::MonotonicReads, set(&[1]))]
        );
        assert_eq!(sessions.serve(1, &set(&[]), Some(&())), [], "another client, another session");
        sessions.wrote(0, 3, ());
        let missing = |operations: &[usize]| {
            [(Class::MonotonicWrites, set(&[2])), (Class::WritesFollowReads, set(operations))]
        };
        assert_eq!(sessions.order(3, &set(&[0, 1, 3])), missing(&[2]), "it had read what it wrote");
        assert_eq!(sessions.order(3, &set(&[0, 2, 3])), [(Class::WritesFollowReads, set(&[1]))]);
        assert_eq!(sessions.order(3, &set(&[0, 1, 2, 3])), []);
        assert_eq!(sessions.order(3, &set(&[3])), missing(&[0, 1, 2]), "one does not hide another");
        assert_eq!(sessions.counts.served, 4);
    }

    #[test]
    fn what_a_fault_destroyed_is_forgiven_and_a_new_session_remembers_nothing() {
        let mut sessions = sessions();
        sessions.wrote(0, 2, ());
        sessions.forgiven = set(&[2]);
        assert_eq!(sessions.serve(0, &set(&[]), Some(&())), []);
        sessions.wrote(0, 3, ());
        assert!(sessions.brings(0).is_some_and(|session| session.token.is_some()));
        sessions.abandon(0);
        assert!(sessions.brings(0).is_some_and(|session| session.token.is_none()));
        assert_eq!(sessions.serve(0, &set(&[]), Some(&())), []);
    }
}
