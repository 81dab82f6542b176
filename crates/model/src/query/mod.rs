//! The one query language that page, API, command line and stream share.

mod display;
mod field;
mod filter;
mod parse;

pub use field::{AddressField, Field, TextField, TimeField};
pub use filter::{Filter, Pattern, Range, Term, Test};
pub use parse::{ALTERNATIVES_MAX, QUERY_BYTES_MAX, QueryError, TERMS_MAX};
