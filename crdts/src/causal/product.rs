//! Stores side by side under one context, each under its name.

/// Makes a [`DotStore`](super::DotStore) whose fields are stores, and its delta. Like a pair of
/// stores, with names, and it may contain itself.
macro_rules! causal_product {
    (
        $(#[$doc:meta])* pub struct $name:ident { $($field:ident: $store:ty,)* }
        $(#[$delta_doc:meta])* pub struct $delta:ident;
    ) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq, Hash)]
        pub struct $name {
            $(pub(super) $field: $store,)*
        }

        $(#[$delta_doc])*
        #[derive(Clone, Default, PartialEq, Eq, Hash)]
        pub struct $delta {
            $(pub(super) $field: <$store as $crate::causal::DotStore>::Delta,)*
        }

        impl $crate::causal::DotStore for $name {
            type Delta = $delta;

            fn is_empty(&self) -> bool {
                true $(&& self.$field.is_empty())*
            }

            fn is_present(&self) -> bool {
                false $(|| self.$field.is_present())*
            }

            fn dots(&self, each: &mut dyn FnMut($crate::Dot)) {
                $(self.$field.dots(each);)*
            }

            fn tombstones(&self, each: &mut dyn FnMut($crate::Dot)) {
                $(self.$field.tombstones(each);)*
            }

            fn join(
                &mut self,
                mine: &$crate::CausalContext,
                other: &Self,
                theirs: &$crate::CausalContext,
            ) -> bool {
                false $(| self.$field.join(mine, &other.$field, theirs))*
            }

            fn apply(&mut self, mine: &$crate::CausalContext, delta: &$delta) -> bool {
                false $(| self.$field.apply(mine, &delta.$field))*
            }

            fn retire(&mut self, dead: &$crate::CausalContext) -> bool {
                false $(| self.$field.retire(dead))*
            }

            fn clear_into(&mut self, by: $crate::Dot, delta: &mut $delta) {
                $(self.$field.clear_into(by, &mut delta.$field);)*
            }

            fn missing_from(
                &self,
                mine: &$crate::CausalContext,
                other: &Self,
                theirs: &$crate::CausalContext,
            ) -> $delta {
                $delta { $($field: self.$field.missing_from(mine, &other.$field, theirs),)* }
            }

            fn news(&self, mine: &$crate::CausalContext, delta: &$delta) -> $delta {
                $delta { $($field: self.$field.news(mine, &delta.$field),)* }
            }

            fn parts(&self) -> impl Iterator<Item = $delta> {
                let parts = std::iter::empty();
                $(let parts = parts.chain(
                    self.$field.parts().map(|$field| $delta { $field, ..$delta::default() }),
                );)*
                // Boxed, since a type that contains itself would have an iterator that does.
                Box::new(parts) as Box<dyn Iterator<Item = $delta> + '_>
            }

            fn delta_dots(delta: &$delta, each: &mut dyn FnMut($crate::Dot)) {
                $(<$store as $crate::causal::DotStore>::delta_dots(&delta.$field, each);)*
            }

            fn join_deltas(delta: &mut $delta, other: &$delta) -> bool {
                false $(| <$store as $crate::causal::DotStore>::join_deltas(
                    &mut delta.$field,
                    &other.$field,
                ))*
            }

            fn bury(delta: &mut $delta, dead: &$crate::CausalContext) -> bool {
                false $(| <$store as $crate::causal::DotStore>::bury(&mut delta.$field, dead))*
            }
        }
    };
}
pub(crate) use causal_product;
