//! A history that is yet to be executed.

use std::fmt;

use crate::{Delivery, Draw, OpSet, Spec};

/// An operation to perform, and what its performer is to have seen by then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event<Op> {
    /// Who performs it: replicas are numbered from 0.
    pub replica: usize,
    /// What is done.
    pub op: Op,
    /// Which earlier events have arrived at the performer by then.
    pub sees: OpSet,
    /// What the performer's wall clock shows.
    pub clock_ms: u64,
}

/// A causal history: operations, who performs each, and who has seen what by then.
///
/// Deliveries to different replicas commute, so this is all there is to a run of replicas that
/// exchange deltas: the interleaving of the deliveries makes no difference.
///
/// It is normal: a replica sees all of its own earlier events and whatever it saw before, and what
/// it sees is closed under the contract of delivery.
///
/// ```
/// use rejoin_crdts::laws::{Case, Event};
/// use rejoin_crdts::{Delivery, OpSet};
/// let event = |replica, sees: &[usize]| Event {
///     replica,
///     op: "touch",
///     sees: sees.iter().copied().collect(),
///     clock_ms: 0,
/// };
/// let case = Case::new(Delivery::Causal, [event(0, &[]), event(1, &[0]), event(2, &[1])]);
/// assert_eq!(case.events()[2].sees, OpSet::first(2)); // whoever has seen 1 has seen 0
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Case<Op> {
    delivery: Delivery,
    events: Vec<Event<Op>>,
}

impl<Op> Case<Op> {
    /// The case of these events, in this order, with `sees` completed to what `delivery` asks for.
    /// An event cannot see a later one; where `sees` names one, it is left out.
    ///
    /// Complexity: quadratic in the number of events.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Case, Event};
    /// # use rejoin_crdts::{Delivery, OpSet};
    /// # let touch = |replica| Event { replica, op: "touch", sees: OpSet::new(), clock_ms: 0 };
    /// let case = Case::new(Delivery::Any, [touch(0), touch(1), touch(0)]);
    /// assert!(case.events()[2].sees.iter().eq([0])); // a replica has seen what it did itself
    /// ```
    #[must_use]
    pub fn new(delivery: Delivery, events: impl IntoIterator<Item = Event<Op>>) -> Self {
        let mut case = Self { delivery, events: Vec::new() };
        for event in events {
            case.push(event);
        }
        case
    }

    /// The contract under which `sees` is closed.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Case, Event};
    /// # use rejoin_crdts::{Delivery, OpSet};
    /// # let touch = |replica| Event { replica, op: "touch", sees: OpSet::new(), clock_ms: 0 };
    /// let case = Case::new(Delivery::Causal, [touch(0)]);
    /// assert_eq!(case.delivery(), Delivery::Causal);
    /// ```
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// The events, each after all that it sees.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Case, Event};
    /// # use rejoin_crdts::{Delivery, OpSet};
    /// # let touch = |replica| Event { replica, op: "touch", sees: OpSet::new(), clock_ms: 0 };
    /// let case = Case::new(Delivery::Any, [touch(0), touch(1)]);
    /// assert_eq!(case.events(), [touch(0), touch(1)]);
    /// ```
    #[must_use]
    pub fn events(&self) -> &[Event<Op>] {
        &self.events
    }

    /// How many operations there are.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Case, Event};
    /// # use rejoin_crdts::{Delivery, OpSet};
    /// # let touch = |replica| Event { replica, op: "touch", sees: OpSet::new(), clock_ms: 0 };
    /// assert_eq!(Case::new(Delivery::Any, [touch(0), touch(1)]).len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing happens.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Case, Event};
    /// # use rejoin_crdts::{Delivery, OpSet};
    /// # let touch = |replica| Event { replica, op: "touch", sees: OpSet::new(), clock_ms: 0 };
    /// assert!(!Case::new(Delivery::Any, [touch(0)]).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// How many replicas there are: one more than the greatest number of a performer.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Case, Event};
    /// # use rejoin_crdts::{Delivery, OpSet};
    /// # let touch = |replica| Event { replica, op: "touch", sees: OpSet::new(), clock_ms: 0 };
    /// assert_eq!(Case::new(Delivery::Any, [touch(2)]).replicas(), 3); // two of them idle
    /// ```
    #[must_use]
    pub fn replicas(&self) -> usize {
        self.events.iter().map(|event| event.replica + 1).max().unwrap_or(0)
    }

