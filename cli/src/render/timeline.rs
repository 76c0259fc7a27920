//! The notable moments of a run, beside the lanes of its replicas.

use std::collections::{BTreeMap, BTreeSet};

use rejoin_sim::outcome::{Arrived, Reading};
use rejoin_sim::scenario::PartitionKind;
use rejoin_sim::trace::OperationDecision;
use rejoin_sim::{Happening, Outcome, Time};

use super::configuration::{clock_in_words, cut_in_words, disk_in_words};
use super::lanes::{Lanes, Mark};
use super::line::{Line, Style};
use super::text::{clean, count, cut};
use super::values::side_by_side;

/// How the moments are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// Columns.
    pub(crate) width: usize,
    /// Lines, or none if there may be any number.
    pub(crate) rows: Option<usize>,
    /// Whether every operation is shown, and values uncut.
    pub(crate) everything: bool,
}

/// The timeline, from top to bottom. Where there are more moments than rows, those in the middle
/// are left out, and it says so.
pub(crate) fn timeline(outcome: &Outcome, form: Form) -> Vec<Line> {
    let mut sketch = Sketch::new(outcome, form);
    let mut moments: Vec<Vec<Line>> = Vec::new();
    let mut events = events(outcome, form.everything).into_iter().peekable();
    for entry in &outcome.timeline {
        let last = matches!(entry.what, Happening::Violated { .. });
        while let Some(event) =
            events.next_if(|next| next.at() < entry.at_us || last && next.at() == entry.at_us)
        {
            moments.push(sketch.event(event));
        }
        moments.push(sketch.happening(entry.at_us, &entry.what));
    }
    moments.extend(events.map(|event| sketch.event(event)));
    let names = sketch.names();
    let mut lines = vec![names];
    lines.extend(match form.rows {
        Some(rows) => shortened(moments, rows.saturating_sub(1)),
        None => moments.concat(),
    });
    lines
}

/// A run of so few operations and deliveries is shown event by event.
const SMALL: u64 = 12;
/// More deliveries than this are never shown.
const MOST_DELIVERIES: usize = 500;

/// What is no moment of the run, but part of its story.
#[derive(Clone, Copy)]
enum Event<'o> {
    Operation(&'o OperationDecision),
    Delivery(&'o Arrived),
}

impl Event<'_> {
    fn at(self) -> Time {
        match self {
            Self::Operation(operation) => operation.at_us,
            Self::Delivery(arrived) => arrived.at_us,
        }
    }
}

/// The operations and deliveries that are shown, in order of time.
fn events(outcome: &Outcome, everything: bool) -> Vec<Event<'_>> {
    // Of a run that is no replay the deliveries are not known.
    let small = !outcome.decisions.operations.is_empty()
        && outcome.size.operations + outcome.size.deliveries <= SMALL
        && outcome.size.deliveries + outcome.size.settling == outcome.arrived.len() as u64;
    let mut events = Vec::new();
    if everything || small {
        let planned = outcome.decisions.operations.iter();
        let planned = planned.filter(|operation| operation.at_us <= outcome.ended_us);
        events.extend(planned.map(Event::Operation));
    }
    let faulty = |arrived: &&Arrived| {
        everything || outcome.healed_us.is_none_or(|healed| arrived.at_us <= healed)
    };
    if small || everything && outcome.arrived.len() <= MOST_DELIVERIES {
        events.extend(outcome.arrived.iter().filter(faulty).map(Event::Delivery));
    }
    events.sort_by_key(|event| event.at());
    events
}

/// The first and the last moments that fit in `rows`.
fn shortened(moments: Vec<Vec<Line>>, rows: usize) -> Vec<Line> {
    let total: usize = moments.iter().map(Vec::len).sum();
    if total <= rows {
        return moments.concat();
    }
    let mut rows = rows.saturating_sub(1);
    let (mut first, mut last) = (0, moments.len());
    // From both ends in turn: how it began, and how it ended.
    loop {
        let end = &moments[last - 1];
        if end.len() > rows || last <= first + 1 {
            break;
        }
        rows -= end.len();
        last -= 1;
        let begin = &moments[first];
        if begin.len() > rows || first + 1 >= last {
            break;
        }
        rows -= begin.len();
        first += 1;
    }
    let left_out = Line::new().styled(
        Style::Faint,
        format!(
            "{:>12}… {} left out; --verbose has all",
            "",
            count((last - first) as u64, "moment")
        ),
    );
    [moments[..first].concat(), vec![left_out], moments[last..].concat()].concat()
}

