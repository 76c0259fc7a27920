//! The fields of a document: one map from names for each kind of field, side by side.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::{Document, DocumentView, Scalar};
use crate::causal::{Causal, CausalContext, Cursor, DotMap, causal_product};
use crate::{EwFlag, MapChange, MvRegister, OrMap, OrSet, ResettableCounter, Sequence};

/// Makes [`FieldKind`], [`FieldView`], [`Branch`] and [`BranchDelta`] from the list of the kinds.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])* $kind:ident = $number:literal, $fields:ident: $type:ty,
        $(#[$view_doc:meta])* $label:literal;
    )*) => {
        /// What a field is. A name may have one field of each kind.
        ///
        /// Ordered as fields of one name are read: alphabetically.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum FieldKind {
            $($(#[$doc])* $kind = $number,)*
        }

        /// What a field of a [`Document`] holds. It serializes as [`DocumentView`] says.
        #[derive(Clone, Copy)]
        pub enum FieldView<'a> {
            $($(#[$view_doc])* $kind(<$type as Causal>::View<'a>),)*
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
                    $(Self::$kind(_) => FieldKind::$kind,)*
                }
            }

            /// What stands for its kind where a name has several.
            pub(super) fn label(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $label,)*
                }
            }
        }

        impl fmt::Debug for FieldView<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind(view) => fmt::Debug::fmt(view, f),)*
                }
            }
        }

        causal_product! {
            /// The live fields of a map, by kind and name.
            pub struct Branch {
                $($fields: DotMap<String, <$type as Causal>::Store>,)*
            }
            /// Records of a [`Branch`], by kind and name.
            pub struct BranchDelta;
        }

        by_kind!(Branch, $($number $fields),*);
        by_kind!(BranchDelta, $($number $fields),*);

        impl Branch {
            /// Removes every field of this name.
            pub(super) fn clear_name(cursor: &mut Cursor<'_, Self>, name: &str) {
                $(cursor.part(|all| &mut all.$fields, |all| &mut all.$fields).clear_at(name);)*
            }

            /// What a reader finds, by name, and those of one name in the order of their kinds.
            pub(super) fn fields(&self) -> Vec<(&str, FieldView<'_>)> {
                let mut found = Vec::new();
                $(found.extend(self.$fields.iter().map(|(name, store)| {
                    (name.as_str(), FieldView::$kind(<$type as Causal>::view(store)))
                }));)*
                found.sort_by_key(|(name, _)| *name); // stable: what was added first stays first
                found
            }

            /// Calls `each` with every field that a reader finds changed; false if it says to stop.
            pub(super) fn changes_since<'a>(
                &'a self,
                before: &'a Self,
                each: &mut dyn FnMut(MapChange<&'a str, FieldView<'a>>) -> bool,
            ) -> bool {
                $(for (name, old, new) in before.$fields.diff(&self.$fields) {
                    let alike = |old: &_, new: &_| <$type as Causal>::alike(*old, *new);
                    if let Some(change) = MapChange::of(name.as_str(), old, new, alike) {
                        let read = |store| FieldView::$kind(<$type as Causal>::view(store));
                        if !each(change.map(read)) {
                            return false;
                        }
                    }
                })*
                true
            }
        }

        /// The fields of a map, as a value of a map of maps.
        impl Causal for Branch {
            type Store = Self;
            type Edit<'a> = Cursor<'a, Self>;
            type View<'a> = DocumentView<'a>;

            fn edit(cursor: Cursor<'_, Self>) -> Cursor<'_, Self> {
                cursor
            }

            fn view(store: &Self) -> DocumentView<'_> {
                DocumentView::of(store)
            }

            fn beyond(
                store: &Self,
                mine: &CausalContext,
                theirs: &CausalContext,
            ) -> BranchDelta {
                BranchDelta {
                    $($fields: <OrMap<String, $type> as Causal>::beyond(
                        &store.$fields,
                        mine,
                        theirs,
                    ),)*
                }
            }

            fn stabilise(cursor: &mut Cursor<'_, Self>, cut: &CausalContext) {
                $({
                    let mut fields = cursor.part(|all| &mut all.$fields, |all| &mut all.$fields);
                    <OrMap<String, $type> as Causal>::stabilise(&mut fields, cut);
                })*
            }

            fn alike(one: &Self, other: &Self) -> bool {
                other.changes_since(one, &mut |_| false)
            }
        }
    };
}

