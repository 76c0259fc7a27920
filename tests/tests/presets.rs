//! Each preset holds, proves something, and tells its story.

use rejoin_sim::{Class, Happening, Outcome, Preset, Scenario, Verdict, presets};

fn runs(name: &str, seeds: std::ops::Range<u64>) -> Vec<Outcome> {
    let scenario = Preset::find(name).unwrap().scenario(&rejoin_cli::builtin()).unwrap();
    under_every_policy(&scenario, seeds)
}

fn under_every_policy(scenario: &Scenario, seeds: std::ops::Range<u64>) -> Vec<Outcome> {
    let registry = rejoin_cli::builtin();
    let subject = registry.get(&scenario.subject).unwrap();
    let mut outcomes = Vec::new();
    for policy in subject.policies() {
        let scenario = Scenario { policy: Some(policy), ..scenario.clone() };
        outcomes.extend(seeds.clone().map(|seed| subject.run(&scenario, seed).unwrap()));
    }
    outcomes
}

#[test]
fn every_preset_holds_under_every_policy_and_is_not_vacuous() {
    for preset in presets() {
        let mut vacuous = 0;
        for outcome in runs(preset.name, 0..50) {
            let Outcome { policy, seed, verdict, violation, .. } = &outcome;
            vacuous += usize::from(*verdict == Verdict::Vacuous);
            assert!(
                [Verdict::Held, Verdict::Vacuous].contains(verdict),
                "{} under {policy} with seed {seed}: {violation:#?}",
                preset.name
            );
            assert_eq!(outcome.first_difference, None);
        }
        // Where most of what is asked for is refused, now and then one replica does all that is done.
        let most = if preset.name == "username" { 10 } else { 0 };
        assert!(vacuous <= most, "{}: {vacuous} of 100 runs are vacuous", preset.name);
    }
}

#[test]
fn the_configured_faults_of_a_preset_fire() {
    for preset in presets() {
        let outcomes = runs(preset.name, 0..5);
        for fault in outcomes[0].faults.iter().filter(|fault| fault.configured) {
            let count = |outcome: &rejoin_sim::Outcome| {
                outcome
                    .faults
                    .iter()
                    .find(|other| other.name == fault.name)
                    .map_or(0, |it| it.fired)
            };
            assert!(outcomes.iter().map(count).sum::<u64>() > 0, "{}: {}", preset.name, fault.name);
        }
    }
}

#[test]
fn what_diverges_is_shown_for_every_preset() {
    for preset in presets() {
        let outcome = &runs(preset.name, 1..2)[0];
        let diverged = outcome.timeline.iter().find_map(|entry| match &entry.what {
            Happening::Diverged { values } => Some(values),
            _ => None,
        });
        let values = diverged.unwrap_or_else(|| panic!("{}", preset.name));
        assert_ne!(values[0].value, values[1].value);
    }
}

#[test]
fn the_cart_is_cut_diverges_heals_and_agrees() {
    let outcome = runs("cart", 1..2).remove(0);
    let at = |wanted: fn(&Happening) -> bool| {
        let entry = outcome.timeline.iter().find(|entry| wanted(&entry.what));
        entry.unwrap_or_else(|| panic!("{:#?}", outcome.timeline)).at_us
    };
    let cut = at(|what| matches!(what, Happening::Partition { .. }));
    let diverged = at(|what| matches!(what, Happening::Diverged { .. }));
    let healed = at(|what| matches!(what, Happening::Heal { .. }));
    let agreed = at(|what| matches!(what, Happening::Agreed { .. }));
    assert!(cut < diverged && diverged < healed && healed < agreed);
}

#[test]
fn a_user_name_is_given_away_twice_unless_one_replica_holds_the_right_to() {
    let username = Preset::find("username").unwrap().scenario(&rejoin_cli::builtin()).unwrap();
    let unique = Scenario { subject: "broken/unique-name".to_owned(), ..username };
    let outcomes = under_every_policy(&unique, 0..20);
    let violations: Vec<_> = outcomes.iter().filter_map(|it| it.violation.as_ref()).collect();
    assert!(violations.iter().all(|violation| violation.class == Class::Invariant));
    assert!(violations.len() >= 10, "{} of {}", violations.len(), outcomes.len());
    let refused = |outcome: &Outcome| !outcome.operations.refused.is_empty();
    assert!(runs("username", 1..2).iter().all(refused), "nobody is told that it may not");
}
