//! Deltas and their joins form a join-semilattice, compared by effect, that acts on the states.

use super::DELTA_TUPLES;
use crate::Merge;
use crate::laws::Law;
use crate::laws::judge::{Judge, Verdict, join};
use crate::laws::pool::Joined;
use crate::laws::random::tuples;

pub(super) fn check(judge: &Judge<'_>) -> Verdict {
    check_on_states(judge)?;
    let pairwise = [
        Law::MergeReportsChange,
        Law::CoversAgrees,
        Law::DeltasCommute,
        Law::DeltasInflate,
        Law::DeltasJoin,
    ];
    if judge.wants_any(&pairwise) {
        for [left, right] in judge.pool.delta_tuples(DELTA_TUPLES, 20) {
            check_pair(judge, left, right)?;
        }
    }
    if judge.wants(Law::DeltasAssociate) {
        for [one, two, three] in judge.pool.delta_tuples(DELTA_TUPLES, 21) {
            let left = join(&join(&one.delta, &two.delta), &three.delta);
            let right = join(&one.delta, &join(&two.delta, &three.delta));
            judge.expect_alike(
                Law::DeltasAssociate,
                ("(δ₁ ⊔ δ₂) ⊔ δ₃", &left),
                ("δ₁ ⊔ (δ₂ ⊔ δ₃)", &right),
                |finding| {
                    let finding = judge.delta(judge.delta(finding, "δ₁", one), "δ₂", two);
                    judge.delta(finding, "δ₃", three)
                },
            )?;
        }
    }
    Ok(())
}

/// What merging one delta does to states.
fn check_on_states(judge: &Judge<'_>) -> Verdict {
    let pool = judge.pool;
    let empty = judge.run.empty();
    for at in &pool.distinct {
        let s = &pool.states[*at];
        let merged = join(&s.state, &empty);
        judge.expect(Law::EmptyDeltaIsBottom, merged == s.state, |finding| {
            judge
                .state(finding, "s", s)
                .given("⊥", "the default delta".to_owned(), &empty)
                .side("s ⊔ ⊥", &merged)
        })?;
    }
    for delta in &pool.deltas {
        for (name, sum) in
            [("⊥ ⊔ δ", join(&empty, &delta.delta)), ("δ ⊔ ⊥", join(&delta.delta, &empty))]
        {
            judge.expect_alike(
                Law::EmptyDeltaIsBottom,
                ("δ", &delta.delta),
                (name, &sum),
                |finding| judge.delta(finding, "δ", delta),
            )?;
        }
        let twice = join(&delta.delta, &delta.delta);
        judge.expect_alike(
            Law::DeltasIdempotent,
            ("δ", &delta.delta),
            ("δ ⊔ δ", &twice),
            |finding| judge.delta(finding, "δ", delta),
        )?;
    }
    for [at_s, at_t, at_delta] in mixed(pool.distinct.len(), pool.deltas.len(), 4 * DELTA_TUPLES) {
        let (s, t) = (&pool.states[pool.distinct[at_s]], &pool.states[pool.distinct[at_t]]);
        let delta = &pool.deltas[at_delta];
        let given = |finding| judge.delta(judge.state(finding, "s", s), "δ", delta);
        let mut merged = s.state.clone();
        let reported = merged.merge(&delta.delta);
        judge.expect(Law::MergeReportsChange, reported == (merged != s.state), |finding| {
            given(finding).side("s ⊔ δ", &merged).say("merge returned", reported.to_string())
        })?;
        let twice = join(&merged, &delta.delta);
        judge.expect(Law::DeltasIdempotent, twice == merged, |finding| {
            given(finding).side("s ⊔ δ", &merged).side("(s ⊔ δ) ⊔ δ", &twice)
        })?;
        let again = join(&merged, &s.state);
        judge.expect(Law::DeltasInflate, again == merged, |finding| {
            given(finding).side("s ⊔ δ", &merged).side("(s ⊔ δ) ⊔ s", &again)
        })?;
        let before = join(&merged, &t.state);
        let after = join(&join(&s.state, &t.state), &delta.delta);
        judge.expect(Law::DeltaCommutesWithState, before == after, |finding| {
            judge
                .state(given(finding), "t", t)
                .side("(s ⊔ δ) ⊔ t", &before)
                .side("(s ⊔ t) ⊔ δ", &after)
        })?;
    }
    Ok(())
}

/// Two states and a delta, by index.
fn mixed(states: usize, deltas: usize, cap: usize) -> impl Iterator<Item = [usize; 3]> {
    // One range for all three, so that the enumeration stays complete where it is small.
    tuples::<3>(states.max(deltas), cap, 22)
        .map(move |[s, t, delta]| [s % states, t % states, delta % deltas])
}

fn check_pair(judge: &Judge<'_>, left: &Joined, right: &Joined) -> Verdict {
    let given = |finding| judge.delta(judge.delta(finding, "δ₁", left), "δ₂", right);
    let mut joined = left.delta.clone();
    let reported = joined.merge(&right.delta);
    let changed = joined != left.delta;
    judge.expect(Law::MergeReportsChange, reported == changed, |finding| {
        given(finding).side("δ₁ ⊔ δ₂", &joined).say("merge returned", reported.to_string())
    })?;
    let covers = left.delta.covers(&right.delta);
    judge.expect(Law::CoversAgrees, covers != changed, |finding| {
        given(finding).side("δ₁ ⊔ δ₂", &joined).say("δ₁.covers(δ₂)", covers.to_string())
    })?;

    if judge.wants(Law::DeltasCommute) {
        let other = join(&right.delta, &left.delta);
        let (a, b) = (("δ₁ ⊔ δ₂", &joined), ("δ₂ ⊔ δ₁", &other));
        judge.expect_alike(Law::DeltasCommute, a, b, given)?;
    }
    if judge.wants(Law::DeltasInflate) {
        for (name, held) in [("(δ₁ ⊔ δ₂) ⊔ δ₁", left), ("(δ₁ ⊔ δ₂) ⊔ δ₂", right)]
        {
            let again = join(&joined, &held.delta);
            judge.expect_alike(Law::DeltasInflate, ("δ₁ ⊔ δ₂", &joined), (name, &again), given)?;
        }
    }
    if judge.wants(Law::DeltasJoin) {
        for s in judge.pool.probes() {
            let singly = join(&join(&s.state, &left.delta), &right.delta);
            let at_once = join(&s.state, &joined);
            judge.expect(Law::DeltasJoin, singly == at_once, |finding| {
                judge
                    .state(given(finding), "s", s)
                    .side("(s ⊔ δ₁) ⊔ δ₂", &singly)
                    .side("s ⊔ (δ₁ ⊔ δ₂)", &at_once)
            })?;
        }
    }
    Ok(())
}
