//! Reached states form a join-semilattice.

use super::STATE_TUPLES;
use crate::Merge;
use crate::laws::Law;
use crate::laws::judge::{Judge, Verdict, join};
use crate::laws::pool::Reached;

pub(super) fn check(judge: &Judge<'_>) -> Verdict {
    let pairwise = [
        Law::MergeReportsChange,
        Law::StatesIdempotent,
        Law::StatesCommute,
        Law::StatesInflate,
        Law::CoversAgrees,
    ];
    if judge.wants_any(&pairwise) {
        for [a, b] in judge.pool.state_tuples(judge.reach.tuples(STATE_TUPLES), 10) {
            check_pair(judge, a, b)?;
        }
    }
    if judge.wants(Law::StatesAssociate) && !judge.is_crowded() {
        for [a, b, c] in judge.pool.state_tuples(judge.reach.tuples(STATE_TUPLES), 11) {
            let left = join(&join(&a.state, &b.state), &c.state);
            let right = join(&a.state, &join(&b.state, &c.state));
            judge.expect(Law::StatesAssociate, left == right, |finding| {
                let finding = judge.state(judge.state(finding, "a", a), "b", b);
                judge.state(finding, "c", c).side("(a ⊔ b) ⊔ c", &left).side("a ⊔ (b ⊔ c)", &right)
            })?;
        }
    }
    Ok(())
}

fn check_pair(judge: &Judge<'_>, a: &Reached, b: &Reached) -> Verdict {
    let given = |finding| judge.state(judge.state(finding, "a", a), "b", b);
    let mut joined = a.state.clone();
    let reported = joined.merge(&b.state);
    let changed = joined != a.state;
    judge.expect(Law::MergeReportsChange, reported == changed, |finding| {
        given(finding).side("a ⊔ b", &joined).say("merge returned", reported.to_string())
    })?;

    let twice = join(&a.state, &a.state);
    judge.expect(Law::StatesIdempotent, twice == a.state, |finding| {
        judge.state(finding, "a", a).side("a ⊔ a", &twice)
    })?;

    let other = join(&b.state, &a.state);
    judge.expect(Law::StatesCommute, joined == other, |finding| {
        given(finding).side("a ⊔ b", &joined).side("b ⊔ a", &other)
    })?;

    for (name, held) in [("(a ⊔ b) ⊔ a", a), ("(a ⊔ b) ⊔ b", b)] {
        let again = join(&joined, &held.state);
        judge.expect(Law::StatesInflate, again == joined, |finding| {
            given(finding).side("a ⊔ b", &joined).side(name, &again)
        })?;
    }

    let covers = a.state.covers(&b.state);
    judge.expect(Law::CoversAgrees, covers != changed, |finding| {
        given(finding).side("a ⊔ b", &joined).say("a.covers(b)", covers.to_string())
    })
}
