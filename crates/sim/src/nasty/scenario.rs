//! The scenarios by name.

use cresset_model::config::nearest;

use super::cast::Cast;
use super::play::Play;
use super::scenarios::{
    answers, arrivals, cuts, drift, edges, failing, gzip, hostile_json, huge, injection, paging,
    protocol, redirects, slow, stamps,
};

/// Names that an error offers.
const OFFERED_MAX: usize = 3;

/// A way to be hostile.
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// What it does, in one line.
    pub line: &'static str,
    pub(super) play: fn(&mut Cast) -> Play,
}

const fn scenario(name: &'static str, line: &'static str, play: fn(&mut Cast) -> Play) -> Scenario {
    Scenario { name, line, play }
}

/// Every scenario there is.
pub const SCENARIOS: [Scenario; 40] = [
    scenario(
        "equal_ts_edge",
        "many alerts of one instant at each page's edge, `since` excludes its instant",
        edges::equal_ts_edge,
    ),
    scenario(
        "equal_ts_inclusive",
        "the same, `since` includes its instant",
        edges::equal_ts_inclusive,
    ),
    scenario(
        "late_arrivals",
        "alerts that become visible minutes after their time",
        arrivals::late_arrivals,
    ),
    scenario(
        "clock_skew",
        "alerts dated minutes to centuries ahead, and ordinary ones that come after them",
        arrivals::clock_skew,
    ),
    scenario(
        "duplicates",
        "every alert several times, in other orders of keys and with other blanks",
        arrivals::duplicates,
    ),
    scenario(
        "updated_alert",
        "contents that change under the same id, with the same, a later and an earlier time",
        arrivals::updated_alert,
    ),
    scenario(
        "same_id_other_source",
        "one id from ten sources, and ids that differ in a letter's case or a blank",
        arrivals::same_id_other_source,
    ),
    scenario(
        "unordered_truncated",
        "pages in no order, cut off behind the newest record",
        cuts::unordered_truncated,
    ),
    scenario(
        "newest_first",
        "everything in one page, the newest first, growing meanwhile",
        paging::newest_first,
    ),
    scenario(
        "link_paging",
        "pages, the newest first, by `Link` headers; some lead elsewhere",
        paging::link_paging,
    ),
    scenario(
        "cursor_paging",
        "pages, the newest first, by a cursor in the body that is full of odd letters",
        paging::cursor_paging,
    ),
    scenario(
        "cursor_circle",
        "cursors that lead in a circle, are none, are endless, or are forgotten",
        paging::cursor_circle,
    ),
    scenario(
        "saturated_instant",
        "more alerts of one instant than a page holds, until somebody lengthens the pages",
        paging::saturated_instant,
    ),
    scenario(
        "gap_suspected",
        "short pages, the newest first, and no way to the next one, until somebody lengthens them",
        paging::gap_suspected,
    ),
    scenario(
        "conditional",
        "entity tags, and 304 for a page that is known",
        paging::conditional,
    ),
    scenario(
        "conditional_stale",
        "weak tags and times that never change, and 304 for whoever believes them",
        paging::conditional_stale,
    ),
    scenario(
        "cut_body",
        "answers that end before the length they promised, at every kind of place",
        cuts::cut_body,
    ),
    scenario(
        "cut_chunk",
        "chunked answers that end within a chunk, between two, or with sizes that are none",
        cuts::cut_chunk,
    ),
    scenario(
        "cut_document",
        "answers of the promised length whose JSON is not finished",
        cuts::cut_document,
    ),
    scenario(
        "flaky_90",
        "nine of ten requests fail: status, reset, cut answer",
        failing::flaky_90,
    ),
    scenario(
        "rate_limit",
        "429 and 503 with `Retry-After` in seconds, as dates and as nonsense",
        failing::rate_limit,
    ),
    scenario(
        "retry_after_for_ever",
        "`Retry-After` of more seconds than there are; stays hostile",
        failing::retry_after_for_ever,
    ),
    scenario(
        "retry_after_year_9999",
        "`Retry-After` until the year 9999; stays hostile",
        failing::retry_after_year_9999,
    ),
    scenario(
        "slow_drip",
        "a byte each half second: of the head, of the body",
        slow::slow_drip,
    ),
    scenario(
        "silence",
        "nothing at all, nothing behind the head, nothing in the middle of a record",
        slow::silence,
    ),
    scenario(
        "huge_body",
        "a record of 256 MiB among ordinary ones, in every answer",
        huge::huge_body,
    ),
    scenario(
        "huge_body_many",
        "an answer of 256 MiB in a million records",
        huge::huge_body_many,
    ),
    scenario(
        "huge_blank",
        "256 MiB of blanks before, between and behind the records",
        huge::huge_blank,
    ),
    scenario(
        "gzip_bomb",
        "gzip that unpacks to a thousand times its size, nested, cut, damaged or mislabeled",
        gzip::gzip_bomb,
    ),
    scenario(
        "hostile_json",
        "depth 50,000, giant numbers, NUL, lone surrogates, bad UTF-8 and what else is no JSON",
        hostile_json::hostile_json,
    ),
    scenario(
        "duplicate_keys",
        "records with the same key twice, also spelled otherwise and deep within",
        hostile_json::duplicate_keys,
    ),
    scenario(
        "wrong_answers",
        "login pages, empty answers, 204, null, error objects and other things with status 200",
        answers::wrong_answers,
    ),
    scenario(
        "wrong_labels",
        "good answers under wrong content types, with a byte-order mark, in odd spellings",
        answers::wrong_labels,
    ),
    scenario(
        "error_for_ever",
        "an error object with status 200, always; stays hostile",
        answers::error_for_ever,
    ),
    scenario(
        "broken_http",
        "answers that are no HTTP, contradict themselves or come unasked",
        protocol::broken_http,
    ),
    scenario(
        "redirect_internal",
        "redirects of every kind to an internal address that must not be contacted",
        redirects::redirect_internal,
    ),
    scenario(
        "redirect_for_ever",
        "nothing but redirects to an internal address; stays hostile",
        redirects::redirect_for_ever,
    ),
    scenario(
        "stamp_forms",
        "times in every form that is used, and in forms that nobody can read",
        stamps::stamp_forms,
    ),
    scenario(
        "schema_drift",
        "fields that appear, vanish, change their name, their type or their meaning",
        drift::schema_drift,
    ),
    scenario(
        "injection",
        "markup, queries, formulas, escapes and invisible letters in every field",
        injection::injection,
    ),
];

