//! Trails that leave out what the filters look for.

use std::collections::BTreeSet;

use diagnostic::Diagnostic;
use stack::{AdvancedEventSelector, EventSelector, FieldSelector, Span, Trail};

use super::view::{View, group_of};
use super::{note, warning};
use crate::patterns::{conditions, expression, is_member};

const KMS: &str = "kms.amazonaws.com";

pub(super) fn lint(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let trails = &view.declaration().trails;
    let complete = trails.iter().any(|trail| is_logging(trail) && left_out(trail).is_empty());
    for trail in trails {
        found.extend(not_logging(trail));
        if !complete {
            found.extend(left_out(trail).into_iter().map(|left_out| left_out.diagnostic()));
        }
        if !view.is_unknown(&trail.resource, "is_multi_region_trail", "IsMultiRegionTrail") {
            found.extend(one_region(trail));
        }
        if !view.is_unknown(&trail.resource, "cloud_watch_logs_role_arn", "CloudWatchLogsRoleArn") {
            found.extend(without_role(trail));
        }
    }
    without_group(view, found);
    other_group(view, found);
    endpoint_denials(view, found);
    kept_for_ever(view, found);
}

fn is_logging(trail: &Trail) -> bool {
    trail.is_logging.is_none_or(|logging| logging.value)
}

/// K060
fn not_logging(trail: &Trail) -> Option<Diagnostic> {
    let switch = trail.is_logging.filter(|logging| !logging.value)?;
    let message = format!("`{}` isn't logging: it delivers nothing", trail.resource.logical_id.value);
    Some(warning("K060", switch.span, message).help("write `true`"))
}

/// K064
fn one_region(trail: &Trail) -> Option<Diagnostic> {
    if trail.is_multi_region_trail.is_some_and(|multi| multi.value) {
        return None;
    }
    let span = trail.is_multi_region_trail.map_or(trail.resource.logical_id.span, |multi| multi.span);
    let message = "this trail sees calls in its own region only, and keys and stolen credentials work in all";
    Some(warning("K064", span, message).help("write `IsMultiRegionTrail: true`"))
}

/// K067
fn without_role(trail: &Trail) -> Option<Diagnostic> {
    let group = trail
        .cloud_watch_logs_log_group_arn
        .as_ref()
        .filter(|_| trail.cloud_watch_logs_role_arn.is_none())?;
    let message = "AWS takes a log group only together with a role that may write to it";
    Some(warning("K067", group.span, message).help("add `CloudWatchLogsRoleArn: !GetAtt Role.Arn`"))
}

/// What a trail doesn't record.
enum LeftOut {
    /// K061
    Kms(Span),
    /// K062
    Reads(Span),
    /// K062
    Writes(Span),
    /// K063
    Management(Span),
}

impl LeftOut {
    fn diagnostic(&self) -> Diagnostic {
        match self {
            LeftOut::Kms(span) => warning("K061", *span, "this leaves out all calls to KMS").help(
                "let `kms.amazonaws.com` in; a second trail can leave it out where its volume costs too much",
            ),
            LeftOut::Reads(span) => {
                let message = "this leaves out reads, and to CloudTrail `Decrypt` is one";
                warning("K062", *span, message).help("record reads and writes")
            }
            LeftOut::Writes(span) => {
                let message = "this leaves out writes, such as `DisableKey` and `ScheduleKeyDeletion`";
                warning("K062", *span, message).help("record reads and writes")
            }
            LeftOut::Management(span) => {
                let message = "this leaves out management events, and all calls to KMS are such";
                warning("K063", *span, message).help("record management events")
            }
        }
    }
}

