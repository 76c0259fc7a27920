//! States and deltas travel, and are kept in tables.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::laws::Law;
use crate::laws::judge::{Finding, Judge, Verdict, join};
use crate::model::{Model, Wire};
use crate::wire::{self, Limits};

/// The bytes of a value, as they travel, or why there are none.
pub(super) fn bytes(value: &impl Wire) -> Result<Vec<u8>, String> {
    wire::payload_bytes(value).map_err(|error| error.to_string())
}

fn decode<T: Wire>(bytes: &[u8]) -> Result<T, String> {
    wire::from_payload_bytes(Limits::default(), bytes).map_err(|error| error.to_string())
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn check<M: Model>(judge: &Judge<'_, '_, M>) -> Verdict {
    let pool = judge.pool;
    if judge.wants_any(&[Law::RoundTrip, Law::HashAgrees]) {
        for at in &pool.distinct {
            let s = &pool.states[*at];
            check_round_trip(judge, &s.state, |finding| judge.state(finding, "a", s))?;
        }
        for delta in &pool.deltas {
            check_round_trip(judge, &delta.delta, |finding| judge.delta(finding, "a", delta))?;
        }
    }
    if judge.wants(Law::HashAgrees) {
        for [a, b] in pool.state_tuples(super::DELTA_TUPLES, 60) {
            let (left, right) = (join(&a.state, &b.state), join(&b.state, &a.state));
            if left == right {
                judge.expect(Law::HashAgrees, hash(&left) == hash(&right), |finding| {
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

fn check_round_trip<M: Model, T: Wire + Eq + Hash + Debug>(
    judge: &Judge<'_, '_, M>,
    value: &T,
    given: impl Fn(Finding) -> Finding,
) -> Verdict {
    let back = bytes(value).and_then(|bytes| decode::<T>(&bytes));
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
