//! Links and what they do to messages.

use std::cell::OnceCell;

use super::Step::{Index, Key};
use super::{
    MAX_ALPHA, MAX_BYTES, MAX_LATENCY_MS, MAX_SIGMA, MIN_ALPHA, Problem, Step, absent, short,
};
use crate::scenario::{Bandwidth, Latency, Link, Scenario};

pub(super) fn network(scenario: &Scenario) -> Result<(), Problem> {
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

/// Every rule is about some link, and says something of it.
pub(super) fn effective(scenario: &Scenario) -> Result<(), Problem> {
    let neighbours = OnceCell::new();
    for (at, link) in scenario.link.iter().enumerate() {
        let wrong = |message| Err(Problem { path: vec![Key("link"), Index(at)], message });
        let Link { from, to, .. } = link;
        if *link == (Link { from: from.clone(), to: to.clone(), ..Link::default() }) {
            return wrong(
                "this `link` says nothing of its links; give it a key as `loss`".to_owned(),
            );
        }
        if from.is_empty() || to.is_empty() {
            continue;
        }
        let neighbours =
            neighbours.get_or_init(|| scenario.topology.neighbours(scenario.replicas as usize));
        let linked = |from: u64, to: u64| {
            neighbours[from as usize - 1].binary_search(&(to as u32 - 1)).is_ok()
        };
        if !from.iter().any(|&from| to.iter().any(|&to| linked(from, to))) {
            let name = scenario.topology.name();
            return wrong(format!(
                "no link from {from:?} to {to:?} is in the topology, \"{name}\": this says something of none"
            ));
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
