//! The chart of the metric: a picture, a row of signs for plain text, and words for who can't see either.

mod canvas;
mod digits;
mod png;

use alarm::{Condition, java_double};

use crate::hostile::own;
use crate::limits::MAX_DATAPOINTS;
use crate::story::{Series, Story, Watched};
use crate::times::{day_and_minute, length, minute};

use canvas::{Canvas, Colour};

/// A series with what makes a datapoint breach.
pub(crate) struct Chart<'s> {
    series: &'s Series,
    values: &'s [Option<f64>],
    start: i64,
    condition: Option<&'s Condition>,
}

/// In pixels. Mail programs show it half as wide, so that it is sharp on fine screens.
const WIDTH: usize = 960;
const HEIGHT: usize = 300;
const LEFT: f32 = 112.0;
const RIGHT: f32 = 950.0;
const TOP: f32 = 20.0;
const BOTTOM: f32 = 240.0;
/// How high digits are.
const DIGITS: f32 = 26.0;

// Readable on white as well as on black.
const BAR: Colour = Colour([0x4d, 0x8f, 0xd6]);
const BREACH: Colour = Colour([0xe0, 0x3e, 0x36]);
const GREY: Colour = Colour([0x80, 0x88, 0x90]);
const ORANGE: Colour = Colour([0xd9, 0x7a, 0x06]);

impl<'s> Chart<'s> {
    /// The chart of a story, if there is something to draw.
    pub(crate) fn of(story: &'s Story) -> Option<Self> {
        let series = story.series.as_ref()?;
        let left_out = series.values.len().saturating_sub(MAX_DATAPOINTS);
        let values = series.values.get(left_out..)?;
        let known = values.iter().flatten().any(|value| value.is_finite());
        let start = series.start.saturating_add(left_out as i64 * i64::from(series.period));
        let condition = match &story.alarm.definition {
            _ if story.happened.summary().is_some() => None,
            Watched::Metric(alarm) => Some(&alarm.condition),
            Watched::Composite(_) => None,
        };
        known.then_some(Chart { series, values, start, condition })
    }

    /// What is counted: `KMS/Denied, Sum of 5 minutes each`.
    pub(crate) fn title(&self) -> String {
        format!("{}, {} each", own(&self.series.title), length(i64::from(self.series.period)))
    }

    /// `threshold: GreaterThanThreshold 5.0` in words.
    pub(crate) fn threshold(&self) -> Option<String> {
        let condition = self.condition?;
        let words = condition.comparison_operator.words();
        Some(format!("breaching: {words} {}", plain(condition.threshold)))
    }

    /// The first and the last period, for both ends of the axis.
    pub(crate) fn span(&self) -> (i64, i64) {
        let end = self.start.saturating_add(self.values.len() as i64 * i64::from(self.series.period));
        (self.start, end)
    }

    /// What the picture shows, for who can't see it.
    pub(crate) fn words(&self) -> String {
        let (start, end) = self.span();
        let highest = self.highest().map(|(value, at)| format!("highest {} at {}", plain(value), minute(at)));
        let breaching = self.values.iter().flatten().filter(|value| self.breaches(**value)).count();
        let breaching =
            self.condition.map(|_| format!("{breaching} of {} periods breach", self.values.len()));
        let parts: Vec<String> =
            [Some(self.title()), highest, breaching, self.threshold()].into_iter().flatten().collect();
        format!("Chart, {} to {} UTC: {}.", day_and_minute(start), minute(end), parts.join("; "))
    }

    /// Whether a datapoint is missing.
    pub(crate) fn has_gaps(&self) -> bool {
        self.values.iter().any(Option::is_none)
    }

    /// `▁▁▁█▆` with a dot for each missing datapoint.
    pub(crate) fn signs(&self) -> String {
        const SIGNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let (low, high) = self.bounds();
        let sign = |value: f64| {
            let height = ((value - low) / (high - low) * 8.0).ceil().clamp(1.0, 8.0) as usize;
            SIGNS.get(height - 1).copied().unwrap_or('?')
        };
        self.values.iter().map(|value| value.filter(|value| value.is_finite()).map_or('·', sign)).collect()
    }

    /// The picture, as PNG with a transparent background.
    pub(crate) fn png(&self) -> Vec<u8> {
        let mut canvas = Canvas::new(WIDTH, HEIGHT);
        let (low, high) = self.bounds();
        let scale = Scale { low, high };
        self.draw_axes(scale, &mut canvas);
        self.draw_bars(scale, &mut canvas);
        self.draw_threshold(scale, &mut canvas);
        png::encode(&canvas)
    }

