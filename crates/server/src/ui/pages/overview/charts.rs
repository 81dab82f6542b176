//! The charts of the overview, and what a click on them shows.

use cresset_model::country::english_name;
use cresset_model::query::{FacetField, Ranking, SeverityCounts};
use cresset_model::source::{Counters, SourceState, SyncStatus};
use cresset_model::{Severity, Timestamp};
use maud::{Markup, html};

use super::numbers::{Numbers, Told};
use crate::ui::charts::{Bucket, Histogram, Land, Stage, flow, histogram, legend, map};
use crate::ui::components::{Bar, bars, country, mono};
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::selection::Selection;
use crate::ui::text::plain;
use crate::ui::words;

/// Countries in the list beside the map.
const LISTED: usize = 8;

/// Alerts over time.
pub(super) fn over_time(selection: &Selection, numbers: &Numbers) -> Markup {
    let edges = numbers.histogram.buckets.edges();
    let buckets: Vec<Bucket> = numbers.histogram.counts.iter().map(bucket).collect();
    let zoom = |from: Timestamp, to: Timestamp| {
        format!(
            "/ui/?{}",
            selection
                .with("from", &from.to_z())
                .with("to", &to.to_z())
                .query()
        )
    };
    let legend = legend(&buckets);
    let (Some(from), Some(to)) = (edges.first(), edges.last()) else {
        return html! {};
    };
    html! {
        section class="c8 card" {
            header { h2 { "Alerts over time" } (legend) }
            div.body.roomy {
                (histogram(&Histogram { from: *from, to: *to, buckets, class: "tall", zoom: &zoom }))
            }
        }
    }
}

fn bucket(counts: &SeverityCounts) -> Bucket {
    let of = |severity| counts.of(severity);
    Bucket {
        counts: [
            of(Severity::Critical),
            of(Severity::High),
            of(Severity::Medium),
            of(Severity::Low),
            of(Severity::Info) + of(Severity::Unknown),
        ],
    }
}

/// Alerts by source.
pub(super) fn by_source(selection: &Selection, ranking: &Ranking) -> Markup {
    let rows: Vec<Bar> = ranking
        .values
        .iter()
        .map(|ranked| {
            let name = ranked.value.as_deref();
            let [critical, high, medium, low, info] = bucket(&ranked.counts).counts;
            Bar {
                label: name.map_or_else(|| html! { "none" }, mono),
                parts: vec![
                    ("f-critical", critical),
                    ("f-high", high),
                    ("f-medium", medium),
                    ("f-low", low),
                    ("f-info", info),
                ],
                href: alerts(&selection.choosing(FacetField::Source, name)),
                title: format!(
                    "Show alerts of {}",
                    name.map_or("no source".to_owned(), plain)
                ),
            }
        })
        .collect();
    let more = ranking.distinct.saturating_sub(rows.len() as u64);
    html! {
        section class="c4 card" {
            header {
                h2 { "Alerts by source" }
                a class="btn ghost sm right" href=(alerts(selection)) {
                    "All " (icon_tiny(Icon::ArrowRight))
                }
            }
            div.body {
                (bars("", &rows))
                @if more > 0 { p.muted.more { "and " (words::counted(more, "more source")) } }
            }
        }
    }
}

/// Where it went: a map, and the numbers that a map cannot say.
pub(super) fn destinations(selection: &Selection, ranking: &Ranking) -> Markup {
    let link = |code: Option<&str>| alerts(&selection.choosing(FacetField::Country, code));
    let lands: Vec<Land> = ranking
        .values
        .iter()
        .filter_map(|ranked| {
            let code = ranked.value.as_deref()?;
            let bytes = <[u8; 2]>::try_from(code.as_bytes()).ok()?;
            Some(Land {
                code: bytes,
                name: english_name(bytes)
                    .unwrap_or("an unknown country")
                    .to_owned(),
                count: ranked.counts.total(),
                href: link(Some(code)),
            })
        })
        .collect();
    let rows: Vec<Bar> = ranking
        .values
        .iter()
        .take(LISTED)
        .map(|ranked| {
            let code = ranked.value.as_deref();
            Bar {
                label: code.map_or_else(
                    || html! { span.cc title="no country is known" { "–" } },
                    country,
                ),
                parts: vec![("f-low", ranked.counts.total())],
                href: link(code),
                title: format!(
                    "Show alerts to {}",
                    code.map_or("no known country".to_owned(), plain)
                ),
            }
        })
        .collect();
    html! {
        section class="c8 card" {
            header { h2 { "Destinations" } span.muted { "where the traffic was going" } }
            div.body.mapwrap { (map(&lands)) (bars("codes", &rows)) }
        }
    }
}

fn alerts(selection: &Selection) -> String {
    format!("/ui/alerts?{}", selection.query())
}

/// The stages that records go through, with what passed each within the last minute.
pub(super) fn pipeline(sources: &[SourceState], told: Option<&Told>) -> Markup {
    let mut stages = stages(sources);
    if let Some(told) = told {
        stages.push(Stage {
            name: "Deliver",
            rate: words::count(told.sent),
            note: format!(
                "{} pending, {} dead in all",
                words::count(told.pending),
                words::count(told.dead)
            ),
            fill: None,
            slow: told.dead > 0 || told.pending > 0,
        });
    }
    html! {
        section class="c12 card" {
            header {
                h2 { "Pipeline" }
                span.muted { "records within the last minute; the bar is their share of what came in" }
                a class="btn ghost sm right" href="/ui/sources" { "Open sources " (icon_tiny(Icon::ArrowRight)) }
            }
            (flow(&stages))
        }
    }
}

fn stages(sources: &[SourceState]) -> Vec<Stage> {
    let mut minute = Counters::default();
    for source in sources {
        minute.add(&source.minute);
    }
    let (came, _) = minute.sides();
    let understood = came - minute.dead.min(came);
    let claimed = minute.new + minute.changed + minute.same;
    let dropped = minute.passed + minute.filtered;
    let troubled = sources.iter().any(|source| {
        matches!(
            source.status,
            SyncStatus::Retrying | SyncStatus::Failed | SyncStatus::SystemFailure
        )
    });
    let stage = |name, rate: u64, note: (u64, &str), slow| Stage {
        name,
        rate: words::count(rate),
        note: format!("{} {}", words::count(note.0), note.1),
        fill: (came > 0).then(|| rate.min(came) * 100 / came),
        slow,
    };
    let count = sources.len() as u64;
    let source_word = if count == 1 { "source" } else { "sources" };
    vec![
        stage("Collect", came, (count, source_word), troubled),
        stage(
            "Normalize",
            understood,
            (minute.dead, "rejected"),
            minute.dead > 0,
        ),
        stage(
            "Enrich",
            understood,
            (minute.enrich_misses, "unknown places"),
            false,
        ),
        stage("Detect", claimed, (dropped, "no alerts"), false),
        stage(
            "Store",
            minute.new + minute.changed,
            (minute.same, "known already"),
            false,
        ),
    ]
}
