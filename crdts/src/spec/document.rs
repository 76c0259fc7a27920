//! The document: what was put at a place counts unless something that had seen it took it away.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, slice};

use serde::{Deserialize, Serialize};

use super::{Collect, Nested, ResettableCounterModel, ResettableOp, SequenceModel, SequenceOp};
use crate::model::{DeltaOf, Refused, exchanged};
use crate::{
    At, Document, DocumentEdit, DocumentView, Draw, EditError, FieldKind, FieldView, MatrixClock,
    Model, ReplicaId, Scalar, Spec, Symmetry, View,
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
    /// Change a counter.
    Count(String, ResettableOp),
    /// Change a list.
    List(String, SequenceOp<Scalar>),
    /// Change a text.
    Text(String, SequenceOp<char>),
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
            Self::Count(name, op) => write!(f, "{name:?}: {op:?}"),
            Self::List(name, op) => write!(f, "{name:?}: {op:?}"),
            Self::Text(name, op) => write!(f, "{name:?}: {op:?}"),
        }
    }
}

/// What a field holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Held {
    /// What a counter stands at.
    Count(i128),
    /// The elements of a list or the letters of a text, in order.
    Row(Vec<Scalar>),
    /// What is in a register, a set or a flag.
    Values(BTreeSet<Scalar>),
}

/// `3`, `["x", "y"]` or `{"x", "y"}`.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Row(row) => row.fmt(f),
            Self::Values(values) => values.fmt(f),
        }
    }
}

impl Held {
    /// A letter is told apart by being the only one.
    fn text(letters: impl IntoIterator<Item = char>) -> Self {
        Self::Row(letters.into_iter().map(|letter| letter.to_string().into()).collect())
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

    /// The map at the end of a path.
    fn of(path: &[String]) -> Self {
        Self(path.iter().map(|name| (name.clone(), FieldKind::Map)).collect())
    }

    /// Whether `self` is `other` or around it.
    fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
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
        Place::of(self.path).inside(self.name, self.kind)
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
            FieldOp::Count(..) | FieldOp::List(..) | FieldOp::Text(..) => false,
        }
    }

    /// Whether it takes away all that it has seen at `place`.
    fn clears(&self, place: &Place) -> bool {
        let map = Place::of(&self.path);
        match &self.change {
            FieldOp::Drop(name, kind) => map.inside(name, *kind).covers(place),
            FieldOp::Remove(name) => {
                map.covers(place) && place.0.get(map.0.len()).is_some_and(|field| field.0 == *name)
            }
            FieldOp::Clear => map.covers(place),
            _ => false,
        }
    }

    /// The field that it changes as one type changes as a whole.
    fn field(&self) -> Option<Place> {
        let (name, kind) = match &self.change {
            FieldOp::Count(name, _) => (name, FieldKind::Counter),
            FieldOp::List(name, _) => (name, FieldKind::List),
            FieldOp::Text(name, _) => (name, FieldKind::Text),
            _ => return None,
        };
        Some(Place::of(&self.path).inside(name, kind))
    }
}

/// [`Document`]: at a place there is what was put there and not taken away by something that had
/// seen it: a write of the register, a removal of the element, or one of the field, the name or a
/// map around it. A counter, a list and a text are by their own specifications, to which such a
/// removal is a reset, or a deletion of everything.
///
/// It has no incremental form, since lists and texts have none.
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
    /// What is in each field, maps aside.
    type Value = BTreeMap<Place, Held>;

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
            step(&[], FieldOp::Count(note(), ResettableOp::Add(1))),
            step(&["list"], FieldOp::List(note(), SequenceOp::Insert(-1, 1.into()))),
            step(&[], FieldOp::Text(note(), SequenceOp::Insert(0, 'a'))),
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
            let kind = KINDS[draw.below(KINDS.len() as u64) as usize];
            let change = match draw.below(24) {
                0..=4 => FieldOp::Write(name, value),
                5..=7 => FieldOp::Add(name, value),
                8 => FieldOp::Take(name, value),
                9..=10 => FieldOp::Enable(name),
                11 => FieldOp::Disable(name),
                12 => FieldOp::Drop(name, kind),
                13..=14 => FieldOp::Remove(name),
                15 => FieldOp::Clear,
                16..=18 => FieldOp::Count(name, ResettableCounterModel.draw(draw)),
                19..=20 => FieldOp::List(name, items().draw(draw)),
                _ => FieldOp::Text(name, letters().draw(draw)),
            };
            DocumentStep { path, change }
        };
        DocumentOp((0..steps).map(draw_step).collect())
    }

    fn value(&self, view: &View<'_, DocumentOp>) -> Option<Self::Value> {
        let steps = view.project(|seen| &seen.op.0);
        let mut values: BTreeMap<Place, BTreeSet<Scalar>> = BTreeMap::new();
        for put in steps.iter() {
            let Some(what) = put.op.puts() else { continue };
            if !steps.iter().any(|other| other.op.takes(&what) && steps.saw(&other, &put)) {
                values.entry(what.place()).or_default().insert(what.value);
            }
        }
        let mut value: Self::Value =
            values.into_iter().map(|(place, values)| (place, Held::Values(values))).collect();
        let fields: BTreeSet<Place> = steps.iter().filter_map(|step| step.op.field()).collect();
        for place in fields {
            if let Some(held) = typed(&steps, &place)? {
                value.insert(place, held);
            }
        }
        Some(value)
    }

    /// Dots only name, but where two insert at one place, the order of the replicas decides. Values
    /// are only compared with one another. Names are not tried alike.
    fn symmetry(&self) -> Symmetry {
        let values = ["x", "y"].map(Scalar::from);
        let symmetry = Symmetry::of_names(&self.alphabet(), &values, |op, left, right| {
            let mut renamed = op.clone();
            for step in &mut renamed.0 {
                if let FieldOp::Write(_, value) = &mut step.change {
                    *value = exchanged(value, left, right).clone();
                }
            }
            renamed
        });
        Symmetry { replicas: false, ..symmetry }
    }
}

