//! What tells a file from others: its beginning.
//!
//! A file of [`HEAD_BYTES`] or more is known by its first [`HEAD_BYTES`], a shorter one by its first line,
//! which must be whole. A file keeps the fingerprint it was given first: one that was short then goes on
//! under that of its first line when it grows, and is found again under it after a restart. Files with the
//! same beginning are generations: their fingerprints are neighbors.

/// Bytes of a beginning.
pub(super) const HEAD_BYTES: usize = 1 << 10;
/// Generations of one beginning; more than there can be files in memory.
pub(super) const GENERATIONS_MAX: u128 = 4_096;

/// The fingerprint of the first generation of a beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u128);

impl Key {
    fn of(kind: u8, beginning: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[kind]);
        hasher.update(beginning);
        let mut first = [0; 16];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(u128::from_be_bytes(first))
    }

    /// The fingerprint of a generation.
    pub(super) fn fingerprint(self, generation: u128) -> u128 {
        self.0.wrapping_add(generation)
    }

    /// Which of its generations a fingerprint is.
    pub(super) fn generation(self, fingerprint: u128) -> Option<u128> {
        let generation = fingerprint.wrapping_sub(self.0);
        (generation < GENERATIONS_MAX).then_some(generation)
    }
}

/// The keys that a file may be known by, the better one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Keys([Option<Key>; 2]);

impl Keys {
    /// The keys of a file that begins with `head`, of which at most [`HEAD_BYTES`] count.
    pub(super) fn of(head: &[u8]) -> Self {
        let head = &head[..head.len().min(HEAD_BYTES)];
        let long = (head.len() == HEAD_BYTES).then(|| Key::of(b'h', head));
        let line_end = head.iter().position(|byte| *byte == b'\n');
        let line = line_end.map(|end| Key::of(b'l', &head[..=end]));
        Self([long, line])
    }

    /// The best first.
    pub(super) fn iter(self) -> impl Iterator<Item = Key> {
        self.0.into_iter().flatten()
    }

    /// Whether a fingerprint is a generation of one of them.
    pub(super) fn include(self, fingerprint: u128) -> bool {
        self.iter().any(|key| key.generation(fingerprint).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_file_is_known_by_its_first_line_once_it_is_whole() {
        assert_eq!(Keys::of(b""), Keys::default());
        assert_eq!(Keys::of(b"{\"a\":1}"), Keys::default());
        let line = Keys::of(b"{\"a\":1}\n");
        assert_eq!(line.iter().count(), 1);
        assert_eq!(Keys::of(b"{\"a\":1}\n{\"b\":2}\n"), line);
        assert_ne!(Keys::of(b"{\"a\":2}\n"), line);
    }

    #[test]
    fn a_file_of_one_kibibyte_is_known_by_it_and_still_by_its_first_line() {
        let mut head = b"first\n".to_vec();
        head.resize(HEAD_BYTES - 1, b'x');
        assert_eq!(Keys::of(&head).iter().count(), 1);
        head.push(b'x');
        let keys = Keys::of(&head);
        assert_eq!(keys.iter().count(), 2);
        assert_eq!(keys.iter().nth(1), Keys::of(b"first\n").iter().next());
        head.extend_from_slice(b"more");
        assert_eq!(Keys::of(&head), keys);
        assert_eq!(Keys::of(&[b'x'; HEAD_BYTES]).iter().count(), 1);
    }

    #[test]
    fn generations_are_counted_up_to_their_limit() {
        let key = Key(u128::MAX);
        assert_eq!(key.fingerprint(1), 0);
        assert_eq!(
            key.generation(key.fingerprint(GENERATIONS_MAX - 1)),
            Some(GENERATIONS_MAX - 1)
        );
        assert_eq!(key.generation(key.fingerprint(GENERATIONS_MAX)), None);
    }
}
