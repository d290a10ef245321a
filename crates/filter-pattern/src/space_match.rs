//! Whether a log event has the fields of a space-delimited pattern (6).

use std::collections::HashMap;

use crate::ast::{Field, FieldTest, FieldTests, Operand, SpacePattern};
use crate::text::{is_number, is_space, number_value};

impl SpacePattern {
    /// The extracted values of a log event that matches.
    pub(crate) fn extract(&self, event: &str) -> Option<Vec<(String, String)>> {
        let mut bound = Vec::new();
        let matches = self.bind(event, &mut |position, field, value| bound.push((position, field, value)));
        matches.then(|| extracted(&bound))
    }

    /// Whether a log event matches.
    pub(crate) fn matches(&self, event: &str) -> bool {
        self.bind(event, &mut |_, _, _| {})
    }

    /// Gives each field its value until one doesn't hold. `take` gets the position counted from 1, the field
    /// (`None` for what an ellipsis covers, and for every token of the pattern `[]`), and the value.
    fn bind<'p, 'e>(
        &'p self,
        event: &'e str,
        take: &mut impl FnMut(usize, Option<&'p Field>, &'e str),
    ) -> bool {
        let ellipsis = self.fields.iter().position(|field| matches!(field, Field::Ellipsis));
        match ellipsis {
            Some(ellipsis) => self.bind_both_ends(event, ellipsis, take),
            None if self.fields.is_empty() => {
                Tokens::new(event).enumerate().for_each(|(index, token)| take(index + 1, None, token.text));
                true
            }
            None => self.bind_from_left(event, take),
        }
    }

    /// Without ellipsis, the last field takes the rest of the log event (6, field assignment 1).
    fn bind_from_left<'p, 'e>(
        &'p self,
        event: &'e str,
        take: &mut impl FnMut(usize, Option<&'p Field>, &'e str),
    ) -> bool {
        let tokens: Vec<Token<'_>> = Tokens::new(event).take(self.fields.len() + 1).collect();
        if tokens.len() < self.fields.len() {
            return false;
        }
        let rest_from = (tokens.len() > self.fields.len()).then_some(self.fields.len() - 1);
        self.fields.iter().zip(&tokens).enumerate().all(|(index, (field, token))| {
            let value = match rest_from {
                Some(last) if last == index => rest_of(event, token.start),
                _ => token.text,
            };
            take(index + 1, Some(field), value);
            field.holds(value)
        })
    }

    /// The fields before the ellipsis bind from the left, those after it from the right (6, field assignment 2).
    fn bind_both_ends<'p, 'e>(
        &'p self,
        event: &'e str,
        ellipsis: usize,
        take: &mut impl FnMut(usize, Option<&'p Field>, &'e str),
    ) -> bool {
        let tokens: Vec<Token<'_>> = Tokens::new(event).collect();
        let named = self.fields.len() - 1;
        let Some(covered) = tokens.len().checked_sub(named) else { return false };
        tokens.iter().enumerate().all(|(index, token)| {
            let field = match index {
                _ if index < ellipsis => self.fields.get(index),
                _ if index < ellipsis + covered => None,
                _ => self.fields.get(index - covered + 1),
            };
            take(index + 1, field, token.text);
            field.is_none_or(|field| field.holds(token.text))
        })
    }
}

/// The values by name. Where a field is named like another's position (`$2`), the later value is kept.
fn extracted(bound: &[(usize, Option<&Field>, &str)]) -> Vec<(String, String)> {
    let mut places = HashMap::new();
    let mut extracted: Vec<(String, String)> = Vec::new();
    for (position, field, value) in bound {
        let name = match field {
            Some(Field::Named { name, .. }) => format!("${name}"),
            _ => format!("${position}"),
        };
        let place = *places.entry(name.clone()).or_insert(extracted.len());
        match extracted.get_mut(place) {
            Some((_, earlier)) => (*value).clone_into(earlier),
            None => extracted.push((name, (*value).to_owned())),
        }
    }
    extracted
}

impl Field {
    fn holds(&self, value: &str) -> bool {
        match self {
            Field::Named { tests: Some(tests), .. } => tests.hold(value),
            _ => true,
        }
    }
}

impl FieldTests {
    fn hold(&self, value: &str) -> bool {
        self.any_of.iter().any(|all_of| all_of.iter().all(|test| test.holds(value.as_bytes())))
    }
}

impl FieldTest {
    fn holds(&self, value: &[u8]) -> bool {
        match self {
            FieldTest::Equal(operand) => equals(operand, value),
            FieldTest::NotEqual(operand) => !equals(operand, value),
            FieldTest::Order(comparison, number) => {
                is_number(value) && comparison.holds(number_value(value), number.value)
            }
        }
    }
}

/// Two numbers compare by value (A13), anything else as text.
fn equals(operand: &Operand, value: &[u8]) -> bool {
    if is_number(value) { operand.equals_number(value) } else { operand.equals_text(value) }
}

fn rest_of(event: &str, start: usize) -> &str {
    event.get(start..).unwrap_or_default().trim_end_matches(is_space)
}

/// One field of a log event.
struct Token<'e> {
    /// Where it begins, its quote or bracket included.
    start: usize,
    /// What it says, without quotes or brackets.
    text: &'e str,
}

/// Splits a log event into fields: at white space, but not inside of `"…"` and `[…]`.
struct Tokens<'e> {
    event: &'e str,
    at: usize,
    /// Which closing signs are known not to come any more; without it, many opening ones would each look through
    /// the whole rest.
    never_closed: [bool; 2],
}

impl<'e> Tokens<'e> {
    fn new(event: &'e str) -> Self {
        Tokens { event, at: 0, never_closed: [false; 2] }
    }

    fn rest(&self) -> &'e str {
        self.event.get(self.at..).unwrap_or_default()
    }

    /// The length of the delimited token that stands here, without its delimiters.
    fn delimited(&mut self) -> Option<usize> {
        let rest = self.rest();
        let (close, never) = match rest.bytes().next()? {
            b'"' => ('"', &mut self.never_closed[0]),
            b'[' => (']', &mut self.never_closed[1]),
            _ => return None,
        };
        if *never {
            return None;
        }
        let found = closing(rest.get(1..)?, close);
        *never = found.is_none();
        found
    }
}

/// Where `close` stands in `text` with white space or the end behind it; a backslash hides the next character.
fn closing(text: &str, close: char) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            _ if c == close && chars.as_str().chars().next().is_none_or(is_space) => return Some(at),
            _ => {}
        }
    }
    None
}

impl<'e> Iterator for Tokens<'e> {
    type Item = Token<'e>;

    fn next(&mut self) -> Option<Token<'e>> {
        self.at += self.rest().find(|c| !is_space(c))?;
        let start = self.at;
        let (skipped, len) = match self.delimited() {
            Some(len) => (1, len),
            None => (0, self.rest().find(is_space).unwrap_or(self.rest().len())),
        };
        self.at = start + skipped + len + skipped;
        let text = self.event.get(start + skipped..start + skipped + len).unwrap_or_default();
        Some(Token { start, text })
    }
}
