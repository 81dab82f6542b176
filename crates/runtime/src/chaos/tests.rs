use std::sync::atomic::{AtomicU32, Ordering};

use cresset_model::ports::BoxFuture;

use super::*;
use crate::fakes::TestClock;

/// A mock in memory that may be down for some requests.
#[derive(Default)]
struct FakeDials {
    dials: Mutex<Dials>,
    refuses: AtomicU32,
}

impl ChaosDials for FakeDials {
    fn read(&self) -> BoxFuture<'_, Result<Dials, PortError>> {
        let dials = *self.dials.lock().unwrap();
        Box::pin(async move { Ok(dials) })
    }

    fn set(&self, dials: Dials) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            let refuses = self.refuses.load(Ordering::Relaxed);
            if refuses > 0 {
                self.refuses.store(refuses - 1, Ordering::Relaxed);
                return Err(PortError::transient("no answer from the mock"));
            }
            let mut now = self.dials.lock().unwrap();
            now.failure_rate = dials.failure_rate.or(now.failure_rate);
            now.delay = dials.delay.or(now.delay);
            now.malformed = dials.malformed.or(now.malformed);
            Ok(())
        })
    }
}

fn failing(failure_rate: f64) -> Dials {
    Dials {
        failure_rate: Some(failure_rate),
        ..Dials::default()
    }
}

fn chaos() -> (Arc<FakeDials>, Chaos) {
    let mock = Arc::new(FakeDials::default());
    *mock.dials.lock().unwrap() = Dials {
        failure_rate: Some(0.2),
        delay: Some(Duration::from_secs(3)),
        malformed: Some(0.0),
    };
    let chaos = Chaos::new(Arc::clone(&mock) as _, Arc::new(TestClock::new()));
    (mock, chaos)
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn chaos_ends_by_itself() {
    let (_mock, chaos) = chaos();
    let before = chaos.state().await.unwrap();
    assert_eq!(before.until, None);
    let turned = chaos.set(Some(failing(1.0))).await.unwrap();
    assert_eq!(turned.dials.failure_rate, Some(1.0));
    assert_eq!(turned.until, Some(chaos.clock.now().plus(CHAOS_LIFE)));
    pass(Duration::from_mins(10)).await;
    // A later turn counts anew and still knows where the dials stood at first.
    let more = Dials {
        malformed: Some(0.5),
        ..Dials::default()
    };
    let turned = chaos.set(Some(more)).await.unwrap();
    assert_eq!(
        (turned.dials.failure_rate, turned.dials.malformed),
        (Some(1.0), Some(0.5))
    );
    pass(CHAOS_LIFE.saturating_sub(Duration::from_secs(1))).await;
    assert!(chaos.state().await.unwrap().until.is_some());
    pass(Duration::from_secs(2)).await;
    assert_eq!(chaos.state().await.unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn dials_are_put_back_at_once_or_until_it_succeeds() {
    let (mock, chaos) = chaos();
    let before = chaos.state().await.unwrap();
    chaos.set(Some(failing(0.9))).await.unwrap();
    assert_eq!(chaos.set(None).await.unwrap(), before);
    assert_eq!(chaos.set(None).await.unwrap(), before);
    chaos.set(Some(failing(0.9))).await.unwrap();
    mock.refuses.store(3, Ordering::Relaxed);
    pass(CHAOS_LIFE + RETRY_AFTER * 2 + Duration::from_secs(1)).await;
    assert!(chaos.state().await.unwrap().until.is_some());
    pass(RETRY_AFTER).await;
    assert_eq!(chaos.state().await.unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn dials_that_do_not_exist_are_refused() {
    let (mock, chaos) = chaos();
    let refused = |text: &str| Err(CommandRefused::Invalid(text.to_owned()));
    for share in [-0.05, 1.05, f64::NAN] {
        let expected = refused("`failure_rate` must be a number from 0 to 1");
        assert_eq!(chaos.set(Some(failing(share))).await, expected);
    }
    let slow = Dials {
        delay: Some(CHAOS_DELAY_MAX + Duration::from_millis(1)),
        ..Dials::default()
    };
    assert_eq!(
        chaos.set(Some(slow)).await,
        refused("`delay_ms` must be at most 30000")
    );
    mock.refuses.store(1, Ordering::Relaxed);
    let error = PortError::transient("no answer from the mock");
    assert_eq!(
        chaos.set(Some(failing(1.0))).await,
        Err(CommandRefused::Port(error))
    );
    assert_eq!(chaos.state().await.unwrap().until, None);
}
