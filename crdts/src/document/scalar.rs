//! The values that a document is made of.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that is replaced as a whole: what a register of a document holds, or a set of one.
///
/// Ordered by kind, in the order given here, and within a kind as usual; strings by their UTF-8
/// bytes. An integer is never equal to a float: `2` and `2.0` are two elements of a set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scalar {
    /// Nothing, on purpose.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(Float),
    /// A string.
    Text(String),
}

/// A float in the total order of IEEE 754: equal iff the bits are, `-0.0` below `0.0`, and those
/// that are not numbers at either end.
#[derive(Clone, Copy)]
pub struct Float(pub f64);

impl Ord for Float {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Float {}

impl Hash for Float {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// Its bits, which come through every format unharmed.
impl Serialize for Float {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_bits().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(|bits| Self(f64::from_bits(bits)))
    }
}

macro_rules! scalar_from {
    ($($type:ty, $value:ident => $scalar:expr;)*) => {$(
        impl From<$type> for Scalar {
            fn from($value: $type) -> Self {
                $scalar
            }
        }
    )*};
}

scalar_from! {
    (), _nothing => Self::Null;
    bool, value => Self::Bool(value);
    i32, value => Self::Int(value.into());
    u32, value => Self::Int(value.into());
    i64, value => Self::Int(value);
    f64, value => Self::Float(Float(value));
    &str, value => Self::Text(value.to_owned());
    String, value => Self::Text(value);
}

/// `null`, `true`, `2`, `2.0` or `"two"`.
impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => fmt::Debug::fmt(value, f),
            Self::Int(value) => fmt::Debug::fmt(value, f),
            Self::Float(Float(value)) => fmt::Debug::fmt(value, f),
            Self::Text(value) => fmt::Debug::fmt(value, f),
        }
    }
}

impl fmt::Debug for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_float_has_a_place_and_comes_back_as_it_went() {
        let rising = [f64::NEG_INFINITY, -1.0, -0.0, 0.0, 0.1, f64::INFINITY, f64::NAN];
        for (at, &float) in rising.iter().enumerate() {
            let scalar = Scalar::from(float);
            for (other_at, &other) in rising.iter().enumerate() {
                assert_eq!(scalar.cmp(&other.into()), at.cmp(&other_at), "{float} and {other}");
            }
            let json = serde_json::to_string(&scalar).unwrap();
            assert_eq!(serde_json::from_str::<Scalar>(&json).unwrap(), scalar);
        }
        assert!(Scalar::from(2) < Scalar::from(-1.0), "integers come first");
    }
}
