//! One run from start to end.

use rejoin_sim::{Outcome, Verdict};

use super::line::{Line, Page, Style};
use super::text::clean;
use super::timeline::{Form, timeline};
use super::{Screen, configuration, counts, verdict};

/// Lines that a timeline has at least, however much else there is to say.
const MIN_ROWS: usize = 5;

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
    // What comes below is made first, to see how much room it leaves.
    let mut below = Page::new(screen);
    below.lines(counts::faults(&outcome.faults, screen.width));
    below.lines(counts::traffic(&outcome.traffic, screen.width));
    if everything || outcome.verdict != Verdict::Violated {
        below.lines(counts::operations(&outcome.operations, screen.width));
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
    verdict::verdict(&mut below, outcome, everything);
    if outcome.verdict != Verdict::Held {
        below.replay(&around.replay);
    }
    below.next(&around.next.0, around.next.1);

    let mut page = Page::new(screen);
    page.title(&around.title);
    page.lines(configuration::of_run(outcome, &around.on_seed, screen.width));
    if everything && let Ok(toml) = outcome.scenario.to_toml() {
        page.blank();
        page.lines(toml.lines().map(|line| Line::from(format!("  {}", clean(line)))));
    }
    let rows = screen.height.filter(|_| !everything);
    let room = rows.map(|rows| rows.saturating_sub(page.len() + below.len()).max(MIN_ROWS));
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
    page.print() + &below.print()
}
