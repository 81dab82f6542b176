//! The producer as a source: invented events, pushed into the pipeline as a client would push them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cresset_model::SourceId;
use cresset_model::ports::{Clock, Encoding, Intake, PushBody};
use cresset_sim::producer::{Producer, ProducerConfig};
use tokio::sync::watch;
use tracing::warn;

use crate::config::GenerateConfig;

/// Pushes a second at the most: faster rates push more events at once.
const PUSHES_PER_SECOND: u32 = 10;

/// Invents events until told to stop. Those that are not taken are lost, as nobody waits for them.
pub(crate) async fn run(
    config: GenerateConfig,
    source: SourceId,
    intake: Arc<dyn Intake>,
    clock: Arc<dyn Clock>,
    mut stop: watch::Receiver<bool>,
) {
    let pushes = config.events_per_second.min(PUSHES_PER_SECOND);
    let at_once = usize::try_from(config.events_per_second / pushes).unwrap_or(1);
    let producer = ProducerConfig {
        seed: Some(config.seed),
        ..ProducerConfig::default()
    };
    let mut producer = Producer::new(producer, clock);
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / pushes);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        // Both branches only wait.
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let mut events = Vec::new();
        producer.write_many(at_once, &mut events);
        let push = PushBody {
            source: source.clone(),
            body: Bytes::from(events),
            encoding: Encoding::Identity,
            key: None,
        };
        if let Err(error) = intake.push(push).await {
            warn!(source.name = %source, error = %error, "invented events not taken");
        }
    }
}
