//! Files: a history to come back to, and a place to go on from.

use rejoin_crdts::laws::Law;
use rejoin_crdts::wire::WireError;
use serde::{Deserialize, Serialize};

use super::{Address, Checkpoint, Explored, Scope};
use crate::rng::Hasher;
use crate::trace::TraceError;
use crate::{Fingerprint, codec};

/// A history that exploring found, to be looked at again.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::explore::{SavedHistory, Scope, explore};
/// let scope = Scope { crashes: 1, reuse_id: true, ..Scope::new([2]) };
/// let explored = explore(&GCounterModel, &scope, &mut |_| {})?;
/// let saved = SavedHistory::of("g-counter", &explored).expect("a slot was used again");
/// assert_eq!(SavedHistory::decode(&saved.encode()?)?, saved);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedHistory {
    /// The name of the type.
    pub subject: String,
    /// The scope, with its operations by their text, or by place if others have the same.
    pub scope: Scope,
    /// Where the history is.
    pub address: Address,
    /// Which law does not hold there.
    pub law: Law,
}

impl SavedHistory {
    /// The counterexample of an exploration, if it has one.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::explore::{SavedHistory, Scope, explore};
    /// let explored = explore(&GCounterModel, &Scope::new([1, 1]), &mut |_| {})?;
    /// assert_eq!(SavedHistory::of("g-counter", &explored), None);
    /// # Ok::<(), rejoin_sim::explore::ExploreError>(())
    /// ```
    #[must_use]
    pub fn of(subject: &str, explored: &Explored) -> Option<Self> {
        let found = explored.counterexample.as_ref()?;
        Some(Self {
            subject: subject.to_owned(),
            scope: Scope { alphabet: explored.chosen.clone(), ..explored.scope.clone() },
            address: found.address.clone(),
            law: found.law,
        })
    }

    /// The bytes of its file.
    ///
    /// # Errors
    ///
    /// If it is too large for the format.
    ///
    /// ```
    /// # use rejoin_crdts::laws::Law;
    /// use rejoin_sim::explore::{Address, SavedHistory, Scope};
    /// let (scope, address) = (Scope::new([1, 1]), Address(vec![0, 1]));
    /// let saved = SavedHistory { subject: "likes".into(), scope, address, law: Law::StatePath };
    /// assert!(saved.encode()?.starts_with(b"\x89RJN"));
    /// # Ok::<(), rejoin_sim::TraceError>(())
    /// ```
    pub fn encode(&self) -> Result<Vec<u8>, TraceError> {
        codec::seal_history(self).map_err(TraceError::Unwritable)
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If the bytes are no such file.
    ///
    /// ```
    /// use rejoin_sim::explore::SavedHistory;
    /// assert!(SavedHistory::decode(b"a trace").is_err());
    /// ```
    pub fn decode(bytes: &[u8]) -> Result<Self, TraceError> {
        let mut saved: Self = codec::open_history(bytes).map_err(TraceError::Bytes)?;
        saved.scope = saved.scope.with_means();
        Ok(saved)
    }
}

/// What is in a file to go on from.
#[derive(Serialize, Deserialize)]
struct Resume {
    subject: String,
    checkpoint: Checkpoint,
}

/// Why an exploration cannot go on from a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The bytes are no such file.
    #[error(transparent)]
    File(#[from] TraceError),
    /// It is the file of another exploration.
    #[error("it is the beginning of another exploration: {what}")]
    Other {
        /// In what it is another one.
        what: String,
    },
}

impl Checkpoint {
    /// The longest file that there can be, in bytes: 1 GiB, some hundred million states.
    pub const MAX_BYTES: usize = 1 << 30;

    /// The bytes of a file from which this exploration can go on.
    ///
    /// # Errors
    ///
    /// If it is too large for the format.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::explore::{Checkpoint, Scope, explore};
    /// let scope = Scope::new([1, 1]);
    /// let mut checkpoints = Vec::new();
    /// explore(&GCounterModel, &scope, &mut |progress| {
    ///     checkpoints.extend(progress.checkpoint());
    /// })?;
    /// let file = checkpoints[0].encode("g-counter")?;
    /// assert_eq!(Checkpoint::decode(&file, "g-counter", &scope)?, checkpoints[0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encode(&self, subject: &str) -> Result<Vec<u8>, TraceError> {
        let resume = Resume { subject: subject.to_owned(), checkpoint: self.clone() };
        let bytes = codec::seal_checkpoint(&resume).map_err(TraceError::Unwritable)?;
        if bytes.len() > Self::MAX_BYTES {
            let (len, max) = (bytes.len() as u64, Self::MAX_BYTES as u64);
            return Err(TraceError::Unwritable(WireError::TooLong { len, max }));
        }
        Ok(bytes)
    }

    /// Reads a file, if it is of this exploration.
    ///
    /// # Errors
    ///
    /// If the bytes are no such file, or of another exploration.
    ///
    /// ```
    /// use rejoin_sim::explore::{Checkpoint, Scope};
    /// assert!(Checkpoint::decode(b"no file", "g-counter", &Scope::new([1, 1])).is_err());
    /// ```
    pub fn decode(bytes: &[u8], subject: &str, scope: &Scope) -> Result<Self, ResumeError> {
        let mut resume: Resume =
            codec::open_checkpoint(bytes, Self::MAX_BYTES).map_err(TraceError::Bytes)?;
        // How many threads there were and how much memory is not written.
        resume.checkpoint.of.scope = resume.checkpoint.of.scope.with_means();
        let found = &resume.checkpoint.of.scope;
        let wanted = scope.clone().with_means();
        if resume.subject == subject && *found == wanted {
            return Ok(resume.checkpoint);
        }
        let what = if found.ops != wanted.ops || resume.subject != subject {
            let ops: Vec<String> = found.ops.iter().map(ToString::to_string).collect();
            format!("of `{}` at {}", resume.subject, ops.join(","))
        } else if found.alphabet != wanted.alphabet {
            "of other operations".to_owned()
        } else if found.reductions != wanted.reductions {
            "with other reductions".to_owned()
        } else {
            "with other crashes".to_owned()
        };
        Err(ResumeError::Other { what })
    }
}

impl Explored {
    /// A hash over what was explored and found: the same on every machine, with any number of
    /// threads.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::explore::{Scope, explore};
    /// let at = |ops| explore(&GCounterModel, &Scope::new(ops), &mut |_| {});
    /// assert_eq!(at([1, 1])?.fingerprint(), at([1, 1])?.fingerprint());
    /// assert_ne!(at([1, 1])?.fingerprint(), at([2, 1])?.fingerprint());
    /// # Ok::<(), rejoin_sim::explore::ExploreError>(())
    /// ```
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Hasher::new(3);
        let Self { verdict, shapes, checked, distinct_states, .. } = self;
        let alphabet = (&self.alphabet, &self.scope.ops, self.scope.crashes, self.scope.reuse_id);
        let found = self.counterexample.as_ref();
        let found = found.map(|found| (&found.address, found.law, &found.explanation));
        let all = (alphabet, verdict, shapes, checked, distinct_states, found);
        // What was explored is plain data, which can be written.
        hash.bytes(&codec::canonical(&all).unwrap_or_default());
        Fingerprint(hash.finish())
    }
}
