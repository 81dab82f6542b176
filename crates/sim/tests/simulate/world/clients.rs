//! The clients that push: each sends until it is answered, or once if it has no key.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cresset_model::SourceId;
use cresset_model::ports::{Encoding, Intake, PushBody, PushError, PushReceipt};

use super::fate::Fate;
use super::state::{Actor, Pushed, World};

/// How long a client waits before it sends again, if it is not told.
const AGAIN: Duration = Duration::from_secs(2);
/// How long a client waits for an answer before it sends again.
const PATIENCE_MS: u64 = 60_000;

/// Sends what is due, one after another, as long as the service lives.
pub(super) async fn push_all(world: Arc<World>, fate: Arc<Fate>, intake: Arc<dyn Intake>) {
    for place in 0..world.plan.pushes.len() {
        let push = &world.plan.pushes[place];
        let due = Duration::from_secs(push.at);
        tokio::time::sleep(due.saturating_sub(world.time.elapsed())).await;
        while world.seen().pushes[place] == Pushed::No {
            let wait = send(&world, &fate, (&*intake, place)).await;
            tokio::time::sleep(wait).await;
        }
    }
}

/// Sends one push once; says how long to wait after it.
async fn send(world: &World, fate: &Fate, (intake, place): (&dyn Intake, usize)) -> Duration {
    let push = &world.plan.pushes[place];
    fate.step().await;
    let body = PushBody {
        source: SourceId::new("pushed"),
        body: Bytes::from(push.body()),
        encoding: Encoding::Identity,
        key: push.key.clone(),
    };
    if push.key.is_none() {
        world.seen().pushes[place] = Pushed::GivenUp;
    }
    let is_impatient = push.key.is_some() && world.mishap(Actor::Clients, 300);
    let patience_ms = if is_impatient { 300 } else { PATIENCE_MS };
    let patience = world.wait(Actor::Clients, 1, patience_ms);
    let patience = if is_impatient {
        patience
    } else {
        Duration::from_hours(1)
    };
    world.tell("client", || format!("push {place} sent"));
    let answer = tokio::time::timeout(patience, intake.push(body)).await;
    // An answer may be lost on its way.
    fate.step().await;
    let is_lost = push.key.is_some() && world.mishap(Actor::Clients, 100);
    world.tell("client", || {
        format!("push {place}: {answer:?}, lost: {is_lost}")
    });
    match answer {
        Ok(Ok(receipt)) if !is_lost => {
            world.seen().pushes[place] = Pushed::Taken;
            check(world, place, &receipt);
            Duration::ZERO
        }
        Ok(Err(PushError::Unavailable { after, .. } | PushError::Busy { after })) => after,
        Ok(Err(error @ (PushError::KeyReused | PushError::Malformed(_)))) => {
            world.breach(format!("push {place} is refused: {error}"));
            AGAIN
        }
        _ => AGAIN,
    }
}

/// An answer accounts for every record.
fn check(world: &World, place: usize, receipt: &PushReceipt) {
    let records = &world.plan.pushes[place].records;
    let dead = records.iter().filter(|(_, is_usable)| !is_usable).count() as u64;
    let counts = &receipt.counts;
    let (came, became) = counts.sides();
    if (came, became, counts.dead) != (records.len() as u64, came, dead) {
        world.breach(format!("push {place} is answered with {counts:?}"));
    }
}
