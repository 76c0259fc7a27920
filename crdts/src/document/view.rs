//! Reading a document.

use std::fmt;
use std::sync::LazyLock;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::branch::Branch;
use super::{FieldPath, FieldView, Float, Scalar};
use crate::causal::{Causal, DotStore};
use crate::{
    MapChange, MvRegister, MvRegisterView, OrSet, OrSetView, ResettableCounter, Sequence,
    SequenceView,
};

/// Reads a [`Document`](super::Document), or a map in it.
///
/// What is not there reads as empty, at any depth: a register without values, a set or list without
/// elements, a map without fields, a text without letters, a flag that is off, a counter at 0.
///
/// # As JSON
///
/// It serializes, so any format of serde's writes it. As JSON it is an object with a member for
/// each name, ascending by UTF-8 bytes:
///
/// | a field | reads as |
/// |---|---|
/// | counter | a number; a string if neither `i64` nor `u64` can hold it |
/// | flag | `true`; one that is off is not there |
/// | list | an array, in its order |
/// | map | an object |
/// | register | its value; after concurrent writes `{"$concurrent": […]}` with all of them, ascending |
/// | set | an array, ascending |
/// | text | a string |
/// | a name with several kinds | `{"$counter": …, "$flag": …, "$list": …, "$map": …, "$register": …, "$set": …, "$text": …}`, of which those that are there, in this order |
///
/// A counter is there until it is cleared, at 0 too. A list and a text are there while they are not empty.
///
/// A name that begins with `$` has another one put before it, so none of this can be taken for a
/// name. A float that JSON has no word for (infinite, or not a number) is `null`.
///
/// ```
/// use rejoin_crdts::{Document, Merge, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let (mut here, mut there) = (Document::new(), Document::new());
/// let _ = here.edit(a, |root| {
///     root.register("title").set("Draft");
///     root.register("note").set("call Ben");
/// })?;
/// let _ = there.edit(b, |root| {
///     root.register("title").set("Final"); // another value at the same time
///     root.map("note").register("to").set("Ben"); // another kind at the same time
/// })?;
/// here.merge(&there);
/// assert_eq!(
///     serde_json::to_value(here.view())?,
///     serde_json::json!({
///         "note": { "$map": { "to": "Ben" }, "$register": "call Ben" },
///         "title": { "$concurrent": ["Draft", "Final"] },
///     })
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct DocumentView<'a> {
    pub(super) map: &'a Branch,
}

impl<'a> DocumentView<'a> {
    pub(super) fn of(map: &'a Branch) -> Self {
        Self { map }
    }

    /// The counter of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.try_edit(ReplicaId::new(1, 0x5eed), |root| root.counter("likes").increment(3))?;
    /// assert_eq!((page.view().counter("likes"), page.view().counter("visits")), (3, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn counter(self, name: &str) -> i128 {
        let counter = self.map.counters.get(name);
        counter.map_or(0, |store| ResettableCounter::view(store).value())
    }

    /// Whether the flag of this name is on.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.edit(ReplicaId::new(1, 0x5eed), |root| root.flag("published").enable())?;
    /// assert!(page.view().flag("published") && !page.view().flag("archived"));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    #[must_use]
    pub fn flag(self, name: &str) -> bool {
        self.map.flags.get(name).is_some()
    }

    /// The list of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut home = Document::new();
    /// let _ = home.edit(ReplicaId::new(1, 0x5eed), |root| root.list("tasks").push("dishes"))?;
    /// assert!(home.view().list("tasks").iter().eq([&"dishes".into()]));
    /// assert!(home.view().list("done").is_empty());
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    #[must_use]
    pub fn list(self, name: &str) -> SequenceView<'a, Scalar> {
        type Store = <Sequence<Scalar> as Causal>::Store;
        static NOTHING: LazyLock<Store> = LazyLock::new(Store::default);
        Sequence::view(self.map.lists.get(name).unwrap_or(&NOTHING))
    }

    /// The map of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut tasks = Document::new();
    /// let _ = tasks.edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.map("home").map("dishes").flag("done").enable();
    /// })?;
    /// assert!(tasks.view().map("home").map("dishes").flag("done"));
    /// assert!(!tasks.view().map("work").map("report").flag("done"));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    #[must_use]
    pub fn map(self, name: &str) -> Self {
        Self::of(self.map.maps.get(name).unwrap_or_else(|| nothing()))
    }

    /// The register of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut cart = Document::new();
    /// let _ = cart.edit(ReplicaId::new(1, 0x5eed), |root| root.register("milk").set(2))?;
    /// assert!(cart.view().register("milk").values().eq([&2.into()]));
    /// assert_eq!(cart.view().register("eggs").values().len(), 0);
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    #[must_use]
    pub fn register(self, name: &str) -> MvRegisterView<'a, Scalar> {
        type Store = <MvRegister<Scalar> as Causal>::Store;
        static NOTHING: LazyLock<Store> = LazyLock::new(Store::default);
        MvRegister::view(self.map.registers.get(name).unwrap_or(&NOTHING))
    }

    /// The set of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.edit(ReplicaId::new(1, 0x5eed), |root| root.set("tags").insert("crdt"))?;
    /// assert!(page.view().set("tags").contains(&"crdt".into()));
    /// assert!(page.view().set("authors").is_empty());
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    #[must_use]
    pub fn set(self, name: &str) -> OrSetView<'a, Scalar> {
        type Store = <OrSet<Scalar> as Causal>::Store;
        static NOTHING: LazyLock<Store> = LazyLock::new(Store::default);
        OrSet::view(self.map.sets.get(name).unwrap_or(&NOTHING))
    }

    /// The text of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.try_edit(ReplicaId::new(1, 0x5eed), |root| root.text("note").insert(0, "call Ben"))?;
    /// assert_eq!(page.view().text("note").to_string(), "call Ben");
    /// assert!(page.view().text("title").is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn text(self, name: &str) -> SequenceView<'a, char> {
        type Store = <Sequence<char> as Causal>::Store;
        static NOTHING: LazyLock<Store> = LazyLock::new(Store::default);
        Sequence::view(self.map.texts.get(name).unwrap_or(&NOTHING))
    }

    /// The fields with their names, ascending by name, and those of one name in the order of their
    /// kinds.
    ///
    /// ```
    /// use rejoin_crdts::{Document, FieldKind, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.register("note").set("call Ben");
    ///     root.flag("note").enable();
    ///     root.map("from").register("name").set("Ada");
    /// })?;
    /// let fields = page.view().iter().map(|(name, value)| (name, value.kind()));
    /// assert!(fields.eq([("from", FieldKind::Map), ("note", FieldKind::Flag), ("note", FieldKind::Register)]));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'a str, FieldView<'a>)> + 'a {
        self.map.fields().into_iter()
    }

    /// Whether there is no field.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut cart = Document::new();
    /// assert!(cart.view().is_empty());
    /// let _ = cart.edit(ReplicaId::new(1, 0x5eed), |root| root.register("milk").set(2))?;
    /// assert!(!cart.view().is_empty());
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        !self.map.is_present()
    }

    /// The fields that came, went or changed, as [`Document::changes_since`](super::Document::changes_since).
    ///
    /// ```
    /// use rejoin_crdts::{Document, MapChange, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut tasks = Document::new();
    /// let _ = tasks.edit(me, |root| root.map("home").map("dishes").flag("done").enable())?;
    /// let before = tasks.clone();
    /// let _ = tasks.edit(me, |root| root.map("home").map("dishes").flag("done").disable())?;
    /// let (old, new) = (before.view().map("home"), tasks.view().map("home"));
    /// let changes: Vec<_> = new.changes_since(old).collect();
    /// let [MapChange::Removed(field, _)] = &changes[..] else { panic!("{changes:?}") };
    /// assert_eq!((&field.maps[..], field.name), (&["dishes"][..], "done"));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn changes_since(
        self,
        before: Self,
    ) -> impl ExactSizeIterator<Item = MapChange<FieldPath<'a>, FieldView<'a>>> + 'a {
        super::changes::between(before.map, self.map).into_iter()
    }
}

