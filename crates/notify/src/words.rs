//! What happened, in sentences that a tired person understands.

use alarm::StateValue;
use cloudtrail::call::Reason;

use crate::advice::{denial_of, meaning_of};
use crate::hostile::{brief, own, record};
use crate::limits::{MAX_CHILDREN, MAX_NEWS, MAX_VALUES};
use crate::many;
use crate::story::{Child, Evidence, Group, Happened, Key, Ongoing, Story};
use crate::text::capital;
use crate::times::{clock, counted, grouped, length, moment, range, times};

/// What happened, in one sentence or two.
pub(crate) fn sentence(story: &Story) -> String {
    match &story.happened {
        _ if story.lead.is_some() => own(story.lead.as_deref().unwrap_or_default()),
        Happened::State { to: StateValue::Ok, at, since, .. } => over(story, *at, *since),
        Happened::State { to: StateValue::InsufficientData, .. } => {
            "Nobody knows: there are no datapoints, so the alarm can't tell whether anything is wrong.".into()
        }
        Happened::State { .. } => done(story).unwrap_or_else(|| unexplained(story)),
        Happened::Late { from, to, .. } => late(story, (*from, *to)),
        Happened::News { principals, keys, more, .. } => news(principals, keys, *more),
        Happened::Reminder { since, at, .. } => still_in_alarm(story, *since, *at),
        Happened::Summary(summary) => many::sentence(summary),
    }
}

/// What else there is to say behind the sentence.
pub(crate) fn further(story: &Story) -> Option<String> {
    match &story.happened {
        Happened::State { to: StateValue::Alarm, .. } => all_in_all(&story.evidence),
        Happened::State { to: StateValue::Ok, .. } => {
            let worst = story.evidence.groups.first()?;
            Some(format!("What it was about: {}", deed(worst)))
        }
        Happened::State { .. } => None,
        Happened::Late { seen_at, state, .. } => {
            let seen = moment(seen_at.div_euclid(1000));
            Some(format!("Late records brought it to light at {seen} UTC. The alarm's state now: {state}."))
        }
        // The sentence says what the alarm is about.
        Happened::Reminder { since, at, .. } if story.lead.is_some() => {
            Some(still_in_alarm(story, *since, *at))
        }
        Happened::News { .. } => done(story).map(|deed| format!("Most of it: {deed}")),
        Happened::Reminder { .. } => done(story),
        Happened::Summary(summary) => {
            let worst = done(story).map(|deed| format!("Most of it: {deed} "));
            let all = all_in_all(&story.evidence).map(|all| format!("{all} "));
            Some(worst.into_iter().chain(all).chain([many::further(summary)]).collect())
        }
    }
}

fn done(story: &Story) -> Option<String> {
    let worst = story.evidence.groups.first()?;
    // Unexpected calls come first.
    let expected = if worst.expected.is_some() { "Expected: " } else { "" };
    Some(format!("{expected}{}", deed(worst)))
}

/// `User alice tried Decrypt twice with key payments (secret prod/db) and was refused: …`.
fn deed(group: &Group) -> String {
    let who = capitalised(&brief(&group.who));
    let what = brief(&group.operation);
    let word = if group.error.is_some() { "with" } else { "on" };
    let key = group.key.as_ref().map(|key| format!(" {word} {}", key_words(key))).unwrap_or_default();
    let data = group.data.first().map(|data| format!(" ({})", brief(data))).unwrap_or_default();
    let often = times(group.count);
    let means = meaning_of(group).map(|meaning| meaning.words);
    match group.error.as_deref().map(brief) {
        None => {
            let means = means.map(|means| format!(" {}.", capital(means))).unwrap_or_default();
            format!("{who} called {what} {often}{key}{data}, and it worked.{means}")
        }
        Some(code) => {
            let failed = if denial_of(group).is_some() { "was refused" } else { "failed" };
            let code = if code.is_empty() { "an empty code" } else { &code };
            let why = means.map_or_else(|| code.to_owned(), |means| format!("{means} ({code})"));
            format!("{who} tried {what} {often}{key}{data} and {failed}: {why}.")
        }
    }
}

/// `key payments`, `key 1234abcd-…`, `alias/payments`.
fn key_words(key: &Key) -> String {
    if let Some(name) = &key.name {
        return format!("key {}", own(name));
    }
    let last = key.text.rsplit_once(":key/").map_or(key.text.as_str(), |(_, id)| id);
    let alias = key.text.rsplit_once(":alias/").map(|(_, name)| format!("alias/{name}"));
    match alias {
        Some(alias) => brief(&alias),
        None if last.starts_with("alias/") => brief(last),
        None => format!("key {}", brief(last)),
    }
}

