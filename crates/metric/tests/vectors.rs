//! The published vectors that are about metrics.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use metric::{DatumParts, MetricValue, Resolution, Series, Statistic, StatisticSetParts, Summary, Unit};
use serde_json::Value;

fn vectors(kind: &str) -> Option<Vec<Value>> {
    let path = testkit::shared("spec/alarm_extra_vectors.json")?;
    let all: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let wanted: Vec<Value> = all.into_iter().filter(|vector| vector["kind"] == kind).collect();
    assert!(!wanted.is_empty(), "no vector of kind {kind}");
    Some(wanted)
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().map(|list| list.iter().filter_map(Value::as_f64).collect()).unwrap_or_default()
}

fn parts(datum: &Value) -> DatumParts {
    let set = datum.get("StatisticValues").map(|set| StatisticSetParts {
        sample_count: set["SampleCount"].as_f64(),
        sum: set["Sum"].as_f64(),
        minimum: set["Minimum"].as_f64(),
        maximum: set["Maximum"].as_f64(),
    });
    DatumParts {
        value: datum["Value"].as_f64(),
        values: numbers(&datum["Values"]),
        counts: numbers(&datum["Counts"]),
        statistic_values: set,
    }
}

fn summary(data: &Value) -> Summary {
    let mut summary = Summary::new();
    for datum in data.as_array().unwrap() {
        parts(datum).check().unwrap().add_to(&mut summary);
    }
    summary
}

#[test]
fn statistics() {
    for vector in vectors("statistic").into_iter().flatten() {
        let summary = summary(&vector["data"]);
        for (name, expected) in vector["expect"].as_object().unwrap() {
            let found = summary.datapoint(&Statistic::parse(name).unwrap()).map(|datapoint| datapoint.value);
            assert_eq!(found, expected.as_f64(), "{vector}: {name}");
        }
    }
}

#[test]
fn refused_data() {
    for vector in vectors("put_metric_data_error").into_iter().flatten() {
        let error = parts(&vector["data"][0]).check().unwrap_err();
        let expected = (vector["code"].as_str().unwrap(), vector["message"].as_str().unwrap().to_owned());
        assert_eq!(error.aws(1), expected, "{vector}");
    }
}

#[test]
fn low_samples() {
    for vector in vectors("low_sample").into_iter().flatten() {
        let percent = vector["percentile"].as_f64().unwrap() * 100.0;
        let statistic = Statistic::parse(&format!("p{percent}")).unwrap();
        let enough = vector["ignore_when_fewer_than"].as_f64().unwrap();
        assert!(statistic.has_few_samples(enough - 1.0), "{vector}");
        assert!(!statistic.has_few_samples(enough), "{vector}");
    }
}

#[test]
fn units() {
    for vector in vectors("units").into_iter().flatten() {
        let mut series = Series::new();
        for datum in vector["data"].as_array().unwrap() {
            let unit: Unit = datum["Unit"].as_str().unwrap().parse().unwrap();
            let value = MetricValue::new(datum["Value"].as_f64().unwrap()).unwrap();
            series.add(0, Resolution::Standard, unit, value);
        }
        let statistic = Statistic::parse(vector["stat"].as_str().unwrap()).unwrap();
        let found = series.datapoint(None, 0, 60, &statistic).map(|datapoint| datapoint.value);
        assert_eq!(found, vector["expect"].as_f64(), "{vector}");
        let units = series.units().map(Unit::as_str).collect::<Vec<_>>().join(", ");
        assert_eq!(vector["note"], format!("[{units}]"));
    }
}
