//! `/api/v1/receivers`.

mod list;
mod test;

pub(crate) use list::list;
pub(crate) use test::test;
