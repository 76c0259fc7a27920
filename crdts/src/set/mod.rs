//! Sets: [`OrSet`] (a concurrent add wins over a remove) and [`RwSet`] (the remove wins).

mod or_set;
mod rw_set;

pub use or_set::{OrSet, OrSetDelta, OrSetEdit, OrSetView};
pub use rw_set::{RwSet, RwSetDelta, RwSetEdit, RwSetView};
