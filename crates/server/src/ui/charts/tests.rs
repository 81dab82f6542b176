use std::time::Duration;

use cresset_model::Timestamp;
use maud::html;

use super::*;
use crate::ui::components::{Bar, Tone, bars};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn day() -> Timestamp {
    at("2026-11-23T00:00:00Z")
}

#[test]
fn an_axis_ends_with_a_round_number_that_is_not_less() {
    for (most, top) in [
        (0, 2),
        (2, 2),
        (3, 4),
        (11, 20),
        (61, 80),
        (100, 100),
        (101, 200),
        (999, 1_000),
    ] {
        assert_eq!(axis::round_up(most), top, "{most}");
    }
    assert_eq!(axis::round_up(u64::MAX), u64::MAX);
}

#[test]
fn marks_are_round_few_and_within() {
    for (hours, first, count) in [
        (1, "00:00", 5),
        (6, "00:00", 7),
        (24, "00:00", 9),
        (24 * 7, "11-23", 8),
    ] {
        let marks = axis::marks(day(), day().plus(Duration::from_hours(hours)));
        assert_eq!(
            marks.first().map(|(_, label)| label.as_str()),
            Some(first),
            "{hours}"
        );
        assert_eq!(marks.len(), count, "{hours}: {marks:?}");
        assert!(marks.iter().all(|(at, _)| *at <= 1_000));
    }
    let moment = axis::marks(day(), day());
    assert!(moment.len() <= 2, "{moment:?}");
    let ages = axis::marks(at("1971-01-01T00:00:00Z"), day());
    assert!(ages.len() <= 10, "{ages:?}");
}

#[test]
fn a_bar_stacks_its_severities_and_leads_to_its_time() {
    let zoom = |from: Timestamp, to: Timestamp| format!("/x?from={}&to={}", from.to_z(), to.to_z());
    let drawn = histogram(&Histogram {
        from: day(),
        to: day().plus(Duration::from_hours(2)),
        buckets: vec![
            Bucket {
                counts: [1, 0, 2, 0, 4],
            },
            Bucket::default(),
        ],
        class: "low",
        zoom: &zoom,
    })
    .into_string();
    for part in [
        r#"viewBox="0 0 2 8""#,
        r#"<a href="/x?from=2026-11-23T00:00:00Z&amp;to=2026-11-23T01:00:00Z">"#,
        "00:00:00 – 01:00:00 UTC: 7 alerts, 1 critical, 2 medium, 4 info</title>",
        r#"<rect class="f-critical" x="0.12" y="7" width=".76" height="1">"#,
        r#"<rect class="f-medium" x="0.12" y="5" width=".76" height="2">"#,
        r#"<rect class="f-info" x="0.12" y="1" width=".76" height="4">"#,
    ] {
        assert!(drawn.contains(part), "{part} in {drawn}");
    }
    assert_eq!(drawn.matches("<a ").count(), 1, "an empty bar is no link");
}

#[test]
fn a_course_needs_two_points_and_stays_in_its_box() {
    for values in [&[][..], &[5]] {
        assert!(!spark(values, "s-low").into_string().contains("polyline"));
    }
    let drawn = spark(&[0, u64::MAX, 1], "s-low").into_string();
    assert!(
        drawn.contains(r#"<polyline points="0.0,30.0 50.0,4.0 100.0,30.0">"#),
        "{drawn}"
    );
    assert!(
        spark(&[0, 0], "s-low")
            .into_string()
            .contains("0.0,30.0 100.0,30.0")
    );
}

#[test]
fn runs_fill_the_ticks_from_the_right() {
    let run = |tone, title: &str| Tick {
        tone,
        title: title.to_owned(),
    };
    let drawn = ticks(&[run(Tone::Ok, "a"), run(Tone::Err, "<b>")], 3).into_string();
    assert!(drawn.contains(r#"<rect class="n" x="0.12""#), "{drawn}");
    assert!(
        drawn.contains(
            r#"<rect class="err" x="2.12" width=".72" height="1"><title>&lt;b&gt;</title>"#
        )
    );
}

#[test]
fn the_map_colors_what_it_can_place() {
    let land = |code: &[u8; 2], count| Land {
        code: *code,
        name: "somewhere".to_owned(),
        count,
        href: "/x".to_owned(),
    };
    let drawn = map(&[
        land(b"US", 100),
        land(b"RU", 40),
        land(b"SG", 10),
        land(b"??", 1),
    ])
    .into_string();
    for part in [
        r#"class="q4" href="#,
        r#"class="q3" href="#,
        "world.svg#US",
        "world.svg#land",
    ] {
        assert!(drawn.contains(part), "{part} in {drawn}");
    }
    assert!(!drawn.contains("#SG") && !drawn.contains("#??"), "{drawn}");
    assert_eq!(drawn.matches("circle class=\"halo\"").count(), 3);
}

#[test]
fn bars_compare_with_the_longest() {
    let bar = |parts| Bar {
        label: html! { "x" },
        parts,
        href: "/x".to_owned(),
        title: String::new(),
    };
    let drawn = bars(
        "",
        &[
            bar(vec![("f-high", 1), ("f-low", 2)]),
            bar(vec![("f-low", 0)]),
        ],
    )
    .into_string();
    assert!(
        drawn.contains(r#"<rect class="f-high" x="0%" width="33.3%" height="100%">"#),
        "{drawn}"
    );
    assert!(
        drawn.contains(r#"<rect class="f-low" x="33.3%" width="66.6%" height="100%">"#),
        "{drawn}"
    );
    assert_eq!(drawn.matches("<rect").count(), 2);
}

#[test]
fn places_are_sorted_and_on_the_map() {
    assert!(places::PLACES.is_sorted_by_key(|(code, ..)| *code));
    assert!(
        places::PLACES
            .iter()
            .all(|(_, x, y, _)| *x <= 620 && *y <= 300)
    );
    let world = include_str!("../../../assets/ui/world.svg");
    for (code, _, _, outlined) in places::PLACES {
        let id = format!("id=\"{}\"", String::from_utf8_lossy(&code));
        assert_eq!(world.contains(&id), outlined, "{id}");
    }
}
