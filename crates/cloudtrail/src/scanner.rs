//! Where do the records of a log file begin and end, and where are their most wanted members?
//!
//! [`Scanner::scan`] walks over JSON text once, 64 bytes at a step, without parsing it. For each object at the
//! outer level it hands on where it begins and ends, and for each *watched key* where the value of that member
//! of the object begins. It looks at quotes, backslashes and brackets only; whoever needs more parses the few
//! records that matter.
//!
//! How: each block becomes bit masks (one bit a byte) of quotes, backslashes, opening and closing brackets. An
//! odd run of backslashes escapes the quote after it; a prefix XOR of the unescaped quotes says which bytes are
//! inside strings; brackets outside strings count the depth. A record can end only in a block that holds enough
//! closing brackets, so most blocks cost no branch per bracket. Keys are recognised from their *closing* quote
//! backwards: the masks also say which bytes could be the last three characters of a watched key, and where
//! all line up in front of a closing quote the key is compared. So strings are never walked.
//!
//! What it promises: for text that is well-formed JSON, bounds and values are exact, except for keys spelled with
//! escapes (`event\u0053ource`), of which [`Record::escaped`] warns. For text that isn't, it stops where brackets
//! or separators don't fit, and may hand on an object that isn't JSON inside.

mod blocks;

pub use blocks::Engine;
use blocks::{BATCH, Batch, Carry, Classes};

/// At most so many keys can be watched.
pub const MAX_WATCHED: usize = 24;

/// The value of a watched key that the record doesn't have.
pub const ABSENT: u32 = u32::MAX;

/// How deeply brackets may be nested before the scan stops; deeper texts aren't logs.
const MAX_SCAN_DEPTH: i64 = 1 << 20;

/// Finds records and watched members in JSON text.
#[derive(Debug, Clone)]
pub struct Scanner {
    keys: Vec<WatchedKey>,
    /// The first key of each hash of a tail, plus one; 0 where there is none.
    first_by_tail: [u8; 64],
    /// Which bytes of a tail are hashed.
    hashed: u64,
    classes: Classes,
    engine: Engine,
    unicode_escape: memchr::memmem::Finder<'static>,
}

/// A key in a form that compares at once: its last and its first eight bytes, quotes included, as words.
#[derive(Debug, Clone)]
struct WatchedKey {
    /// With both quotes.
    quoted: Vec<u8>,
    tail: Word,
    head: Word,
    /// Whether head and tail together are all of it.
    covered: bool,
    /// The next key with the same hash, plus one; 0 where there is none.
    next: u8,
}

/// Up to eight bytes of a key, and which bytes of a word they are.
#[derive(Debug, Clone, Copy, Default)]
struct Word {
    value: u64,
    mask: u64,
}

/// One object of the outer level.
#[derive(Debug, Clone, Copy)]
pub struct Record<'s> {
    /// Byte offset of its `{`.
    pub start: usize,
    /// Byte offset after its `}`.
    pub end: usize,
    /// For each watched key the offset of its value from `start`, or [`ABSENT`]. Of a repeated key, the last.
    pub values: &'s [u32],
    /// Whether the object may hold a `\u00` escape, so that a key may be spelled with escapes.
    pub escaped: bool,
}

/// Why a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The `]` that ends the array is at this offset.
    ArrayEnd(usize),
    /// The text ended between two objects.
    End,
    /// The text ended inside the object that begins at this offset.
    Incomplete(usize),
    /// The object that begins at `start` is closed at `at` by a bracket that doesn't fit, or nested too deeply there.
    Broken {
        /// Offset of its `{`.
        start: usize,
        /// Offset of the bracket.
        at: usize,
    },
    /// At this offset stands something that is neither an object nor a separator.
    Unexpected(usize),
    /// The visitor asked to stop; the object that it was shown ends at this offset.
    Asked(usize),
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continue {
    /// Show the next object.
    Yes,
    /// Stop here.
    No,
}

impl Scanner {
    /// A scanner for these keys: ASCII without quotes and backslashes, not empty, at most [`MAX_WATCHED`]; keys beyond that
    /// number are never found (their values stay [`ABSENT`]).
    #[must_use]
    pub fn new(keys: &[String]) -> Self {
        Self::with_engine(keys, Engine::best())
    }

