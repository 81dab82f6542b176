//! RFC 9457 problem documents, and the pages that explain their types.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, html};
use serde::Serialize;

use crate::ask::{Fault, internal_text};
use crate::reply::{self, BodyFault};

/// What kind of problem it is; the word is the last part of its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    InvalidQuery,
    InvalidBody,
    NotFound,
    MethodNotAllowed,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    Forbidden,
    Misdirected,
    Timeout,
    Unavailable,
    Internal,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::InvalidQuery,
        Self::InvalidBody,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Forbidden,
        Self::Misdirected,
        Self::Timeout,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Word, status, title, and what to do.
    fn parts(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        match self {
            Self::InvalidQuery => (
                "invalid-query",
                StatusCode::BAD_REQUEST,
                "The query cannot be understood",
                "Each entry of errors names a parameter and what to write instead.",
            ),
            Self::InvalidBody => (
                "invalid-body",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The body cannot be used",
                "Each entry of errors has a JSON pointer into the body and what is expected there.",
            ),
            Self::NotFound => (
                "not-found",
                StatusCode::NOT_FOUND,
                "There is no such thing",
                "Check the path and the id; retention may have taken what was there.",
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "The method is not possible here",
                "The allow header lists the methods of this path.",
            ),
            Self::Conflict => (
                "conflict",
                StatusCode::CONFLICT,
                "It cannot be done now",
                "Wait until the state has changed; retry_after says for how long, if it is known.",
            ),
            Self::TooLarge => (
                "too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
                "Send less at once.",
            ),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be JSON",
                "Send the header content-type: application/json.",
            ),
            Self::Forbidden => (
                "forbidden",
                StatusCode::FORBIDDEN,
                "Not from there",
                "Pages of other places must not change anything here.",
            ),
            Self::Misdirected => (
                "misdirected",
                StatusCode::MISDIRECTED_REQUEST,
                "Not for this host",
                "Use localhost, or list the name under server.hosts in the configuration.",
            ),
            Self::Timeout => (
                "timeout",
                StatusCode::REQUEST_TIMEOUT,
                "The request came too slowly",
                "Send the whole body at once.",
            ),
            Self::Unavailable => (
                "unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The store does not answer",
                "Try again after the seconds that Retry-After names.",
            ),
            Self::Internal => (
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal error",
                "The log names the cause under the id in detail.",
            ),
        }
    }
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Flaw {
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    detail: String,
}

impl Flaw {
    /// In a parameter of the query.
    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.to_owned()),
            detail: detail.into(),
        }
    }

    /// At a JSON pointer of the body.
    pub(crate) fn pointer(pointer: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.to_owned()),
            parameter: None,
            detail: detail.into(),
        }
    }
}

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    instance: String,
    errors: Vec<Flaw>,
    retry_after_seconds: Option<u64>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "<[Flaw]>::is_empty")]
    errors: &'a [Flaw],
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem of the request with this path.
    pub(crate) fn new(kind: Kind, instance: &str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            instance: instance.to_owned(),
            errors: Vec::new(),
            retry_after_seconds: None,
        }
    }

    /// A problem whose text is that of its flaws.
    pub(crate) fn flawed(kind: Kind, instance: &str, errors: Vec<Flaw>) -> Self {
        let texts: Vec<&str> = errors.iter().map(|flaw| flaw.detail.as_str()).collect();
        let mut problem = Self::new(kind, instance, texts.join("; "));
        problem.errors = errors;
        problem
    }

    /// A port gave no answer.
    pub(crate) fn fault(instance: &str, fault: &Fault) -> Self {
        let text = fault.text();
        match fault {
            Fault::Unavailable {
                retry_after_seconds,
            } => Self::new(Kind::Unavailable, instance, text).retry_after(*retry_after_seconds),
            Fault::Internal { .. } => Self::new(Kind::Internal, instance, text),
        }
    }

    /// A handler failed; the log has the cause under the id.
    pub(crate) fn internal(instance: &str, id: &str) -> Self {
        Self::new(Kind::Internal, instance, internal_text(id))
    }

    /// A body could not be read.
    pub(crate) fn body(instance: &str, fault: BodyFault) -> Self {
        let kind = match fault {
            BodyFault::TooLarge => Kind::TooLarge,
            BodyFault::Incomplete => Kind::Timeout,
        };
        Self::new(kind, instance, fault.text())
    }

    /// The problem with a time after which to try again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (word, status, title, _) = self.kind.parts();
        let document = Document {
            r#type: format!("/problems/{word}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            instance: &self.instance,
            errors: &self.errors,
            retry_after: self.retry_after_seconds,
        };
        let mut response = reply::json_of(status, &document);
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        match self.retry_after_seconds {
            Some(seconds) => reply::with(response, header::RETRY_AFTER, &seconds.to_string()),
            None => response,
        }
    }
}

/// `GET /problems/{kind}`: what a type of problem means.
pub(crate) async fn page(Path(word): Path<String>) -> Response {
    let found = Kind::ALL
        .into_iter()
        .map(Kind::parts)
        .find(|(known, ..)| *known == word);
    let Some((word, status, title, advice)) = found else {
        return reply::detail(StatusCode::NOT_FOUND, "Not Found");
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Cresset" }
                link rel="stylesheet" href="/assets/app.css";
            }
            body {
                main.narrow {
                    h1 { (title) }
                    p { code { "/problems/" (word) } ", status " (status.as_u16()) }
                    p { (advice) }
                    p { a href="/docs" { "API documentation" } }
                }
            }
        }
    };
    reply::typed(StatusCode::OK, reply::HTML, page.into_string())
}
