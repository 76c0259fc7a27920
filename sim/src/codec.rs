//! Values as bytes: the one place that knows how traces and states are written.

use rejoin_crdts::wire::{self, Kind, Limits, WireError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version of operations in traces, and of what the explorer saves.
const SCHEMA: u32 = 1;
/// The version of what the trace of a run holds: 2 since messages may be lost by default, and
/// replicas absent.
const RUN: u32 = 2;

/// What a file of the kind "trace" holds, if it is no run.
const HISTORY: u32 = 0x0100;
const CHECKPOINT: u32 = 0x0200;

/// The canonical bytes of a value: what states are compared by.
pub(crate) fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, WireError> {
    wire::payload_bytes(value)
}

/// An operation, as a record inside a trace.
pub(crate) fn seal_op<T: Serialize>(op: &T) -> Result<Vec<u8>, WireError> {
    seal(Kind::Record, SCHEMA, op)
}

/// The operation that a record inside a trace holds.
pub(crate) fn open_op<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    wire::decode(Kind::Record, SCHEMA, Limits::default(), bytes)
}

/// The body of a trace in its envelope.
pub(crate) fn seal_trace<T: Serialize>(body: &T) -> Result<Vec<u8>, WireError> {
    seal(Kind::Trace, RUN, body)
}

/// The body of the trace that `bytes` hold.
pub(crate) fn open_trace<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    wire::decode(Kind::Trace, RUN, Limits::default(), bytes)
}

/// A history of the explorer in its envelope.
pub(crate) fn seal_history<T: Serialize>(history: &T) -> Result<Vec<u8>, WireError> {
    seal(Kind::Trace, SCHEMA | HISTORY, history)
}

/// The history of the explorer that `bytes` hold.
pub(crate) fn open_history<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    wire::decode(Kind::Trace, SCHEMA | HISTORY, Limits::default(), bytes)
}

/// A place to go on from in its envelope.
pub(crate) fn seal_checkpoint<T: Serialize>(checkpoint: &T) -> Result<Vec<u8>, WireError> {
    seal(Kind::Trace, SCHEMA | CHECKPOINT, checkpoint)
}

/// The place to go on from that `bytes`, of which there may be `max_bytes`, hold.
pub(crate) fn open_checkpoint<T: DeserializeOwned>(
    bytes: &[u8],
    max_bytes: usize,
) -> Result<T, WireError> {
    let limits = Limits { max_bytes, ..Limits::default() };
    wire::decode(Kind::Trace, SCHEMA | CHECKPOINT, limits, bytes)
}

fn seal<T: Serialize>(kind: Kind, schema: u32, value: &T) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::new();
    wire::encode(kind, schema, value, &mut bytes)?;
    Ok(bytes)
}
