//! A line of text in several styles, and pages of them.

use super::{Screen, text};
use crate::PAUSE;

/// How a piece of text looks on a terminal. Nothing is said by style alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
    Warn,
    /// One side of a cut, by number.
    Side(usize),
}

impl Style {
    /// The parameters of the terminal's escape sequence (ECMA-48, "select graphic rendition").
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "1;32",
            Self::Bad => "1;31",
            Self::Warn => "33",
            Self::Side(side) => match side % 5 {
                0 => "36",
                1 => "35",
                2 => "33",
                3 => "34",
                _ => "32",
            },
        }
    }
}

/// A line: pieces of text, each in a style.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pieces: Vec<(Style, String)>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn plain(self, text: impl Into<String>) -> Self {
        self.styled(Style::Plain, text)
    }

    pub(crate) fn styled(mut self, style: Style, text: impl Into<String>) -> Self {
        self.pieces.push((style, text.into()));
        self
    }

    pub(crate) fn then(mut self, rest: Self) -> Self {
        self.pieces.extend(rest.pieces);
        self
    }

    pub(crate) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text::width(text)).sum()
    }

    /// The line cut to `width` columns, with … where it was cut.
    pub(crate) fn fit(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut left = width.saturating_sub(1);
        let mut fitted = Self::new();
        for (style, text) in self.pieces {
            let piece: String = text::start(&text, left).to_owned();
            left -= text::width(&piece);
            let cut = piece.len() < text.len();
            fitted = fitted.styled(style, piece);
            if cut {
                break;
            }
        }
        fitted.styled(Style::Faint, "…")
    }

    fn print(&self, colour: bool, page: &mut String) {
        for (style, text) in &self.pieces {
            if colour && *style != Style::Plain && !text.is_empty() {
                page.push_str("\x1b[");
                page.push_str(style.code());
                page.push('m');
                page.push_str(text);
                page.push_str("\x1b[0m");
            } else {
                page.push_str(text);
            }
        }
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new().plain(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::new().plain(text)
    }
}

/// Lines from top to bottom.
#[derive(Debug)]
pub(crate) struct Page {
    screen: Screen,
    lines: Vec<Line>,
    /// Before which lines to wait.
    pauses: Vec<usize>,
}

impl Page {
    pub(crate) fn new(screen: Screen) -> Self {
        Self { screen, lines: Vec::new(), pauses: Vec::new() }
    }

    pub(crate) fn width(&self) -> usize {
        self.screen.width
    }

    /// Adds a line, cut to the page's width.
    pub(crate) fn line(&mut self, line: impl Into<Line>) {
        let line = line.into().fit(self.screen.width);
        self.lines.push(line);
    }

    /// Waits here for whoever looks at it.
    pub(crate) fn pause(&mut self) {
        self.pauses.push(self.lines.len());
    }

    /// Adds a title, broken where it is too wide.
    pub(crate) fn title(&mut self, title: &str) {
        self.title_in(title, usize::MAX);
    }

    /// Adds a title in at most so many lines.
    pub(crate) fn title_in(&mut self, title: &str, most: usize) {
        for line in text::wrap_in(title, self.screen.width, most) {
            self.line(Line::new().styled(Style::Strong, line));
        }
    }

    /// Adds a line as it is: one that somebody may paste.
    pub(crate) fn uncut(&mut self, line: impl Into<Line>) {
        self.lines.push(line.into());
    }

    pub(crate) fn lines(&mut self, lines: impl IntoIterator<Item = Line>) {
        lines.into_iter().for_each(|line| self.line(line));
    }

    pub(crate) fn blank(&mut self) {
        self.lines.push(Line::new());
    }

    /// The `replay:` line; on a line of its own if it is wide, so that it can be pasted.
    pub(crate) fn replay(&mut self, command: &str) {
        let label = Line::new().styled(Style::Strong, "replay: ");
        let whole = label.clone().plain(command);
        if whole.width() <= self.screen.width {
            return self.uncut(whole);
        }
        self.uncut(label);
        self.uncut(Line::from(command));
    }

    /// The `next:` line: what to type next, and why.
    pub(crate) fn next(&mut self, command: &str, why: &str) {
        let command = Line::new().styled(Style::Strong, "next: ").plain(command);
        let remark = format!("   {why}");
        let whole = command.clone().styled(Style::Faint, remark);
        // The remark is the first thing to do without.
        self.uncut(if whole.width() <= self.screen.width { whole } else { command });
    }

    /// How many rows of a terminal of this width it takes: what is not cut goes on in the next.
    pub(crate) fn rows(&self) -> usize {
        self.lines.iter().map(|line| line.width().div_ceil(self.screen.width).max(1)).sum()
    }

    pub(crate) fn print(&self) -> String {
        let mut page = String::new();
        for (at, line) in self.lines.iter().enumerate() {
            if self.pauses.contains(&at) {
                page.push(PAUSE);
            }
            let start = page.len();
            line.print(self.screen.colour, &mut page);
            page.truncate(start + page[start..].trim_end().len());
            page.push('\n');
        }
        page
    }
}