    /// A scanner that uses a given engine. All engines give the same answers.
    #[must_use]
    pub fn with_engine(keys: &[String], engine: Engine) -> Self {
        let mut keys: Vec<WatchedKey> =
            keys.iter().take(MAX_WATCHED).map(|key| WatchedKey::new(key)).collect();
        let hashed = hashed_bytes(&keys);
        let mut first_by_tail = [0; 64];
        for (number, key) in (1..).zip(&mut keys) {
            if let Some(first) = first_by_tail.get_mut(hash(key.tail.value & hashed)) {
                key.next = std::mem::replace(first, number);
            }
        }
        let classes = Classes::new(keys.iter().map(WatchedKey::name));
        let unicode_escape = memchr::memmem::Finder::new(b"\\u00");
        Self { keys, first_by_tail, hashed, classes, engine, unicode_escape }
    }

    #[inline(always)]
    fn tail_hash(&self, tail: u64) -> usize {
        hash(tail & self.hashed)
    }

    /// Shows `visit` each object at the outer level of `text` from the byte offset `from` on, which must be outside
    /// any string and object. Between objects white space and one comma may stand.
    pub fn scan(&self, text: &[u8], from: usize, visit: &mut dyn FnMut(Record<'_>) -> Continue) -> Stop {
        let mut state = State::new(self, text, from, visit);
        state.run(from).map_or_else(|stop| stop, |()| state.finish())
    }
}

/// Six bits.
#[inline(always)]
fn hash(bytes: u64) -> usize {
    (bytes.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize
}

/// Which bytes of a tail are hashed: the last four characters; two, if a key is too short for that.
fn hashed_bytes(keys: &[WatchedKey]) -> u64 {
    if keys.iter().all(|key| key.quoted.len() >= 6) { 0x00ff_ffff_ff00_0000 } else { 0x00ff_ff00_0000_0000 }
}

impl WatchedKey {
    fn new(key: &str) -> Self {
        let quoted = format!("\"{key}\"").into_bytes();
        let mut tail = Word::default();
        quoted.iter().rev().zip((0..8).rev()).for_each(|(byte, index)| tail.set(index, *byte));
        let mut head = Word::default();
        quoted.iter().zip(0..8).for_each(|(byte, index)| head.set(index, *byte));
        Self { tail, head, covered: quoted.len() <= 16, next: 0, quoted }
    }

    fn name(&self) -> &[u8] {
        self.quoted.get(1..self.quoted.len() - 1).unwrap_or_default()
    }

    /// Whether this key, with its quotes, stands at `start..end` of `text`.
    #[inline(always)]
    fn stands_at(&self, text: &[u8], start: usize, end: usize) -> bool {
        match text.get(start..).and_then(|from| from.first_chunk::<8>()) {
            Some(head) if self.covered => self.head.matches(*head),
            _ => text.get(start..end) == Some(self.quoted.as_slice()),
        }
    }
}

impl Word {
    fn set(&mut self, index: u32, byte: u8) {
        self.value |= u64::from(byte) << (8 * index);
        self.mask |= 0xff << (8 * index);
    }

    #[inline(always)]
    fn matches(self, bytes: [u8; 8]) -> bool {
        u64::from_le_bytes(bytes) & self.mask == self.value
    }
}

struct State<'a> {
    scanner: &'a Scanner,
    text: &'a [u8],
    visit: &'a mut dyn FnMut(Record<'_>) -> Continue,
    /// Brackets that are open.
    depth: i64,
    record_start: usize,
    /// Whether there was a backslash in this record in an earlier batch, or just before it.
    backslash: bool,
    /// One bit a block of this batch: whether it holds a backslash. Without those before the record.
    backslashes: u64,
    /// Where the last object (or the start) ended.
    gap_start: usize,
    values: [u32; MAX_WATCHED],
}

