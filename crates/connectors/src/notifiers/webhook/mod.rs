//! `webhook`: a `POST` of the frozen body, signed as Standard Webhooks has it.
//!
//! `webhook-id` is the same for every repeat of a notification, and so is the body: a receiver that
//! remembers the id takes each notification once.

mod config;
mod deliver;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod sign;
mod template;

#[cfg(test)]
mod tests;

pub use config::{WEBHOOK_CONNECT_TIMEOUT, WEBHOOK_TIMEOUT, WebhookConfig, WebhookError};
pub use deliver::Webhook;
