//! The tree of routes, as Alertmanager's.

use std::collections::BTreeMap;
use std::time::Duration;

use cresset_model::notification::{NOTIFICATION_ALERTS_MAX, RoutedRow};

use super::label::Label;
use super::matcher::Matcher;

/// How long the first notification of a group waits for more alerts by default.
pub const GROUP_WAIT_DEFAULT: Duration = Duration::from_secs(30);
/// The least time between two notifications of a group by default.
pub const GROUP_INTERVAL_DEFAULT: Duration = Duration::from_mins(5);

/// A route with everything below it. Every value is the effective one: what a route leaves out has
/// been taken from the one above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTree {
    /// The name of the receiver.
    pub receiver: String,
    /// What must hold of an alert, all of it. Not asked of the root, which takes every alert.
    pub matchers: Vec<Matcher>,
    /// Which alerts share a notification.
    pub grouping: Grouping,
    /// How long the first notification of a group waits for more alerts.
    pub group_wait: Duration,
    /// The least time between two notifications of a group.
    pub group_interval: Duration,
    /// Whether an alert that it takes goes to the next routes beside it too.
    pub continues: bool,
    /// The routes below it: an alert goes to the first that takes it, else it stays here.
    pub routes: Vec<RouteTree>,
}

/// Which alerts share a notification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Grouping {
    /// None: one notification for each alert, at once.
    #[default]
    EachAlert,
    /// Those with the same values of these labels; without a label, all alerts of the route.
    Labels(Vec<Label>),
}

impl RouteTree {
    /// A root that tells one receiver of each alert, at once.
    pub fn to(receiver: &str) -> Self {
        Self {
            receiver: receiver.to_owned(),
            matchers: Vec::new(),
            grouping: Grouping::EachAlert,
            group_wait: GROUP_WAIT_DEFAULT,
            group_interval: GROUP_INTERVAL_DEFAULT,
            continues: false,
            routes: Vec::new(),
        }
    }
}

/// Why a tree cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// A route names a receiver that there is not.
    #[error("route {place} names the receiver `{receiver}`, which is not defined")]
    UnknownReceiver {
        /// The place of the route: `0` for the root, `0.2` for the third below it.
        place: String,
        /// The name.
        receiver: String,
    },
    /// The name of a receiver cannot stand in the key of a group.
    #[error("the receiver `{0}` has a name with one of the characters @ / {{ :")]
    ReceiverName(String),
}

/// What bounds groups and what is told of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterLimits {
    /// Alerts shown in one notification; of further ones their number is told.
    pub alerts_max: usize,
    /// See [`super::RECORD_BYTES_MAX`].
    pub record_bytes_max: usize,
    /// See [`super::GROUPS_MAX`].
    pub groups_max: usize,
}

impl Default for RouterLimits {
    fn default() -> Self {
        Self {
            alerts_max: NOTIFICATION_ALERTS_MAX,
            record_bytes_max: super::RECORD_BYTES_MAX,
            groups_max: super::GROUPS_MAX,
        }
    }
}

/// The router: a tree of routes over the receivers. Pure: see [`Router::step`].
#[derive(Debug, Clone)]
pub struct Router {
    pub(super) root: Route,
    /// The longest that any group waits.
    pub(super) wait_max: Duration,
    /// The number of notifiers of each receiver.
    pub(super) receivers: BTreeMap<String, usize>,
    pub(super) limits: RouterLimits,
}

/// A route with its place in the tree.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) place: String,
    pub(super) receiver: String,
    pub(super) grouping: Grouping,
    pub(super) group_wait: Duration,
    pub(super) group_interval: Duration,
    matchers: Vec<Matcher>,
    continues: bool,
    routes: Vec<Route>,
}

impl Router {
    /// A router over receivers with the number of notifiers that each has; a receiver without any keeps
    /// silent.
    pub fn new(tree: RouteTree, receivers: BTreeMap<String, usize>) -> Result<Self, RouteError> {
        if let Some(name) = receivers
            .keys()
            .find(|name| name.contains(['@', '/', '{', ':']))
        {
            return Err(RouteError::ReceiverName(name.clone()));
        }
        let root = Route::new(tree, "0".to_owned(), &receivers)?;
        let wait_max = root.wait_max();
        Ok(Self {
            root,
            wait_max,
            receivers,
            limits: RouterLimits::default(),
        })
    }

    /// The same router with other bounds.
    #[must_use]
    pub fn with_limits(self, limits: RouterLimits) -> Self {
        Self { limits, ..self }
    }

    /// The routes that take an alert, in the order of the tree. A receiver is told of an alert once: of
    /// several routes to it the first counts.
    pub(super) fn routes_of(&self, row: &RoutedRow) -> Vec<&Route> {
        let mut found = Vec::new();
        self.root.collect(row, &mut found);
        let mut kept: Vec<&Route> = Vec::with_capacity(found.len());
        for route in found {
            if kept.iter().all(|other| other.receiver != route.receiver) {
                kept.push(route);
            }
        }
        kept
    }

    /// The route at a place; the root, if the tree has changed and there is none.
    pub(super) fn route_at(&self, place: &str) -> &Route {
        let mut route = &self.root;
        for index in place.split('.').skip(1) {
            let below = index
                .parse()
                .ok()
                .and_then(|index: usize| route.routes.get(index));
            match below {
                Some(below) => route = below,
                None => return &self.root,
            }
        }
        route
    }
}

impl Route {
    fn new(
        tree: RouteTree,
        place: String,
        receivers: &BTreeMap<String, usize>,
    ) -> Result<Self, RouteError> {
        if !receivers.contains_key(&tree.receiver) {
            let receiver = tree.receiver;
            return Err(RouteError::UnknownReceiver { place, receiver });
        }
        let routes = tree
            .routes
            .into_iter()
            .enumerate()
            .map(|(index, below)| Self::new(below, format!("{place}.{index}"), receivers))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            place,
            receiver: tree.receiver,
            grouping: tree.grouping,
            group_wait: tree.group_wait,
            group_interval: tree.group_interval,
            matchers: tree.matchers,
            continues: tree.continues,
            routes,
        })
    }

    fn wait_max(&self) -> Duration {
        let below = self.routes.iter().map(Self::wait_max).max();
        let own = self.group_wait.max(self.group_interval);
        own.max(below.unwrap_or_default())
    }

    /// Adds what of this route and those below it takes the row, which has passed this one's matchers.
    fn collect<'a>(&'a self, row: &RoutedRow, found: &mut Vec<&'a Self>) {
        let before = found.len();
        for below in &self.routes {
            if below.takes(row) {
                below.collect(row, found);
                if !below.continues {
                    break;
                }
            }
        }
        if found.len() == before {
            found.push(self);
        }
    }

    fn takes(&self, row: &RoutedRow) -> bool {
        row.row.as_ref().is_some_and(|alert| {
            self.matchers
                .iter()
                .all(|matcher| matcher.holds(alert, &row.matches))
        })
    }
}
