use super::*;

#[track_caller]
fn check(text: &str, expected: Result<&str, UrlFault>) {
    let place = HttpUrl::parse(text).map(|url| url.host_port().to_string());
    assert_eq!(place.as_deref().map_err(|fault| *fault), expected, "{text}");
}

#[test]
fn usable_addresses_name_host_and_port() {
    check("http://example.com", Ok("example.com:80"));
    check("HTTPS://Example.COM/a?b=c", Ok("example.com:443"));
    check("http://127.0.0.1:8001/alerts", Ok("127.0.0.1:8001"));
    check("http://[2001:DB8::1]:8/", Ok("[2001:db8::1]:8"));
    check("http://[::1]", Ok("[::1]:80"));
    check("http://mock-api:8000/alerts", Ok("mock-api:8000"));
    check("http://example.com?x=a@b", Ok("example.com:80"));
}

#[test]
fn everything_else_has_a_reason() {
    for text in [
        "",
        "example.com",
        "ftp://a/",
        "//a/",
        "http:/a",
        "127.0.0.1:8001/alerts",
    ] {
        check(text, Err(UrlFault::Scheme));
    }
    for text in ["http://u@h/", "http://u:p@h/", "https://:p@h:1/"] {
        check(text, Err(UrlFault::Credentials));
    }
    for text in [
        "http://",
        "http:///x",
        "http://:80/",
        "http://a..b/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://[127.0.0.1]/",
        "http://a,b/",
    ] {
        check(text, Err(UrlFault::Host));
    }
    for text in [
        "http://a:/",
        "http://a:0/",
        "http://a:65536/",
        "http://a:x/",
        "http://a:1:2/",
    ] {
        check(text, Err(UrlFault::Port));
    }
    check("http://a/#b", Err(UrlFault::Fragment));
    for text in [
        "http://a/b c",
        "http://a/\u{e4}",
        "http://a\\b/",
        "http://a/\n",
    ] {
        check(text, Err(UrlFault::Character));
    }
    check(&format!("http://{}/", "a".repeat(64)), Err(UrlFault::Host));
}

#[test]
fn private_addresses_are_known_by_their_text() {
    for (text, private) in [
        ("127.0.0.1:1", true),
        ("10.0.0.1:1", true),
        ("169.254.169.254:80", true),
        ("[::1]:1", true),
        ("[::ffff:127.0.0.1]:1", true),
        ("localhost:1", true),
        ("a.localhost:1", true),
        ("8.8.8.8:53", false),
        ("example.com:443", false),
    ] {
        assert_eq!(
            HostPort::parse(text).unwrap().is_private(),
            private,
            "{text}"
        );
    }
    for text in ["localhost", "8001", "a:0", ":1", "a b:1", ""] {
        assert_eq!(HostPort::parse(text), None, "{text}");
    }
}

#[test]
fn a_parameter_is_found_whole() {
    let url = HttpUrl::parse("http://a/?x=1&since=2&flag").unwrap();
    assert!(url.has_parameter("since") && url.has_parameter("flag"));
    assert!(!url.has_parameter("sinc") && !url.has_parameter("2"));
}
