//! 64 bytes to bit masks, with the widest instructions that the machine has.
//!
//! Quotes, backslashes and brackets are compared for. Which bytes may be the last characters of a watched key is looked
//! up: a byte belongs to a class if the entries of two 16-row tables, one for its low and one for its high four bits,
//! share the bit of that class. That may be a few bytes too many, which costs a comparison.

/// Which instructions classify the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 256-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Eight bytes at a time in plain registers, on any machine.
    Portable,
}

impl Engine {
    /// The fastest one that this machine has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().first().copied().unwrap_or(Engine::Portable)
    }

    /// All that this machine has, the fastest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut engines = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let common = is_x86_feature_detected!("popcnt")
                && is_x86_feature_detected!("pclmulqdq")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("avx2");
            if common && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                engines.push(Engine::Avx512);
            }
            if common {
                engines.push(Engine::Avx2);
            }
        }
        engines.push(Engine::Portable);
        engines
    }
}

/// How many blocks are indexed at a time: their masks stay in the nearest cache.
pub(super) const BATCH: usize = 64;

/// What is known of up to [`BATCH`] blocks. In each mask one bit stands for a byte, the lowest for the first.
#[derive(Debug)]
pub(super) struct Batch {
    /// `{` and `[` outside strings.
    pub(super) opens: [u64; BATCH],
    /// `}` and `]` outside strings.
    pub(super) closes: [u64; BATCH],
    /// Closing quotes right behind what may be the last three characters of a watched key.
    pub(super) key_ends: [u64; BATCH],
    /// One bit a block: whether it holds a backslash.
    pub(super) backslashes: u64,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self { opens: [0; BATCH], closes: [0; BATCH], key_ends: [0; BATCH], backslashes: 0 }
    }
}

/// What goes from block to block.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Carry {
    /// All ones while a string goes on from the block before, else zero.
    in_string: u64,
    /// One where the block before ended with an odd run of backslashes.
    escape: u64,
    /// The classes of the last bytes of the block before, for key ends that cross into this block.
    classes: [u8; 16],
}

/// One bit a byte of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Masks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
    /// Bytes right behind what may be the last three characters of a watched key.
    behind_keys: u64,
}

/// The classes of bytes that may be the last, the last but one and the last but two character of a watched key.
const TAILS: [u8; 3] = [1 << 0, 1 << 1, 1 << 2];

/// The two tables.
#[derive(Debug, Clone)]
pub(super) struct Classes {
    low: [u8; 16],
    high: [u8; 16],
}

impl Classes {
    pub(super) fn new<'k>(keys: impl Iterator<Item = &'k [u8]>) -> Self {
        let mut classes = Self { low: [0; 16], high: [0; 16] };
        for key in keys {
            // A short key is preceded by its opening quote, and that by anything.
            for (byte, class) in key.iter().rev().chain(b"\"").zip(TAILS) {
                classes.add(*byte, class);
            }
            for class in TAILS.into_iter().skip(key.len() + 1) {
                (0..=u8::MAX).for_each(|byte| classes.add(byte, class));
            }
        }
        classes
    }

    #[expect(clippy::indexing_slicing, reason = "four bits index sixteen rows")]
    fn add(&mut self, byte: u8, class: u8) {
        self.low[usize::from(byte & 15)] |= class;
        self.high[usize::from(byte >> 4)] |= class;
    }
}

