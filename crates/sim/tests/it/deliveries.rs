//! Notifications over real HTTP, to receivers that fail in every way they can. The wall clock is set by
//! hand: it moves on to the next try as soon as nothing is under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cresset_connectors::notifiers::{Webhook, WebhookConfig};
use cresset_connectors::stores::sqlite::{SqliteConfig, SqliteStore};
use cresset_model::notification::{Delivery as Row, DeliveryState, Intent};
use cresset_model::ports::{Clock, DeliveryFilter, Notifier, Outbox, StepCommit};
use cresset_model::secret::Secret;
use cresset_model::{NotificationId, Timestamp};
use cresset_runtime::routing::{Delivery, DeliveryPorts, ReceiverSet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// Monday, 23 November 2026, 09:00:00 UTC.
const T0: Timestamp = Timestamp::from_nanos(1_795_424_400_000_000_000);
/// How long a test may take; it needs far less.
const PATIENCE: Duration = Duration::from_secs(30);

struct HandClock(Mutex<Timestamp>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// What a receiver does with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    Take,
    /// Answers with this status line and header.
    Refuse(&'static str, &'static str),
    /// Takes it and never answers.
    TakeAndHang,
    /// Takes it and closes the connection without an answer.
    TakeAndClose,
}

/// A request that came in.
#[derive(Debug, Clone)]
struct Call {
    id: String,
    body: String,
    reply: Reply,
}

impl Call {
    fn is_taken(&self) -> bool {
        !matches!(self.reply, Reply::Refuse(..))
    }

    /// Group and ordinal.
    fn place(&self) -> (String, u64) {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        let group = body["group"].as_str().unwrap().to_owned();
        (group, body["ordinal"].as_u64().unwrap())
    }
}

/// A receiver on a port of its own.
struct Receiver {
    name: &'static str,
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// Answers so, one after the other, and then takes everything. What hangs is let go with `hang`.
    async fn start(
        name: &'static str,
        replies: impl IntoIterator<Item = Reply>,
        hang: watch::Receiver<bool>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let replies: Arc<Mutex<VecDeque<Reply>>> =
            Arc::new(Mutex::new(replies.into_iter().collect()));
        let seen = Arc::clone(&calls);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (replies, seen) = (Arc::clone(&replies), Arc::clone(&seen));
                tokio::spawn(serve(socket, replies, seen, hang.clone()));
            }
        });
        Self {
            name,
            address,
            calls,
            task,
        }
    }

    fn notifier(&self, clock: &Arc<HandClock>, timeout: Duration) -> Arc<dyn Notifier> {
        let config = WebhookConfig {
            url: Secret::new(format!("http://{}/", self.address)),
            allow_private: Some(self.address.to_string()),
            timeout,
            ..WebhookConfig::default()
        };
        Arc::new(Webhook::new(config, Arc::clone(clock) as _).unwrap())
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

async fn serve(
    mut socket: TcpStream,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Call>>>,
    mut hang: watch::Receiver<bool>,
) {
    while let Some((id, body)) = read_request(&mut socket).await {
        let reply = replies.lock().unwrap().pop_front().unwrap_or(Reply::Take);
        seen.lock().unwrap().push(Call { id, body, reply });
        let (status, header) = match reply {
            Reply::Take => ("204 No Content", ""),
            Reply::Refuse(status, header) => (status, header),
            Reply::TakeAndClose => return,
            Reply::TakeAndHang => {
                drop(hang.wait_for(|hang| !*hang).await);
                return;
            }
        };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n{header}\r\n");
        socket.write_all(answer.as_bytes()).await.unwrap();
    }
}

/// The id and the body of the next request; `None` when the connection is closed.
async fn read_request(socket: &mut TcpStream) -> Option<(String, String)> {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
            let length: usize = header("content-length: ")?.parse().unwrap();
            if body.len() == length {
                let id = header("webhook-id: ")?.to_owned();
                assert_eq!(header("idempotency-key: "), Some(id.as_str()));
                return Some((id, body.to_owned()));
            }
        }
        match socket.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => received.extend_from_slice(&buffer[..read]),
        }
    }
}

/// A delivery over a store on the disk, to receivers.
struct Office {
    clock: Arc<HandClock>,
    store: Arc<SqliteStore>,
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
    delivery: JoinHandle<()>,
    _directory: tempfile::TempDir,
}

