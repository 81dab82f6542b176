//! The sentences of the threat test.

/// What the threat test says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threat {
    /// The severity is high and the address is listed.
    Both,
    /// The severity is high.
    Severity,
    /// The address is listed.
    Listed,
}

impl Threat {
    pub(crate) fn of(severe: bool, listed: bool) -> Option<Self> {
        match (severe, listed) {
            (true, true) => Some(Self::Both),
            (true, false) => Some(Self::Severity),
            (false, true) => Some(Self::Listed),
            (false, false) => None,
        }
    }

    /// The sentence, word for word as receivers know it.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Both => "High severity & malicious IP detected",
            Self::Severity => "High severity detected",
            Self::Listed => "Malicious IP detected",
        }
    }
}
