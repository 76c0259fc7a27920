//! The keys of a scenario file as a JSON schema, for editors.

use std::fmt::Write as _;

use super::keys::{Field, SCENARIO, Variant};
use super::shape::Shape::{
    self, Address, Choice, Kinds, List, NameOrKinds, Number, OneOf, Signed, Table, Text, Whole,
    YesNo,
};

/// The JSON schema (draft 7) of a scenario file: its keys, what they mean, and what they may be.
///
/// What it accepts may still contradict itself, as a crash of a replica that is down; what it does
/// not accept is never a scenario.
///
/// ```
/// use rejoin_sim::scenario::schema;
/// let schema = schema();
/// assert!(schema.contains("http://json-schema.org/draft-07/schema#"));
/// assert!(schema.contains("\"the probability that a message is lost. Default 0.\""));
/// ```
#[must_use]
pub fn schema() -> String {
    let mut members = vec![
        ("$schema", text("http://json-schema.org/draft-07/schema#")),
        ("title", text("A scenario of Rejoin: what is run, on what network, under which faults")),
    ];
    members.extend(table(SCENARIO, None));
    let mut written = String::new();
    object(members).write(0, &mut written);
    written.push('\n');
    written
}

/// A JSON value whose members stay in order.
enum Json {
    /// Written as it is.
    Bare(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn bare(value: impl ToString) -> Json {
    Json::Bare(value.to_string())
}

fn texts<'t>(all: impl IntoIterator<Item = &'t str>) -> Json {
    Json::List(all.into_iter().map(text).collect())
}

fn object(members: Vec<(&str, Json)>) -> Json {
    Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

impl Json {
    fn write(&self, depth: usize, to: &mut String) {
        match self {
            Self::Bare(value) => to.push_str(value),
            Self::Text(text) => quote(text, to),
            // Short enough to be read in a line.
            Self::List(items) if items.iter().all(|item| !matches!(item, Self::Object(_))) => {
                to.push('[');
                for (at, item) in items.iter().enumerate() {
                    to.push_str(if at == 0 { "" } else { ", " });
                    item.write(depth, to);
                }
                to.push(']');
            }
            Self::List(items) => block(['[', ']'], items, depth, to, Self::write),
            Self::Object(members) => {
                block(['{', '}'], members, depth, to, |(key, value), depth, to| {
                    quote(key, to);
                    to.push_str(": ");
                    value.write(depth, to);
                });
            }
        }
    }
}

fn block<T>(
    [open, close]: [char; 2],
    items: &[T],
    depth: usize,
    to: &mut String,
    write: impl Fn(&T, usize, &mut String),
) {
    to.push(open);
    for (at, item) in items.iter().enumerate() {
        to.push_str(if at == 0 { "\n" } else { ",\n" });
        to.push_str(&"  ".repeat(depth + 1));
        write(item, depth + 1, to);
    }
    to.push('\n');
    to.push_str(&"  ".repeat(depth));
    to.push(close);
}

fn quote(text: &str, to: &mut String) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => to.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(to, "\\u{:04x}", c as u32); // a string takes everything
            }
            c => to.push(c),
        }
    }
    to.push('"');
}

/// What is said of a table that has these fields; of a kind of table, with its name.
fn table(fields: &[Field], kind: Option<&str>) -> Vec<(&'static str, Json)> {
    let required = fields.iter().filter(|field| field.required).map(|field| field.key);
    let named = kind.map(|name| ("kind".to_owned(), object(vec![("const", text(name))])));
    let said = fields.iter().map(|field| {
        let mut members = vec![("description", text(field.says))];
        members.extend(shape(field.shape));
        (field.key.to_owned(), object(members))
    });
    vec![
        ("type", text("object")),
        ("additionalProperties", bare(false)),
        ("required", texts(kind.map(|_| "kind").into_iter().chain(required))),
        ("properties", Json::Object(named.into_iter().chain(said).collect())),
    ]
}

fn shape(shape: Shape) -> Vec<(&'static str, Json)> {
    match shape {
        Text => vec![("type", text("string"))],
        OneOf(names) => vec![("enum", texts(names.iter().copied()))],
        Choice(variants) => {
            let one = |variant: &Variant| {
                object(vec![("description", text(variant.says)), ("const", text(variant.name))])
            };
            vec![("oneOf", Json::List(variants.iter().map(one).collect()))]
        }
        Whole(least, most) => {
            vec![("type", text("integer")), ("minimum", bare(least)), ("maximum", bare(most))]
        }
        Address => vec![("type", text("integer")), ("minimum", bare(1))],
        Number(least, most) => {
            vec![("type", text("number")), ("minimum", bare(least)), ("maximum", bare(most))]
        }
        Signed => vec![("type", text("integer"))],
        YesNo => vec![("type", text("boolean"))],
        List(item) => {
            vec![("type", text("array")), ("items", object(self::shape(*item)))]
        }
        Table(fields) => table(fields, None),
        Kinds(kinds) => vec![("oneOf", Json::List(kinds.iter().map(variant).collect()))],
        NameOrKinds(names, kinds) => {
            let names = object(vec![("enum", texts(names.iter().copied()))]);
            let all = std::iter::once(names).chain(kinds.iter().map(variant));
            vec![("oneOf", Json::List(all.collect()))]
        }
    }
}

fn variant(variant: &Variant) -> Json {
    let mut members = vec![("description", text(variant.says))];
    members.extend(table(variant.fields, Some(variant.name)));
    object(members)
}