/// There is no such scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no scenario is called `{name}`: {hint}")]
pub struct UnknownScenario {
    name: String,
    hint: String,
}

/// The scenario of a name.
pub fn find(name: &str) -> Result<&'static Scenario, UnknownScenario> {
    static ALL: [Scenario; SCENARIOS.len()] = SCENARIOS;
    let found = ALL.iter().find(|scenario| scenario.name == name);
    found.ok_or_else(|| {
        let near = near(name);
        let hint = if near.is_empty() {
            "`list` prints all of them".to_owned()
        } else {
            format!(
                "did you mean {}? `list` prints all of them",
                near.join(", ")
            )
        };
        UnknownScenario {
            name: name.to_owned(),
            hint,
        }
    })
}

/// Names that may have been meant: what it may be a slip of, then names that share a word with it.
fn near(name: &str) -> Vec<&'static str> {
    let mut left: Vec<&'static str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    let mut near = Vec::new();
    while near.len() < OFFERED_MAX
        && let Some(found) = nearest(name, &left)
    {
        near.push(found);
        left.retain(|known| *known != found);
    }
    let words: Vec<&str> = name.split(['_', '-', ' ']).collect();
    let shares = |known: &&'static str| known.split('_').any(|word| words.contains(&word));
    near.extend(left.into_iter().filter(shares));
    near.truncate(OFFERED_MAX);
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_have_a_line_each() {
        let mut names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SCENARIOS.len());
        for scenario in &SCENARIOS {
            assert!(
                !scenario.line.is_empty() && scenario.line.len() <= 100,
                "{}",
                scenario.name
            );
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest_ones() {
        let check = |name: &str, expected: &str| {
            let error = find(name).err().unwrap().to_string();
            assert_eq!(error, expected);
        };
        assert_eq!(find("slow_drip").unwrap().name, "slow_drip");
        check(
            "slow-dripp",
            "no scenario is called `slow-dripp`: did you mean slow_drip? `list` prints all of them",
        );
        check(
            "cut",
            "no scenario is called `cut`: did you mean cut_body, cut_chunk, cut_document? `list` \
             prints all of them",
        );
        check("x", "no scenario is called `x`: `list` prints all of them");
    }
}
