//! The dials: `POST /config` with `{"failure_rate": 0.0 to 1.0}`, and its refusals as recorded. Beside the
//! original's one, `delay_ms` and `malformed`; a `GET` shows them when it is asked for `include=all`.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use super::py_json::{NotFinite, ReadError, Value, float, read, write};

/// What an empty object sets.
const FAILURE_RATE_DEFAULT: f64 = 0.2;
/// The longest delay of an answer.
const DELAY_MS_MAX: f64 = 30_000.0;

/// Why the dial was not turned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 422 with this body.
    Invalid(String),
    /// 400: the body is no text.
    NoText,
    /// 500: the original breaks when it repeats the value.
    Broken,
}

/// `{"failure_rate":0.2}`.
pub(super) fn settings(failure_rate: f64) -> String {
    format!("{{\"failure_rate\":{}}}", float(failure_rate))
}

/// All dials, those that the original does not have included.
pub(super) fn all_settings(failure_rate: f64, delay: Duration, malformed: f64) -> String {
    format!(
        "{{\"failure_rate\":{},\"delay_ms\":{},\"malformed\":{}}}",
        float(failure_rate),
        delay.as_millis(),
        float(malformed)
    )
}

/// What a body turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turn {
    /// The failure rate, in any case.
    pub(super) failure_rate: f64,
    /// How long each answer takes.
    pub(super) delay: Option<Duration>,
    /// The share of records that no client can take.
    pub(super) malformed: Option<f64>,
}

/// Reads how the dials are to stand.
pub(super) fn read_turn(headers: &HeaderMap, body: &[u8]) -> Result<Turn, Refusal> {
    if body.is_empty() {
        return Err(refusal(
            "missing",
            &["\"body\""],
            "Field required",
            &Value::Null,
            None,
        ));
    }
    let text = std::str::from_utf8(body).map_err(|_| Refusal::NoText)?;
    if !is_json(headers) {
        return Err(not_a_dict(&Value::Text(text.to_owned())));
    }
    let value = match read(text) {
        Ok(value) => value,
        Err(ReadError::TooDeep) => return Err(Refusal::Broken),
        Err(ReadError::At(at, what)) => {
            let place = at.to_string();
            let mut error = Value::Text(what.to_owned());
            error = Value::Dict(vec![("error".to_owned(), error)]);
            let input = Value::Dict(Vec::new());
            let loc = ["\"body\"", place.as_str()];
            return Err(refusal(
                "json_invalid",
                &loc,
                "JSON decode error",
                &input,
                Some(&error),
            ));
        }
    };
    let Value::Dict(pairs) = &value else {
        return Err(not_a_dict(&value));
    };
    let number = |key: &str, most: f64| {
        let found = pairs.iter().find(|(known, _)| known == key);
        found
            .map(|(_, value)| number_of(value, key, most))
            .transpose()
    };
    Ok(Turn {
        failure_rate: number("failure_rate", 1.0)?.unwrap_or(FAILURE_RATE_DEFAULT),
        delay: number("delay_ms", DELAY_MS_MAX)?.map(|ms| Duration::from_secs_f64(ms / 1_000.0)),
        malformed: number("malformed", 1.0)?,
    })
}

/// A number from 0 to `most`.
fn number_of(input: &Value, key: &str, most: f64) -> Result<f64, Refusal> {
    let place = format!("\"{key}\"");
    let refused = |kind: &str, msg: &str, ctx: Option<&Value>| {
        refusal(kind, &["\"body\"", &place], msg, input, ctx)
    };
    let bound = |name: &str, bound: f64| Value::Dict(vec![(name.to_owned(), Value::Float(bound))]);
    let rate = match input {
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Float(value) => *value,
        Value::Int(digits) => digits.parse().unwrap_or(f64::INFINITY),
        Value::Text(text) => text.trim().parse().map_err(|_| {
            let msg = "Input should be a valid number, unable to parse string as a number";
            refused("float_parsing", msg, None)
        })?,
        _ => {
            return Err(refused(
                "float_type",
                "Input should be a valid number",
                None,
            ));
        }
    };
    // A number that cannot be compared fails the first comparison, as in the original.
    if rate.is_nan() || rate < 0.0 {
        let msg = "Input should be greater than or equal to 0";
        return Err(refused("greater_than_equal", msg, Some(&bound("ge", 0.0))));
    }
    if rate > most {
        let msg = format!("Input should be less than or equal to {most}");
        return Err(refused("less_than_equal", &msg, Some(&bound("le", most))));
    }
    Ok(rate)
}

