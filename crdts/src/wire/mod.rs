//! The envelope in which messages, records and traces travel and are stored.
//!
//! ```text
//! offset  0  magic            4 bytes   89 52 4a 4e ("\x89RJN")
//!         4  format version   u16       of this envelope: 1
//!         6  schema version   u32       of the payload, the application's own
//!        10  kind             u8        1 message, 2 record, 3 trace
//!        11  payload length   u32       in bytes
//!        15  checksum         u32       CRC-32 (IEEE) of bytes 0..15 and of the payload
//!        19  payload                    bincode 2, standard configuration, through serde
//! ```
//!
//! Integers of the header are little-endian. The checksum covers the header, so a flipped kind is
//! caught; it finds accidents and does not authenticate. CRC-32 detects every error within four
//! adjacent bytes.
//!
//! Bytes may come from anywhere. Whatever they claim, decoding
//! - reads no further than they reach and leaves none of them over,
//! - allocates in proportion to them (a claimed length reserves nothing beyond
//!   a small constant),
//! - nests no deeper than [`Limits::max_depth`], so that a recursive type cannot overflow the
//!   stack,
//! - takes time in proportion to them (elements that take no bytes are limited to 65,536 more
//!   than the payload has bytes).
//!
//! Then the types' own deserialization validates: a set that is out of order is no set.
//!
//! ```
//! use rejoin_crdts::wire::{self, Kind, Limits, WireError};
//! let mut bytes = Vec::new();
//! wire::encode(Kind::Message, 1, &("apple", 3u64), &mut bytes)?;
//! let (fruit, count): (String, u64) = wire::decode(Kind::Message, 1, Limits::default(), &bytes)?;
//! assert_eq!((fruit.as_str(), count), ("apple", 3));
//!
//! bytes[21] ^= 1;
//! let damaged = wire::decode::<(String, u64)>(Kind::Message, 1, Limits::default(), &bytes);
//! assert!(matches!(damaged, Err(WireError::Checksum { .. })));
//! # Ok::<(), WireError>(())
//! ```

mod depth;
mod envelope;
mod error;
mod payload;

pub use envelope::{HEADER_BYTES, Kind, MAGIC, VERSION, decode, encode};
pub use error::WireError;
pub(crate) use payload::from_payload_bytes;
pub use payload::{Limits, payload_bytes};

#[cfg(test)]
mod tests;