/// Selectors add up: what one of them lets in is recorded. Without any, management events are.
fn left_out(trail: &Trail) -> Vec<LeftOut> {
    let basic = trail.event_selectors.iter().map(of_basic);
    let advanced = trail.advanced_event_selectors.iter().map(of_advanced);
    let each: Vec<Passed> = basic.chain(advanced).collect();
    let (reads, writes) = (each.iter().any(|passed| passed.reads), each.iter().any(|passed| passed.writes));
    match (each.is_empty() || (reads && writes), reads || writes) {
        (true, _) => Vec::new(),
        // One kind comes through somewhere; what keeps the other out is said where it does.
        (false, true) => each
            .into_iter()
            .filter(|passed| passed.reads || passed.writes)
            .filter_map(|passed| passed.left_out)
            .collect(),
        (false, false) => each.into_iter().filter_map(|passed| passed.left_out).collect(),
    }
}

/// What a selector lets in of KMS.
struct Passed {
    reads: bool,
    writes: bool,
    left_out: Option<LeftOut>,
}

impl Passed {
    fn nothing(left_out: LeftOut) -> Self {
        Passed { reads: false, writes: false, left_out: Some(left_out) }
    }
}

fn of_basic(selector: &EventSelector) -> Passed {
    if let Some(management) = selector.include_management_events.filter(|included| !included.value) {
        return Passed::nothing(LeftOut::Management(management.span));
    }
    let mut excluded = selector.exclude_management_event_sources.iter();
    if let Some(kms) = excluded.find(|source| source.value == KMS) {
        return Passed::nothing(LeftOut::Kms(kms.span));
    }
    let kind = selector.read_write_type.as_ref();
    match kind.map(|kind| (kind.value.as_str(), kind.span)) {
        Some(("WriteOnly", span)) => {
            Passed { reads: false, writes: true, left_out: Some(LeftOut::Reads(span)) }
        }
        Some(("ReadOnly", span)) => {
            Passed { reads: true, writes: false, left_out: Some(LeftOut::Writes(span)) }
        }
        _ => Passed { reads: true, writes: true, left_out: None },
    }
}

/// All fields of an advanced selector must hold.
fn of_advanced(selector: &AdvancedEventSelector) -> Passed {
    let fields = || selector.field_selectors.iter();
    let of = |name: &'static str| fields().filter(move |field| field.field.value == name);
    let refused = |name: &'static str, value: &str| {
        of(name).find(|field| !lets_in(field, value)).map(FieldSelector::place)
    };
    if let Some(span) = refused("eventCategory", "Management") {
        return Passed::nothing(LeftOut::Management(span));
    }
    if of("eventCategory").next().is_none() {
        return Passed::nothing(LeftOut::Management(selector.span));
    }
    if let Some(span) = refused("eventSource", KMS) {
        return Passed::nothing(LeftOut::Kms(span));
    }
    let named = refused("eventName", "Decrypt");
    let (reads, writes) = (refused("readOnly", "true"), refused("readOnly", "false"));
    Passed {
        reads: reads.is_none() && named.is_none(),
        writes: writes.is_none(),
        left_out: reads.or(named).map(LeftOut::Reads).or(writes.map(LeftOut::Writes)),
    }
}

fn lets_in(field: &FieldSelector, value: &str) -> bool {
    let any =
        |texts: &[stack::Text], holds: &dyn Fn(&str) -> bool| texts.iter().any(|text| holds(&text.value));
    let wanted = |texts: &[stack::Text], holds: &dyn Fn(&str) -> bool| texts.is_empty() || any(texts, holds);
    wanted(&field.equals, &|text| text == value)
        && wanted(&field.starts_with, &|text| value.starts_with(text))
        && wanted(&field.ends_with, &|text| value.ends_with(text))
        && !any(&field.not_equals, &|text| text == value)
        && !any(&field.not_starts_with, &|text| value.starts_with(text))
        && !any(&field.not_ends_with, &|text| value.ends_with(text))
}

trait Placed {
    fn place(&self) -> Span;
}

impl Placed for FieldSelector {
    fn place(&self) -> Span {
        let lists = [&self.not_equals, &self.equals, &self.starts_with, &self.not_starts_with];
        lists.into_iter().find_map(|list| list.first()).map_or(self.span, |text| text.span)
    }
}

