//! Text that fits, and numbers as people read them.

use unicode_width::UnicodeWidthChar as _;

/// How many columns `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The beginning of `text` that fits in `columns`.
pub(crate) fn start(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// The end of `text` that fits in `columns`.
pub(crate) fn end(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

/// `text` cut to `columns`, with … where it was cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    format!("{}…", start(text, columns.saturating_sub(1)))
}

/// `text` on one line, without anything that a terminal would act on: values and traces may come
/// from anywhere.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `text` broken between words into lines of at most `columns`; its own line breaks stay.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.lines().flat_map(|line| wrap_line(&clean(line), columns)).collect()
}

/// The same in at most so many lines, with … where it was cut.
pub(crate) fn wrap_in(text: &str, columns: usize, most: usize) -> Vec<String> {
    let mut lines = wrap(text, columns);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last} …"), columns);
        }
    }
    lines
}

/// `line` as it is, its inner spaces too, in as many lines as it takes; all but the first begin with
/// `indent` spaces.
pub(crate) fn hang(line: &str, columns: usize, indent: usize) -> Vec<String> {
    // So that a wide character finds room beside it.
    let margin = " ".repeat(indent.min(columns / 2).min(columns.saturating_sub(2)));
    let mut lines = Vec::new();
    let mut rest = clean(line);
    while width(&rest) > columns {
        let most = start(&rest, columns);
        // Not at the spaces that it begins with.
        let text = most.len() - most.trim_start().len();
        let space = most[text..].rfind(' ').map(|at| text + at);
        let (line, after) = match space.filter(|at| *at > margin.len()) {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => rest.split_at(most.len().max(rest.chars().next().map_or(0, char::len_utf8))),
        };
        let after = format!("{margin}{after}");
        lines.push(line.trim_end().to_owned());
        rest = after;
    }
    lines.push(rest);
    lines
}

fn wrap_line(text: &str, columns: usize) -> Vec<String> {
    if width(text) <= columns {
        return vec![text.to_owned()]; // with its indentation and its inner spaces
    }
    let mut lines = vec![String::new()];
    for mut word in text.split_whitespace() {
        let last = lines.last_mut().expect("never empty");
        let used = width(last);
        if used == 0 {
            last.push_str(start(word, columns));
        } else if used + 1 + width(word) <= columns {
            last.push(' ');
            last.push_str(word);
            continue;
        } else {
            lines.push(start(word, columns).to_owned());
        }
        // A word wider than a line goes on in the next.
        loop {
            let taken = start(word, columns).len().max(1);
            if taken >= word.len() {
                break;
            }
            word = &word[taken..];
            lines.push(start(word, columns).to_owned());
        }
    }
    lines
}

/// `1 run`, `2,000 runs`.
pub(crate) fn count(number: u64, unit: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {unit}{plural}", thousands(number))
}

/// `1 message lost`, `2 messages lost`: a number and a unit whose first word is in the plural.
pub(crate) fn of_unit(number: u64, unit: &str) -> String {
    let (noun, rest) = unit.split_at(unit.find(|c: char| !c.is_alphabetic()).unwrap_or(unit.len()));
    let noun = match noun.strip_suffix('s') {
        Some(singular) if number == 1 => match singular.strip_suffix('e') {
            Some(hiss) if hiss.ends_with("sh") || hiss.ends_with("ch") => hiss,
            _ => singular,
        },
        _ => noun,
    };
    format!("{} {noun}{rest}", thousands(number))
}

/// `12,345,678`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `512 B`, `14.2 kB`, `3.1 MB`.
pub(crate) fn bytes(number: u64) -> String {
    let mut scaled = number as f64;
    for unit in ["B", "kB", "MB", "GB", "TB"] {
        if scaled < 1000.0 {
            return if unit == "B" { format!("{number} B") } else { format!("{scaled:.1} {unit}") };
        }
        scaled /= 1000.0;
    }
    format!("{scaled:.1} PB")
}

/// `40 ms`, `1.5 s`, `2 s`.
pub(crate) fn ms(number: u64) -> String {
    if number < 1000 {
        return format!("{number} ms");
    }
    let digits = format!("{}.{:03}", number / 1000, number % 1000);
    format!("{} s", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// `5 %`.
pub(crate) fn percent(probability: f64) -> String {
    let digits = format!("{:.2}", probability * 100.0);
    format!("{} %", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns_not_by_bytes() {
        assert_eq!(cut("Birne", 5), "Birne");
        assert_eq!(cut("Äpfel und Birnen", 6), "Äpfel…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(end("Äpfel", 3), "fel");
    }

    #[test]
    fn lines_break_between_words_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("a\n  b", 8), ["a", "  b"]);
        assert_eq!(wrap_in("one two three four", 8, 2), ["one two", "three …"]);
        assert_eq!(wrap_in("one two", 8, 2), ["one two"]);
    }

    #[test]
    fn a_line_goes_on_under_where_it_began() {
        assert_eq!(hang("  a = one two", 20, 6), ["  a = one two"]);
        assert_eq!(hang("  a = one two  three", 12, 6), ["  a = one", "      two", "      three"]);
        assert_eq!(hang("  abcdefghijkl", 8, 3), ["  abcdef", "   ghijk", "   l"]);
        assert_eq!(hang("日本語", 4, 0), ["日本", "語"]);
    }

    #[test]
    fn nothing_that_a_terminal_would_act_on_gets_through() {
        assert_eq!(clean("a\u{1b}[31mb\nc"), "a [31mb c");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!((ms(40), ms(1500), ms(2000)), ("40 ms".into(), "1.5 s".into(), "2 s".into()));
        assert_eq!((bytes(512), bytes(14_210)), ("512 B".into(), "14.2 kB".into()));
        assert_eq!((percent(0.05), percent(0.001)), ("5 %".into(), "0.1 %".into()));
        let units = [(1, "crashes, disk kept"), (1, "messages lost"), (2, "messages lost")];
        let units = units.map(|(number, unit)| of_unit(number, unit));
        assert_eq!(units, ["1 crash, disk kept", "1 message lost", "2 messages lost"]);
        assert_eq!((count(1, "run"), count(2, "run")), ("1 run".into(), "2 runs".into()));
    }
}
