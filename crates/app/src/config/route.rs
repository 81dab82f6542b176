//! `route:`, the tree that decides which receiver is told of which alert, as Alertmanager's.

use std::time::Duration;

use cresset_model::config::{Diagnostics, Fault, Node, Section, quote};
use cresset_pipeline::router::{Label, Matcher};

use super::matcher::MatcherItem;
use super::names::{Name, Names};

/// How long the first notification of a group waits for more alerts by default.
const GROUP_WAIT_DEFAULT: Duration = Duration::from_secs(30);
const GROUP_WAIT_MAX: Duration = Duration::from_hours(24);
/// The least time between two notifications of a group by default.
const GROUP_INTERVAL_DEFAULT: Duration = Duration::from_mins(5);
const GROUP_INTERVAL_MIN: Duration = Duration::from_secs(1);
const GROUP_INTERVAL_MAX: Duration = Duration::from_hours(7 * 24);
/// Routes of one configuration, the root included.
const ROUTES_MAX: usize = 256;
/// Matchers of one route.
const MATCHERS_MAX: usize = 32;
/// The item of `group_by:` that means every label, so that no alert shares its notification.
const EACH_ALERT: &str = "...";

/// A route. What it leaves out is taken from the one above; every value here is the effective one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteConfig {
    /// The name of a receiver.
    pub(crate) receiver: String,
    /// Which alerts share a notification.
    pub(crate) grouping: Grouping,
    /// How long the first notification of a group waits for more alerts.
    pub(crate) group_wait: Duration,
    /// The least time between two notifications of a group.
    pub(crate) group_interval: Duration,
    /// What must hold of an alert, all of it; nothing for the root.
    pub(crate) matchers: Vec<Matcher>,
    /// Whether an alert that it takes goes to the next routes beside it too.
    pub(crate) continues: bool,
    /// The routes below it: an alert goes to the first that takes it, else it stays here.
    pub(crate) routes: Vec<RouteConfig>,
}

/// `group_by:`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Grouping {
    /// None: one notification for each alert, at once. Absent, or `[ "..." ]` to undo what the route above says.
    #[default]
    EachAlert,
    /// Alerts with the same values of these labels; without a label all alerts of the route. None twice.
    Labels(Vec<Label>),
}

impl RouteConfig {
    /// A root that tells one receiver of each alert.
    pub(crate) fn to(receiver: &str) -> Self {
        Self {
            receiver: receiver.to_owned(),
            grouping: Grouping::default(),
            group_wait: GROUP_WAIT_DEFAULT,
            group_interval: GROUP_INTERVAL_DEFAULT,
            matchers: Vec::new(),
            continues: false,
            routes: Vec::new(),
        }
    }
}

/// Reads `route:` of the whole file.
pub(super) fn read(
    root: &mut Section<'_>,
    receivers: &Names,
    diagnostics: &Diagnostics,
) -> Option<RouteConfig> {
    if !root.has("route") {
        if root.has("receivers") {
            let place = root.place_of("receivers");
            let fault = Fault::at(
                place,
                "\"receivers\" without \"route\": nobody would be told",
            );
            root.report(fault.hint("write route: { receiver: NAME }"));
        }
        return None;
    }
    let section = root.section("route")?;
    if !section.has("receiver") {
        section.missing(
            "receiver",
            "the name of the receiver of what no route below takes",
        );
    }
    for key in ["matchers", "continue"] {
        if section.has(key) {
            let message = format!("{} stands in the root", quote(key));
            let fault = Fault::at(section.place_of(key), message);
            section.report(fault.hint("the root takes every alert: write a route below routes:"));
        }
    }
    let mut reader = Reader {
        routes: 0,
        receivers,
        diagnostics,
    };
    Some(reader.route(section, &RouteConfig::to("")))
}

struct Reader<'a> {
    /// Routes so far.
    routes: usize,
    receivers: &'a Names,
    diagnostics: &'a Diagnostics,
}

impl Reader<'_> {
    fn route(&mut self, mut section: Section<'_>, above: &RouteConfig) -> RouteConfig {
        self.routes += 1;
        let receiver = section.optional::<Name>("receiver").map(|Name(name)| name);
        if let Some(name) = &receiver {
            self.receivers
                .check(&section, name, section.place_of("receiver"));
        }
        let grouping = read_grouping(&mut section).unwrap_or_else(|| above.grouping.clone());
        let group_wait = section.in_range(
            "group_wait",
            above.group_wait,
            Duration::ZERO..=GROUP_WAIT_MAX,
        );
        let group_interval = section.in_range(
            "group_interval",
            above.group_interval,
            GROUP_INTERVAL_MIN..=GROUP_INTERVAL_MAX,
        );
        let mut route = RouteConfig {
            receiver: receiver.unwrap_or_else(|| above.receiver.clone()),
            grouping,
            group_wait,
            group_interval,
            matchers: read_matchers(&mut section),
            continues: section.optional("continue").unwrap_or(false),
            routes: Vec::new(),
        };
        for node in section.sequence("routes") {
            if let Some(below) = self.below(&section, node, &route) {
                route.routes.push(below);
            }
        }
        section.finish();
        route
    }

    fn below(
        &mut self,
        section: &Section<'_>,
        node: &Node,
        above: &RouteConfig,
    ) -> Option<RouteConfig> {
        if self.routes == ROUTES_MAX {
            let message = format!("more than {ROUTES_MAX} routes");
            let fault = Fault::at(node.place, message);
            section.report(fault.hint("take some together: matchers know regular expressions"));
        }
        if self.routes >= ROUTES_MAX {
            self.routes += 1;
            return None;
        }
        let below = Section::open("route", node.place, node, self.diagnostics)?;
        Some(self.route(below, above))
    }
}

fn read_grouping(section: &mut Section<'_>) -> Option<Grouping> {
    let nodes = section.sequence("group_by");
    if !section.has("group_by") {
        return None;
    }
    let mut words: Vec<(&str, Option<Label>)> = Vec::new();
    words.extend(Label::ALL.map(|label| (label.as_str(), Some(label))));
    words.push((EACH_ALERT, None));
    let mut labels = Vec::new();
    let mut each = false;
    for node in nodes {
        match section.word_item("group_by", node, &words) {
            Some(None) => each = true,
            Some(Some(label)) if labels.contains(&label) => {
                let message = format!("label {} is named twice", quote(label.as_str()));
                section.report(Fault::at(node.place, message).hint("remove one of them"));
            }
            Some(Some(label)) => labels.push(label),
            None => {}
        }
    }
    if each && nodes.len() > 1 {
        let message = "\"group_by\" names \"...\" and more";
        let fault = Fault::at(section.place_of("group_by"), message);
        section.report(fault.hint("\"...\" alone means one notification for each alert"));
    }
    Some(if each {
        Grouping::EachAlert
    } else {
        Grouping::Labels(labels)
    })
}

fn read_matchers(section: &mut Section<'_>) -> Vec<Matcher> {
    let nodes = section.sequence("matchers");
    if nodes.len() > MATCHERS_MAX {
        let message = format!("\"matchers\" has {} items", nodes.len());
        let fault = Fault::at(section.place_of("matchers"), message);
        section.report(fault.hint(format!("at most {MATCHERS_MAX} are taken")));
    }
    nodes
        .iter()
        .filter_map(|node| section.item("matchers", node))
        .map(|MatcherItem(matcher)| matcher)
        .collect()
}

#[cfg(test)]
mod tests;
