//! Sets: [`OrSet`] (a concurrent add wins over a remove), [`RwSet`] (the remove wins), [`GSet`] (only
//! grows) and [`TwoPhaseSet`] (what was removed stays out).

mod g_set;
mod or_set;
mod rw_set;
mod two_phase_set;

pub use g_set::{GSet, GSetDelta};
pub use or_set::{OrSet, OrSetDelta, OrSetEdit, OrSetView};
pub use rw_set::{RwSet, RwSetDelta, RwSetEdit, RwSetView};
pub use two_phase_set::{TwoPhaseDelta, TwoPhaseSet};

use im::OrdSet;
use im::ordset::DiffItem;

use crate::SetChange;
use crate::causal::Element;

/// What is in one and not in the other, ascending. Costs their difference.
fn differing<'a, T: Element>(
    old: &'a OrdSet<T>,
    new: &'a OrdSet<T>,
) -> impl Iterator<Item = SetChange<&'a T>> {
    old.diff(new).map(|difference| match difference {
        DiffItem::Add(element) => SetChange::Added(element),
        DiffItem::Remove(element) => SetChange::Removed(element),
    })
}

/// What is in `theirs` and not in `mine`, ascending. Costs their difference.
fn lacking<'a, T: Element>(
    mine: &'a OrdSet<T>,
    theirs: &'a OrdSet<T>,
) -> impl Iterator<Item = &'a T> {
    differing(mine, theirs).filter_map(|change| match change {
        SetChange::Added(element) => Some(element),
        SetChange::Removed(_) => None,
    })
}

/// Adds to `mine` what is in `theirs`; true iff there was something to add. Costs their
/// difference. A set that lacks nothing of `mine` is taken over as it is: from then on the two
/// share their structure, and the next difference is cheap.
fn absorb<T: Element>(mine: &mut OrdSet<T>, theirs: &OrdSet<T>) -> bool {
    let (mut fresh, mut has_own) = (Vec::new(), false);
    for difference in mine.diff(theirs) {
        match difference {
            DiffItem::Add(element) => fresh.push(element),
            DiffItem::Remove(_) => has_own = true,
        }
    }
    if fresh.is_empty() {
        return false;
    }
    if has_own {
        mine.extend(fresh.into_iter().cloned());
    } else {
        mine.clone_from(theirs);
    }
    true
}
