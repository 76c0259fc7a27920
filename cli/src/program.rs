//! The program as it was invoked, for lines that can be pasted.

use std::ffi::OsStr;
use std::path::Path;

/// How to start this program again, and a command line of it.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    invocation: String,
    name: String,
}

impl Program {
    /// From the first argument, and whether cargo started the process.
    ///
    /// Cargo names the binary that it built (`target/release/rejoin`); what people typed was
    /// `cargo run`.
    pub(crate) fn new(arg0: Option<&OsStr>, through_cargo: bool) -> Self {
        let arg0 = Path::new(arg0.unwrap_or_else(|| OsStr::new("rejoin")));
        let name = arg0.file_stem().unwrap_or(arg0.as_os_str()).to_string_lossy().into_owned();
        let built = if through_cargo { cargo_run(arg0, &name) } else { None };
        let invocation = built.unwrap_or_else(|| quote(&arg0.to_string_lossy()));
        Self { invocation, name }
    }

    /// Its bare name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A line that runs it with these arguments.
    pub(crate) fn line<S: AsRef<str>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        let mut line = self.invocation.clone();
        for argument in arguments {
            line.push(' ');
            line.push_str(&quote(argument.as_ref()));
        }
        line
    }
}

/// The `cargo run` that starts the binary at `path`, if it is where cargo puts them.
fn cargo_run(path: &Path, name: &str) -> Option<String> {
    let folder = path.parent()?;
    let (profile, example) = match folder.file_name()?.to_str()? {
        "examples" => (folder.parent()?.file_name()?.to_str()?, format!(" --example {name}")),
        profile => (profile, String::new()),
    };
    match profile {
        "release" => Some(format!("cargo run --release --locked{example} --")),
        "debug" => Some(format!("cargo run --locked{example} --")),
        _ => None,
    }
}

/// `word` as a POSIX shell reads it back.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(arg0: &str, cargo: bool) -> String {
        Program::new(Some(OsStr::new(arg0)), cargo).line(["run", "--seed", "1"])
    }

    #[test]
    fn lines_name_the_program_as_it_was_invoked() {
        assert_eq!(line("rejoin", false), "rejoin run --seed 1");
        assert_eq!(line("./target/release/rejoin", false), "./target/release/rejoin run --seed 1");
        assert_eq!(line("/opt/my tools/rejoin", false), "'/opt/my tools/rejoin' run --seed 1");
    }

    #[test]
    fn lines_go_through_cargo_if_cargo_started_the_program() {
        let release = "cargo run --release --locked -- run --seed 1";
        assert_eq!(line("target/release/rejoin", true), release);
        assert_eq!(line("target/debug/rejoin", true), "cargo run --locked -- run --seed 1");
        let example = "cargo run --release --locked --example own_type -- run --seed 1";
        assert_eq!(line("target/release/examples/own_type", true), example);
        assert_eq!(line("/usr/bin/rejoin", true), "/usr/bin/rejoin run --seed 1");
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("broken/set"), "broken/set");
    }
}
