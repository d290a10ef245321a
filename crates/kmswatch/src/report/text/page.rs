//! Lines, indents, widths and colours.

use std::io::{self, Write};

use super::super::format::TextOptions;

/// Columns before a field's text.
const FIELD: usize = 16;

/// Lines are never set narrower or wider than this, whatever the terminal.
const WIDTHS: (usize, usize) = (40, 160);

/// A terminal that is written to.
pub(crate) struct Page<'w> {
    out: &'w mut dyn Write,
    pub(crate) options: TextOptions,
}

/// How something stands out, where there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Bold,
    Dim,
    Red,
    Yellow,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Red => "1;31",
            Style::Yellow => "33",
        }
    }
}

impl<'w> Page<'w> {
    /// An empty page.
    pub(crate) fn new(out: &'w mut dyn Write, options: TextOptions) -> Self {
        let width = options.width.clamp(WIDTHS.0, WIDTHS.1);
        Page { out, options: TextOptions { width, ..options } }
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) -> io::Result<()> {
        self.line("")
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// An empty line and a heading.
    pub(crate) fn heading(&mut self, text: &str) -> io::Result<()> {
        self.blank()?;
        let heading = self.paint(Style::Bold, text);
        self.line(&heading)
    }

    /// Wrapped text.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) -> io::Result<()> {
        self.hanging("", indent, text)
    }

    /// Wrapped text whose further lines stand below the start of the first, behind `start`, which takes `indent`
    /// columns.
    pub(crate) fn hanging(&mut self, start: &str, indent: usize, text: &str) -> io::Result<()> {
        let mut start = if start.is_empty() { " ".repeat(indent) } else { start.to_owned() };
        for line in wrapped(text, self.options.width.saturating_sub(indent)) {
            self.line(&format!("{start}{line}"))?;
            start = " ".repeat(indent);
        }
        Ok(())
    }

    /// A label and its text; nothing where there is no text.
    pub(crate) fn field(&mut self, label: &str, text: &str) -> io::Result<()> {
        let padded = format!("    {label:<width$}", width = FIELD - 4);
        let start = self.paint(Style::Dim, &padded);
        self.hanging(&start, FIELD, text)
    }

    /// A label and several texts: in one line if they fit, else a line each.
    pub(crate) fn fields(&mut self, label: &str, texts: &[String]) -> io::Result<()> {
        let one_line = texts.join(", ");
        if one_line.chars().count() + FIELD <= self.options.width {
            return self.field(label, &one_line);
        }
        texts
            .iter()
            .zip(std::iter::once(label).chain(std::iter::repeat("")))
            .try_for_each(|(text, label)| self.field(label, text))
    }

    /// Text in a style, if there are colours.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        if self.options.colour { format!("\x1b[{}m{text}\x1b[0m", style.code()) } else { text.to_owned() }
    }
}

/// Text in lines of at most `width` characters, broken at spaces only: an ARN stays in one piece, to be copied.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `1 call`, `1,204 calls`.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// `1,204`
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text cut to `width` characters.
pub(crate) fn fitted(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
