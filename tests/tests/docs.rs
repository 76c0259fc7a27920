//! What README and docs show has been run, as shown.
//!
//! In a block of ```console, a line `$ rejoin …` is followed by the command's whole output, but for
//! how long it took. A block in which nothing follows the command lines is not run.

use std::fs;
use std::path::{Path, PathBuf};

use rejoin_cli::{Stream, Streams};

struct Shown {
    place: String,
    command: String,
    output: String,
}

fn shown(path: &Path) -> Vec<Shown> {
    let text = fs::read_to_string(path).unwrap();
    let mut found: Vec<Shown> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        match line.strip_prefix("$ ") {
            _ if line.starts_with("```") => inside = line == "```console",
            Some(command) if inside => found.push(Shown {
                place: format!("{}:{}", path.display(), number + 1),
                command: command.to_owned(),
                output: String::new(),
            }),
            None if inside => {
                let last = found.last_mut().expect("a block begins with a command");
                last.output += line;
                last.output += "\n";
            }
            _ => {}
        }
    }
    found.retain(|shown| !shown.output.is_empty());
    found
}

/// The output without how long it took, which is said of what held.
fn timeless(output: &str) -> String {
    let line = |line: &str| match line.rsplit_once(", in ") {
        Some((what, _)) if line.starts_with("held ") => format!("{what}\n"),
        _ => format!("{line}\n"),
    };
    output.lines().map(line).collect()
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let mut pages: Vec<_> = pages.chain([root.join("README.md")]).collect();
    pages.sort();
    pages
}

#[test]
fn shown_output_is_the_output() {
    let all: Vec<Shown> = pages().iter().flat_map(|page| shown(page)).collect();
    assert!(all.len() >= 4, "the pages show the command at work");
    for Shown { place, command, output } in all {
        assert!(command.starts_with("rejoin "), "{place}: not our command: {command}");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let streams = Streams::new(Stream::new(&mut out), Stream::new(&mut err));
        let _ = rejoin_cli::main_with(rejoin_cli::builtin(), command.split_whitespace(), streams);
        out.extend(err);
        let real = String::from_utf8(out).unwrap();
        let (real, output) = (timeless(&real), timeless(&output));
        assert_eq!(real.trim_end(), output.trim_end(), "{place}: {command}");
    }
}
