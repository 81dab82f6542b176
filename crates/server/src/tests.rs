//! Tests over all routes: requests into the router, with the ports made by hand.

mod api;
mod dead_letters;
mod fixture;
mod metrics;
mod openapi;
mod pages;
mod security;
mod seed_a;
mod serve;
mod sources;
