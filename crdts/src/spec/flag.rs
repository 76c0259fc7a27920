//! The two flags: sets of one element, in which one or the other of two concurrent changes wins.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::maximal::Maximal;
use super::{Collect, Nested};
use crate::model::{DeltaOf, Refused};
use crate::{
    At, DwFlag, DwFlagEdit, DwFlagView, EwFlag, EwFlagEdit, EwFlagView, Incremental, MatrixClock,
    Model, ReplicaId, Retractable, Running, Seen, Spec, Symmetry, View,
};

/// A change to a flag.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FlagOp {
    /// Turn it on.
    Enable,
    /// Turn it off.
    Disable,
}

/// `enable` or `disable`.
impl fmt::Debug for FlagOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enable => "enable",
            Self::Disable => "disable",
        })
    }
}

/// The changes of one kind.
fn only<'h>(view: &View<'h, FlagOp>, kind: FlagOp) -> View<'h, FlagOp> {
    view.filter(|seen| *seen.op == kind)
}

/// Dots only name, and there is nothing else.
fn symmetry() -> Symmetry {
    Symmetry { replicas: true, stamps: true, renamings: Vec::new() }
}

/// [`EwFlag`]: it is on iff an enable is visible that no visible disable had seen.
///
/// ```
/// use rejoin_crdts::Spec;
/// use rejoin_crdts::spec::{EwFlagModel, FlagOp};
/// assert_eq!(EwFlagModel.alphabet(), [FlagOp::Enable, FlagOp::Disable]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EwFlagModel;

/// [`DwFlag`]: it is on iff an enable is visible and every visible disable had been seen by a
/// visible enable.
///
/// ```
/// use rejoin_crdts::Spec;
/// use rejoin_crdts::spec::{DwFlagModel, FlagOp};
/// assert_eq!(DwFlagModel.alphabet(), [FlagOp::Enable, FlagOp::Disable]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DwFlagModel;

impl Spec for EwFlagModel {
    type Op = FlagOp;
    type Value = bool;

    fn alphabet(&self) -> Vec<FlagOp> {
        vec![FlagOp::Enable, FlagOp::Disable]
    }

    fn value(&self, view: &View<'_, FlagOp>) -> Option<bool> {
        let disables = only(view, FlagOp::Disable);
        let lasts = |enable| !disables.iter().any(|disable| view.saw(&disable, &enable));
        Some(only(view, FlagOp::Enable).iter().any(lasts))
    }

    fn running(&self) -> Option<Running<FlagOp, bool>> {
        Some(Running::retractable(Enabled(Maximal::default())))
    }

    fn symmetry(&self) -> Symmetry {
        symmetry()
    }
}

impl Spec for DwFlagModel {
    type Op = FlagOp;
    type Value = bool;

    fn alphabet(&self) -> Vec<FlagOp> {
        vec![FlagOp::Enable, FlagOp::Disable]
    }

    fn value(&self, view: &View<'_, FlagOp>) -> Option<bool> {
        let enables = only(view, FlagOp::Enable);
        let undone = |disable| enables.iter().any(|enable| view.saw(&enable, &disable));
        Some(!enables.is_empty() && only(view, FlagOp::Disable).iter().all(undone))
    }

    fn running(&self) -> Option<Running<FlagOp, bool>> {
        Some(Running::retractable(Changed(Maximal::default())))
    }

    fn symmetry(&self) -> Symmetry {
        symmetry()
    }
}

/// The latest enables that no disable had seen.
#[derive(Clone, PartialEq, Eq)]
struct Enabled(Maximal<()>);

impl Incremental for Enabled {
    type Op = FlagOp;
    type Value = bool;

    fn see(&mut self, new: &Seen<'_, FlagOp>) {
        match new.op {
            FlagOp::Enable => self.0.supersede(new, ()),
            FlagOp::Disable => self.0.forget(&|event| new.had_seen(event)),
        }
    }

