//! Random alarms, and records that come in any order, late and more than once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use alarm::composite::PutCompositeAlarm;
use alarm::definition::{MetricIdentity, MetricStatistic, Source};
use alarm::{ComparisonOperator, Condition, Definition, Mode, TreatMissingData};
use filter_pattern::Language;
use metric::{
    MetricId, MetricValue, Observation, Resolution, Statistic, Summary, Transformation, TransformationParts,
    Unit,
};
use monitor::{
    Change, Command, CompositeAlarm, Configuration, DeliveryOutcome, Evidence, Ingest, Match, MetricAlarm,
    MetricDatum, MetricFilter, Monitor, Subscription, Topic, Unmatched,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A full hour in 2026.
pub(crate) const START: i64 = 1_789_344_000;
/// So many seconds after the start all is delivered and told.
pub(crate) const SETTLED: i64 = 10 * 3600;

/// What is watched.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) alarms: Vec<MetricAlarm>,
    pub(crate) composites: Vec<CompositeAlarm>,
    default: Option<f64>,
    /// In minutes.
    pub(crate) reminder: Option<i64>,
    /// Whether the first tick comes before anything else.
    starts_with_tick: bool,
}

/// In a few lines.
impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for MetricAlarm { definition, mode, .. } in &self.alarms {
            let Source::Metric(metric) = &definition.source else { continue };
            writeln!(f, "{mode:?} {} of {:?}: {:?}", metric.statistic, metric.unit, definition.condition)?;
        }
        write!(f, "default {:?}, starts with a tick: {}", self.default, self.starts_with_tick)
    }
}

/// Something that is observed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// Of a metric filter. Times are in seconds after the start.
    Match { value: u32, who: u8 },
    /// By its default value.
    Unmatched { count: u8 },
    /// By PutMetricData.
    Datum { value: u32, unit: Unit, high: bool },
}

/// When something was observed, and when it is told. Times are in seconds after the start.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    what: What,
    time: i64,
    /// How much later each delivery is; negative where the clock was wrong. Only matches come more than once.
    delays: Vec<i64>,
    /// Whether a tick comes before it; otherwise it comes together with the one before.
    tick: bool,
}

/// One observation, as it is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observed {
    pub(crate) start: i64,
    pub(crate) unit: Unit,
    pub(crate) value: f64,
}

fn condition() -> impl Strategy<Value = Condition> {
    let counts = (1..=4_u32).prop_flat_map(|n| (Just(n), option::of(1..=n)));
    let period = select(&[10, 20, 30, 60, 60, 60, 120, 300, 3600, 86_400][..]);
    let (operator, treatment) = (select(ComparisonOperator::ALL), option::of(select(TreatMissingData::ALL)));
    (counts, period, operator, treatment, select(&[0.5, 1.0, 2.0, 3.0][..])).prop_map(
        |(
            (evaluation_periods, datapoints_to_alarm),
            period,
            comparison_operator,
            treat_missing_data,
            threshold,
        )| {
            Condition {
                period,
                evaluation_periods,
                datapoints_to_alarm,
                threshold,
                comparison_operator,
                treat_missing_data,
                fewest_samples: None,
            }
        },
    )
}

fn metric_alarm(
    number: usize,
    text: &str,
    condition: Condition,
    unit: Option<Unit>,
    mode: Mode,
) -> MetricAlarm {
    let statistic = Statistic::parse(text).unwrap();
    let metric =
        MetricIdentity { namespace: "Kms".into(), name: "Denied".into(), dimensions: BTreeMap::new() };
    let fewest_samples = (text == "p50").then_some(3.0);
    let topic = vec!["topic".to_owned()];
    let definition = Definition {
        name: format!("a{number}"),
        description: None,
        actions_enabled: true,
        ok_actions: topic.clone(),
        alarm_actions: topic,
        insufficient_data_actions: Vec::new(),
        source: Source::Metric(MetricStatistic { metric, statistic, unit, period: condition.period }),
        condition: Condition { fewest_samples, ..condition },
        low_sample_policy: None,
    };
    MetricAlarm { arn: format!("arn:aws:cloudwatch:eu-west-1:1:alarm:a{number}"), definition, mode }
}

fn mode() -> impl Strategy<Value = Mode> {
    select(&[Mode::Eager, Mode::Eager, Mode::CloudWatch][..])
}

