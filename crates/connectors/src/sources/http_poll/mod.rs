//! `http_poll`: asks an HTTP API for what was created since an instant.
//!
//! One request for each page, `GET url?since=<instant>`, or the page that the one before names. It follows no redirect, unpacks gzip itself in
//! bounded steps, and holds every answer to deadlines and limits.

mod body;
mod condition;
mod config;
mod deadline;
mod failure;
mod gzip;
mod link;
mod poll;

#[cfg(test)]
mod tests;

pub use config::{
    ANSWER_BYTES_MAX, Auth, CONNECT_TIMEOUT, FIRST_BYTE_TIMEOUT, HttpPollConfig, IDLE_TIMEOUT,
    Paging, RATIO_MAX, SinceFormat, TOTAL_TIMEOUT, TOTAL_TIMEOUT_MAX, Timeouts,
    UNDECODED_BYTES_MAX,
};
pub use poll::{HttpPoll, HttpPollError};
