//! The bounded counter: what was granted less what was spent, and nobody spends what others hold.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{DeltaOf, Refused};
use crate::{
    At, BoundedCounter, Draw, Incremental, Model, ReplicaId, Running, Seen, Spec, Symmetry, View,
};

/// A change to a bounded counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BoundedOp {
    /// Create so many rights of one's own.
    Grant(u64),
    /// Spend so many of them.
    Spend(u64),
    /// Hand so many of them to a replica.
    Transfer {
        /// Its address.
        to: u64,
        /// How many.
        amount: u64,
    },
}

/// `grant 2`, `spend 1` or `transfer 1 to r2`.
impl fmt::Debug for BoundedOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grant(amount) => write!(f, "grant {amount}"),
            Self::Spend(amount) => write!(f, "spend {amount}"),
            Self::Transfer { to, amount } => write!(f, "transfer {amount} to r{to}"),
        }
    }
}

/// What is read of a bounded counter.
#[derive(Clone, PartialEq, Eq)]
pub struct BoundedValue {
    /// The value.
    pub value: u128,
    /// The rights at each address that has some, of all its incarnations together.
    pub rights: BTreeMap<u64, u128>,
}

/// `3 {r1: 1, r2: 2}`.
impl fmt::Debug for BoundedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.value)?;
        let mut map = f.debug_map();
        for (address, rights) in &self.rights {
            map.entry(&format_args!("r{address}"), rights);
        }
        map.finish()
    }
}

/// [`BoundedCounter`]: the sum of the visible grants less that of the visible spends; and at no
/// address was more spent and handed over than was granted and given there, so that the value is
/// never below 0.
///
/// An operation names a replica by its address, which stands for the latest of its incarnations
/// that the performer knows.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{BoundedCounterModel, BoundedOp};
/// use rejoin_crdts::{OpSet, Spec};
/// let mut run = Execution::new(&BoundedCounterModel, 2);
/// let event = |op| Event { replica: 0, op, sees: OpSet::new(), clock_ms: 0 };
/// run.step(&event(BoundedOp::Grant(3)));
/// run.step(&event(BoundedOp::Transfer { to: 2, amount: 2 }));
/// assert_eq!(run.step(&event(BoundedOp::Spend(2))), None); // it has one left
/// let read = BoundedCounterModel.value(&run.history().view(&OpSet::first(2))).expect("no debts");
/// assert_eq!((read.value, read.rights), (3, [(1, 1), (2, 2)].into()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BoundedCounterModel;

impl Spec for BoundedCounterModel {
    type Op = BoundedOp;
    type Value = BoundedValue;

    fn alphabet(&self) -> Vec<BoundedOp> {
        let transfer = |to| BoundedOp::Transfer { to, amount: 1 };
        vec![BoundedOp::Grant(1), BoundedOp::Spend(1), transfer(2), transfer(1)]
    }

    fn draw(&self, draw: &mut dyn Draw) -> BoundedOp {
        match draw.below(8) {
            0..=2 => BoundedOp::Grant(1 + draw.below(9)),
            3..=5 => BoundedOp::Spend(1 + draw.below(4)),
            _ => BoundedOp::Transfer { to: 1 + draw.below(4), amount: 1 + draw.below(4) },
        }
    }

    fn value(&self, view: &View<'_, BoundedOp>) -> Option<BoundedValue> {
        balance(view).ok()
    }

    fn admits(&self, view: &View<'_, BoundedOp>, value: &BoundedValue) -> Result<(), String> {
        agree(&balance(view)?, value)
    }

    fn running(&self) -> Option<Running<BoundedOp, BoundedValue>> {
        Some(Running::new(Accounts(BTreeMap::new())))
    }

    /// It is nowhere said when something was done. Replicas are told apart: operations name them.
    fn symmetry(&self) -> Symmetry {
        Symmetry { stamps: true, ..Symmetry::default() }
    }
}

