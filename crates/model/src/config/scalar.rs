//! Values that are written as one scalar.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::ip::Network;
use crate::secret::SecretRef;
use crate::time::parse_duration;

/// Characters of a wrong value that a message repeats.
const QUOTED_CHARS_MAX: usize = 60;

/// A type that can be read from one scalar.
pub trait FromScalar: Sized {
    /// What it is, with its article: completes the sentence "is not ...".
    const KIND: &'static str;
    /// How it is written.
    const HINT: &'static str;

    /// Reads it.
    fn from_scalar(text: &str) -> Result<Self, Misfit>;
}

/// Why a text cannot be read as a type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Misfit {
    /// What is wrong, put after the key; `None`: "is not ..." and the text.
    pub message: Option<String>,
    /// What to do instead; `None`: [`FromScalar::HINT`].
    pub hint: Option<String>,
    /// Whether the text may be or hold a secret, so that neither it nor its line is shown.
    pub secret: bool,
}

impl Misfit {
    /// The text is simply not of the type.
    pub fn kind() -> Self {
        Self::default()
    }

    /// The text is of the type and still cannot be taken.
    pub fn because(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            hint: Some(hint.into()),
            secret: false,
        }
    }

    /// The same for a text that may be or hold a secret.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

/// A type with an order, whose limits a message can name.
pub trait Ranged: FromScalar + PartialOrd {
    /// Writes it as the configuration would.
    fn show(&self) -> String;
}

/// A text in double quotes, escaped, cut after a few words.
pub fn quote(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

impl FromScalar for String {
    const KIND: &'static str = "a text";
    const HINT: &'static str = "write a text on one line";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        if text.is_empty() {
            return Err(Misfit::because("is empty", Self::HINT));
        }
        if text.chars().any(char::is_control) {
            return Err(Misfit::kind());
        }
        Ok(text.to_owned())
    }
}

impl FromScalar for PathBuf {
    const KIND: &'static str = "a path";
    const HINT: &'static str = "write the path of a file, relative to the working directory";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(Misfit::kind());
        }
        Ok(Self::from(text))
    }
}

impl FromScalar for bool {
    const KIND: &'static str = "true or false";
    const HINT: &'static str = "write true or false";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Misfit::kind()),
        }
    }
}

/// Digits only: no sign, no blank, no separators.
fn whole(text: &str) -> Result<u64, Misfit> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Misfit::kind());
    }
    text.parse().map_err(|_| too_large(text))
}

fn too_large(text: &str) -> Misfit {
    Misfit::because(
        format!("is too large: {}", quote(text)),
        "write a smaller number",
    )
}

impl FromScalar for u64 {
    const KIND: &'static str = "a whole number";
    const HINT: &'static str = "write digits only, such as 20";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        whole(text)
    }
}

impl Ranged for u64 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl FromScalar for u32 {
    const KIND: &'static str = u64::KIND;
    const HINT: &'static str = u64::HINT;

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        Self::try_from(whole(text)?).map_err(|_| too_large(text))
    }
}

impl Ranged for u32 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl FromScalar for Duration {
    const KIND: &'static str = "a duration";
    const HINT: &'static str =
        "write a whole number and a unit, such as 30m (units ms, s, m, h, d)";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        parse_duration(text).ok_or_else(Misfit::kind)
    }
}

impl Ranged for Duration {
    fn show(&self) -> String {
        let millis = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        let units = [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1_000),
        ];
        in_largest_unit(millis, &units, "ms")
    }
}

/// A number of bytes, written with a binary unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

const BYTE_UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl FromScalar for ByteSize {
    const KIND: &'static str = "a size";
    const HINT: &'static str =
        "write a whole number and a unit, such as 64MiB (units B, KiB, MiB, GiB)";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(Misfit::kind)?;
        let factor = match unit {
            "B" => 1,
            _ => BYTE_UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .map(|(_, factor)| *factor)
                .ok_or_else(Misfit::kind)?,
        };
        let bytes = whole(number)?.checked_mul(factor);
        bytes.map(Self).ok_or_else(|| too_large(text))
    }
}

impl Ranged for ByteSize {
    fn show(&self) -> String {
        in_largest_unit(self.0, &BYTE_UNITS, "B")
    }
}

/// Writes an amount in the largest unit that divides it.
fn in_largest_unit(amount: u64, units: &[(&str, u64)], smallest: &str) -> String {
    units
        .iter()
        .find(|(_, factor)| amount >= *factor && amount.is_multiple_of(*factor))
        .map_or_else(
            || format!("{amount}{smallest}"),
            |(unit, factor)| format!("{}{unit}", amount / factor),
        )
}

impl FromScalar for SocketAddr {
    const KIND: &'static str = "an address and a port";
    const HINT: &'static str = "write 127.0.0.1:8000 or [::1]:8000; names are not resolved here";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        text.parse().map_err(|_| Misfit::kind())
    }
}

impl FromScalar for Network {
    const KIND: &'static str = "an address or a network";
    const HINT: &'static str = "write an address or its network, such as 203.0.113.0/24";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        Self::parse(text).ok_or_else(Misfit::kind)
    }
}

impl FromScalar for SecretRef {
    const KIND: &'static str = "a reference to a secret";
    const HINT: &'static str =
        "write env:NAME or file:PATH; a secret itself never stands in the configuration";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let name_fits = |name: &str| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !name.starts_with(|first: char| first.is_ascii_digit())
        };
        match Self::parse(text) {
            Some(Self::Env(name)) if !name_fits(&name) => Err(Misfit::because(
                "does not name an environment variable after env:",
                "letters, digits and underscores are allowed, such as env:UPSTREAM_TOKEN",
            )
            .secret()),
            Some(reference) => Ok(reference),
            None => Err(Misfit::because("is not a reference to a secret", Self::HINT).secret()),
        }
    }
}

#[cfg(test)]
mod tests;
