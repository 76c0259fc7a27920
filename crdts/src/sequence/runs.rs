//! Elements as they travel: what was typed in one go is one run.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::tree::{Life, Origin};
use crate::{Dot, ReplicaId};

/// An element as it is told of: its dot, and unless it was dropped, where it was inserted and what
/// became of it.
pub(super) type Told<T> = (Dot, Option<(Origin, Life<T>)>);

/// Elements, ascending by dot, in as few runs as there can be: a byte or two for each letter of a
/// text, and some twelve for each run.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Sequence")]
pub(super) struct Runs<T> {
    replicas: Vec<ReplicaId>, // that are named in what follows, ascending
    runs: Vec<Run<T>>,
    deaths: Vec<(Name, u64)>, // of what is dead and not dropped, one after the other: by whom, and how many
}

/// Elements with consecutive dots, each inserted after the one before.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Run<T> {
    first: Name,
    origin: Option<Place>,
    values: Vec<Option<T>>, // none is dead
}

/// A dot: which of the replicas, and the counter.
type Name = (u64, u64);

#[derive(Clone, PartialEq, Serialize, Deserialize)]
enum Place {
    After(Option<Name>, Option<Name>),
    Before(Name),
    Nowhere(Name),
}

/// The one that is next to `last` in its run.
fn follower((dot, origin): (Dot, Option<Origin>)) -> (Dot, Option<Origin>) {
    let left = Some(dot);
    let origin = origin.map(|origin| match origin {
        Origin::After { right, .. } => Origin::After { left, right },
        Origin::Before(right) => Origin::After { left, right: Some(right) },
        Origin::Nowhere(since) => Origin::Nowhere(since),
    });
    (Dot::new(dot.replica, dot.counter.saturating_add(1)), origin)
}

impl<T: Clone + PartialEq> Runs<T> {
    /// Of elements in ascending order.
    pub(super) fn pack(told: impl Iterator<Item = Told<T>>) -> Self {
        type Head = (Dot, Option<Origin>);
        let mut runs: Vec<(Head, Vec<Option<T>>)> = Vec::new();
        let mut deaths: Vec<(Dot, u64)> = Vec::new();
        let mut last = None;
        for (dot, kept) in told {
            let (origin, value) = match kept {
                Some((origin, Life::Live(value))) => (Some(origin), Some(value)),
                Some((origin, Life::Dead(by))) => {
                    match deaths.last_mut() {
                        Some((last, many)) if *last == *by => *many += 1,
                        _ => deaths.push((*by, 1)),
                    }
                    (Some(origin), None)
                }
                None => (None, None),
            };
            match runs.last_mut() {
                Some((_, values)) if last.map(follower) == Some((dot, origin)) => {
                    values.push(value);
                }
                _ => runs.push(((dot, origin), vec![value])),
            }
            last = Some((dot, origin));
        }
        let mut named: BTreeSet<ReplicaId> = deaths.iter().map(|(by, _)| by.replica).collect();
        for ((dot, origin), _) in &runs {
            let origins = origin.iter().flat_map(|origin| origin.dots());
            let since = match origin {
                Some(Origin::Nowhere(since)) => Some(*since),
                _ => None,
            };
            named.extend(origins.chain(since).chain([*dot]).map(|dot| dot.replica));
        }
        let replicas: Vec<ReplicaId> = named.into_iter().collect();
        let name = |dot: Dot| {
            let at = replicas.partition_point(|replica| *replica < dot.replica);
            (at as u64, dot.counter)
        };
        let place = |origin| match origin {
            Origin::After { left, right } => Place::After(left.map(name), right.map(name)),
            Origin::Before(right) => Place::Before(name(right)),
            Origin::Nowhere(since) => Place::Nowhere(name(since)),
        };
        let run = |((dot, origin), values): (Head, _)| Run {
            first: name(dot),
            origin: origin.map(place),
            values,
        };
        let runs = runs.into_iter().map(run).collect();
        let deaths = deaths.into_iter().map(|(by, many)| (name(by), many)).collect();
        Self { replicas, runs, deaths }
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
        let deaths = self.deaths.iter().map(|(by, many)| Ok((Arc::new(dot(*by)?), *many)));
        let deaths: Vec<(Arc<Dot>, u64)> = deaths.collect::<Result<_, String>>()?;
        let mut deaths =
            deaths.iter().flat_map(|(by, many)| (0..*many).map(move |_| Arc::clone(by)));
        let mut told = Vec::new();
        for run in &self.runs {
            let origin = match run.origin {
                Some(Place::After(left, right)) => {
                    Some(Origin::After { left: dots(left)?, right: dots(right)? })
                }
                Some(Place::Before(right)) => Some(Origin::Before(dot(right)?)),
                Some(Place::Nowhere(since)) => Some(Origin::Nowhere(dot(since)?)),
                None => None,
            };
            let mut next = (dot(run.first)?, origin);
            for value in &run.values {
                let kept = match (next.1, value) {
                    (None | Some(Origin::Nowhere(_)), Some(_)) => {
                        return Err("an element that has no place".to_owned());
                    }
                    (Some(origin), Some(value)) => Some((origin, Life::Live(value.clone()))),
                    (Some(origin), None) => {
                        let by = deaths.next().ok_or("an element that nobody deleted")?;
                        Some((origin, Life::Dead(by)))
                    }
                    (None, None) => None,
                };
                told.push((next.0, kept));
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
