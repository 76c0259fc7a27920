//! Who is whose neighbour.

use petgraph::graph::UnGraph;
use petgraph::unionfind::UnionFind;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::keys::TOPOLOGIES;
use crate::rng::{Draws, EventId, Kind, Seed, Stream};
use crate::scenario::{Latency, Link, ScenarioError};

/// Who is whose neighbour. In TOML a name (`"ring"`), or a table where there is more to say
/// (`{ kind = "tree", arity = 3 }`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
#[non_exhaustive]
pub enum Topology {
    /// Everyone is everyone's.
    #[default]
    Mesh,
    /// `1 - 2 - 3 - …`.
    Chain,
    /// A chain whose ends meet.
    Ring,
    /// Everyone is the neighbour of 1 only.
    Star,
    /// 1 is the root; each has so many below it.
    Tree {
        /// `arity`: how many are below each.
        arity: u64,
    },
    /// Rows of equal length; neighbours are left, right, above and below.
    Grid {
        /// `width`: the length of a row.
        width: u64,
    },
    /// Everyone has equally many neighbours, drawn, whatever the seed of the run; connected.
    RandomRegular {
        /// `degree`: how many.
        degree: u64,
        /// `graph`: which of these graphs. Default 0.
        graph: u64,
    },
    /// A cloud (1), below it regions, below each of them gateways, below each of those edges. The
    /// links of each tier have its latency, where no `[[link]]` says otherwise.
    Hierarchy {
        /// `regions`: how many below the cloud.
        regions: u64,
        /// `gateways`: how many below each region.
        gateways: u64,
        /// `edges`: how many below each gateway.
        edges: u64,
    },
    /// Just these links, both ways.
    Links {
        /// `links`: pairs of addresses.
        links: Vec<[u64; 2]>,
    },
    /// The links in a file, a pair of addresses a line; `#` begins a comment. Once it is read, it is
    /// the same as `links`.
    File {
        /// `path`: the file, from where the scenario's own is.
        path: String,
    },
}

