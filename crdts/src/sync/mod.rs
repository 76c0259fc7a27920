//! Sans-IO replication: the [`Protocol`] contract, and [`Replica`], which implements it for every
//! [`Model`](crate::Model) with a choice of [`Policy`].
//!
//! Nothing here knows of sockets, clocks, threads or random number generators. A driver calls a
//! replica with what happened and carries out what it finds in the [`Outbox`].

mod config;
mod delta;
mod message;
mod protocol;
mod replica;
mod state;

pub use config::{Config, Policy};
pub use message::{Have, Interval, Message, Record, Timer, WholeState};
pub use protocol::{Backed, Outbox, Output, Protocol, Reporting, Waiting};
pub use replica::{MAX_WALL_MS, Replica, SCHEMA, check_wall};

#[cfg(test)]
mod tests;