impl<'a> State<'a> {
    fn new(
        scanner: &'a Scanner,
        text: &'a [u8],
        from: usize,
        visit: &'a mut dyn FnMut(Record<'_>) -> Continue,
    ) -> Self {
        Self {
            scanner,
            text,
            visit,
            depth: 0,
            record_start: from,
            backslash: false,
            backslashes: 0,
            gap_start: from,
            values: [ABSENT; MAX_WATCHED],
        }
    }

    /// Indexes and walks the text from `from` on. The first and the last block are copies filled up with spaces, so
    /// that those between them are aligned to cache lines.
    fn run(&mut self, from: usize) -> Result<(), Stop> {
        let mut carry = Carry::default();
        let mut batch = Batch::new();
        let rest = self.text.get(from..).unwrap_or_default();
        let misaligned = rest.as_ptr().addr() % 64;
        let (head, rest) = rest.split_at(((64 - misaligned) % 64).min(rest.len()));
        let (blocks, tail) = rest.as_chunks::<64>();
        let mut at = from + head.len();
        if !head.is_empty() {
            self.batch(from.wrapping_sub(misaligned), &[padded(misaligned, head)], &mut carry, &mut batch)?;
        }
        for blocks in blocks.chunks(BATCH) {
            self.batch(at, blocks, &mut carry, &mut batch)?;
            at += blocks.len() * 64;
        }
        if tail.is_empty() { Ok(()) } else { self.batch(at, &[padded(0, tail)], &mut carry, &mut batch) }
    }

    /// Takes blocks of which the first byte is at offset `at` of the text. (Before the text, wrapped around, for a
    /// first block that begins with filling.)
    fn batch(
        &mut self,
        at: usize,
        blocks: &[[u8; 64]],
        carry: &mut Carry,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        blocks::index(self.scanner.engine, &self.scanner.classes, blocks, carry, batch);
        match self.scanner.engine {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these engines come from `Engine::available`, which found these features.
            Engine::Avx512 | Engine::Avx2 => unsafe { self.walk_x86(at, blocks.len(), batch) },
            Engine::Portable => self.walk(at, blocks.len(), batch, skip_inner_blocks),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "popcnt,bmi1,bmi2")]
    fn walk_x86(&mut self, at: usize, blocks: usize, batch: &Batch) -> Result<(), Stop> {
        self.walk(at, blocks, batch, |batch, number, blocks, depth| skip_x86(batch, number, blocks, depth))
    }

    /// Walks over indexed blocks. Inlined, so that it counts bits with the instructions of each engine.
    #[inline(always)]
    fn walk(
        &mut self,
        at: usize,
        blocks: usize,
        batch: &Batch,
        skip: impl Fn(&Batch, usize, usize, i64) -> (usize, i64),
    ) -> Result<(), Stop> {
        self.backslashes = batch.backslashes;
        let mut number = 0;
        loop {
            (number, self.depth) = skip(batch, number, blocks, self.depth);
            if number >= blocks.min(BATCH) {
                break;
            }
            let [opened, closed] = depth_changes(batch, number);
            if self.depth > closed {
                self.inner_block(at, number, batch);
                self.depth += opened - closed;
            } else {
                self.boundary_block(at, number, batch)?;
            }
            number += 1;
        }
        self.backslash |= self.backslashes != 0;
        Ok(())
    }

    /// Watched keys that end in a block in which no object of the outer level can end.
    #[expect(clippy::indexing_slicing, reason = "the number of a block of the batch")]
    #[inline(always)]
    fn inner_block(&mut self, batch_at: usize, number: usize, batch: &Batch) {
        let (opens, closes) = (batch.opens[number], batch.closes[number]);
        let mut left = batch.key_ends[number];
        while left != 0 {
            let below = (left & left.wrapping_neg()) - 1;
            let end = batch_at.wrapping_add(number * 64 + left.trailing_zeros() as usize + 1);
            left &= left - 1;
            // Most candidates are none, which is quicker to see than how deep they stand.
            if let Some(index) = self.key_ending_at(end)
                && self.depth + count(opens & below) - count(closes & below) == 1
            {
                self.note_value(index, end);
            }
        }
    }

    /// A block in which objects of the outer level may begin or end: bit by bit, in order.
    #[expect(clippy::indexing_slicing, reason = "the number of a block of the batch")]
    fn boundary_block(&mut self, batch_at: usize, number: usize, batch: &Batch) -> Result<(), Stop> {
        let key_ends = batch.key_ends[number];
        let opens = batch.opens[number];
        let mut left = opens | batch.closes[number] | key_ends;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            let offset = batch_at.wrapping_add(number * 64 + left.trailing_zeros() as usize);
            left &= left - 1;
            if key_ends & bit == 0 {
                self.bracket(offset, opens & bit != 0, number)?;
            } else if self.depth == 1
                && let Some(index) = self.key_ending_at(offset + 1)
            {
                self.note_value(index, offset + 1);
            }
        }
        Ok(())
    }

    /// Takes a bracket in block `number` of the batch.
    fn bracket(&mut self, offset: usize, opens: bool, number: usize) -> Result<(), Stop> {
        match (self.depth, opens) {
            (0, true) => return self.open_record(offset),
            (0, false) => return Err(self.outer_close(offset)),
            (1, false) => return self.close_record(offset, number),
            (MAX_SCAN_DEPTH.., true) => return Err(Stop::Broken { start: self.record_start, at: offset }),
            (_, true) => self.depth += 1,
            (_, false) => self.depth -= 1,
        }
        Ok(())
    }

    fn open_record(&mut self, offset: usize) -> Result<(), Stop> {
        if let Some(stray) = self.stray_in_gap(offset) {
            return Err(Stop::Unexpected(stray));
        }
        if self.text.get(offset) != Some(&b'{') {
            return Err(Stop::Unexpected(offset));
        }
        self.depth = 1;
        self.record_start = offset;
        Ok(())
    }

    fn outer_close(&self, offset: usize) -> Stop {
        let comma = || stray(self.text, self.gap_start, offset, |_| false);
        match (self.text.get(offset), self.stray_in_gap(offset).or_else(comma)) {
            (Some(b']'), None) => Stop::ArrayEnd(offset),
            (_, Some(stray)) => Stop::Unexpected(stray),
            _ => Stop::Unexpected(offset),
        }
    }

    fn close_record(&mut self, offset: usize, number: usize) -> Result<(), Stop> {
        if self.text.get(offset) != Some(&b'}') {
            return Err(Stop::Broken { start: self.record_start, at: offset });
        }
        let (start, end) = (self.record_start, offset + 1);
        (self.depth, self.gap_start) = (0, end);
        let backslash = std::mem::take(&mut self.backslash) || self.backslashes << (BATCH - 1 - number) != 0;
        self.backslashes &= u64::MAX << number;
        let escaped = backslash && self.holds_unicode_escape(start, end);
        let watched = self.scanner.keys.len().min(MAX_WATCHED);
        let (values, _) = self.values.split_at(watched);
        let go_on = (self.visit)(Record { start, end, values, escaped });
        self.values.iter_mut().take(watched).for_each(|value| *value = ABSENT);
        if go_on == Continue::No { Err(Stop::Asked(end)) } else { Ok(()) }
    }

    fn holds_unicode_escape(&self, start: usize, end: usize) -> bool {
        let record = self.text.get(start..end).unwrap_or_default();
        self.scanner.unicode_escape.find(record).is_some()
    }

    /// The first byte between the last object and the next that doesn't separate them.
    fn stray_in_gap(&self, next: usize) -> Option<usize> {
        if self.text.get(self.gap_start..next) == Some(b",") {
            return None;
        }
        let mut comma_allowed = true;
        stray(self.text, self.gap_start, next, |byte| byte == b',' && std::mem::take(&mut comma_allowed))
    }

    /// The watched key whose closing quote is the byte before `end`.
    #[inline(always)]
    fn key_ending_at(&self, end: usize) -> Option<usize> {
        let tail = self.tail_at(end);
        let mut number =
            self.scanner.first_by_tail.get(self.scanner.tail_hash(tail)).copied().unwrap_or_default();
        while let Some(index) = usize::from(number).checked_sub(1) {
            let key = self.scanner.keys.get(index)?;
            if tail & key.tail.mask == key.tail.value && self.is_key(key, end) {
                return Some(index);
            }
            number = key.next;
        }
        None
    }

    /// The eight bytes before `end`; those before the text's start are zero.
    #[inline(always)]
    fn tail_at(&self, end: usize) -> u64 {
        match end.checked_sub(8).and_then(|from| self.text.get(from..end)?.first_chunk::<8>()) {
            Some(tail) => u64::from_le_bytes(*tail),
            None => self.text.iter().take(end).fold(0, |tail, byte| tail >> 8 | u64::from(*byte) << 56),
        }
    }

    /// Compares the whole key. An escaped quote in front would mean that the string began earlier.
    #[inline(always)]
    fn is_key(&self, key: &WatchedKey, end: usize) -> bool {
        let Some(start) = end.checked_sub(key.quoted.len()) else { return false };
        let escaped = start > 0 && self.text.get(start - 1) == Some(&b'\\');
        !escaped && key.stands_at(self.text, start, end)
    }

    /// Notes where the value of a key begins that ends before `end`, if it is a key and no value.
    #[inline(always)]
    fn note_value(&mut self, index: usize, end: usize) {
        if let Some(value) = value_after(self.text, end)
            && let Some(slot) = self.values.get_mut(index)
        {
            *slot = u32::try_from(value - self.record_start).unwrap_or(ABSENT);
        }
    }

    fn finish(&self) -> Stop {
        if self.depth > 0 {
            return Stop::Incomplete(self.record_start);
        }
        // However many commas there are: a further object may follow the first, in text that isn't here.
        let end = self.text.len();
        let only_commas = stray(self.text, self.gap_start, end, |byte| byte == b',').is_none();
        let stray = if only_commas { None } else { self.stray_in_gap(end) };
        stray.map_or(Stop::End, Stop::Unexpected)
    }
}

