//! Checking a metric transformation as PutMetricFilter does.

use filter_pattern::{Language, PatternError, Selector};

use super::observe::parse_number;
use super::{MAX_TRANSFORMATION_DIMENSIONS, Origin, Transformation, TransformationParts};
use super::{Property, TransformationError, TransformationErrorCode as Code};
use crate::identity::{check_colon, check_dimension_name, check_length};
use crate::{MetricValue, NameError, Unit};

const MAX_NAME_CHARS: usize = 255;
/// How many characters a metric value may have (API reference, `MetricTransformation`).
const MAX_VALUE_CHARS: usize = 100;

pub(super) fn parse(
    parts: &TransformationParts<'_>,
    language: Language,
) -> Result<Transformation, TransformationError> {
    check_namespace(parts.namespace)?;
    check_metric_name(parts.name)?;
    let value = value(parts.value, language)?;
    let default = parts.default.map(default_value).transpose()?;
    let unit = parts.unit.map_or(Ok(Unit::None), unit)?;
    let dimensions = dimensions(&parts.dimensions, language)?;
    if default.is_some() && !dimensions.is_empty() {
        let number = parts.default.unwrap_or_default().to_string();
        return Err(TransformationError::new(
            Code::DefaultWithDimensions,
            Property::Default,
            &number,
            "a metric with dimensions has no default value",
            "leave out the default value or the dimensions: no log event says which dimensions a default would belong to",
        ));
    }
    Ok(Transformation {
        namespace: parts.namespace.into(),
        name: parts.name.into(),
        value,
        default,
        unit,
        dimensions,
    })
}

/// AWS documents that a namespace may hold no `:`, and takes it all the same.
fn check_namespace(text: &str) -> Result<(), TransformationError> {
    let help =
        "write 1 to 255 characters without `*` and `$`, the first of them no colon, such as `KMS/Failures`";
    let checked = check_length(text, MAX_NAME_CHARS).and_then(|()| check_colon(text));
    checked.map_err(|error| name_error(Property::Namespace, text, "the namespace", error, help))?;
    check_characters(Property::Namespace, text, &['*', '$'], help)
}

fn check_metric_name(text: &str) -> Result<(), TransformationError> {
    let help = "write 1 to 255 characters without `:`, `*` and `$`, such as `DecryptFailures`";
    check_length(text, MAX_NAME_CHARS)
        .map_err(|error| name_error(Property::Name, text, "the metric's name", error, help))?;
    check_characters(Property::Name, text, &[':', '*', '$'], help)
}

fn name_error(
    property: Property,
    text: &str,
    what: &str,
    error: NameError,
    help: &str,
) -> TransformationError {
    TransformationError::new(Code::Name, property, text, format!("{what} {error}"), help)
}

fn check_characters(
    property: Property,
    text: &str,
    refused: &[char],
    help: &str,
) -> Result<(), TransformationError> {
    let Some((at, found)) = text.char_indices().find(|(_, character)| refused.contains(character)) else {
        return Ok(());
    };
    let message = format!("`{found}` isn't allowed here");
    let span = at..at + found.len_utf8();
    Err(TransformationError::new(Code::Name, property, text, message, help).at(span))
}

fn value(text: &str, language: Language) -> Result<Origin, TransformationError> {
    let wrong = |message: String, help: &str| {
        TransformationError::new(Code::Value, Property::Value, text, message, help)
            .aws(format!("Invalid metric transformation: metric value {text} must be a valid number"))
    };
    if text.chars().nth(MAX_VALUE_CHARS).is_some() {
        let message = format!("the metric value has more than {MAX_VALUE_CHARS} characters");
        return Err(wrong(message, "write a shorter selector or number"));
    }
    if text.starts_with('$') {
        return origin(text, language).map_err(|mistake| {
            let error = wrong(mistake.message, &mistake.help);
            mistake.span.into_iter().fold(error, TransformationError::at)
        });
    }
    let number = parse_number(text).ok_or_else(|| {
        wrong("the metric value is neither a number nor a reference".into(), value_help(language))
    })?;
    let value = MetricValue::new(number)
        .map_err(|error| wrong(format!("the metric value is {error}"), "write a number up to 2^360"))?;
    Ok(Origin::Number(value))
}

fn value_help(language: Language) -> &'static str {
    match language {
        Language::Term => "write a number, such as `1`",
        Language::Json => "write a number, such as `1`, or a selector, such as `$.responseElements.size`",
        Language::Space => "write a number, such as `1`, or a field, such as `$bytes`",
    }
}

/// What is wrong with a selector or a field.
struct Mistake {
    span: Option<std::ops::Range<usize>>,
    message: String,
    help: String,
}

