//! Where the command writes, and for whom.

use std::env;
use std::fmt;
use std::io::{self, BufRead, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::interrupt::Interrupt;

/// Columns where nothing says how many there are.
const DEFAULT_WIDTH: usize = 80;

/// Columns that are used of a wide terminal: longer lines are hard to read.
const MAX_WIDTH: usize = 120;

/// One stream, and what can be shown on it.
///
/// ```
/// use rejoin_cli::Stream;
/// let mut bytes = Vec::new();
/// let stream = Stream::new(&mut bytes).with_width(60);
/// assert_eq!(format!("{stream:?}"), "Stream { width: 60, colour: false, .. }");
/// ```
pub struct Stream<'a> {
    writer: Box<dyn Write + 'a>,
    width: usize,
    colour: bool,
}

impl<'a> Stream<'a> {
    /// A stream for plain text of 80 columns.
    ///
    /// ```
    /// use rejoin_cli::{Stream, Streams};
    /// let (mut out, mut err) = (Vec::new(), Vec::new());
    /// let streams = Streams::new(Stream::new(&mut out), Stream::new(&mut err));
    /// let _ = rejoin_cli::main_with(rejoin_cli::builtin(), ["rejoin", "list"], streams);
    /// assert!(!out.is_empty() && !out.contains(&0x1b)); // plain text, without escapes
    /// ```
    #[must_use]
    pub fn new(writer: impl Write + 'a) -> Self {
        Self { writer: Box::new(writer), width: DEFAULT_WIDTH, colour: false }
    }

    /// Lines are to be so many columns wide, at least 40.
    ///
    /// ```
    /// use rejoin_cli::{Stream, Streams};
    /// let (mut out, mut err) = (Vec::new(), Vec::new());
    /// let streams = Streams::new(Stream::new(&mut out).with_width(50), Stream::new(&mut err));
    /// let _ = rejoin_cli::main_with(rejoin_cli::builtin(), ["rejoin", "run"], streams);
    /// assert!(String::from_utf8(out).unwrap().lines().all(|line| line.chars().count() <= 50));
    /// ```
    #[must_use]
    pub fn with_width(mut self, columns: usize) -> Self {
        self.width = columns.max(40);
        self
    }

    /// Whether to write the escape sequences of a terminal.
    ///
    /// ```
    /// use rejoin_cli::{Stream, Streams};
    /// let (mut out, mut err) = (Vec::new(), Vec::new());
    /// let streams = Streams::new(Stream::new(&mut out).with_colour(true), Stream::new(&mut err));
    /// let _ = rejoin_cli::main_with(rejoin_cli::builtin(), ["rejoin", "run"], streams);
    /// assert!(out.contains(&0x1b)); // an escape sequence begins so
    /// ```
    #[must_use]
    pub fn with_colour(mut self, colour: bool) -> Self {
        self.colour = colour;
        self
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn colour(&self) -> bool {
        self.colour
    }

    /// Writes all of `text`. That nobody reads on is no error.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        match self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("width", &self.width)
            .field("colour", &self.colour)
            .finish_non_exhaustive()
    }
}

/// Where the command writes: results to one stream, complaints to the other.
///
/// ```
/// use rejoin_cli::{Stream, Streams};
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// let streams = Streams::new(Stream::new(&mut out), Stream::new(&mut err));
/// let args = ["rejoin", "run", "no-such-file"];
/// let _ = rejoin_cli::main_with(rejoin_cli::builtin(), args, streams);
/// assert!(out.is_empty() && !err.is_empty()); // a complaint, and no result
/// ```
#[derive(Debug)]
pub struct Streams<'a> {
    pub(crate) out: Stream<'a>,
    pub(crate) err: Stream<'a>,
    pub(crate) progress: bool,
    pub(crate) cargo: bool,
    pub(crate) interrupt: Interrupt,
    /// Somebody who can say when to go on.
    pub(crate) input: Option<Input<'a>>,
}

/// Where somebody types.
pub(crate) struct Input<'a>(Box<dyn BufRead + 'a>);

impl Input<'_> {
    /// Waits for a line; false if there will be none, or it says to quit.
    pub(crate) fn on(&mut self) -> bool {
        let mut line = String::new();
        matches!(self.0.read_line(&mut line), Ok(read) if read > 0) && !line.starts_with('q')
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Input")
    }
}

