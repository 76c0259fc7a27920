//! Whether a scenario can be run.
//!
//! Every rule names the key it is about by its path, and the place in the text is found from there:
//! one set of rules serves files and programs.

use rejoin_crdts::sync::{Config, MAX_WALL_MS};
use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::timetable::{Written, absent_at_the_end, contradiction};
use super::{Bandwidth, Latency, PartitionKind, Scenario, ScenarioError, Topology, shape};
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
/// The most operations of a scenario.
pub(super) const MAX_OPS: u64 = 100_000_000;
/// The greatest weight of a replica, or of a moment.
pub(super) const MAX_SHARE: u64 = 1_000_000;
/// The most different operations in a pool.
pub(super) const MAX_POOL: u64 = 1_000_000;
/// The most clients.
pub(super) const MAX_CLIENTS: u64 = 1_000_000;
/// The greatest depth of probabilistic concurrency testing.
pub(super) const MAX_PCT: u64 = 1_000;
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
    between("ops", scenario.ops, 1, MAX_OPS)?;
    between("duration_ms", scenario.duration_ms, 1, MAX_MS)?;
    between("settle_ms", scenario.settle_ms, 1, MAX_MS)?;
    // Beyond it replicas refuse each other's messages for as long as the run lasts.
    between("skew_ms", scenario.skew_ms, 0, scenario.max_ahead_ms().min(MAX_MS))?;
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
        Topology::RandomRegular { degree } => {
            least("degree", *degree, 2)?;
            if *degree >= replicas {
                let wrong = format!(
                    "`degree` is {degree}; with {replicas} replicas each has at most {} neighbours",
                    replicas - 1
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
        let wrong =
            format!("a {name} of {replicas} replicas has {links} links; {MAX_LINKS} are possible");
        return problem([Key("replicas")], wrong);
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
            let wrong = format!("r{} and r{} are not connected{after}", first + 1, alone + 1);
            problem([Key(if gone.is_empty() { "topology" } else { "leave" })], wrong)
        }
    }
}

fn network(scenario: &Scenario) -> Result<(), Problem> {
    let probability = |path: Vec<Step>, key: &str, probability: f64| {
        if (0.0..=1.0).contains(&probability) {
            return Ok(());
        }
        let probability = short(probability);
        let message = format!("`{key}` is {probability}; a probability is between 0 and 1");
        Err(Problem { path, message })
    };
    for (key, value) in [
        ("loss", scenario.loss),
        ("duplicate", scenario.duplicate),
        ("reorder", scenario.reorder),
        ("redeliver", scenario.redeliver),
        ("corrupt", scenario.corrupt),
    ] {
        probability(vec![Key(key)], key, value)?;
    }
    latency(&[Key("latency")], &scenario.latency)?;
    if let Some(width) = scenario.bandwidth {
        bandwidth(&[Key("bandwidth")], width)?;
    }
    for (at, link) in scenario.link.iter().enumerate() {
        let path = |key| vec![Key("link"), Index(at), Key(key)];
        for (key, members) in [("from", &link.from), ("to", &link.to)] {
            let stranger = members.iter().position(|it| !(1..=scenario.replicas).contains(it));
            if let Some(member) = stranger {
                let message = absent(members[member], scenario.replicas);
                return Err(Problem { path: [path(key), vec![Index(member)]].concat(), message });
            }
        }
        for (key, value) in [
            ("loss", link.loss),
            ("duplicate", link.duplicate),
            ("reorder", link.reorder),
            ("redeliver", link.redeliver),
            ("corrupt", link.corrupt),
        ] {
            if let Some(value) = value {
                probability(path(key), key, value)?;
            }
        }
        if let Some(other) = &link.latency {
            latency(&path("latency"), other)?;
        }
        if let Some(width) = link.bandwidth {
            bandwidth(&path("bandwidth"), width)?;
        }
    }
    Ok(())
}

fn bandwidth(path: &[Step], width: Bandwidth) -> Result<(), Problem> {
    for (key, value) in [("bytes_per_s", width.bytes_per_s), ("buffer_bytes", width.buffer_bytes)] {
        if !(1..=MAX_BYTES).contains(&value) {
            let message = format!("`{key}` is {value}; it must be between 1 and {MAX_BYTES}");
            return Err(Problem { path: [path, &[Key(key)]].concat(), message });
        }
    }
    Ok(())
}

