//! What can be wrong with the input, each in one message that names the thing.

use std::io;
use std::path::PathBuf;

use crate::exit::Exit;
use miette::{Diagnostic, NamedSource, SourceSpan};
use rejoin_sim::{RunError, ScenarioError, TraceError, nearest};

/// Why nothing was done.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum InputError {
    /// No such type.
    #[error("unknown type `{name}`")]
    Type {
        /// What was asked for.
        name: String,
        /// What there is.
        #[help]
        help: String,
    },
    /// No such policy for the type.
    #[error("unknown policy `{name}` for the type `{subject}`")]
    Policy {
        /// What was asked for.
        name: String,
        /// For which type.
        subject: String,
        /// What there is.
        #[help]
        help: String,
    },
    /// Neither a preset nor a file.
    #[error("no preset and no file is called `{name}`")]
    NoScenario {
        /// What was asked for.
        name: String,
        /// What there is.
        #[help]
        help: String,
    },
    /// A scenario that is not sound, at a place in its text.
    #[error("{message}")]
    ScenarioAt {
        /// What is wrong.
        message: String,
        /// The file.
        #[source_code]
        text: NamedSource<String>,
        /// The place.
        #[label("here")]
        place: SourceSpan,
    },
    /// A scenario that is not sound, without a place.
    #[error("the scenario `{name}`: {message}")]
    Scenario {
        /// The scenario.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// A type without laws to check.
    #[error("`{name}` is a protocol, not a type: it has no merge whose laws could be checked")]
    NoLaws {
        /// The protocol.
        name: String,
        /// What to do instead.
        #[help]
        help: String,
    },
    /// A subject without histories to explore.
    #[error(
        "`{name}` is a protocol, not a type: it has no deltas whose histories could be explored"
    )]
    NoHistories {
        /// The protocol.
        name: String,
        /// What to do instead.
        #[help]
        help: String,
    },
    /// A scope that makes no sense.
    #[error("{0}")]
    Scope(rejoin_sim::explore::ExploreError),
    /// A file that an exploration cannot go on from.
    #[error("cannot go on from `{}`: {message}", path.display())]
    Resume {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
        /// What to do.
        #[help]
        help: String,
    },
    /// A file that cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is too long to be what it should be.
    #[error("cannot read `{}`: it is longer than {limit} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// A file or folder that cannot be written.
    #[error("cannot write {what} to `{}`: {source}", path.display())]
    Write {
        /// What was to be saved.
        what: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A trace that cannot be read or run.
    #[error("the trace `{}`: {message}", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A trace of something that is not registered here.
    #[error("the trace `{}` is of the type {name:?}, which this program does not have", path.display())]
    TraceType {
        /// The file.
        path: PathBuf,
        /// The type.
        name: String,
        /// What there is.
        #[help]
        help: String,
    },
    /// A trace that cannot be made small.
    #[error("the trace `{}` cannot be made smaller: {message}", path.display())]
    Unshrinkable {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
        /// The run is not what it was, so nothing that is found means anything.
        proves_nothing: bool,
    },
    /// A run that cannot be saved as a trace.
    #[error("seed {seed} cannot be saved as a trace: {source}")]
    Unsaveable {
        /// The seed.
        seed: u64,
        /// Why.
        source: TraceError,
    },
    /// A run that cannot be started.
    #[error("{0}")]
    Run(#[from] RunError),
    /// The code of a type or protocol panicked.
    #[error("a panic: {message}")]
    Panicked {
        /// What it said.
        message: String,
        /// How to see it again.
        #[help]
        help: String,
    },
    /// The threads of a campaign could not be started.
    #[error("cannot start {jobs} threads: {reason}")]
    Threads {
        /// How many were asked for.
        jobs: usize,
        /// Why.
        reason: String,
    },
}

impl InputError {
    /// How the command ends with it. A panic is nobody's input: it is a finding.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Panicked { .. } => Exit::Violated,
            Self::Unshrinkable { proves_nothing: true, .. } => Exit::Unproven,
            _ => Exit::BadInput,
        }
    }

    /// A scenario that is not sound: `error`, at its place in `text` if it has one.
    pub(crate) fn scenario(name: &str, text: &str, error: &ScenarioError) -> Self {
        let message = error.message().trim_end().to_owned();
        match error.span() {
            Some(place) => Self::ScenarioAt {
                message,
                text: NamedSource::new(name, text.to_owned()),
                place: place.into(),
            },
            None => Self::Scenario { name: name.to_owned(), message },
        }
    }
}

/// What there is instead of `name`: the nearest name if one is near, and all names.
pub(crate) fn instead<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let all = match known.as_slice() {
        [] => "there is none".to_owned(),
        [only] => format!("there is only `{only}`"),
        _ => format!("there are {}", known.join(", ")),
    };
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?\n{all}"),
        None => all,
    }
}
