use super::super::receivers::NotifierConfig;
use super::super::tests::{check_end, loaded, minimal_with};
use super::*;

/// The keys stand in line 10 after column 26.
fn end(keys: &str) -> String {
    format!("route: {{ receiver: soc }}\nreceivers:\n  - {{ name: soc, smtp: {{ {keys} }} }}\n")
}

fn read(keys: &str) -> SmtpConfig {
    let mut config = loaded(&minimal_with(&end(keys)), &[]);
    match config.receivers.remove(0).notifiers.remove(0) {
        NotifierConfig::Smtp(smtp) => *smtp,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check_smtp(keys: &str, expected: &[&str]) {
    check_end(&end(keys), expected);
}

const ADDRESSES: &str = "from: a@b.example, to: [ c@d.example ]";

#[test]
fn the_port_follows_from_the_security() {
    for (security, port) in [
        ("", 587),
        (", security: starttls", 587),
        (", security: tls", 465),
        (", security: none", 25),
        (", security: tls, port: 2465", 2465),
    ] {
        let smtp = read(&format!("host: localhost{security}, {ADDRESSES}"));
        assert_eq!(smtp.server.port, port, "{security}");
    }
}

#[test]
fn every_key_is_read() {
    assert_eq!(
        read(
            "host: SMTP.example.com, port: 25, security: starttls, user: u, password: env:P, from: soc+x@a-b.example, to: [ c@d.example, e@localhost ], ca_file: ca.pem"
        ),
        SmtpConfig {
            server: HostPort {
                host: "smtp.example.com".to_owned(),
                port: 25
            },
            security: SmtpSecurity::StartTls,
            login: Some(SmtpLogin {
                user: "u".to_owned(),
                password: SecretRef::Env("P".to_owned()),
            }),
            from: "soc+x@a-b.example".to_owned(),
            to: vec!["c@d.example".to_owned(), "e@localhost".to_owned()],
            allow_private: None,
            ca_file: Some(PathBuf::from("ca.pem")),
        }
    );
}

#[test]
fn plain_text_stays_on_this_machine() {
    for host in ["localhost", "127.0.0.1", "'::1'"] {
        check_smtp(&format!("host: {host}, security: none, {ADDRESSES}"), &[]);
    }
    check_smtp(
        &format!("host: 10.0.0.1, security: none, {ADDRESSES}, ca_file: x"),
        &[
            "10:32: \"host\" leads to the private address 10.0.0.1:25: if that is meant, add allow_private: '10.0.0.1:25'",
            "10:52: \"security\" is none and 10.0.0.1:25 is not a loopback address: write starttls or tls: mails and passwords would go in plain text",
            "10:107: \"ca_file\" is of no use where \"security\" is none: remove one of the two",
        ],
    );
}

#[test]
fn a_private_mail_server_must_be_meant() {
    let named = |more: &str| format!("host: 10.0.0.1{more}, {ADDRESSES}");
    check_smtp(&named(", allow_private: '10.0.0.1:587'"), &[]);
    check_smtp(
        &named(", allow_private: '10.0.0.1:25'"),
        &[
            "10:57: \"allow_private\" names 10.0.0.1:25, the server is 10.0.0.1:587: name the host and port of the server, or remove the key",
        ],
    );
}

#[test]
fn missing_and_faulty_keys_are_named() {
    check_smtp(
        "port: 0",
        &[
            "10:18: missing key \"host\": the mail server, such as smtp.example.com",
            "10:18: missing key \"from\": the sender, such as cresset@example.com",
            "10:18: missing key \"to\": the addressees, such as [ soc@example.com ]",
            "10:32: \"port\" is out of range: 0: from 1 to 65535 are allowed",
        ],
    );
    check_smtp(
        "host: 'a:25', port: 65536, security: ssl, from: 'SOC <a@b>', to: [ a, 'a b@c', 'a@b c' ]",
        &[
            "10:32: \"host\" is not a host: \"a:25\": write a name or an address without a port, such as smtp.example.com",
            "10:46: \"port\" is out of range: 65536: from 1 to 65535 are allowed",
            "10:63: unknown security \"ssl\": valid values: starttls, tls, none",
            "10:74: \"from\" is not a mail address: \"SOC <a@b>\": write the bare address, such as soc@example.com",
            "10:93: \"to\" is not a mail address: \"a\": write the bare address, such as soc@example.com",
            "10:96: \"to\" is not a mail address: \"a b@c\": write the bare address, such as soc@example.com",
            "10:105: \"to\" is not a mail address: \"a@b c\": write the bare address, such as soc@example.com",
        ],
    );
    check_smtp(
        "host: a.example, from: a@b, to: []",
        &["10:58: \"to\" names nobody: write the addressees, such as [ soc@example.com ]"],
    );
}

#[test]
fn a_login_has_two_parts_and_the_password_is_a_reference() {
    check_smtp(
        &format!("host: a.example, user: u, {ADDRESSES}"),
        &["10:18: missing key \"password\": env:NAME or file:PATH"],
    );
    check_smtp(
        &format!("host: a.example, password: env:P, {ADDRESSES}"),
        &["10:18: missing key \"user\": the name to log in with"],
    );
    check_smtp(
        &format!("host: a.example, user: u, password: hunter2, {ADDRESSES}"),
        &[
            "10:62: \"password\" is not a reference to a secret: write env:NAME or file:PATH; a secret itself never stands in the configuration",
        ],
    );
}

#[test]
fn mail_addresses_are_bounded_and_hold_no_commands() {
    let local = |length: usize| format!("{}@b.example", "a".repeat(length));
    assert!(MailAddress::from_scalar(&local(64)).is_ok());
    for text in [
        local(65).as_str(),
        "@b.example",
        "a@",
        "a..b@c.example",
        "a@b@c.example\r\nDATA",
        "a\n@b.example",
        "<a@b.example>",
        "\u{e4}@b.example",
    ] {
        assert!(MailAddress::from_scalar(text).is_err(), "{text:?}");
    }
    let to = |count: usize| {
        let items = vec!["c@d.example"; count].join(", ");
        format!("host: a.example, from: a@b.example, to: [ {items} ]")
    };
    check_smtp(&to(50), &[]);
    check_smtp(
        &to(51),
        &["10:66: \"to\" has 51 items: at most 50 are taken"],
    );
}
