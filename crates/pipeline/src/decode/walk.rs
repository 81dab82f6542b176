//! Finds the end of one JSON value without understanding it: strings are skipped, brackets are only
//! counted, so that neither depth nor length costs memory.

/// Bytes that matter outside of strings.
const STRUCTURAL: [bool; 256] = table(b"\"{}[]");
/// Bytes that end a number or a literal.
const SCALAR_ENDS: [bool; 256] = table(b"\"{}[], \t\r\n");

const fn table(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut index = 0;
    while index < bytes.len() {
        table[bytes[index] as usize] = true;
        index += 1;
    }
    table
}

/// The number of blanks at the beginning.
pub(super) fn blanks(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .unwrap_or(bytes.len())
}

/// A value whose end is being looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    scalar: bool,
    depth: u64,
    in_string: bool,
    escaped: bool,
}

/// How far a piece of input was walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walked {
    /// Bytes of the piece that belong to the value.
    pub(super) taken: usize,
    /// Whether the value ends there.
    pub(super) done: bool,
}

impl Walk {
    /// A value that begins with `first`, which [`Walk::advance`] will see again as its first byte.
    pub(super) fn begin(first: u8) -> Self {
        Self {
            scalar: !matches!(first, b'{' | b'[' | b'"'),
            depth: 0,
            in_string: false,
            escaped: false,
        }
    }

    /// Walks on. A scalar ends before the byte that ends it, so that its end may be found with none
    /// taken.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Walked {
        if self.scalar {
            let end = bytes
                .iter()
                .position(|byte| SCALAR_ENDS[usize::from(*byte)]);
            return Walked {
                taken: end.unwrap_or(bytes.len()),
                done: end.is_some(),
            };
        }
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (taken, done) = if self.in_string {
                self.string(rest)
            } else {
                self.structure(rest)
            };
            at += taken;
            if done {
                return Walked { taken: at, done };
            }
        }
        Walked {
            taken: bytes.len(),
            done: false,
        }
    }

    fn string(&mut self, rest: &[u8]) -> (usize, bool) {
        if self.escaped {
            self.escaped = false;
            return (1, false);
        }
        let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
            return (rest.len(), false);
        };
        if rest.get(found) == Some(&b'\\') {
            self.escaped = true;
            return (found + 1, false);
        }
        self.in_string = false;
        (found + 1, self.depth == 0)
    }

    fn structure(&mut self, rest: &[u8]) -> (usize, bool) {
        for (index, byte) in rest.iter().enumerate() {
            if !STRUCTURAL[usize::from(*byte)] {
                continue;
            }
            match byte {
                b'"' => {
                    self.in_string = true;
                    return (index + 1, false);
                }
                b'{' | b'[' => self.depth += 1,
                _ => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return (index + 1, true);
                    }
                }
            }
        }
        (rest.len(), false)
    }
}
