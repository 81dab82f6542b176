//! The one query language that page, API, command line and stream share.

mod complete;
mod counts;
mod display;
mod facet;
mod field;
mod filter;
mod parse;
mod tally;
mod word;

pub use complete::{Completing, Completion};
pub use counts::{
    BUCKETS_MAX, Buckets, Choice, Facet, FacetValue, Histogram, Ranked, Ranking, SeverityCounts,
    Summary, Window,
};
pub use facet::FacetField;
pub use field::{AddressField, Field, TextField, TimeField};
pub use filter::{Filter, Pattern, Range, Term, Test};
pub use parse::{ALTERNATIVES_MAX, QUERY_BYTES_MAX, QueryError, TERMS_MAX, parse_instant};
pub use tally::{FacetTally, RankingTally, TimeTally};
pub use word::Word;
