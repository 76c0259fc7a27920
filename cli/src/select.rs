//! What to run: the scenario that was named, with the type and policy that were asked for.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use rejoin_sim::{Outcome, Preset, Registry, Scenario, Subject, Swarm, presets};

use crate::args::Choice;
use crate::broken;
use crate::guard::guarded;
use crate::input::{InputError, instead};
use crate::program::Program;

/// A scenario is a page; what is longer is no scenario.
const MAX_SCENARIO_BYTES: u64 = 1 << 20;

/// More than all links that a topology may have.
const MAX_EDGES_BYTES: u64 = 1 << 28;

/// A scenario to run, and what runs it.
#[derive(Clone)]
pub(crate) struct Selection {
    /// The scenario, with the type and policy that were asked for.
    pub(crate) scenario: Scenario,
    /// What draws the scenario of each seed around this one, if that was asked for.
    pub(crate) swarm: Option<Swarm>,
    /// Whose runs it is of.
    pub(crate) subject: Arc<dyn Subject>,
    /// A preset's name, or a broken protocol's, or a file's.
    pub(crate) name: String,
    /// The preset's story, or the protocol's, if it is one.
    pub(crate) story: Option<&'static str>,
    /// The arguments that select the same again: the scenario, unless none was given, and what was
    /// asked for instead of it.
    pub(crate) arguments: Vec<String>,
}

impl Selection {
    /// Finds and reads the scenario `named`, by default the first preset.
    pub(crate) fn make(
        registry: &Registry,
        named: Option<&str>,
        choice: &Choice,
    ) -> Result<Self, InputError> {
        let default = &presets()[0];
        // A broken protocol is run under the faults that it needs, unless others are named.
        let own = named.or(choice.subject.as_deref());
        let own = own.and_then(|name| broken::protocol(registry, name));
        let (name, text, story) = match (own, named) {
            (Some(entry), _) => (entry.to_string(), entry.scenario(), Some(entry.story)),
            (None, None) => {
                (default.name.to_owned(), default.text.to_owned(), Some(default.summary))
            }
            (None, Some(named)) => match Preset::find(named) {
                Some(preset) => (named.to_owned(), preset.text.to_owned(), Some(preset.summary)),
                None => (named.to_owned(), text_of(registry, named)?, None),
            },
        };
        let mut choice = choice.clone();
        if named.is_none() && choice.subject.is_none() {
            choice.subject = instead_of_default(registry, &text);
        }
        let scenario = read(registry, &name, &text, &choice)?;
        let swarm = choice.swarm.then(|| Swarm::around(scenario.clone()));
        let swarm = swarm.map(|swarm| match choice.faults.as_slice() {
            [] => swarm,
            kinds => swarm.only(kinds.iter().copied()),
        });
        let subject = find(registry, &scenario.subject)?.clone();

        let mut arguments: Vec<String> = named.map(str::to_owned).into_iter().collect();
        for (option, value) in [("--type", &choice.subject), ("--policy", &choice.policy)] {
            if let Some(value) = value {
                arguments.extend([option.to_owned(), value.clone()]);
            }
        }
        if choice.swarm {
            arguments.push("--swarm".to_owned());
        }
        if !choice.faults.is_empty() {
            let kinds: Vec<&str> = choice.faults.iter().map(|kind| kind.name()).collect();
            arguments.extend(["--faults".to_owned(), kinds.join(",")]);
        }
        Ok(Self { scenario, swarm, subject, name, story, arguments })
    }

    /// Runs it once, or twice.
    pub(crate) fn run(
        &self,
        seed: u64,
        twice: bool,
        program: &Program,
    ) -> Result<Outcome, InputError> {
        let Self { subject, .. } = self;
        let scenario = &*self.scenario(seed);
        guarded(
            || program.line(self.line(seed)),
            || {
                let outcome = if twice {
                    subject.run_twice(scenario, seed)
                } else {
                    subject.run(scenario, seed)
                };
                Ok(outcome?)
            },
        )
    }