/// The first letter large, where the word is one of ours and not a name.
fn capitalised(text: &str) -> String {
    const WORDS: [&str; 13] = [
        "user",
        "role",
        "root",
        "web",
        "directory",
        "federated",
        "principal",
        "account",
        "somebody",
        "unknown",
        "service",
        "session",
        "the",
    ];
    let is_ours = text.split(' ').next().is_some_and(|word| WORDS.contains(&word));
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if is_ours => first.to_uppercase().chain(characters).collect(),
        _ => text.to_owned(),
    }
}

fn all_in_all(evidence: &Evidence) -> Option<String> {
    let others = evidence.groups.len() > 1 || evidence.more_groups > 0;
    others.then(|| format!("All in all: {}.", totals(evidence)))
}

/// `57 calls by 4 principals on 9 keys`.
pub(crate) fn totals(evidence: &Evidence) -> String {
    let calls = counted(evidence.calls(), "call");
    let by = (evidence.principals > 0).then(|| format!(" by {}", counted(evidence.principals, "principal")));
    let on = (evidence.keys > 0).then(|| format!(" on {}", counted(evidence.keys, "key")));
    format!("{calls}{}{}", by.unwrap_or_default(), on.unwrap_or_default())
}

fn over(story: &Story, at: i64, since: Option<i64>) -> String {
    let name = own(story.alarm.definition.name());
    let after = since.map(|since| format!(", after {}", length(at.saturating_sub(since).div_euclid(1000))));
    let at = moment(at.div_euclid(1000));
    format!("It is over: {name} is OK again since {at} UTC{}.", after.unwrap_or_default())
}

fn still_in_alarm(story: &Story, since: i64, at: i64) -> String {
    let name = own(story.alarm.definition.name());
    let lasted = length(at.saturating_sub(since).div_euclid(1000));
    let since = moment(since.div_euclid(1000));
    format!("A reminder: {name} is still in ALARM, since {since} UTC ({lasted}).")
}

fn unexplained(story: &Story) -> String {
    let name = own(story.alarm.definition.name());
    format!("{name} is in ALARM. No call is known that is behind it.")
}

fn late(story: &Story, time: (i64, i64)) -> String {
    let (from, to) = story.evidence.span().unwrap_or(time);
    let what = done(story)
        .unwrap_or_else(|| format!("{} would have been in ALARM.", own(story.alarm.definition.name())));
    format!("In the past, {}: {what}", range(from, to))
}

fn news(principals: &[String], keys: &[String], more: u64) -> String {
    let mut parts = Vec::new();
    for (names, one, many) in [(principals, "principal", "principals"), (keys, "key", "keys")] {
        if !names.is_empty() {
            let what = if names.len() == 1 { one } else { many };
            parts.push(format!("new {what} {}", listed(names)));
        }
    }
    let more = if more > 0 { format!(", and {} more", grouped(more)) } else { String::new() };
    format!("The ALARM goes on, with somebody or something new behind it: {}{more}.", parts.join("; "))
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_NEWS).map(|name| record(short(name))).collect();
    let more = names.len().saturating_sub(MAX_NEWS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// `user/mallory` of an ARN, whose whole text stands below.
fn short(name: &str) -> &str {
    if !name.starts_with("arn:") {
        return name;
    }
    name.splitn(6, ':').nth(5).unwrap_or(name)
}

/// One row of what there is to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// The question: `From where`.
    pub(crate) label: &'static str,
    /// The answer, a line each.
    pub(crate) lines: Vec<Line>,
}

/// A line of an answer. Its text is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Words.
    Words(String),
    /// A name as machines write it.
    Name(String),
}

/// Who, what, which key, which data, from where, how often, since when, still, how unusual.
pub(crate) fn facts(story: &Story) -> Vec<Fact> {
    let mut facts = new_facts(&story.happened);
    match story.evidence.groups.first() {
        Some(worst) => facts.extend(worst_facts(story, worst)),
        None if story.happened.reason().is_empty() => {}
        None => facts.push(words("Why", own(story.happened.reason()))),
    }
    facts.extend(children(&story.happened));
    facts
}

/// The alarms that set off a composite alarm.
fn children(happened: &Happened) -> Option<Fact> {
    let Happened::State { children, .. } = happened else { return None };
    let name = |child: &Child| {
        let name = child.arn.rsplit_once(":alarm:").map_or(child.arn.as_str(), |(_, name)| name);
        Line::Words(format!("{} is in {}", own(name), child.state))
    };
    let lines: Vec<Line> = children.iter().take(MAX_CHILDREN).map(name).collect();
    (!lines.is_empty()).then_some(Fact { label: "Alarms", lines })
}

