//! Bodies of commands that name many things by their ids.

use std::str::FromStr;

use cresset_model::config::nearest;
use cresset_model::id::InvalidId;
use serde_json::{Map, Value};

use crate::problem::Flaw;

/// Ids that a body may name.
const IDS_MAX: usize = 1_000;

/// The object that a body must be.
pub(super) fn object_of(body: &[u8]) -> Result<Map<String, Value>, Vec<Flaw>> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| vec![Flaw::pointer("", format!("the body is no JSON: {error}"))])?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(vec![Flaw::pointer("", "the body must be an object")]),
    }
}

/// Reads `{"ids": […]}` and nothing else.
pub(super) fn read<Id: FromStr<Err = InvalidId>>(body: &[u8]) -> Result<Vec<Id>, Vec<Flaw>> {
    let object = object_of(body)?;
    let mut flaws = Vec::new();
    only(&object, "", &["ids"], &mut flaws);
    let ids = if let Some(ids) = object.get("ids") {
        ids_of(ids, &mut flaws)
    } else {
        flaws.push(Flaw::pointer("", "give `ids`, a list of ids"));
        Vec::new()
    };
    if flaws.is_empty() {
        Ok(ids)
    } else {
        Err(flaws)
    }
}

/// Notes each key that is not known.
pub(super) fn only(object: &Map<String, Value>, at: &str, known: &[&str], flaws: &mut Vec<Flaw>) {
    for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
        let text = match nearest(key, known) {
            Some(near) => format!("unknown key `{key}`: did you mean `{near}`?"),
            None => format!("unknown key `{key}`: {} are known", known.join(", ")),
        };
        let escaped = key.replace('~', "~0").replace('/', "~1");
        flaws.push(Flaw::pointer(&format!("{at}/{escaped}"), text));
    }
}

/// Reads a list of ids.
pub(super) fn ids_of<Id: FromStr<Err = InvalidId>>(
    value: &Value,
    flaws: &mut Vec<Flaw>,
) -> Vec<Id> {
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
        match item.as_str().map(str::parse::<Id>) {
            Some(Ok(id)) => ids.push(id),
            Some(Err(error)) => {
                flaws.push(Flaw::pointer(&format!("/ids/{index}"), error.to_string()));
            }
            None => flaws.push(Flaw::pointer(&format!("/ids/{index}"), "an id is a text")),
        }
    }
    ids
}