fn composites() -> Vec<CompositeAlarm> {
    let rules = [
        ("c0", "ALARM(a0) AND NOT ALARM(a1)", None),
        ("c1", "ALARM(c0) OR INSUFFICIENT_DATA(a0) OR ALARM(nobody)", Some("a1")),
        ("c2", "ALARM(c0) AND OK(c1) OR AT_LEAST(2, NOT OK, (a0, a1, a2))", Some("c0")),
    ];
    let composite = |(name, rule, suppressor): (&str, &str, Option<&str>)| {
        let alarm = PutCompositeAlarm {
            alarm_name: Some(name.into()),
            alarm_rule: Some(rule.into()),
            alarm_actions: vec!["arn:aws:sns:eu-west-1:111122223333:topic".into()],
            actions_suppressor: suppressor.map(Into::into),
            actions_suppressor_wait_period: suppressor.map(|_| 100),
            actions_suppressor_extension_period: suppressor.map(|_| 50),
            ..PutCompositeAlarm::default()
        };
        let arn = format!("arn:aws:cloudwatch:eu-west-1:1:alarm:{name}");
        CompositeAlarm { arn, definition: alarm.check().unwrap() }
    };
    rules.into_iter().map(composite).collect()
}

/// Three alarms of any kind, and composite ones over them.
pub(crate) fn any() -> impl Strategy<Value = World> {
    let statistic = select(&["Sum", "Sum", "SampleCount", "Average", "Minimum", "Maximum", "p50", "p99"][..]);
    let unit = select(&[None, None, Some(Unit::None), Some(Unit::Count)][..]);
    let alarm = (statistic, condition(), unit, mode());
    (vec(alarm, 3), option::of(0..2_u8), any_tick()).prop_map(|(alarms, default, starts_with_tick)| {
        let number =
            |(number, (text, condition, unit, mode))| metric_alarm(number, text, condition, unit, mode);
        World {
            alarms: alarms.into_iter().enumerate().map(number).collect(),
            composites: composites(),
            default: default.map(f64::from),
            reminder: None,
            starts_with_tick,
        }
    })
}

fn any_tick() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.8)
}

/// One alarm that further records can only push towards breaching.
pub(crate) fn accumulating() -> impl Strategy<Value = World> {
    let statistic = select(&["Sum", "Sum", "SampleCount", "Maximum"][..]);
    let high = select(
        &[ComparisonOperator::GreaterThanThreshold, ComparisonOperator::GreaterThanOrEqualToThreshold][..],
    );
    let treatment = select(&[None, Some(TreatMissingData::Ignore), Some(TreatMissingData::NotBreaching)][..]);
    (statistic, condition(), high, treatment, mode(), any_tick()).prop_map(
        |(text, condition, comparison_operator, treat_missing_data, mode, starts_with_tick)| {
            let period = condition.period.max(60);
            let condition = Condition { comparison_operator, treat_missing_data, period, ..condition };
            let alarm = metric_alarm(0, text, condition, Some(Unit::None), mode);
            World {
                alarms: vec![alarm],
                composites: Vec::new(),
                default: Some(0.0),
                reminder: None,
                starts_with_tick,
            }
        },
    )
}

/// Times at which much happens, some minutes apart, and a few far away.
fn time() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0..1800_i64, 1 => 0..9000_i64]
}

fn what() -> impl Strategy<Value = What> {
    let unit = select(&[Unit::None, Unit::None, Unit::Count][..]);
    prop_oneof![
        4 => (0..4_u32, 0..4_u8).prop_map(|(value, who)| What::Match { value, who }),
        1 => (0..3_u8).prop_map(|count| What::Unmatched { count }),
        2 => (0..4_u32, unit, any_high()).prop_map(|(value, unit, high)| What::Datum { value, unit, high }),
    ]
}

fn any_high() -> impl Strategy<Value = bool> {
    proptest::bool::ANY
}

fn delivery(delays: impl Strategy<Value = Vec<i64>>) -> impl Strategy<Value = Delivery> {
    (what(), time(), delays, proptest::bool::weighted(0.7)).prop_map(|(what, time, delays, tick)| Delivery {
        what,
        time,
        delays,
        tick,
    })
}

/// Early, late, repeated.
pub(crate) fn deliveries() -> impl Strategy<Value = Vec<Delivery>> {
    let delay = prop_oneof![-3600..0_i64, Just(0), 0..120_i64, 120..3000_i64, 0..20_000_i64];
    vec(delivery(vec(delay, 1..3)), 0..24)
}

/// Each just when it happens.
pub(crate) fn in_order() -> impl Strategy<Value = Vec<Delivery>> {
    let each = (what(), time()).prop_map(|(what, time)| {
        let what = match what {
            What::Datum { value, unit, .. } => What::Datum { value, unit, high: false },
            other => other,
        };
        Delivery { what, time, delays: vec![0], tick: true }
    });
    vec(each, 0..24)
}

