//! The scenario file is described once, and everything that describes it says the same: the fields'
//! doc comments, the JSON schema, the tables and examples of `docs/scenario.md`, the presets.
//!
//! After a change of what is said of a key, run once with `REJOIN_BLESS=1`, which writes the schema and
//! the tables again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use rejoin_sim::scenario::schema;
use rejoin_sim::{Scenario, presets};
use serde_json::Value;
use syn::{Attribute, Expr, Item, Lit, Meta, Visibility};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares with a file, or writes it.
fn current(path: &str, expected: &str) {
    if env::var_os("REJOIN_BLESS").is_some() {
        fs::write(root().join(path), expected).unwrap();
    }
    assert!(read(path) == expected, "{path} is out of date: run this test with REJOIN_BLESS=1");
}

fn keys() -> Value {
    serde_json::from_str(&schema()).expect("the schema is JSON")
}

/// The schema of a key: `loss`, `partition`, `crash.disk`; of a list, what is in it.
fn of<'s>(schema: &'s Value, path: &str) -> &'s Value {
    path.split('.').fold(schema, |table, key| {
        let inner = &table["properties"][key];
        assert!(inner.is_object(), "there is no key {path}");
        inner.get("items").unwrap_or(inner)
    })
}

#[test]
fn the_schema_in_the_book_is_the_schema() {
    current("docs/scenario.schema.json", &schema());
}

#[test]
fn the_tables_in_the_book_say_what_the_schema_says() {
    let (page, schema) = (read("docs/scenario.md"), keys());
    let mut written = String::new();
    let mut shown = Shown::new();
    let mut inside = false;
    for line in page.lines() {
        let directive = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        inside = inside && directive != Some("end");
        if !inside {
            written += &format!("{line}\n");
        }
        let Some(directive) = directive.filter(|directive| *directive != "end") else { continue };
        inside = true;
        written += &match directive.split_once(": ") {
            Some((of_key, names)) => {
                let of_key = of_key.strip_prefix("keys").unwrap().trim_start_matches(" of ");
                let table = if of_key.is_empty() { &schema } else { of(&schema, of_key) };
                let names: Vec<&str> = names.split(' ').collect();
                let here = shown.entry(of_key.to_owned()).or_default();
                here.extend(names.iter().map(|name| (*name).to_owned()));
                table_of(table, &names)
            }
            None => choices_of(of(&schema, directive.strip_prefix("choices of ").unwrap())),
        };
    }
    current("docs/scenario.md", &written);
    // Tables inside have sections of their own.
    let sections = ["topology", "load", "clients", "partition", "crash", "pause", "clock", "join"];
    let sections = sections.into_iter().chain(["leave", "config"]).map(str::to_owned);
    shown.entry(String::new()).or_default().extend(sections);
    for (table, names) in &shown {
        let table = if table.is_empty() { &schema } else { of(&schema, table) };
        let all = table["properties"].as_object().unwrap().keys();
        let missing: Vec<&String> = all.filter(|key| !names.contains(*key)).collect();
        assert!(missing.is_empty(), "not in the book: {missing:?}");
    }
    assert_eq!(shown.len(), 12, "a table of keys for the scenario and each table in it");
}

/// The keys that the book shows, by table.
type Shown = BTreeMap<String, BTreeSet<String>>;

fn table_of(table: &Value, names: &[&str]) -> String {
    let mut rows = String::new();
    for name in names {
        let key = &table["properties"][name];
        assert!(key.is_object(), "there is no key {name}");
        let required = table["required"].as_array().unwrap().iter().any(|it| it == name);
        let must = if required { " (required)" } else { "" };
        let says = key["description"].as_str().unwrap();
        let says = says.trim_end_matches(" Required.");
        rows += &format!("| `{name}`{must} | {} | {says} |\n", value(key));
    }
    format!("\n| key | value | |\n|---|---|---|\n{rows}\n")
}

fn choices_of(key: &Value) -> String {
    let mut rows = String::new();
    for choice in key["oneOf"].as_array().unwrap() {
        let Some(says) = choice["description"].as_str() else { continue };
        if let Some(name) = choice["const"].as_str() {
            rows += &format!("| `\"{name}\"` | {says} |\n");
            continue;
        }
        let name = choice["properties"]["kind"]["const"].as_str().unwrap();
        let mut row = format!("| `\"{name}\"` | {says}");
        for key in choice["required"].as_array().unwrap().iter().skip(1) {
            let key = key.as_str().unwrap();
            let says = choice["properties"][key]["description"].as_str().unwrap();
            row += &format!(" `{key}`: {says}");
        }
        rows += &format!("{row} |\n");
    }
    format!("\n| kind | |\n|---|---|\n{rows}\n")
}

