//! What the simulator promises, one promise a file.

mod determinism;
mod faults;
mod scenarios;
mod shrink;
mod support;
mod swarm;
mod traces;
mod violations;
