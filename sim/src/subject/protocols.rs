//! Subjects made of a protocol of one's own.

use std::sync::Arc;

use rejoin_crdts::sync::{Backed, Protocol, Reporting};

use super::execute::{Runner, branch, replay, run};
use super::{Effort, LawsOutcome, Letter, RunError, Subject, letters};
use crate::Time;
use crate::check::{LatticeWitness, ReportWitness};
use crate::outcome::Outcome;
use crate::scenario::{Caps, Scenario};
use crate::trace::Trace;

/// The policy of a protocol is its own.
const OWN: &str = "own";

/// Makes a protocol's configuration of a scenario's `[config]`.
type Configure<C> = Arc<dyn Fn(&Caps) -> C + Send + Sync>;

/// What every subject made of a protocol has.
struct Parts<P: Protocol> {
    name: String,
    summary: String,
    spec: P::Spec,
    configure: Configure<P::Config>,
}

impl<P: Protocol> Parts<P> {
    fn new(
        name: impl Into<String>,
        summary: impl Into<String>,
        spec: P::Spec,
        config: P::Config,
    ) -> Self {
        let configure = Arc::new(move |_: &Caps| config.clone());
        Self { name: name.into(), summary: summary.into(), spec, configure }
    }

    fn runner(&self, scenario: &Scenario) -> Runner<'_, P> {
        Runner {
            name: &self.name,
            policy: OWN,
            spec: &self.spec,
            config: (self.configure)(&scenario.config),
        }
    }
}

/// A protocol of one's own whose replicas hold a lattice, from which a judge derives what is
/// visible.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_crdts::sync::{Config, Replica}; // as an example of a protocol
/// use rejoin_sim::{ProtocolSubject, Scenario, Subject, Verdict};
/// let counter: ProtocolSubject<Replica<GCounterModel>> =
///     ProtocolSubject::new("mine", "a counter", GCounterModel, Config::default());
/// let outcome = counter.run(&Scenario { loss: 0.2, ..Scenario::of("mine") }, 1)?;
/// assert_eq!(outcome.verdict, Verdict::Held);
/// # Ok::<(), rejoin_sim::RunError>(())
/// ```
pub struct ProtocolSubject<P: Backed>(Parts<P>);

impl<P: Backed> ProtocolSubject<P> {
    /// The protocol `P` on objects that `spec` specifies, with a fixed configuration.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Config, Replica};
    /// # use rejoin_sim::{ProtocolSubject, Subject};
    /// let counter: ProtocolSubject<Replica<GCounterModel>> =
    ///     ProtocolSubject::new("mine", "a counter", GCounterModel, Config::default());
    /// assert_eq!((counter.name(), counter.policies()[0].as_str()), ("mine", "own"));
    /// ```
    pub fn new(
        name: impl Into<String>,
        summary: impl Into<String>,
        spec: P::Spec,
        config: P::Config,
    ) -> Self {
        Self(Parts::new(name, summary, spec, config))
    }

    /// Makes the configuration from the scenario's `[config]` instead.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_crdts::sync::{Config, Replica};
    /// # use rejoin_sim::{ProtocolSubject, Scenario, Subject, scenario::Caps};
    /// let counter: ProtocolSubject<Replica<GCounterModel>> =
    ///     ProtocolSubject::new("mine", "a counter", GCounterModel, Config::default())
    ///         .configured(|caps| Config {
    ///             gossip_ms: caps.gossip_ms.unwrap_or(100),
    ///             ..Config::default()
    ///         });
    /// let every = |gossip_ms| {
    ///     let config = Caps { gossip_ms: Some(gossip_ms), ..Caps::default() };
    ///     counter.run(&Scenario { config, ..Scenario::of("mine") }, 1)
    /// };
    /// assert!(every(10)?.traffic.sent > every(500)?.traffic.sent);
    /// # Ok::<(), rejoin_sim::RunError>(())
    /// ```
    #[must_use]
    pub fn configured(
        mut self,
        configure: impl Fn(&Caps) -> P::Config + Send + Sync + 'static,
    ) -> Self {
        self.0.configure = Arc::new(configure);
        self
    }
}

