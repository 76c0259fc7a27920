//! What a run showed, in words.

use rejoin_sim::outcome::Reading;
use rejoin_sim::{Anomaly, Class, Outcome, Verdict, Violation};

use super::counts::{LABEL, label};
use super::line::{Line, Page, Style};
use super::text::{clean, count, width, wrap, wrap_in};
use super::values::side_by_side;

/// How much is said of a failed check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detail {
    /// Every operation concerned, and values uncut.
    pub(crate) everything: bool,
    /// At most how many values are put side by side, apart from what must be read.
    pub(crate) readings: usize,
    /// At most how many lines explain it.
    pub(crate) explanation: usize,
}

impl Detail {
    /// As much as is good to read, or everything.
    pub(crate) fn new(everything: bool) -> Self {
        let explanation = if everything { usize::MAX } else { 2 };
        Self { everything, readings: usize::MAX, explanation }
    }
}

/// What the failed check means, in words that need no paper.
pub(crate) fn in_words(class: Class) -> &'static str {
    match class {
        Class::Convergence => "same knowledge, different values",
        Class::Specification => "a replica reads what it must not",
        Class::Visibility => "what was seen is gone, or never came",
        Class::Acknowledged => "an acknowledged operation is lost",
        Class::Liveness => "the replicas do not settle",
        Class::Delta => "a delta does not do what its operation did",
        Class::Stamp => "an operation is stamped before what it saw",
        Class::Refusal => "what was refused changed the replica",
        Class::Wire => "what is written down does not come back",
        Class::Invariant => "an invariant of the application is broken",
        Class::Inflation => "a replica knows less than it did",
        Class::Causality => "an effect is seen before its cause",
        Class::ReadYourWrites => "a client misses what it wrote",
        Class::MonotonicReads => "a client misses what it had read",
        Class::MonotonicWrites => "a client's writes are seen out of order",
        Class::WritesFollowReads => "a client's write is seen before what it had read",
        Class::Corruption => "a damaged message was taken for another",
        _ => "a check failed",
    }
}

/// The verdict on a run: what is wrong, where and why, or that all held.
pub(crate) fn verdict(page: &mut Page, outcome: &Outcome, detail: Detail) {
    let fingerprint = format!("fingerprint {}", outcome.fingerprint);
    match (outcome.verdict, &outcome.violation) {
        (Verdict::Violated, Some(violation)) => violated(page, violation, detail),
        (Verdict::Held, _) => {
            let held = format!("{:<LABEL$}", "held");
            page.line(
                Line::new()
                    .styled(Style::Good, held)
                    .plain(format!("at every step; {fingerprint}, twice")),
            );
        }
        (verdict, _) => {
            let because = match (&outcome.vacuous_because, &outcome.first_difference) {
                (_, Some(difference)) => format!("two runs of this seed differ {difference}"),
                (Some(because), None) => clean(because),
                (None, None) => "it does not say why".to_owned(),
            };
            page.line(
                Line::new()
                    .styled(Style::Warn, format!("{verdict}: "))
                    .plain("this proves nothing"),
            );
            page.lines(
                wrap(&because, page.width() - 2)
                    .into_iter()
                    .map(|line| Line::from(format!("  {line}"))),
            );
        }
    }
    if outcome.verdict != Verdict::Held {
        page.line(label("seed").plain(format!("{}, {fingerprint}", outcome.seed)));
    }
}

/// A failed check: its class, the values side by side, and what is wrong.
pub(crate) fn violated(page: &mut Page, violation: &Violation, detail: Detail) {
    // Where the class says it already, its name would only repeat that.
    let anomaly = violation.anomaly.filter(|anomaly| *anomaly != Anomaly::Divergence);
    let words = anomaly.map_or_else(|| in_words(violation.class).to_owned(), |it| it.to_string());
    page.line(
        Line::new()
            .styled(Style::Bad, format!("violated ({})", violation.class))
            .plain(format!(" at {}: {words}", violation.at_us)),
    );
    readings(page, violation, detail);
    // Where the explanation only repeats the values, these are easier to compare.
    let said = violation.class == Class::Specification
        && violation
            .expected
            .as_ref()
            .is_some_and(|expected| violation.explanation.contains(expected));
    if detail.everything || !said {
        let explanation = wrap_in(&violation.explanation, page.width() - 2, detail.explanation);
        page.lines(explanation.into_iter().map(|line| Line::from(format!("  {line}"))));
    }
    operations(page, violation, detail.everything);
}

/// What was read, one under the other, and what must be.
fn readings(page: &mut Page, violation: &Violation, detail: Detail) {
    let left_out = violation.values.len().saturating_sub(detail.readings);
    let mut values = violation.values[..violation.values.len() - left_out].to_vec();
    let mut labels: Vec<String> =
        values.iter().map(|reading| format!("r{} reads", reading.replica)).collect();
    if let Some(expected) = &violation.expected {
        let label = if violation.class == Class::Delta { "by delta" } else { "must be" };
        labels.push(label.to_owned());
        values.push(Reading { replica: 0, value: expected.clone() });
    }
    let widest = labels.iter().map(String::len).max().unwrap_or(0);
    let room = if detail.everything { usize::MAX } else { page.width().saturating_sub(widest + 4) };
    for (label, value) in labels.into_iter().zip(side_by_side(&values, room)) {
        let line = Line::new().styled(Style::Faint, format!("  {label:<widest$}  ")).then(value);
        if detail.everything { page.uncut(line) } else { page.line(line) }
    }
    if left_out > 0 {
        let left_out = format!("  … and {}; --verbose has all", count(left_out as u64, "other"));
        page.line(Line::new().styled(Style::Faint, left_out));
    }
}

/// The operations concerned: the last of them on a line, or all of them.
fn operations(page: &mut Page, violation: &Violation, everything: bool) {
    let concerned: Vec<String> = violation.operations.iter().map(|op| clean(op)).collect();
    let Some((last, earlier)) = concerned.split_last() else { return };
    if everything {
        page.line(format!("  concerned: {}", count(concerned.len() as u64, "operation")));
        for operation in &concerned {
            page.uncut(format!("    {operation}"));
        }
        return;
    }
    // The last are the likeliest to have done it.
    let label = "  concerned: ";
    let room = page.width().saturating_sub(label.len() + 3);
    let mut line = last.clone();
    let mut left_out = earlier.len();
    for operation in earlier.iter().rev() {
        let longer = format!("{operation}; {line}");
        if width(&longer) > room {
            break;
        }
        line = longer;
        left_out -= 1;
    }
    let dots = if left_out > 0 { "…; " } else { "" };
    page.line(format!("{label}{dots}{line}"));
}
