//! Where the values of an alert come from.

use cresset_model::alert::AlertRow;
use cresset_model::provenance::{Context, Marks, TableInfo};
use serde::Serialize;
use serde_json::{Map, Value};

/// The adapter, the two tables and what was noticed.
#[derive(Debug, Serialize)]
pub(super) struct Provenance {
    adapter: String,
    country: Option<Enriched>,
    user: Option<Enriched>,
    notes: Vec<Note>,
}

/// A value that a table gave, or did not.
#[derive(Debug, Serialize)]
struct Enriched {
    of: String,
    table: String,
    description: String,
    built: String,
    answer: Option<String>,
    explanation: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Note {
    code: &'static str,
    text: &'static str,
}

impl Provenance {
    /// Explains an alert by the context that it was made in.
    pub(super) fn of(row: &AlertRow, context: &Context) -> Self {
        let notes = row
            .marks
            .described()
            .filter(|(code, _)| !is_about(code, "geo_") && !is_about(code, "user_"))
            .map(|(code, text)| Note { code, text })
            .collect();
        let table = |info: &Option<TableInfo>, prefix: &str, answer: &Option<String>| {
            info.as_ref().map(|info| Enriched {
                of: info.of.clone(),
                table: info.name.clone(),
                description: info.description.clone(),
                built: info.built.clone(),
                answer: answer.clone(),
                explanation: explanation(row.marks, prefix),
            })
        };
        Self {
            adapter: context.adapter.clone(),
            country: table(&context.geo, "geo_", &row.country),
            user: table(&context.user, "user_", &row.user),
            notes,
        }
    }
}

fn is_about(code: &str, prefix: &str) -> bool {
    code.starts_with(prefix)
}

fn explanation(marks: Marks, prefix: &str) -> Option<&'static str> {
    marks
        .described()
        .find(|(code, _)| is_about(code, prefix))
        .map(|(_, text)| text)
}

/// Our field and the received key it was read from, by the format that the alert's source chooses.
pub(super) fn mapping(row: &AlertRow, context: &Context) -> Map<String, Value> {
    let format = context
        .formats
        .iter()
        .find(|format| format.sources.contains(&row.source));
    let fields = format.map(|format| format.fields.as_slice());
    fields
        .unwrap_or_default()
        .iter()
        .map(|(field, key)| (field.clone(), Value::from(key.as_str())))
        .collect()
}