const KINDS: [FieldKind; 7] = [
    FieldKind::Counter,
    FieldKind::Flag,
    FieldKind::List,
    FieldKind::Map,
    FieldKind::Register,
    FieldKind::Set,
    FieldKind::Text,
];

fn items() -> SequenceModel<Scalar> {
    SequenceModel::new(["x".into(), 1.into()])
}

fn letters() -> SequenceModel<char> {
    SequenceModel::new(['a', 'b'])
}

/// What the specification of a type says of a field, if it is there.
fn typed(steps: &View<'_, DocumentStep>, place: &Place) -> Option<Option<Held>> {
    Some(match place.0.last()?.1 {
        FieldKind::Counter => {
            let inside = inside(steps, place, &ResettableOp::Reset, |change| match change {
                FieldOp::Count(_, op) => Some(op),
                _ => None,
            });
            let count = ResettableCounterModel.value(&inside)?;
            ResettableCounterModel.present(&inside).then_some(Held::Count(count))
        }
        FieldKind::List => {
            let inside = inside(steps, place, &SequenceOp::Clear, |change| match change {
                FieldOp::List(_, op) => Some(op),
                _ => None,
            });
            let row = items().value(&inside)?;
            (!row.is_empty()).then_some(Held::Row(row))
        }
        _ => {
            let inside = inside(steps, place, &SequenceOp::Clear, |change| match change {
                FieldOp::Text(_, op) => Some(op),
                _ => None,
            });
            let letters = letters().value(&inside)?;
            (!letters.is_empty()).then(|| Held::text(letters))
        }
    })
}

/// The operations on a field, and a `clear` for what takes away all that it has seen there.
fn inside<'h, Op>(
    steps: &View<'h, DocumentStep>,
    place: &Place,
    clear: &'h Op,
    of_kind: impl Fn(&'h FieldOp) -> Option<&'h Op>,
) -> View<'h, Op> {
    steps.project(|step| match step.op.field() {
        Some(field) if field == *place => of_kind(&step.op.change).map_or(&[][..], slice::from_ref),
        _ if step.op.clears(place) => slice::from_ref(clear),
        _ => &[],
    })
}

fn perform(
    root: &mut DocumentEdit<'_>,
    DocumentStep { path, change }: &DocumentStep,
) -> Result<(), Refused> {
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
        FieldOp::Drop(name, FieldKind::Counter) => root.counter(name).clear(),
        FieldOp::Drop(name, FieldKind::Flag) => root.flag(name).clear(),
        FieldOp::Drop(name, FieldKind::List) => root.list(name).clear(),
        FieldOp::Drop(name, FieldKind::Map) => root.map(name).clear(),
        FieldOp::Drop(name, FieldKind::Register) => root.register(name).clear(),
        FieldOp::Drop(name, FieldKind::Set) => root.set(name).clear(),
        FieldOp::Drop(name, FieldKind::Text) => root.text(name).clear(),
        FieldOp::Remove(name) => root.remove(name),
        FieldOp::Clear => root.clear(),
        FieldOp::Count(name, op) => {
            root.counter(name).try_update(|counter| ResettableCounterModel.edit(counter, op))?;
        }
        FieldOp::List(name, op) => root.list(name).try_update(|list| items().edit(list, op))?,
        FieldOp::Text(name, op) => root.text(name).try_update(|text| letters().edit(text, op))?,
    }
    Ok(())
}

/// What a reader finds below `around`. A map without fields would be a place without values, which
/// no specification has.
fn read(map: DocumentView<'_>, around: &Place, value: &mut BTreeMap<Place, Held>) {
    for (name, field) in map.iter() {
        let place = around.inside(name, field.kind());
        if let FieldView::Map(inner) = field
            && !inner.is_empty()
        {
            read(inner, &place, value);
        } else {
            value.insert(place, field.into());
        }
    }
}

impl From<FieldView<'_>> for Held {
    fn from(field: FieldView<'_>) -> Self {
        match field {
            FieldView::Counter(counter) => Self::Count(counter.value()),
            FieldView::Flag(flag) => {
                Self::Values(flag.is_enabled().then_some(true.into()).into_iter().collect())
            }
            FieldView::List(list) => Self::Row(list.iter().cloned().collect()),
            FieldView::Map(_) => Self::Values(BTreeSet::new()),
            FieldView::Register(register) => Self::Values(register.values().cloned().collect()),
            FieldView::Set(set) => Self::Values(set.iter().cloned().collect()),
            FieldView::Text(text) => Self::text(text.iter().copied()),
        }
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
        let edited = state
            .try_edit(at.id.replica, |root| op.0.iter().try_for_each(|step| perform(root, step)));
        edited.map_err(|error| match error {
            EditError::TooDeep(error) => error.into(),
            EditError::Refused(refused) => refused,
        })
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

impl Collect for DocumentModel {
    type Known = MatrixClock;

    fn note(&self, known: &mut MatrixClock, at: &At, state: &Self::State) -> MatrixClock {
        known.note(at.id.replica, state.context())
    }

    fn stabilise(
        &self,
        state: &mut Self::State,
        at: &At,
        known: &MatrixClock,
        members: &[ReplicaId],
    ) -> DeltaOf<Self> {
        state.stabilise(at.id.replica, &known.stable(members.iter().copied()))
    }
}