/// What a key may be, in words.
fn value(key: &Value) -> String {
    const NO_BOUND: u64 = 1_000_000_000_000;
    match key["type"].as_str() {
        Some("string") => "name".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("array") => match value(&key["items"]).as_str() {
            "table" => "tables".to_owned(),
            "address" => "addresses".to_owned(),
            "addresses" => "lists of addresses".to_owned(),
            items => format!("list of: {items}"),
        },
        Some("object") => "table".to_owned(),
        Some("integer") => match (key["minimum"].as_u64(), key["maximum"].as_u64()) {
            (Some(1), None) => "address".to_owned(),
            (Some(0), Some(NO_BOUND..)) => "whole number".to_owned(),
            (Some(least), Some(NO_BOUND..)) => format!("whole number from {least}"),
            (Some(least), Some(most)) => format!("whole number, {least} to {most}"),
            _ => "whole number, also below 0".to_owned(),
        },
        Some("number") => format!("number, {} to {}", key["minimum"], key["maximum"]),
        _ => match (key["enum"].as_array(), key["oneOf"].as_array()) {
            (Some(names), _) => {
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            }
            (None, Some(choices)) if choices.iter().all(|choice| choice["const"].is_string()) => {
                choices.iter().map(|it| format!("`{}`", it["const"])).collect::<Vec<_>>().join(", ")
            }
            (None, Some(choices)) if choices.iter().any(|choice| choice["enum"].is_array()) => {
                "name or table".to_owned()
            }
            _ => "table".to_owned(),
        },
    }
}

/// What is said of a key or a kind: the table it is in, its name, the words.
type Said = BTreeSet<(String, String, String)>;

fn doc(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// A field's key and what its doc comment says of it: "`loss`: the probability …".
fn key_of(name: &str, attrs: &[Attribute]) -> (String, String) {
    let doc = doc(attrs);
    let split = doc.strip_prefix('`').and_then(|doc| doc.split_once("`: "));
    let (key, says) = split.unwrap_or_else(|| panic!("{name}: it begins otherwise: {doc}"));
    (key.trim_matches(['[', ']']).to_owned(), says.to_owned())
}

fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    kebab
}

