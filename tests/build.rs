//! Copies the examples that the docs tell people to break, whole and broken as they say.

use std::path::Path;
use std::{env, fs};

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    for example in ["own_type", "own_protocol"] {
        let path = format!("../cli/examples/{example}.rs");
        println!("cargo::rerun-if-changed={path}");
        let text = fs::read_to_string(&path).expect("the example is there");
        // An included file cannot begin with its own documentation.
        let whole: Vec<&str> = text.lines().filter(|line| !line.starts_with("//!")).collect();
        let broken: Vec<String> = whole.iter().map(|line| break_if_marked(line)).collect();
        assert_ne!(whole, broken, "{path} has no line to break");
        let write = |name: &str, lines: String| {
            fs::write(Path::new(&out).join(name), lines).expect("OUT_DIR can be written");
        };
        write(&format!("{example}.rs"), whole.join("\n"));
        write(&format!("{example}_broken.rs"), broken.join("\n"));
    }
}

/// `good; // break this line: `bad;`` becomes `bad;`.
fn break_if_marked(line: &str) -> String {
    match line.split_once("// break this line: `") {
        Some((_, bad)) => bad.trim_end_matches('`').to_owned(),
        None => line.to_owned(),
    }
}