    fn draw_axes(&self, scale: Scale, canvas: &mut Canvas) {
        canvas.line((LEFT, BOTTOM), (RIGHT, BOTTOM), 2.0, GREY);
        for value in [scale.low, scale.high] {
            let y = scale.y(value);
            canvas.line((LEFT - 8.0, y), (LEFT, y), 2.0, GREY);
            canvas.text_ending_at(LEFT - 16.0, y - DIGITS / 2.0, DIGITS, &compact(value), GREY);
        }
        let (start, end) = self.span();
        let middle = start + (end - start) / 2;
        let y = BOTTOM + 20.0;
        canvas.text(LEFT, y, DIGITS, &minute(start), GREY);
        canvas.text_ending_at(RIGHT, y, DIGITS, &minute(end), GREY);
        let width = Canvas::width_of(DIGITS, &minute(middle));
        canvas.text((LEFT + RIGHT - width) / 2.0, y, DIGITS, &minute(middle), GREY);
    }

    fn draw_bars(&self, scale: Scale, canvas: &mut Canvas) {
        let step = (RIGHT - LEFT) / self.values.len() as f32;
        let gap = (step * 0.15).min(4.0);
        let base = scale.y(scale.low.max(0.0));
        for (position, value) in self.values.iter().enumerate() {
            let x = LEFT + position as f32 * step;
            match value.filter(|value| value.is_finite()) {
                Some(value) => {
                    let colour = if self.breaches(value) { BREACH } else { BAR };
                    // A bar of a value that is zero can be seen, too: it isn't missing.
                    let y = scale.y(value).min(base - 3.0);
                    canvas.rectangle((x + gap, y), (x + step - gap, base), colour);
                }
                None => canvas.line((x + step / 2.0, base - 8.0), (x + step / 2.0, base - 8.0), 3.0, GREY),
            }
        }
    }

    fn draw_threshold(&self, scale: Scale, canvas: &mut Canvas) {
        let Some(condition) = self.condition else { return };
        let y = scale.y(condition.threshold);
        canvas.dashes(LEFT, RIGHT, y, 3.0, ORANGE);
        let near = |other: f64| (scale.y(other) - y).abs() < DIGITS + 6.0;
        if !near(scale.low) && !near(scale.high) {
            canvas.text_ending_at(
                LEFT - 16.0,
                y - DIGITS / 2.0,
                DIGITS,
                &compact(condition.threshold),
                ORANGE,
            );
        }
    }

    fn breaches(&self, value: f64) -> bool {
        self.condition.is_some_and(|condition| condition.breaches(value))
    }

    fn highest(&self) -> Option<(f64, i64)> {
        let known = self.values.iter().enumerate();
        let known =
            known.filter_map(|(position, value)| Some((position, value.filter(|value| value.is_finite())?)));
        let (position, value) = known.max_by(|left, right| left.1.total_cmp(&right.1))?;
        Some((value, self.start.saturating_add(position as i64 * i64::from(self.series.period))))
    }

    /// From where to where the axis goes: zero, all values and the threshold are in between.
    fn bounds(&self) -> (f64, f64) {
        let known = self.values.iter().flatten().copied().filter(|value| value.is_finite());
        let threshold = self.condition.map(|condition| condition.threshold).filter(|value| value.is_finite());
        let (low, high) = known
            .chain(threshold)
            .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        if high - low > 0.0 { (low, high) } else { (low, low + 1.0) }
    }
}

/// Which value lies where.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn y(self, value: f64) -> f32 {
        // Halved first, so that no difference of two numbers is infinite.
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        BOTTOM - (share as f32).clamp(0.0, 1.0) * (BOTTOM - TOP)
    }
}

/// `5`, `2.5`, `1.0E7`.
pub(crate) fn plain(value: f64) -> String {
    let text = java_double(value);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// In at most six signs, for the axis: `12.3k`.
fn compact(value: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let size = value.abs();
    if size >= 1e15 || (size > 0.0 && size < 0.01) {
        return format!("{value:.0e}");
    }
    let (unit, sign) = UNITS.into_iter().find(|(unit, _)| size >= *unit).unwrap_or((1.0, ""));
    let short = value / unit;
    let decimals = if short.abs() < 10.0 { 2 } else { 1 };
    let digits = format!("{short:.decimals$}");
    format!("{}{sign}", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_the_axis_are_short() {
        let numbers = [0.0, 1.0, 2.5, 57.0, 999.0, 1000.0, 12_345.0, 1e7, -3.25, 1e300, 1e-5].map(compact);
        let expected = ["0", "1", "2.5", "57", "999", "1k", "12.3k", "10M", "-3.25", "1e300", "1e-5"];
        assert_eq!(numbers, expected);
    }
}
