//! Subjects made of a protocol of one's own.

use std::sync::Arc;

use rejoin_crdts::sync::{Backed, Protocol, Reporting};

use super::execute::{Runner, replay, run};
use super::{Effort, LawsOutcome, RunError, Subject};
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
pub struct ProtocolSubject<P: Backed>(Parts<P>);

impl<P: Backed> ProtocolSubject<P> {
    /// The protocol `P` on objects that `spec` specifies, with a fixed configuration.
    pub fn new(
        name: impl Into<String>,
        summary: impl Into<String>,
        spec: P::Spec,
        config: P::Config,
    ) -> Self {
        Self(Parts::new(name, summary, spec, config))
    }

    /// Makes the configuration from the scenario's `[config]` instead.
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
pub struct ReportingSubject<P: Reporting>(Parts<P>);

impl<P: Reporting> ReportingSubject<P> {
    /// The protocol `P` on objects that `spec` specifies, with a fixed configuration.
    pub fn new(
        name: impl Into<String>,
        summary: impl Into<String>,
        spec: P::Spec,
        config: P::Config,
    ) -> Self {
        Self(Parts::new(name, summary, spec, config))
    }

    /// Makes the configuration from the scenario's `[config]` instead.
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

            fn laws(&self, _: Effort) -> Option<LawsOutcome> {
                None
            }

            fn run(&self, scenario: &Scenario, seed: u64) -> Result<Outcome, RunError> {
                run(self.0.runner(scenario), $witness(&self.0.spec), scenario, seed)
            }

            fn replay(&self, trace: &Trace) -> Result<Outcome, RunError> {
                replay(self.0.runner(&trace.scenario), $witness(&self.0.spec), trace)
            }
        }
    };
}

subject!(ProtocolSubject, Backed, |spec: &P::Spec| LatticeWitness::new(spec.clone()));
subject!(ReportingSubject, Reporting, |_: &P::Spec| ReportWitness);
