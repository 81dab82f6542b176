//! The body of a redrive: which dead letters.

use cresset_model::dead_letter::DeadLetterFilter;
use cresset_model::ports::RedriveSelection;
use cresset_model::{SourceId, Timestamp};
use serde_json::{Map, Value};

use super::asked::{instant_of, reason_of};
use crate::api::id_list::{ids_of, object_of, only};
use crate::problem::Flaw;

/// Matching dead letters put through at once.
const MATCHING_MAX: usize = 10_000;
/// Dead letters put through when the body names no limit.
const LIMIT_DEFAULT: usize = 100;

/// Reads `{"ids": […]}` or `{"filter": {…}, "limit": n}`.
pub(super) fn read(body: &[u8], now: Timestamp) -> Result<RedriveSelection, Vec<Flaw>> {
    let object = object_of(body)?;
    let mut flaws = Vec::new();
    only(&object, "", &["ids", "filter", "limit"], &mut flaws);
    let selection = match (object.get("ids"), object.get("filter")) {
        (Some(ids), None) => {
            if object.contains_key("limit") {
                flaws.push(Flaw::pointer(
                    "/limit",
                    "`limit` goes with `filter`, not with `ids`",
                ));
            }
            RedriveSelection::Ids(ids_of(ids, &mut flaws))
        }
        (None, Some(filter)) => RedriveSelection::Matching {
            filter: filter_of(filter, now, &mut flaws),
            limit: limit_of(object.get("limit"), &mut flaws),
        },
        _ => {
            flaws.push(Flaw::pointer("", "give either `ids` or `filter`"));
            RedriveSelection::Ids(Vec::new())
        }
    };
    if flaws.is_empty() {
        Ok(selection)
    } else {
        Err(flaws)
    }
}

fn filter_of(value: &Value, now: Timestamp, flaws: &mut Vec<Flaw>) -> DeadLetterFilter {
    let mut filter = DeadLetterFilter {
        resolved: Some(false),
        ..DeadLetterFilter::default()
    };
    let Value::Object(object) = value else {
        flaws.push(Flaw::pointer("/filter", "`filter` must be an object"));
        return filter;
    };
    let keys = ["source", "reason", "since", "until"];
    only(object, "/filter", &keys, flaws);
    filter.source = text_of(object, "source", flaws).map(|name| SourceId::new(&name));
    let reason = text_of(object, "reason", flaws);
    filter.reason = reason.and_then(|code| noted(reason_of(&code), "reason", flaws));
    let mut instant = |key| {
        let text = text_of(object, key, flaws)?;
        noted(instant_of(key, &text, now), key, flaws)
    };
    (filter.since, filter.until) = (instant("since"), instant("until"));
    filter
}

fn text_of(object: &Map<String, Value>, key: &str, flaws: &mut Vec<Flaw>) -> Option<String> {
    match object.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => noted(Err(format!("`{key}` must be a text")), key, flaws),
    }
}

fn noted<T>(value: Result<T, String>, key: &str, flaws: &mut Vec<Flaw>) -> Option<T> {
    value
        .map_err(|text| flaws.push(Flaw::pointer(&format!("/filter/{key}"), text)))
        .ok()
}

fn limit_of(value: Option<&Value>, flaws: &mut Vec<Flaw>) -> usize {
    let Some(value) = value else {
        return LIMIT_DEFAULT;
    };
    let limit = value.as_u64().and_then(|limit| usize::try_from(limit).ok());
    limit
        .filter(|limit| (1..=MATCHING_MAX).contains(limit))
        .unwrap_or_else(|| {
            let text = format!("`limit` must be a whole number from 1 to {MATCHING_MAX}");
            flaws.push(Flaw::pointer("/limit", text));
            LIMIT_DEFAULT
        })
}
