//! How likely a failure is from each moment on.

use rejoin_sim::{Outcome, Verdict};

use super::line::{Line, Page, Style};
use super::{Screen, configuration};
use crate::branches::Branches;

/// Columns of the longest bar.
const BAR: u64 = 30;

/// The page.
pub(crate) fn branches(
    screen: Screen,
    file: &str,
    outcome: &Outcome,
    all: &[Branches],
    likely: Option<usize>,
    replay: &str,
    shrink: &str,
) -> String {
    let mut page = Page::new(screen);
    page.title(&format!("{file}: how likely it is to fail"));
    page.lines(configuration::of_run(outcome, "", page.width()));
    page.blank();
    let failed = outcome.verdict == Verdict::Violated;
    for (at, branches) in all.iter().enumerate() {
        let Branches { from_us, runs, failed } = *branches;
        let bar = "━".repeat((failed * BAR).div_ceil(runs.max(1)) as usize);
        let style =
            if likely.is_some_and(|likely| at >= likely) { Style::Bad } else { Style::Warn };
        let head = format!("  at random from {from_us:>9}  {failed:>5} of {runs} fail  ");
        page.line(Line::new().plain(head).styled(style, bar));
    }
    page.blank();
    page.line(match (likely, failed) {
        (Some(0), _) => Line::from("Likely from the start: most runs of this scenario fail."),
        (Some(at), _) => Line::new()
            .plain("It became likely between ")
            .styled(Style::Strong, format!("{} and {}", all[at - 1].from_us, all[at].from_us)),
        (None, true) => Line::from("It never became likely: chance had a hand in it to the end."),
        (None, false) => Line::from("It is not likely from anywhere."),
    });
    if failed {
        page.replay(replay);
        page.next(shrink, "the fewest events that show it");
    } else {
        page.next(replay, "how it went");
    }
    page.print()
}
