//! Whether a scenario can be run.
//!
//! Every rule names the key it is about by its path, and the place in the text is found from there:
//! one set of rules serves files and programs.

use rejoin_crdts::sync::Config;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::{Latency, Scenario, ScenarioError, shape};
use crate::subject::Registry;

/// A step on the way to a key.
#[derive(Clone, Copy)]
enum Step {
    Key(&'static str),
    Index(usize),
}
use Step::{Index, Key};

/// What is wrong, and at which key.
struct Problem {
    path: Vec<Step>,
    message: String,
}

/// The most replicas of a scenario: more than this is another simulator's business for now.
const MAX_REPLICAS: u64 = 64;
/// The most operations, partitions and crashes of a scenario.
const MAX_EVENTS: u64 = 1_000_000;
/// The longest time in a scenario: some thirty years.
pub(super) const MAX_MS: u64 = 1_000_000_000_000;

pub(super) fn parse(text: &str, registry: &Registry) -> Result<Scenario, ScenarioError> {
    let scenario = read(text)?;
    rules(&scenario, Some(registry)).map_err(|problem| {
        let span =
            DeTable::parse(text).ok().map(|root| find(root.get_ref(), root.span(), &problem.path));
        ScenarioError::new(problem.message, span)
    })?;
    Ok(scenario)
}

pub(super) fn read(text: &str) -> Result<Scenario, ScenarioError> {
    shape::check(text)?;
    toml::from_str(text).map_err(|error| ScenarioError::new(error.message(), error.span()))
}

pub(super) fn check(scenario: &Scenario, registry: Option<&Registry>) -> Result<(), ScenarioError> {
    rules(scenario, registry).map_err(|problem| ScenarioError::new(problem.message, None))
}

/// Where the value at `path` is, or the innermost thing around it that the text has.
fn find(root: &DeTable<'_>, whole: Range<usize>, path: &[Step]) -> Range<usize> {
    let mut span = whole;
    let mut table = Some(root);
    let mut value: Option<&DeValue<'_>> = None;
    for step in path {
        let next = match step {
            Key(key) => table.or_else(|| value.and_then(DeValue::as_table)).and_then(|table| {
                table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
            }),
            Index(at) => value.and_then(DeValue::as_array).and_then(|array| array.get(*at)),
        };
        let Some(next) = next else { break };
        span = next.span();
        value = Some(next.get_ref());
        table = None;
    }
    span
}

fn rules(scenario: &Scenario, registry: Option<&Registry>) -> Result<(), Problem> {
    if let Some(registry) = registry {
        names(scenario, registry)?;
    }
    sizes(scenario)?;
    network(scenario)?;
    faults(scenario)
}

fn names(scenario: &Scenario, registry: &Registry) -> Result<(), Problem> {
    let Some(subject) = registry.get(&scenario.subject) else {
        let known = registry.iter().map(|subject| subject.name().to_owned());
        return problem(
            [Key("type")],
            format!("unknown type `{}`; {}", scenario.subject, one_of(known)),
        );
    };
    let policies = subject.policies();
    match &scenario.policy {
        Some(policy) if !policies.contains(policy) => problem(
            [Key("policy")],
            format!(
                "unknown policy `{policy}` for the type `{}`; {}",
                scenario.subject,
                one_of(policies)
            ),
        ),
        _ => Ok(()),
    }
}

fn sizes(scenario: &Scenario) -> Result<(), Problem> {
    between("replicas", scenario.replicas, 1, MAX_REPLICAS)?;
    between("ops", scenario.ops, 1, MAX_EVENTS)?;
    between("duration_ms", scenario.duration_ms, 1, MAX_MS)?;
    between("settle_ms", scenario.settle_ms, 1, MAX_MS)?;
    // Beyond it replicas refuse each other's messages for as long as the run lasts.
    let bounds = Config::default();
    let max_ahead_ms = scenario.config.max_ahead_ms.unwrap_or(bounds.max_ahead_ms);
    between("skew_ms", scenario.skew_ms, 0, max_ahead_ms.min(MAX_MS))?;
    between("partitions", scenario.partitions, 0, MAX_EVENTS)?;
    between("crashes", scenario.crashes, 0, MAX_EVENTS)?;
    let caps = &scenario.config;
    for (key, cap) in [
        ("gossip_ms", caps.gossip_ms),
        ("heartbeat_ms", caps.heartbeat_ms),
        ("buffer", caps.buffer),
        ("batch", caps.batch),
        ("window", caps.window),
        ("snapshot_every", caps.snapshot_every),
        ("max_ahead_ms", caps.max_ahead_ms),
    ] {
        if let Some(cap) = cap
            && cap > MAX_MS
        {
            return problem(
                [Key("config"), Key(key)],
                format!("`{key}` is {cap}; it must be between 0 and {MAX_MS}"),
            );
        }
    }
    // Replicas that are not woken while they may settle cannot.
    for (key, cap) in [("gossip_ms", caps.gossip_ms), ("heartbeat_ms", caps.heartbeat_ms)] {
        if let Some(cap) = cap
            && cap > scenario.settle_ms
        {
            let settle_ms = scenario.settle_ms;
            return problem(
                [Key("config"), Key(key)],
                format!("`{key}` is {cap}; it must not exceed `settle_ms`, which is {settle_ms}"),
            );
        }
    }
    if scenario.partitions > 0 && scenario.replicas < 2 {
        return problem([Key("partitions")], "`partitions` needs at least 2 replicas".to_owned());
    }
    let shares = &scenario.shares;
    if !shares.is_empty() && shares.len() as u64 != scenario.replicas {
        return problem(
            [Key("shares")],
            format!(
                "`shares` has {} weights for {} replicas; give one for each",
                shares.len(),
                scenario.replicas
            ),
        );
    }
    if !shares.is_empty() && shares.iter().all(|&share| share == 0) {
        return problem([Key("shares")], "`shares` are all 0; somebody must work".to_owned());
    }
    match shares.iter().position(|&share| share > MAX_EVENTS) {
        Some(at) => problem(
            [Key("shares"), Index(at)],
            format!("a share is {}; it must be between 0 and {MAX_EVENTS}", shares[at]),
        ),
        None => Ok(()),
    }
}

fn network(scenario: &Scenario) -> Result<(), Problem> {
    for (key, probability) in
        [("loss", scenario.loss), ("duplicate", scenario.duplicate), ("reorder", scenario.reorder)]
    {
        if !(0.0..=1.0).contains(&probability) {
            return problem(
                [Key(key)],
                format!("`{key}` is {}; a probability is between 0 and 1", short(probability)),
            );
        }
    }
    let within = |key: &'static str, value: f64, most: f64| {
        if (0.0..=most).contains(&value) {
            return Ok(());
        }
        problem(
            [Key("latency"), Key(key)],
            format!("`{key}` is {}; it must be between 0 and {most}", short(value)),
        )
    };
    let most_ms = 86_400_000.0;
    match scenario.latency {
        Latency::Constant { ms } => within("ms", ms, most_ms),
        Latency::Uniform { min_ms, max_ms } => {
            within("min_ms", min_ms, most_ms)?;
            within("max_ms", max_ms, most_ms)?;
            if max_ms < min_ms {
                return problem(
                    [Key("latency"), Key("max_ms")],
                    format!("`max_ms` is {max_ms}, below `min_ms`, which is {min_ms}"),
                );
            }
            Ok(())
        }
        Latency::Exponential { mean_ms } => within("mean_ms", mean_ms, most_ms),
        Latency::LogNormal { median_ms, sigma } => {
            within("median_ms", median_ms, most_ms)?;
            within("sigma", sigma, 3.0)
        }
    }
}

