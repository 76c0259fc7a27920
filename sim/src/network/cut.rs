//! Cuts: who cannot send to whom.

use std::collections::BTreeSet;

use crate::scenario::PartitionKind;

/// A cut between replicas (by index).
#[derive(Debug)]
pub(super) enum Cut {
    /// Between different sides, in the directions that the kind says.
    Sides { kind: PartitionKind, sides: Vec<u32>, rest: u32 },
    /// Around the ring of so many.
    Ring(usize),
    /// On these links.
    Links(BTreeSet<(usize, usize)>),
}

impl Cut {
    pub(super) fn new(kind: PartitionKind, groups: &[Vec<u64>], replicas: usize) -> Self {
        let index = |address: &u64| address.wrapping_sub(1) as usize;
        match kind {
            PartitionKind::Ring => Self::Ring(replicas),
            PartitionKind::Partial => Self::Links(
                groups
                    .iter()
                    .filter_map(|pair| Some((index(pair.first()?), index(pair.get(1)?))))
                    .collect(),
            ),
            kind => {
                let rest = groups.len() as u32;
                let mut sides = vec![rest; replicas];
                for (side, group) in groups.iter().enumerate() {
                    for member in group {
                        if let Some(place) = sides.get_mut(index(member)) {
                            *place = side as u32;
                        }
                    }
                }
                Self::Sides { kind, sides, rest }
            }
        }
    }

    pub(super) fn blocks(&self, from: usize, to: usize) -> bool {
        match self {
            Self::Ring(replicas) => {
                let apart = from.abs_diff(to);
                apart != 1 && apart != replicas - 1
            }
            Self::Links(links) => links.contains(&(from, to)),
            Self::Sides { kind, sides, rest } => {
                let (from, to) = (sides[from], sides[to]);
                match kind {
                    PartitionKind::OneWay => from == 0 && to != 0,
                    PartitionKind::Bridge => from != to && from != *rest && to != *rest,
                    PartitionKind::Isolate => from != *rest || to != *rest,
                    _ => from != to,
                }
            }
        }
    }
}