/// At the start, of times around it.
pub(crate) fn early() -> impl Strategy<Value = Vec<Delivery>> {
    let each = (what(), -3000..7200_i64).prop_map(|(what, time)| Delivery {
        what,
        time,
        delays: vec![-time],
        tick: false,
    });
    vec(each, 0..24)
}

impl Delivery {
    /// The same with a value that isn't zero.
    pub(crate) fn without_zero(&self) -> Self {
        let what = match self.what {
            What::Match { value, who } => What::Match { value: value + 1, who },
            What::Unmatched { count } => What::Unmatched { count },
            What::Datum { value, unit, high } => What::Datum { value: value + 1, unit, high },
        };
        Delivery { what, ..self.clone() }
    }

    fn observed(&self, default: Option<f64>) -> Vec<Observed> {
        let time = START + self.time;
        let standard = time - time.rem_euclid(60);
        let one =
            |start: i64, unit: Unit, value: u32| vec![Observed { start, unit, value: f64::from(value) }];
        match self.what {
            What::Match { value, .. } => one(standard, Unit::None, value),
            What::Unmatched { count } => {
                let value = default.map(|value| Observed { start: standard, unit: Unit::None, value });
                value.into_iter().flat_map(|value| vec![value; usize::from(count)]).collect()
            }
            What::Datum { value, unit, high } => one(if high { time } else { standard }, unit, value),
        }
    }

    /// `number` is that of the record.
    fn command(&self, number: usize) -> Command {
        let time = START + self.time;
        match self.what {
            What::Match { value, who } => {
                let evidence = Evidence { principal: format!("p{who}"), ..Evidence::default() };
                let value = MetricValue::new(f64::from(value)).unwrap();
                let found = Match {
                    record: Some(number as u128),
                    time,
                    observations: vec![(0, Observation { value, dimensions: Vec::new() })],
                    evidence: Some(Arc::new(evidence)),
                };
                Command::Ingest(Ingest { matches: vec![found], unmatched: Vec::new() })
            }
            What::Unmatched { count } => {
                let unmatched = vec![Unmatched { filter: 0, time, count: u64::from(count) }];
                Command::Ingest(Ingest { matches: Vec::new(), unmatched })
            }
            What::Datum { value, unit, high } => {
                let mut observations = Summary::new();
                observations.add(MetricValue::new(f64::from(value)).unwrap(), 1);
                let resolution = if high { Resolution::High } else { Resolution::Standard };
                let metric = metric_id();
                Command::PutMetricData(vec![MetricDatum { metric, unit, resolution, time, observations }])
            }
        }
    }

    fn copies(&self) -> &[i64] {
        match self.what {
            What::Match { .. } => &self.delays,
            _ => &self.delays[..1],
        }
    }
}

fn metric_id() -> Arc<MetricId> {
    Arc::new(MetricId::new("Kms", "Denied", Vec::new()).unwrap())
}

impl World {
    pub(crate) fn with_threshold(&self, threshold: f64) -> Self {
        let mut world = self.clone();
        for alarm in &mut world.alarms {
            alarm.definition.condition.threshold = threshold;
        }
        world
    }

    /// The same whose default value isn't zero.
    pub(crate) fn without_zeros(&self) -> Self {
        World { default: Some(1.0), ..self.clone() }
    }

    pub(crate) fn configure(&self) -> Command {
        let parts = TransformationParts {
            namespace: "Kms",
            name: "Denied",
            value: "1",
            default: self.default,
            ..TransformationParts::default()
        };
        let transformation = Transformation::parse(&parts, Language::Json).unwrap();
        let subscription = Subscription { protocol: "email".into(), endpoint: "soc@example.org".into() };
        Command::Configure(Box::new(Configuration {
            filters: vec![MetricFilter { name: "f".into(), log_group: "g".into(), transformation }],
            alarms: self.alarms.clone(),
            composite_alarms: self.composites.clone(),
            reminder: self.reminder.map(|minutes| minutes * 60_000),
            storm: None,
            topics: vec![Topic { arn: "topic".into(), name: "t".into(), subscriptions: vec![subscription] }],
            ..Configuration::default()
        }))
    }

    /// How far apart ticks must be to see each evaluation, in seconds.
    pub(crate) fn step(&self) -> usize {
        self.alarms.iter().map(|alarm| alarm.definition.condition.period.min(60) as usize).min().unwrap()
    }

