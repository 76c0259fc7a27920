//! Whether a scenario can be run.
//!
//! Every rule names the key it is about by its path, and the place in the text is found from there:
//! one set of rules serves files and programs.

mod faults;
mod network;

use std::ops::Range;

use rejoin_crdts::sync::Config;

use toml::de::{DeTable, DeValue};

use super::timetable::absent_at_the_end;
use super::{Scenario, ScenarioError, Topology, shape};
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

/// The most replicas of a scenario.
pub(super) const MAX_REPLICAS: u64 = 1_000_000;
/// The most links of a topology, each direction by itself.
const MAX_LINKS: u64 = 20_000_000;
/// The most links, or replicas, that all drawn partitions may be about together.
const MAX_PARTED: u64 = 10_000_000;
/// The most operations of a scenario.
pub(super) const MAX_OPS: u64 = 10_000_000;
/// The greatest weight of a replica, or of a moment.
pub(super) const MAX_SHARE: u64 = 1_000_000;
/// The most different operations in a pool.
pub(super) const MAX_POOL: u64 = 1_000_000;
/// The most clients.
pub(super) const MAX_CLIENTS: u64 = 1_000_000;
/// The greatest depth of probabilistic concurrency testing.
pub(super) const MAX_PCT: u64 = 1_000;
pub(super) const MAX_GRAPH: u64 = 1_000_000;
/// The most drawn faults of a kind.
pub(super) const MAX_FAULTS: u64 = 100_000;
/// The most millionths by which a clock may be fast or slow: twice as fast, or standing still.
pub(super) const MAX_DRIFT_PPM: u64 = 1_000_000;
/// The longest time in a scenario: some thirty years.
pub(super) const MAX_MS: u64 = 1_000_000_000_000;
/// The longest latency: a day.
pub(super) const MAX_LATENCY_MS: f64 = 86_400_000.0;
/// The greatest standard deviation of a logarithm.
pub(super) const MAX_SIGMA: f64 = 3.0;
/// The heaviest tail.
pub(super) const MIN_ALPHA: f64 = 0.1;
/// The lightest tail.
pub(super) const MAX_ALPHA: f64 = 100.0;
/// The most bytes in a second, or in a buffer.
pub(super) const MAX_BYTES: u64 = 1_000_000_000_000;

/// Gives the text of a file that a scenario names, or says why it cannot.
pub(super) type Files<'f> = &'f mut dyn FnMut(&str) -> Result<String, String>;

pub(super) fn read(text: &str, files: Files<'_>) -> Result<Scenario, ScenarioError> {
    shape::check(text)?;
    let mut scenario: Scenario =
        toml::from_str(text).map_err(|error| ScenarioError::new(error.message(), error.span()))?;
    if let Topology::File { path } = &scenario.topology {
        let links = files(path).and_then(|edges| {
            Topology::from_edges(&edges).map_err(|error| format!("`{path}`, {error}"))
        });
        scenario.topology = links.map_err(|wrong| {
            ScenarioError::new(wrong, span(text, &[Key("topology"), Key("path")]))
        })?;
    }
    scenario.normalise();
    Ok(scenario)
}

pub(super) fn check(
    scenario: &Scenario,
    registry: Option<&Registry>,
    text: Option<&str>,
) -> Result<(), ScenarioError> {
    rules(scenario, registry).map_err(|problem| {
        let span = text.and_then(|text| span(text, &problem.path));
        ScenarioError::new(problem.message, span)
    })
}

