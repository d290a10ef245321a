//! The patterns of a set with their conditions and selectors numbered, so that each is evaluated once.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use json::Value;

use super::conjunctions::{Conjunction, conjunctions};
use super::scratch::Found;
use super::{MAX_WATCHED, Outline, raw};
use crate::ast::{Condition, Expression, Operand, Syntax, Test};
use crate::pattern::Pattern;
use crate::selector::{Selector, Step};

/// All programs of a set and what they share.
#[derive(Debug, Default)]
pub(super) struct Programs {
    /// By pattern; `None` where it isn't a JSON pattern.
    pub(super) programs: Vec<Option<Program>>,
    /// By pattern, its conjunctions; `None` where there would be too many, or it isn't a JSON pattern.
    pub(super) conjunctions: Vec<Option<Vec<Conjunction>>>,
    pub(super) conditions: Vec<Shared>,
    /// The selectors without wildcard.
    pub(super) selectors: Vec<Selector>,
    pub(super) watched: Vec<String>,
}

/// A JSON pattern over numbered conditions.
#[derive(Debug)]
pub(super) enum Program {
    All(Vec<Program>),
    Any(Vec<Program>),
    Condition(u32),
}

/// A condition that patterns share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) condition: Condition,
    /// The number of its selector; `None` if that has a wildcard.
    selector: Option<usize>,
    /// Which watched key its selector begins with, if any.
    pub(super) watched: Option<usize>,
}

impl Programs {
    pub(super) fn new(patterns: &[Pattern]) -> Self {
        let mut programs = Programs::default();
        let mut numbers = Numbers::default();
        for pattern in patterns {
            let program = match pattern.syntax() {
                Syntax::Json(expression) => Some(programs.compile(expression, pattern, &mut numbers)),
                _ => None,
            };
            programs.conjunctions.push(program.as_ref().and_then(conjunctions));
            programs.programs.push(program);
        }
        programs.watch();
        programs
    }

    fn compile(&mut self, expression: &Expression, pattern: &Pattern, numbers: &mut Numbers) -> Program {
        let mut parts =
            |parts: &[Expression]| parts.iter().map(|part| self.compile(part, pattern, numbers)).collect();
        match expression {
            Expression::All(all) => Program::All(parts(all)),
            Expression::Any(any) => Program::Any(parts(any)),
            Expression::Condition(condition) => Program::Condition(self.share(condition, pattern, numbers)),
        }
    }

    fn share(&mut self, condition: &Condition, pattern: &Pattern, numbers: &mut Numbers) -> u32 {
        let what = format!("{:?} {}", pattern.wildcards(), test_key(&condition.test));
        let (number, new) = number(&mut numbers.conditions, (condition.selector.clone(), what));
        if new {
            let selector = self.share_selector(&condition.selector, numbers);
            self.conditions.push(Shared { condition: condition.clone(), selector, watched: None });
        }
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn share_selector(&mut self, selector: &Selector, numbers: &mut Numbers) -> Option<usize> {
        if selector.has_wildcard() {
            return None;
        }
        let (number, new) = number(&mut numbers.selectors, selector.clone());
        if new {
            self.selectors.push(selector.clone());
        }
        Some(number)
    }

    /// Chooses the keys to watch: first those that the index would file conjunctions under, then those that are
    /// required, then those that are just asked about. Members that are only looked into aren't watched: where they
    /// begin decides nothing, and finding it costs time for each event.
    fn watch(&mut self) {
        let mut scores: HashMap<&str, u64> = HashMap::new();
        for shared in &self.conditions {
            if let Some(key) = shared.top_level_key() {
                *scores.entry(key).or_default() += 1;
            }
        }
        for conjunction in self.conjunctions.iter().flatten().flatten() {
            self.score(conjunction, &mut scores);
        }
        let asked: HashSet<&str> = self
            .conditions
            .iter()
            .filter(|shared| shared.is_top_level())
            .filter_map(Shared::top_level_key)
            .collect();
        let mut keys: Vec<(&str, u64)> = scores.into_iter().filter(|(key, _)| asked.contains(key)).collect();
        keys.sort_unstable_by(|(a, score_a), (b, score_b)| score_b.cmp(score_a).then_with(|| a.cmp(b)));
        self.watched = keys.iter().take(MAX_WATCHED).map(|(key, _)| (*key).to_owned()).collect();
        for shared in &mut self.conditions {
            let key = shared.top_level_key();
            shared.watched = self.watched.iter().position(|watched| Some(watched.as_str()) == key);
        }
    }

    fn score<'p>(&'p self, conjunction: &Conjunction, scores: &mut HashMap<&'p str, u64>) {
        let conditions = || conjunction.iter().filter_map(|id| self.condition(*id));
        for shared in conditions().filter(|shared| shared.requires_presence()) {
            if let Some(key) = shared.top_level_key() {
                *scores.entry(key).or_default() += if is_common(key) { 10 } else { 100 };
            }
        }
        let anchor = conditions().filter(|shared| shared.exact_text().is_some());
        let anchor = anchor.filter_map(Shared::top_level_key).min_by_key(|key| anchor_rank(key));
        if let Some(key) = anchor {
            *scores.entry(key).or_default() += 1000;
        }
    }

