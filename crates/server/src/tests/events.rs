//! `/api/v1/events`.

use std::time::Duration;

use cresset_model::batch::Reason;
use cresset_model::ports::{Encoding, PushError, PushReceipt, RecordFaultAt};
use cresset_model::source::Counters;

use super::fixture::{Fake, ask};

const LINE: &str = "POST /api/v1/events/mock";

#[tokio::test]
async fn a_push_is_answered_with_what_became_of_each_record() {
    let fake = Fake::new();
    let counts = Counters {
        read: 9,
        new: 3,
        changed: 1,
        same: 1,
        passed: 2,
        filtered: 1,
        dead: 1,
        ..Counters::default()
    };
    let receipt = PushReceipt {
        counts,
        faults: vec![RecordFaultAt {
            index: 4,
            reason: Reason::MissingField,
            detail: "`severity` is missing".to_owned(),
        }],
        replayed: false,
    };
    *fake.told.receipt.lock().unwrap() = Ok(receipt.clone());
    let router = fake.router();
    let headers = [
        "content-type: application/x-www-form-urlencoded",
        "content-encoding: zstd",
        "idempotency-key: batch-7",
    ];
    let answer = ask(&router, LINE, &headers, "{}\n{}").await;
    let expected = r#"{"read":9,"new":3,"changed":1,"same":1,"passed":2,"filtered":1,"dead":1,"errors":[{"index":4,"reason":"missing_field","detail":"`severity` is missing"}]}"#;
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("idempotency-replayed"), "");
    let pushed = fake.told.pushed.lock().unwrap().clone();
    assert_eq!(pushed.len(), 1);
    assert_eq!(pushed[0].source.as_str(), "mock");
    assert_eq!(&pushed[0].body[..], b"{}\n{}");
    assert_eq!(pushed[0].encoding, Encoding::Zstd);
    assert_eq!(pushed[0].key.as_deref(), Some("batch-7"));
    *fake.told.receipt.lock().unwrap() = Ok(PushReceipt {
        replayed: true,
        ..receipt
    });
    let answer = ask(&router, LINE, &[], "{}").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
    assert_eq!(answer.header("idempotency-replayed"), "true");
    assert_eq!(fake.told.pushed.lock().unwrap()[1].key, None);
}

#[tokio::test]
async fn a_push_has_at_most_eight_mebibytes() {
    let fake = Fake::new();
    let router = fake.router();
    let most = 8 << 20;
    assert_eq!(ask(&router, LINE, &[], " ".repeat(most)).await.status, 200);
    let text = "The body is larger than 8388608 bytes";
    let answer = ask(&router, LINE, &[], " ".repeat(most + 1)).await;
    assert_eq!(
        (answer.status, &answer.json()["detail"]),
        (413, &text.into())
    );
    let declared = ask(&router, LINE, &["content-length: 8388609"], "").await;
    assert_eq!(
        (declared.status, &declared.json()["detail"]),
        (413, &text.into())
    );
    let declared = ask(&router, LINE, &["content-length: 8388608"], "").await;
    assert_eq!(declared.status, 200);
    assert_eq!(fake.told.pushed.lock().unwrap().len(), 2);
    let other = "POST /api/v1/deliveries/retry";
    let answer = ask(&router, other, &["content-length: 65537"], "").await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_push_with_unusable_headers_is_refused_unread() {
    let fake = Fake::new();
    let router = fake.router();
    for (header, status, kind) in [
        (
            "content-type: multipart/form-data; boundary=x",
            415,
            "unsupported-media-type",
        ),
        ("content-encoding: br", 415, "unsupported-media-type"),
        ("idempotency-key: a b", 422, "invalid-header"),
        ("origin: http://evil.example", 403, "forbidden"),
    ] {
        let answer = ask(&router, LINE, &[header], "{}").await;
        assert_eq!(answer.status, status, "{header}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["type"], format!("/problems/{kind}"));
    }
    assert!(fake.told.pushed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn each_refusal_of_a_push_has_its_status() {
    let fake = Fake::new();
    let router = fake.router();
    let after = Duration::from_millis(2_900);
    for (error, status, kind, detail, retry_after) in [
        (
            PushError::TooLarge {
                bytes_max: 9,
                when: ", unpacked",
            },
            413,
            "too-large",
            "the body is larger than 9 bytes, unpacked",
            "",
        ),
        (
            PushError::Malformed("byte 3 is no JSON".to_owned()),
            422,
            "invalid-body",
            "byte 3 is no JSON",
            "",
        ),
        (
            PushError::KeyReused,
            422,
            "key-reused",
            "the Idempotency-Key was used before with another body",
            "",
        ),
        (
            PushError::KeyBusy,
            409,
            "conflict",
            "a push with the same Idempotency-Key is under way",
            "1",
        ),
        (
            PushError::Busy { after },
            429,
            "too-many-requests",
            "too many pushes are under way",
            "2",
        ),
        (
            PushError::Unavailable {
                message: "secret/path: disk I/O error".to_owned(),
                after,
            },
            503,
            "unavailable",
            "The push cannot be confirmed now; some of it may be stored, and a repeat counts that as same. Send it again in 2 s",
            "2",
        ),
    ] {
        *fake.told.receipt.lock().unwrap() = Err(error);
        let answer = ask(&router, LINE, &[], "{}").await;
        assert_eq!(answer.status, status);
        let body = answer.json();
        assert_eq!(body["type"], format!("/problems/{kind}"));
        assert_eq!(body["detail"], detail);
        assert_eq!(answer.header("retry-after"), retry_after, "{detail}");
    }
    let answer = ask(&router, "POST /api/v1/events/other", &[], "{}").await;
    assert_eq!(answer.status, 404);
    let text = "there is no source `other` that takes pushes";
    assert_eq!(answer.json()["detail"], text);
}

#[tokio::test]
async fn only_so_many_bodies_are_held_at_once() {
    use crate::services::{PUSH_KIB_MIN, PUSHES_KIB_MAX};
    use axum::body::Body;
    use futures_util::{FutureExt as _, stream};

    let fake = Fake::new();
    let router = fake.router();
    let slow = || Body::from_stream(stream::pending::<std::io::Result<bytes::Bytes>>());
    // Each may become as long as any; one that says how long it is takes no more than that.
    let longest = crate::reply::PUSH.bytes_max >> 10;
    let mut held: Vec<_> = (0..PUSHES_KIB_MAX / longest)
        .map(|_| Box::pin(ask(&router, LINE, &[], slow())))
        .collect();
    for push in &mut held {
        assert!(push.as_mut().now_or_never().is_none());
    }
    let answer = ask(&router, LINE, &[], "{}").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "1"));
    drop(held.pop());
    let short = longest / PUSH_KIB_MIN as usize;
    let mut many: Vec<_> = (0..short)
        .map(|_| Box::pin(ask(&router, LINE, &["content-length: 2"], slow())))
        .collect();
    for push in &mut many {
        assert!(push.as_mut().now_or_never().is_none());
    }
    let answer = ask(&router, LINE, &["content-length: 2"], "{}").await;
    assert_eq!(answer.status, 429);
    drop(many.pop());
    let answer = ask(&router, LINE, &["content-length: 2"], "{}").await;
    assert_eq!(answer.status, 200);
}
