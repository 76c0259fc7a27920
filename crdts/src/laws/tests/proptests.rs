//! The strategy draws histories and shrinks them.

use proptest::test_runner::{Config, TestError, TestRunner};

use super::fixture::{GrowModel, fault};
use crate::laws::strategy::cases;
use crate::laws::{Case, check_case};
use crate::{Delivery, OpSet};

fn run(fault: u8) -> Result<(), TestError<Case<u8>>> {
    let model = GrowModel::with(fault);
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, deterministic());
    runner.run(&cases(model.clone(), 3, 6), |case| {
        check_case(&model, &case)?;
        Ok(())
    })
}

fn deterministic() -> proptest::test_runner::TestRng {
    proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}

#[test]
fn a_correct_type_passes() {
    run(fault::NONE).unwrap();
}

#[test]
fn a_broken_type_fails_with_the_fewest_operations() {
    let Err(TestError::Fail(reason, case)) = run(fault::WRONG_VALUE) else {
        panic!("it is broken");
    };
    assert!(reason.to_string().contains("does not hold"), "{reason}");
    let event = |sees| crate::laws::Event { replica: 0, op: 0, sees, clock_ms: 0 };
    assert_eq!(case, Case::new(Delivery::Any, [event(OpSet::new()), event(OpSet::first(1))]));
}
