//! What a mail shows, in the order in which it shows it, before it is plain text or HTML. All text is harmless.

use alarm::StateValue;

use crate::advice::{Step, steps};
use crate::aws;
use crate::chart::Chart;
use crate::hostile::{harmless, own, record};
use crate::limits::{MAX_GROUPS, MAX_LINKS, MAX_OWN_TEXT};
use crate::many;
use crate::region::region_name;
use crate::story::{Group, Happened, Story};
use crate::times::{counted, grouped, range};
use crate::words::{self, Fact, Line};
use monitor::SummaryKind;

/// A mail's content.
pub(crate) struct View<'s> {
    /// `ALARM`, `OK`, …
    pub(crate) badge: &'static str,
    /// Which colour the badge has.
    pub(crate) tone: Tone,
    /// The alarm's name.
    pub(crate) title: String,
    /// Where: account and region.
    pub(crate) place: String,
    /// What happened.
    pub(crate) sentence: String,
    /// What else there is to say.
    pub(crate) further: Option<String>,
    /// Who, what, which key, …
    pub(crate) facts: Vec<Fact>,
    /// The chart.
    pub(crate) chart: Option<Chart<'s>>,
    /// What the alarm is for.
    pub(crate) about: Option<String>,
    /// What stands above the evidence.
    pub(crate) heading: &'static str,
    /// The evidence, or the alarms.
    pub(crate) rows: Vec<Row>,
    /// What isn't listed of it.
    pub(crate) rest: Option<String>,
    /// What to do.
    pub(crate) steps: Vec<Step>,
    /// What the commands need.
    pub(crate) note: Option<String>,
    /// AWS's block; empty where there are many alarms.
    pub(crate) block: String,
    /// Where to read on.
    pub(crate) links: Vec<(String, String)>,
    /// Why the reader gets this.
    pub(crate) footer: Vec<String>,
}

/// How urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something is wrong.
    Bad,
    /// All is well again.
    Good,
    /// Nobody knows.
    Unsure,
}

/// One group of calls.
pub(crate) struct Row {
    /// How many calls: `57×`; nothing of an alarm.
    pub(crate) count: String,
    /// Who and what.
    pub(crate) title: String,
    /// The rest.
    pub(crate) facts: Vec<Fact>,
}

impl<'s> View<'s> {
    /// What the mail of a story shows.
    pub(crate) fn of(story: &'s Story) -> Self {
        let (badge, tone) = badge(&story.happened);
        let steps = steps(story);
        let is_summary = story.happened.summary().is_some();
        let has_commands = steps.iter().any(|step| !step.commands.is_empty());
        View {
            badge,
            tone,
            title: own(&story.title()),
            place: place(story),
            sentence: words::sentence(story),
            further: words::further(story),
            facts: words::facts(story),
            chart: if is_summary { None } else { Chart::of(story) },
            about: words::about(story),
            heading: story.happened.summary().map_or("Who did what", |_| "Which alarms"),
            rows: story.happened.summary().map_or_else(|| rows(story), many::rows),
            rest: story.happened.summary().map_or_else(|| rest(story), many::rest),
            note: has_commands.then(|| note(story)),
            steps,
            block: if is_summary { String::new() } else { aws::block(story) },
            links: links(story),
            footer: footer(story),
        }
    }
}

impl View<'_> {
    /// Whether it is about many alarms. Their list may be long, so it stands last.
    pub(crate) fn is_summary(&self) -> bool {
        self.block.is_empty()
    }
}

