//! Who is whose neighbour.

use crate::scenario::Topology;

/// The neighbours of each replica of `replicas`, by index from 0, ascending.
pub(crate) fn neighbours(topology: Topology, replicas: usize) -> Vec<Vec<usize>> {
    let linked = |a: usize, b: usize| {
        let (low, high) = (a.min(b), a.max(b));
        match topology {
            Topology::Mesh => true,
            Topology::Chain => high - low == 1,
            Topology::Ring => high - low == 1 || (low == 0 && high == replicas - 1),
            Topology::Star => low == 0,
        }
    };
    (0..replicas).map(|a| (0..replicas).filter(|&b| a != b && linked(a, b)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_topology_has_its_links() {
        let of = |topology| neighbours(topology, 4);
        assert_eq!(of(Topology::Mesh)[1], [0, 2, 3]);
        assert_eq!(of(Topology::Chain), [vec![1], vec![0, 2], vec![1, 3], vec![2]]);
        assert_eq!(of(Topology::Ring), [vec![1, 3], vec![0, 2], vec![1, 3], vec![0, 2]]);
        assert_eq!(of(Topology::Star), [vec![1, 2, 3], vec![0], vec![0], vec![0]]);
    }

    #[test]
    fn small_networks_have_no_link_twice_and_none_to_oneself() {
        for topology in [Topology::Mesh, Topology::Chain, Topology::Ring, Topology::Star] {
            assert_eq!(neighbours(topology, 1), [Vec::<usize>::new()]);
            assert_eq!(neighbours(topology, 2), [vec![1], vec![0]]);
        }
    }
}
