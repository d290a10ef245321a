//! Text to alarm rule, by recursive descent.

use std::collections::BTreeSet;
use std::ops::Range;

use super::lexer::{Kind, Token, tokens};
use super::{
    AlarmReference, MAX_CHILDREN, MAX_ELEMENTS, MAX_RULE_CHARS, MAX_RULE_NESTING, RuleCondition, Threshold,
};
use crate::error::{ErrorCode, SyntaxError};
use crate::state::StateValue;

const CONDITION_HELP: &str =
    "write `ALARM(name)`, `OK(name)`, `INSUFFICIENT_DATA(name)`, `AT_LEAST(…)`, `TRUE` or `FALSE`";
const AT_LEAST_HELP: &str = "write `AT_LEAST(2, ALARM, (a, b, c))` or `AT_LEAST(50%, NOT OK, (a, b))`";
const WORDS: [&str; 9] =
    ["ALARM", "OK", "INSUFFICIENT_DATA", "TRUE", "FALSE", "AND", "OR", "NOT", "AT_LEAST"];

/// The rule, and the alarms that it names, in the order in which they stand there.
pub(super) fn parse(text: &str) -> Result<(RuleCondition, Vec<AlarmReference>), SyntaxError> {
    check_length(text)?;
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens: &tokens, depth: 0, elements: 0, children: Vec::new() };
    let condition = parser.or()?;
    match parser.peek() {
        Kind::End => {}
        Kind::Close => {
            return Err(parser
                .unexpected(ErrorCode::UnopenedRuleParenthesis, "nothing opened this parenthesis")
                .help("remove it, or open it further left"));
        }
        _ => {
            return Err(parser
                .unexpected(ErrorCode::MissingRuleOperator, "the rule could end before this")
                .help("join conditions with `AND` or `OR`"));
        }
    }
    check_size(text, &parser)?;
    Ok((condition, parser.children))
}

fn check_length(text: &str) -> Result<(), SyntaxError> {
    let count = text.chars().count();
    if (1..=MAX_RULE_CHARS).contains(&count) {
        return Ok(());
    }
    let message = format!("this alarm rule has {count} characters, and may have 1 to {MAX_RULE_CHARS}");
    let end = text.char_indices().nth(MAX_RULE_CHARS).map_or(0, |(end, _)| end);
    let (bound, limit, help) = match count {
        0 => ("greater", 1, CONDITION_HELP),
        _ => ("less", MAX_RULE_CHARS, "split it into several composite alarms, and combine these"),
    };
    Err(SyntaxError::new(ErrorCode::RuleTooLong, end..text.len(), message)
        .aws(format!(
            "1 validation error detected: Value '{text}' at 'alarmRule' failed to satisfy constraint: Member must \
             have length {bound} than or equal to {limit}"
        ))
        .help(help))
}

fn check_size(text: &str, parser: &Parser<'_>) -> Result<(), SyntaxError> {
    let mut names = BTreeSet::new();
    let excess = parser.children.iter().find(|child| {
        names.insert(child.text.as_str());
        names.len() > MAX_CHILDREN
    });
    if let Some(child) = excess {
        let message =
            format!("this is alarm number {}, and a rule names at most {MAX_CHILDREN}", names.len());
        return Err(SyntaxError::new(ErrorCode::TooManyChildren, child.span.clone(), message)
            .help("split the rule into several composite alarms, and combine these"));
    }
    let elements = parser.elements + parser.children.len();
    if elements > MAX_ELEMENTS {
        let message = format!("this rule has {elements} elements, and may have {MAX_ELEMENTS}");
        return Err(SyntaxError::new(ErrorCode::TooManyElements, 0..text.len(), message)
            .help("alarms, `TRUE`, `FALSE` and parentheses count; split the rule"));
    }
    Ok(())
}

struct Parser<'t> {
    text: &'t str,
    /// What is left.
    tokens: &'t [Token],
    depth: usize,
    /// Parentheses and constants.
    elements: usize,
    children: Vec<AlarmReference>,
}

