//! The ways to reach a receiver.

mod console;
mod smtp;
mod told;
mod webhook;

#[cfg(test)]
mod fixture;

pub use console::{CONSOLE_TIMEOUT, Console};
pub use smtp::{
    SMTP_RECIPIENTS_MAX, SMTP_TIMEOUT, Smtp, SmtpConfig, SmtpError, SmtpLogin, SmtpSecurity,
};
#[cfg(any(test, feature = "fuzzing"))]
pub use webhook::fuzz;
pub use webhook::{WEBHOOK_CONNECT_TIMEOUT, WEBHOOK_TIMEOUT, Webhook, WebhookConfig, WebhookError};
