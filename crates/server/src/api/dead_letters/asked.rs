//! What the requests about dead letters have in common: which ones are meant.

use axum::http::Uri;
use cresset_model::batch::Reason;
use cresset_model::config::nearest;
use cresset_model::dead_letter::DeadLetterFilter;
use cresset_model::query::parse_instant;
use cresset_model::{SourceId, Timestamp};

use crate::api::params::{Params, unknown};
use crate::form;
use crate::problem::{Flaw, Kind, Problem};

/// The names of the parameters.
pub(super) const NAMES: [&str; 5] = ["source", "reason", "resolved", "since", "until"];

/// Reads the parameters; what is wrong with them is noted.
pub(super) fn filter(params: &mut Params, now: Timestamp) -> DeadLetterFilter {
    let resolved = params.switch("resolved");
    let text = |params: &Params, name| form::last(&params.pairs, name).map(str::to_owned);
    let reason = text(params, "reason").map(|code| reason_of(&code));
    let mut instant = |name| {
        let text = text(params, name)?;
        noted(params, name, instant_of(name, &text, now))
    };
    let (since, until) = (instant("since"), instant("until"));
    DeadLetterFilter {
        source: text(params, "source").map(|source| SourceId::new(&source)),
        reason: reason.and_then(|reason| noted(params, "reason", reason)),
        resolved,
        since,
        until,
    }
}

/// Reads the query of a request that has no pages; what is wrong with it, an unknown name too, is the answer.
pub(super) fn without_pages(
    uri: &Uri,
    query: Option<&str>,
    now: Timestamp,
) -> Result<DeadLetterFilter, Problem> {
    let mut params = Params::read(uri.path(), query);
    let others: Vec<Flaw> = params
        .pairs
        .iter()
        .filter(|(name, _)| !NAMES.contains(&name.as_str()))
        .map(|(name, _)| Flaw::parameter(name, unknown(name, &NAMES)))
        .collect();
    params.flaws.extend(others);
    let filter = filter(&mut params, now);
    if params.flaws.is_empty() {
        Ok(filter)
    } else {
        Err(Problem::flawed(
            Kind::InvalidQuery,
            uri.path(),
            params.flaws,
        ))
    }
}

fn noted<T>(params: &mut Params, name: &str, value: Result<T, String>) -> Option<T> {
    match value {
        Ok(value) => Some(value),
        Err(text) => {
            params.flaws.push(Flaw::parameter(name, text));
            None
        }
    }
}

/// The instant of a text, or what to write instead.
pub(super) fn instant_of(name: &str, text: &str, now: Timestamp) -> Result<Timestamp, String> {
    parse_instant(name, text, now).map_err(|error| error.message)
}

/// The reason of a code, or what to write instead.
pub(super) fn reason_of(code: &str) -> Result<Reason, String> {
    Reason::from_code(code).ok_or_else(|| {
        let known: Vec<&str> = Reason::ALL.into_iter().map(Reason::as_str).collect();
        match nearest(code, &known) {
            Some(near) => format!("unknown reason `{code}`: did you mean `{near}`?"),
            None => format!("unknown reason `{code}`: {} are known", known.join(", ")),
        }
    })
}
