//! What several tests need.

pub(crate) mod broken;
pub(crate) mod flood;
pub(crate) mod report;

use rejoin_crdts::spec::{
    GCounterModel, LwwMapModel, LwwRegisterModel, MvRegisterModel, OrMapModel, OrSetModel,
    PnCounterModel, ResettableCounterModel, RwSetModel,
};
use rejoin_sim::{
    Outcome, ProtocolSubject, Registry, ReportingSubject, Scenario, Subject, TypeSubject, Verdict,
    presets,
};

/// The toolkit's own types.
pub(crate) fn registry() -> Registry {
    let words =
        |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let items = || OrSetModel::new(words(&["apple", "milk", "pear"]));
    let mut registry = Registry::new();
    registry.add(TypeSubject::new("g-counter", "grows", GCounterModel));
    registry.add(TypeSubject::new("pn-counter", "grows and shrinks", PnCounterModel));
    registry.add(TypeSubject::new(
        "lww-register",
        "the last writer wins",
        LwwRegisterModel::new(words(&["red", "green", "blue"])),
    ));
    registry.add(TypeSubject::new("or-set", "adds win", items()));
    registry.add(TypeSubject::new(
        "rw-set",
        "removes win",
        RwSetModel::new(words(&["ada", "ben"])),
    ));
    registry.add(TypeSubject::new(
        "mv-register",
        "keeps what was written concurrently",
        MvRegisterModel::new(words(&["red", "green", "blue"])),
    ));
    registry.add(TypeSubject::new(
        "lww-map",
        "the last writer wins, by key",
        LwwMapModel::new(words(&["colour", "shape"]), words(&["a", "b"])),
    ));
    registry.add(TypeSubject::new(
        "or-map/counter",
        "a map of counters",
        OrMapModel::new(words(&["apples", "pears"]), ResettableCounterModel),
    ));
    registry.add(TypeSubject::new(
        "or-map",
        "a map of sets",
        OrMapModel::new(words(&["dairy", "fruit"]), items()),
    ));
    registry
}

/// The scenarios of the presets whose type is in `registry`.
pub(crate) fn of_presets(registry: &Registry) -> Vec<Scenario> {
    let scenarios: Vec<_> =
        presets().iter().filter_map(|preset| preset.scenario(registry).ok()).collect();
    assert!(scenarios.len() > presets().len() / 2);
    scenarios
}

/// [`Flood`](flood::Flood) with a flaw, on a counter.
pub(crate) fn flood(flaw: flood::Flaw) -> ProtocolSubject<flood::Flood<GCounterModel>> {
    ProtocolSubject::new("flood", "tells everybody everything", GCounterModel, flaw)
}

/// [`Ledger`](report::Ledger) with a lie.
pub(crate) fn ledger(lie: report::Lie) -> ReportingSubject<report::Ledger> {
    ReportingSubject::new("ledger", "keeps every operation", GCounterModel, lie)
}

/// The first outcome among the first 50 seeds whose verdict is `verdict`.
pub(crate) fn first(subject: &dyn Subject, scenario: &Scenario, verdict: Verdict) -> Outcome {
    (0..50)
        .map(|seed| subject.run(scenario, seed).unwrap())
        .find(|outcome| outcome.verdict == verdict)
        .unwrap_or_else(|| panic!("{} is never {verdict}", subject.name()))
}

/// What a replay shows that the run showed, too: only a replay lists messages.
pub(crate) fn without_messages(replay: Outcome) -> Outcome {
    Outcome { sent: Vec::new(), arrived: Vec::new(), ..replay }
}
