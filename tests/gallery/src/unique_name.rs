//! `broken/unique-name`: a name that nobody else has yet.
//!
//! **Where it comes from.** Every sign-up form: look whether the name is taken, and if not, take it.
//! In one database a unique index makes it true. On two sides of a partition each side looks for
//! itself.
//!
//! **What happens.** Each replica refuses a name that it knows to be taken, so each of them upholds the
//! invariant. Two that have not heard of one another give the same name away, and their join has it
//! twice. Nothing is wrong with the set, nor with its merge: the invariant is not *confluent* (Bailis
//! et al., VLDB 2014), and no merge could make it so without taking the name back from somebody who was
//! told that it is theirs.
//!
//! **Meant**: of each name, which is what comes before the `@`, there is one.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: add "ada@paris" | {"ada@paris"} | {} |
//! | r2: add "ada@rome" | {"ada@paris"} | {"ada@rome"} |
//! | r1 → r2 | {"ada@paris"} | {"ada@paris", "ada@rome"} |
//!
//! **The repair** is [`EscrowedNames`]: the right to give a name away is held by one replica at a time
//! (O'Neil, "The escrow transactional method", TODS 1986), who can hand it on.
//!
//! 2 operations at 2 replicas. Found by: the laws, the explorer, the simulator. Not by: comparing
//! replicas, the laws of merge alone.

use std::collections::{BTreeMap, BTreeSet};

use rejoin_crdts::spec::{GSetModel, Upholding};
use rejoin_crdts::{At, Delivery, DeltaOf, GSet, Model, Refused, ReplicaId, Spec, View};
use serde::{Deserialize, Serialize};

/// A set of names, of which nobody gives one away that is taken as far as is known there.
///
/// ```
/// use rejoin_crdts::Spec;
/// let names = rejoin_gallery::unique_name::model();
/// let both = ["ada@paris", "ada@rome"].map(str::to_owned).into();
/// assert_eq!(names.invariant(&both), Err("`ada` is given away twice".to_owned()));
/// ```
#[must_use]
pub fn model() -> Upholding<GSetModel<String>> {
    let names = ["ada@paris", "ada@rome", "ben@rome"].map(str::to_owned);
    Upholding::new(GSetModel::new(names), unique)
}

fn unique(taken: &BTreeSet<String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let name = |user: &String| user.split('@').next().unwrap_or_default().to_owned();
    match taken.iter().map(name).find(|name| !seen.insert(name.clone())) {
        Some(name) => Err(format!("`{name}` is given away twice")),
        None => Ok(()),
    }
}

/// What happened to a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fact {
    /// The right to give it away went to somebody, for the so-many-th time.
    Handed(String, u64, ReplicaId),
    /// It was given to a user.
    Given(String, String),
}

/// An operation on names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NameOp {
    /// Gives a name to a user.
    Give(String, String),
    /// Hands the right to give it away to the first incarnation at an address.
    Hand(String, u64),
}

/// Names, each of which one replica at a time may give away: at first the first incarnation at the
/// address that is the place of the name.
///
/// The right goes from hand to hand, and only who has it hands it on, so that there is never a fork;
/// and who has it knows whether the name is taken, since the fact travels with the right. Whoever
/// comes back from a crash is somebody else and holds nothing: its disk may have forgotten what it
/// gave away. (A first version went by the address. The simulator lost a disk, and one name was given
/// away twice.)
///
/// ```
/// use rejoin_crdts::{At, Model, OpId, ReplicaId, Timestamp};
/// use rejoin_gallery::unique_name::{EscrowedNames, NameOp};
/// let model = EscrowedNames::default();
/// let (one, two) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let at = |me| At { id: OpId::new(me, 1), stamp: Timestamp::new(1, 0, me) };
/// let give = NameOp::Give("ada".to_owned(), "paris".to_owned());
/// assert!(model.perform(&mut model.initial(one), &at(one), &give).is_ok());
/// assert!(model.perform(&mut model.initial(two), &at(two), &give).is_err()); // r1 holds the right
/// ```
#[derive(Clone, Debug)]
pub struct EscrowedNames {
    names: Vec<String>,
}

