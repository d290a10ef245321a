//! Text out of a record: taking it, cutting it, and the parts of an ARN.

use std::borrow::Cow;
use std::ops::ControlFlow;

use json::Value;

/// Text of a record: borrowed from it unless it had to be decoded.
pub type Text<'r> = Cow<'r, str>;

/// The longest piece of a record's text, in bytes, that a `words()` repeats; what is longer ends in `…`. A user,
/// role or session name has at most 64 characters (IAM), an alias 256 (KMS).
pub const MAX_WORD: usize = 256;

/// The longest grouping identity, in bytes. IAM and STS write no ARN longer than 2,048 characters.
pub const MAX_ID: usize = 2048;

/// A string's or number's text; `None` for everything else.
pub(crate) fn text(value: Option<Value<'_>>) -> Option<Text<'_>> {
    value?.scalar()
}

/// [`text`] that says something: an empty string is as good as none.
pub(crate) fn word(value: Option<Value<'_>>) -> Option<Text<'_>> {
    text(value).filter(|text| !text.is_empty())
}

/// A boolean, also written as a string, as Athena and some shippers do.
pub(crate) fn flag(value: Option<Value<'_>>) -> Option<bool> {
    match value?.kind() {
        json::Kind::Bool(flag) => Some(flag),
        json::Kind::String if value?.says("true") => Some(true),
        json::Kind::String if value?.says("false") => Some(false),
        _ => None,
    }
}

/// Text that no longer borrows from anything.
pub(crate) fn owned(text: Option<Text<'_>>) -> Option<Text<'static>> {
    text.map(|text| Cow::Owned(text.into_owned()))
}

/// At most [`MAX_WORD`] bytes of `text`.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    cut(text, MAX_WORD)
}

/// At most `limit` bytes of `text`, whole characters, `…` behind what was cut.
pub(crate) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    match text.get(..text.floor_char_boundary(limit)) {
        Some(start) if start.len() < text.len() => Cow::Owned(format!("{start}…")),
        _ => Cow::Borrowed(text),
    }
}

/// A part of `whole`, borrowed for as long as `whole` itself is.
pub(crate) fn part<'r>(whole: &Text<'r>, find: impl Fn(&str) -> Option<&str>) -> Option<Text<'r>> {
    match whole {
        Cow::Borrowed(whole) => find(whole).map(Cow::Borrowed),
        Cow::Owned(whole) => find(whole).map(|part| Cow::Owned(part.to_owned())),
    }
}

/// Goes through an object's members, of a repeated key the last one last. An escaped key is decoded.
pub(crate) fn each_member<'r>(object: Value<'r>, mut see: impl FnMut(&str, Value<'r>)) {
    for (key, value) in object.members() {
        if let Some(key) = key.string() {
            see(&key, value);
        }
    }
}

/// The parts of an Amazon Resource Name: `arn:partition:service:region:account:resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'t> {
    pub(crate) service: &'t str,
    pub(crate) region: &'t str,
    pub(crate) account: &'t str,
    /// Everything behind the account, colons included.
    pub(crate) resource: &'t str,
}

impl<'t> Arn<'t> {
    /// Takes `text` apart; any partition (`aws`, `aws-cn`, `aws-us-gov`, …) is fine.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        let rest = text.strip_prefix("arn:")?;
        let mut parts = rest.splitn(5, ':').skip(1);
        let (service, region) = (parts.next()?, parts.next()?);
        let (account, resource) = (parts.next()?, parts.next()?);
        Some(Arn { service, region, account, resource })
    }
}

/// `text` if it isn't empty.
pub(crate) fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Calls `see` with each word of `message` (split at white space, quotes stripped) until it has found something.
pub(crate) fn find_word<'t, T>(message: &'t str, mut see: impl FnMut(&'t str) -> Option<T>) -> Option<T> {
    let found = message.split_ascii_whitespace().map(bare).try_for_each(|word| match see(word) {
        Some(found) => ControlFlow::Break(found),
        None => ControlFlow::Continue(()),
    });
    found.break_value()
}

/// A word of a message without the punctuation around it.
pub(crate) fn bare(word: &str) -> &str {
    word.trim_matches(['\'', '"', '`', '(', ')', '[', ']', ',', ';', '.'])
}