/// Passes over the blocks from `number` on that hold neither a candidate for a watched key nor, possibly, the end of an
/// object. Returns the number of the first that does, and the depth before it.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "bounded by the size of the batch")]
fn skip_inner_blocks(batch: &Batch, mut number: usize, blocks: usize, mut depth: i64) -> (usize, i64) {
    let end = blocks.min(BATCH);
    while number < end {
        let closed = count(batch.closes[number]);
        if batch.key_ends[number] != 0 || depth <= closed {
            break;
        }
        depth += count(batch.opens[number]) - closed;
        number += 1;
    }
    (number, depth)
}

/// A function of its own, so that its few values stay in registers.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "popcnt,bmi1,bmi2")]
fn skip_x86(batch: &Batch, number: usize, blocks: usize, depth: i64) -> (usize, i64) {
    skip_inner_blocks(batch, number, blocks, depth)
}

/// How many brackets a block opens and closes.
#[inline(always)]
fn depth_changes(batch: &Batch, number: usize) -> [i64; 2] {
    [&batch.opens, &batch.closes].map(|masks| count(masks.get(number).copied().unwrap_or_default()))
}

/// A block of spaces with `bytes` at `offset`.
fn padded(offset: usize, bytes: &[u8]) -> [u8; 64] {
    let mut block = [b' '; 64];
    block.iter_mut().skip(offset).zip(bytes).for_each(|(to, from)| *to = *from);
    block
}

#[inline(always)]
fn count(mask: u64) -> i64 {
    i64::from(mask.count_ones())
}

/// The first byte in `from..to` that is neither white space nor allowed.
fn stray(text: &[u8], from: usize, to: usize, mut allowed: impl FnMut(u8) -> bool) -> Option<usize> {
    let gap = text.get(from..to)?;
    let found =
        gap.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') && !allowed(*byte))?;
    Some(from + found)
}

/// Where the value begins, if `after` is what follows a key: a colon, then the value. `None` if the string before
/// `after` wasn't a key.
#[inline(always)]
fn value_after(text: &[u8], after: usize) -> Option<usize> {
    let space = |at: usize| matches!(text.get(at), Some(b' ' | b'\t' | b'\r' | b'\n'));
    let mut at = after;
    while space(at) {
        at += 1;
    }
    if text.get(at) != Some(&b':') {
        return None;
    }
    at += 1;
    while space(at) {
        at += 1;
    }
    Some(at)
}
