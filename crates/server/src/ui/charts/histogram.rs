//! Alerts over time, stacked by severity. The bars stretch, the axes are text beside them.

use cresset_model::{Severity, Timestamp};
use maud::{Markup, html};

use super::axis;
use crate::ui::components::severity_word;
use crate::ui::words;

/// The severities from the bottom of a bar to its top, with their classes.
pub(crate) const STACK: [(Severity, &str); 5] = [
    (Severity::Critical, "f-critical"),
    (Severity::High, "f-high"),
    (Severity::Medium, "f-medium"),
    (Severity::Low, "f-low"),
    (Severity::Info, "f-info"),
];

/// A bar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bucket {
    /// Counts in the order of [`STACK`]; what is unknown counts as information.
    pub(crate) counts: [u64; 5],
}

impl Bucket {
    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// The chart.
pub(crate) struct Histogram<'a> {
    /// Where the first bar begins.
    pub(crate) from: Timestamp,
    /// Where the last one ends.
    pub(crate) to: Timestamp,
    /// The bars, each as wide as the others.
    pub(crate) buckets: Vec<Bucket>,
    /// The class of its height: `tall` or `low`.
    pub(crate) class: &'static str,
    /// The address that shows a part of it.
    pub(crate) zoom: &'a dyn Fn(Timestamp, Timestamp) -> String,
}

impl Histogram<'_> {
    /// The instants at which bars begin, and the end.
    fn edge(&self, index: usize) -> Timestamp {
        let count = self.buckets.len().max(1);
        let nanos = i128::from(self.to.nanos()) - i128::from(self.from.nanos());
        let after = nanos * index as i128 / count as i128;
        Timestamp::from_nanos(self.from.nanos() + i64::try_from(after).unwrap_or(0))
    }
}

/// Draws the chart. Each bar is a link to its stretch of time, which works without script.
pub(crate) fn histogram(chart: &Histogram<'_>) -> Markup {
    let most = chart.buckets.iter().map(Bucket::total).max().unwrap_or(0);
    let top = axis::round_up(most.max(2));
    let count = chart.buckets.len().max(1);
    let half = top / 2;
    html! {
        figure class={ "chart " (chart.class) } data-brush data-from=(chart.from.to_z())
            data-to=(chart.to.to_z()) {
            div.y aria-hidden="true" {
                span { (words::count(top)) } span { (words::count(half)) } span { "0" }
            }
            div.plot {
                svg viewBox={ "0 0 " (count) " " (top) } preserveAspectRatio="none" role="group"
                    aria-label={ "Alerts over time by severity, at most " (most) " at once" } {
                    @for y in [0, half, top] { line.grid x2=(count) y1=(y) y2=(y) {} }
                    @for (index, bucket) in chart.buckets.iter().enumerate() {
                        (bar(chart, index, bucket, top))
                    }
                }
            }
            svg.x aria-hidden="true" {
                @for (at, label) in axis::marks(chart.from, chart.to) {
                    text x={ (at / 10) "." (at % 10) "%" } y="14" { (label) }
                }
            }
        }
    }
}

fn bar(chart: &Histogram<'_>, index: usize, bucket: &Bucket, top: u64) -> Markup {
    if bucket.total() == 0 {
        return html! {};
    }
    let (from, to) = (chart.edge(index), chart.edge(index + 1));
    let mut y = top;
    let pieces = STACK
        .iter()
        .zip(bucket.counts)
        .filter(|(_, count)| *count > 0)
        .map(|((_, class), count)| {
            y -= count;
            (class, y, count)
        });
    html! {
        a href=((chart.zoom)(from, to)) {
            title { (said(bucket, from, to)) }
            rect.hit x=(index) width="1" height=(top) {}
            @for (class, y, height) in pieces {
                rect class=(class) x={ (index) ".12" } y=(y) width=".76" height=(height) {}
            }
        }
    }
}

fn said(bucket: &Bucket, from: Timestamp, to: Timestamp) -> String {
    let mut said = format!(
        "{} – {} UTC: {}",
        words::clock(from),
        words::clock(to),
        words::counted(bucket.total(), "alert")
    );
    for ((severity, _), count) in STACK
        .iter()
        .zip(bucket.counts)
        .filter(|(_, count)| *count > 0)
    {
        said.extend([", ", &words::count(count), " ", severity.as_str()]);
    }
    said
}

/// What the colors mean, with the sums.
pub(crate) fn legend(buckets: &[Bucket]) -> Markup {
    html! {
        ul.legend {
            @for (index, (severity, class)) in STACK.iter().enumerate() {
                li {
                    svg viewBox="0 0 9 9" aria-hidden="true" { rect class=(class) width="9" height="9" rx="3" {} }
                    (severity_word(*severity)) " "
                    b.num { (words::count(buckets.iter().filter_map(|bucket| bucket.counts.get(index)).sum())) }
                }
            }
        }
    }
}