    /// The configuration, what is delivered in the order in which it is, ticks, and a last tick.
    pub(crate) fn commands(&self, deliveries: &[Delivery]) -> Vec<Command> {
        let mut commands = vec![self.configure()];
        commands.extend(self.starts_with_tick.then_some(Command::Tick(START * 1000)));
        let mut list: Vec<(i64, usize, &Delivery)> = Vec::new();
        for (number, delivery) in deliveries.iter().enumerate() {
            list.extend(
                delivery.copies().iter().map(|delay| ((delivery.time + delay).max(0), number, delivery)),
            );
        }
        list.sort_by_key(|(time, number, _)| (*time, *number));
        let mut now = 0;
        for (time, number, delivery) in list {
            let command = delivery.command(number);
            // What nobody has told the time for too long lies too far in the future.
            let tick = delivery.tick || time > now + 3600;
            if tick {
                now = time;
                commands.push(Command::Tick((START + time) * 1000));
            }
            if tick || !commands.last_mut().is_some_and(|last| join(last, &command)) {
                commands.push(command);
            }
        }
        // In CloudWatch's mode a window is evaluated ten seconds after it.
        commands.push(Command::Tick((START + SETTLED + 10) * 1000));
        commands
    }

    /// The configuration, a tick, and what is delivered at the start.
    pub(crate) fn commands_of(&self, deliveries: &[Delivery]) -> Vec<Command> {
        let mut commands = vec![self.configure(), Command::Tick(START * 1000)];
        commands.extend(deliveries.iter().enumerate().map(|(number, delivery)| delivery.command(number)));
        commands
    }

    pub(crate) fn observations(&self, deliveries: &[Delivery]) -> Vec<Observed> {
        deliveries.iter().flat_map(|delivery| delivery.observed(self.default)).collect()
    }
}

fn join(last: &mut Command, next: &Command) -> bool {
    match (last, next) {
        (Command::Ingest(last), Command::Ingest(next)) => {
            last.matches.extend(next.matches.iter().cloned());
            last.unmatched.extend(next.unmatched.iter().copied());
            true
        }
        (Command::PutMetricData(last), Command::PutMetricData(next)) => {
            last.extend(next.iter().cloned());
            true
        }
        _ => false,
    }
}

pub(crate) fn pieces(command: &Command) -> Vec<Command> {
    let ingest = |matches, unmatched| Command::Ingest(Ingest { matches, unmatched });
    match command {
        Command::Ingest(whole) => {
            let matches = whole.matches.iter().map(|found| ingest(vec![found.clone()], Vec::new()));
            matches.chain(whole.unmatched.iter().map(|one| ingest(Vec::new(), vec![*one]))).collect()
        }
        Command::PutMetricData(data) => {
            data.iter().map(|datum| Command::PutMetricData(vec![datum.clone()])).collect()
        }
        other => vec![other.clone()],
    }
}

pub(crate) fn apply<'c>(
    monitor: &mut Monitor,
    commands: impl IntoIterator<Item = &'c Command>,
) -> Vec<Change> {
    commands.into_iter().flat_map(|command| monitor.apply(command)).collect()
}

/// Alarms that look at one metric.
pub(crate) fn many(count: usize) -> World {
    let condition = Condition {
        period: 60,
        evaluation_periods: 1,
        datapoints_to_alarm: None,
        threshold: 1.0,
        comparison_operator: ComparisonOperator::GreaterThanOrEqualToThreshold,
        treat_missing_data: Some(TreatMissingData::NotBreaching),
        fewest_samples: None,
    };
    let alarms = (0..count).map(|number| metric_alarm(number, "Sum", condition, None, Mode::Eager)).collect();
    World { alarms, composites: Vec::new(), default: None, reminder: None, starts_with_tick: true }
}

/// Deliveries of these ids stand for retries.
pub(crate) const RETRIES: u64 = 1_000_000;

/// What an operator and couriers do meanwhile: other configurations, and attempts to deliver.
pub(crate) fn others(world: World) -> impl Strategy<Value = Vec<(Index, Command)>> {
    let ids = prop_oneof![2 => 0..12_u64, 1 => RETRIES..RETRIES + 12];
    let delivery = (ids, 0..3_u8).prop_map(|(notification, outcome)| {
        let outcome = match outcome {
            0 => DeliveryOutcome::Accepted,
            1 => DeliveryOutcome::Deferred("later".into()),
            _ => DeliveryOutcome::Refused("no".into()),
        };
        Command::Delivery { notification, outcome }
    });
    let configuration = any_change().prop_map(move |change| world.changed(change).configure());
    let backlog = proptest::bool::ANY.prop_map(Command::Backlog);
    let other = prop_oneof![4 => delivery, 2 => configuration, 1 => backlog];
    vec((proptest::prelude::any::<Index>(), other), 0..14)
}

