//! Dead letters: one for each unusable record, with its reason and its bytes, and each can be put through
//! again.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cresset_sim::nasty::{Truth, Unusable};
use serde_json::{Value, json};

use crate::service::Service;

/// Dead letters that one page and one redrive take; no scenario has more.
const LETTERS_MAX: usize = 1_000;
/// How often each must have come at least: it was polled as often.
const COUNT_MIN: u64 = 3;
/// The bytes that are kept of a record that is longer.
const KEPT_BYTES: usize = 64 << 10;

/// What is wrong with the dead letters, a sentence each.
pub(crate) fn faults(service: &Service, truth: &Truth) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let path = format!("/api/v1/dead-letters?limit={LETTERS_MAX}");
    let page = service.get(&path)?;
    let letters = page["items"].as_array().context("no items")?;
    let mut left = expected(&truth.unusable);
    let mut whole = 0;
    for letter in letters {
        let place = (text(letter, "reason"), number(letter, "full_bytes"));
        let Some(candidates) = left.get_mut(&place).filter(|left| !left.is_empty()) else {
            faults.push(format!("a dead letter for nothing: {letter}"));
            continue;
        };
        whole += u64::from(letter["whole"] == true);
        if number(letter, "count") < COUNT_MIN {
            faults.push(format!("a dead letter that came too seldom: {letter}"));
        }
        let raw = raw(service, letter)?;
        let is_whole = letter["whole"] == true;
        let same = |one: &Unusable| match &one.raw {
            Some(bytes) if is_whole => *bytes == raw,
            // Of what is too long the beginning is kept.
            Some(bytes) => raw.len() == KEPT_BYTES && bytes.starts_with(&raw),
            None => raw.len() == KEPT_BYTES && !is_whole,
        };
        match candidates.iter().position(|one| same(one)) {
            Some(at) => drop(candidates.swap_remove(at)),
            None => faults.push(format!("a dead letter with other bytes: {letter}")),
        }
    }
    for ((reason, bytes), missing) in left {
        let missing = missing.len();
        if missing > 0 {
            faults.push(format!(
                "{missing} unusable records of {bytes} bytes are no dead letters: {reason}"
            ));
        }
    }
    faults.extend(redrive(service, letters.len() as u64, whole)?);
    Ok(faults)
}

type Places<'a> = BTreeMap<(String, u64), Vec<&'a Unusable>>;

fn expected(unusable: &[Unusable]) -> Places<'_> {
    let mut places = Places::new();
    for one in unusable {
        let place = (one.reason.to_owned(), one.bytes);
        places.entry(place).or_default().push(one);
    }
    places
}

/// The bytes that were kept.
fn raw(service: &Service, letter: &Value) -> anyhow::Result<Vec<u8>> {
    let path = format!("/api/v1/dead-letters/{}", text(letter, "id"));
    let shown = service.get(&path)?;
    let raw = text(&shown["raw"], "text");
    Ok(match shown["raw"]["encoding"].as_str() {
        Some("base64") => STANDARD.decode(raw)?,
        _ => raw.into_bytes(),
    })
}

/// Puts all of them through again, without keeping anything: each is refused once more, as nothing was
/// mended, and only what is not whole is left alone.
fn redrive(service: &Service, letters: u64, whole: u64) -> anyhow::Result<Option<String>> {
    let body = json!({"filter": {}, "limit": LETTERS_MAX}).to_string();
    let answer = service.post("/api/v1/dead-letters/redrive?dry_run=true", &body)?;
    let counts = &answer.json()?["counts"];
    let is_well = counts["refused"] == whole && counts["skipped"] == letters - whole;
    Ok((!is_well).then(|| format!("of {letters} dead letters a redrive makes {counts}")))
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_default()
}
