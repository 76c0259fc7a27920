//! A type of your own under every judge: `cargo run --release --example own_type -- laws likes`,
//! and likewise `run --type likes`, `sweep counter --type likes --seeds 0..100`, `list`.
//!
//! `Likes` counts likes, one slot for each replica. Break the marked line and each of them fails.

use std::collections::BTreeMap;
use std::process::ExitCode;

use rejoin_crdts::{At, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use rejoin_sim::TypeSubject;
use serde::{Deserialize, Serialize};

/// The type: how many likes each replica has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Likes(BTreeMap<ReplicaId, u64>);

impl Merge for Likes {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (&replica, &theirs) in &other.0 {
            let mine = self.0.entry(replica).or_default();
            *mine = theirs.max(*mine); // break this line: `*mine += theirs;`
        }
        *self != before
    }
}

impl Lattice for Likes {}

/// What a client can do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Like;

#[derive(Clone)]
struct LikesModel;

/// What must be read: as many likes as there were visible ones. No word of slots or merges here.
impl Spec for LikesModel {
    type Op = Like;
    type Value = u64;

    fn alphabet(&self) -> Vec<Like> {
        vec![Like]
    }

    fn value(&self, view: &View<'_, Like>) -> Option<u64> {
        Some(view.len() as u64)
    }
}

/// How the type is driven. `Whole` adapts a type that can only merge whole states.
impl Model for LikesModel {
    type State = Whole<Likes>;

    fn initial(&self, _me: ReplicaId) -> Whole<Likes> {
        Whole::default()
    }

    fn perform(
        &self,
        likes: &mut Whole<Likes>,
        at: &At,
        _like: &Like,
    ) -> Result<Whole<Likes>, Refused> {
        Ok(likes.mutate(|likes| *likes.0.entry(at.id.replica).or_default() += 1))
    }

    fn read(&self, likes: &Whole<Likes>) -> u64 {
        likes.0.0.values().sum()
    }
}

fn main() -> ExitCode {
    let mut registry = rejoin_cli::builtin();
    registry.add(TypeSubject::new("likes", "a counter of likes", LikesModel));
    rejoin_cli::main_with(registry, std::env::args_os(), rejoin_cli::Streams::process())
}
