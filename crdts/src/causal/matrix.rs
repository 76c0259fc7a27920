//! Who is known to have seen what.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::CausalContext;
use crate::{Dot, Lattice, Merge, ReplicaId, Replicated, sorted};

/// What each replica is known to have seen: a row for each, and in it a context.
///
/// What every member has seen is *causally stable*, and garbage that is kept for operations which
/// had not seen it can be given up: `stabilise` of the types that keep some.
///
/// **Contract**: a row arrives together with, or after, all that its replica did before: as part of a
/// delta in causal order, or with a whole state. A row that runs ahead would call stable what an
/// operation in flight has not seen. It says only what is durable there. And whoever is new, or comes
/// back under a new incarnation, performs nothing before it has the state of a member.
///
/// **Cost**: replicas × replicas numbers. **Source**: Wuu & Bernstein, PODC 1984; causal stability,
/// Baquero, Almeida & Shoker, DAIS 2014.
///
/// ```
/// use rejoin_crdts::{Dot, MatrixClock, Merge, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let dots = |counters: &[u64]| counters.iter().map(|&n| Dot::new(a, n)).collect();
/// let mut here = MatrixClock::new();
/// here.record(a, &dots(&[1, 2]));
/// assert!(here.stable([a, b]).is_empty()); // nobody has heard from b
/// let mut there = MatrixClock::new();
/// there.record(b, &dots(&[1]));
/// here.merge(&there);
/// assert_eq!(here.stable([a, b]), dots(&[1]));
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct MatrixClock {
    rows: BTreeMap<ReplicaId, CausalContext>, // none empty
}

impl MatrixClock {
    /// Nothing is known of anybody.
    ///
    /// ```
    /// use rejoin_crdts::{MatrixClock, ReplicaId};
    /// assert!(MatrixClock::new().stable([ReplicaId::new(1, 0)]).is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note that `replica` has seen `context`; true iff that was news.
    ///
    /// ```
    /// use rejoin_crdts::{Dot, MatrixClock, ReplicaId};
    /// let me = ReplicaId::new(1, 0);
    /// let seen = [Dot::new(me, 1)].into_iter().collect();
    /// let mut matrix = MatrixClock::new();
    /// assert!(matrix.record(me, &seen) && !matrix.record(me, &seen));
    /// ```
    pub fn record(&mut self, replica: ReplicaId, context: &CausalContext) -> bool {
        !context.is_empty() && self.rows.entry(replica).or_default().merge(context)
    }

    /// Takes note that `replica` has seen `context`, and returns its row if that was news.
    pub(crate) fn note(&mut self, replica: ReplicaId, context: &CausalContext) -> Self {
        let mut row = Self::new();
        let is_news = self.record(replica, context);
        if is_news {
            row.record(replica, context);
        }
        row
    }

    /// What `replica` is known to have seen.
    ///
    /// ```
    /// use rejoin_crdts::{Dot, MatrixClock, ReplicaId};
    /// let me = ReplicaId::new(1, 0);
    /// let mut matrix = MatrixClock::new();
    /// matrix.record(me, &[Dot::new(me, 1)].into_iter().collect());
    /// assert_eq!(matrix.row(me).map(|row| row.len()), Some(1));
    /// assert_eq!(matrix.row(ReplicaId::new(2, 0)), None);
    /// ```
    #[must_use]
    pub fn row(&self, replica: ReplicaId) -> Option<&CausalContext> {
        self.rows.get(&replica)
    }

    /// What all of `members` have seen; nothing, as long as one of them was not heard of.
    ///
    /// `members` are all that may still write. One that is left out may be written off for good.
    ///
    /// ```
    /// use rejoin_crdts::{Dot, MatrixClock, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut matrix = MatrixClock::new();
    /// matrix.record(a, &[Dot::new(a, 1)].into_iter().collect());
    /// matrix.record(b, &[Dot::new(a, 1), Dot::new(b, 1)].into_iter().collect());
    /// assert!(matrix.stable([a, b]).iter().eq([Dot::new(a, 1)]));
    /// ```
    #[must_use]
    pub fn stable(&self, members: impl IntoIterator<Item = ReplicaId>) -> CausalContext {
        let mut rows = members.into_iter().map(|member| self.rows.get(&member));
        let first = rows.next().flatten().cloned().unwrap_or_default();
        rows.fold(first, |stable, row| row.map(|row| stable.intersection(row)).unwrap_or_default())
    }

    fn map(
        &self,
        mut each: impl FnMut(ReplicaId, &CausalContext) -> CausalContext,
    ) -> Option<Self> {
        let rows = self.rows.iter().map(|(replica, row)| (*replica, each(*replica, row)));
        let rows: BTreeMap<_, _> = rows.filter(|(_, row)| !row.is_empty()).collect();
        (!rows.is_empty()).then_some(Self { rows })
    }
}

impl Merge for MatrixClock {
    fn merge(&mut self, other: &Self) -> bool {
        other
            .rows
            .iter()
            .fold(false, |changed, (replica, row)| self.record(*replica, row) | changed)
    }
}

impl Lattice for MatrixClock {
    fn covers(&self, other: &Self) -> bool {
        other
            .rows
            .iter()
            .all(|(replica, row)| self.row(*replica).is_some_and(|mine| mine.covers(row)))
    }
}

impl Replicated for MatrixClock {
    type Delta = Self;

    fn missing_from(&self, other: &Self) -> Option<Self> {
        self.map(|replica, row| {
            other.row(replica).map_or(row.clone(), |theirs| row.difference(theirs))
        })
    }

    fn news(&self, delta: &Self) -> Option<Self> {
        delta.missing_from(self)
    }

    fn parts(&self) -> impl Iterator<Item = Self> {
        let cells = |(replica, row): (&ReplicaId, &CausalContext)| {
            let replica = *replica;
            row.clone()
                .into_dots()
                .map(move |dot: Dot| Self { rows: [(replica, [dot].into_iter().collect())].into() })
        };
        self.rows.iter().flat_map(cells)
    }
}

/// `r1 {r1:1-2} r2 {r1:1}`: a row for each replica.
impl fmt::Debug for MatrixClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (replica, row)) in self.rows.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{replica} {row:?}")?;
        }
        Ok(())
    }
}

impl Serialize for MatrixClock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        sorted::map::serialize(&self.rows, serializer)
    }
}

impl<'de> Deserialize<'de> for MatrixClock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows: BTreeMap<ReplicaId, CausalContext> = sorted::map::deserialize(deserializer)?;
        match rows.iter().find(|(_, row)| row.is_empty()) {
            Some((replica, _)) => {
                Err(de::Error::custom(format_args!("the row of {replica} is empty")))
            }
            None => Ok(Self { rows }),
        }
    }
}
