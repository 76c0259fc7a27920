//! Which keys a scenario's text has, and of what kind each is.
//!
//! The deserialiser would notice all of it, too, but says so in the words of the program
//! (`expected u64`), and points at a whole table where a key in it is wrong.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ScenarioError;
use super::check::MAX_MS;
use super::keys::{Field, SCENARIO, Variant, must};
use crate::nearest;

/// What a value may be. What is given with numbers is what other rules let them be: their form is
/// checked here, and their bounds there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Text,
    OneOf(&'static [&'static str]),
    /// The name of one of them, whose keys are elsewhere.
    Choice(&'static [Variant]),
    Whole(u64, u64),
    /// A replica's address.
    Address,
    Number(f64, f64),
    List(&'static Shape),
    Table(&'static [Field]),
    /// A whole number that may be negative.
    Signed,
    YesNo,
    /// A table whose `kind` says which other keys it has.
    Kinds(&'static [Variant]),
    /// One of the names, or such a table.
    NameOrKinds(&'static [&'static str], &'static [Variant]),
}
use Shape::{
    Address, Choice, Kinds, List, NameOrKinds, Number, OneOf, Signed, Table, Text, Whole, YesNo,
};

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
            (Choice(known), DeValue::String(name))
                if known.iter().any(|known| known.name == name.as_ref()) =>
            {
                Ok(())
            }
            (Choice(known), _) => {
                let names: Vec<&str> = known.iter().map(|known| known.name).collect();
                self.not(&format!("one of \"{}\"", names.join("\", \"")))
            }
            (Whole(..) | Address, DeValue::Integer(number)) => {
                match u64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(_) => Ok(()),
                    Err(_) if number.as_str().starts_with('-') => {
                        self.not("a whole number, and not negative")
                    }
                    Err(_) => self.not(&format!("a whole number of at most {MAX_MS}")),
                }
            }
            (Whole(..) | Address, _) => self.not("a whole number"),
            (Number(..), DeValue::Integer(_)) => Ok(()),
            (Number(..), DeValue::Float(number)) => {
                let finite = |digits: &str| digits.parse().is_ok_and(f64::is_finite);
                let spelt = |digits: &str| digits.ends_with("inf") || digits.ends_with("nan");
                match number.as_str() {
                    digits if finite(digits) || spelt(digits) => Ok(()),
                    _ => self.not("a smaller number"),
                }
            }
            (Number(..), _) => self.not("a number"),
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
                    kinds.iter().map(|kind| kind.name).filter(|kind| !names.contains(kind));
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
                let unknown = format!("unknown key `{}` in {}", key.get_ref(), self.name);
                return here.wrong(match nearest(key.get_ref(), known.iter().copied()) {
                    Some(near) => format!("{unknown}; did you mean `{near}`?"),
                    None => format!("{unknown}; there are `{}`", known.join("`, `")),
                });
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
    fn kinds(&self, table: &DeTable<'_>, kinds: &[Variant]) -> Result<(), ScenarioError> {
        let names = || kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join("\", \"");
        let Some((_, kind)) = table.iter().find(|(key, _)| key.get_ref() == "kind") else {
            let message = format!("{} lacks the key `kind`, one of \"{}\"", self.name, names());
            return self.wrong(message);
        };
        match kinds.iter().find(|known| kind.get_ref().as_str() == Some(known.name)) {
            Some(known) => self.fields(table, &[&[must("kind", Text, "")], known.fields]),
            None => Place { text: self.text, name: "`kind`", span: kind.span() }
                .not(&format!("one of \"{}\"", names())),
        }
    }
}
