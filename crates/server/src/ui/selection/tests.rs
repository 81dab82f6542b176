use super::*;

fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T09:30:00Z").unwrap()
}

fn read(query: &str) -> Selection {
    let visit = Visit {
        pairs: form::pairs(query),
        ..Visit::default()
    };
    Selection::read(&visit, now())
}

#[test]
fn an_address_reads_back() {
    for (query, written) in [
        ("", "from=-24h"),
        ("hours=7", "from=-7h"),
        ("hours=25", "from=-24h"),
        ("country=&user=&severity=&from=-6h", "from=-6h"),
        (
            "severity=critical,high&country=RU",
            "severity=critical,high&country=RU&from=-24h",
        ),
        (
            "q=a+b&from=2026-11-20&to=2026-11-21",
            "q=a%20b&from=2026-11-20&to=2026-11-21",
        ),
        ("user=%26%3D%22&view=x&from=-1h", "user=%26%3D%22&from=-1h"),
    ] {
        assert_eq!(read(query).query(), written, "{query}");
        assert_eq!(read(written).query(), written, "{query}");
    }
}

#[test]
fn a_window_has_an_end_and_hours_where_it_ends_now() {
    let check = |query: &str, from: &str, to: &str, hours: Option<u64>| {
        let selection = read(query);
        let window = selection.window(now());
        assert_eq!(
            (window.from.to_z().as_str(), window.to.to_z().as_str()),
            (from, to),
            "{query}"
        );
        assert_eq!(selection.hours(), hours, "{query}");
    };
    check(
        "from=-6h",
        "2026-11-23T03:30:00Z",
        "2026-11-23T09:30:00Z",
        Some(6),
    );
    check(
        "from=-90m",
        "2026-11-23T08:00:00Z",
        "2026-11-23T09:30:00Z",
        None,
    );
    check(
        "from=2026-11-23T01:00:00Z&to=2026-11-23T02:00:00Z",
        "2026-11-23T01:00:00Z",
        "2026-11-23T02:00:00Z",
        None,
    );
}

#[test]
fn what_cannot_be_understood_is_said() {
    assert!(
        read("severity=hgih")
            .flaws
            .first()
            .unwrap()
            .contains("high")
    );
    assert_eq!(read("severity=high").flaws, Vec::<String>::new());
}

#[test]
fn a_choice_is_replaced_or_removed() {
    let selection = read("country=RU&severity=high");
    assert_eq!(
        selection.with("country", "US").query(),
        "severity=high&country=US&from=-24h"
    );
    assert_eq!(
        selection.with("country", "").query(),
        "severity=high&from=-24h"
    );
    assert_eq!(
        selection.with("from", "-1h").query(),
        "country=RU&severity=high&from=-1h"
    );
    assert_eq!(selection.cleared().query(), "from=-24h");
}

#[test]
fn any_value_of_a_field_can_be_chosen() {
    for value in [
        "RU",
        "a b",
        "x,y*",
        "\"quoted\\",
        "-6h",
        ">=1",
        "",
        "é\u{202e}",
    ] {
        let chosen = read("q=a").choosing(FacetField::User, Some(value));
        let reread = read(&chosen.query());
        assert_eq!(reread.flaws, Vec::<String>::new(), "{value}");
        let exact = Test::Text(
            cresset_model::query::TextField::User,
            vec![Pattern::Exact(value.to_owned())],
        );
        assert!(
            reread
                .filter
                .terms
                .iter()
                .any(|term| term.test == exact && !term.negated),
            "{value}: {}",
            chosen.query()
        );
    }
    let none = read("country=RU").choosing(FacetField::Country, None);
    assert_eq!(none.query(), "q=-country:&from=-24h");
}
