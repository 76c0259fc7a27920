//! What the laws showed of a type.

use rejoin_sim::{LawChecks, LawsOutcome, Verdict};

use super::Screen;
use super::counts::{LABEL, label};
use super::line::{Line, Page, Style};
use super::text::{count, hang, thousands, width, wrap};

/// The most laws that are named for not having been checked, where not everything is shown.
const MAX_UNTESTED: usize = 3;

/// What is said around the laws.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    /// What the type is, in a line.
    pub(crate) summary: &'a str,
    /// The seed of the random histories, if these are not all there are.
    pub(crate) seed: Option<u64>,
    /// The same again.
    pub(crate) replay: String,
    /// What to type next, and why.
    pub(crate) next: (String, &'a str),
}

/// The page of a type's laws; with every law's counts, if they are asked for.
pub(crate) fn laws(
    screen: Screen,
    outcome: &LawsOutcome,
    around: &Around<'_>,
    everything: bool,
) -> String {
    let mut page = Page::new(screen);
    page.title(&format!("{}: {}", outcome.subject, around.summary));
    let (kind, how) = match around.seed {
        Some(seed) => ("random history", format!("seed {seed}")),
        None if outcome.crowded == 0 => ("history", "all triples of states".to_owned()),
        None => {
            let crowded = histories(outcome.crowded, "history");
            ("history", format!("all triples of states; in {crowded} all pairs with their union"))
        }
    };
    let tried = format!(
        "{}, {}, {}; {how}",
        histories(outcome.histories, kind),
        count(outcome.operations, "operation"),
        count(outcome.concurrent_pairs, "concurrent pair"),
    );
    let tried = if outcome.reduced {
        format!("{tried}; left out is what the type says to be the same but for names")
    } else {
        tried
    };
    for (at, line) in wrap(&tried, page.width() - LABEL).into_iter().enumerate() {
        page.line(label(if at == 0 { "tried" } else { "" }).plain(line));
    }
    page.line(label("checked").plain(checked(&outcome.checks)));
    if everything {
        each(&mut page, &outcome.checks);
    }
    match outcome.verdict {
        Verdict::Held => {
            let held = Line::new().styled(Style::Good, format!("{:<LABEL$}", "held"));
            page.line(held.plain("every law that was checked"));
            untested(&mut page, &outcome.checks);
        }
        Verdict::Violated => {
            violated(&mut page, outcome);
            page.replay(&around.replay);
        }
        verdict => {
            let verdict = Line::new().styled(Style::Warn, format!("{verdict}: "));
            page.line(verdict.plain("this proves nothing, for no two operations were concurrent"));
            let more = if around.seed.is_some() { "--cases" } else { "--ops" };
            page.line(label("").plain(format!("Try more {more}.")));
        }
    }
    page.next(&around.next.0, around.next.1);
    page.print()
}

fn histories(number: u64, kind: &str) -> String {
    count(number, kind).replace("historys", "histories")
}

/// How many laws were checked, and how often.
fn checked(checks: &[LawChecks]) -> String {
    let often = || checks.iter().map(|checks| checks.comparisons).filter(|often| *often > 0);
    format!(
        "{} of {} laws in {}, {} to {} of each",
        often().count(),
        checks.len(),
        count(often().sum(), "comparison"),
        thousands(often().min().unwrap_or(0)),
        thousands(often().max().unwrap_or(0)),
    )
}

/// How often each law was checked.
fn each(page: &mut Page, checks: &[LawChecks]) {
    let often = |checks: &LawChecks| thousands(checks.comparisons);
    let widest = checks.iter().map(|checks| often(checks).len()).max().unwrap_or(0);
    for checks in checks {
        let style = if checks.comparisons == 0 { Style::Warn } else { Style::Plain };
        let left = format!("{:<LABEL$}{:>widest$}  ", "", often(checks));
        for line in hang(&format!("{left}{}", checks.law), page.width(), left.len()) {
            page.line(Line::new().styled(style, line));
        }
    }
}

/// The laws that the histories gave no occasion to check: nobody knows whether they hold.
fn untested(page: &mut Page, checks: &[LawChecks]) {
    let never = || checks.iter().filter(|checks| checks.comparisons == 0);
    for (at, checks) in never().take(MAX_UNTESTED).enumerate() {
        let name = if at == 0 { "untested" } else { "" };
        let words = format!("{name:<LABEL$}{}", checks.law);
        for line in hang(&words, page.width(), LABEL) {
            page.line(Line::new().styled(Style::Warn, line));
        }
    }
    if let Some(more) = never().count().checked_sub(MAX_UNTESTED).filter(|more| *more > 0) {
        page.line(label("").plain(format!("and {more} more; --verbose has all")));
    }
}

/// The broken law, and how.
fn violated(page: &mut Page, outcome: &LawsOutcome) {
    let law = outcome.law.as_deref().unwrap_or("a law");
    for (at, text) in wrap(law, page.width() - 10).into_iter().enumerate() {
        let label = if at == 0 { "violated: " } else { "          " };
        page.line(Line::new().styled(Style::Bad, label).plain(text));
    }
    let explanation = outcome.explanation.as_deref().unwrap_or_default();
    // What it begins with has just been said.
    let mut lines = explanation.lines().peekable();
    if lines.next_if(|first| first.contains(law)).is_none() {
        page.blank();
    }
    for line in lines {
        for line in hang(line, page.width(), indent(line)) {
            page.line(line);
        }
    }
    page.blank();
}

/// Where the rest of a line that is too wide goes: under the value, if it is a name and its value.
fn indent(line: &str) -> usize {
    let values = [" = ", " : "].into_iter().filter_map(|sign| line.split_once(sign));
    let name = values.map(|(name, _)| width(name) + 3).min().filter(|_| line.starts_with("  "));
    name.unwrap_or(line.len() - line.trim_start().len())
}
