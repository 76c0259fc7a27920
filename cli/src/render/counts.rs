//! How often things happened: faults, messages, operations.

use std::collections::BTreeMap;

use rejoin_sim::outcome::{FaultCount, Operations, SessionCounts, Traffic};

use super::line::{Line, Style};
use super::text::{self, bytes, count, thousands};
use crate::sweep::FaultTally;

/// Columns of the words on the left.
pub(crate) const LABEL: usize = 9;

/// The words on the left of a line of counts.
pub(crate) fn label(name: &str) -> Line {
    Line::new().styled(Style::Faint, format!("{name:<LABEL$}"))
}

/// The items one after the other beside a label if there is one, on as many lines as they take.
pub(crate) fn flow(name: Option<&str>, items: Vec<(Style, String)>, width: usize) -> Vec<Line> {
    const SEPARATOR: &str = " · ";
    let mut lines: Vec<Line> = Vec::new();
    for (style, item) in items {
        match lines.pop() {
            Some(last) if last.width() + 3 + text::width(&item) <= width => {
                lines.push(last.plain(SEPARATOR).styled(style, item));
            }
            last => {
                lines.extend(last);
                let left = name.map(|name| label(if lines.is_empty() { name } else { "" }));
                lines.push(left.unwrap_or_default().styled(style, item));
            }
        }
    }
    lines
}

/// Each kind of fault that fired, and each that should have.
pub(crate) fn faults<'f>(
    faults: impl IntoIterator<Item = &'f FaultCount>,
    width: usize,
) -> Vec<Line> {
    let mentioned = faults.into_iter().filter(|fault| fault.configured || fault.fired > 0);
    let mut items: Vec<(Style, String)> = mentioned
        .map(|fault| {
            let style = if fault.fired == 0 { Style::Warn } else { Style::Plain };
            (style, text::of_unit(fault.fired, &text::clean(&fault.unit)))
        })
        .collect();
    if items.is_empty() {
        items.push((Style::Plain, "none asked for".to_owned()));
    }
    flow(Some("faults"), items, width)
}

/// Each kind of fault of a swarm: in how many runs it was on, in how many it fired, and how often.
/// `on` has kinds of trouble; those that have no count of their own come last.
pub(crate) fn swarm(faults: &[FaultTally], on: &BTreeMap<&str, u64>) -> Vec<Line> {
    let columns = |kind: &str, runs: &str, fired: &str| format!("{kind:<20}{runs:>8}{fired:>10}");
    let mut lines = vec![Line::new().styled(Style::Faint, columns("faults", "on in", "fired in"))];
    for FaultTally { count, runs_configured, runs_fired } in faults {
        if count.configured || count.fired > 0 {
            let name = format!("  {}", text::clean(&count.name));
            let row = columns(&name, &thousands(*runs_configured), &thousands(*runs_fired));
            let style = if count.fired == 0 { Style::Warn } else { Style::Plain };
            let often = text::of_unit(count.fired, &text::clean(&count.unit));
            lines.push(Line::new().plain(row).plain("  ").styled(style, often));
        }
    }
    for kind in ["asymmetry", "priorities", "caps"] {
        if let Some(runs) = on.get(kind) {
            lines.push(Line::from(columns(&format!("  {kind}"), &thousands(*runs), "-")));
        }
    }
    lines
}

/// What went over the network.
pub(crate) fn traffic(traffic: &Traffic, width: usize) -> Vec<Line> {
    let Traffic { sent, delivered, refused, undeliverable: _, bytes: total, bytes_per_op } =
        traffic;
    let mut items = vec![
        (Style::Plain, count(*sent, "message")),
        (Style::Plain, bytes(*total)),
        (Style::Plain, format!("{} for each operation", bytes(*bytes_per_op))),
        (Style::Plain, format!("{} arrived", thousands(*delivered))),
    ];
    if *refused > 0 {
        items.push((Style::Warn, format!("{} refused", thousands(*refused))));
    }
    flow(Some("sent"), items, width)
}

/// What became of the operations.
pub(crate) fn operations(operations: &Operations, width: usize) -> Vec<Line> {
    let refused: u64 = operations.refused.values().sum();
    let done = format!(
        "{} of {}",
        thousands(operations.performed),
        count(operations.planned, "operation")
    );
    let mut items = vec![
        (Style::Plain, done),
        (Style::Plain, format!("{} acknowledged", thousands(operations.acknowledged))),
    ];
    for (number, words) in [
        (refused, "refused"),
        (operations.skipped, "skipped"),
        (operations.struck, "lost with the disks"),
    ] {
        if number > 0 {
            items.push((Style::Plain, format!("{} {words}", thousands(number))));
        }
    }
    items.push((Style::Plain, count(operations.concurrent_pairs, "concurrent pair")));
    flow(Some("done"), items, width)
}

/// What became of roaming clients, if there were any.
pub(crate) fn sessions(sessions: &SessionCounts, width: usize) -> Vec<Line> {
    if sessions.served == 0 {
        return Vec::new();
    }
    let mut items = vec![(Style::Plain, count(sessions.served, "time"))];
    if sessions.turned_away > 0 {
        items.push((Style::Plain, format!("{} turned away", thousands(sessions.turned_away))));
    }
    if sessions.abandoned > 0 {
        items.push((Style::Plain, format!("{} given up", thousands(sessions.abandoned))));
    }
    for (name, number) in &sessions.anomalies {
        let broken = format!("{} broken {}", text::clean(name), count(*number, "time"));
        items.push((Style::Warn, broken));
    }
    flow(Some("served"), items, width)
}

/// The counters that the lines above leave out.
pub(crate) fn details(operations: &Operations, traffic: &Traffic) -> Vec<Line> {
    let mut lines = vec![label("").plain(format!(
        "{} messages found nobody; {} acknowledged operations were excused",
        thousands(traffic.undeliverable),
        thousands(operations.excused),
    ))];
    lines.extend(operations.refused.iter().map(|(reason, number)| {
        label("").plain(format!("refused {}: {}", thousands(*number), text::clean(reason)))
    }));
    lines
}
