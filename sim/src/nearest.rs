//! Names that were mistyped.

/// The name among `known` that was probably meant: one mistyped in a letter or three, or given without
/// its folder.
///
/// ```
/// use rejoin_sim::nearest;
/// let types = ["or-map", "pn-counter", "broken/forgetful-set"];
/// assert_eq!(nearest("or-mpa", types), Some("or-map"));
/// assert_eq!(nearest("forgetful-set", types), Some("broken/forgetful-set"));
/// assert_eq!(nearest("sequence", types), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bare = |full: &'a str| full.rsplit('/').next().unwrap_or(full);
    let typos = |full: &'a str| distance(name, full).min(distance(name, bare(full)));
    let best = known.into_iter().min_by_key(|full| typos(full))?;
    (typos(best) <= name.chars().count().div_ceil(3).min(3)).then_some(best)
}

/// How many letters must be put in, taken out or changed to make one word the other
/// (Levenshtein 1966).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in to.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
