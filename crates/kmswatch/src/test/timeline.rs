//! A timeline: what was expected and what came, one below the other.

use crate::report::escape::Escaped;

/// Columns, each of a time, and rows with a label.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    pub(super) times: Vec<String>,
    pub(super) rows: Vec<(&'static str, Vec<String>)>,
    /// The column of the first difference.
    pub(super) mark: Option<usize>,
    /// Whether there are further columns before these, and behind them, which were left out.
    pub(super) is_cut: (bool, bool),
}

/// How wide a page is.
pub(super) const WIDTH: usize = 80;
/// Between two columns.
const GAP: usize = 2;
/// What stands for columns that aren't shown.
const CUT: &str = "…";
/// Before each line.
const INDENT: &str = "    ";

impl Timeline {
    /// One more column; each has the same rows.
    pub(super) fn add<T: Into<String>>(
        &mut self,
        time: String,
        cells: impl IntoIterator<Item = (&'static str, T)>,
    ) {
        self.times.push(time);
        for (label, cell) in cells {
            match self.rows.iter_mut().find(|(own, _)| *own == label) {
                Some((_, row)) => row.push(cell.into()),
                None => self.rows.push((label, vec![cell.into()])),
            }
        }
    }

    /// Leaves out what is further from the mark.
    pub(super) fn keep(&mut self, around: usize) {
        let mark = self.mark.unwrap_or_default();
        let first = mark.saturating_sub(around);
        let last = mark.saturating_add(around).saturating_add(1).min(self.len());
        self.is_cut = (self.is_cut.0 || first > 0, self.is_cut.1 || last < self.len());
        for row in self.rows.iter_mut().map(|(_, row)| row).chain([&mut self.times]) {
            row.truncate(last);
            row.drain(..first.min(row.len()));
        }
        self.mark = self.mark.map(|mark| mark - first);
    }

    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    /// Its lines, none of them wider than a page; where not all columns have room, those around the mark.
    pub(super) fn lines(&self) -> Vec<String> {
        if self.times.is_empty() {
            return Vec::new();
        }
        let label_width =
            self.rows.iter().map(|(label, _)| label.len()).max().unwrap_or_default().max("time".len());
        let widths: Vec<usize> = (0..self.len()).map(|column| self.width(column)).collect();
        let room = WIDTH.saturating_sub(INDENT.len() + label_width);
        let (first, last) = shown(&widths, self.mark.unwrap_or_default(), room.saturating_sub(2 * (GAP + 1)));
        let cut = (first > 0 || self.is_cut.0, last < self.len() || self.is_cut.1);
        let line = |label: &str, cells: &dyn Fn(usize) -> String| {
            let mut line = format!("{INDENT}{label:label_width$}");
            line.push_str(&mark_of_cut(cut.0));
            for column in first..last {
                let cell = cells(column);
                let width = widths.get(column).copied().unwrap_or_default();
                let padding = width.saturating_sub(cell.chars().count());
                line.push_str(&format!("{:GAP$}{cell}{:padding$}", "", ""));
            }
            line.push_str(&mark_of_cut(cut.1));
            line.trim_end().to_owned()
        };
        let mut lines = vec![line("time", &|column| self.times.get(column).cloned().unwrap_or_default())];
        for (label, row) in &self.rows {
            lines.push(line(label, &|column| shown_cell(row.get(column))));
        }
        if let Some(mark) = self.mark {
            let pointer = |column: usize| if column == mark { "^".to_owned() } else { String::new() };
            lines.push(line("", &pointer).trim_end_matches([' ', '…']).replace('…', " "));
        }
        lines
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|(_, row)| shown_cell(row.get(column)).chars().count());
        let time = self.times.get(column).map_or(0, |time| time.chars().count());
        cells.max().unwrap_or_default().max(time)
    }
}

/// Longer cells are cut.
const MAX_CELL: usize = 40;

fn shown_cell(cell: Option<&String>) -> String {
    crate::report::escape::shown_up_to(cell.map(String::as_str).unwrap_or_default(), MAX_CELL)
}

fn mark_of_cut(is_cut: bool) -> String {
    if is_cut { format!("{:GAP$}{CUT}", "") } else { String::new() }
}

/// The columns around one that have room together, as a range.
fn shown(widths: &[usize], mark: usize, room: usize) -> (usize, usize) {
    let (mut first, mut last) = (mark, (mark + 1).min(widths.len()));
    let width = |column: usize| widths.get(column).map(|width| width + GAP);
    let mut used = width(mark).unwrap_or_default();
    loop {
        let behind = width(last).filter(|width| used + width <= room);
        if let Some(width) = behind {
            used += width;
            last += 1;
        }
        let before = first.checked_sub(1).and_then(width).filter(|width| used + width <= room);
        if let Some(width) = before {
            used += width;
            first -= 1;
        }
        if behind.is_none() && before.is_none() {
            return (first, last);
        }
    }
}

/// A text in lines of at most a page, each behind `indent`, with what could disturb a terminal escaped.
pub(super) fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let text = Escaped(text).to_string();
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let is_full = indent.len() + line.chars().count() + 1 + word.chars().count() > WIDTH;
        if is_full && !line.is_empty() {
            lines.push(format!("{indent}{line}"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(format!("{indent}{line}"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(columns: usize, mark: usize) -> Timeline {
        let mut timeline = Timeline { mark: Some(mark), ..Timeline::default() };
        for column in 0..columns {
            timeline.add(format!("{column}m"), [("expected", "OK"), ("got", "INSUFFICIENT_DATA")]);
        }
        timeline
    }

    #[test]
    fn the_mark_points_at_its_column() {
        assert_eq!(
            timeline(2, 1).lines(),
            [
                "    time      0m                 1m",
                "    expected  OK                 OK",
                "    got       INSUFFICIENT_DATA  INSUFFICIENT_DATA",
                "                                 ^",
            ]
        );
    }

    #[test]
    fn a_long_timeline_shows_what_is_around_the_mark() {
        assert_eq!(
            timeline(100, 50).lines(),
            [
                "    time      …  49m                50m                51m                …",
                "    expected  …  OK                 OK                 OK                 …",
                "    got       …  INSUFFICIENT_DATA  INSUFFICIENT_DATA  INSUFFICIENT_DATA  …",
                "                                    ^",
            ]
        );
        for mark in 0..100 {
            let lines = timeline(100, mark).lines();
            assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:#?}");
            let mut less = timeline(100, mark);
            less.keep(10);
            assert!(less.len() <= 21);
            assert_eq!(less.lines(), lines);
        }
    }

    #[test]
    fn hostile_cells_are_escaped_and_cut() {
        let mut timeline = Timeline::default();
        timeline.add("0m".into(), [("got", format!("\x1b[31m{}", "x".repeat(100)))]);
        let lines = timeline.lines();
        assert!(lines[1].contains("\\x1b[31m") && lines[1].ends_with('…'), "{lines:?}");
        assert_eq!(wrapped("a\u{202e}b", ""), ["a\\u{202e}b"]);
    }
}