/// What must be read, or who is in debt.
fn balance(view: &View<'_, BoundedOp>) -> Result<BoundedValue, String> {
    let mut accounts: BTreeMap<u64, i128> = BTreeMap::new();
    for seen in view.iter() {
        let me = seen.at.id.replica.id();
        let mut book = |address, amount| *accounts.entry(address).or_default() += amount;
        match *seen.op {
            BoundedOp::Grant(amount) => book(me, i128::from(amount)),
            BoundedOp::Spend(amount) => book(me, -i128::from(amount)),
            BoundedOp::Transfer { to, amount } => {
                book(me, -i128::from(amount));
                book(to, i128::from(amount));
            }
        }
    }
    settled(&accounts)
}

/// What is read where the accounts stand so, or who is in debt.
fn settled(accounts: &BTreeMap<u64, i128>) -> Result<BoundedValue, String> {
    let mut read = BoundedValue { value: 0, rights: BTreeMap::new() };
    for (&address, &account) in accounts {
        let rights = u128::try_from(account)
            .map_err(|_| format!("r{address} gave and spent {} more than it had", -account))?;
        read.value += rights; // what was handed over cancels out
        if rights > 0 {
            read.rights.insert(address, rights);
        }
    }
    Ok(read)
}

fn agree(expected: &BoundedValue, value: &BoundedValue) -> Result<(), String> {
    if expected == value {
        return Ok(());
    }
    Err(format!("the specification says {expected:?}, the replica reads {value:?}"))
}

/// What each address holds, unless it is nothing.
#[derive(Clone, PartialEq, Eq)]
struct Accounts(BTreeMap<u64, i128>);

impl Accounts {
    fn book(&mut self, address: u64, amount: i128) {
        let account = self.0.remove(&address).unwrap_or_default() + amount;
        if account != 0 {
            self.0.insert(address, account);
        }
    }
}

impl Incremental for Accounts {
    type Op = BoundedOp;
    type Value = BoundedValue;

    fn see(&mut self, new: &Seen<'_, BoundedOp>) {
        let me = new.at.id.replica.id();
        match *new.op {
            BoundedOp::Grant(amount) => self.book(me, amount.into()),
            BoundedOp::Spend(amount) => self.book(me, -i128::from(amount)),
            BoundedOp::Transfer { to, amount } => {
                self.book(me, -i128::from(amount));
                self.book(to, amount.into());
            }
        }
    }

    fn value(&self) -> Option<BoundedValue> {
        settled(&self.0).ok()
    }

    fn admits(&self, value: &BoundedValue) -> Result<(), String> {
        agree(&settled(&self.0)?, value)
    }
}

impl Model for BoundedCounterModel {
    type State = BoundedCounter;

    fn initial(&self, _me: ReplicaId) -> BoundedCounter {
        BoundedCounter::new()
    }

    fn perform(
        &self,
        state: &mut BoundedCounter,
        at: &At,
        op: &BoundedOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        let me = at.id.replica;
        Ok(match *op {
            BoundedOp::Grant(amount) => state.grant(me, amount)?,
            BoundedOp::Spend(amount) => state.spend(me, amount)?,
            BoundedOp::Transfer { to, amount } if to == me.id() => {
                state.transfer(me, me, amount)?
            }
            BoundedOp::Transfer { to, amount } => {
                let known = state.replicas().into_iter().rfind(|replica| replica.id() == to);
                let to = known.unwrap_or(ReplicaId::new(to, 0));
                state.transfer(me, to, amount)?
            }
        })
    }

    fn read(&self, state: &BoundedCounter) -> BoundedValue {
        let mut rights = BTreeMap::new();
        for replica in state.replicas() {
            *rights.entry(replica.id()).or_default() += state.rights(replica);
        }
        rights.retain(|_, rights| *rights > 0);
        BoundedValue { value: state.value(), rights }
    }

    fn forges(&self, me: ReplicaId, state: &BoundedCounter, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state)
    }
}
