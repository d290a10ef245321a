//! Patterns and log events that are likely to meet, many of them hostile.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const KEYS: &[&str] = &[
    "eventName",
    "eventSource",
    "errorCode",
    "userIdentity",
    "a",
    "b",
    "type",
    "items",
    "k.k",
    "é",
    "",
    "it's",
];

const TEXTS: &[&str] = &[
    "Decrypt",
    "Encrypt",
    "kms.amazonaws.com",
    "AccessDenied",
    "AccessDenied: not Denied",
    "Root",
    "1",
    "1.0",
    "-1",
    "123",
    "true",
    "null",
    "",
    "x y",
    "a/b",
    "é",
    "it's",
    "a\"b",
    "a\\b",
    "\"}]{[\\\\",
    "\n\t",
    "$.a",
    "404",
    "%",
    "\u{1f}",
    "\u{a0}",
];

const NUMBERS: &[&str] =
    &["0", "-0", "1", "1.0", "1e0", "10E-1", "-1", "123", "123.0", "1.5", "404", "1e400", "0.1"];

/// Number literals that only patterns may write.
const LITERALS: &[&str] = &["1", "+1", "1.", ".5", "1e+0", "-1", "0", "123", "1.50", "404", "01", "1e400"];

const REGEXES: &[&str] = &[
    "Denied",
    "^Access",
    "Denied$",
    "^$",
    "[A-Z]{2}",
    "^[^a-z]+$",
    "\\d{3}",
    "^\\d+$",
    "a.b",
    "a|b",
    "\\x22",
    "^.{0,3}$",
    "\\s",
    "\\W",
    "kms\\.amazonaws\\.com",
    "1{,2}",
    "x{y}",
    "[]-]",
    "[a-]",
    "^\\w*?$",
    "[$.]",
    "\\xe9",
];

/// A filter pattern, nearly always a valid one.
pub(crate) fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![6 => json_pattern(), 2 => space_pattern(), 2 => term_pattern()]
}

/// A JSON pattern.
pub(crate) fn json_pattern() -> impl Strategy<Value = String> {
    let leaf = condition().boxed();
    let tree = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(|parts| parts.join(" && ")),
            vec(inner.clone(), 1..4).prop_map(|parts| parts.join("||")),
            inner.prop_map(|part| format!("({part})")),
        ]
    });
    (tree, select(&["", " ", "\n"][..])).prop_map(|(tree, space)| format!("{{{space}{tree}{space}}}"))
}

/// A pattern with a character or a piece put in, taken out or exchanged: often invalid.
pub(crate) fn mutated() -> impl Strategy<Value = String> {
    let pieces = "{ } [ ] ( ) \" ' % $ . * = ! < > && || & - ? , ... \\ : ~ # / AND NOT EXISTS IS NULL null 0 a é | ^ +";
    let pieces: Vec<&str> = pieces.split(' ').chain([" ", "\t", "\u{a0}", "\u{1c}"]).collect();
    let change = (any::<prop::sample::Index>(), 0..3usize, select(pieces));
    (pattern(), vec(change, 1..4)).prop_map(|(pattern, changes)| {
        let mut chars: Vec<String> = pattern.chars().map(String::from).collect();
        for (index, keep, piece) in changes {
            let at = index.index(chars.len() + 1);
            let end = (at + keep).min(chars.len());
            let put = if keep == 1 { None } else { Some(piece.to_owned()) };
            chars.splice(at..end, put);
        }
        chars.concat()
    })
}

fn condition() -> impl Strategy<Value = String> {
    let test = prop_oneof![
        6 => (select(&["=", "!=", " = ", " != "][..]), operand(true)).prop_map(|(op, value)| format!("{op}{value}")),
        2 => (select(&["<", " <= ", "> ", ">="][..]), select(LITERALS)).prop_map(|(op, value)| format!("{op}{value}")),
        2 => select(&[" IS NULL", " IS TRUE", " IS  FALSE", " NOT EXISTS", "\tNOT\nEXISTS"][..]).prop_map(String::from),
    ];
    (selector(), test).prop_map(|(selector, test)| selector + &test)
}