fn latency(path: &[Step], latency: &Latency) -> Result<(), Problem> {
    let within = |key: &'static str, value: f64, most: f64| {
        if (0.0..=most).contains(&value) {
            return Ok(());
        }
        let message = format!("`{key}` is {}; it must be between 0 and {most}", short(value));
        Err(Problem { path: [path, &[Key(key)]].concat(), message })
    };
    let most_ms = MAX_LATENCY_MS;
    match *latency {
        Latency::Constant { ms } => within("ms", ms, most_ms),
        Latency::Uniform { min_ms, max_ms } => {
            within("min_ms", min_ms, most_ms)?;
            within("max_ms", max_ms, most_ms)?;
            if max_ms < min_ms {
                let message = format!("`max_ms` is {max_ms}, below `min_ms`, which is {min_ms}");
                return Err(Problem { path: [path, &[Key("max_ms")]].concat(), message });
            }
            Ok(())
        }
        Latency::Exponential { mean_ms } => within("mean_ms", mean_ms, most_ms),
        Latency::LogNormal { median_ms, sigma } => {
            within("median_ms", median_ms, most_ms)?;
            within("sigma", sigma, MAX_SIGMA)
        }
        Latency::Pareto { min_ms, alpha } => {
            within("min_ms", min_ms, most_ms)?;
            if !(MIN_ALPHA..=MAX_ALPHA).contains(&alpha) {
                let message = format!(
                    "`alpha` is {}; it must be between {MIN_ALPHA} and {MAX_ALPHA}",
                    short(alpha)
                );
                return Err(Problem { path: [path, &[Key("alpha")]].concat(), message });
            }
            Ok(())
        }
    }
}

fn faults(scenario: &Scenario) -> Result<(), Problem> {
    let exists = |path: &dyn Fn(&'static str) -> [Step; 3], replica: u64| {
        if (1..=scenario.replicas).contains(&replica) {
            return Ok(());
        }
        problem(path("replica"), absent(replica, scenario.replicas))
    };
    for (at, partition) in scenario.partition.iter().enumerate() {
        let path = |key| [Key("partition"), Index(at), Key(key)];
        let spell = Spell { begin_ms: partition.at_ms, end_ms: partition.heal_ms, end: "heal_ms" };
        spell.check(scenario, path)?;
        groups(scenario, at)?;
    }
    for (at, crash) in scenario.crash.iter().enumerate() {
        let path = |key| [Key("crash"), Index(at), Key(key)];
        exists(&path, crash.replica)?;
        let spell = Spell { begin_ms: crash.at_ms, end_ms: crash.restart_ms, end: "restart_ms" };
        spell.check(scenario, path)?;
    }
    for (at, pause) in scenario.pause.iter().enumerate() {
        let path = |key| [Key("pause"), Index(at), Key(key)];
        exists(&path, pause.replica)?;
        let spell = Spell { begin_ms: pause.at_ms, end_ms: pause.resume_ms, end: "resume_ms" };
        spell.check(scenario, path)?;
    }
    for (at, clock) in scenario.clock.iter().enumerate() {
        let path = |key| [Key("clock"), Index(at), Key(key)];
        exists(&path, clock.replica)?;
        let spell = Spell { begin_ms: clock.at_ms, end_ms: clock.until_ms, end: "until_ms" };
        spell.check(scenario, path)?;
        wrong_clock(scenario, at)?;
    }
    let moves = scenario.join.iter().map(|join| (join.replica, join.at_ms)).enumerate();
    let moves = moves.map(|it| ("join", it)).chain(
        scenario
            .leave
            .iter()
            .map(|leave| (leave.replica, leave.at_ms))
            .enumerate()
            .map(|it| ("leave", it)),
    );
    for (table, (at, (replica, at_ms))) in moves {
        let path = |key| [Key(table), Index(at), Key(key)];
        exists(&path, replica)?;
        Spell { begin_ms: at_ms, end_ms: None, end: "" }.check(scenario, path)?;
    }
    match contradiction(scenario) {
        None => Ok(()),
        Some((Written { table, index }, wrong)) => {
            problem([Key(table), Index(index), Key("at_ms")], wrong)
        }
    }
}

