//! Pages that name the next one, and pages that need not come again.

use cresset_model::ports::{Answer, PLACE_BYTES_MAX, Validator};
use cresset_model::source::PagePlace;

use super::*;

fn with_link(target: &str) -> Vec<u8> {
    answer(&format!("link: <{target}>; rel=\"next\"\r\n"), b"[]")
}

fn by_link(server: &Server) -> HttpPollConfig {
    HttpPollConfig {
        paging: Paging::Link,
        ..server.config()
    }
}

fn at_place(name: &str) -> Ask {
    Ask {
        place: Some(PagePlace::new(name)),
        ..Ask::since(instant(SINCE))
    }
}

async fn ask(config: HttpPollConfig, ask: Ask) -> Answer {
    poll(config).get(ask).await.unwrap()
}

async fn refused(config: HttpPollConfig, ask: Ask) -> String {
    let error = poll(config).get(ask).await.err().unwrap();
    assert!(!error.transient);
    error.message
}

#[tokio::test]
async fn the_link_to_the_next_page_is_resolved_and_followed_as_it_is() {
    let server = Server::start(with_link("?page=2&x=%2F"), End::Hold).await;
    let next = ask(by_link(&server), Ask::since(instant(SINCE))).await.next;
    let place = next.unwrap().unwrap();
    assert_eq!(place.as_str(), format!("{}?page=2&x=%2F", server.url()));
    let mut config = by_link(&server);
    config.auth = Some(Auth::Bearer(Secret::new("s3cret".to_owned())));
    ask(config, at_place(place.as_str())).await;
    let request = server.request();
    assert!(
        request.starts_with("GET /alerts?page=2&x=%2F HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("authorization: Bearer s3cret\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn without_paging_by_link_none_is_looked_at() {
    let server = Server::start(with_link("http://evil.test/"), End::Hold).await;
    let next = ask(server.config(), Ask::since(instant(SINCE))).await.next;
    assert_eq!(next, Ok(None));
}

/// To break it: compare hosts alone, or not at all.
#[tokio::test]
async fn a_link_to_another_place_is_refused_and_the_page_is_still_read() {
    for (target, origin) in [
        ("https://127.0.0.1/x", "https://127.0.0.1"),
        ("http://127.0.0.1:9/latest", "http://127.0.0.1:9"),
        (
            "http://169.254.169.254/latest/meta-data",
            "http://169.254.169.254",
        ),
        ("//evil.test/", "http://evil.test"),
        ("file:///etc/passwd", "null"),
    ] {
        let server = Server::start(with_link(target), End::Hold).await;
        let answer = ask(by_link(&server), Ask::since(instant(SINCE))).await;
        let shown = format!("{}?since={SINCE_SENT}", server.url());
        let expected = error(
            format!(
                "the `Link` to the next page of '{shown}' leads to {origin}, which has not the scheme, host \
                 and port of `url`: nothing was followed"
            ),
            false,
        );
        assert_eq!(answer.next, Err(expected));
        let piece = answer.body.unwrap().next().await.unwrap();
        assert_eq!(piece.as_deref(), Some(&b"[]"[..]));
        assert_eq!(server.requests.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_link_that_is_too_long_is_refused() {
    let long = format!("/{}", "x".repeat(PLACE_BYTES_MAX));
    let server = Server::start(with_link(&long), End::Hold).await;
    let next = ask(by_link(&server), Ask::since(instant(SINCE))).await.next;
    let message = next.unwrap_err().message;
    assert!(message.contains("is longer than 8192 bytes"), "{message}");
}

/// The address of a source may have been changed since the round was stored.
#[tokio::test]
async fn a_stored_place_of_another_origin_is_never_asked() {
    let server = Server::start(answer("", b"[]"), End::Hold).await;
    for place in [
        "http://evil.test/alerts",
        "no address",
        "a cursor of former settings",
    ] {
        for paging in [Paging::Link, Paging::Since] {
            let config = HttpPollConfig {
                paging,
                ..server.config()
            };
            let message = refused(config, at_place(place)).await;
            let expected = format!("the next page that was stored is none of {}", server.url());
            assert_eq!(message, expected);
        }
    }
    assert!(server.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_cursor_is_sent_back_beside_the_instant_and_not_shown() {
    let server = Server::start(status("410 Gone", ""), End::Close).await;
    let config = || HttpPollConfig {
        paging: Paging::Cursor {
            parameter: "after".to_owned(),
        },
        ..server.config()
    };
    let message = refused(config(), at_place("a b&c=d/\u{e9}")).await;
    let request = server.request();
    let expected =
        format!("GET /alerts?since={SINCE_SENT}&after=a%20b%26c%3Dd%2F%C3%A9 HTTP/1.1\r\n");
    assert!(request.starts_with(&expected), "{request}");
    let shown = format!("{}?since={SINCE_SENT}&after=***", server.url());
    assert_eq!(
        message,
        format!("Client error '410 Gone' for url '{shown}'")
    );
}

#[tokio::test]
async fn the_parameter_of_the_cursor_is_no_others() {
    let server = Server::start(answer("", b"[]"), End::Hold).await;
    for parameter in ["", "since", "tenant"] {
        let mut config = server.config();
        config.url.push_str("?tenant=5");
        config.paging = Paging::Cursor {
            parameter: parameter.to_owned(),
        };
        let error = HttpPoll::new(config, Arc::new(FixedClock)).err().unwrap();
        let expected =
            format!("the parameter of the cursor must have a name of its own, not `{parameter}`");
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_page_that_has_not_changed_has_no_body() {
    let server = Server::start(status("304 Not Modified", ""), End::Close).await;
    let known = |mark: &str| Ask {
        known: Some(Validator(mark.to_owned())),
        ..Ask::since(instant(SINCE))
    };
    for (mark, header) in [
        ("\"a\"", "if-none-match: \"a\"\r\n"),
        (
            "Mon, 23 Nov 2026 08:00:00 GMT",
            "if-modified-since: Mon, 23 Nov 2026 08:00:00 GMT\r\n",
        ),
    ] {
        let answer = ask(server.config(), known(mark)).await;
        assert!(answer.body.is_none());
        assert_eq!(answer.validator, Some(Validator(mark.to_owned())));
        assert!(server.request().contains(header), "{}", server.request());
    }
    // Who was not asked by a mark has no reason to say so.
    let error = poll(server.config()).get(Ask::since(instant(SINCE))).await;
    assert_eq!(error.err().unwrap().status, Some(304));
    assert!(!server.request().contains("if-"), "{}", server.request());
}

#[tokio::test]
async fn an_answer_says_what_marks_it() {
    let server = Server::start(answer("etag: \"x\"\r\n", b"[]"), End::Hold).await;
    let validator = ask(server.config(), Ask::since(instant(SINCE)))
        .await
        .validator;
    assert_eq!(validator, Some(Validator("\"x\"".to_owned())));
}