/// A selector.
pub(crate) fn selector() -> impl Strategy<Value = String> {
    let key = select(KEYS).prop_map(|key| match key {
        "k.k" | "é" | "" => format!(".['{key}']"),
        "it's" => ".[\"it's\"]".into(),
        _ => format!(".{key}"),
    });
    let later = prop_oneof![
        4 => key.clone(),
        1 => (0..3u8).prop_map(|index| format!("[{index}]")),
        1 => select(&["[*]", ".*"][..]).prop_map(String::from),
    ];
    let first = prop_oneof![8 => key, 1 => Just(".*".to_owned())];
    (first, vec(later, 0..3)).prop_map(|(first, later)| format!("${first}{}", later.concat()))
}

fn operand(json: bool) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(TEXTS).prop_map(in_quotes),
        3 => globbed().prop_map(|text| in_quotes(&text)),
        2 => globbed().prop_map(move |text| if is_bare(&text, json) { text } else { "*".into() }),
        2 => select(LITERALS).prop_map(String::from),
        1 => select(REGEXES).prop_map(|regex| format!("%{regex}%")),
    ]
}

fn is_bare(text: &str, json: bool) -> bool {
    let accept =
        |c: char| c.is_ascii_alphanumeric() || "_.+*-".contains(c) || (!json && ":/éα'$#".contains(c));
    !text.is_empty() && text.chars().all(accept) && text != "null"
}

/// A text in which some pieces are replaced by `*`.
fn globbed() -> impl Strategy<Value = String> {
    (select(TEXTS), vec((any::<prop::sample::Index>(), any::<bool>()), 0..3)).prop_map(|(text, stars)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (index, replace) in stars {
            let at = index.index(chars.len() + 1);
            let end = if replace { (at + 2).min(chars.len()) } else { at };
            chars.splice(at..end, ['*']);
        }
        chars.into_iter().collect()
    })
}

fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn term_pattern() -> impl Strategy<Value = String> {
    let body = prop_oneof![
        3 => select(&["Decrypt", "Denied", "ERROR", "a", "a-b", "x", "1"][..]).prop_map(String::from),
        2 => select(TEXTS).prop_map(in_quotes),
        1 => select(REGEXES).prop_map(|regex| format!("%{regex}%")),
    ];
    let term = (select(&["", "", "", "-", "?", "?", "- "][..]), body)
        .prop_map(|(prefix, body)| prefix.to_owned() + &body);
    vec(term, 0..4).prop_map(|terms| terms.join(" "))
}

fn space_pattern() -> impl Strategy<Value = String> {
    let name = select(&["a", "b", "status", "w1", "2", "x-y"][..]);
    let test = (select(&["=", "!=", " = ", " <", ">="][..]), operand(false), select(LITERALS));
    let test =
        test.prop_map(
            |(op, value, number)| {
                if op.contains(['<', '>']) { format!("{op}{number}") } else { format!("{op}{value}") }
            },
        );
    let field = (name, vec((test, any::<bool>()), 0..3)).prop_map(|(name, tests)| {
        let mut field = name.to_owned();
        for (index, (test, and)) in tests.into_iter().enumerate() {
            field += match (index, and) {
                (0, _) => "",
                (_, true) => " && ",
                (_, false) => "||",
            };
            field += if index > 0 { name } else { "" };
            field += &test;
        }
        field
    });
    let part = prop_oneof![6 => field, 1 => Just(String::new()), 1 => Just("...".to_owned())];
    vec(part, 0..5).prop_map(|parts| format!("[{}]", parts.join(",")))
}

/// A log event: a JSON object, a text, or something broken.
pub(crate) fn event() -> impl Strategy<Value = String> {
    prop_oneof![6 => object(), 3 => line(), 1 => broken()]
}

/// A JSON object on the top level.
pub(crate) fn object() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        1 => select(&["null", "true", "false"][..]).prop_map(String::from),
        2 => select(NUMBERS).prop_map(String::from),
        5 => string(TEXTS),
    ];
    let value = scalar.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(", "))),
            members(inner.boxed()),
        ]
    });
    let deep = (1..50usize, value.clone())
        .prop_map(|(depth, value)| format!("{}{value}{}", "{\"a\":[".repeat(depth), "]}".repeat(depth)));
    members(prop_oneof![9 => value, 1 => deep].boxed())
}

