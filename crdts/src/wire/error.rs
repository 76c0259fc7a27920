//! What can be wrong with bytes.

use super::Kind;

/// Why bytes were refused, or a value could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end too early: ask for the rest, or for all of it again.
    #[error("truncated: {needed} bytes are needed, and there are {len}")]
    Truncated {
        /// How many bytes there should be, as far as can be told.
        needed: u64,
        /// How many there are.
        len: u64,
    },
    /// The bytes do not begin as an envelope does: they are something else.
    #[error("not a Rejoin envelope: it does not begin with the bytes 89 52 4a 4e")]
    NotOurs,
    /// An envelope of a format that this build does not read.
    #[error("format version {found} is not supported; this build reads version {supported}")]
    Version {
        /// The version of the envelope.
        found: u16,
        /// The newest version that can be read.
        supported: u16,
    },
    /// A payload of another application schema.
    #[error("schema version {found}, where {expected} was expected")]
    Schema {
        /// The schema version of the payload.
        found: u32,
        /// The schema version that was asked for.
        expected: u32,
    },
    /// An envelope of another kind.
    #[error("a {} where a {expected} was expected", Kind::describe(*.found))]
    WrongKind {
        /// The number of its kind, which need not be a known one.
        found: u8,
        /// The kind that was asked for.
        expected: Kind,
    },
    /// The payload is longer than the reader's limit, or than an envelope can hold.
    #[error("a payload of {len} bytes, more than the limit of {max}")]
    TooLong {
        /// The length of the payload in bytes.
        len: u64,
        /// The limit in bytes.
        max: u64,
    },
    /// The bytes were damaged on the way.
    #[error("damaged: the checksum is {found:08x}, and the bytes give {computed:08x}")]
    Checksum {
        /// The checksum in the envelope.
        found: u32,
        /// The checksum of what arrived.
        computed: u32,
    },
    /// There are more bytes than the value takes.
    #[error("{extra} bytes are left over")]
    Trailing {
        /// How many.
        extra: u64,
    },
    /// The value nests deeper than the reader's limit.
    #[error("nested more than {max_depth} levels deep")]
    TooDeep {
        /// The limit in levels.
        max_depth: usize,
    },
    /// The payload is no value of the expected type, in the words of the type.
    #[error("invalid payload: {0}")]
    Invalid(String),
    /// The value cannot be written, in the words of the type.
    #[error("cannot be encoded: {0}")]
    Unencodable(String),
}
