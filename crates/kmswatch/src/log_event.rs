//! A record as a log event: what the patterns are asked about.

use cloudtrail::reader::Found;
use filter_pattern::{Language, Outline, Pattern, PatternSet, Scratch};

/// Patterns to ask of each record.
pub(crate) struct Patterns {
    pub(crate) set: PatternSet,
    /// Whether a pattern looks at the text of the log event, which must then be as CloudWatch would have it.
    needs_text: bool,
}

/// The memory that one thread needs to ask.
#[derive(Default)]
pub(crate) struct Memory {
    scratch: Scratch,
    compact: String,
}

impl Patterns {
    pub(crate) fn new(patterns: Vec<Pattern>) -> Self {
        let needs_text = patterns.iter().any(|pattern| pattern.language() != Language::Json);
        Self { set: PatternSet::new(patterns), needs_text }
    }

    /// The numbers of the patterns that match a record. The outline's values begin with those of the set's watched keys.
    pub(crate) fn matching<'m>(&self, record: &Found<'_>, memory: &'m mut Memory) -> &'m [u32] {
        let Memory { scratch, compact } = memory;
        if self.needs_text {
            return self.set.matches(compacted(record.text, compact), scratch);
        }
        let Some(outline) = record.outline else { return self.set.matches(record.text, scratch) };
        let watched = self.set.watched_keys().len().min(outline.values.len());
        let (values, _) = outline.values.split_at(watched);
        self.set.matches_outline(&Outline { event: record.text, values, escaped: outline.escaped }, scratch)
    }
}

/// A record as the log event that CloudWatch would have: without white space outside strings.
pub(crate) fn compacted<'t>(text: &'t [u8], buffer: &'t mut String) -> &'t [u8] {
    let Ok(text) = std::str::from_utf8(text) else { return text };
    buffer.clear();
    json::minify(text, buffer);
    buffer.as_bytes()
}
