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
    InvalidHeader,
    KeyReused,
    TooManyRequests,
    InvalidConfiguration,
    NeedsRestart,
    ReceiverFailed,
    Unavailable,
    Internal,
}

/// What is said of one kind.
struct Entry {
    kind: Kind,
    word: &'static str,
    status: StatusCode,
    title: &'static str,
    advice: &'static str,
}

const ENTRIES: [Entry; 18] = [
    Entry {
        kind: Kind::InvalidQuery,
        word: "invalid-query",
        status: StatusCode::BAD_REQUEST,
        title: "The query cannot be understood",
        advice: "Each entry of errors names a parameter and what to write instead.",
    },
    Entry {
        kind: Kind::InvalidBody,
        word: "invalid-body",
        status: StatusCode::UNPROCESSABLE_ENTITY,
        title: "The body cannot be used",
        advice: "Each entry of errors has a JSON pointer into the body and what is expected there.",
    },
    Entry {
        kind: Kind::NotFound,
        word: "not-found",
        status: StatusCode::NOT_FOUND,
        title: "There is no such thing",
        advice: "Check the path and the id; retention may have taken what was there.",
    },
    Entry {
        kind: Kind::MethodNotAllowed,
        word: "method-not-allowed",
        status: StatusCode::METHOD_NOT_ALLOWED,
        title: "The method is not possible here",
        advice: "The allow header lists the methods of this path.",
    },
    Entry {
        kind: Kind::Conflict,
        word: "conflict",
        status: StatusCode::CONFLICT,
        title: "It cannot be done now",
        advice: "Wait until the state has changed; retry_after says for how long, if it is known.",
    },
    Entry {
        kind: Kind::TooLarge,
        word: "too-large",
        status: StatusCode::PAYLOAD_TOO_LARGE,
        title: "The body is too large",
        advice: "Send less at once.",
    },
    Entry {
        kind: Kind::UnsupportedMediaType,
        word: "unsupported-media-type",
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        title: "The form of the body is not taken",
        advice: "The detail names the header content-type or content-encoding to send; commands take application/json.",
    },
    Entry {
        kind: Kind::Forbidden,
        word: "forbidden",
        status: StatusCode::FORBIDDEN,
        title: "Not from there",
        advice: "Pages of other places must not change anything here.",
    },
    Entry {
        kind: Kind::Misdirected,
        word: "misdirected",
        status: StatusCode::MISDIRECTED_REQUEST,
        title: "Not for this host",
        advice: "Use localhost, or list the name under server.hosts in the configuration.",
    },
    Entry {
        kind: Kind::Timeout,
        word: "timeout",
        status: StatusCode::REQUEST_TIMEOUT,
        title: "The request came too slowly",
        advice: "Send the whole body at once.",
    },
    Entry {
        kind: Kind::InvalidHeader,
        word: "invalid-header",
        status: StatusCode::UNPROCESSABLE_ENTITY,
        title: "A header cannot be used",
        advice: "The detail names the header and what to send instead.",
    },
    Entry {
        kind: Kind::KeyReused,
        word: "key-reused",
        status: StatusCode::UNPROCESSABLE_ENTITY,
        title: "The Idempotency-Key belongs to another push",
        advice: "Send a new key with each new body, and the same key only to repeat the same body.",
    },
    Entry {
        kind: Kind::TooManyRequests,
        word: "too-many-requests",
        status: StatusCode::TOO_MANY_REQUESTS,
        title: "Too much is under way",
        advice: "Try again after the seconds that Retry-After names; nothing was stored.",
    },
    Entry {
        kind: Kind::InvalidConfiguration,
        word: "invalid-configuration",
        status: StatusCode::UNPROCESSABLE_ENTITY,
        title: "The configuration has faults",
        advice: "Each entry of errors names a fault; cresset validate shows them too. The former configuration stays in force.",
    },
    Entry {
        kind: Kind::NeedsRestart,
        word: "needs-restart",
        status: StatusCode::CONFLICT,
        title: "The configuration needs a restart",
        advice: "Each entry of errors names a key that cannot change while the service runs. Nothing was taken over: restart, or undo those keys.",
    },
    Entry {
        kind: Kind::ReceiverFailed,
        word: "receiver-failed",
        status: StatusCode::BAD_GATEWAY,
        title: "A notifier did not deliver",
        advice: "Each entry of errors names a notifier and why it failed; check its address and credentials.",
    },
    Entry {
        kind: Kind::Unavailable,
        word: "unavailable",
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: "The store does not answer",
        advice: "Try again after the seconds that Retry-After names.",
    },
    Entry {
        kind: Kind::Internal,
        word: "internal",
        status: StatusCode::INTERNAL_SERVER_ERROR,
        title: "Internal error",
        advice: "The log names the cause under the id in detail.",
    },
];

impl Kind {
    fn entry(self) -> &'static Entry {
        ENTRIES
            .iter()
            .find(|entry| entry.kind == self)
            .expect("every kind has an entry")
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
    /// What is wrong, and what to do.
    pub(crate) fn text(&self) -> &str {
        &self.detail
    }

    /// In a parameter of the query.
    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.to_owned()),
            detail: detail.into(),
        }
    }

    /// Neither in the query nor in the body.
    pub(crate) fn plain(detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: None,
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
            BodyFault::TooLarge(_) => Kind::TooLarge,
            BodyFault::TooSlow(_) => Kind::Timeout,
            BodyFault::Broken => Kind::InvalidBody,
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
        let entry = self.kind.entry();
        let document = Document {
            r#type: format!("/problems/{}", entry.word),
            title: entry.title,
            status: entry.status.as_u16(),
            detail: &self.detail,
            instance: &self.instance,
            errors: &self.errors,
            retry_after: self.retry_after_seconds,
        };
        let mut response = reply::json_of(entry.status, &document);
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
    let Some(entry) = ENTRIES.iter().find(|entry| entry.word == word) else {
        return reply::detail(StatusCode::NOT_FOUND, "Not Found");
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (entry.title) " · Cresset" }
                link rel="stylesheet" href="/assets/app.css";
            }
            body {
                main.narrow {
                    h1 { (entry.title) }
                    p { code { "/problems/" (entry.word) } ", status " (entry.status.as_u16()) }
                    p { (entry.advice) }
                    p { a href="/docs" { "API documentation" } }
                }
            }
        }
    };
    reply::typed(StatusCode::OK, reply::HTML, page.into_string())
}
