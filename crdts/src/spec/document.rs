//! The document: what was put at a place counts unless something that had seen it took it away.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{DeltaOf, Refused, exchanged};
use crate::{
    At, Document, DocumentEdit, DocumentView, Draw, FieldKind, Model, ReplicaId, Scalar, Spec,
    Symmetry, View,
};

/// A transaction on a document: its steps, one after the other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentOp(pub Vec<DocumentStep>);

/// A change to a document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentStep {
    /// The names of the maps around it, outermost first.
    pub path: Vec<String>,
    /// What is changed there.
    pub change: FieldOp,
}

/// A change to the fields of a map.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FieldOp {
    /// Write a register.
    Write(String, Scalar),
    /// Add an element to a set.
    Add(String, Scalar),
    /// Remove an element from a set.
    Take(String, Scalar),
    /// Turn a flag on.
    Enable(String),
    /// Turn a flag off.
    Disable(String),
    /// Remove a field of one kind.
    Drop(String, FieldKind),
    /// Remove the fields of a name, of whatever kind.
    Remove(String),
    /// Remove every field.
    Clear,
}

/// `"list": "note": write "x"`, `"note": drop Register`, `remove "note"` or `clear`.
impl fmt::Debug for DocumentOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, step)| {
            let then = if at == 0 { "" } else { ", then " };
            write!(f, "{then}{step:?}")
        })
    }
}

impl fmt::Debug for DocumentStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.iter().try_for_each(|name| write!(f, "{name:?}: "))?;
        self.change.fmt(f)
    }
}

impl fmt::Debug for FieldOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(name, value) => write!(f, "{name:?}: write {value:?}"),
            Self::Add(name, element) => write!(f, "{name:?}: add {element:?}"),
            Self::Take(name, element) => write!(f, "{name:?}: remove {element:?}"),
            Self::Enable(name) => write!(f, "{name:?}: enable"),
            Self::Disable(name) => write!(f, "{name:?}: disable"),
            Self::Drop(name, kind) => write!(f, "{name:?}: drop {kind:?}"),
            Self::Remove(name) => write!(f, "remove {name:?}"),
            Self::Clear => f.write_str("clear"),
        }
    }
}

/// Where something is in a document: a field, after the maps around it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub Vec<(String, FieldKind)>);

/// `list/note Register`.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "{}", names.join("/"))?;
        self.0.last().map_or(Ok(()), |(_, kind)| write!(f, " {kind:?}"))
    }
}

impl Place {
    fn inside(&self, name: &str, kind: FieldKind) -> Self {
        Self(self.0.iter().cloned().chain([(name.to_owned(), kind)]).collect())
    }
}

/// What a step puts into which field of the map around it; that a flag is on is the value `true`.
struct Put<'h> {
    path: &'h [String],
    name: &'h str,
    kind: FieldKind,
    value: Scalar,
}

impl Put<'_> {
    fn place(&self) -> Place {
        let map = |map: Place, name: &String| map.inside(name, FieldKind::Map);
        self.path.iter().fold(Place::default(), map).inside(self.name, self.kind)
    }
}

impl DocumentStep {
    fn puts(&self) -> Option<Put<'_>> {
        let (name, kind, value) = match &self.change {
            FieldOp::Write(name, value) => (name, FieldKind::Register, value.clone()),
            FieldOp::Add(name, element) => (name, FieldKind::Set, element.clone()),
            FieldOp::Enable(name) => (name, FieldKind::Flag, true.into()),
            _ => return None,
        };
        Some(Put { path: &self.path, name, kind, value })
    }

    /// Whether it takes that away if it has seen it.
    fn takes(&self, put: &Put<'_>) -> bool {
        // The field of this map that is what was put, or in which it is.
        let Some(below) = put.path.strip_prefix(self.path.as_slice()) else { return false };
        let (name, kind) = match below.first() {
            Some(map) => (map.as_str(), FieldKind::Map),
            None => (put.name, put.kind),
        };
        match &self.change {
            FieldOp::Write(of, _) => of == name && kind == FieldKind::Register,
            FieldOp::Take(of, element) => {
                of == name && kind == FieldKind::Set && *element == put.value
            }
            FieldOp::Disable(of) => of == name && kind == FieldKind::Flag,
            FieldOp::Drop(of, dropped) => of == name && *dropped == kind,
            FieldOp::Remove(of) => of == name,
            FieldOp::Clear => true,
            FieldOp::Add(..) | FieldOp::Enable(_) => false,
        }
    }
}

/// [`Document`]: at a place there is what was put there and not taken away by something that had
/// seen it: a write of the register, a removal of the element, or one of the field, the name or a
/// map around it.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{DocumentModel, DocumentOp, DocumentStep, FieldOp};
/// use rejoin_crdts::{OpSet, Spec};
/// let mut run = Execution::new(&DocumentModel, 2);
/// let event = |replica, change, sees| {
///     let op = DocumentOp(vec![DocumentStep { path: Vec::new(), change }]);
///     Event { replica, op, sees, clock_ms: 0 }
/// };
/// run.step(&event(0, FieldOp::Write("note".into(), 1.into()), OpSet::new()));
/// run.step(&event(1, FieldOp::Add("note".into(), 2.into()), OpSet::new()));
/// let view = run.history().view(&OpSet::first(2));
/// let value = DocumentModel.value(&view);
/// assert_eq!(format!("{value:?}"), "Some({note Register: {1}, note Set: {2}})"); // both
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DocumentModel;

const NAMES: [&str; 3] = ["note", "list", "$"];

fn step(path: &[&str], change: FieldOp) -> DocumentStep {
    DocumentStep { path: path.iter().map(|&name| name.to_owned()).collect(), change }
}

