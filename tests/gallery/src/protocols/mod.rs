//! Broken protocols: [`anti_entropy`](crate::anti_entropy), each with one mistake.
//!
//! All replicate a [`Checklist`], which is sound, so that what goes wrong is the protocol's doing.

pub mod bare_digest;
pub mod cached_reader;
pub mod counting_buffer;
pub mod counting_digest;
pub mod cut_tail;
pub mod departed_member;
pub mod early_acknowledger;
pub mod expired_view;
pub mod first_in_first_out;
pub mod forgetful_clock;
pub mod former_self;
pub mod freshest_first;
pub mod gapless_digest;
pub mod ghost_member;
pub mod greedy_context;
pub mod half_refuser;
pub mod late_greeter;
pub mod late_refuser;
pub mod leaky_buffer;
pub mod optimistic_quorum;
pub mod reborn_counter;
pub mod relapsing_snapshot;
pub mod repeating_client;
pub mod replaying_log;
pub mod restamping_clock;
pub mod short_frame;
pub mod stale_view;
pub mod thrifty_writer;
pub mod tidy_log;
pub mod two_copies;
pub mod wall_clock;
pub mod wrapping_clock;
pub mod write_behind;

mod list;

use std::sync::Arc;

use rejoin_sim::scenario::Caps;
use rejoin_sim::{ProtocolSubject, Registry, ReportingSubject, Subject};

use crate::Entry;
use crate::anti_entropy::{AntiEntropy, Config, Sound, Steps};
use crate::checklist::Checklist;
use list::{BROKEN, Broken, Witness};

/// How the simulator shows what is wrong with a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shown {
    /// The class of the violation, by its name.
    pub check: &'static str,
    /// How many events its smallest schedule has: operations, deliveries, losses, crashes, restarts,
    /// rounds, changes of the members, visits of a client. What follows at the end of itself is not counted: that a
    /// replica restarts, that messages arrive.
    pub events: usize,
    /// The scenario in which it is found, as TOML without the `type`: the faults that it needs.
    pub scenario: &'static str,
}

impl Shown {
    /// Who finds it and who does not, in words.
    pub(crate) fn judges(&self, entry: &Entry) -> String {
        let also = if entry.convergence {
            ", comparing replicas."
        } else {
            ". Not by: comparing replicas."
        };
        let Self { check, events, .. } = self;
        format!("{events} events at {} replicas. Found by: {check}{also}", entry.replicas)
    }
}

/// The broken protocols, in the order in which they are best read.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    BROKEN.iter().map(|broken| &broken.entry)
}

/// The configuration without a mistake.
///
/// ```
/// let config = rejoin_gallery::protocols::sound(&Default::default());
/// assert!(format!("{config:?}").contains("steps: Sound"));
/// ```
#[must_use]
pub fn sound(caps: &Caps) -> Config<Checklist> {
    Config::new(&Sound, caps)
}

/// The configuration with the mistake of the protocol called `name`, if there is one of that name.
///
/// ```
/// let config = rejoin_gallery::protocols::broken("wall-clock", &Default::default()).unwrap();
/// assert!(format!("{config:?}").contains("steps: WallClock"));
/// ```
#[must_use]
pub fn broken(name: &str, caps: &Caps) -> Option<Config<Checklist>> {
    find(name).map(|broken| Config::new(broken.steps, caps))
}

/// The same protocol without the mistake, under the same name, so that it runs in the same
/// scenarios.
///
/// ```
/// use rejoin_sim::{Scenario, Verdict};
/// let twin = rejoin_gallery::protocols::twin("wall-clock").unwrap();
/// let outcome = twin.run(&Scenario { skew_ms: 500, ..Scenario::of("broken/wall-clock") }, 1)?;
/// assert_eq!(outcome.verdict, Verdict::Held);
/// # Ok::<(), rejoin_sim::RunError>(())
/// ```
#[must_use]
pub fn twin(name: &str) -> Option<Arc<dyn Subject>> {
    let broken = find(name)?;
    let mut alone = Registry::new();
    add(&mut alone, broken, &Sound);
    alone.get(&broken.entry.to_string()).cloned()
}

fn find(name: &str) -> Option<&'static Broken> {
    BROKEN.iter().find(|broken| broken.entry.name == name)
}

fn add(registry: &mut Registry, broken: &Broken, steps: &'static dyn Steps<Checklist>) {
    let Broken { entry, witness, .. } = broken;
    let (name, summary) = (entry.to_string(), entry.story);
    let config = Config::new(steps, &Caps::default());
    let configure = move |caps: &Caps| Config::new(steps, caps);
    match witness {
        Witness::State => registry.add(
            ProtocolSubject::<AntiEntropy<Checklist>>::new(name, summary, Checklist, config)
                .configured(configure),
        ),
        Witness::Report => registry.add(
            ReportingSubject::<AntiEntropy<Checklist>>::new(name, summary, Checklist, config)
                .configured(configure),
        ),
    };
}

pub(crate) fn register(registry: &mut Registry) {
    for broken in BROKEN {
        add(registry, broken, broken.steps);
    }
}
