//! The course of a number, without axes.

use std::fmt::Write as _;

use maud::{Markup, html};

/// Draws the course in a box that stretches; nothing where there is no course.
pub(crate) fn spark(values: &[u64], color: &str) -> Markup {
    let [first, .., last] = values else {
        return html! { svg class={ "spark " (color) } viewBox="0 0 100 32" aria-hidden="true" {} };
    };
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let height = |value: u64| 30.0 - share(value, most) * 26.0;
    let steps = share(1, values.len() as u64 - 1) * 100.0;
    let mut line = String::new();
    for (index, value) in values.iter().enumerate() {
        let x = share(index as u64, 1) * steps;
        let gap = if index == 0 { "" } else { " " };
        let written = write!(line, "{gap}{x:.1},{:.1}", height(*value));
        debug_assert!(written.is_ok(), "a text takes what is written to it");
    }
    let label = format!("from {first} to {last}, at most {most}");
    html! {
        svg class={ "spark " (color) } viewBox="0 0 100 32" preserveAspectRatio="none" role="img"
            aria-label=(label) {
            polygon points={ "0,32 " (line) " 100,32" } {}
            polyline points=(line) {}
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a pixel is coarser than what is lost"
)]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}
