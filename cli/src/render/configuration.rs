//! What was drawn: the whole configuration of a run in a few lines.

use std::collections::BTreeMap;

use rejoin_sim::scenario::{Bandwidth, Caps, Disk, Latency, Link, PartitionKind, Topology};
use rejoin_sim::trace::{ClockChange, Decisions, Fault, Rest};
use rejoin_sim::{Outcome, Scenario, Swarm, Trouble};

use super::counts;
use super::line::{Line, Style};
use super::text::{bytes, count, ms, percent, wrap};

/// The lines for a run: what and where, the network, the faults, all of it. `remark` is on the
/// seed.
pub(crate) fn of_run(outcome: &Outcome, remark: &str, width: usize) -> Vec<Line> {
    let mut items = subject(&outcome.scenario, &outcome.policy);
    items.push(format!("seed {}{remark}", outcome.seed));
    items.extend(network(&outcome.scenario, Some(&outcome.decisions)));
    items.extend(drawn_faults(&outcome.decisions));
    flow(items, width)
}

/// The lines for a campaign, whose runs each draw their own.
pub(crate) fn of_campaign(scenario: &Scenario, policy: &str, width: usize) -> Vec<Line> {
    let mut items = subject(scenario, policy);
    items.extend(network(scenario, None));
    items.extend(written_faults(scenario));
    for (number, one, many) in [
        (scenario.partitions, "drawn partition", "drawn partitions"),
        (scenario.crashes, "drawn crash", "drawn crashes"),
        (scenario.pauses, "drawn pause", "drawn pauses"),
        (scenario.clocks, "drawn clock fault", "drawn clock faults"),
        (scenario.churn, "replica replaced", "replicas replaced"),
    ] {
        match number {
            0 => {}
            1 => items.push(format!("1 {one}")),
            _ => items.push(format!("{} {many}", super::thousands(number))),
        }
    }
    flow(items, width)
}

/// The lines for a campaign of a swarm: what all runs have, and what each draws.
pub(crate) fn of_swarm(
    scenario: &Scenario,
    swarm: &Swarm,
    policy: &str,
    width: usize,
) -> Vec<Line> {
    let mut items = vec![
        format!("{} by {policy}", scenario.subject),
        format!(
            "up to {} in {}",
            count(scenario.ops.max(8), "operation"),
            ms(scenario.duration_ms)
        ),
        format!("{} to settle", ms(scenario.settle_ms)),
    ];
    items.extend(written_faults(scenario));
    let mut lines = flow(items, width);
    let kinds: Vec<&str> = swarm.troubles().map(Trouble::name).collect();
    let drawn = format!(
        "drawn for each seed: sizes, topology, latency, operations, and any of {}",
        kinds.join(", ")
    );
    lines.extend(wrap(&drawn, width).into_iter().map(Line::from));
    lines
}

fn written_faults(scenario: &Scenario) -> Vec<String> {
    let mut items = Vec::new();
    items.extend(scenario.partition.iter().map(|cut| {
        let heal_ms = cut.heal_ms.unwrap_or(scenario.duration_ms);
        let flapping = if cut.flap_ms.is_some() { ", flapping" } else { "" };
        format!("{}{flapping}", fault_cut(cut.kind, &cut.groups, cut.at_ms, heal_ms))
    }));
    items.extend(scenario.crash.iter().map(|crash| {
        let back = crash.restart_ms.unwrap_or(scenario.duration_ms);
        fault_crash(crash.replica, crash.at_ms, Some(back), crash.disk)
    }));
    for pause in &scenario.pause {
        let resume_ms = pause.resume_ms.unwrap_or(scenario.duration_ms);
        items.push(fault_pause(pause.replica, pause.at_ms, Some(resume_ms)));
    }
    for clock in &scenario.clock {
        items.push(format!("r{} a wrong clock from {}", clock.replica, ms(clock.at_ms)));
    }
    for join in &scenario.join {
        items.push(format!("r{} joins at {}", join.replica, ms(join.at_ms)));
    }
    for leave in &scenario.leave {
        items.push(format!("r{} leaves at {}", leave.replica, ms(leave.at_ms)));
    }
    items
}

