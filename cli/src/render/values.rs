//! Values one under the other, cut so that what differs is still there.

use rejoin_sim::outcome::Reading;

use super::line::{Line, Style};
use super::text;

/// How much that is equal is kept before what differs.
const LEAD_COLUMNS: usize = 12;

/// For each reading its value in at most `columns`, what differs between them in bold.
pub(crate) fn side_by_side(readings: &[Reading], columns: usize) -> Vec<Line> {
    let values: Vec<String> = readings.iter().map(|reading| text::clean(&reading.value)).collect();
    let before =
        common(&values, |a, b| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count());
    let after = common(&values, |a, b| {
        a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).count()
    });
    let fits = values.iter().all(|value| text::width(value) <= columns);
    if fits {
        return values.iter().map(|value| one(value, before, after, None)).collect();
    }
    // As much of what is equal as leaves room for the rest of every value, and as much in each.
    let rest = |value: &String| text::width(&value.chars().skip(before).collect::<String>());
    let widest = values.iter().map(rest).max().unwrap_or(0);
    let lead = columns.saturating_sub(widest).max(LEAD_COLUMNS.min(columns / 2));
    values.iter().map(|value| one(value, before, after, Some(lead)).fit(columns)).collect()
}

/// The least of what each value has in common with the first, in characters.
fn common(values: &[String], length: impl Fn(&str, &str) -> usize) -> usize {
    let Some((first, rest)) = values.split_first() else { return 0 };
    rest.iter().map(|value| length(first, value)).min().unwrap_or(0)
}

/// `value`, of which the first `before` and the last `after` characters are nothing special, and
/// at most `lead` columns of the former are shown.
fn one(value: &str, before: usize, after: usize, lead: Option<usize>) -> Line {
    let chars: Vec<char> = value.chars().collect();
    let before = before.min(chars.len());
    let after = after.min(chars.len() - before);
    let piece = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
    let head = piece(0, before);
    let middle = piece(before, chars.len() - after);
    let tail = piece(chars.len() - after, chars.len());
    let head = match lead {
        Some(lead) if text::width(&head) > lead => {
            format!("…{}", text::end(&head, lead.saturating_sub(1)))
        }
        _ => head,
    };
    // What differs throughout needs no emphasis.
    let emphasis = if before + after == 0 { Style::Plain } else { Style::Strong };
    Line::new().plain(head).styled(emphasis, middle).plain(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Screen;
    use crate::render::line::Page;

    fn shown(values: &[&str], columns: usize) -> String {
        let readings: Vec<Reading> =
            values.iter().map(|value| Reading { replica: 1, value: (*value).to_owned() }).collect();
        let mut page = Page::new(Screen { width: columns, height: None, colour: false });
        page.lines(side_by_side(&readings, columns));
        page.print()
    }

    #[test]
    fn short_values_are_shown_whole() {
        assert_eq!(shown(&["{1, 2}", "{1}"], 20), "{1, 2}\n{1}\n");
    }

    #[test]
    fn long_values_are_cut_where_they_are_equal() {
        let long = "x".repeat(60);
        let one = format!("{{{long}, milk}}");
        let other = format!("{{{long}, pear}}");
        assert_eq!(shown(&[&one, &other], 16), "…xxxxxxxx, milk}\n…xxxxxxxx, pear}\n");
    }

    #[test]
    fn no_value_is_wider_than_asked_for() {
        let values = ["a".repeat(50), "ab".repeat(50), String::new()];
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        assert!(shown(&values, 16).lines().all(|line| line.chars().count() <= 16));
    }
}
