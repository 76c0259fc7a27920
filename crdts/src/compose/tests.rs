//! What is sound compiles, and what is not does not, for the reason that is named.

use crate::causal::{DotSet, DotStore};
use crate::{
    BoundedCounter, Causal, CausalContext, DwFlag, EwFlag, GCounter, GSet, Lattice, Lexical,
    LwwMap, LwwRegister, MvRegister, OrMap, OrSet, PnCounter, Replicated, RwSet, Summarize,
    TwoPhaseSet, VectorClock, Whole,
};

/// These types implement the trait.
macro_rules! can {
    ($trait:path: $($type:ty),+ $(,)?) => {{
        fn is<T: $trait>() {}
        $(is::<$type>();)+
    }};
}

/// These types do not. It compiles iff none does: with the trait, there would be two functions of
/// the name to choose from.
macro_rules! cannot {
    ($trait:path: $($type:ty),+ $(,)?) => {{
        struct With;
        trait Choice<A> {
            fn choose() {}
        }
        impl<T> Choice<()> for T {}
        impl<T: $trait> Choice<With> for T {}
        $(<$type as Choice<_>>::choose();)+
    }};
}

#[test]
fn values_of_a_map_are_those_with_dots_and_pairs_of_them() {
    can!(Causal: EwFlag, DwFlag, MvRegister<u8>, OrSet<u8>, RwSet<u8>, OrMap<u8, OrSet<u8>>);
    can!(Causal: (OrSet<u8>, MvRegister<u8>), (EwFlag, (OrSet<u8>, OrMap<u8, (EwFlag, EwFlag)>)));
    cannot!(Causal: GCounter, PnCounter, BoundedCounter, LwwRegister<u8>);
    cannot!(Causal: GSet<u8>, TwoPhaseSet<u8>, LwwMap<u8, u8>, Whole<GSet<u8>>);
    cannot!(Causal: Lexical<u8, OrSet<u8>>, Option<OrSet<u8>>);
    cannot!(Causal: (OrSet<u8>, GCounter), (LwwRegister<u8>, OrSet<u8>));
}

#[test]
fn what_is_under_one_context_has_none_of_its_own() {
    can!(DotStore: DotSet, <OrSet<u8> as Causal>::Store, (DotSet, <OrSet<u8> as Causal>::Store));
    cannot!(DotStore: OrSet<u8>, (DotSet, OrSet<u8>), (EwFlag, EwFlag), CausalContext);
}

#[test]
fn a_key_that_wins_is_of_a_chain() {
    can!(Ord: u64, crate::Timestamp, (u8, String));
    cannot!(Ord: VectorClock, CausalContext, OrSet<u8>, f64);
    can!(Replicated: Lexical<u64, OrSet<u8>>, Lexical<(u8, String), GCounter>);
}

#[test]
fn what_is_made_of_replicated_types_is_one_and_what_is_not_is_not() {
    can!(Replicated: (OrSet<u8>, GCounter), Option<GSet<u8>>, Lexical<u8, Option<(GSet<u8>, EwFlag)>>);
    can!(Lattice: Option<VectorClock>, (VectorClock, Option<CausalContext>));
    cannot!(Replicated: (OrSet<u8>, u8), (u8, OrSet<u8>), Option<u8>, Lexical<u8, u8>);
    cannot!(Replicated: Option<VectorClock>); // it merges, and has no deltas
    cannot!(Lattice: (VectorClock, u8), Option<u8>);
}

#[test]
fn what_has_dots_or_slots_or_a_stamp_has_a_summary_and_the_others_do_not() {
    can!(Summarize: EwFlag, DwFlag, MvRegister<u8>, OrSet<u8>, RwSet<u8>, OrMap<u8, OrSet<u8>>);
    can!(Summarize: GCounter, PnCounter, BoundedCounter, LwwRegister<u8>);
    can!(Summarize: (OrSet<u8>, GCounter), Option<EwFlag>, Lexical<u8, OrSet<u8>>);
    can!(Summarize: crate::ResettableCounter, crate::Sequence<u8>, crate::Document);
    can!(Summarize: OrMap<u8, (crate::ResettableCounter, crate::Sequence<u8>)>);
    cannot!(Summarize: GSet<u8>, TwoPhaseSet<u8>, LwwMap<u8, u8>, Whole<GSet<u8>>);
    cannot!(Summarize: (OrSet<u8>, GSet<u8>), Option<GSet<u8>>, Lexical<u8, LwwMap<u8, u8>>);
}
