//! From committed alerts to receivers: the loop of the router and the delivery of its outbox.

mod alarm;
mod breaker;
mod delivery;
mod desk;
mod receivers;
mod router_loop;
mod supervise;
#[cfg(test)]
mod tests;
mod waits;
mod waking;

pub use delivery::{DELIVERIES_MAX, DELIVERY_TIMEOUT, Delivery, DeliveryLimits, DeliveryPorts};
pub use desk::ENDPOINT_DELIVERIES_MAX;
pub use receivers::{DuplicateReceiver, ReceiverSet};
pub use router_loop::{RouterLoop, RouterNow, RouterPorts};
pub use supervise::Routing;
pub use waits::RETRY_AFTER_MAX;
pub use waking::WakingStore;
