//! The choice of the theme where there is no script.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::visit::Theme;
use crate::{form, reply};

/// `POST /ui/theme`: keeps the choice for a year and goes back.
pub(crate) async fn choose(request: Request) -> Response {
    let pairs = match form::read(request.into_body()).await {
        Ok(pairs) => pairs,
        Err(refusal) => return refusal,
    };
    let theme = form::last(&pairs, "theme").and_then(Theme::from_word);
    // Only a path of ours, never an address that begins with two slashes.
    let back = form::last(&pairs, "back")
        .filter(|back| back.starts_with("/ui/") && !back.contains(char::is_control))
        .unwrap_or("/ui/");
    let response = reply::redirect(StatusCode::SEE_OTHER, back);
    match theme {
        Some(theme) => {
            let cookie = format!(
                "theme={}; Path=/; Max-Age=31536000; SameSite=Strict",
                theme.as_str()
            );
            reply::with(response, header::SET_COOKIE, &cookie)
        }
        None => response,
    }
}