impl From<PatternError> for Mistake {
    fn from(error: PatternError) -> Self {
        Mistake { span: Some(error.span), message: error.message, help: error.help }
    }
}

/// Reads what begins with a dollar sign.
fn origin(text: &str, language: Language) -> Result<Origin, Mistake> {
    let mistake =
        |message: &str, help: &str| Mistake { span: None, message: message.into(), help: help.into() };
    match language {
        Language::Term => Err(mistake(
            "a term pattern has no values that could be referred to",
            "write a number, such as `1`, or a JSON or space-delimited pattern",
        )),
        Language::Json => {
            let selector = Selector::parse(text)?;
            match selector.has_wildcard() {
                true => Err(mistake(
                    "a selector with a wildcard can find more than one value",
                    "name one value, such as `$.resources[0].ARN`",
                )),
                false => Ok(Origin::Selector(selector)),
            }
        }
        Language::Space if is_field(text) => Ok(Origin::Field(text.into())),
        Language::Space => Err(mistake(
            "a space-delimited pattern has fields, not members of JSON",
            "write `$` and the name of a field, such as `$bytes`, or its position, such as `$3`",
        )),
    }
}

/// A dollar sign and a name of a field, or a position counted from 1. Whether the pattern has such a field isn't
/// asked; AWS doesn't ask it either.
fn is_field(text: &str) -> bool {
    let name = text.strip_prefix('$').unwrap_or_default();
    !name.is_empty()
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "_-".contains(character))
}

fn default_value(number: f64) -> Result<MetricValue, TransformationError> {
    MetricValue::new(number).map_err(|error| {
        let message = format!("the default value is {error}");
        let help = "write a number up to 2^360, or leave it out";
        TransformationError::new(Code::Default, Property::Default, &number.to_string(), message, help)
    })
}

fn unit(text: &str) -> Result<Unit, TransformationError> {
    text.parse().map_err(|unknown: crate::UnknownUnit| {
        let help = match unknown.meant {
            Some(unit) => format!("write `{unit}`"),
            None => "write one of CloudWatch's units, such as `Count`, `Seconds` or `Bytes`, or leave it out"
                .into(),
        };
        TransformationError::new(Code::Unit, Property::Unit, text, "there is no such unit", help)
    })
}

fn dimensions(
    typed: &[(&str, &str)],
    language: Language,
) -> Result<Vec<(String, Origin)>, TransformationError> {
    check_number_of_dimensions(typed, language)?;
    let mut known: Vec<(String, Origin)> = Vec::new();
    for (position, (name, value)) in typed.iter().enumerate() {
        let property = Property::DimensionName(position);
        let help = "write 1 to 255 ASCII characters, the first of them no colon, such as `KeyId`";
        check_dimension_name(name)
            .map_err(|error| name_error(property, name, "the dimension's name", error, help))?;
        if known.iter().any(|(other, _)| other == name) {
            let (message, help) = ("there is another dimension of this name", "give each its own name");
            return Err(TransformationError::new(Code::Dimensions, property, name, message, help));
        }
        known.push(((*name).into(), dimension_value(position, value, language)?));
    }
    Ok(known)
}

fn check_number_of_dimensions(typed: &[(&str, &str)], language: Language) -> Result<(), TransformationError> {
    let property = Property::Dimensions;
    if typed.len() > MAX_TRANSFORMATION_DIMENSIONS {
        let message = format!("{} dimensions are too many", typed.len());
        let help = format!("give at most {MAX_TRANSFORMATION_DIMENSIONS}");
        return Err(TransformationError::new(Code::Dimensions, property, "", message, help));
    }
    if language == Language::Term && !typed.is_empty() {
        let message = "a term pattern has no values for dimensions";
        let help = "leave out the dimensions, or write a JSON or space-delimited pattern";
        return Err(TransformationError::new(Code::TermPattern, property, "", message, help)
            .aws("The specified filter pattern does not support dimensions"));
    }
    Ok(())
}

fn dimension_value(position: usize, text: &str, language: Language) -> Result<Origin, TransformationError> {
    let wrong = |message: String, help: String| {
        let property = Property::DimensionValue(position);
        TransformationError::new(Code::DimensionValue, property, text, message, help)
            .aws("Invalid metric transformation: dimension value must be valid selector")
    };
    if !text.starts_with('$') {
        let message = "a dimension's value comes from the log event".into();
        let help = "write a selector, such as `$.userIdentity.arn`, or a field, such as `$user`";
        return Err(wrong(message, help.into()));
    }
    origin(text, language).map_err(|mistake| {
        let error = wrong(mistake.message, mistake.help);
        mistake.span.into_iter().fold(error, TransformationError::at)
    })
}
