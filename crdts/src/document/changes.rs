//! What is different in a document.

use super::branch::Branch;
use super::view::nothing;
use super::{FieldKind, FieldView};
use crate::MapChange;

/// Where a field is in a [`Document`](super::Document). Those of a map come before those of the maps
/// in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath<'a> {
    /// The names of the maps around it, outermost first.
    pub maps: Vec<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// Its kind.
    pub kind: FieldKind,
}

type FieldChange<'a> = MapChange<FieldPath<'a>, FieldView<'a>>;

/// The fields, maps aside, that are not alike, ascending.
pub(super) fn between<'a>(old: &'a Branch, new: &'a Branch) -> Vec<FieldChange<'a>> {
    let mut changes = Vec::new();
    add(&mut Vec::new(), old, new, &mut changes);
    changes.sort_by(|one, other| one.key().cmp(other.key()));
    changes
}

fn add<'a>(
    maps: &mut Vec<&'a str>,
    old: &'a Branch,
    new: &'a Branch,
    changes: &mut Vec<FieldChange<'a>>,
) {
    new.changes_since(old, &mut |change| {
        let (old, new) = change.values();
        let inside = |view: &Option<FieldView<'a>>| match view {
            Some(FieldView::Map(map)) => map.map,
            _ => nothing(),
        };
        match old.or(new) {
            Some(FieldView::Map(_)) => {
                maps.push(change.key());
                add(maps, inside(&old), inside(&new), changes);
                maps.pop();
            }
            Some(view) => changes.push(change.at(|name| FieldPath {
                maps: maps.clone(),
                name,
                kind: view.kind(),
            })),
            None => {}
        }
        true
    });
}
