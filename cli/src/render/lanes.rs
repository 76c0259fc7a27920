//! The replicas as lanes beside the timeline: who is up, and who is on which side of a cut.

use std::collections::{BTreeMap, BTreeSet};

use super::line::{Line, Style};

/// More replicas than this are not drawn.
const MAX_LANES: u64 = 10;

/// What is drawn in a replica's lane at a moment, instead of the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(pub(crate) Style, pub(crate) char);

/// The state of the lanes at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    replicas: u64,
    down: BTreeSet<u64>,
    cuts: Vec<Vec<Vec<u64>>>,
}

impl Lanes {
    pub(crate) fn new(replicas: u64) -> Self {
        Self { replicas, down: BTreeSet::new(), cuts: Vec::new() }
    }

    pub(crate) fn cut(&mut self, groups: &[Vec<u64>]) {
        self.cuts.push(groups.to_vec());
    }

    pub(crate) fn heal(&mut self, groups: &[Vec<u64>]) {
        if let Some(at) = self.cuts.iter().position(|cut| cut == groups) {
            self.cuts.remove(at);
        }
    }

    pub(crate) fn crash(&mut self, replica: u64) {
        self.down.insert(replica);
    }

    pub(crate) fn restart(&mut self, replica: u64) {
        self.down.remove(&replica);
    }

    fn drawn(&self) -> bool {
        self.replicas <= MAX_LANES
    }

    /// How many columns a row takes.
    pub(crate) fn width(&self) -> usize {
        if self.drawn() { 3 * self.replicas as usize } else { 0 }
    }

    /// The names above the lanes.
    pub(crate) fn names(&self) -> Line {
        let drawn = if self.drawn() { self.replicas } else { 0 };
        let names: String =
            (1..=drawn).map(|replica| format!("{:<3}", format!("r{replica}"))).collect();
        Line::new().styled(Style::Faint, names)
    }

    /// One row of all lanes, with marks in some.
    pub(crate) fn row(&self, marks: &BTreeMap<u64, Mark>) -> Line {
        let mut row = Line::new();
        if !self.drawn() {
            return row;
        }
        let sides = self.sides();
        for replica in 1..=self.replicas {
            let Mark(style, symbol) =
                marks.get(&replica).copied().unwrap_or_else(|| self.lane(replica, &sides));
            row = row.styled(style, symbol).plain("  ");
        }
        row
    }

    /// A row that joins all live replicas.
    pub(crate) fn joined(&self) -> Line {
        let live: Vec<u64> = (1..=self.replicas).filter(|r| !self.down.contains(r)).collect();
        let (Some(&first), Some(&last)) = (live.first(), live.last()) else {
            return self.row(&BTreeMap::new());
        };
        let mut row = Line::new();
        if !self.drawn() {
            return row;
        }
        for replica in 1..=self.replicas {
            let symbol = match (self.down.contains(&replica), first <= replica && replica < last) {
                (false, true) => "●──",
                (false, false) => "●  ",
                (true, true) => "───",
                (true, false) => "·  ",
            };
            row = row.styled(Style::Good, symbol);
        }
        row
    }

    fn lane(&self, replica: u64, sides: &BTreeMap<u64, usize>) -> Mark {
        if self.down.contains(&replica) {
            return Mark(Style::Faint, '·');
        }
        match sides.get(&replica) {
            None => Mark(Style::Plain, '│'),
            Some(&side) => {
                Mark(Style::Side(side), ['│', '┃', '║', '┆', '┇'].get(side).copied().unwrap_or('┊'))
            }
        }
    }

    /// The side on which each replica is, numbered from the left; none while nothing is cut.
    fn sides(&self) -> BTreeMap<u64, usize> {
        if self.cuts.is_empty() {
            return BTreeMap::new();
        }
        // Where several cuts are at once, a side is what none of them parts.
        let mut known: Vec<Vec<usize>> = Vec::new();
        let side_of = |replica: u64| -> Vec<usize> {
            let side = |cut: &Vec<Vec<u64>>| {
                cut.iter().position(|group| group.contains(&replica)).unwrap_or(cut.len())
            };
            self.cuts.iter().map(side).collect()
        };
        (1..=self.replicas)
            .map(|replica| {
                let side = side_of(replica);
                let number = known.iter().position(|other| *other == side).unwrap_or_else(|| {
                    known.push(side);
                    known.len() - 1
                });
                (replica, number)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Screen;
    use crate::render::line::Page;

    fn shown(lines: Vec<Line>) -> String {
        let mut page = Page::new(Screen { width: 80, height: None, colour: false });
        page.lines(lines);
        page.print()
    }

    #[test]
    fn sides_of_a_cut_look_different_until_it_heals() {
        let mut lanes = Lanes::new(3);
        let whole = lanes.row(&BTreeMap::new());
        lanes.cut(&[vec![1, 2], vec![3]]);
        let cut = lanes.row(&BTreeMap::new());
        lanes.crash(2);
        let down = lanes.row(&BTreeMap::new());
        lanes.heal(&[vec![1, 2], vec![3]]);
        let joined = lanes.joined();
        assert_eq!(shown(vec![whole, cut, down, joined]), "│  │  │\n│  │  ┃\n│  ·  ┃\n●─────●\n");
    }

    #[test]
    fn two_cuts_at_once_make_more_sides() {
        let mut lanes = Lanes::new(4);
        lanes.cut(&[vec![1, 2], vec![3, 4]]);
        lanes.cut(&[vec![1, 3]]);
        assert_eq!(shown(vec![lanes.row(&BTreeMap::new())]), "│  ┃  ║  ┆\n");
    }

    #[test]
    fn a_crowd_is_not_drawn() {
        let lanes = Lanes::new(64);
        assert_eq!((lanes.width(), lanes.row(&BTreeMap::new()).width()), (0, 0));
    }
}
