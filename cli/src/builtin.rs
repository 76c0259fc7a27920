//! What the command can run of its own.

use rejoin_crdts::spec::{
    BoundedCounterModel, DocumentModel, DwFlagModel, EwFlagModel, GCounterModel, GSetModel,
    LwwMapModel, LwwRegisterModel, MvRegisterModel, OrMapModel, OrSetModel, PnCounterModel,
    ResettableCounterModel, RwSetModel, SequenceModel, TwoPhaseSetModel,
};
use rejoin_sim::{Registry, TypeSubject};

/// The toolkit's own types, and under `broken/` the gallery's.
///
/// They are registered as anybody's are, so this is where to see how:
///
/// ```
/// let mut registry = rejoin_cli::builtin();
/// assert!(registry.get("or-map").is_some());
/// assert!(registry.get("broken/forgetful-set").is_some());
/// ```
#[must_use]
pub fn builtin() -> Registry {
    let mut registry = Registry::new();
    registry.add(TypeSubject::new("g-counter", "a counter that only grows", GCounterModel));
    registry.add(TypeSubject::new(
        "pn-counter",
        "a counter that grows and shrinks",
        PnCounterModel,
    ));
    registry.add(TypeSubject::new(
        "bounded-counter",
        "a stock that never falls below 0; whoever takes from it holds the right to",
        BoundedCounterModel,
    ));
    registry.add(TypeSubject::new(
        "resettable-counter",
        "a counter; a reset takes back exactly what it had seen",
        ResettableCounterModel,
    ));
    registry.add(TypeSubject::new(
        "lww-register",
        "one value; the last write wins, by hybrid logical clocks",
        LwwRegisterModel::new(names(&["red", "green", "blue"])),
    ));
    registry.add(TypeSubject::new(
        "mv-register",
        "a value; what was written concurrently stays side by side",
        MvRegisterModel::new(names(&["red", "green", "blue"])),
    ));
    registry.add(TypeSubject::new(
        "ew-flag",
        "a flag; an enable wins over the disables that had not seen it",
        EwFlagModel,
    ));
    registry.add(TypeSubject::new(
        "dw-flag",
        "a flag; a disable wins over the enables that had not seen it",
        DwFlagModel,
    ));
    registry.add(TypeSubject::new(
        "g-set",
        "a set that only grows",
        GSetModel::new(names(&["apple", "bread", "milk", "pear"])),
    ));
    registry.add(TypeSubject::new(
        "2p-set",
        "a set; what was removed stays out",
        TwoPhaseSetModel::new(names(&["apple", "bread", "milk", "pear"])),
    ));
    registry.add(TypeSubject::new(
        "or-set",
        "a set; an add wins over the removes that had not seen it",
        OrSetModel::new(names(&["apple", "bread", "milk", "pear"])),
    ));
    registry.add(TypeSubject::new(
        "rw-set",
        "a set; a remove wins over the adds that had not seen it",
        RwSetModel::new(names(&["ada", "ben", "cleo", "dora"])),
    ));
    registry.add(TypeSubject::new(
        "lww-map",
        "values by key; of each key the last put or remove wins",
        LwwMapModel::new(names(&["colour", "shape"]), names(&["a", "b"])),
    ));
    registry.add(TypeSubject::new(
        "or-map",
        "a map of sets; what a remove had not seen survives it",
        cart(),
    ));
    registry.add(TypeSubject::new(
        "or-map/counter",
        "a map of counters; a remove takes back exactly what it had seen",
        OrMapModel::new(names(&["apples", "pears"]), ResettableCounterModel),
    ));
    registry.add(TypeSubject::new(
        "or-map/register",
        "a map of registers that keep what was written concurrently",
        OrMapModel::new(names(&["colour", "shape"]), MvRegisterModel::new(names(&["a", "b"]))),
    ));
    registry.add(TypeSubject::new(
        "or-map/map",
        "a map of maps of sets: several people's carts",
        OrMapModel::new(names(&["ada", "ben"]), cart()),
    ));
    registry.add(TypeSubject::new(
        "sequence",
        "a list, or a text; what several type at one place is not interleaved",
        SequenceModel::new(names(&["a", "b"])),
    ));
    registry.add(TypeSubject::new(
        "document",
        "a tree of counters, flags, lists, maps, registers, sets and texts; read as JSON",
        DocumentModel,
    ));
    rejoin_gallery::register(&mut registry);
    registry
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A shopping cart: what is wanted of each kind.
fn cart() -> OrMapModel<String, OrSetModel<String>> {
    OrMapModel::new(names(&["dairy", "fruit"]), OrSetModel::new(names(&["apple", "milk", "pear"])))
}