impl Office {
    async fn open(receivers: &[&Receiver], timeout: Duration, groups: u64, each: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = SqliteConfig::new(directory.path().join("cresset.db"));
        let store = Arc::new(SqliteStore::open(config).unwrap());
        let clock = Arc::new(HandClock(Mutex::new(T0)));
        let mut intents = Vec::new();
        for receiver in receivers {
            for place in 0..groups * each {
                intents.push(intent(receiver.name, place / each, place % each + 1));
            }
        }
        decide(&store, intents).await;
        let set = receivers.iter().map(|receiver| {
            let notifier = receiver.notifier(&clock, timeout);
            (receiver.name.to_owned(), vec![notifier])
        });
        let set = ReceiverSet::new(set.collect(), Arc::clone(&clock) as _).unwrap();
        let wake = Arc::new(Notify::new());
        let ports = DeliveryPorts {
            outbox: Arc::clone(&store) as _,
            clock: Arc::clone(&clock) as _,
            receivers: Arc::new(set),
            wake: Arc::clone(&wake),
        };
        let (stop, stopped) = watch::channel(false);
        let delivery = tokio::spawn(Delivery::new(ports, 7).run(stopped));
        Self {
            clock,
            store,
            wake,
            stop,
            delivery,
            _directory: directory,
        }
    }

    async fn rows(&self) -> Vec<Row> {
        let all = DeliveryFilter::default();
        let page = self.store.deliveries(all, None, 1_000).await.unwrap();
        page.items
    }

    /// Waits until the rows are so. Nothing is slept through: whenever nothing is under way, the clock
    /// moves on to the next try.
    async fn until(&self, is_so: impl Fn(&[Row]) -> bool) -> Vec<Row> {
        let reached = async {
            loop {
                let rows = self.rows().await;
                if is_so(&rows) {
                    return rows;
                }
                if let Some(due) = next_try(&rows).filter(|due| *due > self.clock.now()) {
                    *self.clock.0.lock().unwrap() = due;
                    self.wake.notify_one();
                }
                tokio::task::yield_now().await;
            }
        };
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        reached.expect("the rows get there")
    }

    async fn close(self) {
        self.stop.send_replace(true);
        self.delivery.await.unwrap();
    }
}

