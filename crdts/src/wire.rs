//! The envelope.

/// Why bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// placeholder
    #[error("truncated")]
    Truncated,
}
