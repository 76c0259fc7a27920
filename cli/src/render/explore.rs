//! What exploring showed of a type.

use std::time::Duration;

use rejoin_sim::Verdict;
use rejoin_sim::explore::{Counterexample, Explored, Standing, Step, Visit};

use super::Screen;
use super::line::{Line, Page, Style};
use super::text::{clean, count, thousands, width, wrap};

/// Columns of the words on the left.
const LABEL: usize = 13;

/// What is said around an exploration.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    /// The type's name.
    pub(crate) name: &'a str,
    /// What the type is, in a line.
    pub(crate) summary: &'a str,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// Where the failure was saved.
    pub(crate) saved: Option<String>,
    /// Why the file to go on from is not what it should be.
    pub(crate) unsaved: Option<String>,
    /// The same again, or the failure.
    pub(crate) replay: String,
    /// What to type next, and why.
    pub(crate) next: (String, &'static str),
    /// Whether everything is printed.
    pub(crate) verbose: bool,
}

/// The page of an exploration.
pub(crate) fn explored(screen: Screen, explored: &Explored, around: &Around<'_>) -> String {
    let mut page = Page::new(screen);
    page.title(&format!("{}: {}", around.name, around.summary));
    scope(&mut page, explored, around.verbose);
    match explored.verdict {
        Verdict::Violated => {
            said(&mut page, "checked", Style::Faint, &before(explored));
            page.blank();
            if let Some(found) = &explored.counterexample {
                failure(&mut page, found);
            }
            if let Some(path) = &around.saved {
                said(&mut page, "saved", Style::Faint, &format!("to {}", clean(path)));
            }
            page.replay(&around.replay);
        }
        verdict => {
            counts(&mut page, explored);
            page.blank();
            if verdict == Verdict::Held {
                let held = format!("every schedule at this scope, in {}", time(around.elapsed));
                said(&mut page, "held", Style::Good, &held);
            } else {
                let nothing = if explored.shapes.diamonds == 0 {
                    "this proves nothing: in no history can two operations be concurrent"
                } else {
                    "this proves nothing: no two concurrent operations were performed, or none of \
                     them changed anything"
                };
                said(&mut page, "vacuous", Style::Warn, nothing);
            }
            said(&mut page, "not covered", Style::Faint, &not_covered(explored));
        }
    }
    if let Some(why) = &around.unsaved {
        said(&mut page, "not saved", Style::Warn, why);
    }
    page.next(&around.next.0, around.next.1);
    page.print()
}

fn scope(page: &mut Page, explored: &Explored, verbose: bool) {
    let ops: Vec<String> = explored.scope.ops.iter().map(ToString::to_string).collect();
    let scope = &explored.scope;
    let mut text = format!(
        "{} operations at {}, out of {}",
        ops.join("+"),
        count(ops.len() as u64, "replica"),
        explored.alphabet.len(),
    );
    if scope.crashes > 0 {
        let how = if scope.reuse_id { "the same identity" } else { "a new incarnation" };
        text += &format!("; up to {}, then {how}", count(scope.crashes as u64, "crash"));
        text = text.replace("crashs", "crashes");
    }
    said(page, "scope", Style::Faint, &text);
    let mut alphabet = explored.alphabet.iter().map(|op| clean(op)).collect::<Vec<_>>().join(", ");
    let room = 2 * (page.width() - LABEL);
    if !verbose && width(&alphabet) > room {
        alphabet = super::text::cut(&alphabet, room);
    }
    said(page, "operations", Style::Faint, &alphabet);
}

