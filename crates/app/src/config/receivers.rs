//! `receivers:`, the named sets of notifiers.

use cresset_model::config::{Fault, Place, Section, quote};

use super::names::{Name, Names};
use super::smtp::{self, SmtpConfig};
use super::webhook::{self, WebhookConfig};

/// Receivers of one configuration.
const RECEIVERS_MAX: usize = 64;
/// Notifiers of one receiver.
const NOTIFIERS_MAX: usize = 16;

/// One entry of `receivers:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReceiverConfig {
    /// The name, that of no other receiver.
    pub(crate) name: String,
    /// Its notifiers in the order of the file; none: whatever is sent to it is told to nobody.
    pub(crate) notifiers: Vec<NotifierConfig>,
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
        if let Some(Name(name)) = name {
            let place = section.place_of("name");
            if let Some(first) = names.insert(&name, place) {
                let message = format!("receiver {} is given twice", quote(&name));
                let hint = format!("first at line {}", first.line);
                section.report(Fault::at(place, message).hint(hint));
            }
            receivers.push(ReceiverConfig { name, notifiers });
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

#[cfg(test)]
mod tests;
