//! `GET` and `POST /config`: minutes between polls, of all sources.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::errors::unavailable;
use super::python_int::{IntField, Invalid, body};
use super::python_json::{DecodeError, Value, decode};
use crate::services::Shared;
use crate::{ask, json, reply};

const KEY: &str = "sync_interval_minutes";
/// The original takes any number and then spins or hangs on some; these bounds are ours.
const FIELD: IntField = IntField {
    loc: ["body", KEY],
    least: 1,
    greatest: 10_080,
};

/// What the service polls by.
pub(crate) async fn get(State(app): State<Shared>) -> Response {
    match ask::facts(&app).await {
        Ok(_) => reply::json(
            StatusCode::OK,
            config(app.services.control.interval_minutes()),
        ),
        Err(fault) => unavailable(&fault),
    }
}

/// Sets it, effective at once.
pub(crate) async fn post(State(app): State<Shared>, request: Request) -> Response {
    let is_json = reply::is_json(request.headers().get(header::CONTENT_TYPE));
    let bytes = match reply::read_body(request.into_body()).await {
        Ok(bytes) => bytes,
        Err(fault) => return reply::detail(fault.status(), &fault.text()),
    };
    let minutes = match minutes_of(&bytes, is_json) {
        Ok(minutes) => minutes,
        Err(Refusal::Unreadable) => {
            let text = "There was an error parsing the body";
            return reply::detail(StatusCode::BAD_REQUEST, text);
        }
        Err(Refusal::Invalid(invalid)) => {
            return reply::json(StatusCode::UNPROCESSABLE_ENTITY, body(&[invalid]));
        }
    };
    let set = app.services.control.set_interval_minutes(minutes);
    match ask::ask(&app, set).await {
        Ok(()) => {
            let config = config(minutes);
            let answer =
                format!(r#"{{"message":"Configuration saved and applied","config":{config}}}"#);
            reply::json(StatusCode::OK, answer)
        }
        Err(fault) => unavailable(&fault),
    }
}

fn config(minutes: u32) -> String {
    format!("{{\"{KEY}\":{minutes}}}")
}

enum Refusal {
    Unreadable,
    Invalid(Invalid),
}

fn minutes_of(bytes: &[u8], is_json: bool) -> Result<u32, Refusal> {
    if bytes.is_empty() {
        let missing = at_body("missing", "Field required", "null".to_owned());
        return Err(Refusal::Invalid(missing));
    }
    if !is_json {
        let text = String::from_utf8_lossy(bytes);
        return Err(Refusal::Invalid(no_object(json::string(&text))));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Unreadable)?;
    let value = match decode(text) {
        Ok(value) => value,
        Err(DecodeError::Refused) => return Err(Refusal::Unreadable),
        Err(DecodeError::Invalid { message, position }) => {
            return Err(Refusal::Invalid(no_json(message, position)));
        }
    };
    minutes_in(&value).map_err(Refusal::Invalid)
}

fn minutes_in(value: &Value) -> Result<u32, Invalid> {
    if !matches!(value, Value::Object(_)) {
        return Err(no_object(value.to_json()));
    }
    let Some(field) = value.get(KEY) else {
        return Err(FIELD.invalid("missing", "Field required", value.to_json()));
    };
    let input = field.to_json();
    let minutes = match field {
        Value::Bool(value) => FIELD.bounded(i128::from(*value), input),
        Value::Int(digits) => {
            // Beyond 128 bits it lies outside the bounds on either side.
            let edge = if digits.starts_with('-') {
                i128::MIN
            } else {
                i128::MAX
            };
            FIELD.bounded(digits.parse().unwrap_or(edge), input)
        }
        Value::Float(value) => of_float(*value, input),
        Value::Text(text) => FIELD.read(text),
        Value::Null | Value::List(_) | Value::Object(_) => {
            Err(FIELD.invalid("int_type", "Input should be a valid integer", input))
        }
    }?;
    Ok(u32::try_from(minutes).expect("the bounds of the field fit"))
}

fn of_float(value: f64, input: String) -> Result<i128, Invalid> {
    if !value.is_finite() {
        return Err(FIELD.invalid("finite_number", "Input should be a finite number", input));
    }
    if value.fract() != 0.0 {
        let message = "Input should be a valid integer, got a number with a fractional part";
        return Err(FIELD.invalid("int_from_float", message, input));
    }
    // The original takes whole floats within 64 bits; 2^63 itself is no such number.
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        return Err(FIELD.too_long(input));
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 64 bits")]
    FIELD.bounded(value as i128, input)
}

fn at_body(kind: &'static str, message: &str, input: String) -> Invalid {
    Invalid {
        kind,
        loc: vec![json::string("body")],
        message: message.to_owned(),
        input,
        context: None,
    }
}

fn no_object(input: String) -> Invalid {
    let message = "Input should be a valid dictionary or object to extract fields from";
    at_body("model_attributes_type", message, input)
}

fn no_json(message: &str, position: usize) -> Invalid {
    let mut invalid = at_body("json_invalid", "JSON decode error", "{}".to_owned());
    invalid.loc.push(position.to_string());
    invalid.context = Some(format!("{{\"error\":{}}}", json::string(message)));
    invalid
}
