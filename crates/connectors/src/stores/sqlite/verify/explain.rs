//! What each number of `verify` is, where it comes from, and what a difference would mean.

/// A check in words.
#[derive(Debug)]
pub(super) struct Explained {
    /// What is compared.
    pub(super) name: &'static str,
    /// What the expected number is, and from where.
    pub(super) expected: &'static str,
    /// What the number found is, and from which tables it is recomputed.
    pub(super) found: &'static str,
    /// What it would mean if the two differ.
    pub(super) difference: &'static str,
}

pub(super) const PAGES: Explained = Explained {
    name: "pages of the database file",
    expected: "the word `ok`",
    found: "what the engine says after it has looked at every page (`PRAGMA quick_check`)",
    difference: "the file is damaged, by the disk or by another program: stop the service, keep a copy, \
        restore a backup",
};
pub(super) const NO_BODY: Explained = Explained {
    name: "alerts without a body",
    expected: "none",
    found: "rows of `alert_rows` that have no row in `alert_bodies`",
    difference: "what an alert was made of is gone, though both are written in one transaction",
};
pub(super) const NO_ROW: Explained = Explained {
    name: "bodies without an alert",
    expected: "none",
    found: "rows of `alert_bodies` that have no row in `alert_rows`",
    difference: "retention has left bytes behind that nobody can see",
};
pub(super) const NO_ROW_OF_REVISION: Explained = Explained {
    name: "former contents without an alert",
    expected: "none",
    found: "rows of `revisions` that have no row in `alert_rows`",
    difference: "retention has left former contents behind that nobody can see",
};
pub(super) const NO_ROW_OF_MATCH: Explained = Explained {
    name: "detections without an alert",
    expected: "none",
    found: "rows of `matches` that have no row in `alert_rows`",
    difference: "retention has left detections behind that nobody can see",
};
pub(super) const SAME_KEY: Explained = Explained {
    name: "notifications with the key of another",
    expected: "none",
    found: "keys (receiver, group, episode, ordinal) that `outbox` holds more than once",
    difference: "somebody was told the same twice under two ids",
};
pub(super) const NO_NOTIFICATION: Explained = Explained {
    name: "tries and alerts without their notification",
    expected: "none",
    found: "rows of `delivery_attempts` and `outbox_alerts` that have no row in `outbox`",
    difference: "a notification was dropped and not all of it",
};
pub(super) const OTHER_ALERT: Explained = Explained {
    name: "identities that name another alert",
    expected: "none",
    found: "rows of `identity` whose place in `alert_rows` is empty or taken by another identity",
    difference: "a record that comes again would change the wrong alert",
};
pub(super) const IDENTITY_TWICE: Explained = Explained {
    name: "identities stored twice",
    expected: "none",
    found: "rows of `identity` whose id another generation has too",
    difference: "an alert was stored twice",
};
pub(super) const UNKNOWN_GENERATION: Explained = Explained {
    name: "identities of a wrong generation",
    expected: "none",
    found: "rows of `identity` whose generation is not in `identity_generations`, or is not that of their alert",
    difference: "an alert would come again as a new one, and is not found by its id",
};
pub(super) const UNKNOWN_CONTEXT: Explained = Explained {
    name: "alerts of an unknown source or context",
    expected: "none",
    found: "rows of `alert_rows` whose source is not in `sources` or whose context is not in \
        `contexts`",
    difference: "an alert cannot say where it came from and how it was read",
};
pub(super) const LONG_HISTORY: Explained = Explained {
    name: "alerts with too long a history",
    expected: "none",
    found: "alerts with more rows in `revisions` than are kept of one",
    difference: "the history of an alert is not bounded any more",
};
pub(super) const NO_GAP: Explained = Explained {
    name: "change log entries without a gap",
    expected: "the positions from the first entry that is left to the last one given (`change_log`, \
        and `tallies` for positions whose rows are gone)",
    found: "rows of `change_log`",
    difference: "a change was not written down, so that nobody was told of it, or was written twice",
};
pub(super) const LOGGED: Explained = Explained {
    name: "change log entries of stored alerts",
    expected: "the revisions of all stored alerts together (`alert_rows`)",
    found: "rows of `change_log` about alerts that are stored",
    difference: "an alert changed and the change log does not say so, or says it twice",
};
pub(super) const DEAD_BYTES: Explained = Explained {
    name: "bytes of dead letters",
    expected: "what the store counts as it goes (`tallies`), by which it keeps \
        `store.sqlite.dead_letter_budget`",
    found: "the raw bytes of all rows of `dead_letters`, and 1 KiB for each row",
    difference: "the bound on dead letters is kept too early or too late",
};
pub(super) const DEAD_OPEN: Explained = Explained {
    name: "open dead letters",
    expected: "what the store counts as it goes (`tallies`), which page and metrics show",
    found: "rows of `dead_letters` without `resolved_at`",
    difference: "page and metrics show a wrong number of dead letters",
};
pub(super) const ORDINALS: Explained = Explained {
    name: "receivers with a gap in a group's ordinals",
    expected: "none",
    found: "groups of a receiver in `outbox` whose ordinals are not one after the other, but for \
        those that were swept after their time",
    difference: "a notification was decided and is gone before it was told",
};
pub(super) const NEVER_STORED: Explained = Explained {
    name: "notified alerts that were never stored",
    expected: "none",
    found: "alerts in `outbox_alerts` that `identity` does not know, less those that were \
        forgotten since (`counters`, `forgotten`)",
    difference: "somebody was told of an alert that is not there: it was told before it was stored",
};
pub(super) const BEYOND: Explained = Explained {
    name: "cursors beyond the change log",
    expected: "none",
    found: "rows of `cursors` beyond the last position of `change_log`",
    difference: "changes to come would be taken for told",
};
pub(super) const UNREAD: Explained = Explained {
    name: "change log entries lost to the router",
    expected: "none",
    found: "positions between the router's row of `cursors` and the first row of `change_log`",
    difference: "the change log was cut off before the router had read it, so that nobody was told of \
        those changes",
};
pub(super) const CONSERVATION: Explained = Explained {
    name: "conservation: read and redriven, became",
    expected: "records read and dead letters put through again (`counters`: `read` + `redriven`)",
    found: "what became of them (`counters`: `new` + `changed` + `same` + `passed` + `filtered` + \
        `dead`)",
    difference: "a record was lost, or was counted twice",
};
pub(super) const NEW_IDENTITIES: Explained = Explained {
    name: "new: identities, known and forgotten",
    expected: "alerts that were new when they came (`counters`, `new`)",
    found: "rows of `identity`, and identities that retention has forgotten (`counters`, \
        `forgotten`)",
    difference: "an alert was counted and not stored, or stored and not counted",
};
pub(super) const NEW_ALERTS: Explained = Explained {
    name: "new: alerts, stored and retired",
    expected: "alerts that were new when they came (`counters`, `new`)",
    found: "rows of `alert_rows`, and alerts that retention has deleted (`counters`, `retired`)",
    difference: "an alert is gone that retention has not deleted, or is there twice",
};
pub(super) const LIVING: Explained = Explained {
    name: "alerts: identities that name one",
    expected: "rows of `alert_rows`",
    found: "rows of `identity` that name an alert",
    difference: "an alert would come again as a new one, or an identity names nothing",
};
pub(super) const CHANGED: Explained = Explained {
    name: "changed: revisions, stored and retired",
    expected: "times that an alert came with newer content (`counters`, `changed`)",
    found: "the revisions beyond the first of all stored alerts (`alert_rows`), and of those that \
        retention has deleted (`counters`, `retired_revisions`)",
    difference: "newer content was counted and not stored, or stored and not counted",
};
pub(super) const DEAD: Explained = Explained {
    name: "dead: dead letters, stored and dropped",
    expected: "records that could not be used, repeats counted (`counters`, `dead`)",
    found: "the sum of `count` over `dead_letters`, and of those that were dropped to keep the \
        bound (`counters`, `dead_dropped`)",
    difference: "a record that could not be used is gone, or is counted and not kept",
};
