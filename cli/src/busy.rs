//! A sign of life while one simulation takes long.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const TEMPLATE: &str = "{spinner:.cyan} simulating for {elapsed} · Ctrl-C ends it";

/// A line on standard error from the first second on, if somebody sees it. Gone when it is dropped.
pub(crate) struct Busy(ProgressBar);

impl Busy {
    pub(crate) fn new(seen: bool) -> Self {
        if !seen {
            return Self(ProgressBar::hidden());
        }
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(TEMPLATE);
        line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        line.enable_steady_tick(Duration::from_secs(1));
        Self(line)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