fn intent(receiver: &str, group: u64, ordinal: u64) -> Intent {
    let (receiver, group) = (format!("{receiver}/0"), format!("g{group}"));
    Intent {
        id: NotificationId::derive(&group, 1, &receiver, ordinal),
        subject: format!("{ordinal} of {group}"),
        body: format!(r#"{{"group":"{group}","ordinal":{ordinal}}}"#).into_bytes(),
        receiver,
        group,
        episode: 1,
        ordinal,
        alerts: Vec::new(),
    }
}

async fn decide(store: &SqliteStore, intents: Vec<Intent>) {
    let memory = store.router().await.unwrap();
    let step = StepCommit {
        fence: memory.fence,
        cursor: memory.cursor,
        at: T0,
        groups: Vec::new(),
        ended: Vec::new(),
        intents,
    };
    store.step(step).await.unwrap();
}

/// When the next try is due; `None` while one is under way. From one look at the rows: what is due at the
/// time of the look keeps the clock where it is.
fn next_try(rows: &[Row]) -> Option<Timestamp> {
    let mut firsts = BTreeMap::new();
    // The newest comes first: the earliest of each group stays.
    for row in rows {
        match row.state {
            DeliveryState::Leased => return None,
            DeliveryState::Pending => {
                firsts.insert((&row.receiver, &row.group), row.next_at);
            }
            DeliveryState::Sent | DeliveryState::Dead => {}
        }
    }
    firsts.into_values().flatten().min()
}

fn all_sent(rows: &[Row]) -> bool {
    rows.iter().all(|row| row.state == DeliveryState::Sent)
}

/// The promise, as one receiver sees it.
fn check(receiver: &Receiver, rows: &[Row]) {
    let name = receiver.name;
    let mut expected: BTreeMap<String, String> = rows
        .iter()
        .filter(|row| row.receiver == format!("{name}/0"))
        .map(|row| {
            let body = String::from_utf8(row.body.clone()).unwrap();
            (row.id.to_string(), body)
        })
        .collect();
    let (mut done, mut latest) = (BTreeSet::new(), BTreeMap::new());
    for call in receiver.calls() {
        assert_eq!(expected.get(&call.id), Some(&call.body), "{name}: {call:?}");
        assert!(
            !done.contains(&call.id),
            "{name}: again after success: {call:?}"
        );
        let (group, ordinal) = call.place();
        let last = latest.insert(group, ordinal).unwrap_or(0);
        assert!(
            ordinal == last || ordinal == last + 1,
            "{name}: order: {call:?}"
        );
        if call.reply == Reply::Take {
            done.insert(call.id.clone());
        }
        if !call.is_taken() {
            assert!(done.is_disjoint(&BTreeSet::from([call.id])));
        }
    }
    expected.retain(|id, _| !done.contains(id));
    assert!(expected.is_empty(), "{name}: never arrived: {expected:?}");
}

/// I7. Broken on purpose by a new id for each try, by settling before the answer, or by leasing the next
/// of a group while the former waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_receiver_does_each_notification_arrives_in_order_under_its_first_key() {
    let (_hang, hanging) = watch::channel(true);
    let failed = Reply::Refuse("500 Internal Server Error", "");
    let busy = Reply::Refuse("429 Too Many Requests", "retry-after: 60\r\n");
    let dated = "retry-after: Mon, 23 Nov 2026 09:02:00 GMT\r\n";
    let dated = Reply::Refuse("429 Too Many Requests", dated);
    let scripts: [(&'static str, Vec<Reply>, u64); 6] = [
        ("well", vec![], 0),
        (
            "failing",
            vec![failed, failed, failed, Reply::Take, failed],
            5,
        ),
        ("busy", vec![busy, Reply::Take, busy], 60),
        ("dated", vec![dated], 120),
        ("mute", vec![Reply::TakeAndHang, Reply::TakeAndHang], 5),
        (
            "closing",
            vec![Reply::TakeAndClose, Reply::Take, Reply::TakeAndClose],
            5,
        ),
    ];
    let mut receivers = Vec::new();
    for (name, replies, _) in scripts.clone() {
        receivers.push(Receiver::start(name, replies, hanging.clone()).await);
    }
    let borrowed: Vec<&Receiver> = receivers.iter().collect();
    let office = Office::open(&borrowed, Duration::from_millis(300), 2, 3).await;
    let rows = office.until(all_sent).await;
    assert_eq!(rows.len(), 6 * 6);
    for (receiver, (name, replies, wait)) in receivers.iter().zip(scripts) {
        check(receiver, &rows);
        let failures = replies
            .iter()
            .filter(|reply| **reply != Reply::Take)
            .count();
        assert_eq!(receiver.calls().len(), 6 + failures, "{name}");
        for row in rows
            .iter()
            .filter(|row| row.receiver == format!("{name}/0"))
        {
            let tries = row
                .attempts
                .windows(2)
                .map(|pair| pair[1].begun.since(pair[0].ended));
            for waited in tries {
                assert!(
                    waited >= Duration::from_secs(wait.saturating_sub(1)),
                    "{name}: {waited:?}"
                );
            }
        }
    }
    office.close().await;
}

/// Broken on purpose by one place for all receivers, or by waiting for what hangs before the next lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_hangs_delays_no_other() {
    let (hang, hanging) = watch::channel(true);
    let stuck = Receiver::start("stuck", [Reply::TakeAndHang; 2], hanging.clone()).await;
    let well = Receiver::start("well", [], hanging).await;
    let office = Office::open(&[&stuck, &well], PATIENCE, 8, 4).await;
    let of = |name: &'static str| move |row: &&Row| row.receiver == format!("{name}/0");
    let rows = office
        .until(|rows| {
            let well = rows.iter().filter(of("well"));
            well.into_iter().all(|row| row.state == DeliveryState::Sent)
        })
        .await;
    assert!(
        rows.iter()
            .filter(of("stuck"))
            .all(|row| row.attempts.is_empty()),
        "nothing of it has ended"
    );
    assert_eq!(office.clock.now(), T0);
    hang.send_replace(false);
    let rows = office.until(all_sent).await;
    check(&well, &rows);
    check(&stuck, &rows);
    office.close().await;
}
