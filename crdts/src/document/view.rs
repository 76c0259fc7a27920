//! Reading a document.

use std::fmt;
use std::sync::LazyLock;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::branch::Branch;
use super::{FieldKind, Float, Scalar};
use crate::causal::{Causal, DotStore};
use crate::{MvRegister, MvRegisterView, OrSet, OrSetView};

/// Reads a [`Document`](super::Document), or a map in it.
///
/// What is not there reads as empty, at any depth: a register without values, a set without
/// elements, a map without fields, a flag that is off.
///
/// # As JSON
///
/// It serializes, so any format of serde's writes it. As JSON it is an object with a member for
/// each name, ascending by UTF-8 bytes:
///
/// | a field | reads as |
/// |---|---|
/// | flag | `true`; one that is off is not there |
/// | map | an object |
/// | register | its value; after concurrent writes `{"$concurrent": […]}` with all of them, ascending |
/// | set | an array, ascending |
/// | a name with several kinds | `{"$flag": …, "$map": …, "$register": …, "$set": …}`, of which those that are there, in this order |
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
    map: &'a Branch,
}

/// What a field of a [`Document`](super::Document) holds. It serializes as
/// [`DocumentView`] says.
#[derive(Clone, Copy)]
pub enum FieldView<'a> {
    /// A flag that is on.
    Flag,
    /// The fields of a map.
    Map(DocumentView<'a>),
    /// The values of a register.
    Register(MvRegisterView<'a, Scalar>),
    /// The elements of a set.
    Set(OrSetView<'a, Scalar>),
}

impl<'a> DocumentView<'a> {
    pub(super) fn of(map: &'a Branch) -> Self {
        Self { map }
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
        static NOTHING: LazyLock<Branch> = LazyLock::new(Branch::default);
        Self::of(self.map.maps.get(name).unwrap_or(&NOTHING))
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
        let Branch { flags, maps, registers, sets } = self.map;
        let mut fields: Vec<(&str, FieldView<'_>)> = Vec::new();
        fields.extend(flags.iter().map(|(name, _)| (name.as_str(), FieldView::Flag)));
        fields
            .extend(maps.iter().map(|(name, map)| (name.as_str(), FieldView::Map(Self::of(map)))));
        let read = |store| FieldView::Register(MvRegister::view(store));
        fields.extend(registers.iter().map(|(name, store)| (name.as_str(), read(store))));
        let read = |store| FieldView::Set(OrSet::view(store));
        fields.extend(sets.iter().map(|(name, store)| (name.as_str(), read(store))));
        fields.sort_by_key(|(name, _)| *name); // stable: what was added first stays first
        fields.into_iter()
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
        self.map.is_empty()
    }
}

impl FieldView<'_> {
    /// What the field is.
    ///
    /// ```
    /// use rejoin_crdts::{Document, FieldKind, ReplicaId};
    /// let mut cart = Document::new();
    /// let _ = cart.edit(ReplicaId::new(1, 0x5eed), |root| root.register("milk").set(2))?;
    /// assert!(cart.view().iter().all(|(_, value)| value.kind() == FieldKind::Register));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    #[must_use]
    pub fn kind(&self) -> FieldKind {
        match self {
            Self::Flag => FieldKind::Flag,
            Self::Map(_) => FieldKind::Map,
            Self::Register(_) => FieldKind::Register,
            Self::Set(_) => FieldKind::Set,
        }
    }

    /// What stands for its kind where a name has several.
    fn label(&self) -> &'static str {
        match self {
            Self::Flag => "$flag",
            Self::Map(_) => "$map",
            Self::Register(_) => "$register",
            Self::Set(_) => "$set",
        }
    }
}

/// A scalar as JSON has it.
struct Plain<'a>(&'a Scalar);

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
            Self::Flag => serializer.serialize_bool(true),
            Self::Map(map) => map.serialize(serializer),
            Self::Set(set) => serializer.collect_seq(set.iter().map(Plain)),
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

/// `true`, `{…}` or `{"Draft", "Final"}`.
impl fmt::Debug for FieldView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("true"),
            Self::Map(map) => fmt::Debug::fmt(map, f),
            Self::Register(register) => fmt::Debug::fmt(register, f),
            Self::Set(set) => fmt::Debug::fmt(set, f),
        }
    }
}
