//! The fields of a document: one map from names for each kind of field, side by side.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::{Document, Scalar};
use crate::causal::{Causal, Cursor, DotMap, causal_product};
use crate::{EwFlag, MvRegister, OrSet};

/// Makes [`FieldKind`], [`Branch`] and [`BranchDelta`] from the list of the kinds.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $number:literal, $fields:ident: $store:ty;)*) => {
        /// What a field is. A name may have one field of each kind.
        ///
        /// Ordered as fields of one name are read: alphabetically.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum FieldKind {
            $($(#[$doc])* $kind = $number,)*
        }

        causal_product! {
            /// The live fields of a map, by kind and name.
            pub struct Branch {
                $($fields: DotMap<String, $store>,)*
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
// 0, 2 and 6 are for counters, lists and texts.
kinds! {
    /// An [`EwFlag`].
    Flag = 1, flags: <EwFlag as Causal>::Store;
    /// A map with fields of its own.
    Map = 3, maps: Branch;
    /// An [`MvRegister`] of a [`Scalar`].
    Register = 4, registers: <MvRegister<Scalar> as Causal>::Store;
    /// An [`OrSet`] of [`Scalar`]s.
    Set = 5, sets: <OrSet<Scalar> as Causal>::Store;
}