impl Default for EscrowedNames {
    fn default() -> Self {
        Self { names: ["ada", "ben"].map(str::to_owned).into() }
    }
}

impl EscrowedNames {
    /// Who holds the right to a name, and how often it was handed on.
    fn holder(&self, facts: &GSet<Fact>, name: &str) -> Option<(u64, ReplicaId)> {
        let place = self.names.iter().position(|known| known == name)? as u64;
        let first = ReplicaId::new(place + 1, 0);
        let handed = facts.iter().filter_map(|fact| match fact {
            Fact::Handed(of, times, to) if of == name => Some((*times, *to)),
            _ => None,
        });
        Some(handed.max().unwrap_or((0, first)))
    }
}

impl Spec for EscrowedNames {
    type Op = NameOp;
    type Value = BTreeMap<String, BTreeSet<String>>;

    fn alphabet(&self) -> Vec<NameOp> {
        let gives = |user: &str| {
            let user = user.to_owned();
            self.names.iter().map(move |name| NameOp::Give(name.clone(), user.clone()))
        };
        let hands =
            self.names.iter().flat_map(|name| [1, 2].map(|to| NameOp::Hand(name.clone(), to)));
        gives("paris").chain(gives("rome")).chain(hands).collect()
    }

    fn value(&self, view: &View<'_, NameOp>) -> Option<Self::Value> {
        let mut taken = Self::Value::new();
        for seen in view.iter() {
            if let NameOp::Give(name, user) = seen.op {
                taken.entry(name.clone()).or_default().insert(user.clone());
            }
        }
        Some(taken)
    }

    fn admits(&self, view: &View<'_, NameOp>, value: &Self::Value) -> Result<(), String> {
        self.invariant(value)?;
        match self.value(view) {
            Some(meant) if meant != *value => {
                Err(format!("{meant:?} was given, {value:?} is read"))
            }
            _ => Ok(()),
        }
    }

    fn invariant(&self, value: &Self::Value) -> Result<(), String> {
        match value.iter().find(|(_, users)| users.len() > 1) {
            Some((name, users)) => Err(format!("`{name}` is given to {users:?}")),
            None => Ok(()),
        }
    }

    fn delivery(&self) -> Delivery {
        Delivery::Causal
    }
}

impl Model for EscrowedNames {
    type State = GSet<Fact>;

    fn initial(&self, _: ReplicaId) -> GSet<Fact> {
        GSet::new()
    }

    fn perform(
        &self,
        state: &mut GSet<Fact>,
        at: &At,
        op: &NameOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        let (NameOp::Give(name, _) | NameOp::Hand(name, _)) = op;
        let me = at.id.replica;
        let Some((times, holder)) = self.holder(state, name) else {
            return Err(Refused::Rule(format!("there is no name `{name}`")));
        };
        if holder != me {
            return Err(Refused::Rule(format!("{holder} may give `{name}` away, not {me}")));
        }
        let taken = |fact: &Fact| matches!(fact, Fact::Given(other, _) if other == name);
        match op {
            NameOp::Give(..) if state.iter().any(taken) => {
                Err(Refused::Rule(format!("`{name}` is taken")))
            }
            NameOp::Give(_, user) => Ok(state.insert(Fact::Given(name.clone(), user.clone()))),
            NameOp::Hand(_, to) => {
                let to = ReplicaId::new(*to, 0);
                Ok(state.insert(Fact::Handed(name.clone(), times + 1, to)))
            }
        }
    }

    fn read(&self, state: &GSet<Fact>) -> Self::Value {
        let mut taken = Self::Value::new();
        for fact in state.iter() {
            if let Fact::Given(name, user) = fact {
                taken.entry(name.clone()).or_default().insert(user.clone());
            }
        }
        taken
    }
}
