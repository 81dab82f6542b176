//! Identities: deterministic hashes, written in Crockford's base32.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a 128-bit identity: 26 times 5 bits, the first character carrying 3.
const ID_CHARS: usize = 26;

/// A text is not a 128-bit identity in Crockford's base32.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: 26 characters of Crockford base32 are expected")]
pub struct InvalidId(pub String);

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl $name {
            /// The 16 bytes that a store keeps, most significant first.
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// The identity of 16 stored bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&encode(self.0)).unwrap_or_default())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                decode(text).map(Self).ok_or_else(|| InvalidId(text.to_owned()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

hash_id! {
    /// The identity of an alert: the first 128 bits of BLAKE3 over source id, source value and
    /// upstream id. The same vendor alert has the same id in every store.
    AlertId
}
hash_id! {
    /// The identity of a dead letter: a hash of its source and its bytes, so that a poison record
    /// polled each minute is one row.
    DeadLetterId
}
hash_id! {
    /// The identity of a notification: a hash of group, episode, receiver and ordinal.
    NotificationId
}
hash_id! {
    /// A hash of what a record says, whatever the order of its keys.
    ContentHash
}

impl AlertId {
    /// Derives the identity. Each part is preceded by its length, so that no two triples collide by
    /// concatenation.
    pub fn derive(source: &SourceId, source_value: &str, upstream_id: &str) -> Self {
        Self(hash128(&[
            source.as_str().as_bytes(),
            source_value.as_bytes(),
            upstream_id.as_bytes(),
        ]))
    }
}

impl AlertId {
    /// Derives the identity of an alert that a detection raised on an event without an id of its own:
    /// from the source and the event's place, such as a file's fingerprint and an offset.
    pub fn of_event(source: &SourceId, key: u128, number: u64) -> Self {
        let (key, number) = (key.to_be_bytes(), number.to_be_bytes());
        Self(hash128(&[
            b"event",
            source.as_str().as_bytes(),
            &key,
            &number,
        ]))
    }
}

impl NotificationId {
    /// Derives the identity.
    pub fn derive(group: &str, episode: u64, receiver: &str, ordinal: u64) -> Self {
        let (episode, ordinal) = (episode.to_be_bytes(), ordinal.to_be_bytes());
        Self(hash128(&[
            group.as_bytes(),
            &episode,
            receiver.as_bytes(),
            &ordinal,
        ]))
    }
}

impl DeadLetterId {
    /// Derives the identity from the source and the BLAKE3 hash of the whole record.
    pub fn derive(source: &SourceId, record_hash: &[u8; 32]) -> Self {
        Self(hash128(&[b"dead", source.as_str().as_bytes(), record_hash]))
    }
}

/// The first 128 bits of BLAKE3 over the parts, each preceded by its length in eight bytes.
pub fn hash128(parts: &[&[u8]]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    first128(&hasher.finalize())
}

/// The first 128 bits of a BLAKE3 hash, most significant byte first.
pub fn first128(hash: &blake3::Hash) -> u128 {
    let first = hash.as_bytes().first_chunk();
    first.map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

fn encode(value: u128) -> [u8; ID_CHARS] {
    let mut text = [b'0'; ID_CHARS];
    let mut rest = value;
    for place in text.iter_mut().rev() {
        *place = ALPHABET.get((rest & 31) as usize).copied().unwrap_or(b'0');
        rest >>= 5;
    }
    text
}

fn decode(text: &str) -> Option<u128> {
    if text.len() != ID_CHARS {
        return None;
    }
    let mut value: u128 = 0;
    for (index, byte) in text.bytes().enumerate() {
        // Crockford reads I and L as 1 and O as 0, in either case.
        let upper = match byte.to_ascii_uppercase() {
            b'I' | b'L' => b'1',
            b'O' => b'0',
            other => other,
        };
        let digit = ALPHABET.iter().position(|letter| *letter == upper)? as u128;
        if index == 0 && digit > 7 {
            return None;
        }
        value = (value << 5) | digit;
    }
    Some(value)
}

/// The configured identity of a source: its `id:`, by default its name. Interned, cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(Arc<str>);

impl SourceId {
    /// Names a source. The configuration reader checks the characters.
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for SourceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text() {
        for value in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef] {
            let id = AlertId(value);
            assert_eq!(id.to_string().len(), 26);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.to_string().to_lowercase().parse(), Ok(id));
        }
    }

    #[test]
    fn a_wrong_text_is_no_id() {
        for text in [
            "",
            "0",
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "U0000000000000000000000000",
        ] {
            assert!(text.parse::<AlertId>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_identity_is_the_same_in_every_version() {
        let source = SourceId::new("upstream");
        assert_eq!(source.to_string(), "upstream");
        let id = AlertId::derive(&source, "waf", "a1");
        assert_eq!(id.to_string(), "5DHMDR50TH67CXBP6RZBZAZ3QK");
        assert_eq!(AlertId::from_bytes(id.to_bytes()), id);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let source = SourceId::new("s");
        assert_ne!(
            AlertId::derive(&source, "ab", "c"),
            AlertId::derive(&source, "a", "bc")
        );
        assert_ne!(
            AlertId::derive(&SourceId::new("x"), "waf", "1"),
            AlertId::derive(&SourceId::new("y"), "waf", "1")
        );
    }
}
