//! What the command can run of its own.

use rejoin_crdts::Model;
use rejoin_crdts::spec::{GCounterModel, LwwRegisterModel, OrMapModel, OrSetModel, PnCounterModel};
use rejoin_gallery::{Entry, Visitor, for_each};
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
        "lww-register",
        "one value; the last write wins, by hybrid logical clocks",
        LwwRegisterModel::new(["red", "green", "blue"].map(str::to_owned)),
    ));
    registry.add(TypeSubject::new(
        "or-set",
        "a set; an add wins over the removes that had not seen it",
        items(&["apple", "bread", "milk", "pear"]),
    ));
    registry.add(TypeSubject::new(
        "or-map",
        "a map of sets; what a remove had not seen survives it",
        cart(),
    ));
    registry.add(TypeSubject::new(
        "or-map/map",
        "a map of maps of sets: several people's carts",
        OrMapModel::new(["ada", "ben"].map(str::to_owned), cart()),
    ));
    for_each(&mut Gallery(&mut registry));
    registry
}

fn items(names: &[&str]) -> OrSetModel<String> {
    OrSetModel::new(names.iter().map(|name| (*name).to_owned()))
}

/// A shopping cart: what is wanted of each kind.
fn cart() -> OrMapModel<String, OrSetModel<String>> {
    let nested = items(&["apple", "milk", "pear"]);
    OrMapModel::new(["dairy", "fruit"].map(str::to_owned), nested)
}

/// Registers every broken type.
struct Gallery<'r>(&'r mut Registry);

impl Visitor for Gallery<'_> {
    fn visit<M: Model>(&mut self, entry: &'static Entry, model: M) {
        self.0.add(TypeSubject::new(entry.to_string(), entry.story, model));
    }
}