fn span(text: &str, path: &[Step]) -> Option<Range<usize>> {
    DeTable::parse(text).ok().map(|root| find(root.get_ref(), root.span(), path))
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
    work(scenario)?;
    topology(scenario)?;
    network::network(scenario)?;
    faults::faults(scenario)?;
    // What is left of a scenario while a run is made small may well be without effect.
    if registry.is_some() { network::effective(scenario) } else { Ok(()) }
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
    between("ops", scenario.ops, 1, MAX_OPS)?;
    between("duration_ms", scenario.duration_ms, 1, MAX_MS)?;
    between("settle_ms", scenario.settle_ms, 1, MAX_MS)?;
    // Beyond it replicas refuse each other's messages for as long as the run lasts.
    let most_ms = scenario.max_ahead_ms().min(MAX_MS);
    if scenario.skew_ms > most_ms {
        let wrong = format!(
            "`skew_ms` is {}; it must be between 0 and {most_ms} (`max_ahead_ms`), beyond which \
             replicas refuse what others stamp",
            scenario.skew_ms
        );
        return problem([Key("skew_ms")], wrong);
    }
    between("drift_ppm", scenario.drift_ppm, 0, MAX_DRIFT_PPM)?;
    for (key, number) in [
        ("partitions", scenario.partitions),
        ("crashes", scenario.crashes),
        ("pauses", scenario.pauses),
        ("clocks", scenario.clocks),
        ("churn", scenario.churn),
    ] {
        between(key, number, 0, MAX_FAULTS)?;
    }
    if let Some(depth) = scenario.pct {
        between("pct", depth, 1, MAX_PCT)?;
    }
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
    Ok(())
}

fn work(scenario: &Scenario) -> Result<(), Problem> {
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
    if let Some(at) = shares.iter().position(|&share| share > MAX_SHARE) {
        return problem(
            [Key("shares"), Index(at)],
            format!("a share is {}; it must be between 0 and {MAX_SHARE}", shares[at]),
        );
    }
    if let Some(writers) = scenario.writers {
        between("writers", writers, 1, scenario.replicas)?;
        if !shares.is_empty() {
            let wrong = "`writers` and `shares` both say who performs operations; give one of them";
            return problem([Key("writers")], wrong.to_owned());
        }
    }
    if let Some(pool) = scenario.pool {
        between("pool", pool, 1, MAX_POOL)?;
    }
    for (at, load) in scenario.load.iter().enumerate() {
        let path = |key| [Key("load"), Index(at), Key(key)];
        let duration_ms = scenario.duration_ms;
        if load.at_ms > duration_ms {
            let wrong =
                format!("`at_ms` is {}, but the run's `duration_ms` is {duration_ms}", load.at_ms);
            return problem(path("at_ms"), wrong);
        }
        if load.rate > MAX_SHARE {
            let wrong = format!("`rate` is {}; it must be between 0 and {MAX_SHARE}", load.rate);
            return problem(path("rate"), wrong);
        }
        if at > 0 && scenario.load[at - 1].at_ms > load.at_ms {
            let wrong = "the moments of `load` must be in order of `at_ms`";
            return problem(path("at_ms"), wrong.to_owned());
        }
    }
    if !scenario.load.is_empty() && scenario.load.iter().all(|load| load.rate == 0) {
        let wrong = "the rates of `load` are all 0; somebody must work";
        return problem([Key("load")], wrong.to_owned());
    }
    if let Some(clients) = scenario.clients {
        let path = |key| [Key("clients"), Key(key)];
        if !(1..=MAX_CLIENTS).contains(&clients.count) {
            let wrong =
                format!("`count` is {}; it must be between 1 and {MAX_CLIENTS}", clients.count);
            return problem(path("count"), wrong);
        }
        if !(0.0..=1.0).contains(&clients.roam) {
            let roam = short(clients.roam);
            let wrong = format!("`roam` is {roam}; a probability is between 0 and 1");
            return problem(path("roam"), wrong);
        }
    }
    Ok(())
}

