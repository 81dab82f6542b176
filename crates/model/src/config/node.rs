//! The tree that a configuration file is read from, whatever its syntax.

use std::fmt;

/// A place in a file; both numbers count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it begins; of a value that is not written, the place of its key.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One value without parts.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file; no key occurs twice.
    Mapping(Vec<Entry>),
    /// A value that could not be found out and whose fault is reported already; no reader reports it
    /// again.
    Faulty,
}

/// One value without parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its text, escapes resolved.
    pub text: String,
    /// Whether it was written in quotes or as a block, so that it is a text whatever it looks like.
    pub quoted: bool,
}

/// A key of a mapping and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where the key begins.
    pub place: Place,
    /// The key.
    pub key: String,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Whether nothing is written here: an empty plain scalar, `~` or `null`.
    pub fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar(scalar) => {
                !scalar.quoted && matches!(scalar.text.as_str(), "" | "~" | "null")
            }
            Value::Sequence(_) | Value::Mapping(_) | Value::Faulty => false,
        }
    }

    /// What it is, for a sentence: `a value`, `a list` or `a mapping`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(_) | Value::Faulty => "a value",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}
