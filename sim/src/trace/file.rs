//! The trace file: one envelope of the toolkit's wire format.

use rejoin_crdts::wire::WireError;
use serde::{Deserialize, Serialize};

use super::{Decisions, Trace};
use crate::codec;
use crate::outcome::Verdict;
use crate::scenario::Scenario;
use crate::violation::Class;
use crate::{Fingerprint, ScenarioError};

/// Why a trace cannot be read, written or run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The bytes are no trace: truncated, corrupt, or of another kind or version.
    #[error("not a readable trace: {0}")]
    Bytes(#[source] WireError),
    /// The scenario inside cannot be read.
    #[error("the scenario inside the trace: {0}")]
    Scenario(#[source] ScenarioError),
    /// An operation inside is none of this subject's.
    #[error("operation {root} inside the trace is none of {subject}'s: {reason}")]
    Operation {
        /// Its number in the trace.
        root: u64,
        /// Whose operation it should be.
        subject: String,
        /// What is wrong with its bytes.
        #[source]
        reason: WireError,
    },
    /// A decision inside names a replica that the scenario does not have.
    #[error("decision {root} inside the trace names replica {replica}, but there are {replicas}")]
    Replica {
        /// Its number in the trace.
        root: u64,
        /// The address it names.
        replica: u64,
        /// How many replicas there are.
        replicas: u64,
    },
    /// It says that nobody is at an address that the scenario does not have.
    #[error("the trace says that replica {replica} is absent, but there are {replicas}")]
    Absent {
        /// The address it names.
        replica: u64,
        /// How many replicas there are.
        replicas: u64,
    },
    /// The trace cannot be written: it is too large for the format.
    #[error("the trace cannot be written: {0}")]
    Unwritable(#[source] WireError),
}

/// What the envelope holds. The scenario is kept as TOML, the form that it is documented in.
#[derive(Serialize, Deserialize)]
struct Body {
    subject: String,
    policy: String,
    seed: u64,
    scenario: String,
    verdict: Verdict,
    class: Option<Class>,
    fingerprint: Fingerprint,
    decisions: Decisions,
}

pub(super) fn encode(trace: &Trace) -> Result<Vec<u8>, TraceError> {
    let body = Body {
        subject: trace.subject.clone(),
        policy: trace.policy.clone(),
        seed: trace.seed,
        scenario: trace.scenario.to_toml().map_err(TraceError::Scenario)?,
        verdict: trace.verdict,
        class: trace.class,
        fingerprint: trace.fingerprint,
        decisions: trace.decisions.clone(),
    };
    codec::seal_trace(&body).map_err(TraceError::Unwritable)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Trace, TraceError> {
    let body: Body = codec::open_trace(bytes).map_err(TraceError::Bytes)?;
    Ok(Trace {
        subject: body.subject,
        policy: body.policy,
        seed: body.seed,
        scenario: Scenario::parse_unchecked(&body.scenario).map_err(TraceError::Scenario)?,
        verdict: body.verdict,
        class: body.class,
        fingerprint: body.fingerprint,
        decisions: body.decisions,
    })
}
