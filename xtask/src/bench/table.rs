//! The measurements as text.

use std::fmt::Write as _;
use std::time::Duration;

use super::contender::Group;
use super::corpus::Corpus;
use super::measure::{Usage, median};

const BEGIN: &str = "<!-- measured: written by `cargo xtask bench scan --write` -->";
const END: &str = "<!-- end of measured -->";

/// What was measured, and where.
pub(super) fn heading(corpus: &Corpus, runs: usize) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let megabytes = corpus.compressed / 1_000_000;
    format!(
        "{cores} cores, {}; {} files with {megabytes} MB of gzip, in the page cache; medians of {runs} runs of\n\
         whole processes, in turn.\n",
        std::env::consts::ARCH,
        corpus.files
    )
}

/// A table of one group.
pub(super) fn section(group: &Group, usages: &[Vec<Usage>]) -> String {
    let medians: Vec<Usage> = usages.iter().map(|list| median(list)).collect();
    let mut text = format!("### {}\n\n", group.title);
    text.push_str("| process | wall s | share of the floor's speed | processor s | share by processor time | peak MiB |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    let Some(floor) = medians.first() else { return text };
    for (contender, usage) in group.contenders.iter().zip(&medians) {
        let _ = writeln!(
            text,
            "| {} | {:.2} | {} | {:.2} | {} | {} |",
            contender.name,
            usage.wall.as_secs_f64(),
            share(floor.wall, usage.wall),
            usage.processor.as_secs_f64(),
            share(floor.processor, usage.processor),
            usage.memory >> 20
        );
    }
    text
}

/// How much of the floor's speed a time means.
fn share(floor: Duration, time: Duration) -> String {
    let percent = 100.0 * floor.as_secs_f64() / time.as_secs_f64().max(f64::MIN_POSITIVE);
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// Puts `measured` between the markers of a text; `None` where it has none.
pub(super) fn replace(text: &str, measured: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", measured.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_readable_for_fast_and_slow() {
        let share = |floor, time| share(Duration::from_millis(floor), Duration::from_millis(time));
        assert_eq!(share(800, 1000), "80 %");
        assert_eq!(share(800, 100_000), "0.8 %");
    }

    #[test]
    fn only_what_lies_between_the_markers_is_replaced() {
        let text = format!("# A\n{BEGIN}\nold\n{END}\nrest\n");
        assert_eq!(replace(&text, "new\n").unwrap(), format!("# A\n{BEGIN}\n\nnew\n\n{END}\nrest\n"));
        assert_eq!(replace("no markers", "new"), None);
    }
}