impl Spec for DocumentModel {
    type Op = DocumentOp;
    /// What is in each register, set and flag.
    type Value = BTreeMap<Place, BTreeSet<Scalar>>;

    fn alphabet(&self) -> Vec<DocumentOp> {
        let (note, list) = (|| "note".to_owned(), || "list".to_owned());
        let steps = [
            step(&[], FieldOp::Write(note(), "x".into())),
            step(&[], FieldOp::Write(note(), "y".into())),
            step(&[], FieldOp::Add(note(), 1.into())),
            step(&[], FieldOp::Drop(note(), FieldKind::Register)),
            step(&[], FieldOp::Remove(note())),
            step(&["list"], FieldOp::Write(note(), 1.into())),
            step(&[], FieldOp::Enable(list())),
            step(&[], FieldOp::Remove(list())),
            step(&[], FieldOp::Clear),
        ];
        steps.into_iter().map(|step| DocumentOp(vec![step])).collect()
    }

    fn draw(&self, draw: &mut dyn Draw) -> DocumentOp {
        let steps = if draw.below(4) == 0 { 1 + draw.below(3) } else { 1 };
        let draw_step = |_| {
            let depth = [0, 0, 1, 1, 2][draw.below(5) as usize];
            let mut name = || NAMES[draw.below(NAMES.len() as u64) as usize].to_owned();
            let path = (0..depth).map(|_| name()).collect();
            let name = name();
            let value = match draw.below(5) {
                0 => Scalar::Null,
                1 => true.into(),
                2 => 1.into(),
                3 => 1.0.into(),
                _ => "x".into(),
            };
            let kind = [FieldKind::Flag, FieldKind::Map, FieldKind::Register, FieldKind::Set]
                [draw.below(4) as usize];
            let change = match draw.below(16) {
                0..=4 => FieldOp::Write(name, value),
                5..=7 => FieldOp::Add(name, value),
                8 => FieldOp::Take(name, value),
                9..=10 => FieldOp::Enable(name),
                11 => FieldOp::Disable(name),
                12 => FieldOp::Drop(name, kind),
                13..=14 => FieldOp::Remove(name),
                _ => FieldOp::Clear,
            };
            DocumentStep { path, change }
        };
        DocumentOp((0..steps).map(draw_step).collect())
    }

    fn value(&self, view: &View<'_, DocumentOp>) -> Option<Self::Value> {
        let steps = view.project(|seen| &seen.op.0);
        let mut value = Self::Value::new();
        for put in steps.iter() {
            let Some(what) = put.op.puts() else { continue };
            if !steps.iter().any(|other| other.op.takes(&what) && steps.saw(&other, &put)) {
                value.entry(what.place()).or_default().insert(what.value);
            }
        }
        Some(value)
    }

    /// Dots only name, and values are only compared with one another. Names are not tried alike.
    fn symmetry(&self) -> Symmetry {
        let values = ["x", "y"].map(Scalar::from);
        Symmetry::of_names(&self.alphabet(), &values, |op, left, right| {
            let mut renamed = op.clone();
            for step in &mut renamed.0 {
                if let FieldOp::Write(_, value) = &mut step.change {
                    *value = exchanged(value, left, right).clone();
                }
            }
            renamed
        })
    }
}

fn perform(root: &mut DocumentEdit<'_>, DocumentStep { path, change }: &DocumentStep) {
    if let Some((first, rest)) = path.split_first() {
        let rest = DocumentStep { path: rest.to_vec(), change: change.clone() };
        return perform(&mut root.map(first), &rest);
    }
    match change {
        FieldOp::Write(name, value) => root.register(name).set(value.clone()),
        FieldOp::Add(name, element) => root.set(name).insert(element.clone()),
        FieldOp::Take(name, element) => root.set(name).remove(element.clone()),
        FieldOp::Enable(name) => root.flag(name).enable(),
        FieldOp::Disable(name) => root.flag(name).disable(),
        FieldOp::Drop(name, FieldKind::Flag) => root.flag(name).clear(),
        FieldOp::Drop(name, FieldKind::Map) => root.map(name).clear(),
        FieldOp::Drop(name, FieldKind::Register) => root.register(name).clear(),
        FieldOp::Drop(name, FieldKind::Set) => root.set(name).clear(),
        FieldOp::Remove(name) => root.remove(name),
        FieldOp::Clear => root.clear(),
    }
}

/// What a reader finds below `around`. A map without fields would be a place without values, which
/// no specification has.
fn read(map: DocumentView<'_>, around: &Place, value: &mut BTreeMap<Place, BTreeSet<Scalar>>) {
    for (name, field) in map.iter() {
        let place = around.inside(name, field.kind());
        let values = match field.kind() {
            FieldKind::Flag => map.flag(name).then_some(true.into()).into_iter().collect(),
            FieldKind::Register => map.register(name).values().cloned().collect(),
            FieldKind::Set => map.set(name).iter().cloned().collect(),
            FieldKind::Map if map.map(name).is_empty() => BTreeSet::new(),
            FieldKind::Map => {
                read(map.map(name), &place, value);
                continue;
            }
        };
        value.insert(place, values);
    }
}

impl Model for DocumentModel {
    type State = Document;

    fn initial(&self, _me: ReplicaId) -> Document {
        Document::new()
    }

    fn perform(
        &self,
        state: &mut Document,
        at: &At,
        op: &DocumentOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        let edited = state.edit(at.id.replica, |root| {
            op.0.iter().for_each(|step| perform(root, step));
        });
        Ok(edited?)
    }

    fn read(&self, state: &Document) -> Self::Value {
        let mut value = BTreeMap::new();
        read(state.view(), &Place::default(), &mut value);
        value
    }

    fn forges(&self, me: ReplicaId, state: &Document, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state.context())
    }
}
