//! The live index: the hot columns of all kept alerts in memory, about 31 bytes a row, so that filters,
//! counts and the rows of a page need no secondary index on disk. Pure: no I/O, no clock.

mod chunk;
mod codes;
mod compile;
mod dictionary;
mod encode;
mod index;
mod picked;
mod row;
mod scan;
mod stretches;
mod survey;
mod tally;

pub use index::{Candidates, LiveIndex};
pub use row::IndexRow;