/// The state of the drawing as it goes on.
struct Sketch {
    lanes: Lanes,
    /// The replicas at which a check failed.
    guilty: Vec<u64>,
    form: Form,
    time_width: usize,
}

impl Sketch {
    fn new(outcome: &Outcome, form: Form) -> Self {
        let time_width = outcome.ended_us.to_string().len().max(8);
        let values = outcome.violation.iter().flat_map(|violation| &violation.values);
        let guilty = values.map(|reading| reading.replica).collect();
        let mut lanes = Lanes::new(outcome.scenario.replicas);
        let mut met = BTreeSet::new();
        for entry in &outcome.timeline {
            match entry.what {
                // Whoever joins without having left was not there from the start.
                Happening::Join { replica, .. } if met.insert(replica) => lanes.crash(replica),
                Happening::Leave { replica, .. } => {
                    met.insert(replica);
                }
                _ => {}
            }
        }
        Self { lanes, guilty, form, time_width }
    }

    fn names(&self) -> Line {
        Line::new().plain(" ".repeat(self.time_width + 4)).then(self.lanes.names())
    }

    /// How many columns are left for words.
    fn room(&self) -> usize {
        self.form.width.saturating_sub(self.time_width + 4 + self.lanes.width())
    }

    fn row(&self, at: Option<Time>, lanes: Line, words: Line) -> Line {
        let time = at.map(|at| at.to_string()).unwrap_or_default();
        Line::new()
            .styled(Style::Faint, format!("  {time:>width$}  ", width = self.time_width))
            .then(lanes)
            .then(words)
    }

    fn words(&self, at: Time, marks: &[(u64, Mark)], words: Line) -> Vec<Line> {
        let marks = marks.iter().copied().collect();
        vec![self.row(Some(at), self.lanes.row(&marks), words)]
    }

    fn event(&self, event: Event<'_>) -> Vec<Line> {
        match event {
            Event::Operation(operation) => self.operation(operation),
            Event::Delivery(arrived) => self.delivery(arrived),
        }
    }

    fn delivery(&self, arrived: &Arrived) -> Vec<Line> {
        let Arrived { from, to, at_us, sent_us, damaged, .. } = *arrived;
        let mark = (to, Mark(Style::Strong, if from < to { '▸' } else { '◂' }));
        let words = format!("r{to} hears r{from} as of {sent_us}");
        let words = Line::new().plain(words);
        let words = if damaged { words.styled(Style::Warn, ", damaged") } else { words };
        self.words(at_us, &[mark], words)
    }

    fn operation(&self, operation: &OperationDecision) -> Vec<Line> {
        let mark = (operation.replica, Mark(Style::Strong, '+'));
        let text = clean(&operation.text);
        self.words(
            operation.at_us,
            &[mark],
            Line::new().plain(format!("r{} ← {text}", operation.replica)),
        )
    }

