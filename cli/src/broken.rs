//! The broken types and protocols among the registered, and who finds them.

use rejoin_gallery::{Entry, catalogue, types};
use rejoin_sim::Registry;

/// What a broken type's name begins with.
const FOLDER: &str = "broken/";

/// What the gallery says of the type or protocol called `name`.
pub(crate) fn entry(name: &str) -> Option<&'static Entry> {
    let bare = name.strip_prefix(FOLDER)?;
    catalogue().find(|entry| entry.name == bare)
}

/// What the gallery says of the protocol called `name`, if it is registered: it has a scenario of its
/// own.
pub(crate) fn protocol(registry: &Registry, name: &str) -> Option<&'static Entry> {
    entry(name).filter(|entry| entry.shown.is_some() && registry.get(name).is_some())
}

/// The registered ones, in the order in which they are best read.
pub(crate) fn all(registry: &Registry) -> impl Iterator<Item = &str> {
    named(registry, catalogue())
}

fn named(
    registry: &Registry,
    entries: impl Iterator<Item = &'static Entry>,
) -> impl Iterator<Item = &str> {
    entries.filter_map(|entry| registry.get(&entry.to_string()).map(|subject| subject.name()))
}

/// The broken type to look at first, if any is registered.
pub(crate) fn first(registry: &Registry) -> Option<&str> {
    after(registry, None)
}

/// The broken type to look at after `name`, from the first on again after the last.
pub(crate) fn after<'r>(registry: &'r Registry, name: Option<&str>) -> Option<&'r str> {
    let registered: Vec<&str> = named(registry, types()).collect();
    let at = registered.iter().position(|other| Some(*other) == name);
    let next = at.map_or(0, |at| at + 1);
    registered.get(next).or(registered.first()).copied()
}

/// The commands that find what is wrong with it, today.
pub(crate) fn found_by(entry: &Entry) -> Vec<&'static str> {
    let judges =
        [(entry.laws, "laws"), (!entry.scope.is_empty(), "explore"), (entry.simulator, "run")];
    judges.into_iter().filter(|(finds, _)| *finds).map(|(_, name)| name).collect()
}
