//! Everything that has a name.

use super::Screen;
use super::line::{Line, Page, Style};
use super::text::wrap;
use crate::list::{List, Listed};

/// The page of all names.
pub(crate) fn list(screen: Screen, list: &List<'_>) -> String {
    let mut page = Page::new(screen);
    let (broken, sound): (Vec<&Listed<'_>>, Vec<_>) =
        list.types.iter().partition(|listed| listed.found_by.is_some());

    heading(&mut page, "types", "--type NAME");
    let widest = sound.iter().map(|listed| listed.name.len()).max().unwrap_or(0);
    for listed in &sound {
        entry(&mut page, listed.name, widest, &listed.summary);
    }
    page.blank();
    heading(&mut page, "policies", "--policy NAME: how replicas tell each other");
    for policy in &list.policies {
        entry(&mut page, policy.name, widest, &policy.summary);
    }
    page.blank();
    heading(&mut page, "presets", "scenarios that need no file");
    for preset in &list.presets {
        entry(&mut page, preset.name, widest, preset.summary);
    }
    for (name, remark, listed) in [
        ("topologies", "topology = … in a scenario", &list.topologies),
        ("faults", "--swarm --faults KINDS: what a swarm may turn on", &list.faults),
    ] {
        page.blank();
        heading(&mut page, name, remark);
        for entry in listed {
            self::entry(&mut page, entry.name, widest, entry.summary);
        }
    }
    let (protocols, types): (Vec<&Listed<'_>>, Vec<_>) =
        broken.into_iter().partition(|listed| listed.check.is_some());
    let parts = [
        ("broken types", "on purpose, and what finds them", types),
        ("broken protocols", "run --type NAME: each in a scenario of its own", protocols),
    ];
    for (name, remark, broken) in parts.iter().filter(|(_, _, broken)| !broken.is_empty()) {
        page.blank();
        heading(&mut page, name, remark);
        for listed in broken {
            page.line(
                Line::new()
                    .plain(format!("  {:<31}  ", listed.name))
                    .styled(Style::Faint, finders(listed)),
            );
            page.lines(
                wrap(&listed.summary, screen.width.saturating_sub(6))
                    .into_iter()
                    .map(|line| Line::from(format!("      {line}"))),
            );
        }
    }
    page.print()
}

/// The commands that find it, and of a protocol the check.
fn finders(listed: &Listed<'_>) -> String {
    let found_by = listed.found_by.as_deref().unwrap_or_default();
    match listed.check {
        Some(check) => check.to_owned(),
        None if found_by.is_empty() => "nothing yet".to_owned(),
        None => found_by.join(", "),
    }
}

fn heading(page: &mut Page, name: &str, remark: &str) {
    page.line(
        Line::new().styled(Style::Strong, name).styled(Style::Faint, format!("  ({remark})")),
    );
}

/// A name, and what it is beside it.
fn entry(page: &mut Page, name: &str, widest: usize, summary: &str) {
    let indent = widest + 4;
    for (at, line) in wrap(summary, page.width().saturating_sub(indent)).into_iter().enumerate() {
        let left = if at == 0 { name } else { "" };
        page.line(Line::new().plain(format!("  {left:<widest$}  ")).plain(line));
    }
}
