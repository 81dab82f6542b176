//! `/api/v1/events`.

mod head;
mod push;

pub(crate) use push::push;
