//! What a replica keeps for itself.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// A field that its author left out of the comparison: any two are equal.
///
/// The mistakes here are made with such fields, an id or a counter that "is not really part of the
/// value".
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Local<T>(pub(crate) T);

impl<T> PartialEq for Local<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Local<T> {}

impl<T> Hash for Local<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl<T: fmt::Debug> fmt::Debug for Local<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
