//! Router and delivery together, stopped in their order.

use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;

use super::{Delivery, RouterLoop};

/// How long deliveries under way may take to end after the stop; later ones repeat with the next start.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The router and the delivery of what it decides.
pub struct Routing {
    /// The loop of the router.
    pub router: RouterLoop,
    /// The delivery.
    pub delivery: Delivery,
}

impl Routing {
    /// Runs both until `stop` becomes true or its sender is gone; then ends the router first, so that the
    /// delivery sees everything it has decided, and lets deliveries under way end.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let (stop_router, router_stopped) = watch::channel(false);
        let (stop_delivery, delivery_stopped) = watch::channel(false);
        let mut router = tokio::spawn(self.router.run(router_stopped));
        let mut delivery = tokio::spawn(self.delivery.run(delivery_stopped));
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            ended = &mut router => warn!(error = ?ended.err(), "router ended by itself"),
            ended = &mut delivery => warn!(error = ?ended.err(), "delivery ended by itself"),
        }
        for (sender, task) in [(stop_router, router), (stop_delivery, delivery)] {
            sender.send_replace(true);
            end(task).await;
        }
    }
}

async fn end(task: tokio::task::JoinHandle<()>) {
    if task.is_finished() {
        return;
    }
    let abort = task.abort_handle();
    if tokio::time::timeout(STOP_TIMEOUT, task).await.is_err() {
        abort.abort();
    }
}
