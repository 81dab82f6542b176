//! Remembered answers.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::GeoAnswer;
use cresset_model::tables::GeoFragment;

/// Bytes that an entry takes besides its text: in the map, in the queue and on the heap.
const ENTRY_BYTES: usize = 192;

/// Answers by address, for a while and up to a number of bytes; the oldest give way.
pub(super) struct Cache {
    entries: HashMap<IpAddr, Entry>,
    /// Every entry in the order of arrival. One that was replaced stands here twice, and counts where its
    /// number is the entry's.
    order: VecDeque<(IpAddr, u64)>,
    next: u64,
    bytes: usize,
    bytes_max: usize,
    ttl: Duration,
}

struct Entry {
    fragment: Option<Arc<GeoFragment>>,
    expires: Timestamp,
    number: u64,
}

impl Entry {
    fn bytes(&self) -> usize {
        let members = self.fragment.as_ref().map_or(0, |it| it.members.len());
        ENTRY_BYTES + members
    }
}

impl Cache {
    pub(super) fn new(ttl: Duration, bytes_max: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            next: 0,
            bytes: 0,
            bytes_max,
            ttl,
        }
    }

    pub(super) fn get(&self, address: IpAddr, now: Timestamp) -> Option<GeoAnswer> {
        let entry = self.entries.get(&address)?;
        if entry.expires <= now {
            return None;
        }
        Some(match &entry.fragment {
            Some(fragment) => GeoAnswer::Known(Arc::clone(fragment)),
            None => GeoAnswer::Unknown,
        })
    }

    pub(super) fn insert(
        &mut self,
        address: IpAddr,
        fragment: Option<Arc<GeoFragment>>,
        now: Timestamp,
    ) {
        let entry = Entry {
            fragment,
            expires: now.plus(self.ttl),
            number: self.next,
        };
        self.next += 1;
        self.order.push_back((address, entry.number));
        self.bytes += entry.bytes();
        if let Some(replaced) = self.entries.insert(address, entry) {
            self.bytes -= replaced.bytes();
        }
        while self.bytes > self.bytes_max {
            let Some((oldest, number)) = self.order.pop_front() else {
                break;
            };
            if self.is_current(oldest, number)
                && let Some(removed) = self.entries.remove(&oldest)
            {
                self.bytes -= removed.bytes();
            }
        }
        if self.order.len() > 2 * self.entries.len() + 16 {
            // Places of replaced entries, swept when they outnumber the others.
            let mut order = std::mem::take(&mut self.order);
            order.retain(|(address, number)| self.is_current(*address, *number));
            self.order = order;
        }
    }

    fn is_current(&self, address: IpAddr, number: u64) -> bool {
        self.entries
            .get(&address)
            .is_some_and(|entry| entry.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u32) -> IpAddr {
        IpAddr::V4((0x0800_0000 + last).into())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn fragment(bytes: usize) -> Arc<GeoFragment> {
        Arc::new(GeoFragment {
            country_code: None,
            members: "m".repeat(bytes),
        })
    }

    #[test]
    fn an_answer_is_kept_until_it_expires() {
        let mut cache = Cache::new(Duration::from_secs(10), 1 << 20);
        cache.insert(address(1), Some(fragment(5)), at(100));
        cache.insert(address(2), None, at(100));
        assert!(matches!(
            cache.get(address(1), at(109)),
            Some(GeoAnswer::Known(_))
        ));
        assert!(matches!(
            cache.get(address(2), at(109)),
            Some(GeoAnswer::Unknown)
        ));
        assert!(cache.get(address(1), at(110)).is_none());
        assert!(cache.get(address(3), at(100)).is_none());
        cache.insert(address(1), Some(fragment(5)), at(110));
        assert!(cache.get(address(1), at(119)).is_some());
    }

    #[test]
    fn at_the_limit_all_are_kept_and_beyond_it_the_oldest_go() {
        let mut cache = Cache::new(Duration::from_secs(10), 3 * (ENTRY_BYTES + 100));
        let kept = |cache: &Cache| -> Vec<u32> {
            (0..10)
                .filter(|last| cache.get(address(*last), at(0)).is_some())
                .collect()
        };
        for last in 0..3 {
            cache.insert(address(last), Some(fragment(100)), at(0));
        }
        assert_eq!(kept(&cache), [0, 1, 2]);
        // Replaced, the oldest is the youngest.
        cache.insert(address(0), Some(fragment(100)), at(0));
        assert_eq!(kept(&cache), [0, 1, 2]);
        cache.insert(address(3), Some(fragment(100)), at(0));
        assert_eq!(kept(&cache), [0, 2, 3]);
        cache.insert(address(4), Some(fragment(400)), at(0));
        assert_eq!(kept(&cache), [4]);
        cache.insert(address(5), Some(fragment(10_000)), at(0));
        assert_eq!(kept(&cache), [] as [u32; 0]);
        assert_eq!(cache.bytes, 0);
    }

    #[test]
    fn replacing_again_and_again_does_not_grow() {
        let mut cache = Cache::new(Duration::from_secs(10), 1 << 20);
        for _ in 0..1_000 {
            cache.insert(address(1), Some(fragment(100)), at(0));
        }
        assert_eq!((cache.entries.len(), cache.bytes), (1, ENTRY_BYTES + 100));
        assert!(cache.order.len() <= 18, "{}", cache.order.len());
    }
}
