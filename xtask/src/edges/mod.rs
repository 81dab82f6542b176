//! Clients that take and do not give, against the running service: silent, slow, idle, stalled.

mod campaign;
mod clients;

pub(crate) use campaign::{run, run_in_shell};