/// One of four things happens to a clock, and it is nothing that keeps replicas from ever agreeing.
fn wrong_clock(scenario: &Scenario, at: usize) -> Result<(), Problem> {
    let clock = &scenario.clock[at];
    let path = |key| [Key("clock"), Index(at), Key(key)];
    let said =
        [clock.jump_ms.is_some(), clock.drift_ppm.is_some(), clock.stop, clock.set_ms.is_some()];
    if said.into_iter().filter(|&said| said).count() != 1 {
        return problem(
            [Key("clock"), Index(at)],
            "a fault of a clock is one of `jump_ms`, `drift_ppm`, `stop = true` and `set_ms`"
                .to_owned(),
        );
    }
    let max_ahead_ms = scenario.max_ahead_ms();
    let refused = |key: &'static str, ahead_ms: u64| {
        if ahead_ms <= max_ahead_ms {
            return Ok(());
        }
        problem(
            path(key),
            format!(
                "the clock would be {ahead_ms} ms ahead; what is stamped more than \
                 {max_ahead_ms} ms ahead (`max_ahead_ms`) is refused by everybody as long as the \
                 run lasts"
            ),
        )
    };
    if let Some(jump_ms) = clock.jump_ms {
        refused("jump_ms", u64::try_from(jump_ms).unwrap_or(0))?;
    }
    if let Some(drift_ppm) = clock.drift_ppm {
        if drift_ppm.unsigned_abs() > MAX_DRIFT_PPM {
            let wrong = format!(
                "`drift_ppm` is {drift_ppm}; it must be between -{MAX_DRIFT_PPM} and {MAX_DRIFT_PPM}"
            );
            return problem(path("drift_ppm"), wrong);
        }
        let spell_ms = clock.until_ms.unwrap_or(scenario.duration_ms) - clock.at_ms;
        let fast = u128::try_from(drift_ppm).unwrap_or(0);
        refused("drift_ppm", (u128::from(spell_ms) * fast / 1_000_000) as u64)?;
    }
    if let Some(set_ms) = clock.set_ms
        && set_ms < MAX_WALL_MS
    {
        refused("set_ms", set_ms.saturating_sub(clock.at_ms))?;
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
    let partition = &scenario.partition[at];
    let (groups, kind) = (&partition.groups, partition.kind);
    let path = |key| [Key("partition"), Index(at), Key(key)];
    if let Some(flap_ms) = partition.flap_ms
        && !(1..=MAX_MS).contains(&flap_ms)
    {
        let wrong = format!("`flap_ms` is {flap_ms}; it must be between 1 and {MAX_MS}");
        return problem(path("flap_ms"), wrong);
    }
    if let Some(share) = partition.share {
        if kind != PartitionKind::Partial {
            let wrong = "`share` is about partitions of the kind \"partial\"".to_owned();
            return problem(path("share"), wrong);
        }
        if !(0.0..=1.0).contains(&share) {
            let wrong = format!("`share` is {}; it must be between 0 and 1", short(share));
            return problem(path("share"), wrong);
        }
    }
    let mut named = BTreeSet::new();
    for (g, group) in groups.iter().enumerate() {
        let [table, index, key] = path("groups");
        if group.is_empty() {
            return problem([table, index, key, Index(g)], "a group is empty".to_owned());
        }
        for (m, &member) in group.iter().enumerate() {
            let place = [table, index, key, Index(g), Index(m)];
            if !(1..=scenario.replicas).contains(&member) {
                return problem(place, absent(member, scenario.replicas));
            }
            if !named.insert(member) {
                return problem(place, format!("replica {member} is in the groups twice"));
            }
        }
    }
    let name = kind.name();
    let rest = u64::from((named.len() as u64) < scenario.replicas);
    match kind {
        PartitionKind::Ring | PartitionKind::Partial if !groups.is_empty() => problem(
            path("groups"),
            format!("a partition of the kind \"{name}\" has no `groups`: it is about all replicas"),
        ),
        PartitionKind::Ring if scenario.replicas < 4 => {
            problem(path("kind"), "among fewer than 4 replicas a ring cuts nothing".to_owned())
        }
        PartitionKind::Ring | PartitionKind::Partial => Ok(()),
        PartitionKind::Bridge if groups.len() < 2 || rest == 0 => problem(
            path("groups"),
            "a bridge needs two groups, and somebody between them who is in neither".to_owned(),
        ),
        PartitionKind::Isolate if named.is_empty() => problem(
            path("groups"),
            "`groups` isolate nobody; name at least one replica, as in [[3]]".to_owned(),
        ),
        PartitionKind::Groups | PartitionKind::OneWay if (groups.len() as u64) + rest < 2 => {
            problem(
                path("groups"),
                "`groups` cut nothing; give at least one group that leaves somebody out".to_owned(),
            )
        }
        PartitionKind::OneWay if groups.is_empty() => problem(
            path("groups"),
            "`groups` cut nothing; the first group is who is not heard".to_owned(),
        ),
        _ => Ok(()),
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
