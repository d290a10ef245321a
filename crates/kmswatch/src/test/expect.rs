//! What is expected of a case.

use alarm::StateValue;
use diagnostic::closest;
use stack::Text;
use stack::document::{Member, Node};

use super::codes::ErrorCode;
use super::form::{Fields, Form};
use super::limits::{MAX_SECONDS, MAX_SLOTS};
use super::names::{Kind, Named, Names};
use super::notation;

/// One thing that is expected. Alarms, filters and topics are positions; times are seconds after the start.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expectation {
    pub(super) of: Named,
    pub(super) what: What,
    /// The byte of the case file where it stands.
    pub(super) byte: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// So many log events match a metric filter.
    Matches(u64),
    /// A datapoint for each period from the start on.
    Datapoints(Vec<Option<f64>>),
    /// The states at these times.
    States(Vec<StateAt>),
    /// The state at all times.
    Throughout(StateValue),
    /// Exactly these state changes.
    Changes(Vec<StateAt>),
    /// So many notifications.
    Count(u64),
    /// Exactly these notifications.
    Notifications(Vec<Notified>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct StateAt {
    pub(super) at: i64,
    pub(super) state: StateValue,
    /// What the state reason contains.
    pub(super) reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Notified {
    pub(super) at: i64,
    pub(super) state: Option<StateValue>,
    /// The alarm that tells, of a topic's notification.
    pub(super) alarm: Option<usize>,
    /// The topic that is told, of an alarm's.
    pub(super) topic: Option<usize>,
}

impl What {
    /// The last time that it is about.
    pub(super) fn last(&self, period: i64) -> i64 {
        let last = |list: &[StateAt]| list.iter().map(|state| state.at).max();
        match self {
            What::States(list) | What::Changes(list) => last(list).unwrap_or_default(),
            What::Notifications(list) => list.iter().map(|told| told.at).max().unwrap_or_default(),
            What::Datapoints(series) => {
                i64::try_from(series.len()).unwrap_or(i64::MAX).saturating_mul(period)
            }
            What::Matches(_) | What::Throughout(_) | What::Count(_) => 0,
        }
    }
}

const KEYS: [&str; 5] = ["matches", "datapoints", "states", "changes", "notifications"];
const EXAMPLE: &str = "write for example `states: {name-of-an-alarm: {5m: ALARM}}`";

/// What is read against: the names of the template, and the start of the case in seconds since 1970.
pub(super) struct Against<'a> {
    pub(super) names: &'a Names,
    pub(super) start: i64,
}

/// All that is expected, in the order of the text; never nothing, unless something is wrong.
pub(super) fn read(node: &Node, against: &Against<'_>, form: &mut Form<'_>) -> Vec<Expectation> {
    let mut all = Vec::new();
    let before = form.count_of_mistakes();
    let Some(fields) = form.map(node, "`expect`", &KEYS) else { return all };
    for key in KEYS {
        if let Some(node) = fields.get(key) {
            section(key, node, against, form, &mut all);
        }
    }
    if all.is_empty() && form.count_of_mistakes() == before {
        form.wrong(ErrorCode::NothingChecked, fields.beginning(), "`expect` checks nothing", EXAMPLE);
    }
    all
}

fn section(key: &str, node: &Node, against: &Against<'_>, form: &mut Form<'_>, all: &mut Vec<Expectation>) {
    let Some(members) = node.map() else {
        form.wrong_type(node, &format!("`{key}`"), "a map", &format!("write `{key}: {{name: …}}`"));
        return;
    };
    if members.is_empty() {
        form.wrong(ErrorCode::NothingChecked, node.span, format!("`{key}` checks nothing"), EXAMPLE);
    }
    let (kinds, read): (&[Kind], ReadOne) = match key {
        "matches" => (&[Kind::Filter], matches),
        "datapoints" => (&[Kind::Alarm, Kind::Filter], datapoints),
        "states" => (&[Kind::Alarm], states),
        "changes" => (&[Kind::Alarm], changes),
        _ => (&[Kind::Alarm, Kind::Topic], notifications),
    };
    for Member { key, value } in members {
        let found = against.names.find(key, kinds, form);
        let what = read(value, found, against, form);
        if let Some((of, what)) = found.zip(what) {
            all.push(Expectation { of, what, byte: key.span.start });
        }
    }
}

type ReadOne = fn(&Node, Option<Named>, &Against<'_>, &mut Form<'_>) -> Option<What>;

fn matches(node: &Node, _: Option<Named>, _: &Against<'_>, form: &mut Form<'_>) -> Option<What> {
    form.count(node, "how many log events match").map(What::Matches)
}

fn datapoints(node: &Node, of: Option<Named>, against: &Against<'_>, form: &mut Form<'_>) -> Option<What> {
    if matches!(of, Some(Named::Alarm(position)) if position >= against.names.metric_alarms) {
        let help = "write the datapoints of the alarms that its rule names";
        form.wrong(ErrorCode::InvalidValue, node.span, "a composite alarm has no datapoints", help);
        return None;
    }
    form.read(node, "a series", (ErrorCode::InvalidSeries, notation::series)).map(What::Datapoints)
}

fn states(node: &Node, _: Option<Named>, against: &Against<'_>, form: &mut Form<'_>) -> Option<What> {
    if node.scalar().is_some() {
        return state(node, form).map(What::Throughout);
    }
    let list = states_at(node, "`states`", against, form)?;
    if list.is_empty() {
        form.wrong(ErrorCode::NothingChecked, node.span, "no state is expected", "write `{5m: ALARM}`");
        return None;
    }
    let is_twice = |pair: &[StateAt]| matches!(pair, [one, other] if one.at == other.at);
    if list.windows(2).any(is_twice) {
        form.wrong(ErrorCode::Conflict, node.span, "a time occurs twice", "write each time once");
        return None;
    }
    Some(What::States(list))
}

fn changes(node: &Node, _: Option<Named>, against: &Against<'_>, form: &mut Form<'_>) -> Option<What> {
    states_at(node, "`changes`", against, form).map(What::Changes)
}

/// `{0m: OK, 6m: ALARM}`, or a list of maps with `at`, `state` and `reason`.
fn states_at(node: &Node, what: &str, against: &Against<'_>, form: &mut Form<'_>) -> Option<Vec<StateAt>> {
    let mut all = Vec::new();
    if let Some(members) = node.map() {
        for Member { key, value } in members {
            let at = times(key, against, form);
            let state = state(value, form);
            let (at, state) = at.zip(state)?;
            all.extend(at.into_iter().map(|at| StateAt { at, state, reason: None }));
        }
    } else if let Some(items) = node.list() {
        for item in items {
            let fields = form.map(item, "an expected state", &["at", "state", "reason"])?;
            all.extend(state_at(fields, against, form)?);
        }
    } else {
        form.wrong_type(node, what, "a map or a list", "write `{0m: OK, 6m: ALARM}`");
        return None;
    }
    all.sort_by_key(|state| state.at);
    Some(all)
}

fn state_at(fields: Fields<'_>, against: &Against<'_>, form: &mut Form<'_>) -> Option<Vec<StateAt>> {
    let at = fields.required("at", "6m", form).and_then(|node| at(node, against, form));
    let state = fields.required("state", "ALARM", form).and_then(|node| state(node, form));
    let reason = match fields.get("reason") {
        Some(node) => {
            Some(form.scalar(node, "`reason`", "write a part of the state reason, in quotes")?.value)
        }
        None => None,
    };
    let (at, state) = at.zip(state)?;
    Some(at.into_iter().map(|at| StateAt { at, state, reason: reason.clone() }).collect())
}

fn at(node: &Node, against: &Against<'_>, form: &mut Form<'_>) -> Option<Vec<i64>> {
    let text = form.scalar(node, "`at`", "write a time such as `6m`")?;
    times(&text, against, form)
}

fn times(text: &Text, against: &Against<'_>, form: &mut Form<'_>) -> Option<Vec<i64>> {
    let repeated = match notation::times(&text.value) {
        Ok(repeated) => repeated,
        Err(mistake) => {
            form.wrong_text(ErrorCode::InvalidTime, text, mistake);
            return None;
        }
    };
    let mut all = Vec::new();
    for each in repeated {
        let first = each.first.after(against.start);
        let last = i64::try_from(each.times - 1)
            .unwrap_or(i64::MAX)
            .saturating_mul(each.every)
            .saturating_add(first);
        if first < 0 || last > MAX_SECONDS || all.len() as u64 + each.times > MAX_SLOTS as u64 {
            let message = format!("`{}` isn't in the case", text.value);
            let help = format!("write times from `0m` to `{}d`", MAX_SECONDS / 86_400);
            form.wrong(ErrorCode::OutOfTime, text.span, message, &help);
            return None;
        }
        let step = |number: u64| i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(each.every);
        all.extend((0..each.times).map(|number| first + step(number)));
    }
    Some(all)
}

fn state(node: &Node, form: &mut Form<'_>) -> Option<StateValue> {
    const NAMES: [&str; 3] = ["OK", "ALARM", "INSUFFICIENT_DATA"];
    let text = form.scalar(node, "a state", "write `OK`, `ALARM` or `INSUFFICIENT_DATA`")?;
    let found = StateValue::parse(&text.value);
    if found.is_none() {
        let help = match closest(&text.value, NAMES.to_vec()) {
            Some(near) => format!("write `{near}`"),
            None => "write `OK`, `ALARM` or `INSUFFICIENT_DATA`".into(),
        };
        let message = format!("`{}` isn't the state of an alarm", text.value);
        form.wrong(ErrorCode::InvalidValue, text.span, message, &help);
    }
    found
}

fn notifications(node: &Node, of: Option<Named>, against: &Against<'_>, form: &mut Form<'_>) -> Option<What> {
    let Some(items) = node.list() else {
        return form.count(node, "how many notifications there are").map(What::Count);
    };
    let (other, kind) = match of {
        Some(Named::Topic(_)) => ("alarm", Kind::Alarm),
        _ => ("topic", Kind::Topic),
    };
    let mut all = Vec::new();
    for item in items {
        let fields = form.map(item, "an expected notification", &["at", "state", other])?;
        let at = fields.required("at", "6m", form).and_then(|node| at(node, against, form));
        let state = match fields.get("state") {
            Some(node) => Some(state(node, form)?),
            None => None,
        };
        let named = match fields.get(other) {
            Some(node) => {
                let name = form.scalar(node, kind.words(), "write its name")?;
                Some(against.names.find(&name, &[kind], form)?)
            }
            None => None,
        };
        let (alarm, topic) = match named {
            Some(Named::Alarm(position)) => (Some(position), None),
            Some(Named::Topic(position)) => (None, Some(position)),
            _ => (None, None),
        };
        all.extend(at?.into_iter().map(|at| Notified { at, state, alarm, topic }));
    }
    all.sort_by_key(|told| told.at);
    Some(What::Notifications(all))
}