/// Shows and writes what there is of each kind.
///
/// On the wire it is a sequence: the number of a kind, then what there is of it, and so on in the
/// order of the numbers. So a further kind changes no bytes of what has none of it.
macro_rules! by_kind {
    ($name:ident, $($number:literal $fields:ident),*) => {
        /// `{registers: {"milk": {r1:1: 2}}}`.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut kinds = f.debug_map();
                $(if self.$fields != Default::default() {
                    kinds.entry(&format_args!(stringify!($fields)), &self.$fields);
                })*
                kinds.finish()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let kinds = [$(self.$fields != Default::default()),*];
                let kinds = kinds.into_iter().filter(|there| *there).count();
                let mut sequence = serializer.serialize_seq(Some(2 * kinds))?;
                $(if self.$fields != Default::default() {
                    sequence.serialize_element::<u8>(&$number)?;
                    sequence.serialize_element(&self.$fields)?;
                })*
                sequence.end()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Kinds;

                impl<'de> Visitor<'de> for Kinds {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("numbers of kinds, each with what there is of it")
                    }

                    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<$name, A::Error> {
                        let mut branch = $name::default();
                        let mut last = None;
                        while let Some(number) = all.next_element::<u8>()? {
                            if last.replace(number) >= Some(number) {
                                return Err(A::Error::custom("kinds are not in ascending order"));
                            }
                            let held = match number {
                                $($number => match all.next_element()? {
                                    Some(fields) => {
                                        branch.$fields = fields;
                                        branch.$fields != Default::default()
                                    }
                                    None => false,
                                },)*
                                _ => {
                                    let wrong = format_args!("no kind has the number {number}");
                                    return Err(A::Error::custom(wrong));
                                }
                            };
                            if !held {
                                return Err(A::Error::custom("there is nothing of a kind"));
                            }
                        }
                        if branch.height() > Document::MAX_DEPTH {
                            let limit = Document::MAX_DEPTH;
                            let wrong = format_args!("maps nest more than {limit} deep");
                            return Err(A::Error::custom(wrong));
                        }
                        Ok(branch)
                    }
                }

                deserializer.deserialize_seq(Kinds)
            }
        }

        impl $name {
            /// How deep maps nest.
            fn height(&self) -> usize {
                self.maps.iter().map(|(_, map)| 1 + map.height()).max().unwrap_or(0)
            }
        }
    };
}

// To add a kind, name it here, and in `view.rs` and `edit.rs` how it is read and changed.
kinds! {
    /// A [`ResettableCounter`].
    Counter = 0, counters: ResettableCounter,
    /// A counter.
    "$counter";

    /// An [`EwFlag`].
    Flag = 1, flags: EwFlag,
    /// A flag that is on.
    "$flag";

    /// A [`Sequence`] of [`Scalar`]s.
    List = 2, lists: Sequence<Scalar>,
    /// The elements of a list.
    "$list";

    /// A map with fields of its own.
    Map = 3, maps: Branch,
    /// The fields of a map.
    "$map";

    /// An [`MvRegister`] of a [`Scalar`].
    Register = 4, registers: MvRegister<Scalar>,
    /// The values of a register.
    "$register";

    /// An [`OrSet`] of [`Scalar`]s.
    Set = 5, sets: OrSet<Scalar>,
    /// The elements of a set.
    "$set";

    /// A [`Sequence`] of letters.
    Text = 6, texts: Sequence<char>,
    /// The letters of a text.
    "$text";
}
