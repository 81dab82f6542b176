//! The line in front of the writer: one first-in-first-out lane for each urgency.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use cresset_model::ports::Lane;

/// Requests in one commit.
pub(super) const GROUP_REQUESTS_MAX: usize = 256;
/// Bytes of the requests in one commit. A single larger request still goes, alone.
pub(super) const GROUP_BYTES_MAX: usize = 8 << 20;

const LANES: usize = 4;

/// The line. Its length is bounded by the permits that callers hold, not here.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
}

#[derive(Debug)]
struct State<T> {
    lanes: [VecDeque<(usize, T)>; LANES],
    is_closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                lanes: [const { VecDeque::new() }; LANES],
                is_closed: false,
            }),
            arrived: Condvar::new(),
        }
    }

    /// Joins a lane; gives the item back if the queue is closed.
    pub(super) fn push(&self, lane: Lane, bytes: usize, item: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(item);
        }
        lane_of(&mut state, lane).push_back((bytes, item));
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes everything that waits, the most urgent lane first, as far as it fits into one commit.
    /// Waits while there is nothing; `None` when the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Vec<T>> {
        let mut state = self.lock();
        loop {
            let group = group(&mut state);
            if !group.is_empty() {
                return Some(group);
            }
            if state.is_closed {
                return None;
            }
            state = self
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Refuses new items; what waits is still served.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.arrived.notify_all();
    }

    // Nothing between lock and unlock can panic half way, so a poisoned lock holds a whole state.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lane_of<T>(state: &mut State<T>, lane: Lane) -> &mut VecDeque<(usize, T)> {
    let [urgent, push, poll, bulk] = &mut state.lanes;
    match lane {
        Lane::Urgent => urgent,
        Lane::Push => push,
        Lane::Poll => poll,
        Lane::Bulk => bulk,
    }
}

fn group<T>(state: &mut State<T>) -> Vec<T> {
    let mut group = Vec::new();
    let mut bytes_left = GROUP_BYTES_MAX;
    for lane in &mut state.lanes {
        while let Some((bytes, _)) = lane.front() {
            let fits = *bytes <= bytes_left && group.len() < GROUP_REQUESTS_MAX;
            if !fits && !group.is_empty() {
                return group;
            }
            bytes_left = bytes_left.saturating_sub(*bytes);
            group.extend(lane.pop_front().map(|(_, item)| item));
        }
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_goes_first_and_equals_keep_their_order() {
        let queue = Queue::new();
        for (lane, item) in [
            (Lane::Bulk, 7),
            (Lane::Poll, 5),
            (Lane::Poll, 6),
            (Lane::Urgent, 1),
            (Lane::Push, 3),
            (Lane::Urgent, 2),
            (Lane::Push, 4),
        ] {
            queue.push(lane, 1, item).unwrap();
        }
        assert_eq!(queue.take(), Some(vec![1, 2, 3, 4, 5, 6, 7]));
    }

    #[test]
    fn a_group_holds_no_more_than_its_bytes_and_its_requests() {
        let queue = Queue::new();
        queue.push(Lane::Poll, GROUP_BYTES_MAX - 1, 1).unwrap();
        queue.push(Lane::Poll, 1, 2).unwrap();
        queue.push(Lane::Poll, 1, 3).unwrap();
        queue.push(Lane::Poll, 10 * GROUP_BYTES_MAX, 4).unwrap();
        assert_eq!(queue.take(), Some(vec![1, 2]));
        assert_eq!(queue.take(), Some(vec![3]));
        assert_eq!(
            queue.take(),
            Some(vec![4]),
            "one that is too large goes alone"
        );
        for item in 0..=GROUP_REQUESTS_MAX {
            queue.push(Lane::Push, 0, item).unwrap();
        }
        assert_eq!(
            queue.take().map(|group| group.len()),
            Some(GROUP_REQUESTS_MAX)
        );
        assert_eq!(queue.take(), Some(vec![GROUP_REQUESTS_MAX]));
    }

    #[test]
    fn a_closed_queue_serves_what_waits_and_takes_nothing_more() {
        let queue = Queue::new();
        queue.push(Lane::Poll, 1, 1).unwrap();
        queue.close();
        assert_eq!(queue.push(Lane::Poll, 1, 2), Err(2));
        assert_eq!(queue.take(), Some(vec![1]));
        assert_eq!(queue.take(), None);
    }
}
