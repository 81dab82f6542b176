//! Tests over all routes: requests into the router, with the ports made by hand.

mod alert_pages;
mod api;
mod bodies;
mod dead_letters;
mod deliveries;
mod edges;
mod events;
mod export;
mod fixture;
mod hostile;
mod metrics;
mod numbers;
mod openapi;
mod outbox_pages;
mod pages;
mod receivers;
mod security;
mod seed_a;
mod serve;
mod sources;
mod stream;
