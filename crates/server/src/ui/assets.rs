//! Files of the pages: part of the program, found under an address that bears their digest, so that a
//! browser keeps them for good and a new version of the program is seen at once.

use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use cresset_model::id::hash128;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::files::takes_gzip;
use crate::reply;

/// How long a browser keeps a file whose address bears the digest.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// The same for an address of another version of the program.
const BRIEFLY: &str = "no-cache";

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Our own script, one piece for each matter.
const APP: &str = concat!(
    include_str!("../../assets/ui/js/page.js"),
    include_str!("../../assets/ui/js/theme.js"),
    include_str!("../../assets/ui/js/clock.js"),
    include_str!("../../assets/ui/js/copy.js"),
    include_str!("../../assets/ui/js/live.js"),
    include_str!("../../assets/ui/js/brush.js"),
    include_str!("../../assets/ui/js/dialogs.js"),
    include_str!("../../assets/ui/js/keys.js"),
    include_str!("../../assets/ui/js/alerts.js"),
);
const STYLE: &str = concat!(
    include_str!("../../assets/ui/tokens.css"),
    include_str!("../../assets/ui/ui.css"),
);

/// Name, media type and content.
const FILES: [(&str, &str, &[u8]); 12] = [
    ("app.js", SCRIPT, APP.as_bytes()),
    (
        "htmx.js",
        SCRIPT,
        include_bytes!("../../assets/ui/htmx.min.js"),
    ),
    ("ui.css", CSS, STYLE.as_bytes()),
    (
        "inter.woff2",
        "font/woff2",
        include_bytes!("../../assets/ui/fonts/inter.woff2"),
    ),
    (
        "jetbrains-mono.woff2",
        "font/woff2",
        include_bytes!("../../assets/ui/fonts/jetbrains-mono.woff2"),
    ),
    (
        "world.svg",
        SVG,
        include_bytes!("../../assets/ui/world.svg"),
    ),
    (
        "icon-ok.svg",
        SVG,
        include_bytes!("../../assets/ui/icon-ok.svg"),
    ),
    (
        "icon-warn.svg",
        SVG,
        include_bytes!("../../assets/ui/icon-warn.svg"),
    ),
    (
        "icon-err.svg",
        SVG,
        include_bytes!("../../assets/ui/icon-err.svg"),
    ),
    (
        "inter-OFL.txt",
        TEXT,
        include_bytes!("../../assets/ui/licenses/inter-OFL.txt"),
    ),
    (
        "jetbrains-mono-OFL.txt",
        TEXT,
        include_bytes!("../../assets/ui/licenses/jetbrains-mono-OFL.txt"),
    ),
    (
        "lucide-ISC.txt",
        TEXT,
        include_bytes!("../../assets/ui/licenses/lucide-ISC.txt"),
    ),
];

/// The files as they are sent.
struct Bundle {
    digest: String,
    /// In the order of [`FILES`]; `None` where packing saves nothing.
    packed: Vec<Option<Bytes>>,
}

static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
    let contents: Vec<&[u8]> = FILES.iter().map(|(_, _, bytes)| *bytes).collect();
    Bundle {
        digest: format!("{:016x}", hash128(&contents) >> 64),
        packed: FILES
            .iter()
            .map(|(_, media, bytes)| (*media != "font/woff2").then(|| pack(bytes)))
            .collect(),
    }
});

fn pack(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory takes what is written to it")
        .into()
}

/// The address of a file.
pub(crate) fn url(name: &str) -> String {
    debug_assert!(
        FILES.iter().any(|(known, _, _)| *known == name),
        "no file {name}"
    );
    format!("/ui/assets/{}/{name}", BUNDLE.digest)
}

/// `GET /ui/assets/{digest}/{name}`.
pub(crate) async fn asset(
    Path((digest, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(index) = FILES.iter().position(|(known, _, _)| *known == name) else {
        return reply::detail(StatusCode::NOT_FOUND, "Not Found");
    };
    let Some((_, media, bytes)) = FILES.get(index) else {
        return reply::detail(StatusCode::NOT_FOUND, "Not Found");
    };
    let packed = BUNDLE.packed.get(index).cloned().flatten();
    let media = HeaderValue::from_static(media);
    let mut response = match &packed {
        Some(packed) if takes_gzip(&headers) => reply::with(
            reply::typed(StatusCode::OK, media, packed.clone()),
            header::CONTENT_ENCODING,
            "gzip",
        ),
        _ => reply::typed(StatusCode::OK, media, Bytes::from_static(bytes)),
    };
    if packed.is_some() {
        response = reply::with(response, header::VARY, "accept-encoding");
    }
    let kept = if digest == BUNDLE.digest {
        FOREVER
    } else {
        BRIEFLY
    };
    reply::with(response, header::CACHE_CONTROL, kept)
}

#[cfg(test)]
mod palette;
#[cfg(test)]
mod tests;