    fn happening(&mut self, at: Time, what: &Happening) -> Vec<Line> {
        match what {
            Happening::Partition { partition, groups } => {
                if *partition == PartitionKind::Groups {
                    self.lanes.cut(groups);
                }
                let words = Line::new().styled(Style::Warn, "cut").plain(": ");
                self.words(at, &[], words.plain(cut_in_words(*partition, groups)))
            }
            Happening::Heal { partition, groups } => {
                if *partition == PartitionKind::Groups {
                    self.lanes.heal(groups);
                }
                let words = Line::new().styled(Style::Warn, "healed").plain(": ");
                let healed = cut_in_words(*partition, groups).replace(" | ", " + ");
                self.words(at, &[], words.plain(healed))
            }
            Happening::Diverged { values } => self.diverged(at, values),
            Happening::Crash { replica, disk, gone } => {
                self.lanes.crash(*replica);
                let mut words = Line::new()
                    .styled(Style::Warn, format!("r{replica} crashes"))
                    .plain(format!(", {}", disk_in_words(*disk)));
                if *gone > 0 {
                    words =
                        words.plain(format!("; {} shown nowhere now", count(*gone, "operation")));
                }
                self.words(at, &[(*replica, Mark(Style::Bad, '╳'))], words)
            }
            Happening::Restart { replica, incarnation: _, recovered } => {
                self.lanes.restart(*replica);
                let words = Line::new().styled(Style::Warn, format!("r{replica} restarts")).plain(
                    match recovered {
                        0 => ", remembering nothing".to_owned(),
                        _ => format!(", {} back from its disk", count(*recovered, "operation")),
                    },
                );
                self.words(at, &[(*replica, Mark(Style::Good, '○'))], words)
            }
            Happening::Pause { replica } => {
                self.lanes.crash(*replica);
                let words = Line::new().styled(Style::Warn, format!("r{replica} stands still"));
                self.words(at, &[(*replica, Mark(Style::Warn, '‖'))], words)
            }
            Happening::Resume { replica, waited } => {
                self.lanes.restart(*replica);
                let words = Line::new().styled(Style::Warn, format!("r{replica} goes on"));
                let words = words.plain(match waited {
                    0 => String::new(),
                    _ => format!(", {} had waited", count(*waited, "event")),
                });
                self.words(at, &[(*replica, Mark(Style::Good, '○'))], words)
            }
            Happening::Clock { replica, change } => {
                let words = Line::new()
                    .styled(Style::Warn, format!("r{replica}'s clock"))
                    .plain(format!(" {}", clock_in_words(*change)));
                self.words(at, &[(*replica, Mark(Style::Warn, '◷'))], words)
            }
            Happening::Join { replica, incarnation: _ } => {
                self.lanes.restart(*replica);
                let words = Line::new().styled(Style::Warn, format!("r{replica} joins"));
                self.words(at, &[(*replica, Mark(Style::Good, '○'))], words)
            }
            Happening::Leave { replica, gone } => {
                self.lanes.crash(*replica);
                let mut words = Line::new().styled(Style::Warn, format!("r{replica} leaves"));
                if *gone > 0 {
                    words =
                        words.plain(format!("; {} shown nowhere now", count(*gone, "operation")));
                }
                self.words(at, &[(*replica, Mark(Style::Bad, '╳'))], words)
            }
            Happening::Calm => self.words(
                at,
                &[],
                Line::new().styled(Style::Faint, "faults and clients are done; now they settle"),
            ),
            Happening::Agreed { value } => {
                let words = Line::new().styled(Style::Good, "agreed").plain(": ");
                let room = self.room().saturating_sub(words.width());
                let value = clean(value);
                let value = if self.form.everything { value } else { cut(&value, room) };
                vec![self.row(Some(at), self.lanes.joined(), words.plain(value))]
            }
            Happening::Violated { class } => {
                let words = Line::new().styled(Style::Bad, format!("violated: {class}"));
                let marks: Vec<(u64, Mark)> =
                    self.guilty.iter().map(|replica| (*replica, Mark(Style::Bad, '✗'))).collect();
                self.words(at, &marks, words)
            }
            other => self.words(at, &[], Line::new().plain(clean(&format!("{other:?}")))),
        }
    }

    /// A row for each of the differing values, marked in its replica's lane.
    fn diverged(&self, at: Time, values: &[Reading]) -> Vec<Line> {
        let label = |reading: &Reading| format!("r{} reads ", reading.replica);
        let widest = values.iter().map(|reading| label(reading).len()).max().unwrap_or(0);
        let room = self.room().saturating_sub(widest);
        let room = if self.form.everything { usize::MAX } else { room };
        let shown = side_by_side(values, room);
        let rows = values.iter().zip(shown).enumerate().map(|(number, (reading, value))| {
            let marks = BTreeMap::from([(reading.replica, Mark(Style::Warn, '◆'))]);
            let at = (number == 0).then_some(at);
            self.row(at, self.lanes.row(&marks), Line::new().plain(label(reading)).then(value))
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_in_the_middle() {
        let moments: Vec<Vec<Line>> = (0..9).map(|at| vec![Line::from(at.to_string())]).collect();
        assert_eq!(shortened(moments.clone(), 9).len(), 9);
        for rows in 3..9 {
            let lines = shortened(moments.clone(), rows);
            assert_eq!(lines.len(), rows);
        }
        assert_eq!(shortened(moments, 1).len(), 1);
    }
}
