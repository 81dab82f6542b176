//! What many viewers ask for at the same time is made once: texts that are as good a moment later.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tokio::time::Instant;

/// Texts kept; the oldest gives way.
const TEXTS_MAX: usize = 32;

/// The texts that were made last.
#[derive(Default)]
pub(crate) struct Glance(Mutex<VecDeque<Slot>>);

struct Slot {
    key: String,
    begun: Instant,
    text: Arc<OnceCell<Arc<str>>>,
}

impl Glance {
    /// The text of a key, if it was begun no earlier than `since`; makes it otherwise. Who comes while it
    /// is made waits for it.
    pub(crate) async fn of(
        &self,
        key: String,
        since: Instant,
        make: impl Future<Output = String>,
    ) -> Arc<str> {
        let text = self.slot(key, since);
        let whole = async { Arc::from(make.await) };
        Arc::clone(text.get_or_init(|| whole).await)
    }

    fn slot(&self, key: String, since: Instant) -> Arc<OnceCell<Arc<str>>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots
            .iter()
            .find(|slot| slot.key == key && slot.begun >= since)
        {
            return Arc::clone(&slot.text);
        }
        slots.retain(|slot| slot.key != key);
        if slots.len() == TEXTS_MAX {
            slots.pop_front();
        }
        let text = Arc::new(OnceCell::new());
        slots.push_back(Slot {
            key,
            begun: Instant::now(),
            text: Arc::clone(&text),
        });
        text
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_text_is_made_once_for_all_who_ask_at_the_same_time() {
        let (glance, made) = (Glance::default(), AtomicU32::new(0));
        let ask = |key: &str, since: Instant| {
            glance.of(key.to_owned(), since, async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                made.fetch_add(1, Ordering::Relaxed).to_string()
            })
        };
        let begin = Instant::now();
        let (a, b) = tokio::join!(ask("k", begin), ask("k", begin));
        assert_eq!((&*a, &*b), ("0", "0"));
        assert_eq!(&*ask("k", begin).await, "0");
        assert_eq!(&*ask("other", begin).await, "1");
        assert_eq!(&*ask("k", Instant::now()).await, "2");
    }

    #[tokio::test]
    async fn no_more_than_so_many_texts_are_kept() {
        let glance = Glance::default();
        let begin = Instant::now();
        for index in 0..=TEXTS_MAX {
            glance
                .of(index.to_string(), begin, async { String::new() })
                .await;
        }
        assert_eq!(glance.0.lock().unwrap().len(), TEXTS_MAX);
        let again = glance
            .of("0".to_owned(), begin, async { "again".to_owned() })
            .await;
        assert_eq!(&*again, "again");
    }
}