    fn value(&self) -> Option<bool> {
        Some(self.is_present())
    }
}

impl Retractable for Enabled {
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.0.forget(gone);
    }

    fn is_present(&self) -> bool {
        !self.0.is_empty()
    }
}

/// The latest changes. A disable among them was seen by no enable; one that is not was seen by the
/// enable among them that superseded it in the end, or by another disable that was not.
#[derive(Clone, PartialEq, Eq)]
struct Changed(Maximal<FlagOp>);

impl Incremental for Changed {
    type Op = FlagOp;
    type Value = bool;

    fn see(&mut self, new: &Seen<'_, FlagOp>) {
        self.0.supersede(new, *new.op);
    }

    fn value(&self) -> Option<bool> {
        Some(self.is_present() && self.0.iter().all(|op| *op == FlagOp::Enable))
    }
}

impl Retractable for Changed {
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.0.forget(gone);
    }

    fn is_present(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Model for EwFlagModel {
    type State = EwFlag;

    fn initial(&self, _me: ReplicaId) -> EwFlag {
        EwFlag::new()
    }

    fn perform(&self, state: &mut EwFlag, at: &At, op: &FlagOp) -> Result<DeltaOf<Self>, Refused> {
        Ok(match op {
            FlagOp::Enable => state.enable(at.id.replica),
            FlagOp::Disable => state.disable(at.id.replica),
        })
    }

    fn read(&self, state: &EwFlag) -> bool {
        state.is_enabled()
    }

    fn forges(&self, me: ReplicaId, state: &EwFlag, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state.context())
    }
}

impl Model for DwFlagModel {
    type State = DwFlag;

    fn initial(&self, _me: ReplicaId) -> DwFlag {
        DwFlag::new()
    }

    fn perform(&self, state: &mut DwFlag, at: &At, op: &FlagOp) -> Result<DeltaOf<Self>, Refused> {
        Ok(match op {
            FlagOp::Enable => state.enable(at.id.replica),
            FlagOp::Disable => state.disable(at.id.replica),
        })
    }

    fn read(&self, state: &DwFlag) -> bool {
        state.is_enabled()
    }

    fn forges(&self, me: ReplicaId, state: &DwFlag, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state.context())
    }
}

impl Nested for EwFlagModel {
    type Type = EwFlag;

    fn edit(&self, edit: &mut EwFlagEdit<'_>, op: &FlagOp) -> Result<(), Refused> {
        match op {
            FlagOp::Enable => edit.enable(),
            FlagOp::Disable => edit.disable(),
        }
        Ok(())
    }

    fn read_view(&self, view: EwFlagView<'_>) -> bool {
        view.is_enabled()
    }

    fn present(&self, view: &View<'_, FlagOp>) -> bool {
        self.value(view) == Some(true)
    }
}

impl Nested for DwFlagModel {
    type Type = DwFlag;

    fn edit(&self, edit: &mut DwFlagEdit<'_>, op: &FlagOp) -> Result<(), Refused> {
        match op {
            FlagOp::Enable => edit.enable(),
            FlagOp::Disable => edit.disable(),
        }
        Ok(())
    }

    fn read_view(&self, view: DwFlagView<'_>) -> bool {
        view.is_enabled()
    }

    /// That it was turned off is remembered until the key is removed, by one disable at least.
    fn present(&self, view: &View<'_, FlagOp>) -> bool {
        !view.is_empty()
    }
}

impl Collect for DwFlagModel {
    type Known = MatrixClock;

    fn note(&self, known: &mut MatrixClock, at: &At, state: &Self::State) -> MatrixClock {
        known.note(at.id.replica, state.context())
    }

    fn stabilise(
        &self,
        state: &mut Self::State,
        at: &At,
        known: &MatrixClock,
        members: &[ReplicaId],
    ) -> DeltaOf<Self> {
        state.stabilise(at.id.replica, &known.stable(members.iter().copied()))
    }
}
