//! What is visible where, and that it determines the state.

use super::STATE_TUPLES;
use crate::OpSet;
use crate::laws::Law;
use crate::laws::judge::{Judge, Verdict, join};
use crate::laws::pool::Reached;

pub(super) fn check(judge: &Judge<'_>) -> Verdict {
    check_performers(judge)?;
    check_visible(judge)?;
    if judge.wants_any(&[Law::EqualKnowledgeEqualState, Law::EqualKnowledgeEqualBytes]) {
        check_equal_knowledge(judge)?;
    }
    if judge.wants(Law::KnownStateChangesNothing) {
        check_known_states(judge)?;
    }
    Ok(())
}

fn check_performers(judge: &Judge<'_>) -> Verdict {
    if !judge.wants(Law::PerformerSees) {
        return Ok(());
    }
    let run = judge.run;
    for index in 0..run.len() {
        let (at, after, delta) = (run.at(index), run.after(index), run.delta(index));
        let visible = run.visible(&after);
        judge.expect(Law::PerformerSees, visible.contains(index), |finding| {
            finding
                .given("s", format!("{}, after {}", at.id.replica, at.id), &after)
                .given("δ", format!("the delta of {}", at.id), &delta)
                .side("s ⊔ δ", &join(&after, &delta))
        })?;
    }
    Ok(())
}

fn check_visible(judge: &Judge<'_>) -> Verdict {
    let (run, pool) = (judge.run, judge.pool);
    let names = |set: &OpSet| -> Vec<_> { set.iter().map(|at| run.at(at).id).collect() };
    for at in &pool.distinct {
        let s = &pool.states[*at];
        judge.expect(Law::MergedIsVisible, s.merged.is_subset(&s.visible), |finding| {
            judge
                .state(finding, "s", s)
                .side("merged", &names(&s.merged))
                .side("visible", &names(&s.visible))
        })?;
        if !judge.wants(Law::MergeMakesVisible) {
            continue;
        }
        for index in 0..run.len() {
            if s.visible.contains(index) || !run.needs(index).is_subset(&s.merged) {
                continue;
            }
            let delta = run.delta(index);
            let merged = join(&s.state, &delta);
            let visible = run.visible(&merged);
            let made = visible.contains(index) || !run.saw(index).is_subset(&visible);
            judge.expect(Law::MergeMakesVisible, made, |finding| {
                let id = run.at(index).id;
                judge
                    .state(finding, "s", s)
                    .given("δ", format!("the delta of {id}"), &delta)
                    .side("s ⊔ δ", &merged)
                    .side("(s ⊔ δ) ⊔ δ", &join(&merged, &delta))
                    .side("visible after", &names(&visible))
            })?;
        }
    }
    Ok(())
}

fn check_known_states(judge: &Judge<'_>) -> Verdict {
    for [a, b] in judge.pool.state_tuples(judge.reach.tuples(4 * STATE_TUPLES), 40) {
        if b.visible.is_subset(&a.visible) {
            let merged = join(&a.state, &b.state);
            judge.expect(Law::KnownStateChangesNothing, merged == a.state, |finding| {
                judge.state(judge.state(finding, "a", a), "b", b).side("a ⊔ b", &merged)
            })?;
        }
    }
    Ok(())
}

fn check_equal_knowledge(judge: &Judge<'_>) -> Verdict {
    let states = &judge.pool.states;
    // One of each is enough to compare with, since equality is transitive.
    let mut by_visible: Vec<&Reached> = Vec::new();
    let mut by_merged: Vec<&Reached> = Vec::new();
    for b in states {
        match by_merged.iter().find(|a| a.merged == b.merged) {
            Some(a) => check_equal(judge, a, b)?,
            None => by_merged.push(b),
        }
        match by_visible.iter().find(|a| a.visible == b.visible) {
            // Then they were compared just now.
            Some(a) if a.merged == b.merged => {}
            Some(a) => check_equal(judge, a, b)?,
            None => by_visible.push(b),
        }
    }
    Ok(())
}

fn check_equal(judge: &Judge<'_>, a: &Reached, b: &Reached) -> Verdict {
    let given = |finding| judge.state(judge.state(finding, "a", a), "b", b);
    judge.expect(Law::EqualKnowledgeEqualState, a.state == b.state, given)?;
    if judge.wants(Law::EqualKnowledgeEqualBytes) {
        let (left, right) = (a.state.bytes(), b.state.bytes());
        judge.expect(Law::EqualKnowledgeEqualBytes, left == right, |finding| {
            given(finding).side("bytes of a", &left).side("bytes of b", &right)
        })?;
    }
    Ok(())
}
