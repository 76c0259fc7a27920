//! Maps: [`OrMap`] (observed-remove, of any causal type).

mod or_map;

pub use or_map::{OrMap, OrMapDelta, OrMapEdit, OrMapView};
