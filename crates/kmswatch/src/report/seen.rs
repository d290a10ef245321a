//! Which ids were seen before? Exact, in bounded memory.
//!
//! Ids are held in a hash table up to a limit. Beyond it they go, sorted, into temporary files ("runs"); of more
//! than [`MAX_RUNS`], younger ones are merged. A Bloom filter answers for most new ids that no run holds them; for
//! the rest, marks in memory say which part of a run to read. The files have no name and vanish with the process.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// Bytes of one id in a file.
const ID: usize = 16;

/// How many files there may be.
const MAX_RUNS: usize = 8;

/// How many marks a file may have in memory, 16 bytes each.
const MAX_MARKS: u64 = 8192;

/// How many ids are read at once: 4 KiB.
const PAGE: u64 = 256;

/// Words of the Bloom filter: 2 MiB.
const FILTER_WORDS: usize = 1 << 18;

/// A set of ids that grows beyond memory.
#[derive(Debug)]
pub(super) struct Seen {
    recent: HashSet<u128, BuildHasherDefault<LowBits>>,
    limit: usize,
    filter: Filter,
    runs: Vec<Run>,
}

impl Seen {
    /// An empty set that holds up to `limit` ids in memory.
    pub(super) fn new(limit: usize) -> Self {
        Seen { recent: HashSet::default(), limit: limit.max(1), filter: Filter::default(), runs: Vec::new() }
    }

    /// Adds an id; `false` if it was there already.
    pub(super) fn insert(&mut self, id: u128) -> io::Result<bool> {
        if self.is_spilled(id).map_err(in_words)? || !self.recent.insert(id) {
            return Ok(false);
        }
        if self.recent.len() >= self.limit {
            self.spill().map_err(in_words)?;
        }
        Ok(true)
    }

    fn is_spilled(&self, id: u128) -> io::Result<bool> {
        if !self.filter.may_hold(id) {
            return Ok(false);
        }
        for run in &self.runs {
            if run.holds(id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut ids: Vec<u128> = std::mem::take(&mut self.recent).into_iter().collect();
        ids.sort_unstable();
        let mut writer = RunWriter::new(ids.len() as u64)?;
        for id in ids {
            self.filter.add(id);
            writer.push(id)?;
        }
        self.runs.push(writer.finish()?);
        if self.runs.len() > MAX_RUNS { self.merge() } else { Ok(()) }
    }

    /// Merges the youngest runs into one: as many as keep each older run larger than all younger ones together, so
    /// that an id is written again only a few times; at least two.
    fn merge(&mut self) -> io::Result<()> {
        let mut first = self.runs.len().saturating_sub(2);
        let mut size: u64 = self.runs.iter().skip(first).map(|run| run.length).sum();
        while let Some(older) = first.checked_sub(1).and_then(|index| self.runs.get(index)) {
            if older.length > size {
                break;
            }
            size += older.length;
            first -= 1;
        }
        let merged = merged(self.runs.get(first..).unwrap_or_default(), size)?;
        self.runs.truncate(first);
        self.runs.push(merged);
        Ok(())
    }
}

/// The low bits of an id as its hash: ids are hashes already, which nobody chooses.
#[derive(Debug, Default)]
struct LowBits(u64);

impl Hasher for LowBits {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u128(&mut self, id: u128) {
        self.0 = id as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
}

fn in_words(error: io::Error) -> io::Error {
    let folder = std::env::temp_dir();
    let folder = folder.display();
    io::Error::new(
        error.kind(),
        format!("can't remember which records were seen in a temporary file in {folder}: {error}"),
    )
}

/// Writes the ids of several runs, which have none in common, into one.
fn merged(runs: &[Run], size: u64) -> io::Result<Run> {
    let mut writer = RunWriter::new(size)?;
    let mut readers = runs.iter().map(RunReader::new).collect::<io::Result<Vec<_>>>()?;
    while let Some(reader) =
        readers.iter_mut().filter(|reader| reader.next.is_some()).min_by_key(|reader| reader.next)
    {
        if let Some(id) = reader.advance()? {
            writer.push(id)?;
        }
    }
    writer.finish()
}

/// A file of sorted ids.
#[derive(Debug)]
struct Run {
    file: File,
    length: u64,
    /// The first of each `stride` ids.
    marks: Vec<u128>,
    stride: u64,
}

impl Run {
    fn holds(&self, id: u128) -> io::Result<bool> {
        let Some(mark) = self.marks.partition_point(|mark| *mark <= id).checked_sub(1) else {
            return Ok(false);
        };
        let mut low = mark as u64 * self.stride;
        let mut high = (low + self.stride).min(self.length);
        while high - low > PAGE {
            let middle = low + (high - low) / 2;
            match self.page(middle, 1)?.first() {
                Some(first) if *first <= id => low = middle,
                _ => high = middle,
            }
        }
        Ok(self.page(low, high - low)?.binary_search(&id).is_ok())
    }

    /// `count` ids from the one at `index` on.
    fn page(&self, index: u64, count: u64) -> io::Result<Vec<u128>> {
        let mut bytes = vec![0; usize::try_from(count).map_err(io::Error::other)? * ID];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(index * ID as u64))?;
        file.read_exact(&mut bytes)?;
        let (ids, _) = bytes.as_chunks::<ID>();
        Ok(ids.iter().map(|id| u128::from_le_bytes(*id)).collect())
    }
}

/// Writes a run, ids ascending.
struct RunWriter {
    file: BufWriter<File>,
    length: u64,
    marks: Vec<u128>,
    stride: u64,
}

impl RunWriter {
    /// For at most `size` ids.
    fn new(size: u64) -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 16, tempfile::tempfile()?);
        Ok(RunWriter { file, length: 0, marks: Vec::new(), stride: size.div_ceil(MAX_MARKS).max(PAGE) })
    }

