//! What a request for a page says besides its path: its parameters, its theme, and whether it wants the
//! whole page or only the part that changes.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::form;

/// How the page looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The word in the cookie and in the page.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Light, Self::Dark]
            .into_iter()
            .find(|theme| theme.as_str() == word)
    }
}

/// What a request says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Visit {
    /// Whether only the part that changes is wanted.
    pub(crate) fragment: bool,
    /// The chosen theme; the system's where none is.
    pub(crate) theme: Option<Theme>,
    /// The path.
    pub(crate) path: String,
    /// The parameters in their order.
    pub(crate) pairs: Vec<(String, String)>,
}

impl Visit {
    /// The last value of a parameter, trimmed; empty if it is absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        form::last(&self.pairs, name).unwrap_or_default().trim()
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let says = |name: &str| parts.headers.get(name).is_some_and(|value| value == "true");
        let cookies = parts.headers.get_all(header::COOKIE);
        let theme = cookies
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .find_map(|cookie| Theme::from_word(cookie.trim().strip_prefix("theme=")?));
        Ok(Self {
            fragment: says("hx-request") && !says("hx-history-restore-request"),
            theme,
            path: parts.uri.path().to_owned(),
            pairs: form::pairs(parts.uri.query().unwrap_or_default()),
        })
    }
}
