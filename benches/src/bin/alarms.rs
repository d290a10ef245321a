//! How long do many alarms take, and many datapoints? `alarms tick` evaluates 100,000 alarms once, `alarms year` plays a year of
//! one-minute datapoints to 100 alarms. Each measures its floor in the same process: `tick` to add the observations to the
//! series that the alarms look at, `year` the same for all of the year.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its answers are for the terminal that called it"
)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alarm::PutMetricAlarm;
use anyhow::{Context as _, anyhow};
use metric::{MetricId, MetricValue, Resolution, Series, Summary, Unit};
use monitor::{Change, Command, Configuration, MetricAlarm, MetricDatum, Monitor};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 2025-01-01, in seconds since 1970.
const START: i64 = 1_735_689_600;
const YEAR_MINUTES: i64 = 365 * 24 * 60;

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("tick") => tick(100_000),
        Some("year") => period().and_then(|period| year(100, period)),
        _ => Err(anyhow!("usage: alarms tick | year [PERIOD]")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The alarms' period in seconds, if one was given.
fn period() -> anyhow::Result<i64> {
    std::env::args().nth(2).map_or(Ok(60), |text| text.parse().context("PERIOD is a number of seconds"))
}

/// All alarms have a datapoint in each of the last ten minutes, and each tick evaluates all of them.
fn tick(alarms: u32) -> anyhow::Result<()> {
    let period = 60;
    let metrics = metrics(alarms)?;
    let mut monitor = Monitor::new();
    monitor.apply(&Command::Configure(Box::new(configuration(alarms, period)?)));
    let mut floor = vec![Series::new(); metrics.len()];
    let (mut ticking, mut adding) = (Vec::new(), Vec::new());
    for minute in 0..10 {
        let time = START + minute * 60;
        let command = data(&metrics, time);
        adding.push(timed(|| add(&mut floor, &command)));
        monitor.apply(&command);
        let tick = Command::Tick((time + 60) * 1000);
        let mut changes = 0;
        ticking.push(timed(|| changes = monitor.apply(&tick).len()));
        eprintln!("minute {minute}: {changes} changes");
    }
    let (tick, floor) = (median(&mut ticking), median(&mut adding));
    println!(
        "{alarms} alarms: one tick {:.3} s, {:.1} times the floor",
        tick.as_secs_f64(),
        ratio(tick, floor)
    );
    println!("peak memory {} MiB", peak_memory()?);
    Ok(())
}

fn year(alarms: u32, period: i64) -> anyhow::Result<()> {
    let metrics = metrics(alarms)?;
    let mut monitor = Monitor::new();
    monitor.apply(&Command::Configure(Box::new(configuration(alarms, period)?)));
    let (mut played, mut added) = (Duration::ZERO, Duration::ZERO);
    let mut floor = vec![Series::new(); metrics.len()];
    let mut states = 0;
    for minute in 0..YEAR_MINUTES {
        let time = START + minute * 60;
        let command = data(&metrics, time);
        added += timed(|| add(&mut floor, &command));
        if minute % 20_160 == 0 {
            floor.iter_mut().for_each(|series| series.forget_before(time - 20_160 * 60));
        }
        played += timed(|| {
            monitor.apply(&command);
            let changes = monitor.apply(&Command::Tick((time + 60) * 1000));
            states += changes.iter().filter(|change| matches!(change, Change::State(_))).count();
        });
    }
    println!(
        "{alarms} alarms with a period of {period} s, {YEAR_MINUTES} minutes each: {:.2} s, {:.1} times the floor, {states} state changes",
        played.as_secs_f64(),
        ratio(played, added)
    );
    println!("peak memory {} MiB", peak_memory()?);
    Ok(())
}

fn metrics(count: u32) -> anyhow::Result<Vec<Arc<MetricId>>> {
    let metric = |number| MetricId::new("bench", format!("metric-{number}"), Vec::new()).map(Arc::new);
    (0..count).map(metric).collect::<Result<_, _>>().context("a metric")
}

/// One alarm for each metric, with as usual settings as there are.
fn configuration(alarms: u32, period: i64) -> anyhow::Result<Configuration> {
    let alarm = |number: u32| {
        let written = PutMetricAlarm {
            alarm_name: Some(format!("alarm-{number}")),
            namespace: Some("bench".into()),
            metric_name: Some(format!("metric-{number}")),
            statistic: Some("Sum".into()),
            period: Some(period),
            evaluation_periods: Some(3),
            datapoints_to_alarm: Some(2),
            threshold: Some(999.0),
            comparison_operator: Some("GreaterThanOrEqualToThreshold".into()),
            treat_missing_data: Some("notBreaching".into()),
            ..PutMetricAlarm::default()
        };
        let definition = written.check().map_err(|problems| anyhow!("{problems:?}"))?;
        let arn = format!("arn:aws:cloudwatch:us-east-1:111122223333:alarm:alarm-{number}");
        Ok(MetricAlarm { arn, definition, mode: alarm::Mode::Eager })
    };
    let alarms = (0..alarms).map(alarm).collect::<anyhow::Result<_>>()?;
    Ok(Configuration { alarms, ..Configuration::default() })
}

/// A datapoint for each metric; five minutes of each 500 are breaches.
fn data(metrics: &[Arc<MetricId>], time: i64) -> Command {
    let datum = |(number, metric): (usize, &Arc<MetricId>)| {
        let five_minutes = time / 300 + i64::try_from(number).unwrap_or_default();
        let value = if five_minutes % 100 == 0 {
            1000.0
        } else {
            f64::from(u32::try_from(time / 60 % 7).unwrap_or_default())
        };
        let mut observations = Summary::new();
        observations.add(MetricValue::new(value).unwrap_or(MetricValue::ONE), 1);
        let metric = Arc::clone(metric);
        MetricDatum { metric, unit: Unit::Count, resolution: Resolution::Standard, time, observations }
    };
    Command::PutMetricData(metrics.iter().enumerate().map(datum).collect())
}

fn add(series: &mut [Series], command: &Command) {
    let Command::PutMetricData(data) = command else { return };
    for (series, datum) in series.iter_mut().zip(data) {
        series.merge(datum.time, datum.resolution, datum.unit, &datum.observations);
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn ratio(time: Duration, floor: Duration) -> f64 {
    time.as_secs_f64() / floor.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// In MiB, as Linux accounts for it.
fn peak_memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().context("VmHWM")?;
    Ok(kilobytes >> 10)
}
