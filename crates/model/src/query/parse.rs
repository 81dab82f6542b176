//! Reads the query language.

/// A query that cannot be understood: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong and what to write instead.
    pub message: String,
    /// The parameter or `q`.
    pub parameter: String,
    /// Byte offset within it.
    pub offset: usize,
}