/// Indexes `blocks`, at most [`BATCH`], into `batch`. They follow on the blocks that left `carry`.
pub(super) fn index(
    engine: Engine,
    classes: &Classes,
    blocks: &[[u8; 64]],
    carry: &mut Carry,
    batch: &mut Batch,
) {
    match engine {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `Engine::Avx512` comes from `Engine::available`, which found these features.
        Engine::Avx512 => unsafe { x86::index_avx512(classes, blocks, carry, batch) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Engine::Avx2 => unsafe { x86::index_avx2(classes, blocks, carry, batch) },
        Engine::Portable => index_with(blocks, carry, batch, |block, _| portable(block), prefix_xor),
    }
}

/// The loop of every engine; inlined into each so that it is compiled with that engine's instructions.
#[inline(always)]
fn index_with(
    blocks: &[[u8; 64]],
    carry: &mut Carry,
    batch: &mut Batch,
    mut classify: impl FnMut(&[u8; 64], &mut [u8; 16]) -> Masks,
    prefix_xor: impl Fn(u64) -> u64,
) {
    let mut state = *carry;
    let mut backslashes = 0;
    let outputs = batch.opens.iter_mut().zip(&mut batch.closes).zip(&mut batch.key_ends);
    for ((number, block), ((opens, closes), key_ends)) in blocks.iter().enumerate().zip(outputs) {
        let masks = classify(block, &mut state.classes);
        let mut quotes = masks.quotes;
        // A backslash at the end of the block before may escape the first byte of this one.
        if masks.backslashes | state.escape != 0 {
            backslashes |= u64::from(masks.backslashes != 0) << number;
            quotes &= !state.escaped_bytes(masks.backslashes);
        }
        let inside = prefix_xor(quotes) ^ state.in_string;
        state.in_string = (inside.cast_signed() >> 63).cast_unsigned();
        *opens = masks.opens & !inside;
        *closes = masks.closes & !inside;
        *key_ends = quotes & !inside & masks.behind_keys;
    }
    *carry = state;
    batch.backslashes = backslashes;
}

impl Carry {
    /// The bytes that an odd run of backslashes escapes.
    #[inline(always)]
    fn escaped_bytes(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let backslashes = backslashes & !self.escape;
        let follows = (backslashes << 1) | self.escape;
        let odd_starts = backslashes & !EVEN & !follows;
        let (sequences, overflow) = odd_starts.overflowing_add(backslashes);
        self.escape = u64::from(overflow);
        (EVEN ^ (sequences << 1)) & follows
    }
}

/// Bit i of the result is the parity of the bits 0..=i: ones from each opening quote up to before its closing one.
fn prefix_xor(mask: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(mask, |bits, shift| bits ^ (bits << shift))
}

/// Eight bytes at a time. Key ends aren't told: each closing quote then has its key compared.
fn portable(block: &[u8; 64]) -> Masks {
    let mut masks = Masks { behind_keys: u64::MAX, ..Masks::default() };
    let (words, _) = block.as_chunks::<8>();
    for (index, bytes) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*bytes);
        // `{` and `[`, like `}` and `]`, differ only in this bit.
        let folded = word | (ONES * 0x20);
        let shift = 8 * index;
        masks.quotes |= equal(word, b'"') << shift;
        masks.backslashes |= equal(word, b'\\') << shift;
        masks.opens |= equal(folded, b'{') << shift;
        masks.closes |= equal(folded, b'}') << shift;
    }
    masks
}

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW_SEVEN: u64 = ONES * 0x7f;

