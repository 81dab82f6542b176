//! The columns of the table: which ones somebody wants to see is kept in a cookie.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use cresset_model::alert::AlertRow;
use cresset_model::ip;
use cresset_model::query::FacetField;
use maud::{Markup, html};

use crate::ui::components::{brief, clock, country, mono};
use crate::ui::text::plain;
use crate::{form, reply};

/// A column that can be left out; severity and the alert itself cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Time,
    Source,
    SrcIp,
    DstIp,
    Country,
    User,
    Pipeline,
    Happened,
    VendorId,
}

impl Column {
    /// All of them, in their order.
    pub(super) const ALL: [Self; 9] = [
        Self::Time,
        Self::Source,
        Self::SrcIp,
        Self::DstIp,
        Self::Country,
        Self::User,
        Self::Pipeline,
        Self::Happened,
        Self::VendorId,
    ];
    const DEFAULT: [Self; 6] = [
        Self::Time,
        Self::Source,
        Self::SrcIp,
        Self::DstIp,
        Self::Country,
        Self::User,
    ];

    /// The word in form and cookie.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Source => "source",
            Self::SrcIp => "src_ip",
            Self::DstIp => "dst_ip",
            Self::Country => "country",
            Self::User => "user",
            Self::Pipeline => "pipeline",
            Self::Happened => "created_at",
            Self::VendorId => "upstream_id",
        }
    }

    /// The heading.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Time => "Time",
            Self::Source => "Source",
            Self::SrcIp => "Source IP",
            Self::DstIp => "Destination",
            Self::Country => "Country",
            Self::User => "User",
            Self::Pipeline => "Pipeline",
            Self::Happened => "Happened",
            Self::VendorId => "Vendor's id",
        }
    }

    /// The field that its values can be filtered by.
    fn field(self) -> Option<FacetField> {
        match self {
            Self::Source => Some(FacetField::Source),
            Self::SrcIp => Some(FacetField::SrcIp),
            Self::DstIp => Some(FacetField::DstIp),
            Self::Country => Some(FacetField::Country),
            Self::User => Some(FacetField::User),
            Self::Pipeline => Some(FacetField::Pipeline),
            Self::Time | Self::Happened | Self::VendorId => None,
        }
    }

    /// The columns that the cookie names.
    pub(super) fn chosen(headers: &HeaderMap) -> Vec<Self> {
        let cookie = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix("columns="));
        let Some(cookie) = cookie else {
            return Self::DEFAULT.to_vec();
        };
        let named = |column: &Self| cookie.split('.').any(|word| word == column.word());
        Self::ALL.into_iter().filter(named).collect()
    }

    /// The cell of an alert.
    pub(super) fn cell(self, row: &AlertRow, now: cresset_model::Timestamp) -> Markup {
        let field = self.field();
        // A value with characters that cannot be seen is no filter for a key to take over.
        let value = field
            .and_then(|field| field.of(row))
            .filter(|value| plain(value) == **value);
        let name = field.filter(|_| value.is_some()).map(FacetField::as_str);
        html! {
            td class={ "col " (self.word()) } data-field=[name] data-value=[name.and(value.as_deref())] {
                (self.content(row, now))
            }
        }
    }

    fn content(self, row: &AlertRow, now: cresset_model::Timestamp) -> Markup {
        let optional = |text: Option<&str>| html! { @if let Some(text) = text { (mono(text)) } };
        match self {
            Self::Time => brief(row.ingested_at, now),
            Self::Source => mono(&row.source),
            Self::SrcIp => mono(&ip::to_string(row.src_ip)),
            Self::DstIp => optional(row.dst_ip.map(ip::to_string).as_deref()),
            Self::Country => html! { @if let Some(code) = &row.country { (country(code)) } },
            Self::User => optional(row.user.as_deref()),
            Self::Pipeline => mono(row.source_id.as_str()),
            Self::Happened => clock(row.created_at),
            Self::VendorId => mono(&row.upstream_id),
        }
    }
}

/// `POST /ui/alerts/columns`: keeps the choice for a year and goes back.
pub(crate) async fn choose_columns(request: Request) -> Response {
    let pairs = match form::read(request.into_body()).await {
        Ok(pairs) => pairs,
        Err(refusal) => return refusal,
    };
    let chosen = |column: &Column| {
        pairs
            .iter()
            .any(|(name, value)| name == "column" && value == column.word())
    };
    let words: Vec<&str> = Column::ALL
        .into_iter()
        .filter(chosen)
        .map(Column::word)
        .collect();
    let back = form::last(&pairs, "back")
        .filter(|back| back.starts_with("/ui/alerts") && !back.contains(char::is_control))
        .unwrap_or("/ui/alerts");
    let cookie = format!(
        "columns={}; Path=/ui/; Max-Age=31536000; SameSite=Strict",
        words.join(".")
    );
    let response = reply::redirect(StatusCode::SEE_OTHER, back);
    reply::with(response, header::SET_COOKIE, &cookie)
}
