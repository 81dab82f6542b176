//! Horizontal bars: sources, countries, adapters.

use maud::{Markup, html};

use crate::ui::words;

/// A bar.
pub(crate) struct Bar {
    /// What is counted.
    pub(crate) label: Markup,
    /// Classes of color with their parts of the count.
    pub(crate) parts: Vec<(&'static str, u64)>,
    /// Where a click leads.
    pub(crate) href: String,
    /// What a click does, for the hover.
    pub(crate) title: String,
}

impl Bar {
    fn total(&self) -> u64 {
        self.parts.iter().map(|(_, count)| count).sum()
    }
}

/// The bars, as long as their counts compared with the largest.
pub(crate) fn bars(class: &str, bars: &[Bar]) -> Markup {
    let most = bars.iter().map(Bar::total).max().unwrap_or(0).max(1);
    html! {
        ul class={ "bars " (class) } {
            @for bar in bars {
                li {
                    a href=(bar.href) title=(bar.title) {
                        span.clip { (bar.label) }
                        (strip(bar, most))
                        span.n { (words::count(bar.total())) }
                    }
                }
            }
        }
    }
}

fn strip(bar: &Bar, most: u64) -> Markup {
    let mut begin = 0;
    let pieces = bar.parts.iter().map(|(class, count)| {
        let at = begin;
        begin += count;
        (class, share(at, most), share(*count, most))
    });
    html! {
        svg.t aria-hidden="true" {
            @for (class, x, width) in pieces {
                @if width != "0" { rect class=(class) x={ (x) "%" } width={ (width) "%" } height="100%" {} }
            }
        }
    }
}

/// Hundredths of the whole with one digit.
pub(crate) fn share(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        digit => format!("{}.{digit}", tenths / 10),
    }
}
