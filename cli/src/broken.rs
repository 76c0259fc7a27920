//! The broken types among the registered, and who finds them.

use rejoin_gallery::{Entry, catalogue};
use rejoin_sim::Registry;

/// What a broken type's name begins with.
const FOLDER: &str = "broken/";

/// What the gallery says of the type called `name`.
pub(crate) fn entry(name: &str) -> Option<&'static Entry> {
    let bare = name.strip_prefix(FOLDER)?;
    catalogue().find(|entry| entry.name == bare)
}

/// The registered ones, in the order in which they are best read.
pub(crate) fn all(registry: &Registry) -> impl Iterator<Item = &str> {
    catalogue().filter_map(|entry| registry.get(&entry.to_string()).map(|subject| subject.name()))
}

/// The broken type to look at first, if any is registered.
pub(crate) fn first(registry: &Registry) -> Option<&str> {
    after(registry, None)
}

/// The broken type to look at after `name`, from the first on again after the last.
pub(crate) fn after<'r>(registry: &'r Registry, name: Option<&str>) -> Option<&'r str> {
    let registered: Vec<&str> = all(registry).collect();
    let at = registered.iter().position(|other| Some(*other) == name);
    let next = at.map_or(0, |at| at + 1);
    registered.get(next).or(registered.first()).copied()
}

/// The commands that find what is wrong with it.
pub(crate) fn found_by(entry: &Entry) -> Vec<&'static str> {
    let judges =
        [(entry.laws, "laws"), (!entry.scope.is_empty(), "explore"), (entry.simulator, "run")];
    judges.into_iter().filter(|(finds, _)| *finds).map(|(_, name)| name).collect()
}
