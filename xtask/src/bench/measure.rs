//! What a whole process takes: time, processor, memory.

use std::io::Read as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use wait4::Wait4 as _;

use super::contender::Contender;

/// What one run of a process took, with the processes that it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) wall: Duration,
    /// In user mode and in the kernel.
    pub(super) processor: Duration,
    /// Peak resident memory, in bytes.
    pub(super) memory: u64,
}

/// Runs a contender to its end. Exit code 1 is a result too: `grep` and its kind say so that nothing was found.
pub(super) fn run(contender: &Contender) -> anyhow::Result<Usage> {
    let started = Instant::now();
    let mut child = contender.command().spawn().with_context(|| contender.name.clone())?;
    let mut complaints = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut complaints)?;
    }
    let used = child.wait4()?;
    let wall = started.elapsed();
    if !matches!(used.status.code(), Some(0 | 1)) {
        bail!("{}: {}: {}", contender.name, used.status, complaints.trim());
    }
    Ok(Usage { wall, processor: used.rusage.utime + used.rusage.stime, memory: used.rusage.maxrss })
}

/// The medians of several runs, each taken for itself.
pub(super) fn median(usages: &[Usage]) -> Usage {
    Usage {
        wall: middle(usages.iter().map(|usage| usage.wall)),
        processor: middle(usages.iter().map(|usage| usage.processor)),
        memory: middle(usages.iter().map(|usage| usage.memory)),
    }
}

fn middle<T: Ord + Copy + Default>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_not_moved_by_one_slow_run() {
        let usage = |milliseconds| Usage {
            wall: Duration::from_millis(milliseconds),
            processor: Duration::from_millis(milliseconds),
            memory: milliseconds,
        };
        assert_eq!(median(&[usage(9000), usage(10), usage(11)]), usage(11));
    }
}