fn is_json(headers: &HeaderMap) -> bool {
    let label = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = label
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind.strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

fn not_a_dict(input: &Value) -> Refusal {
    let msg = "Input should be a valid dictionary or object to extract fields from";
    refusal("model_attributes_type", &["\"body\""], msg, input, None)
}

fn refusal(kind: &str, loc: &[&str], msg: &str, input: &Value, ctx: Option<&Value>) -> Refusal {
    let body = || -> Result<String, NotFinite> {
        let mut body = format!(
            "{{\"detail\":[{{\"type\":\"{kind}\",\"loc\":[{}],\"msg\":\"{msg}\",\"input\":",
            loc.join(",")
        );
        write(&mut body, input)?;
        if let Some(ctx) = ctx {
            body.push_str(",\"ctx\":");
            write(&mut body, ctx)?;
        }
        body.push_str("}]}");
        Ok(body)
    };
    body().map_or(Refusal::Broken, Refusal::Invalid)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with_type(content_type: &'static str, body: &str) -> Result<f64, Refusal> {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        read_turn(&headers, body.as_bytes()).map(|turn| turn.failure_rate)
    }

    fn accepted(body: &str, expected: &str) {
        let rate = with_type("application/json", body).unwrap();
        assert_eq!(
            settings(rate),
            format!("{{\"failure_rate\":{expected}}}"),
            "{body}"
        );
    }

    fn refused(content_type: &'static str, body: &str, expected: &str) {
        let expected = Refusal::Invalid(format!("{{\"detail\":[{expected}]}}"));
        assert_eq!(with_type(content_type, body), Err(expected), "{body}");
    }

    #[test]
    fn rates_are_taken_as_recorded() {
        accepted("{\"failure_rate\":0.0}", "0.0");
        accepted("{\"failure_rate\":1}", "1.0");
        accepted("{\"failure_rate\":\"0.5\"}", "0.5");
        accepted("{\"failure_rate\":true}", "1.0");
        accepted("{}", "0.2");
        accepted("{\"failure_rate\":0.15,\"latency\":3}", "0.15");
        accepted("{\"failure_rate\":1e-3}", "0.001");
        accepted("{\"failure_rate\":1e-7}", "1e-07");
        accepted("{\"failure_rate\":0.9,\"failure_rate\":0.1}", "0.1");
        assert_eq!(
            with_type("application/problem+json; charset=utf-8", "{}"),
            Ok(0.2)
        );
    }

    #[test]
    fn refusals_are_worded_as_recorded() {
        let json = "application/json";
        refused(
            json,
            "{\"failure_rate\":1.5}",
            r#"{"type":"less_than_equal","loc":["body","failure_rate"],"msg":"Input should be less than or equal to 1","input":1.5,"ctx":{"le":1.0}}"#,
        );
        refused(
            json,
            "{\"failure_rate\":-0.1}",
            r#"{"type":"greater_than_equal","loc":["body","failure_rate"],"msg":"Input should be greater than or equal to 0","input":-0.1,"ctx":{"ge":0.0}}"#,
        );
        refused(
            json,
            "{\"failure_rate\":\"x\"}",
            r#"{"type":"float_parsing","loc":["body","failure_rate"],"msg":"Input should be a valid number, unable to parse string as a number","input":"x"}"#,
        );
        refused(
            json,
            "{\"failure_rate\":null}",
            r#"{"type":"float_type","loc":["body","failure_rate"],"msg":"Input should be a valid number","input":null}"#,
        );
        refused(
            json,
            "[]",
            r#"{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":[]}"#,
        );
        refused(
            json,
            "hello",
            r#"{"type":"json_invalid","loc":["body",0],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}"#,
        );
        refused(
            json,
            "",
            r#"{"type":"missing","loc":["body"],"msg":"Field required","input":null}"#,
        );
        refused(
            "application/x-www-form-urlencoded",
            "failure_rate=0.5",
            r#"{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"failure_rate=0.5"}"#,
        );
        for content_type in ["text/plain", ""] {
            refused(
                content_type,
                "{\"failure_rate\":0.5}",
                r#"{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"{\"failure_rate\":0.5}"}"#,
            );
        }
    }

    #[test]
    fn the_other_dials_are_read_beside_it() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let turn = |body: &str| read_turn(&headers, body.as_bytes());
        let expected = Turn {
            failure_rate: 0.2,
            delay: Some(Duration::from_millis(250)),
            malformed: Some(0.5),
        };
        assert_eq!(turn("{\"delay_ms\":250,\"malformed\":0.5}"), Ok(expected));
        assert!(matches!(
            turn("{\"delay_ms\":30001}"),
            Err(Refusal::Invalid(_))
        ));
        assert!(matches!(
            turn("{\"malformed\":1.01}"),
            Err(Refusal::Invalid(_))
        ));
        let all = all_settings(1.0, Duration::from_secs(3), 0.0);
        assert_eq!(
            all,
            "{\"failure_rate\":1.0,\"delay_ms\":3000,\"malformed\":0.0}"
        );
    }

    #[test]
    fn what_the_original_cannot_repeat_breaks_it() {
        for number in ["NaN", "Infinity", "-Infinity", "1e999"] {
            let body = format!("{{\"failure_rate\":{number}}}");
            assert_eq!(
                with_type("application/json", &body),
                Err(Refusal::Broken),
                "{number}"
            );
        }
        assert_eq!(read_turn(&HeaderMap::new(), b"\xff"), Err(Refusal::NoText));
    }
}
