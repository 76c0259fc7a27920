//! The values that were met, each kept once.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};

use rejoin_crdts::wire::WireError;
use rustc_hash::FxHashMap;
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::codec;

/// A value that was met, and how it is told from others.
pub(super) struct Met<T> {
    pub(super) value: T,
    /// The least number of a value that is equal to it.
    pub(super) class: u32,
    debug: u64,
    pub(super) bytes: u128,
}

/// Values by small numbers. Those that `Eq`, `Hash`, `Debug` and their bytes cannot tell apart are one.
pub(super) struct Store<T> {
    pub(super) met: Vec<Met<T>>,
    by_hash: FxHashMap<u64, Vec<u32>>,
    /// How many bytes were written for all of them: a measure of how large they are.
    pub(super) written: usize,
    /// Why the first that could not be written could not.
    pub(super) unwritable: Option<String>,
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self { met: Vec::new(), by_hash: FxHashMap::default(), written: 0, unwritable: None }
    }
}

impl<T: Eq + Hash + fmt::Debug + serde::Serialize> Store<T> {
    pub(super) fn add(&mut self, value: T) -> u32 {
        let hash = hash_of(&value);
        let debug = debug_of(&value);
        let (bytes, written) = bytes_of(&value).unwrap_or_else(|error| {
            self.unwritable.get_or_insert_with(|| format!("{value:?}: {error}"));
            (0, 0)
        });
        let alike = self.by_hash.entry(hash).or_default();
        let mut class = None;
        for &other in alike.iter() {
            let met = &self.met[other as usize];
            if met.value != value {
                continue;
            }
            if met.debug == debug && met.bytes == bytes {
                return other;
            }
            class.get_or_insert(met.class);
        }
        let id = self.met.len() as u32;
        alike.push(id);
        self.written += written;
        self.met.push(Met { value, class: class.unwrap_or(id), debug, bytes });
        id
    }

    pub(super) fn get(&self, id: u32) -> &T {
        &self.met[id as usize].value
    }

    pub(super) fn retain(&mut self, live: &mut [u32]) {
        let mut old: Vec<Option<Met<T>>> =
            std::mem::take(&mut self.met).into_iter().map(Some).collect();
        let mut now = FxHashMap::default();
        self.by_hash.clear();
        self.written = 0;
        for id in live {
            let new = *now.entry(*id).or_insert_with(|| {
                let Some(met) = old[*id as usize].take() else { unreachable!("taken once") };
                self.add(met.value)
            });
            *id = new;
        }
    }
}

fn hash_of<T: Hash>(value: &T) -> u64 {
    let mut hasher = siphasher::sip::SipHasher13::new();
    value.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn debug_of<T: fmt::Debug>(value: &T) -> u64 {
    struct Text(siphasher::sip::SipHasher13);
    impl fmt::Write for Text {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut text = Text(siphasher::sip::SipHasher13::new());
    // A `Debug` that fails tells nothing apart.
    let _ = write!(text, "{value:?}");
    text.0.finish()
}

/// A hash of the canonical bytes, and how many there are.
pub(super) fn bytes_of<T: serde::Serialize>(value: &T) -> Result<(u128, usize), WireError> {
    let bytes = codec::canonical(value)?;
    let mut hasher = SipHasher13::new();
    hasher.write(&bytes);
    Ok((hasher.finish128().as_u128(), bytes.len()))
}
