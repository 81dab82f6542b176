//! Dead letters: one for each unusable record, with its reason and its bytes, and each can be put through
//! again.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cresset_sim::nasty::{LetterJudge, Truth};
use serde_json::{Value, json};

use crate::service::Service;

/// Dead letters that one page and one redrive take; no scenario has more.
const LETTERS_MAX: usize = 1_000;

/// What is wrong with the dead letters, a sentence each.
pub(crate) fn faults(service: &Service, truths: &[Truth]) -> anyhow::Result<Vec<String>> {
    let path = format!("/api/v1/dead-letters?limit={LETTERS_MAX}");
    let page = service.get(&path)?;
    let letters = page["items"].as_array().context("no items")?;
    let mut judge = LetterJudge::new(truths.iter().flat_map(|truth| &truth.unusable));
    for letter in letters {
        judge.take(letter, &raw(service, letter)?);
    }
    let whole = letters.iter().filter(|letter| letter["whole"] == true);
    let whole = whole.count() as u64;
    let mut faults = judge.faults();
    faults.extend(redrive(service, letters.len() as u64, whole)?);
    Ok(faults)
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
