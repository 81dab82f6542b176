//! `paging:` and `sweep:` of a polled upstream: how its pages follow each other, and how often the far
//! past is read again.

use std::time::Duration;

use cresset_model::config::{Entry, Fault, FromScalar, Misfit, Node, Section, Value};

use super::http_poll::Parameter;

/// How often the far past is swept by default.
const SWEEP_EVERY_DEFAULT: Duration = Duration::from_hours(6);
/// How far back a sweep reaches by default, unless the overlap is longer.
const SWEEP_BACK_DEFAULT: Duration = Duration::from_hours(24);
const SWEEP_EVERY_MIN: Duration = Duration::from_mins(1);
const SWEEP_MAX: Duration = Duration::from_hours(30 * 24);
/// Keys of a path to the cursor.
const FIELD_KEYS_MAX: usize = 8;

/// `paging:`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum PagingConfig {
    /// By the times of the records.
    #[default]
    Since,
    /// By the `Link` header of each page.
    Link,
    /// By a cursor in the body of each page.
    Cursor {
        /// The keys that lead to it.
        field: Vec<String>,
        /// The query parameter that takes it back.
        parameter: String,
    },
}

/// `sweep:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SweepConfig {
    /// How often.
    pub(crate) every: Duration,
    /// How far back.
    pub(crate) back: Duration,
}

impl SweepConfig {
    /// The sweeps of a source with this overlap.
    pub(super) fn new(overlap: Duration) -> Self {
        Self {
            every: SWEEP_EVERY_DEFAULT,
            back: SWEEP_BACK_DEFAULT.max(overlap),
        }
    }
}

/// Reads `paging`: a word, or a mapping that says where the cursor is.
pub(super) fn read_paging(section: &mut Section<'_>) -> PagingConfig {
    let is_word = |node: &Node| !matches!(node.value, Value::Mapping(_));
    if section.entry("paging").is_some_and(|it| is_word(&it.value)) {
        let is_link = section.word("paging", &[("since", false), ("link", true)]);
        return match is_link {
            Some(true) => PagingConfig::Link,
            _ => PagingConfig::Since,
        };
    }
    let Some(choice) = section.one_of("paging", &["cursor"]) else {
        return PagingConfig::Since;
    };
    let Some(mut cursor) = section.chosen(&choice) else {
        return PagingConfig::Since;
    };
    let field = cursor.required::<FieldPath>(
        "field",
        "the key that holds the cursor in an answer, such as next_cursor",
    );
    let parameter = cursor.required::<Parameter>(
        "parameter",
        "the query parameter that takes the cursor back, such as cursor",
    );
    cursor.finish();
    match field.zip(parameter) {
        Some((FieldPath(field), Parameter(parameter))) => PagingConfig::Cursor { field, parameter },
        None => PagingConfig::Since,
    }
}

/// Checks what `paging` needs of the other keys.
pub(super) fn check_paging(
    section: &Section<'_>,
    paging: &PagingConfig,
    records: &[String],
    taken: impl Fn(&str) -> bool,
) {
    let PagingConfig::Cursor { parameter, .. } = paging else {
        return;
    };
    let place = section.place_of("paging");
    if records.is_empty() {
        let fault = Fault::at(
            place,
            "\"paging\" takes a cursor out of an answer that is an array",
        );
        section.report(fault.hint("name the key that holds the array, such as records: alerts"));
    }
    if taken(parameter) {
        let fault = Fault::at(place, "the parameter of the cursor is taken already");
        section.report(fault.hint("take it out of the address, or name another one"));
    }
}

/// Reads `sweep`: `off`, or a mapping. `None` for none.
pub(super) fn read_sweep(section: &mut Section<'_>, overlap: Duration) -> Option<SweepConfig> {
    let default = SweepConfig::new(overlap);
    let is_word = |it: &Entry| matches!(it.value.value, Value::Scalar(_)) && !it.value.is_null();
    if section.entry("sweep").is_some_and(is_word) {
        section.word("sweep", &[("off", ()), ("0", ())]);
        return None;
    }
    let Some(mut sweep) = section.section("sweep") else {
        return Some(default);
    };
    let every = sweep.in_range("every", default.every, SWEEP_EVERY_MIN..=SWEEP_MAX);
    let back = sweep.in_range("back", default.back, SWEEP_EVERY_MIN..=SWEEP_MAX);
    if back < overlap {
        let fault = Fault::at(
            sweep.place(),
            "a sweep reaches no further back than \"overlap\"",
        );
        sweep.report(fault.hint("lengthen sweep.back, or write sweep: off"));
    }
    sweep.finish();
    Some(SweepConfig { every, back })
}

/// Keys that lead to one value, joined with dots or written as a JSON pointer.
struct FieldPath(Vec<String>);

impl FromScalar for FieldPath {
    const KIND: &'static str = "a path of keys";
    const HINT: &'static str =
        "write the keys that lead to the cursor, such as next_cursor, meta.next or /meta/next";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let text = String::from_scalar(text).map_err(|_| Misfit::kind())?;
        let keys: Vec<String> = match text.strip_prefix('/') {
            // A JSON pointer (RFC 6901) has an escape for its own separator.
            Some(pointer) => pointer
                .split('/')
                .map(|key| key.replace("~1", "/").replace("~0", "~"))
                .collect(),
            None => text.split('.').map(str::to_owned).collect(),
        };
        if keys.len() > FIELD_KEYS_MAX || keys.iter().any(String::is_empty) {
            return Err(Misfit::kind());
        }
        Ok(Self(keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_key_a_path_or_a_pointer() {
        let check = |text: &str, expected: Option<&[&str]>| {
            let read = FieldPath::from_scalar(text).ok().map(|path| path.0);
            let expected = expected.map(|keys| keys.iter().map(ToString::to_string).collect());
            assert_eq!(read, expected, "{text}");
        };
        check("next_cursor", Some(&["next_cursor"]));
        check("meta.next", Some(&["meta", "next"]));
        check("/meta/next", Some(&["meta", "next"]));
        check("/a.b/c~1d~0", Some(&["a.b", "c/d~"]));
        check(
            "1.2.3.4.5.6.7.8",
            Some(&["1", "2", "3", "4", "5", "6", "7", "8"]),
        );
        for refused in ["", "/", "a..b", "//a", "1.2.3.4.5.6.7.8.9"] {
            check(refused, None);
        }
    }
}