/// The form in TOML.
#[derive(Clone, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a topology is a name, as in \"ring\", or a table with its `kind` and what that needs, \
                 as in { kind = \"links\", links = [[1, 2], [2, 3]] }"
)]
enum Written {
    Plain(Plain),
    Table(Table),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Plain {
    Mesh,
    Chain,
    Ring,
    Star,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Table {
    Mesh,
    Chain,
    Ring,
    Star,
    Tree {
        arity: u64,
    },
    Grid {
        width: u64,
    },
    RandomRegular {
        degree: u64,
        #[serde(default, skip_serializing_if = "is_zero")]
        graph: u64,
    },
    Hierarchy {
        regions: u64,
        gateways: u64,
        edges: u64,
    },
    Links {
        links: Vec<[u64; 2]>,
    },
    File {
        path: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl From<Written> for Topology {
    fn from(written: Written) -> Self {
        match written {
            Written::Plain(Plain::Mesh) | Written::Table(Table::Mesh) => Self::Mesh,
            Written::Plain(Plain::Chain) | Written::Table(Table::Chain) => Self::Chain,
            Written::Plain(Plain::Ring) | Written::Table(Table::Ring) => Self::Ring,
            Written::Plain(Plain::Star) | Written::Table(Table::Star) => Self::Star,
            Written::Table(Table::Tree { arity }) => Self::Tree { arity },
            Written::Table(Table::Grid { width }) => Self::Grid { width },
            Written::Table(Table::RandomRegular { degree, graph }) => {
                Self::RandomRegular { degree, graph }
            }
            Written::Table(Table::Hierarchy { regions, gateways, edges }) => {
                Self::Hierarchy { regions, gateways, edges }
            }
            Written::Table(Table::Links { links }) => Self::Links { links },
            Written::Table(Table::File { path }) => Self::File { path },
        }
    }
}

impl From<Topology> for Written {
    fn from(topology: Topology) -> Self {
        match topology {
            Topology::Mesh => Self::Plain(Plain::Mesh),
            Topology::Chain => Self::Plain(Plain::Chain),
            Topology::Ring => Self::Plain(Plain::Ring),
            Topology::Star => Self::Plain(Plain::Star),
            Topology::Tree { arity } => Self::Table(Table::Tree { arity }),
            Topology::Grid { width } => Self::Table(Table::Grid { width }),
            Topology::RandomRegular { degree, graph } => {
                Self::Table(Table::RandomRegular { degree, graph })
            }
            Topology::Hierarchy { regions, gateways, edges } => {
                Self::Table(Table::Hierarchy { regions, gateways, edges })
            }
            Topology::Links { links } => Self::Table(Table::Links { links }),
            Topology::File { path } => Self::Table(Table::File { path }),
        }
    }
}

impl Topology {
    /// The topology of a graph whose node of index *i* has the address *i + 1*.
    ///
    /// ```
    /// use petgraph::graph::UnGraph;
    /// use rejoin_sim::scenario::Topology;
    /// let square = UnGraph::<(), ()>::from_edges([(0, 1), (1, 2), (2, 3), (3, 0)]);
    /// let links = vec![[1, 2], [2, 3], [3, 4], [4, 1]];
    /// assert_eq!(Topology::from_graph(&square), Topology::Links { links });
    /// ```
    #[must_use]
    pub fn from_graph<N, E>(graph: &UnGraph<N, E>) -> Self {
        let address = |node: petgraph::graph::NodeIndex| node.index() as u64 + 1;
        let links = graph.edge_indices().filter_map(|edge| graph.edge_endpoints(edge));
        Self::Links { links: links.map(|(a, b)| [address(a), address(b)]).collect() }
    }

    /// The topology of the links that `text` names: two addresses a line; what follows a `#` is a
    /// comment.
    ///
    /// # Errors
    ///
    /// What is wrong, and in which line.
    ///
    /// ```
    /// use rejoin_sim::scenario::Topology;
    /// let square = Topology::from_edges("# a square\n1 2\n2 3\n\n3 4 # the far side\n4 1\n")?;
    /// assert_eq!(square, Topology::Links { links: vec![[1, 2], [2, 3], [3, 4], [4, 1]] });
    /// let error = Topology::from_edges("1 2\n2 c\n").unwrap_err();
    /// assert_eq!(error.message(), "line 2: `c` is no address; those are 1, 2, …");
    /// # Ok::<(), rejoin_sim::ScenarioError>(())
    /// ```
    pub fn from_edges(text: &str) -> Result<Self, ScenarioError> {
        let mut links = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let wrong = |what: String| ScenarioError::new(format!("line {number}: {what}"), None);
            let words = line.split('#').next().unwrap_or_default().split_whitespace();
            let pair = words
                .map(|word| match word.parse::<u64>() {
                    Ok(address) if address > 0 => Ok(address),
                    _ => Err(wrong(format!("`{word}` is no address; those are 1, 2, …"))),
                })
                .collect::<Result<Vec<u64>, _>>()?;
            match *pair.as_slice() {
                [] => {}
                [a, b] if a != b => links.push([a, b]),
                [a, _] => return Err(wrong(format!("a link from {a} to itself"))),
                _ => return Err(wrong("a link is two addresses, as in `1 2`".to_owned())),
            }
        }
        if links.is_empty() {
            return Err(ScenarioError::new("there is no link in it", None));
        }
        Ok(Self::Links { links })
    }

    /// The name of each kind in scenarios, and what it is.
    ///
    /// ```
    /// use rejoin_sim::scenario::Topology;
    /// assert!(Topology::kinds().any(|(name, _)| name == "hierarchy"));
    /// assert_eq!(Topology::kinds().next(), Some(("mesh", "Everyone is everyone's.")));
    /// ```
    pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
        TOPOLOGIES.iter().map(|kind| (kind.name, kind.says))
    }

    /// Its name in scenarios.
    ///
    /// ```
    /// use rejoin_sim::scenario::Topology;
    /// assert_eq!(Topology::Grid { width: 3 }.name(), "grid");
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Mesh => "mesh",
            Self::Chain => "chain",
            Self::Ring => "ring",
            Self::Star => "star",
            Self::Tree { .. } => "tree",
            Self::Grid { .. } => "grid",
            Self::RandomRegular { .. } => "random-regular",
            Self::Hierarchy { .. } => "hierarchy",
            Self::Links { .. } => "links",
            Self::File { .. } => "file",
        }
    }

