//! The judges on types that are not ours: the whole command, over adapters to other libraries.
//!
//!     cargo run --release --locked --manifest-path peers/Cargo.toml --bin judge -- list
//!
//! What was found is in `docs/findings.md`.

mod adapter;
mod models;

use std::process::ExitCode;

use rejoin_sim::{Registry, TypeSubject};

fn main() -> ExitCode {
    let mut registry = Registry::new();
    registry.add(TypeSubject::new("crdts/g-counter", "GCounter of crdts", models::GCounter));
    registry.add(TypeSubject::new("crdts/lww-register", "LWWReg of crdts", models::Lww));
    registry.add(TypeSubject::new("crdts/mv-register", "MVReg of crdts", models::Mv));
    registry.add(TypeSubject::new("crdts/or-set", "Orswot of crdts", models::Set));
    registry.add(TypeSubject::new(
        "crdts/map-of-sets",
        "Map of Orswot of crdts",
        models::MapOfSets,
    ));
    registry.add(TypeSubject::new(
        "crdts/map-of-counters",
        "Map of GCounter of crdts",
        models::MapOfCounters,
    ));
    rejoin_cli::main_with(registry, std::env::args_os(), rejoin_cli::Streams::process())
}
