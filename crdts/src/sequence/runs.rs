//! Elements as they travel: what was typed in one go is one run.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::tree::Origin;
use crate::{Dot, ReplicaId};

/// An element as it is told of: its dot, where it was inserted unless somebody else tells, and its
/// value unless it is dead.
pub(super) type Told<T> = (Dot, Option<Origin>, Option<T>);

/// Elements, ascending by dot, in as few runs as there can be: a byte or two for each letter of a
/// text, and some twelve for each run.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Sequence")]
pub(super) struct Runs<T> {
    replicas: Vec<ReplicaId>, // that are named in what follows, ascending
    runs: Vec<Run<T>>,
}

/// Elements with consecutive dots, each inserted after the one before.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Run<T> {
    first: Name,
    origin: Option<Place>,
    values: Vec<Option<T>>,
}

/// A dot: which of the replicas, and the counter.
type Name = (u64, u64);

#[derive(Clone, PartialEq, Serialize, Deserialize)]
enum Place {
    After(Option<Name>, Option<Name>),
    Before(Name),
}

/// The one that is next to `last` in its run.
fn follower((dot, origin): (Dot, Option<Origin>)) -> (Dot, Option<Origin>) {
    let left = Some(dot);
    let origin = origin.map(|origin| match origin {
        Origin::After { right, .. } => Origin::After { left, right },
        Origin::Before(right) => Origin::After { left, right: Some(right) },
    });
    (Dot::new(dot.replica, dot.counter.saturating_add(1)), origin)
}

impl<T: Clone + PartialEq> Runs<T> {
    /// Of elements in ascending order.
    pub(super) fn pack(told: impl Iterator<Item = Told<T>>) -> Self {
        type Head = (Dot, Option<Origin>);
        let mut runs: Vec<(Head, Vec<Option<T>>)> = Vec::new();
        let mut last = None;
        for (dot, origin, value) in told {
            match runs.last_mut() {
                Some((_, values)) if last.map(follower) == Some((dot, origin)) => {
                    values.push(value);
                }
                _ => runs.push(((dot, origin), vec![value])),
            }
            last = Some((dot, origin));
        }
        let mut named = BTreeSet::new();
        for ((dot, origin), _) in &runs {
            let [one, other] = match *origin {
                Some(Origin::After { left, right }) => [left, right],
                Some(Origin::Before(right)) => [Some(right), None],
                None => [None, None],
            };
            named.extend([Some(*dot), one, other].into_iter().flatten().map(|dot| dot.replica));
        }
        let replicas: Vec<ReplicaId> = named.into_iter().collect();
        let name = |dot: Dot| {
            let at = replicas.partition_point(|replica| *replica < dot.replica);
            (at as u64, dot.counter)
        };
        let place = |origin| match origin {
            Origin::After { left, right } => Place::After(left.map(name), right.map(name)),
            Origin::Before(right) => Place::Before(name(right)),
        };
        let run = |((dot, origin), values): (Head, _)| Run {
            first: name(dot),
            origin: origin.map(place),
            values,
        };
        let runs = runs.into_iter().map(run).collect();
        Self { replicas, runs }
    }

    /// The elements, ascending.
    ///
    /// # Errors
    ///
    /// If they are not packed as they would be here.
    pub(super) fn unpack(self) -> Result<Vec<Told<T>>, String> {
        let dot = |(at, counter): Name| {
            let replica = usize::try_from(at).ok().and_then(|at| self.replicas.get(at));
            let replica = replica.ok_or_else(|| format!("there is no replica {at}"))?;
            if (1..=Dot::LAST).contains(&counter) {
                Ok(Dot::new(*replica, counter))
            } else {
                Err(format!("there is no dot {replica}:{counter}"))
            }
        };
        let dots = |name: Option<Name>| name.map(dot).transpose();
        let mut told = Vec::new();
        for run in &self.runs {
            let origin = match run.origin {
                Some(Place::After(left, right)) => {
                    Some(Origin::After { left: dots(left)?, right: dots(right)? })
                }
                Some(Place::Before(right)) => Some(Origin::Before(dot(right)?)),
                None => None,
            };
            let mut next = (dot(run.first)?, origin);
            for value in &run.values {
                told.push((next.0, next.1, value.clone()));
                next = follower(next);
            }
            dot((run.first.0, next.0.counter - 1))?;
        }
        if told.is_sorted_by(|a, b| a.0 < b.0) && Self::pack(told.iter().cloned()) == self {
            Ok(told)
        } else {
            Err("elements are not in ascending order and in the longest runs".to_owned())
        }
    }
}
