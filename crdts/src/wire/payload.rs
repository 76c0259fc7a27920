//! The payload: the one place that knows bincode.

use std::cell::Cell;

use bincode::config::Configuration;
use bincode::enc::write::Writer;
use bincode::error::{DecodeError, EncodeError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::WireError;
use super::depth::{Bounded, Bounds};

const CONFIG: Configuration = bincode::config::standard(); // little-endian, variable length

/// Elements that take no bytes, such as those of a `Vec<()>`, in excess of the payload's length.
const FREE_ELEMENTS: u64 = 1 << 16;

/// How much a reader takes from a stranger.
///
/// ```
/// use rejoin_crdts::wire::Limits;
/// let datagrams = Limits { max_bytes: 1_200, ..Limits::default() };
/// assert_eq!(datagrams.max_depth, 128);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The longest payload in bytes. 64 MiB by default.
    pub max_bytes: usize,
    /// The deepest nesting in levels. 128 by default.
    ///
    /// Every sequence, map, tuple, struct, enum, present option and newtype is a level, so one
    /// level of a type that you write may be two or three here.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_depth: 128 }
    }
}

/// The canonical bytes of a value, without an envelope: equal bytes iff equal values, for types
/// whose equality is canonical. What judges compare states by.
///
/// # Errors
///
/// [`WireError::Unencodable`] if the value's own serialization fails.
///
/// ```
/// use rejoin_crdts::{GCounter, ReplicaId, wire};
/// let mut counter = GCounter::new();
/// let _ = counter.increment(ReplicaId::new(1, 0), 3)?;
/// assert_eq!(wire::payload_bytes(&counter)?, [1, 1, 0, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn payload_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::new();
    append(value, &mut bytes)?;
    Ok(bytes)
}

pub(super) fn append<T: Serialize + ?Sized>(
    value: &T,
    bytes: &mut Vec<u8>,
) -> Result<(), WireError> {
    struct Appender<'b>(&'b mut Vec<u8>);

    impl Writer for Appender<'_> {
        #[inline] // so that the few bytes of a number are stored and not copied
        fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }
    }

    bincode::serde::encode_into_writer(value, Appender(bytes), CONFIG).map_err(|error| {
        WireError::Unencodable(match error {
            EncodeError::OtherString(words) => words,
            other => other.to_string(),
        })
    })
}

/// The value whose [`payload_bytes`] are `payload`. Linear in them.
pub(crate) fn from_payload_bytes<T: DeserializeOwned>(
    limits: Limits,
    payload: &[u8],
) -> Result<T, WireError> {
    let bounds = Bounds {
        too_deep: Cell::new(false),
        elements_left: Cell::new(payload.len() as u64 + FREE_ELEMENTS),
    };
    let seed = Bounded::new(std::marker::PhantomData::<T>, limits.max_depth, &bounds);
    match bincode::serde::seed_decode_from_slice(seed, payload, CONFIG) {
        Ok((value, read)) if read == payload.len() => Ok(value),
        Ok((_, read)) => Err(WireError::Trailing { extra: (payload.len() - read) as u64 }),
        Err(_) if bounds.too_deep.get() => Err(WireError::TooDeep { max_depth: limits.max_depth }),
        Err(error) => Err(WireError::Invalid(words(error))),
    }
}

fn words(error: DecodeError) -> String {
    match error {
        DecodeError::OtherString(words) => words,
        DecodeError::UnexpectedEnd { .. } => "the payload ends within a value".into(),
        DecodeError::Utf8 { inner } => inner.to_string(),
        DecodeError::UnexpectedVariant { type_name, found, .. } => {
            format!("{found} is no variant of {type_name}")
        }
        DecodeError::InvalidBooleanValue(byte) => format!("{byte} is no boolean"),
        DecodeError::InvalidCharEncoding(bytes) => format!("{bytes:02x?} is no character"),
        other => other.to_string(),
    }
}