fn subject(scenario: &Scenario, policy: &str) -> Vec<String> {
    let mut operations = count(scenario.ops, "operation");
    if !scenario.shares.is_empty() {
        let weights: Vec<String> = scenario.shares.iter().map(u64::to_string).collect();
        operations.push_str(&format!(" shared {}", weights.join(":")));
    }
    let mut items = vec![
        format!("{} by {policy}", scenario.subject),
        format!("{} in a {}", count(scenario.replicas, "replica"), topology(&scenario.topology)),
        format!("{operations} in {}", ms(scenario.duration_ms)),
    ];
    if let Some(pool) = scenario.pool {
        items.push(format!("{pool} different"));
    }
    if let Some(writers) = scenario.writers {
        items.push(format!("at {}", count(writers, "replica")));
    }
    if !scenario.load.is_empty() {
        let rates: Vec<String> =
            scenario.load.iter().map(|at| format!("{} at {}", at.rate, ms(at.at_ms))).collect();
        items.push(format!("load {}", rates.join(", ")));
    }
    items
}

fn topology(topology: &Topology) -> String {
    match topology {
        Topology::Tree { arity } => format!("tree of arity {arity}"),
        Topology::Grid { width } => format!("grid {width} wide"),
        Topology::RandomRegular { degree, graph } => {
            format!("random graph {graph} of degree {degree}")
        }
        Topology::Hierarchy { regions, gateways, edges } => {
            format!("hierarchy of {regions} × {gateways} × {edges}")
        }
        Topology::Links { .. } => "network of given links".to_owned(),
        _ => topology.name().to_owned(),
    }
}

fn network(scenario: &Scenario, decisions: Option<&Decisions>) -> Vec<String> {
    // Priorities take the place of latencies.
    let mut items = vec![match scenario.pct {
        Some(depth) => format!("priorities of depth {depth} instead of latencies"),
        None => latency(scenario.latency),
    }];
    let shrunk = decisions.is_some_and(|decisions| decisions.rest == Rest::Lost);
    if shrunk {
        items.push("nothing is heard but what is shown".to_owned());
    }
    for (name, probability) in [
        ("loss", scenario.loss),
        ("duplicates", scenario.duplicate),
        ("reordering", scenario.reorder),
    ] {
        if !shrunk || probability > 0.0 {
            items.push(format!("{name} {}", percent(probability)));
        }
    }
    for (name, probability) in
        [("old messages again", scenario.redeliver), ("damage", scenario.corrupt)]
    {
        if probability > 0.0 {
            items.push(format!("{name} {}", percent(probability)));
        }
    }
    items.extend(scenario.bandwidth.map(bandwidth));
    match scenario.link.as_slice() {
        // What is drawn for one run is said; what would fill a page is counted.
        few if few.len() <= 4 => items.extend(few.iter().map(link)),
        many => items.push(format!("{} rules for links", super::thousands(many.len() as u64))),
    }
    if let Some(clients) = scenario.clients {
        let with = if clients.token { " with tokens" } else { "" };
        let roaming = format!("{}{with}", count(clients.count, "client"));
        items.push(format!("{roaming}, roaming {}", percent(clients.roam)));
    }
    if scenario.skew_ms > 0 {
        let drawn = decisions.map(|decisions| {
            let ahead: Vec<String> =
                decisions.clocks.iter().map(|clock| clock.ahead_ms.to_string()).collect();
            format!("clocks ahead by {} ms", ahead.join(", "))
        });
        items.push(drawn.unwrap_or_else(|| format!("clock skew up to {}", ms(scenario.skew_ms))));
    }
    if scenario.drift_ppm > 0 {
        items.push(format!("clocks drift by up to {} ppm", scenario.drift_ppm));
    }
    items.extend(caps(&scenario.config));
    items.push(format!("{} to settle", ms(scenario.settle_ms)));
    if let Some(checks) = &scenario.checks {
        let names: Vec<&str> = checks.iter().map(|class| class.name()).collect();
        let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        items.push(format!("checked: {names}"));
    }
    items
}

fn bandwidth(bandwidth: Bandwidth) -> String {
    let Bandwidth { bytes_per_s, buffer_bytes } = bandwidth;
    format!("{} a second on a link, {} wait", bytes(bytes_per_s), bytes(buffer_bytes))
}

