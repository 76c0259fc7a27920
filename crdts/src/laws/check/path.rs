//! All paths lead to one state, and it is the specification's.

use super::STATE_TUPLES;
use crate::OpSet;
use crate::laws::Law;
use crate::laws::erased::Reading;
use crate::laws::judge::{Judge, Verdict, join};
use crate::laws::random::{Random, tuples};

pub(super) fn check(judge: &Judge<'_>) -> Verdict {
    if !judge.wants_any(&[Law::StatePath, Law::DeltaPath]) {
        return Ok(());
    }
    let (run, down_sets) = (judge.run, &judge.pool.down_sets);
    let operations = run.len();
    let mut random = Random::new(operations as u64, 50);
    let describe = |set: &OpSet| {
        let names: Vec<String> = set.iter().map(|at| run.at(at).id.to_string()).collect();
        format!("S({{{}}})", names.join(", "))
    };
    for [one, two] in tuples(down_sets.len(), judge.reach.tuples(STATE_TUPLES), 51) {
        let ((left_set, left), (right_set, right)) = (&down_sets[one], &down_sets[two]);
        let mut union = left_set.clone();
        union.union_with(right_set);
        let expected = run.state(&union);
        let merged = join(left, right);
        judge.expect(Law::StatePath, merged == expected, |finding| {
            finding
                .given("a", describe(left_set), left)
                .given("b", describe(right_set), right)
                .side("a ⊔ b", &merged)
                .side(&describe(&union), &expected)
        })?;

        // The interval may start at any down-set that the receiver holds.
        let start = random.index(operations + 1);
        let interval: Vec<usize> =
            right_set.iter().filter(|&at| at >= start || !left_set.contains(at)).collect();
        let delta = run.joined(&interval);
        let merged = join(left, &delta);
        judge.expect(Law::DeltaPath, merged == expected, |finding| {
            let names: Vec<String> = interval.iter().map(|&at| run.at(at).id.to_string()).collect();
            finding
                .given("s", describe(left_set), left)
                .given("Δ", format!("the join of the deltas of {}", names.join(", ")), &delta)
                .side("s ⊔ Δ", &merged)
                .side(&describe(&union), &expected)
        })?;
    }
    Ok(())
}

pub(super) fn check_specification(judge: &Judge<'_>) -> Verdict {
    if !judge.wants(Law::Specification) {
        return Ok(());
    }
    let (run, pool) = (judge.run, judge.pool);
    for at in &pool.distinct {
        let s = &pool.states[*at];
        let verdict = run.admits(&s.merged, &s.state);
        judge.expect(Law::Specification, verdict.is_ok(), |finding| {
            let Reading { value, specified, verdict } = run.reading(&s.merged, &s.state);
            let mut finding = judge.state(finding, "s", s).say("read there", value);
            if let Some(expected) = specified {
                finding = finding.say("specified", expected);
            }
            finding.say("the reason", verdict.err().unwrap_or_default())
        })?;
    }
    Ok(())
}
