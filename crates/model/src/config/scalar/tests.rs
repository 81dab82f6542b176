use super::*;

fn misfit<T: FromScalar>(text: &str) -> String {
    match T::from_scalar(text) {
        Ok(_) => "taken".to_owned(),
        Err(misfit) => misfit.message.unwrap_or_else(|| "kind".to_owned()),
    }
}

#[test]
fn sizes_have_a_binary_unit() {
    for (text, expected) in [
        ("0B", 0),
        ("512B", 512),
        ("1KiB", 1 << 10),
        ("64MiB", 64 << 20),
        ("2GiB", 2 << 30),
    ] {
        assert_eq!(
            ByteSize::from_scalar(text),
            Ok(ByteSize(expected)),
            "{text}"
        );
    }
    for text in ["", "64", "64MB", "64 MiB", "MiB", "-1B", "1.5GiB", "64mib"] {
        assert_eq!(misfit::<ByteSize>(text), "kind", "{text}");
    }
    assert_eq!(
        misfit::<ByteSize>("17179869184GiB"),
        "is too large: \"17179869184GiB\""
    );
    assert!(ByteSize::from_scalar("17179869183GiB").is_ok());
}

#[test]
fn whole_numbers_are_digits_only() {
    assert_eq!(u32::from_scalar("4294967295"), Ok(u32::MAX));
    assert_eq!(misfit::<u32>("4294967296"), "is too large: \"4294967296\"");
    assert_eq!(u64::from_scalar("18446744073709551615"), Ok(u64::MAX));
    assert_eq!(
        misfit::<u64>("18446744073709551616"),
        "is too large: \"18446744073709551616\""
    );
    for text in ["", "-1", "+1", "1_000", "0x10", "1.0", " 1", "ten"] {
        assert_eq!(misfit::<u32>(text), "kind", "{text}");
    }
}

#[test]
fn truth_is_written_in_one_way() {
    assert_eq!(bool::from_scalar("true"), Ok(true));
    assert_eq!(bool::from_scalar("false"), Ok(false));
    for text in ["yes", "on", "True", "1", ""] {
        assert_eq!(misfit::<bool>(text), "kind", "{text}");
    }
}

#[test]
fn texts_are_one_line_and_not_empty() {
    assert_eq!(String::from_scalar("a b"), Ok("a b".to_owned()));
    assert_eq!(misfit::<String>(""), "is empty");
    assert_eq!(misfit::<String>("a\nb"), "kind");
    assert_eq!(misfit::<PathBuf>(""), "kind");
    assert_eq!(misfit::<PathBuf>("a\0b"), "kind");
    assert_eq!(misfit::<PathBuf>("a/b c.db"), "taken");
}

#[test]
fn addresses_are_not_names() {
    assert_eq!(misfit::<SocketAddr>("127.0.0.1:8000"), "taken");
    assert_eq!(misfit::<SocketAddr>("[::1]:8000"), "taken");
    for text in ["localhost:8000", "8000", "127.0.0.1", "127.0.0.1:70000"] {
        assert_eq!(misfit::<SocketAddr>(text), "kind", "{text}");
    }
    assert_eq!(misfit::<Network>("10.0.0.0/8"), "taken");
    assert_eq!(misfit::<Network>("10.0.0.0/33"), "kind");
}

#[test]
fn a_literal_secret_is_refused_and_not_repeated() {
    assert_eq!(
        SecretRef::from_scalar("env:TOKEN"),
        Ok(SecretRef::Env("TOKEN".to_owned()))
    );
    assert_eq!(misfit::<SecretRef>("file:/run/secrets/token"), "taken");
    for text in ["hunter2", "", "env:", "http://x"] {
        let refused = SecretRef::from_scalar(text).unwrap_err();
        assert!(refused.secret, "{text}");
        assert_eq!(
            refused.message.as_deref(),
            Some("is not a reference to a secret"),
            "{text}"
        );
    }
    for text in ["env:hunter 2", "env:$TOKEN", "env:2X"] {
        let refused = SecretRef::from_scalar(text).unwrap_err();
        assert!(refused.secret, "{text}");
        assert_eq!(
            refused.message.as_deref(),
            Some("does not name an environment variable after env:"),
            "{text}"
        );
    }
}

#[test]
fn amounts_are_shown_in_the_largest_unit_that_divides_them() {
    assert_eq!(Duration::from_hours(168).show(), "7d");
    assert_eq!(Duration::from_secs(90).show(), "90s");
    assert_eq!(Duration::from_mins(90).show(), "90m");
    assert_eq!(Duration::from_millis(250).show(), "250ms");
    assert_eq!(Duration::ZERO.show(), "0ms");
    assert_eq!(ByteSize(1 << 30).show(), "1GiB");
    assert_eq!(ByteSize(1_000).show(), "1000B");
}

#[test]
fn a_repeated_value_is_escaped_and_cut() {
    assert_eq!(quote("a\"b\u{1b}"), r#""a\"b\u{1b}""#);
    assert_eq!(quote(&"é".repeat(60)), format!("\"{}\"", "é".repeat(60)));
    assert_eq!(quote(&"é".repeat(61)), format!("\"{}\"...", "é".repeat(60)));
}
