//! Text as a span: into the received bytes where it needed no change, into the batch's arena where
//! it did (an escape, a canonical form). No string per field.

/// Where a span of text lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the bytes as received.
    Received,
    /// In the arena of the batch.
    Arena,
}

/// A piece of text of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Which buffer it lies in.
    pub place: Place,
    /// The bytes of that buffer.
    pub span: Span,
}

/// A range of bytes; batches are far below 4 GiB, so 32 bits are enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// A span from `start` up to but not including `end`.
    ///
    /// # Panics
    /// Never in practice: batches are bounded at a few MiB.
    #[inline]
    pub fn between(start: usize, end: usize) -> Self {
        let start = u32::try_from(start).expect("batches are below 4 GiB");
        let end = u32::try_from(end).expect("batches are below 4 GiB");
        Self {
            start,
            len: end.saturating_sub(start),
        }
    }

    /// The same as a range of indexes.
    #[inline]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }

    /// The bytes it names; empty if it does not lie within `bytes`.
    #[inline]
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.range()).unwrap_or_default()
    }
}

impl Text {
    /// Text found unchanged in the received bytes.
    pub fn received(span: Span) -> Self {
        Self {
            place: Place::Received,
            span,
        }
    }

    /// Appends `text` to the arena and names it.
    pub fn store(arena: &mut String, text: &str) -> Self {
        let start = arena.len();
        arena.push_str(text);
        Self {
            place: Place::Arena,
            span: Span::between(start, arena.len()),
        }
    }

    /// The text itself, given the two buffers of its batch. Spans are only made over checked UTF-8.
    pub fn resolve<'a>(self, received: &'a [u8], arena: &'a str) -> &'a str {
        match self.place {
            Place::Received => std::str::from_utf8(self.span.of(received)).unwrap_or_default(),
            Place::Arena => arena.get(self.span.range()).unwrap_or_default(),
        }
    }
}
