//! Sets as strangers send them: sequences in strictly ascending order, and nothing else.
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
