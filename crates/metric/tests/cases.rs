//! The case files below `cases/metric`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use filter_pattern::Pattern;
use metric::{
    DatumParts, Property, Resolution, Series, Statistic, StatisticSetParts, Summary, Transformation,
    TransformationError, TransformationParts, Unit,
};
use testkit::{Case, Expectation, run_cases};

fn run(case: &Case) -> Expectation {
    if case.get("observations").is_some() {
        return Expectation::of("datapoints", datapoints(case));
    }
    if case.get("pattern").is_some() {
        return transformation(case);
    }
    let text = case.section("statistic");
    match Statistic::parse(text) {
        Ok(statistic) => Expectation::of("reading", format!("{statistic:?}")),
        Err(error) => Expectation::of("error", error.render(text, false)),
    }
}

fn transformation(case: &Case) -> Expectation {
    let pattern = Pattern::parse(case.section("pattern")).unwrap();
    let pairs = case.get("dimensions").unwrap_or_default().lines();
    let parts = TransformationParts {
        namespace: case.get("namespace").unwrap_or("KMS"),
        name: case.get("name").unwrap_or("Failures"),
        value: case.section("value"),
        default: case.get("default").map(|number| number.parse().unwrap()),
        unit: case.get("unit"),
        dimensions: pairs.map(|line| line.split_once(" = ").unwrap()).collect(),
    };
    let transformation = match Transformation::parse(&parts, pattern.language()) {
        Ok(transformation) => transformation,
        Err(error) => {
            let rendered = error.render(typed(&parts, &error), false);
            let property = format!("{:?}", error.property);
            return Expectation::of("property", property)
                .and("error", rendered)
                .and("aws", error.aws_message);
        }
    };
    Expectation::of("observation", observation(&pattern, &transformation, case.section("event")))
}

fn typed<'t>(parts: &TransformationParts<'t>, error: &TransformationError) -> &'t str {
    match error.property {
        Property::Namespace => parts.namespace,
        Property::Name => parts.name,
        Property::Value => parts.value,
        Property::Default | Property::Dimensions => "",
        Property::Unit => parts.unit.unwrap_or_default(),
        Property::DimensionName(position) => parts.dimensions[position].0,
        Property::DimensionValue(position) => parts.dimensions[position].1,
    }
}

fn observation(pattern: &Pattern, transformation: &Transformation, event: &str) -> String {
    let Some(found) = pattern.matches(event) else {
        let default = transformation.default_value();
        return default.map_or("no match".into(), |value| format!("no match, {value} by default"));
    };
    match transformation.observe(event, &found) {
        Ok(observation) => {
            let metric = transformation.metric(&observation.dimensions).unwrap();
            format!("{metric}: {} {}", observation.value, transformation.unit())
        }
        Err(reason) => format!("none, for {reason}"),
    }
}

/// Minutes and seconds.
fn seconds(text: &str) -> i64 {
    let (minutes, seconds) = text.split_once(':').unwrap();
    minutes.parse::<i64>().unwrap() * 60 + seconds.parse::<i64>().unwrap()
}

/// `0:30 2.5 ×3 Seconds high` or `0:30 set 3 11 2 5`
fn observe(line: &str, series: &mut Series) {
    let mut words = line.split_whitespace();
    let time = seconds(words.next().unwrap());
    let mut parts = DatumParts::default();
    let (mut unit, mut resolution) = (Unit::None, Resolution::Standard);
    while let Some(word) = words.next() {
        match word {
            "high" => resolution = Resolution::High,
            "set" => {
                let mut number = || words.next().map(|word| word.parse().unwrap());
                let (sample_count, sum, minimum, maximum) = (number(), number(), number(), number());
                parts.statistic_values = Some(StatisticSetParts { sample_count, sum, minimum, maximum });
            }
            _ if word.starts_with('×') => {
                parts.values.extend(parts.value.take());
                parts.counts.push(word.trim_start_matches('×').parse().unwrap());
            }
            _ => match word.parse() {
                Ok(number) => parts.value = Some(number),
                Err(_) => unit = word.parse().unwrap(),
            },
        }
    }
    let mut summary = Summary::new();
    parts.check().unwrap().add_to(&mut summary);
    series.merge(time, resolution, unit, &summary);
}

/// One line for each period and statistic that is asked for: `0:00 60 s p99`, maybe with a unit behind it.
fn datapoints(case: &Case) -> String {
    let mut series = Series::new();
    case.section("observations").lines().for_each(|line| observe(line, &mut series));
    let answers = case.section("questions").lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [start, period, _, statistic, ref unit @ ..] = words[..] else { panic!("{line}") };
        let unit = unit.first().map(|unit| unit.parse().unwrap());
        let statistic = Statistic::parse(statistic).unwrap();
        match series.datapoint(unit, seconds(start), period.parse().unwrap(), &statistic) {
            Some(found) => format!("{line}: {} of {}", found.value, found.sample_count),
            None => format!("{line}: none"),
        }
    });
    answers.collect::<Vec<_>>().join("\n")
}

#[test]
fn cases() {
    run_cases("cases/metric", run);
}
