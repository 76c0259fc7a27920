//! A set whose incremental specification is not what the pure one says.

use std::collections::BTreeSet;

use rejoin_crdts::spec::{OrSetModel, SetOp};
use rejoin_crdts::{
    At, DeltaOf, Incremental, Model, OrSet, Refused, ReplicaId, Running, Seen, Spec, View,
};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Astray {
    /// A remove takes away adds that it had not seen.
    ForgetsConcurrentAdds,
    /// It says what is right, and remembers in which order it was told.
    RemembersTheOrder,
    /// It refuses a set of more than one element.
    RefusesTwo,
    /// It says nothing.
    IsSilent,
}

#[derive(Clone)]
pub(super) struct SetModel(pub(super) OrSetModel<String>, pub(super) Astray);

/// The adds that count, each with its event.
#[derive(Clone, PartialEq, Eq)]
struct Form(Vec<(usize, String)>, Astray);

impl Incremental for Form {
    type Op = SetOp<String>;
    type Value = BTreeSet<String>;

    fn see(&mut self, new: &Seen<'_, SetOp<String>>) {
        let Self(adds, astray) = self;
        let forgets = *astray == Astray::ForgetsConcurrentAdds;
        adds.retain(|(event, element)| {
            let removes = match new.op {
                SetOp::Add(_) => false,
                SetOp::Remove(removed) => removed == element,
                SetOp::Clear => true,
            };
            !removes || !forgets && !new.had_seen(*event)
        });
        if let SetOp::Add(element) = new.op {
            adds.push((new.event(), element.clone()));
        }
        if *astray != Astray::RemembersTheOrder {
            adds.sort();
        }
    }

    fn value(&self) -> Option<BTreeSet<String>> {
        let value = self.0.iter().map(|(_, element)| element.clone()).collect();
        (self.1 != Astray::IsSilent).then_some(value)
    }

    fn admits(&self, value: &BTreeSet<String>) -> Result<(), String> {
        if self.1 == Astray::RefusesTwo && value.len() > 1 {
            return Err("two are too many".into());
        }
        Ok(())
    }
}

impl Spec for SetModel {
    type Op = SetOp<String>;
    type Value = BTreeSet<String>;

    fn alphabet(&self) -> Vec<Self::Op> {
        self.0.alphabet()
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
        self.0.value(view)
    }

    fn running(&self) -> Option<Running<Self::Op, Self::Value>> {
        Some(Running::new(Form(Vec::new(), self.1)))
    }
}

impl Model for SetModel {
    type State = OrSet<String>;

    fn initial(&self, me: ReplicaId) -> Self::State {
        self.0.initial(me)
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        self.0.perform(state, at, op)
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        self.0.read(state)
    }
}
