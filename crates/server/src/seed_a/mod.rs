//! The original service's API, answer for answer: paths, parameters, statuses, key names and their
//! order, error bodies.

mod alerts;
mod config;
mod errors;
mod health;
mod python_int;
mod python_json;
mod sync;

pub(crate) use alerts::list;
pub(crate) use config::{get as get_config, post as post_config};
pub(crate) use errors::{fallback, method_not_allowed};
pub(crate) use health::{get as health, overall};
pub(crate) use sync::post as sync;
