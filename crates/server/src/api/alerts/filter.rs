//! The filter of a request: `q`, and one parameter for each field.

use cresset_model::Timestamp;
use cresset_model::query::{Field, Filter, QueryError, Term, Test};

use crate::problem::Flaw;

/// Parameters of the list that are no fields.
const OTHERS: [&str; 6] = ["q", "from", "to", "limit", "cursor", "include"];

/// Every name that the list knows.
pub(super) fn names() -> Vec<&'static str> {
    let fields = Field::NAMES.into_iter().map(|(name, _)| name);
    fields.chain(OTHERS).collect()
}

/// The names that say which alerts are meant.
pub(super) fn fields() -> Vec<&'static str> {
    let fields = Field::NAMES.into_iter().map(|(name, _)| name);
    fields.chain(["q", "from", "to"]).collect()
}

/// All terms of `q` and of the fields; a repeated parameter means "or".
pub(super) fn read(pairs: &[(String, String)], now: Timestamp) -> Result<Filter, Vec<Flaw>> {
    let mut filter = Filter::default();
    let mut flaws = Vec::new();
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for (name, value) in pairs {
        if name == "q" {
            match Filter::parse(value, now) {
                Ok(parsed) => filter.terms.extend(parsed.terms),
                Err(error) => flaws.push(flaw(&error)),
            }
        } else if Filter::is_parameter(name) {
            match Filter::parse_parameter(name, value, now) {
                Ok(term) => {
                    let former = seen.iter().rev().find(|(known, _)| known == name);
                    let merged = former
                        .and_then(|(_, at)| filter.terms.get_mut(*at))
                        .is_some_and(|former| merge(former, &term));
                    if !merged {
                        seen.push((name, filter.terms.len()));
                        filter.terms.push(term);
                    }
                }
                Err(error) => flaws.push(flaw(&error)),
            }
        }
    }
    if flaws.is_empty() {
        Ok(filter)
    } else {
        Err(flaws)
    }
}

/// The same for a page, with what is wrong as sentences.
pub(crate) fn filter_of(pairs: &[(String, String)], now: Timestamp) -> Result<Filter, Vec<String>> {
    read(pairs, now).map_err(|flaws| flaws.iter().map(|flaw| flaw.text().to_owned()).collect())
}

fn flaw(error: &QueryError) -> Flaw {
    let text = format!("{} (at byte {})", error.message, error.offset);
    Flaw::parameter(&error.parameter, text)
}

/// Adds the alternatives of a repeated parameter to its first term. Negated terms stay apart: not the
/// one and not the other.
fn merge(former: &mut Term, term: &Term) -> bool {
    if former.negated || term.negated {
        return false;
    }
    match (&mut former.test, &term.test) {
        (Test::Severity(all), Test::Severity(more)) => all.extend(more),
        (Test::Text(field, all), Test::Text(other, more)) if field == other => {
            all.extend(more.iter().cloned());
        }
        (Test::Address(field, all), Test::Address(other, more)) if field == other => {
            all.extend(more);
        }
        (Test::Time(field, all), Test::Time(other, more)) if field == other => all.extend(more),
        _ => return false,
    }
    true
}