/// What the doc comments of the fields say.
fn in_the_source() -> Said {
    let tables = BTreeMap::from([
        ("Scenario", ""),
        ("Load", "load"),
        ("Clients", "clients"),
        ("Latency", "latency"),
        ("Bandwidth", "bandwidth"),
        ("Link", "link"),
        ("Topology", "topology"),
        ("Partition", "partition"),
        ("PartitionKind", "partition.kind"),
        ("Crash", "crash"),
        ("Disk", "crash.disk"),
        ("Pause", "pause"),
        ("ClockFault", "clock"),
        ("Join", "join"),
        ("Leave", "leave"),
        ("Caps", "config"),
    ]);
    let files = ["scenario", "scenario/caps", "scenario/fault", "scenario/link"];
    let mut said = Said::new();
    for file in files.into_iter().chain(["scenario/topology", "scenario/work"]) {
        let file = syn::parse_file(&read(&format!("sim/src/{file}.rs"))).unwrap();
        let public = |vis: &Visibility| matches!(vis, Visibility::Public(_));
        for item in file.items {
            match item {
                Item::Struct(item) if public(&item.vis) => {
                    let table = tables[item.ident.to_string().as_str()];
                    for field in &item.fields {
                        let (key, says) = key_of(table, &field.attrs);
                        said.insert((table.to_owned(), key, says));
                    }
                }
                Item::Enum(item) if public(&item.vis) => {
                    let table = tables[item.ident.to_string().as_str()];
                    for variant in &item.variants {
                        let name = kebab(&variant.ident.to_string());
                        said.insert((table.to_owned(), name.clone(), doc(&variant.attrs)));
                        for field in &variant.fields {
                            let (key, says) = key_of(&name, &field.attrs);
                            said.insert((format!("{table}.{name}"), key, says));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    said
}

/// What the schema says of a table's keys, and of those of the tables in it.
fn in_the_schema(table: &Value, name: &str, said: &mut Said) {
    for (key, schema) in table["properties"].as_object().unwrap() {
        let Some(says) = schema["description"].as_str() else { continue }; // a kind's own name
        said.insert((name.to_owned(), key.clone(), says.to_owned()));
        let path = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        let schema = schema.get("items").unwrap_or(schema);
        // Links have latencies and bandwidths as the whole network has.
        if ["link.latency", "link.bandwidth"].contains(&path.as_str()) {
            continue;
        }
        if schema["properties"].is_object() {
            in_the_schema(schema, &path, said);
        }
        for choice in schema["oneOf"].as_array().into_iter().flatten() {
            let Some(says) = choice["description"].as_str() else { continue };
            let kind = choice.get("const").unwrap_or(&choice["properties"]["kind"]["const"]);
            let kind = kind.as_str().unwrap();
            said.insert((path.clone(), kind.to_owned(), says.to_owned()));
            if choice["properties"].is_object() {
                in_the_schema(choice, &format!("{path}.{kind}"), said);
            }
        }
    }
}

#[test]
fn every_field_of_a_scenario_is_described_and_in_the_same_words_everywhere() {
    let source = in_the_source();
    let mut described = Said::new();
    in_the_schema(&keys(), "", &mut described);
    let only = |these: &Said, those: &Said| these.difference(those).cloned().collect::<Vec<_>>();
    assert_eq!(only(&source, &described), [], "said in doc comments only");
    assert_eq!(only(&described, &source), [], "said in the schema only");
    assert!(source.len() > 100, "{}", source.len());
}

/// The examples of the book, those that are a part completed.
fn examples() -> Vec<String> {
    let page = read("docs/scenario.md");
    let blocks = page.split("```toml\n").skip(1);
    let complete = |block: &str| {
        let text = block.split("```").next().unwrap();
        let named = |key: &str| text.lines().any(|line| line.starts_with(&format!("{key} =")));
        let made_of = ["hierarchy", "links", "file"];
        let counted = made_of.iter().any(|kind| text.contains(&format!("kind = \"{kind}\"")));
        let mut whole = String::new();
        if !named("type") {
            whole += "type = \"or-set\"\n";
        }
        if !named("replicas") && !counted {
            whole += "replicas = 5\n";
        }
        whole + text
    };
    blocks.map(complete).collect()
}

fn parse(text: &str) -> Result<Scenario, rejoin_sim::ScenarioError> {
    // The file that the book shows.
    let page = read("docs/scenario.md");
    let edges = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap().to_owned();
    let scenario = Scenario::read(text, &mut |path| {
        assert_eq!(path, "net.edges");
        Ok(edges.clone())
    })?;
    scenario.check_in(text, &rejoin_cli::builtin())?;
    Ok(scenario)
}

#[test]
fn the_examples_of_the_book_are_scenarios() {
    let examples = examples();
    assert!(examples.len() > 15, "{}", examples.len());
    for text in examples {
        parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

/// Whether a value is what the schema says, as far as ours goes.
fn fits(schema: &Value, value: &toml::Value) -> bool {
    let number = value.as_integer().map(|whole| whole as f64).or(value.as_float());
    let typed = match schema["type"].as_str() {
        Some("string") => value.is_str(),
        Some("integer") => value.is_integer(),
        Some("number") => number.is_some(),
        Some("boolean") => value.is_bool(),
        Some("array") => value.is_array(),
        Some("object") => value.is_table(),
        _ => true,
    };
    let least = schema["minimum"].as_f64().is_none_or(|least| number >= Some(least));
    let most = schema["maximum"].as_f64().is_none_or(|most| number <= Some(most));
    let is = |json: &Value| json.as_str() == value.as_str() && value.is_str();
    let named = schema["enum"].as_array().is_none_or(|names| names.iter().any(is));
    let exactly = schema.get("const").is_none_or(is);
    let choices = schema["oneOf"].as_array();
    let one = choices.is_none_or(|all| all.iter().filter(|it| fits(it, value)).count() == 1);
    let items = schema.get("items").is_none_or(|items| {
        value.as_array().is_some_and(|all| all.iter().all(|item| fits(items, item)))
    });
    let keys = schema["properties"].as_object().is_none_or(|keys| {
        let Some(table) = value.as_table() else { return false };
        let known = |(key, value): (&String, &toml::Value)| {
            keys.get(key).is_some_and(|schema| fits(schema, value))
        };
        let mut required = schema["required"].as_array().unwrap().iter();
        table.iter().all(known) && required.all(|key| table.contains_key(key.as_str().unwrap()))
    });
    typed && least && most && named && exactly && one && items && keys
}

#[test]
fn the_schema_takes_what_is_a_scenario_and_little_else() {
    let schema = keys();
    let fits = |text: &str| fits(&schema, &toml::Value::Table(toml::from_str(text).unwrap()));
    let presets = presets().iter().map(|preset| preset.text.to_owned());
    for text in examples().into_iter().chain(presets) {
        assert!(fits(&text), "{text}");
        let full = parse(&text).unwrap().to_annotated_toml().unwrap();
        assert!(fits(&full), "{full}");
    }
    for line in [
        "colour = 1",
        "loss = 1.5",
        "loss = \"much\"",
        "replicas = 0",
        "replicas = 2.5",
        "topology = \"torus\"",
        "topology = { kind = \"tree\" }",
        "latency = { kind = \"constant\", ms = 1, sigma = 2 }",
        "shares = [1, -2]",
        "checks = [\"hope\"]",
        "partition = [{ groups = [[1]] }]",
        "partition = [{ at_ms = 1, kind = \"wall\" }]",
        "crash = [{ replica = 0, at_ms = 1 }]",
        "config = { gossip_s = 1 }",
    ] {
        let text = format!("type = \"or-set\"\n{line}\n");
        assert!(!fits(&text) && parse(&text).is_err(), "{line}");
    }
    assert!(!fits("ops = 3"));
}

#[test]
fn scenarios_name_their_schema_for_editors() {
    let schema = root().join("docs/scenario.schema.json").canonicalize().unwrap();
    let named = |text: &str, folder: &str| {
        let first = text.lines().next().unwrap();
        let path = first.strip_prefix("#:schema ").unwrap_or_else(|| panic!("{text}"));
        assert_eq!(root().join(folder).join(path).canonicalize().unwrap(), schema);
    };
    for preset in presets() {
        named(preset.text, "sim/src/presets");
    }
    named(&examples()[0], "docs");
}
