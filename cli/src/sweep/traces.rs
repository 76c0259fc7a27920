//! Where a campaign's failures are saved.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rejoin_sim::{Outcome, Trace};

use super::tally::fnv1a;

use crate::input::InputError;
use crate::save::{expect_folder, save};
use crate::select::Selection;

/// The folder of a campaign's traces, with those of the lowest failing seeds.
///
/// They are saved as they are found, so that a campaign that is ended early has them; when a lower
/// seed fails, the highest makes room. What is left does not depend on the order of the runs.
pub(crate) struct Traces {
    folder: PathBuf,
    stem: String,
    keep: usize,
    seeds: Mutex<BTreeSet<u64>>,
    /// Why one could not be saved.
    unsaved: Mutex<Option<String>>,
}

impl Traces {
    /// At most `keep` traces in `folder`, which is made when it is needed.
    ///
    /// # Errors
    ///
    /// If something else is in its place: better said now than when the first run has failed.
    pub(crate) fn new(
        folder: &Path,
        keep: usize,
        selection: &Selection,
    ) -> Result<Self, InputError> {
        expect_folder(folder).map_err(|source| InputError::Write {
            what: "traces".to_owned(),
            path: folder.to_owned(),
            source,
        })?;
        let folder = folder.to_owned();
        let (seeds, unsaved) = (Mutex::default(), Mutex::default());
        Ok(Self { folder, stem: stem(selection), keep, seeds, unsaved })
    }

    /// Saves a failure, if it is among the lowest. If that cannot be done, the campaign goes on: the
    /// seed reproduces it as well.
    pub(crate) fn save(&self, outcome: &Outcome) {
        if let Err(error) = self.try_to_save(outcome) {
            locked(&self.unsaved).get_or_insert_with(|| error.to_string());
        }
    }

    /// Why some failure could not be saved, if so.
    pub(crate) fn unsaved(&self) -> Option<String> {
        locked(&self.unsaved).clone()
    }

    fn try_to_save(&self, outcome: &Outcome) -> Result<(), InputError> {
        let seed = outcome.seed;
        let mut seeds = locked(&self.seeds);
        let highest = seeds.last().copied();
        if seeds.len() >= self.keep && highest.is_none_or(|highest| highest < seed) {
            return Ok(());
        }
        let bytes = Trace::of(outcome)
            .encode()
            .map_err(|source| InputError::Unsaveable { seed, source })?;
        let path = self.path(seed);
        fs::create_dir_all(&self.folder).and_then(|()| save(&path, &bytes)).map_err(|source| {
            InputError::Write {
                what: format!("the trace of seed {seed}, which failed,"),
                path: path.clone(),
                source,
            }
        })?;
        seeds.insert(seed);
        if seeds.len() > self.keep
            && let Some(displaced) = seeds.pop_last()
        {
            // One too many is no harm.
            let _ = fs::remove_file(self.path(displaced));
        }
        Ok(())
    }

    /// The trace of a seed, if it was saved.
    pub(crate) fn saved(&self, seed: u64) -> Option<PathBuf> {
        locked(&self.seeds).contains(&seed).then(|| self.path(seed))
    }

    /// Where the failure of a seed is saved once it is small.
    pub(crate) fn small(&self, seed: u64) -> PathBuf {
        crate::shrink::small(&self.path(seed))
    }

    fn path(&self, seed: u64) -> PathBuf {
        self.folder.join(format!("{}-{seed}.trace", self.stem))
    }
}

/// Whoever panicked has left something behind that is still what it was.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the names of a campaign's traces begin with: the scenario, the type and the policy.
///
/// Files in two folders may have one name, or that of a preset, and a swarm may be of any faults; so
/// these are followed by a hash of what they say.
fn stem(selection: &Selection) -> String {
    let Selection { name, scenario, .. } = selection;
    let file = Path::new(name).file_stem().unwrap_or_default();
    let mut stem = file.display().to_string();
    if selection.swarm.is_some() {
        stem.push_str("-swarm");
    }
    if selection.story.is_none() || selection.swarm.is_some() {
        let says = format!("{scenario:?}{:?}", selection.swarm);
        stem.push_str(&format!("-{:08x}", fnv1a(says.as_bytes()) as u32));
    }
    stem.push_str(&format!("-{}", scenario.subject));
    if scenario.policy.is_some() || selection.swarm.is_none() {
        stem.push_str(&format!("-{}", selection.policy()));
    }
    // A type's name may have folders, and a file's anything.
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    stem.chars().map(plain).collect()
}
