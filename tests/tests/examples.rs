//! Every public item shows how it is used.
//!
//! What must have an example: functions, inherent methods, traits, and structs and unions with a
//! private field. An example is run, and asserts something. What need not have one is shown by
//! something else: an enum or an error by what returns it, a struct whose fields are all public by
//! its fields, a trait's method by the trait's example.
//!
//! Items that a macro makes are not seen.

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Field, Ident, ImplItem, Item, Lit, Meta, Type, Visibility};

/// Public items without an example: the line in the source file, and the name.
type Missing = Vec<(usize, String)>;

/// The public items of a source file that have no example.
///
/// Whatever is `pub` counts: the lint `unreachable_pub` sees to it that it can be reached.
fn missing(source: &str) -> Missing {
    let file = syn::parse_file(source).expect("the compiler takes it");
    let mut found = Missing::new();
    look(&file.items, &mut found);
    found
}

fn look(items: &[Item], found: &mut Missing) {
    for item in items {
        match item {
            Item::Fn(item) if must(&item.vis, &item.attrs) => found.push(place(&item.sig.ident)),
            Item::Trait(item) if must(&item.vis, &item.attrs) => found.push(place(&item.ident)),
            Item::Struct(item)
                if must(&item.vis, &item.attrs)
                    && hides(&item.fields)
                    && !is_error(&item.attrs) =>
            {
                found.push(place(&item.ident));
            }
            Item::Union(item) if must(&item.vis, &item.attrs) && hides(&item.fields.named) => {
                found.push(place(&item.ident));
            }
            Item::Impl(item) if item.trait_.is_none() && !hidden(&item.attrs) => {
                for inner in &item.items {
                    if let ImplItem::Fn(method) = inner
                        && must(&method.vis, &method.attrs)
                    {
                        let (line, name) = place(&method.sig.ident);
                        found.push((line, format!("{}::{name}", type_name(&item.self_ty))));
                    }
                }
            }
            Item::Mod(item) if !hidden(&item.attrs) => {
                if let Some((_, items)) = &item.content {
                    look(items, found);
                }
            }
            _ => {}
        }
    }
}

/// Whether it is public and without an example.
fn must(vis: &Visibility, attrs: &[Attribute]) -> bool {
    public(vis) && !hidden(attrs) && !has_example(&doc(attrs))
}

fn public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

fn hides<'f>(fields: impl IntoIterator<Item = &'f Field>) -> bool {
    fields.into_iter().any(|field| !public(&field.vis))
}

fn is_error(attrs: &[Attribute]) -> bool {
    lists(attrs, "derive").any(|derived| derived.contains("Error"))
}

/// Whether it is no part of the documentation, or is there in tests only.
fn hidden(attrs: &[Attribute]) -> bool {
    lists(attrs, "doc").any(|doc| doc == "hidden")
        || lists(attrs, "cfg").any(|cfg| cfg == "test" || cfg == "doctest")
}

/// What is between the parentheses of the attributes of this name.
fn lists<'a>(attrs: &'a [Attribute], name: &'a str) -> impl Iterator<Item = String> + 'a {
    attrs.iter().filter_map(move |attr| match &attr.meta {
        Meta::List(list) if list.path.is_ident(name) => Some(list.tokens.to_string()),
        _ => None,
    })
}

/// The text of a doc comment.
fn doc(attrs: &[Attribute]) -> String {
    let mut text = String::new();
    for attr in attrs {
        if let Meta::NameValue(pair) = &attr.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(value) = &pair.value
            && let Lit::Str(line) = &value.lit
        {
            text += &line.value();
            text += "\n";
        }
    }
    text
}

/// Whether some block of the text is code that is run, and asserts something.
fn has_example(text: &str) -> bool {
    let mut block: Option<(bool, bool)> = None; // whether it is run, and whether it asserts
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut block) {
            (Some(tags), None) => block = Some((is_run(tags), tags.contains("should_panic"))),
            (Some(_), Some((true, true))) => return true,
            (Some(_), Some(_)) => block = None,
            (None, Some((_, asserts))) => *asserts |= line.contains("assert"),
            (None, None) => {}
        }
    }
    false
}

