//! The faults that are written down.

use std::collections::BTreeSet;

use rejoin_crdts::sync::MAX_WALL_MS;

use super::Step::{Index, Key};
use super::{MAX_DRIFT_PPM, MAX_MS, Problem, Step, absent, problem, short};
use crate::nemesis::MAX_FLAPS;
use crate::scenario::timetable::{Written, contradiction};
use crate::scenario::{PartitionKind, Scenario};

pub(super) fn faults(scenario: &Scenario) -> Result<(), Problem> {
    let exists = |path: &dyn Fn(&'static str) -> [Step; 3], replica: u64| {
        if (1..=scenario.replicas).contains(&replica) {
            return Ok(());
        }
        problem(path("replica"), absent(replica, scenario.replicas))
    };
    for (at, partition) in scenario.partition.iter().enumerate() {
        let path = |key| [Key("partition"), Index(at), Key(key)];
        let spell = Spell { begin_ms: partition.at_ms, end_ms: partition.heal_ms, end: "heal_ms" };
        spell.check(scenario, path)?;
        groups(scenario, at)?;
    }
    for (at, crash) in scenario.crash.iter().enumerate() {
        let path = |key| [Key("crash"), Index(at), Key(key)];
        exists(&path, crash.replica)?;
        let spell = Spell { begin_ms: crash.at_ms, end_ms: crash.restart_ms, end: "restart_ms" };
        spell.check(scenario, path)?;
    }
    for (at, pause) in scenario.pause.iter().enumerate() {
        let path = |key| [Key("pause"), Index(at), Key(key)];
        exists(&path, pause.replica)?;
        let spell = Spell { begin_ms: pause.at_ms, end_ms: pause.resume_ms, end: "resume_ms" };
        spell.check(scenario, path)?;
    }
    for (at, clock) in scenario.clock.iter().enumerate() {
        let path = |key| [Key("clock"), Index(at), Key(key)];
        exists(&path, clock.replica)?;
        let spell = Spell { begin_ms: clock.at_ms, end_ms: clock.until_ms, end: "until_ms" };
        spell.check(scenario, path)?;
        wrong_clock(scenario, at)?;
    }
    let moves = scenario.join.iter().map(|join| (join.replica, join.at_ms)).enumerate();
    let moves = moves.map(|it| ("join", it)).chain(
        scenario
            .leave
            .iter()
            .map(|leave| (leave.replica, leave.at_ms))
            .enumerate()
            .map(|it| ("leave", it)),
    );
    for (table, (at, (replica, at_ms))) in moves {
        let path = |key| [Key(table), Index(at), Key(key)];
        exists(&path, replica)?;
        Spell { begin_ms: at_ms, end_ms: None, end: "" }.check(scenario, path)?;
    }
    match contradiction(scenario) {
        None => Ok(()),
        Some((Written { table, index }, wrong)) => {
            problem([Key(table), Index(index), Key("at_ms")], wrong)
        }
    }
}

/// One of four things happens to a clock, and it is nothing that keeps replicas from ever agreeing.
fn wrong_clock(scenario: &Scenario, at: usize) -> Result<(), Problem> {
    let clock = &scenario.clock[at];
    let path = |key| [Key("clock"), Index(at), Key(key)];
    let said =
        [clock.jump_ms.is_some(), clock.drift_ppm.is_some(), clock.stop, clock.set_ms.is_some()];
    let ways = "`jump_ms`, `drift_ppm`, `stop = true` or `set_ms`";
    let wrong = match said.into_iter().filter(|&said| said).count() {
        1 => None,
        0 => Some(format!("nothing happens to this clock; give one of {ways}")),
        _ => Some(format!("a clock goes wrong in one way at a time; give only one of {ways}")),
    };
    if let Some(wrong) = wrong {
        return problem([Key("clock"), Index(at)], wrong);
    }
    let max_ahead_ms = scenario.max_ahead_ms();
    let refused = |key: &'static str, ahead_ms: u64| {
        if ahead_ms <= max_ahead_ms {
            return Ok(());
        }
        problem(
            path(key),
            format!(
                "the clock would be {ahead_ms} ms ahead; what is stamped more than \
                 {max_ahead_ms} ms ahead (`max_ahead_ms`) is refused by everybody as long as the \
                 run lasts"
            ),
        )
    };
    if let Some(jump_ms) = clock.jump_ms {
        refused("jump_ms", u64::try_from(jump_ms).unwrap_or(0))?;
    }
    if let Some(drift_ppm) = clock.drift_ppm {
        if drift_ppm.unsigned_abs() > MAX_DRIFT_PPM {
            let wrong = format!(
                "`drift_ppm` is {drift_ppm}; it must be between -{MAX_DRIFT_PPM} and {MAX_DRIFT_PPM}"
            );
            return problem(path("drift_ppm"), wrong);
        }
        let spell_ms = clock.until_ms.unwrap_or(scenario.duration_ms) - clock.at_ms;
        let fast = u128::try_from(drift_ppm).unwrap_or(0);
        refused("drift_ppm", (u128::from(spell_ms) * fast / 1_000_000) as u64)?;
    }
    if let Some(set_ms) = clock.set_ms
        && set_ms < MAX_WALL_MS
    {
        refused("set_ms", set_ms.saturating_sub(clock.at_ms))?;
    }
    Ok(())
}