fn members(value: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let space = || select(&["", "", " ", "\n\t", "\r\n "][..]);
    let member = (string(KEYS), value, space(), space());
    let member =
        member.prop_map(|(key, value, before, after)| format!("{before}{key}{after}:{after}{value}{before}"));
    vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// A JSON string that says one of `texts`, now and then spelt with escapes.
fn string(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    (select(texts), prop::option::weighted(0.2, any::<prop::sample::Index>())).prop_map(|(text, escape)| {
        json_string(text, escape.map(|index| index.index(text.chars().count() + 1)))
    })
}

fn json_string(text: &str, escaped: Option<usize>) -> String {
    let mut out = String::from("\"");
    for (index, c) in text.chars().enumerate() {
        match c {
            _ if escaped == Some(index) => out += &format!("\\u{:04x}", u32::from(c)),
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            '/' if escaped.is_some() => out += "\\/",
            '\0'..'\u{20}' => out += &format!("\\u{:04X}", u32::from(c)),
            _ => out.push(c),
        }
    }
    out + "\""
}

fn line() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        4 => select(TEXTS).prop_map(String::from),
        2 => select(NUMBERS).prop_map(String::from),
        1 => select(TEXTS).prop_map(|text| format!("\"{text}\"")),
        1 => select(TEXTS).prop_map(|text| format!("[{text} {text}]")),
        1 => select(&["\"unclosed", "[", "\"", "\\", "\\\"", "]", "a\"b", "[a]b", "ERROR"][..]).prop_map(String::from),
    ];
    let space = select(&[" ", " ", "  ", "\t", "\n", "\u{a0}", "\u{1c}"][..]);
    vec((token, space), 0..7)
        .prop_map(|parts| parts.into_iter().map(|(token, space)| token + space).collect())
}

fn broken() -> impl Strategy<Value = String> {
    (object(), any::<prop::sample::Index>(), select(&["", "x", "}", "\"", ",", " ", "\u{1}"][..])).prop_map(
        |(object, index, put)| {
            let mut chars: Vec<String> = object.chars().map(String::from).collect();
            let at = index.index(chars.len());
            chars.splice(at..=at, [put.to_owned()]);
            chars.concat()
        },
    )
}

/// Few texts, so that a condition and a value are often the same: with escapes, numbers, and none of these.
const FEW_TEXTS: &[&str] = &["Root", "1234", "key/abcd", "say \"hello\"", "Décrypt", "Rooted", "-12.5", ""];

/// Few members, on the top level and below.
const FEW_KEYS: &[&str] = &["eventName", "errorCode", "userIdentity", "eventType"];

/// A pattern over few members and few texts: `{ $.userIdentity.eventType = "Root" && $.eventName = "key*" }`.
pub(crate) fn narrow_pattern() -> impl Strategy<Value = String> {
    let selector = prop_oneof![
        2 => select(FEW_KEYS).prop_map(|key| format!("$.{key}")),
        2 => select(FEW_KEYS).prop_map(|key| format!("$.userIdentity.{key}")),
        1 => select(FEW_KEYS).prop_map(|key| format!("$.userIdentity[*].{key}")),
    ];
    let value = prop_oneof![
        6 => select(FEW_TEXTS).prop_map(in_quotes),
        1 => select(FEW_TEXTS).prop_map(|text| in_quotes(&format!("*{text}"))),
        1 => select(FEW_TEXTS).prop_map(|text| in_quotes(&format!("{text}*"))),
        1 => select(&["1234", "-12.5", "1.234e3"][..]).prop_map(String::from),
    ];
    let condition = (selector, value).prop_map(|(selector, value)| format!("{selector} = {value}"));
    let all = vec(condition, 1..3).prop_map(|conditions| conditions.join(" && "));
    vec(all, 1..3).prop_map(|any| format!("{{ {} }}", any.join(" || ")))
}

/// A log event over the same members and texts.
pub(crate) fn narrow_event() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        6 => string(FEW_TEXTS),
        1 => select(&["1234", "-12.5", "1234.0", "null"][..]).prop_map(String::from),
    ]
    .boxed();
    let inner = vec((string(FEW_KEYS), value.clone()), 1..4).prop_map(|members| object_of(&members)).boxed();
    let value =
        prop_oneof![2 => value, 1 => inner.clone(), 1 => inner.prop_map(|inner| format!("[{inner}]"))];
    vec((string(FEW_KEYS), value), 1..5).prop_map(|members| object_of(&members))
}

fn object_of(members: &[(String, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    format!("{{{}}}", members.join(","))
}
