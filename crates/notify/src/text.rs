//! The mail as plain text.

use std::fmt::Write as _;

use crate::chart::Chart;
use crate::command::Command;
use crate::times::{day_and_minute, minute};
use crate::view::{Row, View};
use crate::words::{Fact, Line};

/// How wide paragraphs are, in columns.
const WIDTH: usize = 76;
/// How wide the questions are.
const LABEL: usize = 16;

/// The whole text; lines end in `\n`, and only those of AWS's block may end in a blank.
pub(crate) fn text(view: &View<'_>) -> String {
    let mut text = String::new();
    paragraph(&format!("{}: {}", view.badge, view.title), 0, &mut text);
    paragraph(&view.place, 0, &mut text);
    text.push('\n');
    for sentence in [Some(&view.sentence), view.further.as_ref()].into_iter().flatten() {
        paragraph(sentence, 0, &mut text);
        text.push('\n');
    }
    facts(&view.facts, 0, &mut text);
    if let Some(chart) = &view.chart {
        signs(chart, &mut text);
    }
    if let Some(about) = &view.about {
        if !text.ends_with("\n\n") {
            text.push('\n');
        }
        paragraph(about, 0, &mut text);
    }
    if view.is_summary() {
        steps(view, &mut text);
        groups(view, &mut text);
    } else {
        groups(view, &mut text);
        steps(view, &mut text);
    }
    if !view.block.is_empty() {
        heading("Alarm details, as AWS writes them", &mut text);
        text.push_str(&view.block);
    }
    footer(view, &mut text);
    text
}

fn heading(words: &str, text: &mut String) {
    if !text.ends_with("\n\n") {
        text.push('\n');
    }
    let _ = writeln!(text, "{}\n{}", words.to_uppercase(), "-".repeat(words.chars().count()));
}

/// Words wrapped, each line `indent` columns from the left.
fn paragraph(words: &str, indent: usize, text: &mut String) {
    hanging("", indent, words, text);
}

/// The same, with `label` in the first line's margin.
fn hanging(label: &str, indent: usize, words: &str, text: &mut String) {
    let mut column = label.chars().count();
    text.push_str(label);
    let mut is_first = true;
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if !is_first && column + 1 + length > WIDTH {
            text.push('\n');
            column = 0;
            is_first = true;
        }
        if is_first {
            let margin = indent.saturating_sub(column);
            text.push_str(&" ".repeat(margin));
            column += margin;
            is_first = false;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}

fn facts(facts: &[Fact], indent: usize, text: &mut String) {
    for fact in facts {
        let label = format!("{}{}", " ".repeat(indent), fact.label);
        for (position, line) in fact.lines.iter().enumerate() {
            let (Line::Words(words) | Line::Name(words)) = line;
            hanging(if position == 0 { &label } else { "" }, indent + LABEL, words, text);
        }
    }
}

fn signs(chart: &Chart<'_>, text: &mut String) {
    heading("The last hours", text);
    paragraph(&chart.title(), 0, text);
    let (start, end) = chart.span();
    let signs: Vec<char> = chart.signs().chars().collect();
    for line in signs.chunks(WIDTH) {
        let line: String = line.iter().collect();
        let _ = writeln!(text, "{line}");
    }
    let (start, end) = (day_and_minute(start), minute(end));
    let missing = if chart.has_gaps() { " A dot is a missing datapoint." } else { "" };
    paragraph(&format!("{start} to {end} UTC.{missing}"), 0, text);
    if let Some(threshold) = chart.threshold() {
        paragraph(&format!("{}.", capital(&threshold)), 0, text);
    }
}

fn groups(view: &View<'_>, text: &mut String) {
    if view.rows.is_empty() {
        return;
    }
    heading(view.heading, text);
    for row in &view.rows {
        group(row, text);
    }
    if let Some(rest) = &view.rest {
        paragraph(rest, 0, text);
    }
}

fn group(row: &Row, text: &mut String) {
    let mark = if row.count.is_empty() { "-" } else { &row.count };
    hanging(mark, 6, &row.title, text);
    facts(&row.facts, 6, text);
    text.push('\n');
}

fn steps(view: &View<'_>, text: &mut String) {
    if view.steps.is_empty() {
        return;
    }
    heading("What to do next", text);
    for (position, step) in view.steps.iter().enumerate() {
        hanging(&format!("{}.", position + 1), 3, &step.text, text);
        for command in &step.commands {
            command_lines(command, text);
        }
    }
    if let Some(note) = &view.note {
        text.push('\n');
        paragraph(note, 0, text);
    }
}

fn command_lines(command: &Command, text: &mut String) {
    for line in command.in_lines(WIDTH - 5).lines() {
        let _ = writeln!(text, "     {line}");
    }
}

fn footer(view: &View<'_>, text: &mut String) {
    if !text.ends_with("\n\n") {
        text.push('\n');
    }
    for (label, url) in &view.links {
        let _ = writeln!(text, "{}: {url}", capital(label));
    }
    // Mail programs show what stands below this line as a signature.
    text.push_str("-- \n");
    for line in &view.footer {
        paragraph(line, 0, text);
    }
}

/// With a large first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