/// What an operator changes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Changed {
    Nothing,
    /// An alarm isn't there.
    Without(usize),
    Threshold(usize, f64),
    Period(usize, u32),
    Mode(usize, Mode),
    /// Another description.
    Described(usize),
    /// No composite alarm has a suppressor.
    Unsuppressed,
    /// Reminders, in minutes.
    Reminder(i64),
    /// No composite alarms, and only one metric alarm.
    Little,
}

fn any_change() -> impl Strategy<Value = Changed> {
    let number = 0..3_usize;
    prop_oneof![
        2 => Just(Changed::Nothing),
        1 => number.clone().prop_map(Changed::Without),
        1 => (number.clone(), select(&[0.5, 5.0][..])).prop_map(|(number, to)| Changed::Threshold(number, to)),
        1 => (number.clone(), select(&[60, 300, 3600, 86_400][..])).prop_map(|(number, to)| Changed::Period(number, to)),
        1 => (number.clone(), mode()).prop_map(|(number, to)| Changed::Mode(number, to)),
        1 => number.prop_map(Changed::Described),
        1 => Just(Changed::Unsuppressed),
        2 => select(&[1, 60, 3000][..]).prop_map(Changed::Reminder),
        1 => Just(Changed::Little),
    ]
}

impl World {
    fn changed(&self, change: Changed) -> World {
        let mut world = self.clone();
        match change {
            Changed::Nothing => {}
            Changed::Without(number) => {
                world.alarms.remove(number);
            }
            Changed::Threshold(number, to) => world.alarms[number].definition.condition.threshold = to,
            Changed::Period(number, to) => {
                let definition = &mut world.alarms[number].definition;
                definition.condition.period = to;
                if let Source::Metric(metric) = &mut definition.source {
                    metric.period = to;
                }
            }
            Changed::Mode(number, to) => world.alarms[number].mode = to,
            Changed::Described(number) => world.alarms[number].definition.description = Some("other".into()),
            Changed::Unsuppressed => {
                world.composites.iter_mut().for_each(|composite| composite.definition.suppressor = None);
            }
            Changed::Reminder(minutes) => world.reminder = Some(minutes),
            Changed::Little => {
                world.composites.clear();
                world.alarms.truncate(1);
            }
        }
        world
    }
}

/// Ticks that are minutes to days apart, and records that are as late.
pub(crate) fn weeks() -> impl Strategy<Value = Vec<Command>> {
    let pause = select(&[10, 60, 60, 300, 3600, 40_000, 86_400, 86_400, 300_000, 1_300_000][..]);
    let age = prop_oneof![
        3 => 0..600_i64,
        1 => -7200..0_i64,
        2 => select(&[3600, 86_400, 600_000, 1_209_500, 1_209_590, 1_209_600, 1_209_660, 1_300_000][..]),
    ];
    let step = (option::weighted(0.7, pause), option::weighted(0.8, (age, what(), 0..40_u8)));
    vec(step, 0..30).prop_map(|steps| {
        let mut commands = Vec::new();
        let mut now = START;
        for (pause, event) in steps {
            if let Some(pause) = pause {
                now += pause;
                commands.push(Command::Tick(now * 1000));
            }
            if let Some((age, what, number)) = event {
                let delivery = Delivery { what, time: now - START - age, delays: vec![0], tick: false };
                commands.push(delivery.command(usize::from(number)));
            }
        }
        commands
    })
}

/// Commands with any times.
pub(crate) fn hostile() -> impl Strategy<Value = Vec<Command>> {
    let time = prop_oneof![
        select(&[i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX][..]),
        START..START + 4000,
        proptest::num::i64::ANY,
    ];
    let command = (0..4_u8, time, what()).prop_map(|(kind, time, what)| match kind {
        0 => Command::Tick(time),
        1 => Command::Tick(time.div_euclid(1000)),
        2 => {
            let outcome = DeliveryOutcome::Deferred("later".into());
            Command::Delivery { notification: time.unsigned_abs() % 4, outcome }
        }
        _ => at(time, what),
    });
    vec(command, 0..16)
}

fn at(time: i64, what: What) -> Command {
    let delivery = Delivery { what, time: 0, delays: vec![0], tick: false };
    let mut command = delivery.command(time.unsigned_abs() as usize % 8);
    match &mut command {
        Command::Ingest(ingest) => {
            ingest.matches.iter_mut().for_each(|found| found.time = time);
            ingest.unmatched.iter_mut().for_each(|unmatched| unmatched.time = time);
        }
        Command::PutMetricData(data) => data.iter_mut().for_each(|datum| datum.time = time),
        _ => {}
    }
    command
}
