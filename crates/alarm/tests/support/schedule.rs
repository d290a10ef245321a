//! When an alarm is evaluated, and over what.

use alarm::{Mode, Window, next_evaluation, window, windows_touched_by};
use testkit::{Case, Expectation};

use super::settings::{Settings, time};

pub(crate) fn run(case: &Case) -> Expectation {
    let settings = Settings::of(case.section("schedule"));
    let condition = settings.condition();
    let now = time(settings.text("Now").unwrap());
    let mode = |mode: Mode| {
        let next = alarm::calendar::short(next_evaluation(&condition, now, mode));
        format!("window {}\nnext   {next}", shown(window(&condition, now, mode)))
    };
    let touched: Vec<Window> = windows_touched_by(&condition, now).collect();
    let bounds = touched.first().zip(touched.last());
    let touched = bounds.map(|(first, last)| {
        format!("{} windows\nfirst  {}\nlast   {}", touched.len(), shown(*first), shown(*last))
    });
    Expectation::of("cloudwatch", mode(Mode::CloudWatch))
        .and("eager", mode(Mode::Eager))
        .and("touched", touched.unwrap())
}

fn shown(window: Window) -> String {
    assert_eq!(window.starts().next(), Some(window.start()));
    assert_eq!(window.starts().count(), window.slots as usize);
    let (start, end) = (alarm::calendar::short(window.start()), alarm::calendar::short(window.end));
    format!("{start} - {end}: {} x {} s", window.slots, window.period)
}
