//! Sets: [`OrSet`] (a concurrent add wins over a remove).

mod or_set;

pub use or_set::{OrSet, OrSetDelta, OrSetEdit, OrSetView};
