//! What a request for the page wants to see, and the alerts that answer it.

use std::collections::BTreeMap;
use std::time::Duration;

use cresset_model::alert::AlertRow;
use cresset_model::ports::{AlertPage, PageRequest};
use cresset_model::query::{Filter, Pattern, Range, Test, TextField, TimeField};
use cresset_model::{Severity, Timestamp};

use crate::ask::{self, Fault};
use crate::form;
use crate::services::App;

/// Rows that the bars by source look at.
const ROWS_MAX: usize = 500;
/// Hours that the form offers.
pub(super) const HOURS: [u64; 5] = [1, 6, 12, 24, 48];
const HOURS_DEFAULT: u64 = 24;

/// The choices of the filter form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub(super) hours: u64,
    pub(super) severity: Option<Severity>,
    pub(super) country: String,
    pub(super) user: String,
}

impl View {
    /// Reads the query of the page; what cannot be read is not chosen.
    pub(super) fn read(pairs: &[(String, String)]) -> Self {
        let text = |name| {
            form::last(pairs, name)
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let hours = text("hours").parse().ok();
        Self {
            hours: hours
                .filter(|hours| HOURS.contains(hours))
                .unwrap_or(HOURS_DEFAULT),
            severity: Severity::from_word(&text("severity")),
            country: text("country").to_ascii_uppercase(),
            user: text("user"),
        }
    }

    /// The query that chooses the same.
    pub(super) fn query(&self) -> String {
        let severity = self.severity.map_or("", Severity::as_str);
        format!(
            "hours={}&severity={severity}&country={}&user={}",
            self.hours,
            form::encode(&self.country),
            form::encode(&self.user),
        )
    }

    /// Whether more than the hours is chosen.
    pub(super) fn is_narrowed(&self) -> bool {
        self.severity.is_some() || !self.country.is_empty() || !self.user.is_empty()
    }

    fn filter(&self, now: Timestamp) -> Filter {
        let since = Range {
            least: Some(now.minus(Duration::from_secs(self.hours * 3_600))),
            greatest: None,
        };
        let mut filter = Filter::default().and(Test::Time(TimeField::IngestedAt, vec![since]));
        if let Some(severity) = self.severity {
            filter = filter.and(Test::Severity(vec![Range::exactly(severity)]));
        }
        let texts = [
            (TextField::Country, &self.country),
            (TextField::User, &self.user),
        ];
        for (field, text) in texts {
            if !text.is_empty() {
                filter = filter.and(Test::Text(field, vec![Pattern::Exact(text.clone())]));
            }
        }
        filter
    }

    /// The latest alerts of the view.
    pub(super) async fn alerts(&self, app: &App) -> Result<AlertPage, Fault> {
        let page = PageRequest {
            before: None,
            limit: ROWS_MAX,
            total: true,
        };
        ask::ask(app, app.services.query.alerts(self.filter(app.now()), page)).await
    }

    /// How many critical alerts the view has.
    pub(super) async fn critical(&self, app: &App) -> Result<u64, Fault> {
        let page = PageRequest {
            before: None,
            limit: 1,
            total: true,
        };
        let critical = Test::Severity(vec![Range::exactly(Severity::Critical)]);
        let filter = self.filter(app.now()).and(critical);
        let found = ask::ask(app, app.services.query.alerts(filter, page)).await?;
        Ok(found.total.map_or(0, |total| total.value))
    }
}

/// How many of the rows each source has, the most first.
pub(super) fn by_source(rows: &[AlertRow]) -> Vec<(&str, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        *counts.entry(&row.source).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
