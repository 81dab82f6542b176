//! `/api/v1/receivers` and `/api/v1/config/reload`.

use cresset_model::ports::{PortError, ReloadRefused, ReloadReport};

use super::fixture::{Fake, ask, get, receiver};

#[tokio::test]
async fn receivers_are_listed_without_secrets() {
    let fake = Fake::new();
    *fake.told.receivers.lock().unwrap() = vec![receiver("soc")];
    let answer = get(&fake.router(), "/api/v1/receivers").await;
    let expected = r#"{"items":[{"name":"soc","notifiers":[{"kind":"console","endpoint":"stderr"},{"kind":"webhook","endpoint":"https://hooks.example"}]}],"next":null}"#;
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
}

#[tokio::test]
async fn a_test_says_which_notifiers_delivered() {
    let fake = Fake::new();
    *fake.told.receivers.lock().unwrap() = vec![receiver("soc")];
    let router = fake.router();
    let line = "POST /api/v1/receivers/soc/test";
    let answer = ask(&router, line, &[], "").await;
    let expected = r#"{"receiver":"soc","results":[{"notifier":"soc/0","error":null},{"notifier":"soc/1","error":null}]}"#;
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
    *fake.told.second.lock().unwrap() = Err(PortError::transient("HTTP 500 from hooks.example"));
    let answer = ask(&router, line, &[], "").await;
    let expected = r#"{"type":"/problems/receiver-failed","title":"A notifier did not deliver","status":502,"detail":"soc/1: HTTP 500 from hooks.example","instance":"/api/v1/receivers/soc/test","errors":[{"detail":"soc/1: HTTP 500 from hooks.example"}]}"#;
    assert_eq!((answer.status, answer.body.as_str()), (502, expected));
    let answer = ask(&router, "POST /api/v1/receivers/nope/test", &[], "").await;
    let text = "no receiver has the name `nope`; /api/v1/receivers lists those there are";
    assert_eq!(
        (answer.status, &answer.json()["detail"]),
        (404, &text.into())
    );
}

#[tokio::test]
async fn a_reload_says_what_changed_or_why_nothing_did() {
    let fake = Fake::new();
    let router = fake.router();
    let line = "POST /api/v1/config/reload";
    let texts = |texts: &[&str]| -> Vec<String> { texts.iter().map(ToString::to_string).collect() };
    let answer = ask(&router, line, &[], "").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"changed":[]}"#)
    );
    *fake.told.reloaded.lock().unwrap() = Ok(ReloadReport {
        changed: texts(&["route", "receivers"]),
    });
    let answer = ask(&router, line, &[], "").await;
    assert_eq!(answer.body, r#"{"changed":["route","receivers"]}"#);
    let needs_restart = texts(&["store: the store is opened once", "limits: made room"]);
    let faults = texts(&["line 3: unknown key `rute`"]);
    for (faults, status, kind, detail, errors) in [
        (
            vec![],
            409,
            "needs-restart",
            "store: the store is opened once; limits: made room",
            2,
        ),
        (
            faults,
            422,
            "invalid-configuration",
            "line 3: unknown key `rute`",
            1,
        ),
    ] {
        *fake.told.reloaded.lock().unwrap() = Err(ReloadRefused {
            needs_restart: needs_restart.clone(),
            faults,
        });
        let answer = ask(&router, line, &[], "").await;
        let body = answer.json();
        assert_eq!(answer.status, status);
        assert_eq!(body["type"], format!("/problems/{kind}"));
        assert_eq!(body["detail"], detail);
        assert_eq!(body["errors"].as_array().unwrap().len(), errors);
    }
}