/// K065
fn without_group(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let trails = &view.declaration().trails;
    let reads_records = view.filters.iter().any(|filter| filter.reads_records);
    if !reads_records || trails.iter().any(|trail| trail.cloud_watch_logs_log_group_arn.is_some()) {
        return;
    }
    let is_known = |trail: &&Trail| {
        !view.is_unknown(&trail.resource, "cloud_watch_logs_group_arn", "CloudWatchLogsLogGroupArn")
    };
    for trail in trails.iter().filter(is_known) {
        let message = format!(
            "`{}` delivers to no log group, so that no metric filter sees its records",
            trail.resource.logical_id.value
        );
        let help = "add `CloudWatchLogsLogGroupArn: !GetAtt LogGroup.Arn` and `CloudWatchLogsRoleArn`";
        found.push(warning("K065", trail.resource.logical_id.span, message).help(help));
    }
}

/// K066
fn other_group(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let trails = &view.declaration().trails;
    let arns: Vec<_> =
        trails.iter().filter_map(|trail| trail.cloud_watch_logs_log_group_arn.as_ref()).collect();
    // A group that can't be told from its ARN may be the filter's.
    if arns.is_empty() || arns.iter().any(|arn| group_of(&arn.value).is_none()) {
        return;
    }
    let mut said = BTreeSet::new();
    for filter in view.filters.iter().filter(|filter| filter.reads_records) {
        let group = &filter.declared.log_group_name;
        let mut may_be = view.trail_groups.iter().filter(|other| view.may_be_equal(other, &group.value));
        if may_be.next().is_some() || !said.insert(&group.value) {
            continue;
        }
        let message = format!("no trail of this template delivers to the log group `{}`", group.value);
        let help = match view.trail_groups.first() {
            Some(other) => format!("look at `{other}`, which a trail delivers to"),
            None => "look at the log group that the trail delivers to".to_owned(),
        };
        let label = arns.first().map(|arn| arn.span.range());
        let diagnostic = warning("K066", group.span, message).help(help);
        found.push(
            label.into_iter().fold(diagnostic, |found, label| found.label(label, "the trail delivers here")),
        );
    }
}

/// K069
fn endpoint_denials(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let trails = &view.declaration().trails;
    let records_them = |trail: &Trail| {
        trail.advanced_event_selectors.iter().any(|selector| {
            let mut categories =
                selector.field_selectors.iter().filter(|field| field.field.value == "eventCategory");
            categories.any(|field| lets_in(field, "NetworkActivity"))
        })
    };
    if trails.is_empty() || trails.iter().any(records_them) {
        return;
    }
    for filter in view.filters.iter().filter(|filter| filter.reads_records && filter.is_known) {
        let Some(expression) = expression(filter.pattern) else { continue };
        let mut asks = conditions(expression).filter(|condition| {
            is_member(&condition.selector, "errorCode")
                && matches!(&condition.test, filter_pattern::Test::Equal(filter_pattern::Operand::Text(glob))
                    if glob.text().trim_matches('*') == "VpceAccessDenied")
        });
        let Some(condition) = asks.next() else { continue };
        let message = "`VpceAccessDenied` stands in network activity events, which no trail here records";
        let help = "add an advanced selector with `eventCategory` `NetworkActivity` and `eventSource` `kms.amazonaws.com`";
        let diagnostic = Diagnostic::warning("K069", message).at(condition.span.clone()).help(help);
        found.push(crate::place::in_scalar(diagnostic, view.text, &filter.declared.filter_pattern));
    }
}

/// K068
fn kept_for_ever(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for group in view.declaration().log_groups.iter().filter(|group| group.retention_in_days.is_none()) {
        let message = format!("`{}` keeps its log events for ever", group.resource.logical_id.value);
        found.push(note("K068", group.resource.logical_id.span, message).help("write `RetentionInDays`"));
    }
}
