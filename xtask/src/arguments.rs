//! The words behind a command's name.

use std::fmt;
use std::str::FromStr;

/// The words behind a command's name, taken out one option at a time.
#[derive(Debug)]
pub(crate) struct Arguments {
    words: Vec<String>,
}

/// The command was called in a way that it doesn't understand; ends with exit code 2.
#[derive(Debug)]
pub(crate) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl Arguments {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self { words }
    }

    /// Is there a `--help`, other than behind `--`?
    pub(crate) fn asks_for_help(&self) -> bool {
        self.words.iter().take_while(|word| *word != "--").any(|word| word == "-h" || word == "--help")
    }

    /// Everything behind `--`.
    pub(crate) fn take_rest(&mut self) -> Vec<String> {
        match self.words.iter().position(|word| word == "--") {
            Some(at) => self.words.split_off(at).into_iter().skip(1).collect(),
            None => Vec::new(),
        }
    }

    /// Was the switch `name` given?
    pub(crate) fn take_switch(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() < before
    }

    /// The value of the option `name`, as `--name value` or `--name=value`.
    pub(crate) fn take_value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, UsageError> {
        let Some(text) = self.take_text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| UsageError(format!("{name} doesn't take `{text}`")))
    }

    fn take_text(&mut self, name: &str) -> Result<Option<String>, UsageError> {
        let assigned = |word: &String| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
        if let Some(at) = self.words.iter().position(assigned) {
            let word = self.words.remove(at);
            return Ok(word.split_once('=').map(|(_, value)| value.to_owned()));
        }
        let Some(at) = self.words.iter().position(|word| word == name) else { return Ok(None) };
        if at + 1 == self.words.len() {
            return Err(UsageError(format!("{name} needs a value")));
        }
        self.words.remove(at);
        Ok(Some(self.words.remove(at)))
    }

    /// The next word that isn't an option.
    pub(crate) fn take_word(&mut self) -> Option<String> {
        let at = self.words.iter().position(|word| !word.starts_with('-'))?;
        Some(self.words.remove(at))
    }

    /// Refuses what nobody has taken.
    pub(crate) fn finish(self) -> Result<(), UsageError> {
        match self.words.first() {
            Some(word) => Err(UsageError(format!("`{word}` isn't understood"))),
            None => Ok(()),
        }
    }
}

/// The candidate that `word` was probably meant to be: at most two edits away.
pub(crate) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= 2)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many insertions, deletions and replacements turn `left` into `right`.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (line, from) in left.chars().enumerate() {
        let mut diagonal = line;
        let mut last = line + 1;
        let mut next = vec![last];
        for (to, above) in right.chars().zip(row.iter().skip(1)) {
            last = (diagonal + usize::from(from != to)).min(last + 1).min(above + 1);
            diagonal = *above;
            next.push(last);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &str) -> Arguments {
        Arguments::new(words.split_whitespace().map(String::from).collect())
    }

    #[test]
    fn options_are_taken_in_any_order_and_both_spellings() {
        let mut given = arguments("scan --runs=3 --check --gb 1.5 -- --gb 9");
        assert_eq!(given.take_rest(), ["--gb", "9"]);
        assert_eq!(given.take_value::<f64>("--gb").unwrap(), Some(1.5));
        assert_eq!(given.take_value::<u32>("--runs").unwrap(), Some(3));
        assert!(given.take_switch("--check"));
        assert_eq!(given.take_word().as_deref(), Some("scan"));
        given.finish().unwrap();
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            arguments("--gb").take_value::<f64>("--gb").unwrap_err().to_string(),
            "--gb needs a value"
        );
        let error = arguments("--gb much").take_value::<f64>("--gb").unwrap_err();
        assert_eq!(error.to_string(), "--gb doesn't take `much`");
        assert_eq!(arguments("--fast").finish().unwrap_err().to_string(), "`--fast` isn't understood");
    }

    #[test]
    fn help_behind_two_dashes_belongs_to_the_program_called() {
        assert!(arguments("--help").asks_for_help());
        assert!(!arguments("-- --help").asks_for_help());
    }

    #[test]
    fn the_nearest_candidate_is_at_most_two_edits_away() {
        assert_eq!(nearest("benhc", ["bench", "test"].into_iter()), Some("bench"));
        assert_eq!(nearest("xyz", ["bench", "test"].into_iter()), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
