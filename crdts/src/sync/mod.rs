//! Sans-IO replication: the [`Protocol`] contract, and the policies behind it.

mod protocol;

pub use protocol::{Backed, Outbox, Output, Protocol, Reporting, Waiting};
