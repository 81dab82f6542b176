//! Style, script and icon of the page.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::files::{self, File};

const FILES: [File; 5] = [
    File::packed(
        "htmx.min.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../assets/htmx.min.js.gz"),
    ),
    File::plain(
        "htmx.LICENSE.txt",
        "text/plain; charset=utf-8",
        include_bytes!("../../assets/htmx.LICENSE.txt"),
    ),
    File::plain(
        "app.css",
        "text/css; charset=utf-8",
        include_bytes!("../../assets/app.css"),
    ),
    File::plain(
        "app.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../assets/app.js"),
    ),
    File::plain(
        "icon.svg",
        "image/svg+xml",
        include_bytes!("../../assets/icon.svg"),
    ),
];

/// A file of the page.
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    files::serve(&FILES, &name, &headers)
}