impl Parser<'_> {
    fn or(&mut self) -> Result<RuleCondition, SyntaxError> {
        let mut parts = vec![self.and()?];
        while self.take_word("OR") {
            parts.push(self.and()?);
        }
        Ok(one_or(parts, RuleCondition::Or))
    }

    fn and(&mut self) -> Result<RuleCondition, SyntaxError> {
        let mut parts = vec![self.not()?];
        while self.take_word("AND") {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, RuleCondition::And))
    }

    /// Two `NOT`s are none.
    fn not(&mut self) -> Result<RuleCondition, SyntaxError> {
        let mut negated = false;
        while self.take_word("NOT") {
            negated = !negated;
        }
        let condition = self.atom()?;
        Ok(if negated { RuleCondition::Not(Box::new(condition)) } else { condition })
    }

    fn atom(&mut self) -> Result<RuleCondition, SyntaxError> {
        let word = match self.peek() {
            Kind::Open => return self.group(),
            Kind::Word(word) => word.clone(),
            _ => return Err(self.missing_condition()),
        };
        match word.as_str() {
            "TRUE" | "FALSE" => {
                self.elements += 1;
                self.next();
                Ok(RuleCondition::Constant(word == "TRUE"))
            }
            "AT_LEAST" => self.at_least(),
            _ => match StateValue::parse(&word) {
                Some(state) => self.state(state),
                None => Err(self.unknown_word(&word)),
            },
        }
    }

    fn group(&mut self) -> Result<RuleCondition, SyntaxError> {
        let opening = self.span();
        if self.depth >= MAX_RULE_NESTING {
            let message = format!("parentheses are nested more than {MAX_RULE_NESTING} deep");
            return Err(SyntaxError::new(ErrorCode::RuleTooDeep, opening, message)
                .help("remove parentheses that aren't needed"));
        }
        self.elements += 1;
        self.depth += 1;
        self.next();
        let condition = self.or()?;
        self.close(&opening)?;
        self.depth -= 1;
        Ok(condition)
    }

    fn state(&mut self, state: StateValue) -> Result<RuleCondition, SyntaxError> {
        self.next();
        let opening = self.open()?;
        let alarm = self.reference()?;
        self.close(&opening)?;
        Ok(RuleCondition::State(state, alarm))
    }

    fn at_least(&mut self) -> Result<RuleCondition, SyntaxError> {
        self.next();
        let opening = self.open()?;
        let threshold = self.threshold()?;
        self.comma()?;
        let negated = self.take_word("NOT");
        let state = match self.peek() {
            Kind::Word(word) => StateValue::parse(word),
            _ => None,
        };
        let Some(state) = state else { return Err(self.invalid_at_least("a state is expected here")) };
        self.next();
        self.comma()?;
        let list = self.open()?;
        let mut alarms = vec![self.reference()?];
        while *self.peek() == Kind::Comma {
            self.next();
            alarms.push(self.reference()?);
        }
        self.close(&list)?;
        self.close(&opening)?;
        Ok(RuleCondition::AtLeast { threshold, negated, state, alarms })
    }

    fn threshold(&mut self) -> Result<Threshold, SyntaxError> {
        let Kind::Word(word) = self.peek() else {
            return Err(self.invalid_at_least("a number or a percentage is expected here"));
        };
        let number = |digits: &str| digits.parse::<u32>().ok().filter(|number| *number > 0);
        let threshold = match word.strip_suffix('%') {
            Some(digits) => number(digits).filter(|percent| *percent <= 100).map(Threshold::Percent),
            None => number(word).map(Threshold::Count),
        };
        let message = "this is neither a number from 1 up nor a percentage from 1% to 100%";
        let threshold = threshold.ok_or_else(|| self.invalid_at_least(message))?;
        self.next();
        Ok(threshold)
    }

    fn reference(&mut self) -> Result<AlarmReference, SyntaxError> {
        let span = self.span();
        let text = match self.peek() {
            Kind::Word(name) | Kind::Quoted(name) if !name.is_empty() => name.clone(),
            _ => {
                let message = "the name of an alarm is expected here";
                return Err(self
                    .unexpected(ErrorCode::MissingAlarmName, message)
                    .help("write the name or the ARN of an alarm, such as `ALARM(kms-denied)`"));
            }
        };
        self.next();
        if let Kind::Word(_) | Kind::Quoted(_) | Kind::Open = self.peek() {
            let span = span.start..self.span().end;
            return Err(SyntaxError::new(ErrorCode::UnquotedAlarmName, span, "this isn't one name")
                .aws(self.unsupported_token())
                .help("put a name with spaces, parentheses or commas into double quotes"));
        }
        let reference = AlarmReference { text, span };
        self.children.push(reference.clone());
        Ok(reference)
    }

    /// Takes an opening parenthesis and says where it stands.
    fn open(&mut self) -> Result<Range<usize>, SyntaxError> {
        let span = self.span();
        if *self.peek() != Kind::Open {
            return Err(self
                .unexpected(ErrorCode::MissingAlarmName, "an opening parenthesis is expected here")
                .help(CONDITION_HELP));
        }
        self.next();
        Ok(span)
    }

    fn close(&mut self, opening: &Range<usize>) -> Result<(), SyntaxError> {
        match self.peek() {
            Kind::Close => {
                self.next();
                Ok(())
            }
            Kind::End => Err(SyntaxError::new(
                ErrorCode::UnclosedRuleParenthesis,
                opening.clone(),
                "this parenthesis is never closed",
            )
            .aws(self.unsupported_token())
            .help("close it with `)`")),
            _ => Err(self
                .unexpected(ErrorCode::MissingRuleOperator, "a closing parenthesis is expected here")
                .help("close the parenthesis, or join conditions with `AND` or `OR`")),
        }
    }

    fn comma(&mut self) -> Result<(), SyntaxError> {
        if *self.peek() != Kind::Comma {
            return Err(self.invalid_at_least("a comma is expected here"));
        }
        self.next();
        Ok(())
    }

    fn missing_condition(&self) -> SyntaxError {
        self.unexpected(ErrorCode::MissingRuleCondition, "a condition is expected here").help(CONDITION_HELP)
    }

    fn unknown_word(&self, word: &str) -> SyntaxError {
        let upper = word.to_uppercase();
        if WORDS.contains(&upper.as_str()) && upper != word {
            return self
                .unexpected(ErrorCode::LowerCaseRuleWord, "the words of alarm rules are in capital letters")
                .help(format!("write `{upper}`"));
        }
        if WORDS.contains(&word) {
            return self.missing_condition();
        }
        self.unexpected(ErrorCode::UnknownRuleWord, format!("alarm rules have no `{}`", word.escape_debug()))
            .help(CONDITION_HELP)
    }

    fn invalid_at_least(&self, message: &str) -> SyntaxError {
        self.unexpected(ErrorCode::InvalidAtLeast, message).help(AT_LEAST_HELP)
    }

    /// An error at the next piece.
    fn unexpected(&self, code: ErrorCode, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(code, self.span(), message).aws(self.unsupported_token())
    }

    /// What AWS says of the next piece.
    fn unsupported_token(&self) -> String {
        let span = self.span();
        let char = self.text.get(..span.start).unwrap_or_default().chars().count();
        let token = self.text.get(span).filter(|token| !token.is_empty()).unwrap_or("<EOF>");
        format!("Error in AlarmRule [Unsupported token '{token}' at char {char}]")
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Kind::Word(word) if word == wanted);
        if found {
            self.next();
        }
        found
    }

    fn peek(&self) -> &Kind {
        self.tokens.first().map_or(&Kind::End, |token| &token.kind)
    }

    fn span(&self) -> Range<usize> {
        self.tokens.first().map_or(self.text.len()..self.text.len(), |token| token.span.clone())
    }

    fn next(&mut self) {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
    }
}

fn one_or(mut parts: Vec<RuleCondition>, many: fn(Vec<RuleCondition>) -> RuleCondition) -> RuleCondition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => RuleCondition::Constant(false),
    }
}
