//! The latest notifications, under the strip, when there is anybody to tell.

use cresset_model::notification::{Delivery, DeliveryState};
use cresset_model::ports::DeliveryFilter;
use maud::{Markup, html};

use super::text::visible;
use super::words;
use crate::ask;
use crate::services::App;

/// Deliveries shown.
const SHOWN: usize = 5;

/// The strip; nothing without a receiver.
pub(super) async fn strip(app: &App) -> Markup {
    if app.services.receivers.list().is_empty() {
        return html! {};
    }
    let latest = app
        .services
        .outbox
        .deliveries(DeliveryFilter::default(), None, SHOWN);
    let inner = match ask::ask(app, latest).await {
        Ok(page) if page.items.is_empty() => {
            html! { p.dim { "Nobody has been told anything yet." } }
        }
        Ok(page) => html! { ul { @for delivery in &page.items { (line(delivery)) } } },
        Err(fault) => html! { p.dim { "The notifications cannot be read. " (fault.text()) "." } },
    };
    html! {
        section.told aria-label="Notifications" {
            h2 { a href="/api/v1/deliveries" { "Notifications" } }
            (inner)
        }
    }
}

fn line(delivery: &Delivery) -> Markup {
    let class = match delivery.state {
        DeliveryState::Sent => "ok",
        DeliveryState::Pending if delivery.attempts.is_empty() => "run",
        DeliveryState::Pending => "warn",
        DeliveryState::Leased => "run",
        DeliveryState::Dead => "err",
    };
    let tries = delivery.attempts.len() as u64;
    let error = delivery
        .attempts
        .last()
        .and_then(|attempt| attempt.error.as_deref());
    html! {
        li {
            span.pill.(class) { (delivery.state.as_str()) }
            " " a href={ "/api/v1/deliveries/" (delivery.id) } { (visible(&delivery.subject)) }
            " " span.dim {
                "to " span.mono { (visible(&delivery.receiver)) } ", "
                (words::count(tries)) @if tries == 1 { " attempt" } @else { " attempts" }
                ", " (words::bare_instant(delivery.created_at)) " UTC"
            }
            @if let Some(error) = error { p.dim { (visible(error)) } }
        }
    }
}
