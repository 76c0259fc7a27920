//! The judges on types that are not ours: the whole command, over adapters to other libraries.
//!
//!     cargo run --release --locked --manifest-path peers/Cargo.toml --bin judge -- list
//!
//! What was found is in `docs/findings.md`.

mod adapter;
mod document;
mod documents;
mod lattices;
mod libraries;
mod models;

use std::process::ExitCode;

use rejoin_crdts::Model;
use rejoin_sim::{Registry, TypeSubject};

use documents::{Counter, List, Order, Registers};
use libraries::{Automerge, Loro, Yrs};

fn add<M: Model>(registry: &mut Registry, name: &str, summary: &str, model: M) {
    registry.add(TypeSubject::new(name, summary, model));
}

fn main() -> ExitCode {
    let mut registry = Registry::new();
    let r = &mut registry;
    add(r, "crdts/g-counter", "GCounter of crdts", models::GCounter);
    add(r, "crdts/lww-register", "LWWReg of crdts", models::Lww);
    add(r, "crdts/mv-register", "MVReg of crdts", models::Mv);
    add(r, "crdts/or-set", "Orswot of crdts", models::Set);
    add(r, "crdts/map-of-sets", "Map of Orswot of crdts", models::MapOfSets);
    add(r, "crdts/map-of-counters", "Map of GCounter of crdts", models::MapOfCounters);
    add(r, "lattices/g-set", "SetUnion of lattices", lattices::GSet);
    add(r, "lattices/g-counter", "MapUnion of Max of lattices", lattices::GCounter);
    add(r, "lattices/lww-register", "DomPair by Max of lattices", lattices::Lww);
    add(r, "lattices/mv-register", "DomPair by a vector clock of lattices", lattices::Mv);
    add(r, "lattices/2p-set", "SetUnionWithTombstones of lattices", lattices::Removable);
    add(r, "lattices/2p-map", "MapUnionWithTombstones of lattices", lattices::RemovableKeys);
    add(r, "automerge/map", "a map of automerge", Registers::<Automerge>::new(true));
    add(r, "automerge/list", "a list of automerge", List::<Automerge>::new(Order::Rga, false));
    add(r, "automerge/text", "a text of automerge", List::<Automerge>::new(Order::Rga, true));
    add(r, "automerge/counter", "a counter of automerge", Counter::<Automerge>::new());
    add(r, "yrs/map", "a map of yrs", Registers::<Yrs>::new(false));
    add(r, "yrs/list", "an array of yrs", List::<Yrs>::new(Order::Yata, false));
    add(r, "yrs/text", "a text of yrs", List::<Yrs>::new(Order::Yata, true));
    add(r, "loro/map", "a map of loro", Registers::<Loro>::new(false));
    add(r, "loro/list", "a list of loro", List::<Loro>::new(Order::Fugue, false));
    add(r, "loro/text", "a text of loro", List::<Loro>::new(Order::Fugue, true));
    add(r, "loro/counter", "a counter of loro", Counter::<Loro>::new());
    rejoin_cli::main_with(registry, std::env::args_os(), rejoin_cli::Streams::process())
}
