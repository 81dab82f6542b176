use super::*;

fn check(text: &str, expected: &Indicator) {
    assert_eq!(parse_entry(text).as_ref(), Ok(expected), "{text}");
}

fn refused(text: &str, message: &str) {
    let got = parse_entry(text).map_err(|error| error.to_string());
    assert_eq!(got, Err(message.to_owned()), "{text}");
}

fn address(text: &str) -> Indicator {
    Indicator::Address(text.parse().unwrap())
}

fn domain(text: &str) -> Indicator {
    Indicator::Domain(text.to_owned())
}

fn url(text: &str) -> Indicator {
    Indicator::Url(text.to_owned())
}

#[test]
fn every_kind_of_entry_is_read() {
    check("192.0.2.1", &address("192.0.2.1"));
    check(" 2001:DB8::1\r", &address("2001:db8::1"));
    check("::ffff:192.0.2.1", &address("192.0.2.1"));
    check("192.0.2.1/32", &address("192.0.2.1"));
    check("2001:db8::1/128", &address("2001:db8::1"));
    check("::ffff:192.0.2.1/128", &address("192.0.2.1"));
    let network = |text| Indicator::Network(Network::parse(text).unwrap());
    check("203.0.113.7/24", &network("203.0.113.0/24"));
    check("2001:db8::/32", &network("2001:db8::/32"));
    check("::ffff:203.0.113.0/120", &network("203.0.113.0/24"));
    check("Evil.Example.", &domain("evil.example"));
    check("*.evil.example", &domain("evil.example"));
    check(".evil.example", &domain("evil.example"));
    check(
        "_dmarc.xn--vil-9la.example",
        &domain("_dmarc.xn--vil-9la.example"),
    );
    check("HTTP://Evil.Example:80", &url("http://evil.example/"));
    for digits in [32, 40, 64] {
        let hash = "A1".repeat(digits / 2);
        check(&hash, &Indicator::FileHash(hash.to_lowercase()));
    }
}

#[test]
fn defanged_forms_are_understood() {
    for text in [
        "1[.]2.3[.]4",
        "1(.)2(.)3(.)4",
        "1[dot]2(DOT)3{.}4",
        "1{dot}2.3.4",
    ] {
        check(text, &address("1.2.3.4"));
    }
    check("evil[.]example", &domain("evil.example"));
    for text in [
        "hxxp://evil.example/a",
        "hXXp[:]//evil[.]example/a",
        "hxxp[://]evil(dot)example[/]a",
        "h**p://evil.example/a",
    ] {
        check(text, &url("http://evil.example/a"));
    }
    check("hxxps://evil.example/", &url("https://evil.example/"));
    check("fxp://evil.example/", &url("ftp://evil.example/"));
    // A name that only begins like a defanged scheme, and brackets that mean something.
    check("hxxp.example", &domain("hxxp.example"));
    check("http://[2001:db8::1]/", &url("http://[2001:db8::1]/"));
}

#[test]
fn what_is_no_entry_is_refused_with_the_reason() {
    refused("  \t", "the entry is empty");
    refused(
        &"a".repeat(ENTRY_BYTES_MAX + 1),
        "the entry has 2049 bytes, the limit is 2048",
    );
    refused(
        "192.0.2.1:443",
        "`192.0.2.1:443` is an address with a port: give the address alone",
    );
    refused(
        "[2001:db8::1]:443",
        "`[2001:db8::1]:443` is an address with a port: give the address alone",
    );
    for every in ["0.0.0.0/0", "::/0"] {
        refused(
            every,
            &format!("`{every}` holds every address: a longer prefix is expected"),
        );
    }
    refused(
        "com",
        "`com` is a single label: a domain of at least two labels is expected",
    );
    refused(
        "évil.example",
        "`évil.example` has letters beyond ASCII: write the domain in its ASCII form, `xn--...`",
    );
    refused(
        "http://",
        "`http://` is not a URL: a scheme, `://` and a host are expected",
    );
    refused(
        "evil.example/login",
        "`evil.example/login` has a path and no scheme: write the URL with `http://` or `https://`",
    );
    for text in [
        "256.1.1.1",
        "1.2.3",
        "192.0.2.1/33",
        "192.0.2.1-192.0.2.9",
        "evil..example",
        "no entry",
        "# comment",
        "deadbeef!",
        "12345",
    ] {
        refused(
            text,
            &format!(
                "`{text}` is no address, network, domain, URL or file hash (MD5, SHA-1, SHA-256 in \
                 hexadecimal)"
            ),
        );
    }
    let long = format!("{}\u{7} and more {}", "x".repeat(40), "y".repeat(100));
    let shown = format!("{}\u{fffd} and more {}...", "x".repeat(40), "y".repeat(9));
    assert!(parse_entry(&long).unwrap_err().to_string().contains(&shown));
}

#[test]
fn names_hold_at_their_limits() {
    let label = "a".repeat(LABEL_BYTES_MAX);
    let longest = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    assert_eq!(longest.len(), DOMAIN_BYTES_MAX);
    check(&longest, &domain(&longest));
    assert!(parse_entry(&format!("{longest}b")).is_err());
    assert!(parse_entry(&format!("a{label}.example")).is_err());
    let path = "p".repeat(ENTRY_BYTES_MAX - "http://e.example/".len());
    let text = format!("http://e.example/{path}");
    check(&text, &url(&text));
    // What is escaped counts with its escapes, or its own canonical form would be refused.
    let escaped = format!("http://e.example/{}\u{1}", &path[1..]);
    refused(&escaped, "the entry has 2050 bytes, the limit is 2048");
}

#[test]
fn an_entry_reads_back_from_its_canonical_form() {
    for text in [
        "1.2.3.4",
        "::1",
        "10.0.0.0/8",
        "2001:db8::/32",
        "evil.example",
        "http://e/x",
    ] {
        let entry = parse_entry(text).unwrap();
        assert_eq!(entry.to_string(), text);
        check(&entry.to_string(), &entry);
    }
}