fn counts(page: &mut Page, explored: &Explored) {
    let shapes = &explored.shapes;
    let scripts = u64::try_from(explored.scripts).unwrap_or(u64::MAX);
    let mut histories =
        format!("{}, each with {}", thousands(shapes.histories), count(scripts, "script"));
    if explored.stamps {
        histories += &format!(
            "; {} orders of stamps, {} with ties",
            thousands(shapes.orders),
            thousands(shapes.orders_with_ties)
        );
    }
    said(page, "histories", Style::Faint, &histories);
    said(page, "down-sets", Style::Faint, &thousands(shapes.down_sets));
    said(page, "diamonds", Style::Faint, &thousands(shapes.diamonds));
    said(page, "merge pairs", Style::Faint, &thousands(shapes.merge_pairs));
    said(page, "intervals", Style::Faint, &thousands(shapes.intervals));
    let checked = &explored.checked;
    let mut text = format!(
        "{} histories of up to {}: {} reads specified, {} orders, {} merges, {} joined deltas",
        thousands(checked.histories),
        count(explored.scope.operations() as u64, "operation"),
        thousands(checked.specification),
        thousands(checked.orders),
        thousands(checked.merges),
        thousands(checked.intervals),
    );
    if checked.open_sets > 0 {
        text += &format!(", {} sets that are not causally closed", thousands(checked.open_sets));
    }
    if checked.refused > 0 {
        text += &format!("; {} operations refused", thousands(checked.refused));
    }
    said(page, "checked", Style::Faint, &text);
    said(
        page,
        "states",
        Style::Faint,
        &format!("{} distinct", thousands(explored.distinct_states)),
    );
    let left_out = match (explored.operation_renamings, explored.replica_renamings) {
        (0, 0) => "nothing".to_owned(),
        (ops, 0) => format!("histories that {} of operations make of another", renamings(ops)),
        (0, replicas) => {
            format!("histories that {} of replicas make of another", renamings(replicas))
        }
        (ops, replicas) => format!(
            "histories that {} of operations or {} of replicas make of another",
            renamings(ops),
            renamings(replicas)
        ),
    };
    said(page, "left out", Style::Faint, &left_out);
}

fn renamings(number: usize) -> String {
    count(number as u64, "renaming")
}

fn before(explored: &Explored) -> String {
    format!(
        "all {} of up to {}, which hold",
        count(explored.checked.histories, "history").replace("historys", "histories"),
        count(explored.complete_to as u64, "operation"),
    )
}

fn not_covered(explored: &Explored) -> String {
    let mut missing = vec!["more operations or replicas, and operations beyond these"];
    if explored.scope.crashes == 0 {
        missing.push("crashes (--crashes)");
    }
    if explored.ids_matter {
        missing.push("another order of the replicas' ids, which may break ties");
    }
    if explored.checked.open_sets > 0 {
        missing.push("operations that saw another without what that one had seen");
        missing.push("merges of states with such gaps (laws)");
    }
    missing.push("what a protocol sends and forgets (sweep)");
    missing.join("; ")
}

/// The broken law, the history, and the two sides.
fn failure(page: &mut Page, found: &Counterexample) {
    said(page, "violated", Style::Bad, &found.law.to_string());
    let size = format!(
        "{} at {}; no history with fewer fails",
        count(found.operations as u64, "operation"),
        count(found.replicas as u64, "replica"),
    );
    said(page, "history", Style::Faint, &size);
    steps(page, &found.steps);
    page.blank();
    for (name, value) in &found.explanation {
        said(page, name, Style::Plain, value);
    }
    page.blank();
}

/// A table of what was done.
fn steps(page: &mut Page, steps: &[Step]) {
    let timed = steps.iter().any(|step| step.stamp.is_some());
    let mut rows =
        vec![["", "operation", "stamp", "had seen", "reads", "specified"].map(str::to_owned)];
    rows.extend(steps.iter().map(|step| {
        [
            clean(&step.id),
            operation(step),
            step.stamp.clone().unwrap_or_default(),
            names(&step.saw),
            clean(&step.reads),
            clean(&step.specified),
        ]
    }));
    let shown: Vec<usize> = (0..6).filter(|&column| timed || column != 2).collect();
    table(page, &rows, &shown);
}

fn operation(step: &Step) -> String {
    let crashed = if step.after_crash { ", after a crash" } else { "" };
    format!("{}{crashed}", clean(&step.operation))
}