fn faults(scenario: &Scenario) -> Result<(), Problem> {
    for (at, partition) in scenario.partition.iter().enumerate() {
        let path = |key| [Key("partition"), Index(at), Key(key)];
        let spell = Spell { begin_ms: partition.at_ms, end_ms: partition.heal_ms, end: "heal_ms" };
        spell.check(scenario, path)?;
        groups(scenario, at)?;
    }
    for (at, crash) in scenario.crash.iter().enumerate() {
        let path = |key| [Key("crash"), Index(at), Key(key)];
        if !(1..=scenario.replicas).contains(&crash.replica) {
            return problem(path("replica"), absent(crash.replica, scenario.replicas));
        }
        let spell = Spell { begin_ms: crash.at_ms, end_ms: crash.restart_ms, end: "restart_ms" };
        spell.check(scenario, path)?;
    }
    Ok(())
}

/// A fault's time.
struct Spell {
    begin_ms: u64,
    end_ms: Option<u64>,
    end: &'static str,
}

impl Spell {
    fn check(
        &self,
        scenario: &Scenario,
        path: impl Fn(&'static str) -> [Step; 3],
    ) -> Result<(), Problem> {
        let Self { begin_ms, end_ms, end } = *self;
        let duration_ms = scenario.duration_ms;
        if begin_ms >= duration_ms {
            return problem(
                path("at_ms"),
                format!("`at_ms` is {begin_ms}, but the run's `duration_ms` is {duration_ms}"),
            );
        }
        match end_ms {
            Some(end_ms) if end_ms <= begin_ms => problem(
                path(end),
                format!("`{end}` is {end_ms}; it must be after `at_ms`, which is {begin_ms}"),
            ),
            Some(end_ms) if end_ms > duration_ms => problem(
                path(end),
                format!("`{end}` is {end_ms}, but the run's `duration_ms` is {duration_ms}"),
            ),
            _ => Ok(()),
        }
    }
}

fn groups(scenario: &Scenario, at: usize) -> Result<(), Problem> {
    let groups = &scenario.partition[at].groups;
    let path = [Key("partition"), Index(at), Key("groups")];
    let mut named = BTreeSet::new();
    for (g, group) in groups.iter().enumerate() {
        if group.is_empty() {
            return problem([path[0], path[1], path[2], Index(g)], "a group is empty".to_owned());
        }
        for (m, &member) in group.iter().enumerate() {
            let place = [path[0], path[1], path[2], Index(g), Index(m)];
            if !(1..=scenario.replicas).contains(&member) {
                return problem(place, absent(member, scenario.replicas));
            }
            if !named.insert(member) {
                return problem(place, format!("replica {member} is in the groups twice"));
            }
        }
    }
    let rest = u64::from((named.len() as u64) < scenario.replicas);
    if (groups.len() as u64) + rest < 2 {
        return problem(
            path,
            "`groups` cut nothing; give at least one group that leaves somebody out".to_owned(),
        );
    }
    Ok(())
}

fn absent(replica: u64, replicas: u64) -> String {
    format!("there is no replica {replica}; `replicas` is {replicas}, so 1 to {replicas} exist")
}

fn between(key: &'static str, value: u64, least: u64, most: u64) -> Result<(), Problem> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    problem([Key(key)], format!("`{key}` is {value}; it must be between {least} and {most}"))
}

/// The number without hundreds of zeros.
fn short(number: f64) -> String {
    if number.abs() < 1e15 && number.abs() >= 1e-5 || !number.is_normal() {
        return number.to_string();
    }
    format!("{number:e}")
}

fn one_of(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "none is registered".to_owned(),
        [only] => format!("there is {only}"),
        _ => format!("there are {}", names.join(", ")),
    }
}

fn problem<const N: usize>(path: [Step; N], message: String) -> Result<(), Problem> {
    Err(Problem { path: path.to_vec(), message })
}