/// `r1 to r2 r3: loss 40 %`: a rule for links.
fn link(link: &Link) -> String {
    let named = |addresses: &[u64]| match addresses {
        [] => "any".to_owned(),
        _ => addresses.iter().map(|address| format!("r{address}")).collect::<Vec<_>>().join(" "),
    };
    let mut rules: Vec<String> = link.latency.map(latency).into_iter().collect();
    for (name, probability) in [
        ("loss", link.loss),
        ("duplicates", link.duplicate),
        ("reordering", link.reorder),
        ("old messages again", link.redeliver),
        ("damage", link.corrupt),
    ] {
        rules.extend(probability.map(|probability| format!("{name} {}", percent(probability))));
    }
    rules.extend(link.bandwidth.map(bandwidth));
    let rules = if rules.is_empty() { "nothing special".to_owned() } else { rules.join(", ") };
    format!("{} to {}: {rules}", named(&link.from), named(&link.to))
}

fn caps(caps: &Caps) -> Vec<String> {
    let times = [
        (caps.gossip_ms, "gossip every"),
        (caps.heartbeat_ms, "heartbeat every"),
        (caps.max_ahead_ms, "stamps ahead by up to"),
    ];
    let sizes = [
        (caps.buffer, "buffer"),
        (caps.batch, "batch"),
        (caps.window, "window"),
        (caps.snapshot_every, "snapshot every"),
    ];
    let times = times.into_iter().filter_map(|(cap, what)| Some(format!("{what} {}", ms(cap?))));
    let sizes = sizes.into_iter().filter_map(|(cap, what)| Some(format!("{what} {}", cap?)));
    times.chain(sizes).collect()
}

fn latency(latency: Latency) -> String {
    match latency {
        Latency::Constant { ms } => format!("latency {ms} ms"),
        Latency::Uniform { min_ms, max_ms } => format!("latency {min_ms}–{max_ms} ms"),
        Latency::Exponential { mean_ms } => {
            format!("latency {mean_ms} ms on average (exponential)")
        }
        Latency::LogNormal { median_ms, sigma } => {
            format!("latency around {median_ms} ms (log-normal, σ {sigma})")
        }
        Latency::Pareto { min_ms, alpha } => {
            format!("latency from {min_ms} ms (Pareto, α {alpha})")
        }
        other => format!("latency {other:?}"),
    }
}

/// More faults than this are only counted.
const SHOWN: usize = 12;

/// The faults as they were decided, each with its end.
fn drawn_faults(decisions: &Decisions) -> Vec<String> {
    let mut items = Vec::new();
    let mut heals = BTreeMap::new();
    for decision in &decisions.faults {
        if let Fault::Heal { cut } = decision.fault {
            heals.insert(cut, decision.at_us.as_ms());
        }
    }
    for (at, decision) in decisions.faults.iter().enumerate() {
        let at_ms = decision.at_us.as_ms();
        let later = &decisions.faults[at..];
        let next = |is: &dyn Fn(&Fault) -> bool| {
            later.iter().find(|later| is(&later.fault)).map(|later| later.at_us.as_ms())
        };
        match &decision.fault {
            Fault::Cut { cut, kind, groups } => {
                items.push(match heals.get(cut) {
                    Some(&heal_ms) => fault_cut(*kind, groups, at_ms, heal_ms),
                    None => format!("cut {} at {}", cut_in_words(*kind, groups), ms(at_ms)),
                });
            }
            Fault::Crash { replica, disk } => {
                let back_ms = next(
                    &|later| matches!(later, Fault::Restart { replica: back, .. } if back == replica),
                );
                items.push(fault_crash(*replica, at_ms, back_ms, *disk));
            }
            Fault::Pause { replica } => {
                let resume_ms = next(
                    &|later| matches!(later, Fault::Resume { replica: back } if back == replica),
                );
                items.push(fault_pause(*replica, at_ms, resume_ms));
            }
            Fault::Clock { change: ClockChange::Right, .. } => {}
            Fault::Clock { replica, change } => {
                items.push(format!(
                    "r{replica}'s clock {} at {}",
                    clock_in_words(*change),
                    ms(at_ms)
                ));
            }
            Fault::Join { replica } => items.push(format!("r{replica} joins at {}", ms(at_ms))),
            Fault::Leave { replica } => items.push(format!("r{replica} leaves at {}", ms(at_ms))),
            _ => {}
        }
    }
    if items.len() > SHOWN {
        let more = items.len() - SHOWN;
        items.truncate(SHOWN);
        items.push(count(more as u64, "more fault"));
    }
    items
}