fn is_run(tags: &str) -> bool {
    let mut tags = tags.split([',', ' ']).map(str::trim).filter(|tag| !tag.is_empty());
    tags.all(|tag| tag == "rust" || tag == "should_panic" || tag.starts_with("edition"))
}

fn place(name: &Ident) -> (usize, String) {
    (name.span().start().line, name.to_string())
}

fn type_name(of: &Type) -> String {
    let name = match of {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    };
    name.unwrap_or_default()
}

/// The sources under a folder that are not tests, in order.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if path.is_dir() && !is_test {
            found.append(&mut sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") && !is_test {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_public_item_has_an_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut lacking = Vec::new();
    for part in ["crdts/src", "sim/src", "cli/src"] {
        for path in sources(&root.join(part)) {
            let text = fs::read_to_string(&path).expect("it is text");
            let shown = path.strip_prefix(root).expect("it is below").display();
            lacking
                .extend(missing(&text).iter().map(|(line, name)| format!("{shown}:{line} {name}")));
        }
    }
    assert!(
        lacking.is_empty(),
        "{} public items have no example that runs:\n{}",
        lacking.len(),
        lacking.join("\n")
    );
}

fn names(source: &str) -> Vec<String> {
    missing(source).into_iter().map(|(line, name)| format!("{line} {name}")).collect()
}

#[test]
fn an_item_without_an_example_is_found() {
    let source = "
        /// Does it.
        pub fn plain() {}
        /// A box.
        pub struct Closed { pub seen: u8, unseen: u8 }
        pub struct Wrapper(u8);
        pub trait Contract { fn method(&self); }
        impl<T> Closed<T> {
            /// Makes one.
            pub fn new() -> Self { todo!() }
        }
        pub mod inner { pub fn deep() {} }
        pub union Either { one: u8, other: i8 }
    ";
    let expected = [
        "3 plain",
        "5 Closed",
        "6 Wrapper",
        "7 Contract",
        "10 Closed::new",
        "12 deep",
        "13 Either",
    ];
    assert_eq!(names(source), expected);
}

#[test]
fn what_is_not_run_is_no_example() {
    for fence in ["text", "no_run", "compile_fail", "ignore", "rust,no_run", "console"] {
        let source =
            format!("/// It.\n/// ```{fence}\n/// assert!(it());\n/// ```\npub fn it() {{}}");
        assert_eq!(names(&source), ["5 it"], "{fence}");
    }
    assert_eq!(names("/// ```text\n/// ```\n/// assert!(it());\npub fn it() {}"), ["4 it"]);
}

#[test]
fn what_only_calls_is_no_example() {
    assert_eq!(names("/// ```\n/// it();\n/// ```\npub fn it() {}"), ["4 it"]);
    assert_eq!(names("/// ```\n/// assert!(it());\n/// ```\npub fn it() {}"), [""; 0]);
}

#[test]
fn what_has_an_example_or_needs_none_is_not_found() {
    let source = "
        /// ```text
        /// a picture
        /// ```
        /// ```
        /// assert!(shown());
        /// ```
        pub fn shown() -> bool { true }
        /// ```should_panic
        /// panics();
        /// ```
        pub fn panics() {}
        pub enum Choice { One }
        pub struct Open { pub seen: u8 }
        pub struct Unit;
        #[derive(Debug, thiserror::Error)]
        pub struct Failure { unseen: u8 }
        pub const SIZE: u8 = 1;
        pub(crate) fn ours() {}
        fn private() {}
        #[doc(hidden)]
        pub fn hidden() {}
        impl Contract for Open { fn method(&self) {} }
        #[cfg(test)]
        mod tests { pub fn helper() {} }
    ";
    assert_eq!(names(source), [""; 0]);
}
