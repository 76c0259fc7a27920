//! One run from start to end.

use rejoin_sim::{Outcome, Verdict};

use super::line::{Line, Page, Style};
use super::text::clean;
use super::timeline::{Form, timeline};
use super::verdict::Detail;
use super::{Screen, configuration, counts, verdict};

/// How much of each thing is shown at most, in lines.
#[derive(Clone, Copy, Debug)]
struct Most {
    title: usize,
    configuration: usize,
    /// Of each kind of count.
    counts: usize,
    readings: usize,
    explanation: usize,
    /// Lines that the timeline has at least.
    timeline: usize,
}

/// Where a page is too long, it is made again with less, and at last with what nobody can do
/// without: however many replicas and faults there are, and however long their names.
const MOST: [Most; 5] = {
    const ALL: usize = usize::MAX;
    let page = Most {
        title: ALL,
        configuration: ALL,
        counts: ALL,
        readings: ALL,
        explanation: 2,
        timeline: 5,
    };
    [
        page,
        Most { timeline: 4, title: 2, configuration: 6, ..page },
        Most { timeline: 4, title: 1, configuration: 5, explanation: 1, readings: 6, ..page },
        Most { timeline: 3, title: 1, configuration: 4, explanation: 1, readings: 3, counts: 1 },
        Most { timeline: 2, title: 1, configuration: 2, explanation: 1, readings: 2, counts: 1 },
    ]
};

/// What is said around a run.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    /// The scenario's name, and its story.
    pub(crate) title: String,
    /// A remark on the seed.
    pub(crate) on_seed: String,
    /// Remarks before the verdict.
    pub(crate) notes: Vec<String>,
    /// What to type to see the same again, if something is wrong.
    pub(crate) replay: String,
    /// What to type next, and why.
    pub(crate) next: (String, &'a str),
}

/// The page of a run.
pub(crate) fn run(
    screen: Screen,
    outcome: &Outcome,
    around: &Around<'_>,
    everything: bool,
) -> String {
    let screen = Screen { height: screen.height.filter(|_| !everything), ..screen };
    let mut page = String::new();
    for most in MOST {
        let (attempt, rows) = attempt(screen, outcome, around, everything, most);
        page = attempt;
        if screen.height.is_none_or(|height| rows <= height) {
            break;
        }
    }
    page
}

/// The page with at most so much of each thing, and how many rows it takes.
fn attempt(
    screen: Screen,
    outcome: &Outcome,
    around: &Around<'_>,
    everything: bool,
    most: Most,
) -> (String, usize) {
    // What comes below is made first, to see how much room it leaves.
    let below = below(screen, outcome, around, everything, most);
    let mut page = Page::new(screen);
    page.title_in(&around.title, most.title);
    let configuration = configuration::of_run(outcome, &around.on_seed, screen.width);
    page.lines(at_most(most.configuration, configuration, screen.width));
    if everything && let Ok(toml) = outcome.scenario.to_toml() {
        page.blank();
        page.lines(toml.lines().map(|line| Line::from(format!("  {}", clean(line)))));
    }
    let above_and_below = page.rows() + below.rows();
    let room = screen.height.map(|rows| rows.saturating_sub(above_and_below).max(most.timeline));
    let lines = timeline(outcome, Form { width: screen.width, rows: room, everything });
    let spare = room.map_or(usize::MAX, |room| room - lines.len().min(room));
    // Air, where there is any left.
    if spare > 1 {
        page.blank();
    }
    for line in lines {
        if everything { page.uncut(line) } else { page.line(line) }
    }
    if spare > 0 {
        page.blank();
    }
    (page.print() + &below.print(), page.rows() + below.rows())
}

/// What comes below the timeline.
fn below(
    screen: Screen,
    outcome: &Outcome,
    around: &Around<'_>,
    everything: bool,
    most: Most,
) -> Page {
    let mut below = Page::new(screen);
    let counted = |lines| at_most(most.counts, lines, screen.width);
    below.lines(counted(counts::faults(&outcome.faults, screen.width)));
    below.lines(counted(counts::traffic(&outcome.traffic, screen.width)));
    below.lines(counted(counts::sessions(&outcome.sessions, screen.width)));
    if everything || outcome.verdict != Verdict::Violated {
        below.lines(counted(counts::operations(&outcome.operations, screen.width)));
    }
    if everything {
        below.lines(counts::details(&outcome.operations, &outcome.traffic));
        for reading in &outcome.final_values {
            let value = clean(&reading.value);
            below.uncut(Line::from(format!("r{} reads {value}", reading.replica)));
        }
        below.line(format!("{} events", super::thousands(outcome.events)));
    }
    below.lines(around.notes.iter().map(|note| Line::new().styled(Style::Warn, note)));
    let detail = match everything {
        true => Detail::new(true),
        false => Detail { everything, readings: most.readings, explanation: most.explanation },
    };
    verdict::verdict(&mut below, outcome, detail);
    if outcome.verdict != Verdict::Held {
        below.replay(&around.replay);
    }
    below.next(&around.next.0, around.next.1);
    below
}

/// The first of these lines, the last of which says if there are more.
fn at_most(most: usize, mut lines: Vec<Line>, width: usize) -> Vec<Line> {
    if lines.len() <= most {
        return lines;
    }
    lines.truncate(most);
    if let Some(last) = lines.pop() {
        let remark = "; --verbose has all";
        let last = last.plain(" …").fit(width - remark.len());
        lines.push(last.styled(Style::Faint, remark));
    }
    lines
}