    /// How many replicas it is made of, if it says so.
    pub(crate) fn replicas(&self) -> Option<u64> {
        match self {
            Self::Hierarchy { regions, gateways, edges } => {
                let gateways = regions.checked_mul(*gateways)?;
                let edges = gateways.checked_mul(*edges)?;
                1u64.checked_add(*regions)?.checked_add(gateways)?.checked_add(edges)
            }
            Self::Links { links } => links.iter().flatten().copied().max(),
            _ => None,
        }
    }

    /// Latencies that belong to it.
    pub(crate) fn tiers(&self) -> Vec<Link> {
        let Self::Hierarchy { regions, .. } = *self else { return Vec::new() };
        let latency = |median_ms, sigma| Some(Latency::LogNormal { median_ms, sigma });
        let of = |nodes: std::ops::RangeInclusive<u64>, latency: Option<Latency>| {
            let nodes: Vec<u64> = nodes.collect();
            let out = Link { from: nodes.clone(), latency, ..Link::default() };
            [out, Link { to: nodes, latency, ..Link::default() }]
        };
        // From the edges up: a later tier takes the links to the tier below it.
        let mut tiers = vec![Link { latency: latency(8.0, 0.6), ..Link::default() }];
        tiers.extend(of(2..=1 + regions, latency(20.0, 0.4)));
        tiers.extend(of(1..=1, latency(60.0, 0.3)));
        tiers
    }

    /// The neighbours of each replica of `replicas`, by index from 0, ascending.
    pub(crate) fn neighbours(&self, replicas: usize) -> Vec<Vec<u32>> {
        let mut links: Vec<Vec<u32>> = vec![Vec::new(); replicas];
        let mut link = |a: usize, b: usize| {
            if a != b && a < replicas && b < replicas {
                links[a].push(b as u32);
                links[b].push(a as u32);
            }
        };
        match self {
            Self::Mesh => {
                for a in 0..replicas {
                    (0..a).for_each(|b| link(a, b));
                }
            }
            Self::Chain => (1..replicas).for_each(|a| link(a - 1, a)),
            Self::Ring => (0..replicas).for_each(|a| link(a, (a + 1) % replicas)),
            Self::Star => (1..replicas).for_each(|a| link(0, a)),
            Self::Tree { arity } => {
                let arity = (*arity).max(1) as usize;
                (1..replicas).for_each(|a| link((a - 1) / arity, a));
            }
            Self::Grid { width } => {
                let width = (*width).max(1) as usize;
                for a in 0..replicas {
                    if (a + 1) % width != 0 {
                        link(a, a + 1);
                    }
                    link(a, a + width);
                }
            }
            Self::RandomRegular { degree, graph } => {
                random_regular(replicas, *degree as usize, *graph, link);
            }
            Self::Hierarchy { regions, gateways, edges } => {
                let (regions, gateways, edges) =
                    (*regions as usize, *gateways as usize, *edges as usize);
                let (first_gateway, first_edge) = (1 + regions, 1 + regions + regions * gateways);
                (1..=regions).for_each(|a| link(0, a));
                (first_gateway..first_edge)
                    .for_each(|a| link(1 + (a - first_gateway) / gateways, a));
                for a in first_edge..replicas {
                    link(first_gateway + (a - first_edge) / edges, a);
                }
            }
            Self::File { .. } => {}
            Self::Links { links } => {
                for &[a, b] in links {
                    link(a.wrapping_sub(1) as usize, b.wrapping_sub(1) as usize);
                }
            }
        }
        for neighbours in &mut links {
            neighbours.sort_unstable();
            neighbours.dedup();
        }
        links
    }
}