fn names(names: &[String]) -> String {
    if names.is_empty() { "-".to_owned() } else { clean(&names.join(" ")) }
}

/// Columns as wide as they need to be, the widest cut so that the page is wide enough.
fn table<const COLUMNS: usize>(page: &mut Page, rows: &[[String; COLUMNS]], shown: &[usize]) {
    let mut widths: Vec<usize> = shown
        .iter()
        .map(|&column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0))
        .collect();
    let room = page.width().saturating_sub(2 * shown.len());
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max() else { break };
        *widest -= 1;
    }
    for (at, row) in rows.iter().enumerate() {
        let mut text = String::new();
        for (&column, &columns) in shown.iter().zip(&widths) {
            let cell = super::text::cut(&row[column], columns);
            text.push_str("  ");
            text.push_str(&cell);
            text.extend(std::iter::repeat_n(' ', columns - width(&cell)));
        }
        let style = if at == 0 { Style::Faint } else { Style::Plain };
        page.line(Line::new().styled(style, text));
    }
}

/// A label and a text beside it, on as many lines as it takes.
fn said(page: &mut Page, name: &str, style: Style, text: &str) {
    let label = LABEL.max(width(name) + 2);
    let room = page.width().saturating_sub(label).max(20);
    for (at, line) in wrap(&clean(text), room).into_iter().enumerate() {
        let name = if at == 0 { name } else { "" };
        let pad = " ".repeat(label - width(name));
        page.line(Line::new().styled(style, format!("{name}{pad}")).plain(line));
    }
}

fn time(elapsed: Duration) -> String {
    match elapsed.as_secs_f64() {
        seconds if seconds < 10.0 => format!("{seconds:.2} s"),
        seconds if seconds < 120.0 => format!("{seconds:.0} s"),
        seconds => format!("{:.0} min", seconds / 60.0),
    }
}

/// One history: everybody after every step.
pub(crate) fn visit(screen: Screen, name: &str, visit: &Visit, watch: Option<&str>) -> String {
    let mut page = Page::new(screen);
    let operations = count(visit.steps.len() as u64, "operation");
    page.title(&format!("{name} at {}: {operations}", visit.address));
    if watch.is_some() {
        steps(&mut page, &visit.steps);
    } else {
        for (at, (step, standings)) in visit.steps.iter().zip(&visit.standings).enumerate() {
            if at > 0 {
                page.pause();
            }
            page.blank();
            let title =
                format!("{} of {}   {} {}", at + 1, visit.steps.len(), step.id, operation(step));
            page.line(Line::new().styled(Style::Strong, clean(&title)));
            everybody(&mut page, standings);
        }
    }
    if watch.is_none() && !visit.steps.is_empty() {
        page.pause();
    }
    page.blank();
    page.line(Line::new().styled(Style::Strong, "merged, all of it"));
    everybody(&mut page, std::slice::from_ref(&visit.all));
    page.blank();
    match &visit.counterexample {
        Some(found) => {
            said(&mut page, "violated", Style::Bad, &found.law.to_string());
            for (name, value) in &found.explanation {
                said(&mut page, name, Style::Plain, value);
            }
        }
        None => {
            said(
                &mut page,
                "held",
                Style::Good,
                "every order, merge and joined delta of all of it",
            );
        }
    }
    said(
        &mut page,
        "to go on",
        Style::Faint,
        &count(visit.children, "history").replace("historys", "histories"),
    );
    if let Some(watch) = watch {
        page.next(watch, "step by step");
    }
    page.print()
}

fn everybody(page: &mut Page, standings: &[Standing]) {
    let mut rows = vec![["", "knows", "reads", "specified", "state"].map(str::to_owned)];
    rows.extend(standings.iter().map(|standing| {
        [
            clean(&standing.replica),
            names(&standing.knows),
            clean(&standing.reads),
            clean(&standing.specified),
            clean(&standing.state),
        ]
    }));
    table(page, &rows, &[0, 1, 2, 3, 4]);
}
