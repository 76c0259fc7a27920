//! Operations: what each did where it was performed.

use crate::laws::Law;
use crate::laws::judge::{Judge, Verdict, join};

pub(super) fn check(judge: &Judge<'_>) -> Verdict {
    let run = judge.run;
    for refusal in run.refusals() {
        judge.expect(Law::RefusalChangesNothing, refusal.left == refusal.found, |finding| {
            finding
                .given("m", format!("refused at {}", refusal.replica), &refusal.op)
                .say("the reason", refusal.reason.to_string())
                .side("s before", &refusal.found)
                .side("s after", &refusal.left)
        })?;
    }
    for index in 0..run.len() {
        let at = run.at(index);
        let (before, delta, after) = (run.before(index), run.delta(index), run.after(index));
        for seen in run.saw(index).iter() {
            let earlier = run.at(seen);
            judge.expect(Law::StampExceedsSeen, at.stamp > earlier.stamp, |finding| {
                finding
                    .say(&earlier.id.to_string(), earlier.stamp.to_string())
                    .say(&at.id.to_string(), at.stamp.to_string())
            })?;
        }
        let merged = join(&before, &delta);
        judge.expect(Law::OperationIsItsDelta, merged == after, |finding| {
            finding
                .given("m", format!("{}, performed as {}", at.id.replica, at.id), run.op(index))
                .given("mδ(s)", "the delta it returned".to_owned(), &delta)
                .given("s", format!("{}, just before {}", at.id.replica, at.id), &before)
                .side("m(s)", &after)
                .side("s ⊔ mδ(s)", &merged)
        })?;
        let empty = delta == judge.run.empty();
        judge.expect(Law::DeltaEmptyIffUnchanged, empty == (before == after), |finding| {
            finding
                .given("m", format!("{}, performed as {}", at.id.replica, at.id), run.op(index))
                .side("s before", &before)
                .side("s after", &after)
                .side("its delta", &delta)
                .say("which is", if empty { "empty" } else { "not the default delta" })
        })?;
    }
    Ok(())
}
