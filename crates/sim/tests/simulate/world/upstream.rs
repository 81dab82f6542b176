//! The polled upstream. It knows the truth, and answers as badly as an upstream can.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::ports::{Answer, Ask, Body, BoxFuture, FetchError, Upstream};

use super::fate::Fate;
use super::plan::Order;
use super::records::Item;
use super::state::{Actor, World};
use super::time::at;

/// Within a silence of this length an adapter gives an answer up.
const SILENCE: Duration = Duration::from_secs(20);

/// The upstream as one life of the service reaches it.
pub(super) struct SimUpstream {
    pub(super) world: Arc<World>,
    pub(super) fate: Arc<Fate>,
}

/// What happens to an answer.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    None,
    /// The head, then the body, come late.
    Late,
    /// It never comes.
    Lost,
    Busy(Option<u64>),
    NotFound,
    /// A page for people, with a status that says success.
    Login,
    /// The connection breaks in the middle of a record.
    Broken,
    /// It ends in the middle of a record, as if it were whole.
    CutShort,
    /// Some records come twice.
    Twice,
}

impl World {
    fn answer_mishap(&self) -> Mishap {
        if !self.mishap(Actor::Upstream, self.plan.odds.upstream) {
            return Mishap::None;
        }
        self.draw(Actor::Upstream, |rng| match rng.between(0, 11) {
            0 | 1 => Mishap::Late,
            2 => Mishap::Lost,
            3 => Mishap::Busy(None),
            4 => Mishap::Busy(Some(rng.between(1, 40))),
            5 => Mishap::NotFound,
            6 => Mishap::Login,
            7 | 8 => Mishap::Broken,
            9 => Mishap::CutShort,
            _ => Mishap::Twice,
        })
    }

    /// The oldest page of what was created since then.
    fn page(&self, since: Timestamp) -> Vec<String> {
        let (plan, now) = (&self.plan, self.time.seconds());
        let is_meant = |item: &&Item| {
            let created = at(item.created);
            let is_since = created > since || (plan.is_inclusive && created == since);
            item.visible <= now && is_since
        };
        let mut page: Vec<&Item> = plan.items.iter().filter(is_meant).collect();
        page.sort_by_key(|item| item.created);
        page.truncate(plan.page_size);
        match plan.order {
            Order::Oldest => {}
            Order::Newest => page.reverse(),
            Order::Mixed => page.sort_by_key(|item| (item.id * 7_919) % 31),
        }
        page.iter().map(|item| item.json(now)).collect()
    }
}

impl Upstream for SimUpstream {
    fn get(&self, ask: Ask) -> BoxFuture<'_, Result<Answer, FetchError>> {
        Box::pin(async move {
            self.fate.step().await;
            let since = ask.since;
            let world = &self.world;
            let (mut page, mishap) = (world.page(since), world.answer_mishap());
            world.tell("upstream", || {
                format!("asked since {since}: {} records, {mishap:?}", page.len())
            });
            match mishap {
                Mishap::Late => tokio::time::sleep(world.wait(Actor::Upstream, 100, 9_000)).await,
                Mishap::Lost => {
                    tokio::time::sleep(SILENCE).await;
                    return Err(fetch_error(None, true, None));
                }
                Mishap::Busy(seconds) => {
                    return Err(fetch_error(Some(503), true, seconds));
                }
                Mishap::NotFound => return Err(fetch_error(Some(404), false, None)),
                Mishap::Twice => {
                    let again = page.len().div_ceil(2);
                    page.extend_from_within(..again);
                }
                _ => {}
            }
            self.fate.step().await;
            Ok(Answer::of(Box::new(self.body(&page, mishap))))
        })
    }

    fn address(&self) -> String {
        "sim://upstream/alerts".to_owned()
    }
}

impl SimUpstream {
    fn body(&self, page: &[String], mishap: Mishap) -> SimBody {
        let whole = format!("[{}]", page.join(","));
        // In the middle of a record, or of what would be one.
        let cut = page.iter().take(page.len() / 2).map(|json| json.len() + 1);
        let cut = (1 + cut.sum::<usize>() + 20).min(whole.len() - 1);
        let text = match mishap {
            Mishap::Login => "<html><body>Please log in".to_owned(),
            Mishap::Broken | Mishap::CutShort => whole[..cut].to_owned(),
            _ => whole,
        };
        let bytes = Bytes::from(text);
        let middle = bytes.len() / 2;
        SimBody {
            world: Arc::clone(&self.world),
            fate: Arc::clone(&self.fate),
            pieces: VecDeque::from([bytes.slice(..middle), bytes.slice(middle..)]),
            mishap,
        }
    }
}

fn fetch_error(status: Option<u16>, transient: bool, retry_after_s: Option<u64>) -> FetchError {
    let what = status.map_or("no answer".to_owned(), |status| format!("status {status}"));
    FetchError {
        message: format!("{what} of sim://upstream/alerts"),
        transient,
        status,
        retry_after: retry_after_s.map(Duration::from_secs),
    }
}

struct SimBody {
    world: Arc<World>,
    fate: Arc<Fate>,
    pieces: VecDeque<Bytes>,
    mishap: Mishap,
}

impl Body for SimBody {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, FetchError>> {
        Box::pin(async move {
            if matches!(self.mishap, Mishap::Late) {
                tokio::time::sleep(self.world.wait(Actor::Upstream, 0, 5_000)).await;
            }
            self.fate.step().await;
            match (self.pieces.pop_front(), self.mishap) {
                (Some(piece), _) => Ok(Some(piece)),
                (None, Mishap::Broken) => Err(fetch_error(None, true, None)),
                (None, _) => Ok(None),
            }
        })
    }
}
