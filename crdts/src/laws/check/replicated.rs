//! What a replicated type derives from states: parts, news, and what is missing.

use super::{DELTA_TUPLES, STATE_TUPLES};
use crate::Merge;
use crate::laws::Law;
use crate::laws::erased::Delta;
use crate::laws::judge::{Judge, Verdict, join};
use crate::laws::pool::{Joined, Reached};
use crate::laws::random::tuples;

/// Up to how many parts redundancy is looked for: it takes the square of their number.
const PARTS: usize = 40;

pub(super) fn check(judge: &Judge<'_>) -> Verdict {
    let pool = judge.pool;
    if judge.wants_any(&[Law::PartsRejoin, Law::PartsIrredundant, Law::PartsIrreducible]) {
        for at in &pool.distinct {
            check_parts(judge, &pool.states[*at])?;
        }
    }
    if judge.wants_any(&[Law::NewsNoneIffNothingNew, Law::NewsSuffices, Law::NewsWithinDelta]) {
        let (states, deltas) = (pool.distinct.len(), pool.deltas.len());
        for [s, delta] in tuples(states.max(deltas), STATE_TUPLES, 30) {
            let s = &pool.states[pool.distinct[s % states]];
            check_news(judge, s, &pool.deltas[delta % deltas])?;
        }
    }
    if judge.wants_any(&[Law::MissingNoneIffCovered, Law::MissingSuffices, Law::MissingIsLeast]) {
        for (number, [a, b]) in pool.state_tuples(judge.reach.tuples(STATE_TUPLES), 31).enumerate()
        {
            check_missing(judge, a, b, number < DELTA_TUPLES)?;
        }
    }
    Ok(())
}

fn check_parts(judge: &Judge<'_>, a: &Reached) -> Verdict {
    let initial = judge.run.reader(0);
    let parts: Vec<Delta> = a.state.parts();
    let joined = parts.iter().fold(initial.clone(), |all, part| join(&all, part));
    judge.expect(Law::PartsRejoin, joined == a.state, |finding| {
        judge.state(finding, "a", a).side("its parts", &parts).side("their join", &joined)
    })?;

    // A type may start with something in hand: its parts are in every state.
    let from_the_start: Vec<Delta> = initial.parts();
    if parts.len() <= PARTS {
        for (at, part) in parts.iter().enumerate() {
            let others = parts.iter().enumerate().filter(|other| other.0 != at);
            let rest = others.fold(initial.clone(), |all, (_, other)| join(&all, other));
            let adds =
                *part != judge.run.empty() && (rest != joined || from_the_start.contains(part));
            judge.expect(Law::PartsIrredundant, adds, |finding| {
                judge
                    .state(finding, "a", a)
                    .side("its parts", &parts)
                    .side("the redundant part", part)
                    .side("the join of the others", &rest)
            })?;
        }
    }

    for part in parts.iter().filter(|part| !from_the_start.contains(part)) {
        let alone = join(&initial, part);
        let within: Vec<Delta> =
            alone.parts().into_iter().filter(|inner| !from_the_start.contains(inner)).collect();
        judge.expect(Law::PartsIrreducible, within.len() < 2, |finding| {
            judge.state(finding, "a", a).side("a part of a", part).side("its parts", &within)
        })?;
    }
    Ok(())
}

fn check_news(judge: &Judge<'_>, s: &Reached, delta: &Joined) -> Verdict {
    let given = |finding| judge.delta(judge.state(finding, "s", s), "δ", delta);
    let merged = join(&s.state, &delta.delta);
    let news = s.state.news(&delta.delta);
    let changes = merged != s.state;
    judge.expect(Law::NewsNoneIffNothingNew, news.is_some() == changes, |finding| {
        given(finding).side("s ⊔ δ", &merged).side("s.news(δ)", &news)
    })?;
    let Some(news) = news else { return Ok(()) };
    let by_news = join(&s.state, &news);
    judge.expect(Law::NewsSuffices, by_news == merged, |finding| {
        given(finding)
            .side("s.news(δ)", &news)
            .side("s ⊔ δ", &merged)
            .side("s ⊔ s.news(δ)", &by_news)
    })?;
    if judge.wants(Law::NewsWithinDelta) {
        let both = join(&delta.delta, &news);
        let (left, right) = (("δ", &delta.delta), ("δ ⊔ s.news(δ)", &both));
        judge.expect_alike(Law::NewsWithinDelta, left, right, |finding| {
            // The probe takes the name s.
            let finding = judge.state(finding, "s₀", s);
            judge.delta(finding, "δ", delta).given("news", "s₀.news(δ)".to_owned(), &news)
        })?;
    }
    Ok(())
}

fn check_missing(judge: &Judge<'_>, a: &Reached, b: &Reached, also_least: bool) -> Verdict {
    let given = |finding| judge.state(judge.state(finding, "a", a), "b", b);
    let merged = join(&b.state, &a.state);
    let missing = a.state.missing_from(&b.state);
    let changes = merged != b.state;
    judge.expect(Law::MissingNoneIffCovered, missing.is_some() == changes, |finding| {
        given(finding).side("b ⊔ a", &merged).side("a.missing_from(b)", &missing)
    })?;
    let missing = missing.unwrap_or_else(|| judge.run.empty());
    let by_missing = join(&b.state, &missing);
    judge.expect(Law::MissingSuffices, by_missing == merged, |finding| {
        given(finding)
            .side("a.missing_from(b)", &missing)
            .side("b ⊔ a", &merged)
            .side("b ⊔ a.missing_from(b)", &by_missing)
    })?;
    if also_least && judge.wants(Law::MissingIsLeast) {
        let mut least = judge.run.empty();
        for part in a.state.parts().into_iter().filter(|part| join(&b.state, part) != b.state) {
            least.merge(&part);
        }
        judge.expect_alike(
            Law::MissingIsLeast,
            ("a.missing_from(b)", &missing),
            ("parts of a that b lacks", &least),
            given,
        )?;
    }
    Ok(())
}
