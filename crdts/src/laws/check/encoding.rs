//! States and deltas travel, and are kept in tables.

use std::fmt::Debug;

use crate::laws::Law;
use crate::laws::erased::{Delta, State};
use crate::laws::judge::{Finding, Judge, Verdict, join};

pub(super) fn check(judge: &Judge<'_>) -> Verdict {
    let pool = judge.pool;
    if judge.wants_any(&[Law::RoundTrip, Law::HashAgrees]) {
        for at in &pool.distinct {
            let s = &pool.states[*at];
            let given = |finding| judge.state(finding, "a", s);
            check_round_trip(judge, &s.state, s.state.round_trip(), State::hash, given)?;
        }
        for delta in &pool.deltas {
            let given = |finding| judge.delta(finding, "a", delta);
            check_round_trip(judge, &delta.delta, delta.delta.round_trip(), Delta::hash, given)?;
        }
    }
    if judge.wants(Law::HashAgrees) {
        for [a, b] in pool.state_tuples(super::DELTA_TUPLES, 60) {
            let (left, right) = (join(&a.state, &b.state), join(&b.state, &a.state));
            if left == right {
                judge.expect(Law::HashAgrees, left.hash() == right.hash(), |finding| {
                    judge
                        .state(judge.state(finding, "a", a), "b", b)
                        .side("a ⊔ b", &left)
                        .side("b ⊔ a", &right)
                })?;
            }
        }
    }
    Ok(())
}

fn check_round_trip<T: PartialEq + Debug>(
    judge: &Judge<'_>,
    value: &T,
    back: Result<T, String>,
    hash: impl Fn(&T) -> u64,
    given: impl Fn(Finding) -> Finding,
) -> Verdict {
    judge.expect(Law::RoundTrip, back.as_ref() == Ok(value), |finding| {
        let finding = given(finding);
        match &back {
            Ok(back) => finding.side("what comes back", back),
            Err(reason) => finding.say("nothing comes back", reason.clone()),
        }
    })?;
    match back {
        Ok(back) if back == *value => {
            judge.expect(Law::HashAgrees, hash(&back) == hash(value), |finding| {
                given(finding).side("an equal copy, which hashes otherwise", &back)
            })
        }
        _ => Ok(()),
    }
}
