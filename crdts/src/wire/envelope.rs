//! The header around a payload.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::WireError;
use super::payload::{self, Limits};

/// The first bytes of every envelope. The first one is not ASCII, so that text is told apart and
/// a transport that strips the eighth bit is noticed.
pub const MAGIC: [u8; 4] = *b"\x89RJN";

/// The version of the format that [`encode`] writes.
///
/// [`decode`] reads it, and the version before it where there is one. Version 1 is the first.
pub const VERSION: u16 = 1;

/// The length of the header in bytes.
pub const HEADER_BYTES: usize = 19;

const SEALED: usize = 15; // the part of the header that the checksum covers

/// What an envelope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// What one replica sends to another.
    Message = 1,
    /// What a replica writes to its disk.
    Record = 2,
    /// What happened in a run.
    Trace = 3,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Message, Self::Record, Self::Trace].into_iter().find(|&kind| kind as u8 == byte)
    }

    /// `message`, or `thing of unknown kind 9`.
    pub(super) fn describe(byte: u8) -> String {
        Self::from_byte(byte)
            .map_or_else(|| format!("thing of unknown kind {byte}"), |kind| kind.to_string())
    }
}

/// `message`, `record` or `trace`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message => "message",
            Self::Record => "record",
            Self::Trace => "trace",
        })
    }
}

/// Appends the envelope of `value` to `bytes`. One pass, linear in the value.
///
/// `schema` is the application's version of the payload's layout.
///
/// # Errors
///
/// [`WireError::TooLong`] if the payload exceeds 2³² − 1 bytes, [`WireError::Unencodable`] if the
/// value's own serialization fails. `bytes` is then as it was.
///
/// ```
/// use rejoin_crdts::wire::{self, HEADER_BYTES, Kind};
/// let mut bytes = Vec::new();
/// wire::encode(Kind::Record, 1, &7u8, &mut bytes)?;
/// assert_eq!(bytes.len(), HEADER_BYTES + 1);
/// # Ok::<(), wire::WireError>(())
/// ```
pub fn encode<T: Serialize + ?Sized>(
    kind: Kind,
    schema: u32,
    value: &T,
    bytes: &mut Vec<u8>,
) -> Result<(), WireError> {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEADER_BYTES]);
    let sealed = payload::append(value, bytes).and_then(|()| {
        let (header, payload) = bytes[start..].split_at_mut(HEADER_BYTES);
        let len = u32::try_from(payload.len()).map_err(|_| WireError::TooLong {
            len: payload.len() as u64,
            max: u64::from(u32::MAX),
        })?;
        header[0..4].copy_from_slice(&MAGIC);
        header[4..6].copy_from_slice(&VERSION.to_le_bytes());
        header[6..10].copy_from_slice(&schema.to_le_bytes());
        header[10] = kind as u8;
        header[11..SEALED].copy_from_slice(&len.to_le_bytes());
        let checksum = checksum(&header[..SEALED], payload);
        header[SEALED..].copy_from_slice(&checksum.to_le_bytes());
        Ok(())
    });
    if sealed.is_err() {
        bytes.truncate(start);
    }
    sealed
}

/// The value in the one envelope that `bytes` are. Linear in `bytes`.
///
/// # Errors
///
/// A [`WireError`] that names the first thing wrong, in this order: the beginning, the format
/// version, the length, the checksum, the kind, the schema version, the payload.
///
/// ```
/// use rejoin_crdts::wire::{self, Kind, Limits, WireError};
/// let mut bytes = Vec::new();
/// wire::encode(Kind::Record, 1, &7u8, &mut bytes)?;
/// assert_eq!(wire::decode(Kind::Record, 1, Limits::default(), &bytes), Ok(7u8));
/// assert_eq!(
///     wire::decode::<u8>(Kind::Record, 2, Limits::default(), &bytes),
///     Err(WireError::Schema { found: 1, expected: 2 }),
/// );
/// # Ok::<(), WireError>(())
/// ```
pub fn decode<T: DeserializeOwned>(
    kind: Kind,
    schema: u32,
    limits: Limits,
    bytes: &[u8],
) -> Result<T, WireError> {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        let known = bytes.len().min(MAGIC.len());
        if bytes[..known] != MAGIC[..known] {
            return Err(WireError::NotOurs);
        }
        return Err(WireError::Truncated { needed: HEADER_BYTES as u64, len: bytes.len() as u64 });
    };
    if header[0..4] != MAGIC {
        return Err(WireError::NotOurs);
    }
    match u16::from_le_bytes([header[4], header[5]]) {
        VERSION => decode_v1(kind, schema, limits, header, rest),
        found => Err(WireError::Version { found, supported: VERSION }),
    }
}

fn decode_v1<T: DeserializeOwned>(
    kind: Kind,
    schema: u32,
    limits: Limits,
    header: &[u8; HEADER_BYTES],
    rest: &[u8],
) -> Result<T, WireError> {
    let u32_at = |at: usize| {
        u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let (len, there) = (u64::from(u32_at(11)), rest.len() as u64);
    if len > limits.max_bytes as u64 {
        return Err(WireError::TooLong { len, max: limits.max_bytes as u64 });
    }
    if there < len {
        let header = HEADER_BYTES as u64;
        return Err(WireError::Truncated { needed: header + len, len: header + there });
    }
    if there > len {
        return Err(WireError::Trailing { extra: there - len });
    }
    let (found, computed) = (u32_at(SEALED), checksum(&header[..SEALED], rest));
    if found != computed {
        return Err(WireError::Checksum { found, computed });
    }
    if header[10] != kind as u8 {
        return Err(WireError::WrongKind { found: header[10], expected: kind });
    }
    let found = u32_at(6);
    if found != schema {
        return Err(WireError::Schema { found, expected: schema });
    }
    payload::from_payload_bytes(limits, rest)
}

fn checksum(header: &[u8], payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(header);
    crc.update(payload);
    crc.finalize()
}
