//! A broken law, told so that a person can follow.

use std::fmt::{self, Write};

use super::erased::{Reading, Run};
use super::judge::{Finding, breaks};
use super::{Case, Event, Execution, Law, Report};
use crate::{Model, OpSet};

/// Past this width a table's cell is cut; the values below the table are given in full.
const CELL: usize = 36;

/// Cells are cut further until the table is no wider than a terminal, but not below this.
const LEAST_CELL: usize = 9;

/// The columns of a terminal.
const TABLE: usize = 80;

/// A law that does not hold, and the history that shows it.
///
/// Its `Display` (and `Debug`, which is what a failed `unwrap` prints) is a table: what was done,
/// what each operation had seen, what was then read there, and what the specification says of it;
/// below it, the states and deltas of the law and the two sides that differ. Stamps are shown if
/// other stamps would have made a difference.
///
/// ```
/// # mod twice { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/twice.rs")); }
/// # use twice::Twice;
/// # use rejoin_crdts::laws::{Law, Laws};
/// let violation = Laws::new(Twice).check().unwrap_err(); // its specification counts all twice
/// assert!(violation.to_string().starts_with("This does not hold: a replica reads what"));
/// ```
pub struct Violation<Op> {
    law: Law,
    case: Case<Op>,
    table: String,
    explanation: String,
    found: Option<Found>,
    report: Report,
}

/// Where a violation was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) seed: u64,
    pub(super) number: u64,
    pub(super) operations: usize,
}

impl<Op> Violation<Op> {
    /// The law that does not hold.
    ///
    /// ```
    /// # mod twice { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/twice.rs")); }
    /// # use twice::Twice;
    /// # use rejoin_crdts::laws::{Law, Laws};
    /// let violation = Laws::new(Twice).check().unwrap_err(); // its specification counts all twice
    /// assert_eq!(violation.law(), Law::Specification);
    /// ```
    #[must_use]
    pub fn law(&self) -> Law {
        self.law
    }

    /// The history that shows it.
    ///
    /// ```
    /// # mod twice { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/twice.rs")); }
    /// # use twice::Twice;
    /// # use rejoin_crdts::laws::{Law, Laws};
    /// let violation = Laws::new(Twice).check().unwrap_err(); // its specification counts all twice
    /// assert_eq!(format!("{:?}", violation.case()), "[r1: +1]");
    /// ```
    #[must_use]
    pub fn case(&self) -> &Case<Op> {
        &self.case
    }

    /// How many operations that takes.
    ///
    /// ```
    /// # mod twice { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/twice.rs")); }
    /// # use twice::Twice;
    /// # use rejoin_crdts::laws::{Law, Laws};
    /// let violation = Laws::new(Twice).check().unwrap_err(); // its specification counts all twice
    /// assert_eq!(violation.operations(), 1);
    /// ```
    #[must_use]
    pub fn operations(&self) -> usize {
        self.case.len()
    }

    /// What the law is about, and the values that differ, one a line.
    ///
    /// ```
    /// # mod twice { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/twice.rs")); }
    /// # use twice::Twice;
    /// # use rejoin_crdts::laws::{Law, Laws};
    /// let violation = Laws::new(Twice).check().unwrap_err(); // its specification counts all twice
    /// assert!(violation.explanation().contains(": 2") && violation.explanation().contains(": 1"));
    /// ```
    #[must_use]
    pub fn explanation(&self) -> &str {
        &self.explanation
    }

    /// The history as a table.
    ///
    /// ```
    /// # mod twice { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/twice.rs")); }
    /// # use twice::Twice;
    /// # use rejoin_crdts::laws::{Law, Laws};
    /// let violation = Laws::new(Twice).check().unwrap_err(); // its specification counts all twice
    /// let row = violation.table().lines().nth(1).unwrap_or_default();
    /// assert!(row.split_whitespace().eq(["r1:1", "+1", "-", "1", "2"])); // it reads 1, not 2
    /// ```
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The seed that found it, and the number of the case with that seed, from 0. `None` if the
    /// case was not drawn by [`Laws`](super::Laws).
    ///
    /// ```
    /// # mod twice { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/twice.rs")); }
    /// # use twice::Twice;
    /// # use rejoin_crdts::laws::{Law, Laws};
    /// let violation = Laws::new(Twice).check().unwrap_err(); // its specification counts all twice
    /// assert_eq!(violation.found(), Some((0, 0)));
    /// ```
    #[must_use]
    pub fn found(&self) -> Option<(u64, u64)> {
        self.found.map(|found| (found.seed, found.number))
    }

    /// What was checked up to the law that does not hold; not what was tried to shrink the history.
    ///
    /// ```
    /// # mod twice { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/twice.rs")); }
    /// # use twice::Twice;
    /// # use rejoin_crdts::laws::{Law, Laws};
    /// let violation = Laws::new(Twice).check().unwrap_err(); // its specification counts all twice
    /// assert!(violation.report().checks(Law::Specification) > 0);
    /// ```
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    pub(super) fn new<M: Model<Op = Op>>(
        model: &M,
        case: Case<Op>,
        finding: &Finding,
        found: Option<Found>,
        report: Report,
    ) -> Self {
        let law = finding.law;
        let with_stamps = law == Law::StampExceedsSeen || stamps_matter(model, &case, law);
        let table = table(&Execution::run(model, &case), with_stamps);
        Self { law, case, table, explanation: explain(finding), found, report }
    }
}