fn topology(scenario: &Scenario) -> Result<(), Problem> {
    let replicas = scenario.replicas;
    let path = |key| [Key("topology"), Key(key)];
    let least = |key: &'static str, value: u64, least: u64| {
        if value >= least {
            return Ok(());
        }
        problem(path(key), format!("`{key}` is {value}; it must be at least {least}"))
    };
    let links = match &scenario.topology {
        Topology::File { path: file } => {
            let wrong = format!("the links in the file `{file}` have not been read");
            return problem([Key("topology")], wrong);
        }
        Topology::Mesh => replicas.saturating_mul(replicas - 1),
        Topology::Chain | Topology::Ring | Topology::Star => 2 * replicas,
        Topology::Tree { arity } => {
            least("arity", *arity, 1)?;
            2 * replicas
        }
        Topology::Grid { width } => {
            least("width", *width, 1)?;
            4 * replicas
        }
        Topology::RandomRegular { degree, graph } => {
            least("degree", *degree, 2)?;
            if *graph > MAX_GRAPH {
                let wrong = format!("`graph` is {graph}; it must be between 0 and {MAX_GRAPH}");
                return problem(path("graph"), wrong);
            }
            if *degree >= replicas {
                let wrong = format!(
                    "`degree` is {degree}; with {replicas} replicas each has at most {} neighbours",
                    replicas - 1
                );
                return problem(path("degree"), wrong);
            }
            if degree % 2 == 1 && replicas % 2 == 1 {
                let wrong = format!(
                    "`degree` is {degree}; with {replicas} replicas not all can have as many \
                     neighbours: one of the two numbers must be even"
                );
                return problem(path("degree"), wrong);
            }
            replicas.saturating_mul(*degree)
        }
        Topology::Hierarchy { regions, gateways, edges } => {
            for (key, value) in [("regions", regions), ("gateways", gateways), ("edges", edges)] {
                least(key, *value, 1)?;
            }
            let made_of = scenario.topology.replicas().filter(|made_of| *made_of <= MAX_REPLICAS);
            let Some(made_of) = made_of else {
                let wrong = format!("the hierarchy has more than {MAX_REPLICAS} replicas");
                return problem([Key("topology")], wrong);
            };
            if made_of != replicas {
                let wrong = format!(
                    "`replicas` is {replicas}, but the hierarchy is made of {made_of}; leave \
                     `replicas` out"
                );
                return problem([Key("replicas")], wrong);
            }
            2 * replicas
        }
        Topology::Links { links } => {
            for (at, pair) in links.iter().enumerate() {
                let place = |member| [Key("topology"), Key("links"), Index(at), Index(member)];
                for (member, &address) in pair.iter().enumerate() {
                    if !(1..=replicas).contains(&address) {
                        return problem(place(member), absent(address, replicas));
                    }
                }
                if pair[0] == pair[1] {
                    let wrong = format!("a link from {} to itself", pair[0]);
                    return problem(place(1), wrong);
                }
            }
            2 * links.len() as u64
        }
    };
    if links > MAX_LINKS {
        let name = scenario.topology.name();
        let wrong = format!(
            "a {name} of {replicas} replicas has {links} links; at most {MAX_LINKS} can be simulated"
        );
        return problem([Key("replicas")], wrong);
    }
    // Each partition says who is on which side, or which links it cuts, each time that it comes.
    let most = MAX_PARTED / links.max(replicas);
    if scenario.partitions > most {
        let partitions = scenario.partitions;
        let wrong = format!(
            "`partitions` is {partitions}; with {replicas} replicas and {links} links there can be \
             {most}"
        );
        return problem([Key("partitions")], wrong);
    }
    connected(scenario)
}

/// Whoever cannot be reached can never settle.
fn connected(scenario: &Scenario) -> Result<(), Problem> {
    let written = matches!(scenario.topology, Topology::Links { .. });
    if !written && scenario.leave.is_empty() {
        return Ok(()); // all others are connected by their making
    }
    let gone = absent_at_the_end(scenario);
    let neighbours = scenario.topology.neighbours(scenario.replicas as usize);
    let there = |index: usize| gone.binary_search(&(index as u64 + 1)).is_err();
    let Some(first) = (0..neighbours.len()).find(|&index| there(index)) else {
        return problem([Key("leave")], "all replicas leave; somebody must stay".to_owned());
    };
    let mut reached = vec![false; neighbours.len()];
    reached[first] = true;
    let mut open = vec![first];
    while let Some(at) = open.pop() {
        for &next in &neighbours[at] {
            let next = next as usize;
            if there(next) && !std::mem::replace(&mut reached[next], true) {
                open.push(next);
            }
        }
    }
    match (0..neighbours.len()).find(|&index| there(index) && !reached[index]) {
        None => Ok(()),
        Some(alone) => {
            let after = if gone.is_empty() { "" } else { " once all have left that will" };
            let wrong = format!(
                "r{} and r{} are not connected{after}, so they could never agree",
                first + 1,
                alone + 1
            );
            problem([Key(if gone.is_empty() { "topology" } else { "leave" })], wrong)
        }
    }
}

impl Scenario {
    /// How far ahead a stamp may be that replicas accept.
    pub(crate) fn max_ahead_ms(&self) -> u64 {
        self.config.max_ahead_ms.unwrap_or(Config::default().max_ahead_ms)
    }
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
