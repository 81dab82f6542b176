use std::time::Duration;

use super::*;

fn too_large(bytes_max: u64, when: &'static str) -> PushError {
    PushError::TooLarge { bytes_max, when }
}

/// A body of exactly so many bytes: an event and blanks.
fn padded(bytes: usize) -> Vec<u8> {
    let mut body = event("high", "a").into_bytes();
    body.resize(bytes, b' ');
    body
}

#[tokio::test]
async fn a_body_has_a_greatest_size_as_received() {
    let door = Door::new();
    let most = PUSH_BODY_BYTES_MAX;
    assert!(door.push(padded(most)).await.is_ok());
    for bytes in [most + 1, most * 10] {
        let error = door.push(padded(bytes)).await.unwrap_err();
        assert_eq!(error, too_large(most as u64, ""));
        assert_eq!(error.to_string(), "the body is larger than 8388608 bytes");
    }
}

#[tokio::test]
async fn a_body_has_a_greatest_size_unpacked() {
    // Noise in the middle, so that the ratio is not what refuses it.
    let noise = |bytes: u64| {
        let mut state = 1_u64;
        let mut body = event("high", "a").into_bytes();
        body.extend_from_slice(b"\n{\"noise\":\"");
        for _ in 0..1_500_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            body.push(b'a' + ((state >> 33) % 26) as u8);
        }
        body.extend_from_slice(b"\"}");
        body.resize(usize::try_from(bytes).unwrap(), b' ');
        gzip(&body)
    };
    let door = Door::new();
    let most = PUSH_UNPACKED_BYTES_MAX;
    assert!(door.packed(Encoding::Gzip, noise(most)).await.is_ok());
    let error = door
        .packed(Encoding::Gzip, noise(most + 1))
        .await
        .unwrap_err();
    assert_eq!(error, too_large(most, ", unpacked"));
    assert_eq!(
        error.to_string(),
        "the body is larger than 67108864 bytes, unpacked"
    );
}

#[tokio::test]
async fn the_bounds_of_unpacking_can_be_set() {
    for (encoding, pack) in [
        (Encoding::Gzip, gzip as fn(&[u8]) -> Vec<u8>),
        (Encoding::Zstd, zstd as fn(&[u8]) -> Vec<u8>),
    ] {
        let most = 10_000;
        let door = Door::unpacking(UnpackLimits {
            unpacked_bytes_max: most as u64,
            ..UnpackLimits::default()
        });
        assert!(door.packed(encoding, pack(&padded(most))).await.is_ok());
        for bytes in [most + 1, most * 10] {
            let error = door.packed(encoding, pack(&padded(bytes))).await;
            assert_eq!(error.unwrap_err(), too_large(most as u64, ", unpacked"));
        }
    }
    let limits = UnpackLimits::default();
    let (ratio, free) = (RATIO_MAX, RATIO_FREE_BYTES);
    for (packed, expected) in [
        (1, free),
        (20_000, 20_000 * ratio),
        (1 << 20, PUSH_UNPACKED_BYTES_MAX),
        (usize::MAX, PUSH_UNPACKED_BYTES_MAX),
    ] {
        assert_eq!(limits.of(packed), expected, "{packed}");
    }
}

#[tokio::test]
async fn a_body_unpacks_to_at_most_a_hundred_times_its_size() {
    for (encoding, pack) in [
        (Encoding::Gzip, gzip as fn(&[u8]) -> Vec<u8>),
        (Encoding::Zstd, zstd as fn(&[u8]) -> Vec<u8>),
    ] {
        let door = Door::new();
        let free = usize::try_from(RATIO_FREE_BYTES).unwrap();
        assert!(door.packed(encoding, pack(&padded(free))).await.is_ok());
        for bytes in [free + 1, 10 * free] {
            let bomb = pack(&padded(bytes));
            let packed = bomb.len() as u64;
            assert!(packed * RATIO_MAX < bytes as u64, "{packed}");
            let bytes_max = (packed * RATIO_MAX).max(RATIO_FREE_BYTES);
            let error = door.packed(encoding, bomb).await.unwrap_err();
            assert_eq!(error, too_large(bytes_max, ", unpacked"));
        }
    }
}

#[tokio::test]
async fn a_frame_that_asks_for_a_huge_window_is_refused() {
    // A frame header that claims a window of 64 MiB, and one block of no bytes.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x80, 0x01, 0x00, 0x00];
    let error = Door::new()
        .packed(Encoding::Zstd, frame.to_vec())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("window"), "{error}");
}

#[tokio::test]
async fn a_large_body_is_taken_in_batches() {
    let door = Door::with_sink();
    let receipt = door.packed(Encoding::Gzip, gzip(&large())).await.unwrap();
    assert_eq!(receipt.counts.read, 40_000);
    assert_eq!(
        (receipt.counts.new, receipt.counts.passed),
        (13_334, 26_666)
    );
    assert_eq!(door.sink.lines().len(), 40_000);
}

/// More bytes than the first reading keeps.
fn large() -> Vec<u8> {
    let body = events(40_000).join("\n").into_bytes();
    assert!(body.len() > 5 << 20);
    body
}

#[tokio::test(start_paused = true)]
async fn only_so_many_pushes_are_under_way_at_once_and_further_ones_come_again() {
    let door = Door::new();
    door.store.hold_commits(true);
    let start = || {
        let intake = Arc::clone(&door.intake);
        tokio::spawn(async move { intake.push(plain(event("high", "a"))).await })
    };
    let under_way: Vec<_> = (0..PUSHES_MAX).map(|_| start()).collect();
    while door.store.commits_waiting() < PUSHES_MAX {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let busy = PushError::Busy {
        after: Duration::from_secs(1),
    };
    for _ in 0..PUSHES_MAX * 9 {
        assert_eq!(door.push(event("high", "a")).await, Err(busy.clone()));
    }
    door.store.hold_commits(false);
    for push in under_way {
        push.await.unwrap().unwrap();
    }
    assert!(
        door.push(event("high", "a")).await.is_ok(),
        "their places are free again"
    );
}

#[tokio::test(start_paused = true)]
async fn the_bodies_under_way_have_a_greatest_size_together() {
    let door = Door::new();
    door.store.hold_commits(true);
    let count = PUSHES_BYTES_MAX / PUSH_BODY_BYTES_MAX;
    let start = |_| {
        let intake = Arc::clone(&door.intake);
        tokio::spawn(async move { intake.push(plain(padded(PUSH_BODY_BYTES_MAX))).await })
    };
    let under_way: Vec<_> = (0..count).map(start).collect();
    while door.store.commits_waiting() < count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for body in [event("high", "a"), "x".repeat(PUSH_BODY_BYTES_MAX)] {
        for _ in 0..count * 9 {
            let error = door.push(body.clone()).await.unwrap_err();
            assert!(matches!(error, PushError::Busy { .. }), "{error:?}");
        }
    }
    door.store.hold_commits(false);
    for push in under_way {
        push.await.unwrap().unwrap();
    }
}
