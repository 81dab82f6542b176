//! Where records come from.

pub mod http_poll;
