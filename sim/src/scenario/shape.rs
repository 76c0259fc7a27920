//! Which keys a scenario's text has, and of what kind each is.
//!
//! The deserialiser would notice all of it, too, but says so in the words of the program
//! (`expected u64`), and points at a whole table where a key in it is wrong.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ScenarioError;
use super::check::MAX_MS;
use crate::violation::Class;

/// What a value may be.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    OneOf(&'static [&'static str]),
    Whole,
    Number,
    List(&'static Shape),
    Table(&'static [Field]),
    /// A number that may be negative.
    Signed,
    YesNo,
    /// A table whose `kind` says which other keys it has.
    Kinds(&'static [(&'static str, &'static [Field])]),
    /// One of the names, or such a table.
    NameOrKinds(&'static [&'static str], &'static [(&'static str, &'static [Field])]),
}
use Shape::{Kinds, List, NameOrKinds, Number, OneOf, Signed, Table, Text, Whole, YesNo};

#[derive(Clone, Copy)]
struct Field {
    key: &'static str,
    shape: Shape,
    required: bool,
}

const fn must(key: &'static str, shape: Shape) -> Field {
    Field { key, shape, required: true }
}

const fn may(key: &'static str, shape: Shape) -> Field {
    Field { key, shape, required: false }
}

const SCENARIO: &[Field] = &[
    must("type", Text),
    may("policy", Text),
    may("replicas", Whole),
    may("topology", NameOrKinds(&["mesh", "chain", "ring", "star"], TOPOLOGIES)),
    may("duration_ms", Whole),
    may("ops", Whole),
    may("shares", List(&Whole)),
    may("writers", Whole),
    may("pool", Whole),
    may("load", List(&Table(LOAD))),
    may("clients", Table(CLIENTS)),
    may("latency", Kinds(LATENCIES)),
    may("bandwidth", Table(BANDWIDTH)),
    may("loss", Number),
    may("duplicate", Number),
    may("reorder", Number),
    may("redeliver", Number),
    may("corrupt", Number),
    may("link", List(&Table(LINK))),
    may("pct", Whole),
    may("skew_ms", Whole),
    may("drift_ppm", Whole),
    may("settle_ms", Whole),
    may("partitions", Whole),
    may("crashes", Whole),
    may("pauses", Whole),
    may("clocks", Whole),
    may("churn", Whole),
    may("checks", List(&OneOf(&Class::NAMES))),
    may("partition", List(&Table(PARTITION))),
    may("crash", List(&Table(CRASH))),
    may("pause", List(&Table(PAUSE))),
    may("clock", List(&Table(CLOCK))),
    may("join", List(&Table(MOVE))),
    may("leave", List(&Table(MOVE))),
    may("config", Table(CONFIG)),
];

const TOPOLOGIES: &[(&str, &[Field])] = &[
    ("mesh", &[]),
    ("chain", &[]),
    ("ring", &[]),
    ("star", &[]),
    ("tree", &[must("arity", Whole)]),
    ("grid", &[must("width", Whole)]),
    ("random-regular", &[must("degree", Whole)]),
    ("hierarchy", &[must("regions", Whole), must("gateways", Whole), must("edges", Whole)]),
    ("links", &[must("links", List(&List(&Whole)))]),
];

const LATENCIES: &[(&str, &[Field])] = &[
    ("constant", &[must("ms", Number)]),
    ("uniform", &[must("min_ms", Number), must("max_ms", Number)]),
    ("exponential", &[must("mean_ms", Number)]),
    ("log-normal", &[must("median_ms", Number), must("sigma", Number)]),
    ("pareto", &[must("min_ms", Number), must("alpha", Number)]),
];

const BANDWIDTH: &[Field] = &[must("bytes_per_s", Whole), may("buffer_bytes", Whole)];

const LOAD: &[Field] = &[must("at_ms", Whole), must("rate", Whole)];

const CLIENTS: &[Field] = &[must("count", Whole), may("roam", Number), may("token", YesNo)];

const LINK: &[Field] = &[
    may("from", List(&Whole)),
    may("to", List(&Whole)),
    may("latency", Kinds(LATENCIES)),
    may("bandwidth", Table(BANDWIDTH)),
    may("loss", Number),
    may("duplicate", Number),
    may("reorder", Number),
    may("redeliver", Number),
    may("corrupt", Number),
];

const PARTITION: &[Field] = &[
    may("kind", OneOf(&["groups", "one-way", "bridge", "ring", "isolate", "partial"])),
    must("at_ms", Whole),
    may("heal_ms", Whole),
    may("groups", List(&List(&Whole))),
    may("share", Number),
    may("flap_ms", Whole),
];

const CRASH: &[Field] = &[
    must("replica", Whole),
    must("at_ms", Whole),
    may("restart_ms", Whole),
    may("disk", OneOf(&["kept", "rolled-back", "partly", "lost"])),
    may("reuse_identity", YesNo),
];

const PAUSE: &[Field] = &[must("replica", Whole), must("at_ms", Whole), may("resume_ms", Whole)];

const CLOCK: &[Field] = &[
    must("replica", Whole),
    must("at_ms", Whole),
    may("until_ms", Whole),
    may("jump_ms", Signed),
    may("drift_ppm", Signed),
    may("stop", YesNo),
    may("set_ms", Whole),
];

const MOVE: &[Field] = &[must("replica", Whole), must("at_ms", Whole)];

const CONFIG: &[Field] = &[
    may("gossip_ms", Whole),
    may("heartbeat_ms", Whole),
    may("buffer", Whole),
    may("batch", Whole),
    may("window", Whole),
    may("snapshot_every", Whole),
    may("max_ahead_ms", Whole),
];

/// Checks the form of `text`: the first thing that is wrong, from its beginning on.
pub(super) fn check(text: &str) -> Result<(), ScenarioError> {
    let root = DeTable::parse(text).map_err(|error| {
        ScenarioError::new(format!("this is not TOML: {}", error.message()), error.span())
    })?;
    let here = Place { text, name: "the scenario", span: 0..0 };
    here.fields(root.get_ref(), &[SCENARIO])
}

/// What is looked at.
struct Place<'t> {
    text: &'t str,
    name: &'t str,
    span: Range<usize>,
}

impl Place<'_> {
    fn wrong<T>(&self, message: String) -> Result<T, ScenarioError> {
        Err(ScenarioError::new(message, Some(self.span.clone())))
    }

    /// Finds against a value that is not what it must be.
    fn not<T>(&self, what: &str) -> Result<T, ScenarioError> {
        const SHOWN: usize = 40;
        let written = self.text.get(self.span.clone()).unwrap_or_default();
        let mut shown: String = written.chars().take_while(|c| *c != '\n').take(SHOWN).collect();
        if shown.len() < written.len() {
            shown.push('…');
        }
        self.wrong(format!("{} is {shown}; it must be {what}", self.name))
    }

    fn value(&self, value: &DeValue<'_>, shape: Shape) -> Result<(), ScenarioError> {
        match (shape, value) {
            (Text, DeValue::String(_)) => Ok(()),
            (Text, _) => self.not("a name in quotes"),
            (OneOf(names), DeValue::String(name)) if names.contains(&name.as_ref()) => Ok(()),
            (OneOf(names), _) => self.not(&format!("one of \"{}\"", names.join("\", \""))),
            (Whole, DeValue::Integer(number)) => {
                match u64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(_) => Ok(()),
                    Err(_) if number.as_str().starts_with('-') => {
                        self.not("a whole number, and not negative")
                    }
                    Err(_) => self.not(&format!("a whole number of at most {MAX_MS}")),
                }
            }
            (Whole, _) => self.not("a whole number"),
            (Number, DeValue::Integer(_)) => Ok(()),
            (Number, DeValue::Float(number)) => {
                let finite = |digits: &str| digits.parse().is_ok_and(f64::is_finite);
                let spelt = |digits: &str| digits.ends_with("inf") || digits.ends_with("nan");
                match number.as_str() {
                    digits if finite(digits) || spelt(digits) => Ok(()),
                    _ => self.not("a smaller number"),
                }
            }
            (Number, _) => self.not("a number"),
            (List(shape), DeValue::Array(items)) => {
                let name = match shape {
                    Table(_) => self.name.to_owned(),
                    _ => format!("an item of {}", self.name),
                };
                items.iter().try_for_each(|item| self.inner(&name, item, *shape))
            }
            (List(Table(_)), _) => {
                self.not(&format!("written as [[{}]]", self.name.trim_matches('`')))
            }
            (List(_), _) => self.not("a list in brackets"),
            (Table(fields), DeValue::Table(table)) => self.fields(table, &[fields]),
            (Kinds(kinds), DeValue::Table(table)) => self.kinds(table, kinds),
            (Table(_) | Kinds(_), _) => self.not("a table of keys and values"),
            (NameOrKinds(_, kinds), DeValue::Table(table)) => self.kinds(table, kinds),
            (NameOrKinds(names, _), DeValue::String(name)) if names.contains(&name.as_ref()) => {
                Ok(())
            }
            (NameOrKinds(names, kinds), _) => {
                let tables =
                    kinds.iter().map(|(kind, _)| *kind).filter(|kind| !names.contains(kind));
                let tables: Vec<&str> = tables.collect();
                self.not(&format!(
                    "one of \"{}\", or a table whose `kind` is one of \"{}\"",
                    names.join("\", \""),
                    tables.join("\", \"")
                ))
            }
            (Signed, DeValue::Integer(number)) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(_) => Ok(()),
                    Err(_) => self.not("a whole number of at most 63 bits"),
                }
            }
            (Signed, _) => self.not("a whole number"),
            (YesNo, DeValue::Boolean(_)) => Ok(()),
            (YesNo, _) => self.not("true or false"),
        }
    }

    fn inner(
        &self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        shape: Shape,
    ) -> Result<(), ScenarioError> {
        Place { text: self.text, name, span: value.span() }.value(value.get_ref(), shape)
    }

    /// A table that has these fields.
    fn fields(&self, table: &DeTable<'_>, fields: &[&[Field]]) -> Result<(), ScenarioError> {
        let fields: Vec<&Field> = fields.iter().copied().flatten().collect();
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let known = fields.iter().find(|field| field.key == key.get_ref());
            let Some(field) = known else {
                let known: Vec<&str> = fields.iter().map(|field| field.key).collect();
                let here = Place { span: key.span(), ..*self };
                return here.wrong(format!(
                    "unknown key `{}` in {}; there are `{}`",
                    key.get_ref(),
                    self.name,
                    known.join("`, `")
                ));
            };
            self.inner(&format!("`{}`", field.key), value, field.shape)?;
        }
        let has = |key| table.iter().any(|(name, _)| name.get_ref() == key);
        match fields.iter().find(|field| field.required && !has(field.key)) {
            Some(field) => self.wrong(format!("{} lacks the key `{}`", self.name, field.key)),
            None => Ok(()),
        }
    }

    /// A table whose `kind` says which fields it has besides.
    fn kinds(
        &self,
        table: &DeTable<'_>,
        kinds: &[(&'static str, &[Field])],
    ) -> Result<(), ScenarioError> {
        let names = || kinds.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("\", \"");
        let Some((_, kind)) = table.iter().find(|(key, _)| key.get_ref() == "kind") else {
            let message = format!("{} lacks the key `kind`, one of \"{}\"", self.name, names());
            return self.wrong(message);
        };
        match kinds.iter().find(|(name, _)| kind.get_ref().as_str() == Some(name)) {
            Some((_, fields)) => self.fields(table, &[&[must("kind", Text)], fields]),
            None => Place { text: self.text, name: "`kind`", span: kind.span() }
                .not(&format!("one of \"{}\"", names())),
        }
    }
}
