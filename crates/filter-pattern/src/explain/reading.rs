//! A pattern as an English sentence.

use crate::ast::{
    Comparison, Condition, Expression, Field, FieldTest, FieldTests, Operand, Prefix, SpacePattern, Syntax,
    TermPattern, TermText, Test,
};
use crate::glob::Glob;
use crate::pattern::Pattern;
use crate::selector::Selector;

pub(super) fn of(pattern: &Pattern) -> String {
    match pattern.syntax() {
        Syntax::Json(expression) => format!("a JSON log event {}", expression_reading(expression, false)),
        Syntax::Term(terms) => term_reading(terms),
        Syntax::Space(space) => space_reading(space),
    }
}

fn expression_reading(expression: &Expression, inside: bool) -> String {
    match expression {
        Expression::Condition(condition) => condition_reading(condition),
        Expression::All(parts) => in_parentheses(inside, &joined(parts, " and ")),
        Expression::Any(parts) => match one_of(parts) {
            Some(reading) => reading,
            None => in_parentheses(inside, &joined(parts, " or ")),
        },
    }
}

fn joined(parts: &[Expression], join: &str) -> String {
    let readings: Vec<String> = parts.iter().map(|part| expression_reading(part, true)).collect();
    readings.join(join)
}

fn in_parentheses(inside: bool, reading: &str) -> String {
    if inside { format!("({reading})") } else { reading.into() }
}

/// Alternatives that all ask whether one member equals a text.
fn one_of(parts: &[Expression]) -> Option<String> {
    let mut selector = None;
    let mut texts = Vec::new();
    for part in parts {
        let Expression::Condition(condition) = part else { return None };
        let Test::Equal(Operand::Text(glob)) = &condition.test else { return None };
        if !glob.is_exact() || *selector.get_or_insert(&condition.selector) != &condition.selector {
            return None;
        }
        texts.push(quoted(glob.text()));
    }
    Some(format!("{} is one of {}", whose(selector?), texts.join(", ")))
}

fn condition_reading(condition: &Condition) -> String {
    let whose = whose(&condition.selector);
    match &condition.test {
        Test::NotExists => format!("that has no {}", name(&condition.selector)),
        Test::IsNull => format!("{whose} is null or an array that holds null"),
        Test::IsBool(wanted) => format!("{whose} is {wanted}"),
        Test::Equal(operand) => format!("{whose} {}", equal(operand)),
        Test::NotEqual(operand) => format!("{whose} is a string or number {}", not_equal(operand)),
        Test::Order(comparison, number) => {
            format!("{whose} is a number {} {}", order(*comparison), number.text)
        }
    }
}

fn whose(selector: &Selector) -> String {
    if selector.has_wildcard() {
        format!("of which one {}", name(selector))
    } else {
        format!("whose {}", name(selector))
    }
}

/// A selector without its `$.`.
fn name(selector: &Selector) -> String {
    let text = selector.to_string();
    text.trim_start_matches("$.").to_owned()
}

fn order(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "less than",
        Comparison::LessOrEqual => "of at most",
        Comparison::Greater => "greater than",
        Comparison::GreaterOrEqual => "of at least",
    }
}

fn equal(operand: &Operand) -> String {
    match operand {
        Operand::Number(number) => format!("is the number {0} or the text \"{0}\"", number.text),
        Operand::Regex(regex) => format!("matches the regular expression %{}%", regex.text()),
        Operand::Text(glob) if glob.is_anything() => "is any string or number".into(),
        Operand::Text(glob) => affirmed(glob),
    }
}

fn not_equal(operand: &Operand) -> String {
    match operand {
        Operand::Number(number) => format!("other than {}", number.text),
        Operand::Regex(regex) => format!("that doesn't match the regular expression %{}%", regex.text()),
        Operand::Text(glob) if glob.is_exact() => format!("other than {}", quoted(glob.text())),
        Operand::Text(glob) if glob.is_anything() => "that equals no text, which none is".into(),
        Operand::Text(glob) => match shape(glob) {
            Shape::Start(text) => format!("that doesn't start with {}", quoted(text)),
            Shape::End(text) => format!("that doesn't end in {}", quoted(text)),
            Shape::Inside(text) => format!("that doesn't contain {}", quoted(text)),
            Shape::Other => format!("that isn't of the form {}", quoted(glob.text())),
        },
    }
}