/// What is new, exactly.
fn new_facts(happened: &Happened) -> Vec<Fact> {
    let Happened::News { principals, keys, .. } = happened else { return Vec::new() };
    let lines = |names: &[String]| names.iter().take(MAX_NEWS).map(|name| Line::Name(record(name))).collect();
    let facts = [("New: who", principals), ("New: keys", keys)];
    let facts = facts.into_iter().filter(|(_, names)| !names.is_empty());
    facts.map(|(label, names)| Fact { label, lines: lines(names) }).collect()
}

/// What the alarm's owner wrote about it: often where to read what to do.
pub(crate) fn about(story: &Story) -> Option<String> {
    if story.happened.summary().is_some() {
        return None;
    }
    let description = story.alarm.definition.description()?;
    if story.lead.as_deref() == Some(description) {
        return None;
    }
    Some(format!("About this alarm: {}", own(description)))
}

fn worst_facts(story: &Story, worst: &Group) -> Vec<Fact> {
    let mut facts = group_facts(worst);
    facts.push(words("How often", format!("{}, {}", times(worst.count), range(worst.first, worst.last))));
    facts.push(words("Still going on", still(story)));
    facts.push(words("How unusual", how_unusual(worst)));
    facts
}

/// What a group's calls have in common.
fn group_facts(group: &Group) -> Vec<Fact> {
    let mut facts = vec![Fact { label: "Who", lines: who(group) }];
    if let Some(reason) = &group.expected {
        facts.push(words("Expected", own(reason)));
    }
    facts.push(words("What", what(group)));
    facts.push(Fact { label: "Which key", lines: key_lines(group) });
    if !group.data.is_empty() {
        facts.push(words("Which data", values(&group.data, group.more_data)));
    }
    if !group.addresses.is_empty() {
        facts.push(words("From where", values(&group.addresses, group.more_addresses)));
    }
    facts
}

fn words(label: &'static str, text: String) -> Fact {
    Fact { label, lines: vec![Line::Words(text)] }
}

/// The words already stand in the sentence, and an ARN says all that they say.
fn who(group: &Group) -> Vec<Line> {
    let name = Some(record(&group.principal)).filter(|name| !name.is_empty()).map(Line::Name);
    let words = (!group.principal.starts_with("arn:")).then(|| Line::Words(record(&group.who)));
    words.into_iter().chain(name).collect()
}

/// `Decrypt: AccessDenied, no policy of the caller allows it`.
pub(crate) fn what(group: &Group) -> String {
    let error = group.error.as_deref().map_or_else(|| "it worked".into(), record);
    let known = denial_of(group).filter(|denial| denial.reason != Reason::Unstated);
    let why = known.map(|denial| format!(", {}", denial.reason.words())).unwrap_or_default();
    format!("{}: {error}{why}", record(&group.operation))
}

pub(crate) fn key_lines(group: &Group) -> Vec<Line> {
    let Some(key) = &group.key else {
        return vec![Line::Words(record(group.no_key.as_deref().unwrap_or("the records name none")))];
    };
    let name = key.name.as_deref().map(|name| Line::Words(own(name)));
    name.into_iter().chain([Line::Name(record(&key.text))]).collect()
}

/// The first values, and how many more there are.
pub(crate) fn values(values: &[String], more: u64) -> String {
    let shown: Vec<String> = values.iter().take(MAX_VALUES).map(|value| record(value)).collect();
    let more = more.saturating_add(values.len().saturating_sub(MAX_VALUES) as u64);
    let more = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn still(story: &Story) -> String {
    let Some((_, last)) = story.evidence.span() else { return "unknown".into() };
    let written = story.letter.written_at.div_euclid(1000);
    let ago = match written.saturating_sub(last) {
        ..1 => "just".to_owned(),
        seconds => length(seconds),
    };
    let same_day = written.div_euclid(86_400) == last.div_euclid(86_400);
    let at = if same_day { clock(last) } else { moment(last) };
    match story.ongoing {
        Ongoing::Yes => format!("yes, last call at {at} UTC, {ago} before this"),
        Ongoing::No => format!("no, last call at {at} UTC, {ago} before this"),
        Ongoing::Unknown => format!("unknown, last known call at {at} UTC"),
    }
}

fn how_unusual(group: &Group) -> String {
    let Some(before) = &group.before else { return "unknown: there is no history to compare with".into() };
    let on = if group.key.is_some() { "fail on this key" } else { "fail like this" };
    let days = match before.days {
        0 => "before, though there is less than a day of history".into(),
        days => format!("in the {} before", counted(u64::from(days), "day")),
    };
    match (before.failures, before.last) {
        (0, _) => format!("first time: this principal wasn't seen to {on} {days}"),
        (count, Some(last)) => {
            format!("seen to {on} {} {days}, last on {} UTC", times(count), moment(last))
        }
        (count, None) => format!("seen to {on} {} {days}", times(count)),
    }
}