/// A fault's time.
struct Spell {
    begin_ms: u64,
    end_ms: Option<u64>,
    end: &'static str,
}

impl Spell {
    fn check(
        &self,
        scenario: &Scenario,
        path: impl Fn(&'static str) -> [Step; 3],
    ) -> Result<(), Problem> {
        let Self { begin_ms, end_ms, end } = *self;
        let duration_ms = scenario.duration_ms;
        if begin_ms >= duration_ms {
            return problem(
                path("at_ms"),
                format!("`at_ms` is {begin_ms}, but the run's `duration_ms` is {duration_ms}"),
            );
        }
        match end_ms {
            Some(end_ms) if end_ms <= begin_ms => problem(
                path(end),
                format!("`{end}` is {end_ms}; it must be after `at_ms`, which is {begin_ms}"),
            ),
            Some(end_ms) if end_ms > duration_ms => problem(
                path(end),
                format!("`{end}` is {end_ms}, but the run's `duration_ms` is {duration_ms}"),
            ),
            _ => Ok(()),
        }
    }
}

fn groups(scenario: &Scenario, at: usize) -> Result<(), Problem> {
    let partition = &scenario.partition[at];
    let (groups, kind) = (&partition.groups, partition.kind);
    let path = |key| [Key("partition"), Index(at), Key(key)];
    if let Some(flap_ms) = partition.flap_ms
        && !(1..=MAX_MS).contains(&flap_ms)
    {
        let wrong = format!("`flap_ms` is {flap_ms}; it must be between 1 and {MAX_MS}");
        return problem(path("flap_ms"), wrong);
    }
    if let Some(flap_ms) = partition.flap_ms {
        let spell_ms = partition.heal_ms.unwrap_or(scenario.duration_ms) - partition.at_ms;
        let flaps = spell_ms.div_ceil(2 * flap_ms);
        if flaps > MAX_FLAPS {
            let wrong = format!(
                "with a `flap_ms` of {flap_ms} it comes and goes {flaps} times; it can {MAX_FLAPS} \
                 times, which takes {} ms at least",
                spell_ms.div_ceil(2 * MAX_FLAPS)
            );
            return problem(path("flap_ms"), wrong);
        }
    }
    if let Some(share) = partition.share {
        if kind != PartitionKind::Partial {
            let wrong = "`share` is about partitions of the kind \"partial\"".to_owned();
            return problem(path("share"), wrong);
        }
        if !(share > 0.0 && share <= 1.0) {
            let wrong = format!("`share` is {}; it must be above 0, and at most 1", short(share));
            return problem(path("share"), wrong);
        }
    }
    let mut named = BTreeSet::new();
    for (g, group) in groups.iter().enumerate() {
        let [table, index, key] = path("groups");
        if group.is_empty() {
            return problem([table, index, key, Index(g)], "a group is empty".to_owned());
        }
        for (m, &member) in group.iter().enumerate() {
            let place = [table, index, key, Index(g), Index(m)];
            if !(1..=scenario.replicas).contains(&member) {
                return problem(place, absent(member, scenario.replicas));
            }
            if !named.insert(member) {
                return problem(place, format!("replica {member} is in the groups twice"));
            }
        }
    }
    let name = kind.name();
    let rest = u64::from((named.len() as u64) < scenario.replicas);
    match kind {
        PartitionKind::Ring | PartitionKind::Partial if !groups.is_empty() => problem(
            path("groups"),
            format!("a partition of the kind \"{name}\" has no `groups`: it is about all replicas"),
        ),
        PartitionKind::Ring if scenario.replicas < 4 => {
            problem(path("kind"), "among fewer than 4 replicas a ring cuts nothing".to_owned())
        }
        PartitionKind::Ring | PartitionKind::Partial => Ok(()),
        PartitionKind::Bridge if groups.len() < 2 || rest == 0 => problem(
            path("groups"),
            "a bridge needs two groups, and somebody between them who is in neither".to_owned(),
        ),
        PartitionKind::Isolate if named.is_empty() => problem(
            path("groups"),
            "`groups` isolate nobody; name at least one replica, as in [[3]]".to_owned(),
        ),
        PartitionKind::Groups | PartitionKind::OneWay if (groups.len() as u64) + rest < 2 => {
            problem(
                path("groups"),
                "`groups` cut nothing; give at least one group that leaves somebody out".to_owned(),
            )
        }
        PartitionKind::OneWay if groups.is_empty() => problem(
            path("groups"),
            "`groups` cut nothing; the first group is who is not heard".to_owned(),
        ),
        _ => Ok(()),
    }
}