/// A connected graph in which each has `degree` neighbours, drawn; where that cannot be, one has a
/// neighbour fewer, or more.
fn random_regular(replicas: usize, degree: usize, graph: u64, mut link: impl FnMut(usize, usize)) {
    let most = replicas.saturating_sub(1);
    let degree = degree.min(most);
    let mut draws = Seed::new(graph).draws(
        Stream::Topology,
        EventId::root(Kind::Start, replicas as u64).child(Kind::Start, degree as u64, 0),
    );
    if degree == 2 {
        // Only a ring is connected.
        let mut around: Vec<usize> = (0..replicas).collect();
        draws.shuffle(&mut around);
        (0..replicas).for_each(|at| link(around[at], around[(at + 1) % replicas]));
        return;
    }
    // Where most are neighbours, who are not is drawn.
    let dense = degree > most / 2;
    let drawn = if dense { most - degree } else { degree };
    let links = loop {
        let Some(links) = pairs(replicas, drawn, &mut draws) else { continue };
        let mut links: Vec<(usize, usize)> = match dense {
            false => links.into_iter().collect(),
            true => {
                let all = (0..replicas).flat_map(|a| (a + 1..replicas).map(move |b| (a, b)));
                all.filter(|pair| !links.contains(pair)).collect()
            }
        };
        links.sort_unstable();
        let mut parts = UnionFind::<usize>::new(replicas);
        let joined = links.iter().filter(|(a, b)| parts.union(*a, *b)).count();
        if joined == most {
            break links;
        }
    };
    links.into_iter().for_each(|(a, b)| link(a, b));
}