    pub(super) fn condition(&self, id: u32) -> Option<&Shared> {
        self.conditions.get(id as usize)
    }

    /// Whether a condition holds for a parsed log event.
    pub(super) fn holds<'d>(&self, id: u32, root: Value<'d>, found: &mut Found<'d>) -> bool {
        let Some(shared) = self.condition(id) else { return false };
        let Some(number) = shared.selector else { return shared.condition.holds(root) };
        let Some(slot) = found.get_mut(number) else { return shared.condition.holds(root) };
        let value = *slot.get_or_insert_with(|| shared.condition.selector.one(root));
        match (&shared.condition.test, value) {
            (Test::NotExists, value) => value.is_none(),
            (test, value) => value.is_some_and(|value| test.holds(value)),
        }
    }
}

/// What has a number already.
#[derive(Default)]
struct Numbers {
    conditions: HashMap<(Selector, String), usize>,
    selectors: HashMap<Selector, usize>,
}

/// The number of `key`, and whether it is new.
fn number<K: Eq + Hash>(numbers: &mut HashMap<K, usize>, key: K) -> (usize, bool) {
    let next = numbers.len();
    let number = *numbers.entry(key).or_insert(next);
    (number, number == next)
}

/// A text that is the same for tests that mean the same.
fn test_key(test: &Test) -> String {
    match test {
        Test::IsNull => "null".into(),
        Test::IsBool(wanted) => wanted.to_string(),
        Test::NotExists => "absent".into(),
        Test::Equal(operand) => format!("= {}", operand_key(operand)),
        Test::NotEqual(operand) => format!("!= {}", operand_key(operand)),
        Test::Order(comparison, number) => format!("{} {}", comparison.symbol(), number.text),
    }
}

fn operand_key(operand: &Operand) -> String {
    match operand {
        Operand::Number(number) => format!("number {}", number.text),
        Operand::Text(glob) => format!("text {}", glob.text()),
        Operand::Regex(regex) => format!("regex {}", regex.text()),
    }
}

/// Members that nearly all CloudTrail records have: to ask whether they are there rules nothing out.
pub(super) fn is_common(key: &str) -> bool {
    matches!(
        key,
        "eventVersion"
            | "userIdentity"
            | "eventTime"
            | "eventSource"
            | "eventName"
            | "awsRegion"
            | "sourceIPAddress"
            | "userAgent"
            | "requestParameters"
            | "responseElements"
            | "requestID"
            | "eventID"
            | "readOnly"
            | "eventType"
            | "managementEvent"
            | "recipientAccountId"
            | "eventCategory"
    )
}

/// Which exact text to file a conjunction under, the lowest first: names differ more than services do.
pub(super) fn anchor_rank(key: &str) -> u8 {
    match key {
        "eventName" => 0,
        "eventSource" => 2,
        _ => 1,
    }
}

impl Shared {
    /// The key of the top-level member that its selector begins with, if a scanner can look for it.
    pub(super) fn top_level_key(&self) -> Option<&str> {
        match self.condition.selector.steps().first() {
            Some(Step::Key(key)) if !key.is_empty() && key.chars().all(crate::text::is_name) => Some(key),
            _ => None,
        }
    }

    /// Whether it looks at the top-level member itself, not into it.
    pub(super) fn is_top_level(&self) -> bool {
        self.condition.selector.steps().len() == 1
    }

    /// Whether it can only hold where its top-level member is there.
    pub(super) fn requires_presence(&self) -> bool {
        !matches!(self.condition.test, Test::NotExists)
    }

    /// The text that a top-level member must equal. A number literal isn't one: it has many spellings.
    pub(super) fn exact_text(&self) -> Option<&str> {
        match &self.condition.test {
            Test::Equal(Operand::Text(glob)) if glob.is_exact() && self.is_top_level() => Some(glob.text()),
            _ => None,
        }
    }

    /// Whether it holds, if the bytes of the watched member decide that.
    pub(super) fn decide(&self, outline: &Outline<'_>) -> Option<bool> {
        let value = raw::Raw::read(outline, self.watched?);
        raw::decide(&self.condition.test, value, self.is_top_level())
    }
}

impl Program {
    /// Whether it holds where some conditions are unknown.
    pub(super) fn truth(&self, condition: &mut impl FnMut(u32) -> Option<bool>) -> Option<bool> {
        match self {
            Program::Condition(id) => condition(*id),
            Program::All(parts) => decisive(parts, false, condition),
            Program::Any(parts) => decisive(parts, true, condition),
        }
    }
}

/// `decisive` if one of the parts is; unknown if none is but one is unknown.
fn decisive(
    parts: &[Program],
    decisive: bool,
    condition: &mut impl FnMut(u32) -> Option<bool>,
) -> Option<bool> {
    let mut truth = Some(!decisive);
    for part in parts {
        match part.truth(condition) {
            Some(found) if found == decisive => return Some(decisive),
            Some(_) => {}
            None => truth = None,
        }
    }
    truth
}