    fn push(&mut self, mut event: Event<Op>) {
        let index = self.events.len();
        let later: OpSet = event.sees.iter().filter(|&seen| seen >= index).collect();
        event.sees.subtract(&later);
        if let Some(last) = self.last_of(event.replica, index) {
            event.sees.union_with(&self.events[last].sees);
            event.sees.insert(last);
        }
        for seen in (0..index).rev() {
            if event.sees.contains(seen) {
                self.add_needs(seen, &mut event.sees);
            }
        }
        self.events.push(event);
    }

    /// Adds what must have arrived before the event at `index` may.
    fn add_needs(&self, index: usize, set: &mut OpSet) {
        match self.delivery {
            Delivery::Causal => set.union_with(&self.events[index].sees),
            Delivery::PerSender => {
                if let Some(last) = self.last_of(self.events[index].replica, index) {
                    set.insert(last);
                }
            }
            Delivery::Any => {}
        }
    }

    fn last_of(&self, replica: usize, before: usize) -> Option<usize> {
        (0..before).rev().find(|&at| self.events[at].replica == replica)
    }
}

impl<Op> Case<Op> {
    /// A random case of `operations` operations at 1 to `replicas` replicas (2 or more, if more
    /// are allowed), with operations as [`Spec::draw`] draws them.
    ///
    /// How much replicas see of each other, and how their clocks differ, is drawn once for each
    /// case, since bugs live at both ends: where nobody has seen anybody, and where everybody has.
    ///
    /// # Panics
    ///
    /// If the specification has no operation to draw.
    ///
    /// ```
    /// use rejoin_crdts::laws::Case;
    /// use rejoin_crdts::spec::GCounterModel;
    /// let mut state = 7u64; // any generator will do
    /// let mut draw = |bound: u64| {
    ///     state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
    ///     (state >> 33) % bound
    /// };
    /// let case = Case::draw(&GCounterModel, 3, 5, &mut draw);
    /// assert_eq!(case.len(), 5);
    /// assert!(case.replicas() <= 3);
    /// ```
    pub fn draw<S: Spec<Op = Op>>(
        spec: &S,
        replicas: usize,
        operations: usize,
        draw: &mut dyn Draw,
    ) -> Self {
        let most = replicas.max(1) as u64;
        let replicas = if most > 2 { 2 + draw.below(most - 1) } else { most };
        let density = [0, 1, 2, 4, 6, 8][draw.below(6) as usize]; // in eighths
        let skews: Vec<u64> = match draw.below(3) {
            0 => vec![0; replicas as usize],
            1 => (0..replicas).map(|_| draw.below(3)).collect(),
            _ => (0..replicas).map(|_| draw.below(50)).collect(),
        };
        let clock_step = draw.below(3);
        let mut case = Self { delivery: spec.delivery(), events: Vec::new() };
        for index in 0..operations {
            let replica = draw.below(replicas) as usize;
            let mut sees = OpSet::new();
            if draw.below(4) == 0 {
                // All that one other replica knows, as after an exchange of states.
                let peer = draw.below(replicas) as usize;
                if let Some(last) = case.last_of(peer, index) {
                    sees.union_with(&case.events[last].sees);
                    sees.insert(last);
                }
            } else {
                sees = (0..index).filter(|_| draw.below(8) < density).collect();
            }
            let clock_ms = skews[replica] + clock_step * index as u64;
            case.push(Event { replica, op: spec.draw(draw), sees, clock_ms });
        }
        case
    }
}

/// `[r1: Add(1), r2: Add(2) having seen {0}]`.
impl<Op: fmt::Debug> fmt::Debug for Case<Op> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Line<'a, Op>(&'a Event<Op>);
        impl<Op: fmt::Debug> fmt::Debug for Line<'_, Op> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Event { replica, op, sees, clock_ms } = self.0;
                write!(f, "r{}: {op:?}", replica + 1)?;
                if !sees.is_empty() {
                    write!(f, " having seen {sees:?}")?;
                }
                if *clock_ms > 0 {
                    write!(f, " at {clock_ms}ms")?;
                }
                Ok(())
            }
        }
        f.debug_list().entries(self.events.iter().map(Line)).finish()
    }
}
