//! Flags: [`EwFlag`] (a concurrent enable wins) and [`DwFlag`] (a concurrent disable wins).

mod dw_flag;
mod ew_flag;

pub use dw_flag::{DwFlag, DwFlagDelta, DwFlagEdit, DwFlagView};
pub use ew_flag::{EwFlag, EwFlagDelta, EwFlagEdit, EwFlagView};
