//! The body of a redrive: which dead letters.

use cresset_model::config::nearest;
use cresset_model::dead_letter::DeadLetterFilter;
use cresset_model::ports::RedriveSelection;
use cresset_model::{DeadLetterId, SourceId};
use serde_json::{Map, Value};

use super::list::reason_of;
use crate::problem::Flaw;

/// Dead letters that a body may name.
const IDS_MAX: usize = 1_000;
/// Matching dead letters put through at once.
const MATCHING_MAX: usize = 10_000;
/// Dead letters put through when the body names no limit.
const LIMIT_DEFAULT: usize = 100;

/// Reads `{"ids": […]}` or `{"filter": {…}, "limit": n}`.
pub(super) fn read(body: &[u8]) -> Result<RedriveSelection, Vec<Flaw>> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| vec![Flaw::pointer("", format!("the body is no JSON: {error}"))])?;
    let Value::Object(object) = value else {
        return Err(vec![Flaw::pointer("", "the body must be an object")]);
    };
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
            filter: filter_of(filter, &mut flaws),
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

fn only(object: &Map<String, Value>, at: &str, known: &[&str], flaws: &mut Vec<Flaw>) {
    for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
        let text = match nearest(key, known) {
            Some(near) => format!("unknown key `{key}`: did you mean `{near}`?"),
            None => format!("unknown key `{key}`: {} are known", known.join(", ")),
        };
        let escaped = key.replace('~', "~0").replace('/', "~1");
        flaws.push(Flaw::pointer(&format!("{at}/{escaped}"), text));
    }
}

fn ids_of(value: &Value, flaws: &mut Vec<Flaw>) -> Vec<DeadLetterId> {
    let Value::Array(items) = value else {
        flaws.push(Flaw::pointer("/ids", "`ids` must be a list of ids"));
        return Vec::new();
    };
    if items.is_empty() || items.len() > IDS_MAX {
        let text = format!(
            "`ids` must have 1 to {IDS_MAX} entries, not {}",
            items.len()
        );
        flaws.push(Flaw::pointer("/ids", text));
        return Vec::new();
    }
    let mut ids = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match item.as_str().map(str::parse::<DeadLetterId>) {
            Some(Ok(id)) => ids.push(id),
            Some(Err(error)) => {
                flaws.push(Flaw::pointer(&format!("/ids/{index}"), error.to_string()));
            }
            None => flaws.push(Flaw::pointer(&format!("/ids/{index}"), "an id is a text")),
        }
    }
    ids
}

fn filter_of(value: &Value, flaws: &mut Vec<Flaw>) -> DeadLetterFilter {
    let mut filter = DeadLetterFilter {
        resolved: Some(false),
        ..DeadLetterFilter::default()
    };
    let Value::Object(object) = value else {
        flaws.push(Flaw::pointer("/filter", "`filter` must be an object"));
        return filter;
    };
    only(object, "/filter", &["source", "reason"], flaws);
    let mut text_of = |key: &str| match object.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => {
            let text = format!("`{key}` must be a text");
            flaws.push(Flaw::pointer(&format!("/filter/{key}"), text));
            None
        }
    };
    filter.source = text_of("source").map(|name| SourceId::new(&name));
    let reason = text_of("reason");
    filter.reason = reason.and_then(|code| match reason_of(&code) {
        Ok(reason) => Some(reason),
        Err(text) => {
            flaws.push(Flaw::pointer("/filter/reason", text));
            None
        }
    });
    filter
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