    fn push(&mut self, id: u128) -> io::Result<()> {
        if self.length.is_multiple_of(self.stride) {
            self.marks.push(id);
        }
        self.length += 1;
        self.file.write_all(&id.to_le_bytes())
    }

    fn finish(self) -> io::Result<Run> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Run { file, length: self.length, marks: self.marks, stride: self.stride })
    }
}

/// Reads a run from its start.
struct RunReader<'r> {
    file: BufReader<&'r File>,
    left: u64,
    next: Option<u128>,
}

impl<'r> RunReader<'r> {
    fn new(run: &'r Run) -> io::Result<Self> {
        let mut file = &run.file;
        file.seek(SeekFrom::Start(0))?;
        let mut reader =
            RunReader { file: BufReader::with_capacity(1 << 16, file), left: run.length, next: None };
        reader.advance()?;
        Ok(reader)
    }

    /// Takes the next id and reads the one behind it.
    fn advance(&mut self) -> io::Result<Option<u128>> {
        let current = self.next.take();
        if let Some(left) = self.left.checked_sub(1) {
            let mut bytes = [0; ID];
            self.file.read_exact(&mut bytes)?;
            self.next = Some(u128::from_le_bytes(bytes));
            self.left = left;
        }
        Ok(current)
    }
}

/// Says of most ids that were never added that they weren't. Ids are hashes, so their bits need no further hashing.
#[derive(Debug, Default)]
struct Filter(Vec<u64>);

impl Filter {
    fn add(&mut self, id: u128) {
        self.0.resize(FILTER_WORDS, 0);
        for (word, bit) in places(id) {
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }

    fn may_hold(&self, id: u128) -> bool {
        places(id).iter().all(|(word, bit)| self.0.get(*word).is_some_and(|word| word & bit != 0))
    }
}

/// Four bits of the filter that stand for an id, as index of a word and bit in it.
fn places(id: u128) -> [(usize, u64); 4] {
    [0, 32, 64, 96].map(|shift| {
        let part = (id >> shift) as u32;
        ((part >> 6) as usize % FILTER_WORDS, 1 << (part & 63))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn spread(id: u64) -> u128 {
        u128::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    #[test]
    fn merging_keeps_files_few_and_answers_exact() {
        let mut seen = Seen::new(100);
        for id in 0..20_000 {
            assert!(seen.insert(spread(id)).unwrap());
            assert!(seen.runs.len() <= MAX_RUNS);
        }
        assert!((0..20_000).all(|id| !seen.insert(spread(id)).unwrap()));
        assert!((20_000..20_100).all(|id| seen.insert(spread(id)).unwrap()));
    }

    #[test]
    fn long_strides_are_searched_within_the_file() {
        let mut writer = RunWriter::new(PAGE * 4 * MAX_MARKS).unwrap();
        (0..10_000_u128).for_each(|id| writer.push(id * 2).unwrap());
        let run = writer.finish().unwrap();
        assert!(run.stride > PAGE);
        assert!((0..10_000).all(|id| run.holds(id * 2).unwrap() && !run.holds(id * 2 + 1).unwrap()));
    }

    proptest! {
        #[test]
        fn a_spilling_set_answers_as_one_in_memory(ids in prop::collection::vec(0_u64..300, 0..600), limit in 1_usize..20) {
            let mut model = HashSet::new();
            let mut seen = Seen::new(limit);
            for id in ids {
                prop_assert_eq!(seen.insert(spread(id)).unwrap(), model.insert(id));
            }
        }
    }
}
