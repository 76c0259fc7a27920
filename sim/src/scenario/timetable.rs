//! Whether the written faults can all happen: nothing befalls a replica that is not there.

use std::collections::BTreeMap;

use super::Scenario;

/// A fault that a scenario writes down, by its table and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Written {
    pub(super) table: &'static str,
    pub(super) index: usize,
}

/// What a replica does in a spell.
#[derive(Clone, Copy, Debug)]
struct Spell {
    begin_ms: u64,
    end_ms: u64,
    is: &'static str,     // `r2 is …`
    begins: &'static str, // `r2 …`
    by: Written,
}

/// The first fault that contradicts another: which, and why.
pub(super) fn contradiction(scenario: &Scenario) -> Option<(Written, String)> {
    let mut replicas = match presence(scenario) {
        Ok(absent) => absent,
        Err(wrong) => return Some(wrong),
    };
    let duration_ms = scenario.duration_ms;
    for (index, crash) in scenario.crash.iter().enumerate() {
        let by = Written { table: "crash", index };
        let (begin_ms, end_ms) = (crash.at_ms, crash.restart_ms.unwrap_or(duration_ms));
        let spell = Spell { begin_ms, end_ms, is: "down", begins: "crashes", by };
        replicas.entry(crash.replica).or_default().push(spell);
    }
    for (index, pause) in scenario.pause.iter().enumerate() {
        let by = Written { table: "pause", index };
        let (begin_ms, end_ms) = (pause.at_ms, pause.resume_ms.unwrap_or(duration_ms));
        let spell = Spell { begin_ms, end_ms, is: "paused", begins: "is paused", by };
        replicas.entry(pause.replica).or_default().push(spell);
    }
    let clocks = clocks(scenario);
    replicas.iter().chain(&clocks).find_map(|(replica, spells)| overlap(*replica, spells))
}

fn overlap(replica: u64, spells: &[Spell]) -> Option<(Written, String)> {
    let mut spells = spells.to_vec();
    spells.sort_by_key(|spell| (spell.begin_ms, spell.by));
    let pair = spells.windows(2).find(|pair| pair[1].begin_ms < pair[0].end_ms)?;
    let Spell { begin_ms, begins, by, .. } = pair[1];
    let Spell { begin_ms: from, end_ms: to, is, .. } = pair[0];
    let spell = match (from, to) {
        (0, to) => format!("until {to} ms"),
        (from, u64::MAX) => format!("from {from} ms on"),
        _ => format!("from {from} to {to} ms"),
    };
    let wrong = format!("r{replica} {begins} at {begin_ms} ms, but it is {is} {spell}");
    Some((by, wrong))
}

/// When replicas are not there, from what joins and leaves.
fn presence(scenario: &Scenario) -> Result<BTreeMap<u64, Vec<Spell>>, (Written, String)> {
    let mut moves: BTreeMap<u64, Vec<(u64, bool, Written)>> = BTreeMap::new();
    for (index, join) in scenario.join.iter().enumerate() {
        let by = Written { table: "join", index };
        moves.entry(join.replica).or_default().push((join.at_ms, true, by));
    }
    for (index, leave) in scenario.leave.iter().enumerate() {
        let by = Written { table: "leave", index };
        moves.entry(leave.replica).or_default().push((leave.at_ms, false, by));
    }
    let mut absent: BTreeMap<u64, Vec<Spell>> = BTreeMap::new();
    for (replica, mut moves) in moves {
        moves.sort_unstable();
        let spells = absent.entry(replica).or_default();
        // Whose first move is to join is not there from the start.
        let mut gone_since = moves.first().filter(|first| first.1).map(|first| (0, first.2));
        for (at_ms, joins, by) in moves {
            match (gone_since, joins) {
                (Some((begin_ms, left)), true) => {
                    let (is, begins) = ("not there", "is missing");
                    spells.push(Spell { begin_ms, end_ms: at_ms, is, begins, by: left });
                    gone_since = None;
                }
                (None, false) => gone_since = Some((at_ms, by)),
                (Some(_), false) => {
                    return Err((
                        by,
                        format!("r{replica} leaves at {at_ms} ms, but it is not there"),
                    ));
                }
                (None, true) => {
                    return Err((by, format!("r{replica} joins at {at_ms} ms, but it is there")));
                }
            }
        }
        if let Some((begin_ms, by)) = gone_since {
            let (is, begins) = ("not there", "leaves");
            spells.push(Spell { begin_ms, end_ms: u64::MAX, is, begins, by });
        }
    }
    Ok(absent)
}

fn clocks(scenario: &Scenario) -> BTreeMap<u64, Vec<Spell>> {
    let mut clocks: BTreeMap<u64, Vec<Spell>> = BTreeMap::new();
    for (index, clock) in scenario.clock.iter().enumerate() {
        let by = Written { table: "clock", index };
        let (begin_ms, end_ms) = (clock.at_ms, clock.until_ms.unwrap_or(scenario.duration_ms));
        let (is, begins) = ("under another fault of its clock", "has a fault of its clock");
        let spell = Spell { begin_ms, end_ms, is, begins, by };
        clocks.entry(clock.replica).or_default().push(spell);
    }
    clocks
}

/// The addresses that are not there at the end, ascending.
pub(super) fn absent_at_the_end(scenario: &Scenario) -> Vec<u64> {
    let Ok(absent) = presence(scenario) else { return Vec::new() };
    let gone = absent.iter().filter(|(_, spells)| spells.iter().any(|s| s.end_ms == u64::MAX));
    gone.map(|(replica, _)| *replica).collect()
}

impl Scenario {
    /// The addresses that are not there at the start.
    pub(crate) fn absent_at_first(&self) -> Vec<u64> {
        let Ok(absent) = presence(self) else { return Vec::new() };
        let late = absent.iter().filter(|(_, spells)| {
            spells.iter().any(|spell| spell.begin_ms == 0 && spell.by.table == "join")
        });
        late.map(|(replica, _)| *replica).collect()
    }
}
