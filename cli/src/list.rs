//! `rejoin list`: everything that has a name.

use std::collections::BTreeSet;

use rejoin_sim::scenario::{Topology, schema};
use rejoin_sim::{Registry, Trouble, presets};
use serde::Serialize;

use crate::args::ListArgs;
use crate::broken;
use crate::exit::Exit;
use crate::render::Screen;
use crate::{Report, render};

/// Everything that has a name: what `--json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct List<'r> {
    /// The types and protocols.
    pub(crate) types: Vec<Listed<'r>>,
    /// The policies of any of them.
    pub(crate) policies: Vec<ListedPolicy<'r>>,
    /// The scenarios that need no file.
    pub(crate) presets: Vec<ListedName>,
    /// Who may be whose neighbour.
    pub(crate) topologies: Vec<ListedName>,
    /// What a swarm may turn on.
    pub(crate) faults: Vec<ListedName>,
}

/// A type or protocol.
#[derive(Debug, Serialize)]
pub(crate) struct Listed<'r> {
    pub(crate) name: &'r str,
    pub(crate) summary: String,
    pub(crate) policies: Vec<String>,
    /// Of a broken one, the commands that find what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found_by: Option<Vec<&'static str>>,
    /// Of a broken protocol, the check that finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) check: Option<&'static str>,
}

/// A policy.
#[derive(Debug, Serialize)]
pub(crate) struct ListedPolicy<'r> {
    pub(crate) name: &'r str,
    pub(crate) summary: String,
}

/// A preset, a topology or a kind of fault.
#[derive(Debug, Serialize)]
pub(crate) struct ListedName {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
}

/// Lists everything.
pub(crate) fn list(registry: &Registry, args: &ListArgs, screen: Screen) -> Report {
    if args.schema {
        return Report { text: schema(), exit: Exit::Held };
    }
    let subjects = registry.iter().filter(|subject| broken::entry(subject.name()).is_none());
    let broken = broken::all(registry).filter_map(|name| registry.get(name));
    let types: Vec<Listed<'_>> = subjects
        .chain(broken)
        .map(|subject| {
            let entry = broken::entry(subject.name());
            let shown = entry.and_then(|entry| entry.shown.as_ref());
            Listed {
                name: subject.name(),
                summary: subject.summary().to_owned(),
                policies: subject.policies(),
                found_by: entry.map(broken::found_by),
                check: shown.map(|shown| shown.check),
            }
        })
        .collect();
    let names: BTreeSet<String> = types.iter().flat_map(|listed| listed.policies.clone()).collect();
    let policies =
        names.iter().map(|name| ListedPolicy { name, summary: policy_in_words(name, &types) });
    let presets =
        presets().iter().map(|preset| ListedName { name: preset.name, summary: preset.summary });
    let named = |(name, summary)| ListedName { name, summary };
    let list = List {
        policies: policies.collect(),
        presets: presets.collect(),
        topologies: Topology::kinds().map(named).collect(),
        faults: Trouble::ALL.map(|kind| named((kind.name(), kind.summary()))).into(),
        types,
    };
    let text = if args.json { crate::json(&list) } else { render::list::list(screen, &list) };
    Report { text, exit: Exit::Held }
}

/// What a policy does, as far as it is the toolkit's.
fn policy_in_words(name: &str, types: &[Listed<'_>]) -> String {
    match name {
        "state" => "send the whole state to a neighbour, now and then".to_owned(),
        "delta" => "send what changed until it is acknowledged".to_owned(),
        _ => {
            let those = types.iter().filter(|listed| listed.policies.iter().any(|own| own == name));
            let those: Vec<&str> = those.map(|listed| listed.name).collect();
            format!("the protocol's own: {}", those.join(", "))
        }
    }
}
