//! What was drawn: the whole configuration of a run in a few lines.

use std::collections::BTreeMap;

use rejoin_sim::scenario::{Disk, Latency, Topology};
use rejoin_sim::trace::{Decisions, Fault};
use rejoin_sim::{Outcome, Scenario};

use super::counts;
use super::line::{Line, Style};
use super::text::{count, ms, percent};

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
    items.extend(
        scenario.partition.iter().map(|cut| {
            fault_cut(&cut.groups, cut.at_ms, cut.heal_ms.unwrap_or(scenario.duration_ms))
        }),
    );
    items.extend(scenario.crash.iter().map(|crash| {
        let back = crash.restart_ms.unwrap_or(scenario.duration_ms);
        fault_crash(crash.replica, crash.at_ms, Some(back), crash.disk)
    }));
    if scenario.partitions > 0 {
        items.push(count(scenario.partitions, "drawn partition"));
    }
    if scenario.crashes > 0 {
        items.push(count(scenario.crashes, "drawn crash").replace("crashs", "crashes"));
    }
    flow(items, width)
}

fn subject(scenario: &Scenario, policy: &str) -> Vec<String> {
    let mut operations = count(scenario.ops, "operation");
    if !scenario.shares.is_empty() {
        let weights: Vec<String> = scenario.shares.iter().map(u64::to_string).collect();
        operations.push_str(&format!(" shared {}", weights.join(":")));
    }
    vec![
        format!("{} by {policy}", scenario.subject),
        format!("{} in a {}", count(scenario.replicas, "replica"), topology(scenario.topology)),
        format!("{operations} in {}", ms(scenario.duration_ms)),
    ]
}

fn topology(topology: Topology) -> &'static str {
    match topology {
        Topology::Mesh => "mesh",
        Topology::Chain => "chain",
        Topology::Ring => "ring",
        Topology::Star => "star",
        _ => "network",
    }
}

fn network(scenario: &Scenario, decisions: Option<&Decisions>) -> Vec<String> {
    let mut items = vec![latency(scenario.latency)];
    for (name, probability) in [
        ("loss", scenario.loss),
        ("duplicates", scenario.duplicate),
        ("reordering", scenario.reorder),
    ] {
        items.push(format!("{name} {}", percent(probability)));
    }
    if scenario.skew_ms > 0 {
        let drawn = decisions.map(|decisions| {
            let ahead: Vec<String> = decisions.clock_ahead_ms.iter().map(u64::to_string).collect();
            format!("clocks ahead by {} ms", ahead.join(", "))
        });
        items.push(drawn.unwrap_or_else(|| format!("clock skew up to {}", ms(scenario.skew_ms))));
    }
    if let Some(gossip_ms) = scenario.config.gossip_ms {
        items.push(format!("gossip every {}", ms(gossip_ms)));
    }
    items.push(format!("{} to settle", ms(scenario.settle_ms)));
    items
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
        other => format!("latency {other:?}"),
    }
}

/// The partitions and crashes as they were decided, each with its end.
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
        match &decision.fault {
            Fault::Cut { cut, groups } => {
                items.push(match heals.get(cut) {
                    Some(&heal_ms) => fault_cut(groups, at_ms, heal_ms),
                    None => format!("cut {} at {}", groups_in_words(groups), ms(at_ms)),
                });
            }
            Fault::Crash { replica, disk } => {
                let back = decisions.faults[at..].iter().find(
                    |later| matches!(later.fault, Fault::Restart { replica: back } if back == *replica),
                );
                let back_ms = back.map(|back| back.at_us.as_ms());
                items.push(fault_crash(*replica, at_ms, back_ms, *disk));
            }
            _ => {}
        }
    }
    items
}

fn fault_cut(groups: &[Vec<u64>], at_ms: u64, heal_ms: u64) -> String {
    format!("cut {} from {} to {}", groups_in_words(groups), ms(at_ms), ms(heal_ms))
}

fn fault_crash(replica: u64, at_ms: u64, back_ms: Option<u64>, disk: Disk) -> String {
    let back = back_ms.map(|back_ms| format!(" to {}", ms(back_ms))).unwrap_or_default();
    format!("r{replica} down from {}{back}, {}", ms(at_ms), disk_in_words(disk))
}

/// `disk kept` or `disk lost`.
pub(crate) fn disk_in_words(disk: Disk) -> &'static str {
    match disk {
        Disk::Kept => "disk kept",
        Disk::Lost => "disk lost",
        _ => "disk damaged",
    }
}

/// `r1 r2 | r3`; a single group is cut off from all others.
pub(crate) fn groups_in_words(groups: &[Vec<u64>]) -> String {
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
