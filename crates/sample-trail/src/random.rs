//! Numbers that look random and are the same on every machine.

/// A stream of numbers (SplitMix64); a stream of another name is another stream, so that a change in one part
/// of a trail leaves the others as they are.
#[derive(Debug)]
pub struct Random(u64);

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE62: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";

impl Random {
    /// The stream of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(hash)
    }

    /// Another stream of this name for each seed.
    #[must_use]
    pub fn seeded(name: &str, seed: u64) -> Self {
        let Self(hash) = Self::new(name);
        Self(hash ^ Self(seed).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit` - 1; 0 where the limit is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or_default()
    }

    /// One of the items, which must not be empty.
    pub(crate) fn pick<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap_or_default();
        items
            .get(index)
            .unwrap_or_else(|| unreachable!("an index below the length of a list that isn't empty"))
    }

    /// Puts the items into another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap_or_default();
            items.swap(last, other);
        }
    }

    /// As `eventID` and `requestID` have it.
    pub(crate) fn uuid(&mut self) -> String {
        let variant = *self.pick(b"89ab");
        let groups = [self.hex(8), self.hex(4), self.hex(3), self.hex(3), self.hex(12)];
        let [time, middle, high, sequence, node] = groups;
        format!("{time}-{middle}-4{high}-{}{sequence}-{node}", char::from(variant))
    }

    /// As hashes have it.
    pub fn hex(&mut self, length: usize) -> String {
        self.text(HEX, length)
    }

    /// As principal ids and access key ids have it.
    pub(crate) fn base32(&mut self, length: usize) -> String {
        self.text(BASE32, length)
    }

    /// As the names of log files end.
    pub fn base62(&mut self, length: usize) -> String {
        self.text(BASE62, length)
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(*self.pick(alphabet))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64_and_a_name_chooses_the_stream() {
        let mut random = Random(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
        assert_ne!(Random::new("one").next(), Random::new("two").next());
        assert_ne!(Random::seeded("one", 1).next(), Random::seeded("one", 2).next());
        assert_ne!(Random::seeded("one", 1).next(), Random::seeded("two", 1).next());
    }

    #[test]
    fn an_identifier_has_the_shape_of_a_version_4_uuid() {
        let uuid = Random::new("uuid").uuid();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(uuid.as_bytes()[14], b'4');
    }

    #[test]
    fn a_shuffle_keeps_all_items() {
        let mut items: Vec<u32> = (0..50).collect();
        Random::new("shuffle").shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
