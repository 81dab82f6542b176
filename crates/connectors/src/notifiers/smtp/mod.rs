//! `smtp`: a mail for each notification, as text and as HTML.
//!
//! `Message-ID` comes from the notification's id: a repeat is the same mail, and mail programs that look
//! at it show one.

mod config;
mod deliver;
mod letter;

#[cfg(test)]
mod tests;

pub use config::{
    SMTP_RECIPIENTS_MAX, SMTP_TIMEOUT, SmtpConfig, SmtpError, SmtpLogin, SmtpSecurity,
};
pub use deliver::Smtp;