impl<Op> fmt::Display for Violation<Op> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "This does not hold: {}.\n", self.law)?;
        if !self.case.is_empty() {
            writeln!(f, "{}", self.table)?;
        }
        writeln!(f, "{}", self.explanation)?;
        match self.operations() {
            1 => f.write_str("1 operation")?,
            operations => write!(f, "{operations} operations")?,
        }
        if let Some(Found { seed, number, operations }) = self.found {
            if operations > self.operations() {
                write!(f, ", shrunk from {operations}")?;
            }
            write!(f, "; seed {seed}, case {number}")?;
        }
        Ok(())
    }
}

impl<Op> fmt::Debug for Violation<Op> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl<Op> std::error::Error for Violation<Op> {}

/// Whether the law would hold, or something else be read, if the clocks had shown other times.
fn stamps_matter<M: Model>(model: &M, case: &Case<M::Op>, law: Law) -> bool {
    let reads = |case: &Case<M::Op>| {
        let run = Execution::run(model, case);
        model.read(&run.state(&run.history().all()))
    };
    let with_clocks = |clock: &dyn Fn(u64) -> u64| {
        let events = case.events().iter().enumerate();
        let events =
            events.map(|(at, event)| Event { clock_ms: clock(at as u64), ..event.clone() });
        Case::new(case.delivery(), events)
    };
    let last = case.len() as u64;
    let as_they_are = reads(case);
    [with_clocks(&|at| at), with_clocks(&|at| last - at)]
        .iter()
        .any(|other| reads(other) != as_they_are || breaks(model, other, law).is_none())
}

fn explain(finding: &Finding) -> String {
    let given = finding.given.iter().map(|(name, _, _)| name);
    let names = given.chain(finding.sides.iter().map(|(name, _)| name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, origin, value) in &finding.given {
        let _ = writeln!(text, "  {name:width$} = {value}");
        let _ = writeln!(text, "  {:width$}   ({origin})", "");
    }
    for (name, value) in &finding.sides {
        let _ = writeln!(text, "  {name:width$} : {value}");
    }
    text
}

fn table(run: &dyn Run, with_stamps: bool) -> String {
    let mut rows =
        vec![["", "operation", "stamp", "had seen", "reads", "specified"].map(str::to_owned)];
    let mut refusals = run.refusals().into_iter().peekable();
    for index in 0..=run.len() {
        while let Some(refusal) = refusals.next_if(|refusal| refusal.after == index) {
            rows.push([
                refusal.replica.to_string(),
                refusal.op,
                String::new(),
                describe_seen(run, &refusal.saw),
                "refused".to_owned(),
                refusal.reason,
            ]);
        }
        if index < run.len() {
            let Reading { value, specified, verdict } =
                run.reading(&run.known_after(index), &run.after(index));
            let specified = match (specified, verdict) {
                (Some(expected), _) => expected,
                (None, Ok(())) => "allowed".to_owned(),
                (None, Err(reason)) => reason,
            };
            rows.push([
                run.at(index).id.to_string(),
                format!("{:?}", run.op(index)),
                run.at(index).stamp.to_string(),
                describe_seen(run, run.saw(index)),
                value,
                specified,
            ]);
        }
    }
    let shown: Vec<usize> = (0..6).filter(|&column| with_stamps || column != 2).collect();
    render(&rows, &shown)
}

/// Runs of one replica's operations as `r1:1-3`.
fn describe_seen(run: &dyn Run, seen: &OpSet) -> String {
    let mut ids: Vec<_> = seen.iter().map(|index| run.at(index).id).collect();
    ids.sort_unstable();
    let runs = ids.chunk_by(|a, b| a.replica == b.replica && a.seq + 1 == b.seq);
    let words: Vec<String> = runs
        .map(|run| match run {
            [one] => one.to_string(),
            [first, .., last] => format!("{first}-{}", last.seq),
            [] => String::new(),
        })
        .collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

fn render<const COLUMNS: usize>(rows: &[[String; COLUMNS]], shown: &[usize]) -> String {
    let width = |column: &usize, most: usize| {
        rows.iter().map(|row| row[*column].chars().count().min(most)).max().unwrap_or(0)
    };
    let fits = |most: &usize| shown.iter().map(|at| 2 + width(at, *most)).sum::<usize>() <= TABLE;
    let most = (LEAST_CELL..=CELL).rev().find(fits).unwrap_or(LEAST_CELL);
    let cut = |cell: &str| -> String {
        if cell.chars().count() <= most {
            return cell.to_owned();
        }
        cell.chars().take(most - 1).chain(['…']).collect()
    };
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for column in shown {
            let _ = write!(line, "  {:width$}", cut(&row[*column]), width = width(column, most));
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_a_terminal_and_cuts_no_more_than_it_must() {
        let row = |lengths: [usize; 6]| lengths.map(|length| "x".repeat(length));
        let widths = |row: [String; 6]| -> Vec<usize> {
            let text = render(&[row], &[0, 1, 2, 3, 4, 5]);
            text.split_whitespace().map(|cell| cell.chars().count()).collect()
        };
        assert_eq!(widths(row([4, 36, 3, 3, 9, 9])), [4, 36, 3, 3, 9, 9]);
        assert_eq!(widths(row([4, 90, 4, 9, 50, 50])), [4, 17, 4, 9, 17, 17]);
        assert_eq!(widths(row([90; 6])), [11; 6]);
    }
}
