//! The totals of many runs, and the first of the failures.

use rejoin_sim::{Scenario, Swarm, Verdict};

use super::counts::label;
use super::line::{Line, Page, Style};
use super::text::{clean, count, thousands, wrap};
use super::verdict::Detail;
use super::{Screen, configuration, counts, verdict};
use crate::sweep::{Campaign, Small};

/// The most failures that are listed, where not everything is shown.
const MAX_LISTED: usize = 5;

/// What is said around a campaign.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    /// The scenario's name, and its story.
    pub(crate) title: String,
    /// The scenario.
    pub(crate) scenario: &'a Scenario,
    /// What draws each run's own around it, if one does.
    pub(crate) swarm: Option<&'a Swarm>,
    /// What to type next, and why.
    pub(crate) next: (String, &'a str),
}

/// The page of a campaign.
pub(crate) fn campaign(
    screen: Screen,
    campaign: &Campaign,
    around: &Around<'_>,
    everything: bool,
) -> String {
    let mut page = Page::new(screen);
    let tally = &campaign.tally;
    page.title(&around.title);
    let (scenario, policy) = (around.scenario, &campaign.policy);
    page.lines(match around.swarm {
        Some(swarm) => configuration::of_swarm(scenario, swarm, policy, screen.width),
        None => configuration::of_campaign(scenario, policy, screen.width),
    });
    page.blank();
    if campaign.interrupted {
        let all = campaign.seeds.end - campaign.seeds.start;
        let words =
            format!("interrupted after {} of {}", thousands(campaign.runs), count(all, "run"));
        page.line(Line::new().styled(Style::Warn, words));
    }
    page.lines(totals(campaign, screen.width));
    page.line(label("twice").plain(match tally.nondeterministic {
        0 => format!("{} of them, and the same each time", thousands(tally.made_twice)),
        number => format!("{} of them; {number} differed", thousands(tally.made_twice)),
    }));
    page.lines(match &campaign.swarm {
        Some(on) => counts::swarm(&tally.faults, on),
        None => counts::faults(tally.faults.iter().map(|fault| &fault.count), screen.width),
    });
    page.lines(counts::traffic(&tally.traffic, screen.width));
    page.lines(counts::sessions(&tally.sessions, screen.width));
    page.lines(counts::operations(&tally.operations, screen.width));
    if everything {
        page.lines(counts::details(&tally.operations, &tally.traffic));
    }
    page.line(label("hash").plain(format!("{} over all runs", campaign.fingerprint)));
    page.blank();
    conclusion(&mut page, campaign, everything);
    page.next(&around.next.0, around.next.1);
    page.print()
}

fn totals(campaign: &Campaign, width: usize) -> Vec<Line> {
    let tally = &campaign.tally;
    let classes: Vec<String> = tally
        .violated_by_class
        .iter()
        .map(|(class, number)| match tally.violated_by_class.len() {
            1 => class.clone(),
            _ => format!("{} {class}", thousands(*number)),
        })
        .collect();
    let violated = match classes.len() {
        0 => "violated".to_owned(),
        _ => format!("violated ({})", classes.join(", ")),
    };
    let seeds = format!("(seeds {}..{})", campaign.seeds.start, campaign.seeds.end);
    let counts = [
        (Style::Plain, campaign.runs, seeds.as_str()),
        (Style::Good, tally.held, "held"),
        (Style::Bad, tally.violated, violated.as_str()),
        (Style::Warn, tally.vacuous, "vacuous"),
        (Style::Warn, tally.nondeterministic, "nondeterministic"),
    ];
    // What is not there goes without saying, but for what everybody asks about.
    let said = counts.into_iter().filter(|(_, number, word)| *number > 0 || *word == "violated");
    let items = said.map(|(style, number, word)| {
        let style = if number == 0 { Style::Plain } else { style };
        (style, format!("{} {word}", thousands(number)))
    });
    counts::flow(Some("runs"), items.collect(), width)
}

/// The lowest failure in full, or what the campaign as a whole showed.
fn conclusion(page: &mut Page, campaign: &Campaign, everything: bool) {
    if let Some(lowest) = &campaign.tally.lowest {
        let outcome = &lowest.0;
        page.line(Line::new().styled(Style::Strong, format!("seed {}", outcome.seed)).plain(
            match campaign.failures.len() {
                1 => " is the one that failed:".to_owned(),
                number => format!(" is the lowest of {} that failed:", thousands(number as u64)),
            },
        ));
        // What was drawn for it, unless the scenario says it all.
        page.lines(configuration::of_run(outcome, "", page.width()));
        match &outcome.violation {
            Some(violation) => verdict::violated(page, violation, Detail::new(everything)),
            None => verdict::verdict(page, outcome, Detail::new(everything)),
        }
        page.line(format!("  fingerprint {}", outcome.fingerprint));
        saved(page, campaign, everything);
        return;
    }
    match (&campaign.vacuous_because, campaign.verdict) {
        (Some(because), _) => {
            let words = format!("vacuous: this proves nothing. {}", clean(because));
            for line in wrap(&words, page.width()) {
                page.line(Line::new().styled(Style::Warn, line));
            }
            page.line("  Run more seeds, or a scenario in which it must happen.");
        }
        (None, Verdict::Held) if campaign.interrupted => {
            page.line(
                Line::new().styled(Style::Good, "held").plain(": every check, in the runs so far"),
            );
        }
        (None, Verdict::Held) => {
            page.line(Line::new().styled(Style::Good, "held").plain(": every check, in every run"));
        }
        (None, verdict) => page.line(verdict.to_string()),
    }
}

/// Where the failures are, and how to see them again.
fn saved(page: &mut Page, campaign: &Campaign, everything: bool) {
    let listed = if everything { usize::MAX } else { MAX_LISTED };
    for failure in campaign.failures.iter().skip(1).take(listed) {
        let place = failure.trace.as_deref().unwrap_or("not saved");
        page.uncut(Line::from(format!("  seed {} ({}): {place}", failure.seed, failure.class)));
    }
    if let Some(rest) =
        campaign.failures.len().checked_sub(listed.saturating_add(1)).filter(|n| *n > 0)
    {
        page.line(format!("  and {} more; --verbose lists all", thousands(rest as u64)));
    }
    campaign.small.iter().for_each(|small| made_small(page, small));
    if let Some(unsaved) = &campaign.unsaved {
        for line in wrap(unsaved, page.width() - 2) {
            page.line(Line::new().styled(Style::Warn, format!("  {line}")));
        }
    }
    if let Some(replay) = &campaign.replay {
        page.replay(replay);
    }
}

/// What a failure was made into.
fn made_small(page: &mut Page, small: &Small) {
    let Small { seed, class, before, size, runs, budget, .. } = small;
    if let Some(because) = &small.because {
        let words = format!("seed {seed} ({class}) was not made small: {}", clean(because));
        page.lines(
            wrap(&words, page.width() - 2).into_iter().map(|it| Line::from(format!("  {it}"))),
        );
        return;
    }
    page.line(format!(
        "  small: seed {seed} ({class}) has {} of {} left, at {}",
        thousands(size.events()),
        count(before.events(), "event"),
        count(size.replicas, "replica"),
    ));
    let finished = if small.finished { "" } else { ", which was not enough to finish" };
    page.line(format!("    {} of at most {budget}{finished}", count(*runs, "run")));
    if let Some(trace) = &small.trace {
        page.uncut(Line::from(format!("    {trace}")));
    }
}