/// A protocol of one's own that is not backed by a lattice: it reports itself what is visible.
///
/// ```
/// # mod ledger {
/// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../crdts/doctest/ledger.rs"));
/// #     impl rejoin_crdts::sync::Reporting for Ledger {
/// #         fn visible(&self) -> std::collections::BTreeSet<OpId> {
/// #             self.entries.keys().copied().collect()
/// #         }
/// #     }
/// # }
/// # use ledger::Ledger; // a protocol that keeps the list of its operations
/// # use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::{ReportingSubject, Scenario, Subject, Verdict};
/// // `Ledger` keeps the list of its operations, and sends all of them every 50 ms.
/// let counter: ReportingSubject<Ledger> =
///     ReportingSubject::new("ledger", "a counter", GCounterModel, 50);
/// let outcome = counter.run(&Scenario { loss: 0.2, ..Scenario::of("ledger") }, 1)?;
/// assert_eq!(outcome.verdict, Verdict::Held);
/// # Ok::<(), rejoin_sim::RunError>(())
/// ```
pub struct ReportingSubject<P: Reporting>(Parts<P>);

impl<P: Reporting> ReportingSubject<P> {
    /// The protocol `P` on objects that `spec` specifies, with a fixed configuration.
    ///
    /// ```
    /// # mod ledger {
    /// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../crdts/doctest/ledger.rs"));
    /// #     impl rejoin_crdts::sync::Reporting for Ledger {
    /// #         fn visible(&self) -> std::collections::BTreeSet<OpId> {
    /// #             self.entries.keys().copied().collect()
    /// #         }
    /// #     }
    /// # }
    /// # use ledger::Ledger; // a protocol that keeps the list of its operations
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_sim::{ReportingSubject, Subject};
    /// let counter: ReportingSubject<Ledger> =
    ///     ReportingSubject::new("ledger", "a counter", GCounterModel, 50);
    /// assert_eq!((counter.name(), counter.policies()[0].as_str()), ("ledger", "own"));
    /// ```
    pub fn new(
        name: impl Into<String>,
        summary: impl Into<String>,
        spec: P::Spec,
        config: P::Config,
    ) -> Self {
        Self(Parts::new(name, summary, spec, config))
    }

    /// Makes the configuration from the scenario's `[config]` instead.
    ///
    /// ```
    /// # mod ledger {
    /// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../crdts/doctest/ledger.rs"));
    /// #     impl rejoin_crdts::sync::Reporting for Ledger {
    /// #         fn visible(&self) -> std::collections::BTreeSet<OpId> {
    /// #             self.entries.keys().copied().collect()
    /// #         }
    /// #     }
    /// # }
    /// # use ledger::Ledger; // a protocol that keeps the list of its operations
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_sim::{ReportingSubject, Scenario, Subject, scenario::Caps};
    /// let counter: ReportingSubject<Ledger> =
    ///     ReportingSubject::new("ledger", "a counter", GCounterModel, 50)
    ///         .configured(|caps| caps.gossip_ms.unwrap_or(50));
    /// let every = |gossip_ms| {
    ///     let config = Caps { gossip_ms: Some(gossip_ms), ..Caps::default() };
    ///     counter.run(&Scenario { config, ..Scenario::of("ledger") }, 1)
    /// };
    /// assert!(every(10)?.traffic.sent > every(500)?.traffic.sent);
    /// # Ok::<(), rejoin_sim::RunError>(())
    /// ```
    #[must_use]
    pub fn configured(
        mut self,
        configure: impl Fn(&Caps) -> P::Config + Send + Sync + 'static,
    ) -> Self {
        self.0.configure = Arc::new(configure);
        self
    }
}

macro_rules! subject {
    ($subject:ident, $bound:ident, $witness:expr) => {
        impl<P: $bound> Subject for $subject<P> {
            fn name(&self) -> &str {
                &self.0.name
            }

            fn summary(&self) -> &str {
                &self.0.summary
            }

            fn policies(&self) -> Vec<String> {
                vec![OWN.to_owned()]
            }

            fn alphabet(&self) -> Vec<Letter> {
                letters(&self.0.spec)
            }

            fn laws(&self, _: Effort) -> Option<LawsOutcome> {
                None
            }

            fn run(&self, scenario: &Scenario, seed: u64) -> Result<Outcome, RunError> {
                run(self.0.runner(scenario), $witness(&self.0.spec), scenario, seed)
            }

            fn branch(&self, trace: &Trace, from: Time, seed: u64) -> Result<Outcome, RunError> {
                let witness = $witness(&self.0.spec);
                branch(self.0.runner(&trace.scenario), witness, trace, (from, seed))
            }

            fn replay(&self, trace: &Trace) -> Result<Outcome, RunError> {
                replay(self.0.runner(&trace.scenario), $witness(&self.0.spec), trace)
            }
        }
    };
}

subject!(ProtocolSubject, Backed, |spec: &P::Spec| LatticeWitness::new(spec.clone()));
subject!(ReportingSubject, Reporting, |_: &P::Spec| ReportWitness);
