//! Sets and maps as strangers send them: sequences in strictly ascending order, and nothing else.
//!
//! One set has one encoding, so equal states have equal bytes. For `#[serde(with = "…")]`.

/// Sets, element by element.
pub(crate) mod set {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(crate) fn serialize<'a, C, S>(set: &'a C, serializer: S) -> Result<S::Ok, S::Error>
    where
        &'a C: IntoIterator<Item: Serialize>,
        S: Serializer,
    {
        serializer.collect_seq(set)
    }

    pub(crate) fn deserialize<'de, C, D>(deserializer: D) -> Result<C, D::Error>
    where
        C: IntoIterator<Item: Ord + Deserialize<'de>> + FromIterator<C::Item>,
        D: Deserializer<'de>,
    {
        let elements = Vec::<C::Item>::deserialize(deserializer)?;
        if elements.is_sorted_by(|a, b| a < b) {
            Ok(elements.into_iter().collect())
        } else {
            Err(de::Error::custom("elements are not in strictly ascending order"))
        }
    }
}

/// Maps, as pairs.
pub(crate) mod map {
    use serde::{Deserialize, Deserializer, de};

    pub(crate) use super::set::serialize;

    pub(crate) fn deserialize<'de, K, V, C, D>(deserializer: D) -> Result<C, D::Error>
    where
        K: Ord + Deserialize<'de>,
        V: Deserialize<'de>,
        C: IntoIterator<Item = (K, V)> + FromIterator<(K, V)>,
        D: Deserializer<'de>,
    {
        let entries = Vec::<(K, V)>::deserialize(deserializer)?;
        if entries.is_sorted_by(|a, b| a.0 < b.0) {
            Ok(entries.into_iter().collect())
        } else {
            Err(de::Error::custom("keys are not in strictly ascending order"))
        }
    }
}
