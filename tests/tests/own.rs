//! The examples of a type and of a protocol of one's own pass every judge, and fail when the line
//! that they mark is broken.

use proptest::test_runner::{RngAlgorithm, TestRng};
use rejoin_sim::{Class, Preset, Registry, Subject, Verdict};

type Runs = Vec<(Verdict, Option<Class>)>;

/// The verdicts of `subject` under a preset, for some seeds.
fn verdicts(subject: &dyn Subject, preset: &str) -> Runs {
    let mut scenario = Preset::find(preset).unwrap().scenario(&builtin()).unwrap();
    scenario.subject = subject.name().to_owned();
    scenario.policy = None;
    (1..20)
        .map(|seed| {
            let outcome = subject.run(&scenario, seed).unwrap();
            (outcome.verdict, outcome.violation.map(|violation| violation.class))
        })
        .collect()
}

fn rng() -> TestRng {
    TestRng::deterministic_rng(RngAlgorithm::ChaCha)
}

fn builtin() -> Registry {
    rejoin_cli::builtin()
}

macro_rules! type_example {
    ($name:ident, $file:literal, $check:expr) => {
        #[allow(dead_code)]
        mod $name {
            include!(concat!(env!("OUT_DIR"), $file));
            use proptest::test_runner::{Config, TestRunner};

            #[test]
            fn under_every_judge() {
                let laws = rejoin_crdts::laws::Laws::new(LikesModel).check();
                let subject = TypeSubject::new("likes", "a counter of likes", LikesModel);
                let check: fn(bool, super::Runs) = $check;
                let laws = laws.map_err(|violation| println!("{violation}"));
                check(laws.is_ok(), super::verdicts(&subject, "counter"));
            }

            #[test]
            fn under_proptest() {
                let check: fn(bool, super::Runs) = $check;
                let strategy = rejoin_crdts::laws::strategy::cases(LikesModel, 3, 6);
                let config = Config { failure_persistence: None, ..Config::default() };
                let found = TestRunner::new_with_rng(config, super::rng()).run(&strategy, |case| {
                    rejoin_crdts::laws::check_case(&LikesModel, &case)?;
                    Ok(())
                });
                let run = match found.is_ok() {
                    true => (super::Verdict::Held, None),
                    false => (super::Verdict::Violated, None),
                };
                check(found.is_ok(), vec![run]);
            }

            impl Default for LikesModel {
                fn default() -> Self {
                    Self
                }
            }

            #[test]
            fn under_quickcheck() {
                use rejoin_crdts::laws::{Drawn, Violation};
                type Verdict = Result<(), Box<Violation<Like>>>;
                fn holds(history: Drawn<LikesModel>) -> Verdict {
                    history.check()
                }
                let check: fn(bool, super::Runs) = $check;
                let holds = holds as fn(Drawn<LikesModel>) -> Verdict;
                let source = quickcheck::Gen::from_size_and_seed(8, 7);
                let found = quickcheck::QuickCheck::new().rng(source).quicktest(holds);
                let run = match &found {
                    Ok(_) => (super::Verdict::Held, None),
                    Err(failure) => {
                        // Shrunk, and told as a table.
                        let told = format!("{failure:?}");
                        assert!(told.contains("1 operation"), "{told}");
                        (super::Verdict::Violated, None)
                    }
                };
                check(found.is_ok(), vec![run]);
            }
        }
    };
}

type_example!(own_type, "/own_type.rs", |laws, runs| {
    assert!(laws);
    assert!(runs.iter().all(|run| *run == (super::Verdict::Held, None)), "{runs:?}");
});

type_example!(broken_type, "/own_type_broken.rs", |laws, runs| {
    assert!(!laws);
    assert!(runs.iter().any(|run| run.0 == super::Verdict::Violated), "{runs:?}");
});

rejoin_crdts::laws_test!(a_line_makes_the_test, rejoin_crdts::spec::PnCounterModel);

macro_rules! protocol_example {
    ($name:ident, $file:literal, $check:expr) => {
        #[allow(dead_code)]
        mod $name {
            include!(concat!(env!("OUT_DIR"), $file));

            #[test]
            fn in_the_simulator() {
                let subject =
                    ReportingSubject::<Noticeboard>::new("notes", "a noticeboard", Notes, ());
                let check: fn(super::Runs) = $check;
                check(super::verdicts(&subject, "chain"));
            }
        }
    };
}

protocol_example!(own_protocol, "/own_protocol.rs", |runs| {
    assert!(runs.iter().all(|run| *run == (super::Verdict::Held, None)), "{runs:?}");
});

protocol_example!(broken_protocol, "/own_protocol_broken.rs", |runs| {
    let lost = (super::Verdict::Violated, Some(super::Class::Visibility));
    assert!(runs.contains(&lost), "{runs:?}");
});