/// One bit for each byte of `word` that equals `byte`, the first byte's lowest.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ (ONES * u64::from(byte));
    // The high bit of each byte that is not zero, exactly: no borrow crosses a byte.
    let nonzero = ((differing & LOW_SEVEN) + LOW_SEVEN) | differing;
    let zero = (!nonzero & (ONES * 0x80)) >> 7;
    // Gathers the lowest bits of the eight bytes in the highest byte.
    zero.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Batch, Carry, Classes, Masks, TAILS, index_with};

    /// `{` and `[`, like `}` and `]`, differ only in this bit.
    const FOLD: i8 = 0x20;

    #[target_feature(enable = "avx512f,avx512bw,avx2,popcnt,bmi1,bmi2,pclmulqdq")]
    pub(super) fn index_avx512(classes: &Classes, blocks: &[[u8; 64]], carry: &mut Carry, batch: &mut Batch) {
        let low = _mm512_broadcast_i32x4(load(&classes.low));
        let high = _mm512_broadcast_i32x4(load(&classes.high));
        let nibble = _mm512_set1_epi8(15);
        let mut before = _mm512_broadcast_i32x4(load(&carry.classes));
        let classify = |block: &[u8; 64], carried: &mut [u8; 16]| {
            // SAFETY: the block is 64 readable bytes; the load needs no alignment.
            let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
            let folded = _mm512_or_si512(bytes, _mm512_set1_epi8(FOLD));
            let equal = |bytes, to: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(to.cast_signed()));
            let by_low = _mm512_shuffle_epi8(low, _mm512_and_si512(bytes, nibble));
            let by_high = _mm512_shuffle_epi8(high, _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), nibble));
            let class = _mm512_and_si512(by_low, by_high);
            // The 16 bytes before each 16, so that a shift can go across them.
            let earlier = _mm512_alignr_epi64::<6>(class, before);
            before = class;
            store(carried, _mm512_extracti32x4_epi32::<3>(class));
            let last_but_two = _mm512_alignr_epi8::<13>(class, earlier);
            let last_but_one = _mm512_slli_epi16::<1>(_mm512_alignr_epi8::<14>(class, earlier));
            let last = _mm512_slli_epi16::<2>(_mm512_alignr_epi8::<15>(class, earlier));
            let all = _mm512_and_si512(_mm512_and_si512(last, last_but_one), last_but_two);
            Masks {
                quotes: equal(bytes, b'"'),
                backslashes: equal(bytes, b'\\'),
                opens: equal(folded, b'{'),
                closes: equal(folded, b'}'),
                behind_keys: _mm512_test_epi8_mask(all, _mm512_set1_epi8(TAILS[2].cast_signed())),
            }
        };
        index_with(blocks, carry, batch, classify, |mask| prefix_xor(mask));
    }

    #[target_feature(enable = "avx2,popcnt,bmi1,bmi2,pclmulqdq")]
    pub(super) fn index_avx2(classes: &Classes, blocks: &[[u8; 64]], carry: &mut Carry, batch: &mut Batch) {
        let low = _mm256_broadcastsi128_si256(load(&classes.low));
        let high = _mm256_broadcastsi128_si256(load(&classes.high));
        let nibble = _mm256_set1_epi8(15);
        // As in `index_avx512`, for each half.
        let behind_keys = |bytes: __m256i, before: __m256i| {
            let by_low = _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble));
            let by_high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble));
            let class = _mm256_and_si256(by_low, by_high);
            let earlier = _mm256_permute2x128_si256::<0x03>(class, before);
            let last_but_two = _mm256_alignr_epi8::<13>(class, earlier);
            let last_but_one = _mm256_slli_epi16::<1>(_mm256_alignr_epi8::<14>(class, earlier));
            let last = _mm256_slli_epi16::<2>(_mm256_alignr_epi8::<15>(class, earlier));
            (class, _mm256_and_si256(_mm256_and_si256(last, last_but_one), last_but_two))
        };
        let classify = |block: &[u8; 64], carried: &mut [u8; 16]| {
            let (first, second) = block.split_at(32);
            // SAFETY: each half is 32 readable bytes of a block of 64; the loads need no alignment.
            let bytes = [first, second].map(|half| unsafe { _mm256_loadu_si256(half.as_ptr().cast()) });
            let folded = bytes.map(|half| _mm256_or_si256(half, _mm256_set1_epi8(FOLD)));
            let equal = |halves: [__m256i; 2], to: u8| {
                mask(halves.map(|half| _mm256_cmpeq_epi8(half, _mm256_set1_epi8(to.cast_signed()))))
            };
            let [first, second] = bytes;
            let (class, first) = behind_keys(first, _mm256_broadcastsi128_si256(load(carried)));
            let (class, second) = behind_keys(second, class);
            store(carried, _mm256_extracti128_si256::<1>(class));
            Masks {
                quotes: equal(bytes, b'"'),
                backslashes: equal(bytes, b'\\'),
                opens: equal(folded, b'{'),
                closes: equal(folded, b'}'),
                // From the bit of the class to the highest.
                behind_keys: mask([first, second].map(|keys| _mm256_slli_epi16::<5>(keys))),
            }
        };
        index_with(blocks, carry, batch, classify, |mask| prefix_xor(mask));
    }

    /// The high bit of each byte of two halves.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn mask(halves: [__m256i; 2]) -> u64 {
        let [first, second] = halves.map(|half| u64::from(_mm256_movemask_epi8(half).cast_unsigned()));
        first | second << 32
    }

    /// [`super::prefix_xor`] as one carry-less multiplication by all ones.
    #[inline]
    #[target_feature(enable = "sse2,pclmulqdq")]
    fn prefix_xor(mask: u64) -> u64 {
        let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, mask.cast_signed()), _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(product).cast_unsigned()
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(bytes: &[u8; 16]) -> __m128i {
        // SAFETY: 16 readable bytes; the load needs no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn store(bytes: &mut [u8; 16], vector: __m128i) {
        // SAFETY: 16 writable bytes; the store needs no alignment.
        unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), vector) }
    }
}
