//! `/api/v1/sources`.

mod attempts;
mod chaos;
mod command;
mod list;
mod pause;
mod rewind;
mod show;
mod sync;

pub(crate) use attempts::attempts;
pub(crate) use chaos::{chaos, set_chaos};
pub(crate) use list::list;
pub(crate) use pause::{pause, resume};
pub(crate) use rewind::rewind;
pub(crate) use show::show;
pub(crate) use sync::sync;

use axum::response::{IntoResponse as _, Response};

use crate::problem::{Kind, Problem};

/// There is no such source.
fn missing(path: &str, id: &str) -> Response {
    let text = format!("no source has the id `{id}`; /api/v1/sources lists those there are");
    Problem::new(Kind::NotFound, path, text).into_response()
}
