//! How far a campaign is.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

const TEMPLATE: &str = "{bar:24.cyan/dim} {pos}/{len} seeds · {rate}/s · {msg} · {eta} left";

/// A bar on standard error, if somebody sees it. Gone when it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    failures: AtomicU64,
}

impl Progress {
    /// Of so many runs.
    pub(crate) fn new(runs: u64, seen: bool) -> Self {
        let bar = if seen {
            ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            // What cannot be shown is not missed.
            let _ = write!(text, "{:.0}", state.per_sec());
        };
        let style = ProgressStyle::with_template(TEMPLATE);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.with_key("rate", rate).progress_chars("━━─"));
        bar.set_message("0 failed");
        Self { bar, failures: AtomicU64::new(0) }
    }

    /// A run is done.
    pub(crate) fn done(&self, failed: bool) {
        if failed {
            let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
            self.bar.set_message(format!("{failures} failed"));
        }
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
