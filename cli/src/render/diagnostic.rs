//! A complaint about the input: with colours and a frame on a terminal, plain otherwise.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::Screen;
use super::text::wrap;

/// The complaint as text.
pub(crate) fn diagnostic(screen: Screen, complaint: &dyn Diagnostic) -> String {
    let mut theme = if screen.colour { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
    theme.characters.error = "error:".to_owned();
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        // Ours is done: miette's breaks names apart at their hyphens.
        .with_wrap_lines(false);
    let columns = screen.width.saturating_sub(8);
    let broken = |text: String| wrap(&text, columns).join("\n");
    let complaint = Wrapped {
        message: broken(complaint.to_string()),
        help: complaint.help().map(|help| broken(help.to_string())),
        complaint,
    };
    let mut text = String::new();
    if handler.render_report(&mut text, &complaint).is_err() {
        text = complaint.to_string();
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let margin = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|line| line.get(margin..).unwrap_or("")).collect();
    format!("{}\n", lines.join("\n").trim_matches('\n'))
}

/// A complaint with its lines broken; its causes are part of its message.
#[derive(Debug)]
struct Wrapped<'a> {
    message: String,
    help: Option<String>,
    complaint: &'a dyn Diagnostic,
}

impl fmt::Display for Wrapped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrapped<'_> {}

impl Diagnostic for Wrapped<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.complaint.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.complaint.labels()
    }
}