/// Draws a graph in which each has `degree` neighbours, nearly each of them as likely (Steger &
/// Wormald, "Generating random regular graphs quickly", 1999): ends of links are paired at random, and
/// those that would make a loop or a link twice once more; `None` if nothing else is left.
fn pairs(replicas: usize, degree: usize, draws: &mut Draws) -> Option<FxHashSet<(usize, usize)>> {
    let mut links = FxHashSet::default();
    let mut ends: Vec<usize> = (0..replicas).flat_map(|a| std::iter::repeat_n(a, degree)).collect();
    while ends.len() > 1 {
        let before = ends.len();
        draws.shuffle(&mut ends);
        let mut again = Vec::new();
        for pair in ends.chunks(2) {
            match *pair {
                [a, b] if a != b && links.insert((a.min(b), a.max(b))) => {}
                _ => again.extend_from_slice(pair),
            }
        }
        let fits = |a: usize, b: usize| a < b && !links.contains(&(a, b));
        if again.len() == before && !again.iter().any(|&a| again.iter().any(|&b| fits(a, b))) {
            return None;
        }
        ends = again;
    }
    Some(links)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_topology_has_its_links() {
        let of = |topology: Topology| topology.neighbours(4);
        assert_eq!(of(Topology::Mesh)[1], [0, 2, 3]);
        assert_eq!(of(Topology::Chain), [vec![1], vec![0, 2], vec![1, 3], vec![2]]);
        assert_eq!(of(Topology::Ring), [vec![1, 3], vec![0, 2], vec![1, 3], vec![0, 2]]);
        assert_eq!(of(Topology::Star), [vec![1, 2, 3], vec![0], vec![0], vec![0]]);
        assert_eq!(of(Topology::Tree { arity: 2 }), [vec![1, 2], vec![0, 3], vec![0], vec![1]]);
        assert_eq!(
            of(Topology::Grid { width: 2 }),
            [vec![1, 2], vec![0, 3], vec![0, 3], vec![1, 2]]
        );
        let pairs = Topology::Links { links: vec![[1, 3], [4, 1]] };
        assert_eq!(of(pairs), [vec![2, 3], vec![], vec![0], vec![0]]);
    }

    #[test]
    fn a_hierarchy_has_its_tiers() {
        let hierarchy = Topology::Hierarchy { regions: 2, gateways: 2, edges: 3 };
        assert_eq!(hierarchy.replicas(), Some(1 + 2 + 4 + 12));
        let links = hierarchy.neighbours(19);
        assert_eq!(links[0], [1, 2]);
        assert_eq!(links[1], [0, 3, 4]);
        assert_eq!(links[3], [1, 7, 8, 9]);
        assert_eq!(links[18], [6]);
        let median = |from: u64, to: u64| {
            let tiers = hierarchy.tiers();
            let last = tiers.iter().rfind(|tier| tier.covers(from, to));
            match last.and_then(|tier| tier.latency) {
                Some(Latency::LogNormal { median_ms, .. }) => median_ms,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([median(1, 2), median(3, 1)], [60.0; 2]);
        assert_eq!([median(2, 4), median(5, 2)], [20.0; 2]);
        assert_eq!([median(4, 8), median(8, 4)], [8.0; 2]);
    }

    #[test]
    fn a_random_regular_graph_is_connected_and_regular() {
        let of = |replicas, degree, graph| {
            Topology::RandomRegular { degree, graph }.neighbours(replicas)
        };
        let sizes = [(4, 3), (5, 2), (6, 3), (6, 4), (6, 5), (9, 4), (10, 7), (100, 4), (1_000, 6)];
        for (replicas, degree) in sizes {
            for graph in 0..20 {
                let links = of(replicas, degree, graph);
                assert_eq!(links, of(replicas, degree, graph));
                let (mut seen, mut next) = (BTreeSet::from([0]), vec![0]);
                while let Some(one) = next.pop() {
                    assert_eq!(links[one as usize].len() as u64, degree);
                    next.extend(links[one as usize].iter().filter(|other| seen.insert(**other)));
                }
                assert_eq!(seen.len(), replicas);
            }
        }
        // Of six replicas with three neighbours each there are two graphs, a prism and K₃,₃, and 70 ways
        // to name their replicas.
        let graphs: BTreeSet<_> = (0..2_000).map(|graph| of(6, 3, graph)).collect();
        assert_eq!(graphs.len(), 70);
    }

    #[test]
    fn small_networks_have_no_link_twice_and_none_to_oneself() {
        let topologies = [
            Topology::Mesh,
            Topology::Chain,
            Topology::Ring,
            Topology::Star,
            Topology::Tree { arity: 2 },
            Topology::Grid { width: 3 },
            Topology::RandomRegular { degree: 3, graph: 0 },
        ];
        for topology in topologies {
            assert_eq!(topology.neighbours(1), [Vec::<u32>::new()]);
            assert_eq!(topology.neighbours(2), [vec![1], vec![0]]);
        }
    }

    #[test]
    fn a_name_is_enough_where_there_is_nothing_more_to_say() {
        #[derive(Serialize, Deserialize)]
        struct Of {
            topology: Topology,
        }
        for (text, topology) in
            [("topology = \"ring\"\n", Topology::Ring), ("topology = \"mesh\"\n", Topology::Mesh)]
        {
            assert_eq!(toml::from_str::<Of>(text).unwrap().topology, topology);
            assert_eq!(toml::to_string(&Of { topology }).unwrap(), text);
        }
        let drawn = |graph| Topology::RandomRegular { degree: 3, graph };
        let links = Topology::Links { links: vec![[1, 2]] };
        for topology in [Topology::Tree { arity: 3 }, links, drawn(0), drawn(7)] {
            let text = toml::to_string(&Of { topology: topology.clone() }).unwrap();
            assert_eq!(toml::from_str::<Of>(&text).unwrap().topology, topology);
        }
    }
}
