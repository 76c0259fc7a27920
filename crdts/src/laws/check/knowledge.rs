//! What is visible where, and that it determines the state.

use super::STATE_TUPLES;
use crate::OpSet;
use crate::laws::Law;
use crate::laws::judge::{Judge, Verdict, join};
use crate::laws::pool::Reached;
use crate::model::Model;

pub(super) fn check<M: Model>(judge: &Judge<'_, '_, M>) -> Verdict {
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

fn check_performers<M: Model>(judge: &Judge<'_, '_, M>) -> Verdict {
    if !judge.wants(Law::PerformerSees) {
        return Ok(());
    }
    let run = judge.run;
    for index in 0..run.history().len() {
        let (at, after, delta) = (run.history().at(index), run.after(index), run.delta(index));
        let visible = run.visible(after);
        judge.expect(Law::PerformerSees, visible.contains(index), |finding| {
            finding
                .given("s", format!("{}, after {}", at.id.replica, at.id), after)
                .given("δ", format!("the delta of {}", at.id), delta)
                .side("s ⊔ δ", &join(after, delta))
        })?;
    }
    Ok(())
}

fn check_visible<M: Model>(judge: &Judge<'_, '_, M>) -> Verdict {
    let (run, pool) = (judge.run, judge.pool);
    let names = |set: &OpSet| -> Vec<_> { set.iter().map(|at| run.history().at(at).id).collect() };
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
        for index in 0..run.history().len() {
            if s.visible.contains(index) || !run.needs(index).is_subset(&s.merged) {
                continue;
            }
            let merged = join(&s.state, run.delta(index));
            let visible = run.visible(&merged);
            let made = visible.contains(index) || !run.history().saw(index).is_subset(&visible);
            judge.expect(Law::MergeMakesVisible, made, |finding| {
                let id = run.history().at(index).id;
                judge
                    .state(finding, "s", s)
                    .given("δ", format!("the delta of {id}"), run.delta(index))
                    .side("s ⊔ δ", &merged)
                    .side("(s ⊔ δ) ⊔ δ", &join(&merged, run.delta(index)))
                    .side("visible after", &names(&visible))
            })?;
        }
    }
    Ok(())
}

fn check_known_states<M: Model>(judge: &Judge<'_, '_, M>) -> Verdict {
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

fn check_equal_knowledge<M: Model>(judge: &Judge<'_, '_, M>) -> Verdict {
    let states = &judge.pool.states;
    // One of each is enough to compare with, since equality is transitive.
    let mut by_visible: Vec<&Reached<M::State>> = Vec::new();
    let mut by_merged: Vec<&Reached<M::State>> = Vec::new();
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

fn check_equal<M: Model>(
    judge: &Judge<'_, '_, M>,
    a: &Reached<M::State>,
    b: &Reached<M::State>,
) -> Verdict {
    let given = |finding| judge.state(judge.state(finding, "a", a), "b", b);
    judge.expect(Law::EqualKnowledgeEqualState, a.state == b.state, given)?;
    if judge.wants(Law::EqualKnowledgeEqualBytes) {
        let (left, right) = (super::encoding::bytes(&a.state), super::encoding::bytes(&b.state));
        judge.expect(Law::EqualKnowledgeEqualBytes, left == right, |finding| {
            given(finding).side("bytes of a", &left).side("bytes of b", &right)
        })?;
    }
    Ok(())
}
