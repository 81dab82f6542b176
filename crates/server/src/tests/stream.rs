//! `GET /api/v1/stream`.

use axum::body::Body;
use axum::http::Request;
use cresset_model::ports::{LiveEvent, Pulse};
use cresset_model::query::SeverityCounts;
use cresset_model::{Severity, SourceId};
use tower::ServiceExt as _;

use super::fixture::{Fake, ask, get};
use crate::Bounds;

fn pulse(position: u64) -> LiveEvent {
    let mut new = SeverityCounts::default();
    new.add(Severity::High, 2);
    LiveEvent::Pulse(Pulse {
        position,
        new,
        changed: 1,
        sources: vec![SourceId::new("mock")],
    })
}

fn written(position: u64) -> String {
    let severities = r#"{"critical":0,"high":2,"medium":0,"low":0,"info":0,"unknown":0}"#;
    format!(
        "id: {position}\nevent: pulse\ndata: {{\"position\":{position},\"new\":2,\
         \"severities\":{severities},\"changed\":1,\"sources\":[\"mock\"]}}\n\n"
    )
}

#[tokio::test]
async fn events_are_written_with_their_positions_and_resumed_from_them() {
    let fake = Fake::new();
    *fake.events.lock().unwrap() = vec![pulse(7), pulse(9), LiveEvent::Reload(9)];
    let router = fake.router();
    let answer = get(&router, "/api/v1/stream").await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("cache-control"), "no-store");
    let reload = "id: 9\nevent: reload\ndata: {}\n\n";
    let expected = format!("retry: 2000\n\n{}{}{reload}", written(7), written(9));
    assert_eq!(answer.body, expected);
    for (last, expected) in [
        ("7", format!("{}{reload}", written(9))),
        ("x", reload.to_owned()),
    ] {
        let header = format!("last-event-id: {last}");
        let answer = ask(&router, "GET /api/v1/stream", &[&header], "").await;
        assert_eq!(answer.body, format!("retry: 2000\n\n{expected}"), "{last}");
    }
}

#[tokio::test]
async fn only_so_many_listen_and_a_place_becomes_free() {
    let fake = Fake::new();
    let router = fake.router();
    let request = |path: &str| {
        Request::get(path)
            .header("host", "127.0.0.1:8000")
            .body(Body::empty())
            .unwrap()
    };
    let mut listening = Vec::new();
    let paths = ["/api/v1/stream", "/ui/live"];
    for path in paths.iter().cycle().take(Bounds::default().viewers_max) {
        let answer = router.clone().oneshot(request(path)).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        listening.push(answer);
    }
    for path in paths.iter().cycle().take(1_000) {
        let refused = get(&router, path).await;
        assert_eq!(refused.status, 429, "{path}");
        assert_eq!(refused.header("retry-after"), "15");
    }
    for path in paths {
        listening.pop();
        let answer = router.clone().oneshot(request(path)).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
}