fn badge(happened: &Happened) -> (&'static str, Tone) {
    match happened {
        Happened::State { to: StateValue::Ok, .. } => ("OK", Tone::Good),
        Happened::State { to: StateValue::InsufficientData, .. } => ("INSUFFICIENT DATA", Tone::Unsure),
        Happened::State { .. } => ("ALARM", Tone::Bad),
        Happened::Late { .. } => ("ALARM, LATE", Tone::Bad),
        Happened::News { .. } => ("ALARM, NEWS", Tone::Bad),
        Happened::Reminder { .. } => ("ALARM, STILL", Tone::Bad),
        Happened::Summary(summary) => match (summary.kind, summary.state) {
            (SummaryKind::Backlog, _) => ("ALARM, BACKLOG", Tone::Bad),
            (SummaryKind::Storm, StateValue::Ok) => ("OK", Tone::Good),
            (SummaryKind::Storm, StateValue::InsufficientData) => ("INSUFFICIENT DATA", Tone::Unsure),
            (SummaryKind::Storm, StateValue::Alarm) => ("ALARM", Tone::Bad),
        },
    }
}

fn place(story: &Story) -> String {
    let id = own(&story.account.id);
    let account = match &story.account.name {
        Some(name) => format!("{} ({id})", own(name)),
        None => format!("account {id}"),
    };
    format!("{account}, {}", own(region_name(&story.region)))
}

/// The groups; where there is only one, the facts say all of it.
fn rows(story: &Story) -> Vec<Row> {
    let evidence = &story.evidence;
    if evidence.groups.len() < 2 && evidence.more_groups == 0 {
        return Vec::new();
    }
    evidence.groups.iter().take(MAX_GROUPS).map(row).collect()
}

fn row(group: &Group) -> Row {
    let words = |label, text| Fact { label, lines: vec![Line::Words(text)] };
    let mut facts = vec![words("What", words::what(group))];
    facts.push(Fact { label: "Key", lines: words::key_lines(group) });
    if !group.data.is_empty() {
        facts.push(words("Data", words::values(&group.data, group.more_data)));
    }
    if !group.addresses.is_empty() {
        facts.push(words("From", words::values(&group.addresses, group.more_addresses)));
    }
    if let Some(agent) = &group.user_agent {
        facts.push(words("With", record(agent)));
    }
    facts.push(words("When", range(group.first, group.last)));
    Row { count: format!("{}×", grouped(group.count)), title: record(&group.who), facts }
}

fn rest(story: &Story) -> Option<String> {
    let evidence = &story.evidence;
    let hidden = evidence.groups.get(MAX_GROUPS..).unwrap_or_default();
    let groups = evidence.more_groups.saturating_add(hidden.len() as u64);
    let calls = hidden.iter().fold(evidence.more_calls, |calls, group| calls.saturating_add(group.count));
    let calls = counted(calls, "call");
    (groups > 0).then(|| format!("And {} with {calls}.", counted(groups, "more group")))
}

fn note(story: &Story) -> String {
    format!(
        "The commands are for a POSIX shell with the aws CLI and rights to read in account {}. They change nothing unless \
         their step says so.",
        own(&story.account.id)
    )
}

fn links(story: &Story) -> Vec<(String, String)> {
    let shown = story.links.iter().filter_map(|link| Some((own(&link.label), url(&link.url)?)));
    let unsubscribe = story.unsubscribe.as_deref().and_then(url);
    let unsubscribe = unsubscribe.map(|url| ("End the subscription".to_owned(), url));
    shown.take(MAX_LINKS).chain(unsubscribe).collect()
}

/// A URL that can be shown and clicked on.
pub(crate) fn url(text: &str) -> Option<String> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let safe = |found: char| found.is_ascii_graphic() && !"\"'<>\\`".contains(found);
    (is_web && text.len() <= MAX_OWN_TEXT && text.chars().all(safe)).then(|| harmless(text, MAX_OWN_TEXT))
}

fn footer(story: &Story) -> Vec<String> {
    vec![
        format!("You get this because your address is subscribed to the topic {}.", own(&story.topic)),
        format!(
            "kmswatch {}, notification {}. All times are UTC.",
            env!("CARGO_PKG_VERSION"),
            story.letter.id
        ),
    ]
}
