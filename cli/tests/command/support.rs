//! The command, called as a function, with what it wrote.

use std::path::Path;
use std::process::ExitCode;

use rejoin_cli::{Registry, Stream, Streams, builtin, main_with};
use serde_json::Value;

pub(crate) const HELD: u8 = 0;
pub(crate) const VIOLATED: u8 = 1;
pub(crate) const BAD_INPUT: u8 = 2;
pub(crate) const UNPROVEN: u8 = 3;

/// How a command ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ran {
    status: ExitCode,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Checks the exit status, and that complaints and results are not mixed.
    #[track_caller]
    pub(crate) fn exits(self, status: u8) -> Self {
        assert_eq!(self.status, ExitCode::from(status), "{}{}", self.out, self.err);
        if status == BAD_INPUT {
            assert_eq!(self.out, "");
        } else {
            assert_eq!(self.err, "");
        }
        self
    }

    /// Whether it ended so.
    pub(crate) fn ended_with(&self, status: u8) -> bool {
        self.status == ExitCode::from(status)
    }

    /// The one JSON object on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// The rest of the only line that begins so.
    #[track_caller]
    pub(crate) fn line(&self, beginning: &str) -> &str {
        let mut lines = self.out.lines().filter_map(|line| line.strip_prefix(beginning));
        match (lines.next(), lines.next()) {
            (Some(line), None) => line,
            _ => panic!("not exactly one line begins with {beginning:?}:\n{}", self.out),
        }
    }
}

/// Runs `rejoin` with the arguments that are the words of `line`.
pub(crate) fn rejoin(line: &str) -> Ran {
    rejoin_on(builtin(), line)
}

/// The same, where the program was called otherwise.
pub(crate) fn rejoin_called(program: &str, line: &str) -> Ran {
    call(builtin(), std::iter::once(program).chain(line.split_whitespace()), false)
}

/// The same over a registry of one's own.
pub(crate) fn rejoin_on(registry: Registry, line: &str) -> Ran {
    call(registry, std::iter::once("rejoin").chain(line.split_whitespace()), false)
}

/// The same on a terminal with colours.
pub(crate) fn rejoin_in_colour(line: &str) -> Ran {
    call(builtin(), std::iter::once("rejoin").chain(line.split_whitespace()), true)
}

fn call<'a>(registry: Registry, args: impl Iterator<Item = &'a str>, colour: bool) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let streams = Streams::new(
        Stream::new(&mut out).with_colour(colour),
        Stream::new(&mut err).with_colour(colour),
    );
    let status = main_with(registry, args, streams);
    let text = |bytes| String::from_utf8(bytes).expect("the command writes UTF-8");
    Ran { status, out: text(out), err: text(err) }
}

/// The names of the files in a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// How many columns a line takes.
pub(crate) fn columns(line: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(line)
}

/// How many rows a page takes where a line wider than 80 columns goes on in the next row.
pub(crate) fn rows(page: &str) -> usize {
    page.lines().map(|line| columns(line).div_ceil(80).max(1)).sum()
}

/// Checks that a page is no wider than 80 columns, but for the lines that are there to be pasted.
#[track_caller]
pub(crate) fn fits_80_columns(page: &str) {
    let mut before = "";
    for line in page.lines() {
        let pasted = line.starts_with("next: ") || before == "replay:";
        assert!(columns(line) <= 80 || pasted, "{line}\n\n{page}");
        before = line;
    }
}

/// Checks that a page fits a terminal of 80 columns and 24 rows, of which the prompt takes one.
#[track_caller]
pub(crate) fn fits_a_terminal(page: &str) {
    fits_80_columns(page);
    assert!(rows(page) <= 23, "{} rows:\n{page}", rows(page));
}