    /// What is run with a seed.
    pub(crate) fn scenario(&self, seed: u64) -> Cow<'_, Scenario> {
        match &self.swarm {
            Some(swarm) => Cow::Owned(swarm.draw(&self.subject.policies(), seed)),
            None => Cow::Borrowed(&self.scenario),
        }
    }

    /// Its name, and its story if it has one.
    pub(crate) fn title(&self) -> String {
        let name = match &self.swarm {
            Some(_) => format!("a swarm around {}", self.name),
            None => self.name.clone(),
        };
        self.story.map_or(name.clone(), |story| format!("{name}: {story}"))
    }

    /// The arguments that run it with a seed.
    pub(crate) fn line(&self, seed: u64) -> Vec<String> {
        let mut line = vec!["run".to_owned()];
        line.extend(self.arguments.iter().cloned());
        line.extend(["--seed".to_owned(), seed.to_string()]);
        line
    }

    /// The policy that the runs will have, or those of which each has one.
    pub(crate) fn policy(&self) -> String {
        let policies = self.subject.policies();
        match (&self.scenario.policy, &self.swarm) {
            (Some(policy), _) => policy.clone(),
            (None, Some(_)) => policies.join(" or "),
            (None, None) => policies.into_iter().next().unwrap_or_default(),
        }
    }
}

/// The subject called `name`.
pub(crate) fn find<'r>(
    registry: &'r Registry,
    name: &str,
) -> Result<&'r Arc<dyn Subject>, InputError> {
    registry.get(name).ok_or_else(|| {
        let known = registry.iter().map(|subject| subject.name());
        InputError::Type { name: name.to_owned(), help: instead(name, known) }
    })
}

/// At most `limit` bytes of a file.
pub(crate) fn bytes_of(path: &Path, limit: u64) -> Result<Vec<u8>, InputError> {
    let unreadable = |source| InputError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(InputError::TooLong { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// The text of the scenario in a file.
fn text_of(registry: &Registry, name: &str) -> Result<String, InputError> {
    let path = Path::new(name);
    let bytes = match bytes_of(path, MAX_SCENARIO_BYTES) {
        Err(InputError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            let presets = presets().iter().map(|preset| preset.name);
            let help = match registry.get(name) {
                Some(_) => format!("it is a type: --type {name}"),
                None => instead(name, presets).replacen("there are", "the presets are", 1),
            };
            return Err(InputError::NoScenario { name: name.to_owned(), help });
        }
        bytes => bytes?,
    };
    String::from_utf8(bytes).map_err(|error| InputError::Read {
        path: path.to_owned(),
        source: io::Error::new(
            io::ErrorKind::InvalidData,
            format!("byte {} is no UTF-8 text", error.utf8_error().valid_up_to()),
        ),
    })
}

/// A registry of somebody's own need not have the default preset's type: then what it has is run.
fn instead_of_default(registry: &Registry, text: &str) -> Option<String> {
    let wanted: Scenario = toml::from_str(text).ok()?;
    if registry.get(&wanted.subject).is_some() {
        return None;
    }
    registry.iter().next().map(|subject| subject.name().to_owned())
}

/// The scenario in `text`, with what was chosen instead.
fn read(
    registry: &Registry,
    name: &str,
    text: &str,
    choice: &Choice,
) -> Result<Scenario, InputError> {
    let wrong = |error| InputError::scenario(name, text, &error);
    let mut files = |path: &str| file_beside(name, path);
    let mut scenario = Scenario::read(text, &mut files).map_err(wrong)?;
    // The chosen type may be what makes the scenario sound (the one it names need not exist here).
    if let Some(subject) = &choice.subject {
        let policies = find(registry, subject)?.policies();
        scenario.subject.clone_from(subject);
        // The scenario's policy was for its own type.
        scenario.policy = scenario.policy.filter(|policy| policies.contains(policy));
    }
    scenario.check_in(text, registry).map_err(wrong)?;
    set_policy(registry, &mut scenario, choice)?;
    Ok(scenario)
}

/// The text of the file at `path`, from where the scenario in the file `name` is.
fn file_beside(name: &str, path: &str) -> Result<String, String> {
    let path = Path::new(name).parent().unwrap_or(Path::new("")).join(path);
    let bytes = bytes_of(&path, MAX_EDGES_BYTES).map_err(|error| error.to_string())?;
    String::from_utf8(bytes)
        .map_err(|_| format!("cannot read `{}`: it is no UTF-8 text", path.display()))
}

/// Puts in the policy that was chosen, if one was.
fn set_policy(
    registry: &Registry,
    scenario: &mut Scenario,
    choice: &Choice,
) -> Result<(), InputError> {
    let Some(policy) = &choice.policy else { return Ok(()) };
    let policies = find(registry, &scenario.subject)?.policies();
    if !policies.contains(policy) {
        return Err(InputError::Policy {
            name: policy.clone(),
            subject: scenario.subject.clone(),
            help: instead(policy, policies.iter().map(String::as_str)),
        });
    }
    scenario.policy = Some(policy.clone());
    Ok(())
}
