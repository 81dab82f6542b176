//! `GET` and `POST /api/v1/sources/{id}/chaos`: the dials of a mock.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use cresset_model::SourceId;
use cresset_model::ports::{ChaosState, Dials};
use serde_json::{Map, Value, json};

use super::command::{carry_out, read};
use crate::api::id_list::{object_of, only};
use crate::problem::{Flaw, Kind, Problem};
use crate::reply;
use crate::services::Shared;

const KEYS: [&str; 3] = ["failure_rate", "delay_ms", "malformed"];

/// How the dials of a source's mock stand.
pub(crate) async fn chaos(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Response {
    let id = SourceId::new(&id);
    match carry_out(uri.path(), app.services.control.chaos(&id)).await {
        Ok(state) => reply::json_of(StatusCode::OK, &shown(&id, &state)),
        Err(refusal) => refusal,
    }
}

/// Turns the dials that are named; `{"reset": true}` puts all back.
pub(crate) async fn set_chaos(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let path = uri.path();
    let body = match read(path, &headers, body).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let dials = match dials_of(&body) {
        Ok(dials) => dials,
        Err(flaws) => return Problem::flawed(Kind::InvalidBody, path, flaws).into_response(),
    };
    let id = SourceId::new(&id);
    match carry_out(path, app.services.control.set_chaos(&id, dials)).await {
        Ok(state) => reply::json_of(StatusCode::OK, &shown(&id, &state)),
        Err(refusal) => refusal,
    }
}

fn shown(id: &SourceId, state: &ChaosState) -> Value {
    let delay_ms = state
        .dials
        .delay
        .map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
    json!({
        "source": id,
        "failure_rate": state.dials.failure_rate,
        "delay_ms": delay_ms,
        "malformed": state.dials.malformed,
        "until": state.until,
    })
}

fn dials_of(body: &[u8]) -> Result<Option<Dials>, Vec<Flaw>> {
    let object = object_of(body)?;
    let mut flaws = Vec::new();
    let known: Vec<&str> = KEYS.into_iter().chain(["reset"]).collect();
    only(&object, "", &known, &mut flaws);
    let share = |key: &str, flaws: &mut Vec<Flaw>| number(&object, key, flaws);
    let dials = Dials {
        failure_rate: share("failure_rate", &mut flaws),
        malformed: share("malformed", &mut flaws),
        delay: object.get("delay_ms").and_then(|value| {
            let delay = whole(value).map(Duration::from_millis);
            if delay.is_none() {
                let text = "`delay_ms` must be a whole number of milliseconds";
                flaws.push(Flaw::pointer("/delay_ms", text));
            }
            delay
        }),
    };
    let resets = match object.get("reset") {
        None => false,
        Some(Value::Bool(true)) if object.len() == 1 => true,
        Some(_) => {
            let text = "`reset` must be true, and stand alone";
            flaws.push(Flaw::pointer("/reset", text));
            false
        }
    };
    if !resets && dials == Dials::default() && flaws.is_empty() {
        let text = format!("give one of {}, or `reset`", KEYS.join(", "));
        flaws.push(Flaw::pointer("", text));
    }
    match (flaws.is_empty(), resets) {
        (false, _) => Err(flaws),
        (true, true) => Ok(None),
        (true, false) => Ok(Some(dials)),
    }
}

/// A whole number, also as `3.0`: in JSON these are the same.
fn whole(value: &Value) -> Option<u64> {
    let exact = 0.0..=9e15;
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        let whole = number.fract() == 0.0 && exact.contains(&number);
        whole.then(|| format!("{number:.0}").parse().ok())?
    })
}

fn number(object: &Map<String, Value>, key: &str, flaws: &mut Vec<Flaw>) -> Option<f64> {
    let value = object.get(key)?;
    let number = value.as_f64();
    if number.is_none() {
        let text = format!("`{key}` must be a number from 0 to 1");
        flaws.push(Flaw::pointer(&format!("/{key}"), text));
    }
    number
}