impl<'a> Streams<'a> {
    /// These two, without a progress bar.
    ///
    /// ```
    /// use rejoin_cli::{Stream, Streams};
    /// let (mut out, mut err) = (Vec::new(), Vec::new());
    /// let streams = Streams::new(Stream::new(&mut out), Stream::new(&mut err));
    /// let _ = rejoin_cli::main_with(rejoin_cli::builtin(), ["rejoin", "--version"], streams);
    /// assert!(out.starts_with(b"rejoin ") && err.is_empty());
    /// ```
    #[must_use]
    pub fn new(out: Stream<'a>, err: Stream<'a>) -> Self {
        Self { out, err, progress: false, cargo: false, interrupt: Interrupt::Never, input: None }
    }

    /// With a flag that ends a campaign after the runs in progress, once it is set: what was done is
    /// reported, and what was saved stays.
    ///
    /// ```
    /// use rejoin_cli::{Stream, Streams};
    /// use std::process::ExitCode;
    /// use std::sync::Arc;
    /// use std::sync::atomic::AtomicBool;
    /// let (mut out, mut err) = (Vec::new(), Vec::new());
    /// let streams = Streams::new(Stream::new(&mut out), Stream::new(&mut err));
    /// let streams = streams.with_interrupt(Arc::new(AtomicBool::new(true))); // at once
    /// let args = ["rejoin", "sweep", "cart", "--seeds", "0..1_000_000"];
    /// let status = rejoin_cli::main_with(rejoin_cli::builtin(), args, streams);
    /// assert_eq!(status, ExitCode::from(130));
    /// assert!(String::from_utf8(out).unwrap().contains("interrupted after 0 of 1,000,000 runs"));
    /// ```
    #[must_use]
    pub fn with_interrupt(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupt = Interrupt::Flag(flag);
        self
    }

    /// With somebody who is asked to press Enter before the next step is shown.
    ///
    /// ```
    /// use rejoin_cli::{Stream, Streams};
    /// let (mut out, mut err) = (Vec::new(), Vec::new());
    /// let streams = Streams::new(Stream::new(&mut out), Stream::new(&mut err));
    /// let args = ["rejoin", "explore", "g-counter", "--ops", "1,1", "--at", "0/0", "--watch"];
    /// let streams = streams.with_input("q\n".as_bytes()); // they quit after the first step
    /// let _ = rejoin_cli::main_with(rejoin_cli::builtin(), args, streams);
    /// assert!(!String::from_utf8(out).unwrap().contains("2 of 2"));
    /// ```
    #[must_use]
    pub fn with_input(mut self, input: impl BufRead + 'a) -> Self {
        self.input = Some(Input(Box::new(input)));
        self
    }
}

impl Streams<'static> {
    /// The process's own standard output and standard error.
    ///
    /// Ctrl-C ends a campaign after the runs in progress, and anything else at once.
    ///
    /// In colour on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`; with a progress bar
    /// if standard error is a terminal. If cargo started the process, the lines that it prints to
    /// be pasted start it through cargo too.
    ///
    /// ```
    /// use rejoin_cli::Streams;
    /// use std::process::ExitCode;
    /// let args = ["rejoin", "--version"];
    /// let status = rejoin_cli::main_with(rejoin_cli::builtin(), args, Streams::process());
    /// assert_eq!(status, ExitCode::SUCCESS); // printed for whoever started the process
    /// ```
    #[must_use]
    pub fn process() -> Self {
        let colour = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && env::var_os("TERM").is_none_or(|term| term != "dumb");
        let columns = |size: Option<(terminal_size::Width, terminal_size::Height)>| match size {
            Some((terminal_size::Width(columns), _)) => usize::from(columns).min(MAX_WIDTH),
            None => DEFAULT_WIDTH,
        };
        let (out, err) = (io::stdout(), io::stderr());
        let progress = err.is_terminal();
        let asked = out.is_terminal() && io::stdin().is_terminal();
        Self {
            input: asked.then(|| Input(Box::new(io::stdin().lock()))),
            progress,
            cargo: env::var_os("CARGO").is_some(),
            interrupt: Interrupt::Process,
            out: Stream::new(out.lock())
                .with_width(columns(terminal_size::terminal_size_of(&out)))
                .with_colour(colour && out.is_terminal()),
            // Not locked, since the progress bar writes there as well.
            err: Stream::new(io::stderr())
                .with_width(columns(terminal_size::terminal_size_of(&err)))
                .with_colour(colour && progress),
        }
    }
}
