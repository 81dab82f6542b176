//! `receivers:`, the named sets of notifiers.

use std::time::Duration;

use cresset_model::config::{Fault, FromScalar, Misfit, Place, Ranged, Section, quote};
use cresset_model::notification::RETRY_WAITS;

use super::names::{Name, Names};
use super::smtp::{self, SmtpConfig};
use super::webhook::{self, WebhookConfig};

/// Receivers of one configuration.
const RECEIVERS_MAX: usize = 64;
/// Notifiers of one receiver.
const NOTIFIERS_MAX: usize = 16;

/// Waits of one receiver, and each of them.
const RETRY_WAITS_MAX: usize = 32;
const RETRY_WAIT_MIN: Duration = Duration::from_millis(100);
const RETRY_WAIT_MAX: Duration = Duration::from_hours(24);

/// One entry of `receivers:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReceiverConfig {
    /// The name, that of no other receiver.
    pub(crate) name: String,
    /// Its notifiers in the order of the file; none: whatever is sent to it is told to nobody.
    pub(crate) notifiers: Vec<NotifierConfig>,
    /// The waits between the tries of a delivery, in order; none: the first failure is the last.
    pub(crate) retry_waits: Vec<Duration>,
}

/// One way to reach a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotifierConfig {
    /// A line on the terminal or in the log.
    Console,
    /// An HTTP request.
    Webhook(Box<WebhookConfig>),
    /// A mail.
    Smtp(Box<SmtpConfig>),
}

/// Reads `receivers:` of the whole file.
pub(super) fn read(root: &mut Section<'_>) -> (Vec<ReceiverConfig>, Names) {
    let mut names = Names::new(
        "receiver",
        "write receivers: [ { name: soc, console: {} } ]",
    );
    let mut receivers = Vec::new();
    let sections = root.one_or_more("receivers");
    if sections.len() > RECEIVERS_MAX {
        let message = format!("\"receivers\" has {} items", sections.len());
        let fault = Fault::at(root.place_of("receivers"), message);
        root.report(fault.hint(format!("at most {RECEIVERS_MAX} are taken")));
    }
    for mut section in sections {
        let name = section.required::<Name>("name", "what routes call this receiver");
        let notifiers = read_notifiers(&mut section);
        let retry_waits = read_retry(&mut section);
        if let Some(Name(name)) = name {
            let place = section.place_of("name");
            if let Some(first) = names.insert(&name, place) {
                let message = format!("receiver {} is given twice", quote(&name));
                let hint = format!("first at line {}", first.line);
                section.report(Fault::at(place, message).hint(hint));
            }
            receivers.push(ReceiverConfig {
                name,
                notifiers,
                retry_waits,
            });
        }
        section.finish();
    }
    (receivers, names)
}

fn read_notifiers(section: &mut Section<'_>) -> Vec<NotifierConfig> {
    let mut placed: Vec<(Place, Option<NotifierConfig>)> = Vec::new();
    for console in section.one_or_more("console") {
        placed.push((console.place(), Some(NotifierConfig::Console)));
        console.finish();
    }
    for webhook in section.one_or_more("webhook") {
        let place = webhook.place();
        let webhook = webhook::read(webhook).map(Box::new);
        placed.push((place, webhook.map(NotifierConfig::Webhook)));
    }
    for smtp in section.one_or_more("smtp") {
        let place = smtp.place();
        let smtp = smtp::read(smtp).map(Box::new);
        placed.push((place, smtp.map(NotifierConfig::Smtp)));
    }
    if placed.len() > NOTIFIERS_MAX {
        let message = format!("a receiver has {} notifiers", placed.len());
        let fault = Fault::at(section.place(), message);
        section.report(fault.hint(format!("at most {NOTIFIERS_MAX} are taken")));
    }
    // A delivery is remembered by the place of its notifier, which therefore is that of the file.
    placed.sort_by_key(|(place, _)| *place);
    placed
        .into_iter()
        .filter_map(|(_, notifier)| notifier)
        .collect()
}

fn read_retry(section: &mut Section<'_>) -> Vec<Duration> {
    let nodes = section.sequence("retry");
    if !section.has("retry") {
        return RETRY_WAITS.to_vec();
    }
    if nodes.len() > RETRY_WAITS_MAX {
        let message = format!("\"retry\" has {} items", nodes.len());
        let fault = Fault::at(section.place_of("retry"), message);
        section.report(fault.hint(format!("at most {RETRY_WAITS_MAX} are taken")));
    }
    nodes
        .iter()
        .filter_map(|node| section.item("retry", node))
        .map(|RetryWait(wait)| wait)
        .collect()
}

/// One item of `retry:`.
struct RetryWait(Duration);

impl FromScalar for RetryWait {
    const KIND: &'static str = Duration::KIND;
    const HINT: &'static str = Duration::HINT;

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let wait = Duration::from_scalar(text)?;
        if (RETRY_WAIT_MIN..=RETRY_WAIT_MAX).contains(&wait) {
            return Ok(Self(wait));
        }
        let (least, most) = (RETRY_WAIT_MIN.show(), RETRY_WAIT_MAX.show());
        let hint = format!("a wait is {least} to {most}");
        Err(Misfit::because("is out of range", hint))
    }
}

#[cfg(test)]
mod tests;