/// A map without fields.
pub(super) fn nothing() -> &'static Branch {
    static NOTHING: LazyLock<Branch> = LazyLock::new(Branch::default);
    &NOTHING
}

/// A scalar as JSON has it.
struct Plain<'a>(&'a Scalar);

/// A number as JSON has it: most readers go to 64 bits.
struct Count(i128);

/// A name as a member of an object.
struct Name<'a>(&'a str);

/// The fields of one name.
struct Kinds<'f, 'a>(&'f [(&'a str, FieldView<'a>)]);

impl Serialize for Kinds<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(_, value)| (value.label(), value)))
    }
}

impl Serialize for Name<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.starts_with('$') {
            true => serializer.collect_str(&format_args!("${}", self.0)),
            false => serializer.serialize_str(self.0),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(count) = *self;
        match (i64::try_from(count), u64::try_from(count)) {
            (Ok(count), _) => serializer.serialize_i64(count),
            (_, Ok(count)) => serializer.serialize_u64(count),
            _ => serializer.collect_str(&count),
        }
    }
}

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Scalar::Null => serializer.serialize_unit(),
            Scalar::Bool(value) => serializer.serialize_bool(*value),
            Scalar::Int(value) => serializer.serialize_i64(*value),
            Scalar::Float(Float(value)) => serializer.serialize_f64(*value),
            Scalar::Text(value) => serializer.serialize_str(value),
        }
    }
}

impl Serialize for FieldView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Counter(counter) => Count(counter.value()).serialize(serializer),
            Self::Flag(flag) => serializer.serialize_bool(flag.is_enabled()),
            Self::List(list) => serializer.collect_seq(list.iter().map(Plain)),
            Self::Map(map) => map.serialize(serializer),
            Self::Set(set) => serializer.collect_seq(set.iter().map(Plain)),
            Self::Text(text) => serializer.collect_str(text),
            Self::Register(register) => {
                let values: Vec<Plain<'_>> = register.values().map(Plain).collect();
                match values.as_slice() {
                    [only] => only.serialize(serializer),
                    several => serializer.collect_map([("$concurrent", several)]),
                }
            }
        }
    }
}

impl Serialize for DocumentView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields: Vec<_> = self.iter().collect();
        let names = fields.chunk_by(|one, next| one.0 == next.0);
        let mut object = serializer.serialize_map(Some(names.clone().count()))?;
        for fields in names {
            match fields {
                [(name, only)] => object.serialize_entry(&Name(name), only)?,
                several => object.serialize_entry(&Name(several[0].0), &Kinds(several))?,
            }
        }
        object.end()
    }
}

impl fmt::Debug for DocumentView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_map();
        for (name, value) in self.iter() {
            fields.entry(&format_args!("{name:?} {:?}", value.kind()), &value);
        }
        fields.finish()
    }
}
