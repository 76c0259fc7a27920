//! The command as its users meet it.

mod bad_input;
mod commands;
mod explore;
mod fits;
mod interrupted;
mod own_registry;
mod shrink;
mod support;
mod swarm;
