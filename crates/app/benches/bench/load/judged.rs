//! Figures that are held against a goal.

use crate::report::Report;

/// Turns of each pair, unless `BENCH_TURNS` says otherwise.
const TURNS: usize = 5;

/// What is to be reached.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Said for its own sake.
    None,
}

/// How often each pair is measured.
pub(crate) fn turns() -> usize {
    #[expect(clippy::disallowed_methods, reason = "a bench is a program of its own")]
    let wanted = std::env::var("BENCH_TURNS").ok();
    wanted.and_then(|turns| turns.parse().ok()).unwrap_or(TURNS)
}

/// Adds the median of some turns with their spread, and says whether it reaches the goal.
pub(crate) fn judge(
    report: &mut Report,
    (work, unit): (&str, &'static str),
    values: &[f64],
    goal: Goal,
) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    let median = at(sorted.len() / 2);
    let judged = |word: &str, goal: f64, is_met: bool| {
        let met = if is_met { "met" } else { "missed" };
        format!("goal {word} {goal}: {met}")
    };
    let judgment = match goal {
        Goal::AtLeast(least) => judged(">=", least, median >= least),
        Goal::AtMost(most) => judged("<=", most, median <= most),
        Goal::None => "no goal".to_owned(),
    };
    let (least, most) = (at(0), at(sorted.len().saturating_sub(1)));
    let note = format!(
        "{judgment}; {} turns, {least:.3} to {most:.3}",
        sorted.len()
    );
    report.row(work, unit, median, note);
}

/// The value below which so many of a hundred lie.
pub(crate) fn quantile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = values.len() * percent / 100;
    values.get(place).copied().unwrap_or(f64::NAN)
}
