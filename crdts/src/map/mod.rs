//! Maps: [`OrMap`] (observed-remove, of any causal type) and [`LwwMap`] (the last writer of each
//! key wins).

mod lasts;
mod lww_map;
mod or_map;

pub use lww_map::{LwwMap, LwwMapDelta};
pub use or_map::{OrMap, OrMapDelta, OrMapEdit, OrMapView};
