//! What the laws showed of a type.

use rejoin_sim::{LawsOutcome, Verdict};

use super::Screen;
use super::counts::{LABEL, label};
use super::line::{Line, Page, Style};
use super::text::{clean, count, wrap};

/// What is said around the laws.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    /// What the type is, in a line.
    pub(crate) summary: &'a str,
    /// The seed of the random histories.
    pub(crate) seed: u64,
    /// How many there are laws.
    pub(crate) laws: usize,
    /// The same again.
    pub(crate) replay: String,
    /// What to type next, and why.
    pub(crate) next: (String, &'a str),
}

/// The page of a type's laws.
pub(crate) fn laws(screen: Screen, outcome: &LawsOutcome, around: &Around<'_>) -> String {
    let mut page = Page::new(screen);
    page.title(&format!("{}: {}", outcome.subject, around.summary));
    page.line(label("tried").plain(format!(
        "{}, seed {}",
        count(outcome.histories, "random history").replace("historys", "histories"),
        around.seed,
    )));
    match outcome.verdict {
        Verdict::Held => {
            let held = Line::new().styled(Style::Good, format!("{:<LABEL$}", "held"));
            page.line(held.plain(format!("all {} laws, wherever they apply", around.laws)));
        }
        Verdict::Violated => {
            violated(&mut page, outcome);
            page.replay(&around.replay);
        }
        verdict => {
            let verdict = Line::new().styled(Style::Warn, format!("{verdict}: "));
            page.line(verdict.plain("this proves nothing, for no two operations were concurrent"));
            page.line(label("").plain("Try more --cases."));
        }
    }
    page.next(&around.next.0, around.next.1);
    page.print()
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
        // A table is as wide as it is.
        page.uncut(Line::from(clean(line)));
    }
    page.blank();
}
