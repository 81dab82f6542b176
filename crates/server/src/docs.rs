//! `/openapi.json` and `/docs`: the description of the API and a page to try it, without any other host.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{DOCTYPE, html};

use crate::files::{self, File};
use crate::reply;

/// The description, written by hand and checked against the routes by a test.
const OPENAPI: &str = include_str!("../assets/openapi.json");

const FILES: [File; 6] = [
    File::packed(
        "swagger-ui-bundle.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../assets/docs/swagger-ui-bundle.js.gz"),
    ),
    File::packed(
        "swagger-ui.css",
        "text/css; charset=utf-8",
        include_bytes!("../assets/docs/swagger-ui.css.gz"),
    ),
    File::plain(
        "start.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../assets/docs/start.js"),
    ),
    File::plain(
        "LICENSE.txt",
        "text/plain; charset=utf-8",
        include_bytes!("../assets/docs/LICENSE.txt"),
    ),
    File::plain(
        "NOTICE.txt",
        "text/plain; charset=utf-8",
        include_bytes!("../assets/docs/NOTICE.txt"),
    ),
    File::plain(
        "swagger-ui-bundle.js.LICENSE.txt",
        "text/plain; charset=utf-8",
        include_bytes!("../assets/docs/swagger-ui-bundle.js.LICENSE.txt"),
    ),
];

/// The description, as `OpenAPI` 3.1.
pub(crate) async fn openapi() -> Response {
    reply::json(StatusCode::OK, OPENAPI)
}

/// The page that shows it.
pub(crate) async fn page() -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Cresset API" }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href="/docs/assets/swagger-ui.css";
            }
            body {
                div id="swagger-ui" {
                    p {
                        "This page needs a script to be tried out. The description itself is at "
                        a href="/openapi.json" { "/openapi.json" } "."
                    }
                }
                script src="/docs/assets/swagger-ui-bundle.js" {}
                script src="/docs/assets/start.js" {}
            }
        }
    };
    reply::typed(StatusCode::OK, reply::HTML, page.into_string())
}

/// A file of the page.
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    files::serve(&FILES, &name, &headers)
}