fn fault_cut(kind: PartitionKind, groups: &[Vec<u64>], at_ms: u64, heal_ms: u64) -> String {
    format!("cut {} from {} to {}", cut_in_words(kind, groups), ms(at_ms), ms(heal_ms))
}

fn fault_pause(replica: u64, at_ms: u64, resume_ms: Option<u64>) -> String {
    let until = resume_ms.map(|resume_ms| format!(" to {}", ms(resume_ms))).unwrap_or_default();
    format!("r{replica} paused from {}{until}", ms(at_ms))
}

/// `jumps by -3 s`: what happens to a clock.
pub(crate) fn clock_in_words(change: ClockChange) -> String {
    match change {
        ClockChange::Jump(by_ms) if by_ms < 0 => {
            format!("jumps back by {}", ms(by_ms.unsigned_abs()))
        }
        ClockChange::Jump(by_ms) => format!("jumps ahead by {}", ms(by_ms.unsigned_abs())),
        ClockChange::Drift(ppm) => format!("drifts by {ppm} ppm"),
        ClockChange::Stop => "stops".to_owned(),
        ClockChange::Set(0) => "is set to 0".to_owned(),
        ClockChange::Set(to_ms) => format!("is set to {to_ms} ms"),
        ClockChange::Right => "is put right".to_owned(),
        other => format!("{other:?}"),
    }
}

fn fault_crash(replica: u64, at_ms: u64, back_ms: Option<u64>, disk: Disk) -> String {
    let back = back_ms.map(|back_ms| format!(" to {}", ms(back_ms))).unwrap_or_default();
    format!("r{replica} down from {}{back}, {}", ms(at_ms), disk_in_words(disk))
}

/// `disk kept` or `disk lost`.
pub(crate) fn disk_in_words(disk: Disk) -> &'static str {
    match disk {
        Disk::Kept => "disk kept",
        Disk::RolledBack => "disk rolled back",
        Disk::Partly => "disk partly kept",
        Disk::Lost => "disk lost",
        _ => "disk damaged",
    }
}

/// `r1 r2 | r3`, `r1 r2 → r3`, `r1 | r2 beside the bridge`: what a partition cuts.
pub(crate) fn cut_in_words(kind: PartitionKind, groups: &[Vec<u64>]) -> String {
    match kind {
        PartitionKind::OneWay => {
            let (first, rest) = groups.split_at(groups.len().min(1));
            let others =
                if rest.is_empty() { "the others".to_owned() } else { groups_in_words(rest) };
            let others = others.replace(" | the others", "").replace(" | ", " ");
            format!("{} not heard by {others}", groups_in_words(first).replace(" | the others", ""))
        }
        PartitionKind::Bridge => format!("{} but for a bridge", groups_in_words(groups)),
        PartitionKind::Ring => "all but a ring".to_owned(),
        PartitionKind::Isolate => {
            let alone: Vec<u64> = groups.iter().flatten().copied().collect();
            format!("{} from everybody", groups_in_words(&[alone]).replace(" | the others", ""))
        }
        PartitionKind::Partial => count(groups.len() as u64, "link"),
        _ => groups_in_words(groups),
    }
}

/// `r1 r2 | r3`; a single group is cut off from all others.
fn groups_in_words(groups: &[Vec<u64>]) -> String {
    let group = |members: &Vec<u64>| {
        let names: Vec<String> = members.iter().map(|member| format!("r{member}")).collect();
        names.join(" ")
    };
    let sides: Vec<String> = groups.iter().map(group).collect();
    match sides.as_slice() {
        [only] => format!("{only} | the others"),
        _ => sides.join(" | "),
    }
}

/// The items one after the other, broken between them.
fn flow(items: Vec<String>, width: usize) -> Vec<Line> {
    counts::flow(None, items.into_iter().map(|item| (Style::Plain, item)).collect(), width)
}
