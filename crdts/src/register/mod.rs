//! Registers: [`LwwRegister`] (the last writer wins) and [`MvRegister`] (concurrent writes stay side
//! by side).

mod lww_register;
mod mv_register;

pub use lww_register::{LwwDelta, LwwRegister, StaleStamp};
pub use mv_register::{MvDelta, MvRegister, MvRegisterEdit, MvRegisterView};
