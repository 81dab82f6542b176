//! `GET /api/v1/alerts/export`.

use axum::body::Body;
use axum::http::Request;
use cresset_model::ports::PortError;
use futures_util::StreamExt as _;
use tower::ServiceExt as _;

use super::fixture::{Fake, get, row};

fn fake(rows: u64) -> std::sync::Arc<Fake> {
    Fake::with_rows((1..=rows).rev().map(row).collect())
}

#[tokio::test]
async fn an_export_is_what_the_filter_takes_and_all_of_it() {
    let fake = fake(2_600);
    {
        let mut rows = fake.rows.lock().unwrap();
        rows.iter_mut()
            .filter(|row| row.seq % 2 == 0)
            .for_each(|row| row.country = Some("CH".to_owned()));
    }
    let router = fake.router();
    let answer = get(&router, "/api/v1/alerts/export?country=CH").await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"alerts.ndjson\""
    );
    let ids: Vec<String> = answer
        .body
        .lines()
        .map(|line| {
            let item: serde_json::Value = serde_json::from_str(line).unwrap();
            item["upstream_id"].as_str().unwrap().to_owned()
        })
        .collect();
    let expected: Vec<String> = (1..=1_300)
        .rev()
        .map(|half| row(half * 2).upstream_id)
        .collect();
    assert_eq!(ids, expected);
    let nothing = get(&router, "/api/v1/alerts/export?country=XX").await;
    assert_eq!((nothing.status, nothing.body.as_str()), (200, ""));
}

#[tokio::test]
async fn a_table_is_safe_for_spreadsheets() {
    let fake = fake(1);
    {
        let mut rows = fake.rows.lock().unwrap();
        rows[0].description = " =HYPERLINK(\"http://evil\")\nx".to_owned();
        rows[0].user = Some("\u{feff}@x".to_owned());
        rows[0].country = None;
    }
    let router = fake.router();
    let answer = get(&router, "/api/v1/alerts/export?format=csv").await;
    assert_eq!(
        answer.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    let expected = "id,pipeline,source,upstream_id,severity,title,description,src_ip,dst_ip,created_at,\
ingested_at,updated_at,country,user,revision\r\n\
\"00000000000000000000000001\",\"mock\",\"api_gateway\",\"alert-1795426101-1\",\"high\",\"\",\
\"' =HYPERLINK(\"\"http://evil\"\")\nx\",\"192.168.232.169\",\"65.228.219.209\",\
\"2026-11-23T09:28:21.382794Z\",\"2026-11-23T09:29:00Z\",\"2026-11-23T09:29:00.500Z\",\"\",\
\"'\u{feff}@x\",2\r\n";
    assert_eq!(
        answer
            .body
            .replace(".5Z", ".500Z")
            .replace(".500000Z", ".500Z"),
        expected
    );
    let none = get(&router, "/api/v1/alerts/export?format=csv&country=XX").await;
    assert_eq!(none.body.lines().count(), 1, "the head alone");
}

#[tokio::test]
async fn an_export_that_fails_midway_breaks_off() {
    let fake = fake(5_000);
    let request = Request::get("/api/v1/alerts/export")
        .header("host", "127.0.0.1:8000")
        .body(Body::empty())
        .unwrap();
    let response = fake.router().oneshot(request).await.unwrap();
    let mut body = response.into_body().into_data_stream();
    let first = body.next().await.unwrap().unwrap();
    let lines = String::from_utf8_lossy(&first).lines().count();
    assert_eq!(lines, 500, "only a page is held");
    *fake.fault.lock().unwrap() = Some(PortError::transient("down"));
    let mut broke_off = false;
    while let Some(piece) = body.next().await {
        broke_off |= piece.is_err();
        if broke_off {
            break;
        }
    }
    assert!(broke_off);
}
