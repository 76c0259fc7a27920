//! The command, called as a function, with what it wrote.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use rejoin_cli::{Registry, Stream, Streams, builtin, main_with};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
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

    /// The one JSON object on standard output, in which no object has a key twice.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let unique: Result<Unique, _> = serde_json::from_str(&self.out);
        unique.unwrap_or_else(|error| panic!("{error}: {}", self.out)).0
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

/// A JSON value that is refused if an object in it has a key twice, of which readers see only one.
#[derive(Debug)]
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visit).map(Self)
    }
}

struct Visit;

impl<'de> Visitor<'de> for Visit {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = serde_json::Map::new();
        while let Some((key, Unique(value))) = map.next_entry::<String, Unique>()? {
            if object.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!("the key {key:?} is there twice")));
            }
        }
        Ok(object.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Unique(value)) = seq.next_element()? {
            array.push(value);
        }
        Ok(array.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
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

#[test]
#[should_panic(expected = "the key \"a\" is there twice")]
fn a_key_that_is_there_twice_is_noticed() {
    let out = r#"{"b": [{"a": 1, "a": null}]}"#.to_owned();
    Ran { status: ExitCode::SUCCESS, out, err: String::new() }.json();
}
