//! Charts: functions from numbers to SVG. Texts are HTML or SVG text, so that a chart takes any width.

mod axis;
mod flow;
mod histogram;
mod map;
mod places;
mod spark;
mod ticks;

#[cfg(test)]
mod tests;

pub(crate) use flow::{Stage, flow};
pub(crate) use histogram::{Bucket, Histogram, histogram, legend};
pub(crate) use map::{Land, map};
pub(crate) use spark::spark;
pub(crate) use ticks::{Tick, ticks};
