//! Registers: [`LwwRegister`] (the last writer wins).

mod lww_register;

pub use lww_register::{LwwDelta, LwwRegister, StaleStamp};