fn affirmed(glob: &Glob) -> String {
    if glob.is_exact() {
        return format!("is exactly {}", quoted(glob.text()));
    }
    match shape(glob) {
        Shape::Start(text) => format!("starts with {}", quoted(text)),
        Shape::End(text) => format!("ends in {}", quoted(text)),
        Shape::Inside(text) => format!("contains {}", quoted(text)),
        Shape::Other => format!("is of the form {}, where * is any text", quoted(glob.text())),
    }
}

/// Where the wildcards of a value stand.
enum Shape<'g> {
    Start(&'g str),
    End(&'g str),
    Inside(&'g str),
    Other,
}

fn shape(glob: &Glob) -> Shape<'_> {
    let text = glob.text();
    let shape = match (text.strip_prefix('*'), text.strip_suffix('*')) {
        (None, Some(start)) => Shape::Start(start),
        (Some(end), None) => Shape::End(end),
        (Some(rest), Some(_)) => Shape::Inside(rest.strip_suffix('*').unwrap_or(rest)),
        (None, None) => Shape::Other,
    };
    match shape {
        Shape::Start(text) | Shape::End(text) | Shape::Inside(text) if text.contains('*') => Shape::Other,
        shape => shape,
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

fn term_reading(pattern: &TermPattern) -> String {
    let texts = |wanted: Prefix| -> Vec<String> {
        pattern.terms.iter().filter(|term| term.prefix == wanted).map(|term| term_text(&term.text)).collect()
    };
    let (required, excluded) = (texts(Prefix::Required), texts(Prefix::Excluded));
    let optional = if pattern.ignores_optional() { Vec::new() } else { texts(Prefix::Optional) };
    let parts = [
        (!required.is_empty()).then(|| format!("contains {}", required.join(" and "))),
        (!optional.is_empty()).then(|| format!("contains {}", optional.join(" or "))),
        match excluded.as_slice() {
            [] => None,
            [only] => Some(format!("doesn't contain {only}")),
            several => Some(format!("contains neither {}", several.join(" nor "))),
        },
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "any log event".into()
    } else {
        format!("a log event that {}", parts.join(" and "))
    }
}

fn term_text(text: &TermText) -> String {
    match text {
        TermText::Text(text) => quoted(&String::from_utf8_lossy(text.needle())),
        TermText::Regex(regex) => format!("what matches %{}%", regex.text()),
    }
}

fn space_reading(pattern: &SpacePattern) -> String {
    let count = pattern.fields.iter().filter(|field| !matches!(field, Field::Ellipsis)).count();
    if count == 0 {
        return "any log event".into();
    }
    let fields = if count == 1 { "field" } else { "fields" };
    let mut reading = format!("a log event of at least {count} {fields} separated by white space");
    for field in &pattern.fields {
        if let Field::Named { name, tests: Some(tests), .. } = field {
            reading.push_str(&format!(", whose {name} {}", tests_reading(tests)));
        }
    }
    reading
}

fn tests_reading(tests: &FieldTests) -> String {
    let all = |tests: &Vec<FieldTest>| tests.iter().map(field_test).collect::<Vec<_>>().join(" and ");
    tests.any_of.iter().map(all).collect::<Vec<_>>().join(" or ")
}

fn field_test(test: &FieldTest) -> String {
    match test {
        FieldTest::Equal(operand) => equal(operand),
        FieldTest::NotEqual(operand) => format!("is a text {}", not_equal(operand)),
        FieldTest::Order(comparison, number) => format!("is a number {} {}", order(*comparison), number.text),
    }
}
