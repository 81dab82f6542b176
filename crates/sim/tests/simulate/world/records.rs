//! What is said in the world: records of the polled upstream and events of the clients.

use super::time::at;

/// One thing that the upstream has to say. Times are seconds after the beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) id: u64,
    pub(super) created: i64,
    /// From when on it is in the answers.
    pub(super) visible: i64,
    /// From then on it says something else, under the same time.
    pub(super) changes: Option<i64>,
    /// Whether no pipeline can use it.
    pub(super) is_broken: bool,
    pub(super) is_future: bool,
    pub(super) severity: &'static str,
}

impl Item {
    /// As the upstream says it at a time.
    pub(super) fn json(&self, now: i64) -> String {
        let Self { id, severity, .. } = self;
        if self.is_broken {
            return format!("{{\"id\":\"b{id}\",\"source\":\"firewall\"}}");
        }
        let version = u32::from(self.changes.is_some_and(|at| at <= now));
        let created = at(self.created);
        format!(
            "{{\"id\":\"a{id}\",\"source\":\"firewall\",\"severity\":\"{severity}\",\
             \"description\":\"version {version}\",\"src_ip\":\"192.168.0.1\",\
             \"dst_ip\":\"8.8.8.8\",\"created_at\":\"{created}\"}}"
        )
    }
}

/// What a client pushes.
#[derive(Debug, Clone)]
pub(super) struct PushPlan {
    /// When, in seconds after the beginning.
    pub(super) at: u64,
    /// Its `Idempotency-Key`. A client without one sends once.
    pub(super) key: Option<String>,
    /// Its records, with whether each can be used.
    pub(super) records: Vec<(String, bool)>,
}

impl PushPlan {
    pub(super) fn body(&self) -> String {
        let records: Vec<&str> = self.records.iter().map(|(json, _)| json.as_str()).collect();
        format!("[{}]", records.join(","))
    }
}

/// An event that a client pushes.
pub(super) fn event(push: u64, index: u64, severity: &str) -> String {
    format!(
        "{{\"source_ip\":\"192.168.0.7\",\"severity\":\"{severity}\",\
         \"description\":\"{index} of push {push}\"}}"
    )
}

/// An event that no pipeline can use.
pub(super) fn broken_event(push: u64, index: u64) -> String {
    format!("{{\"source_ip\":\"nowhere\",\"description\":\"{index} of push {push}\"}}")
}
