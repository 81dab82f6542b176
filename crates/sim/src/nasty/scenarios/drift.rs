//! A vendor that changes its mind about the form of its records.

use crate::nasty::book::Paging;
use crate::nasty::cast::Cast;
use crate::nasty::play::Play;

/// Changes that a client survives: the field, its new value as JSON, and what is meant.
const TAKEN_STANDARD: [(&str, &str); 8] = [
    ("severity", "\"HIGH\""),
    ("source", "\"Firewall\""),
    ("source", "\" firewall \""),
    ("new_field", "{\"deep\":[1,2,{\"x\":null}]}"),
    ("tags", "[\"a\",\"b\"]"),
    ("country", "\"Atlantis\""),
    ("Id", "\"another case\""),
    ("extra", "null"),
];

/// Changes that a client cannot survive, and what it says.
const REFUSED_STANDARD: [(&str, &str, &str); 20] = [
    ("id", "null", "null_field"),
    ("id", "true", "wrong_type"),
    ("id", "{\"v\":1}", "wrong_type"),
    ("id", "[\"a\"]", "wrong_type"),
    ("source", "null", "null_field"),
    ("source", "7", "wrong_type"),
    ("source", "\"firewal\"", "unknown_source"),
    ("source", "\"\"", "unknown_source"),
    ("severity", "null", "null_field"),
    ("severity", "3", "wrong_type"),
    ("severity", "[\"high\"]", "wrong_type"),
    ("description", "null", "null_field"),
    ("description", "{\"text\":\"x\"}", "wrong_type"),
    ("src_ip", "\"192.168.1.999\"", "invalid_value"),
    ("src_ip", "\"192.168.1.1/24\"", "invalid_value"),
    ("src_ip", "\"host.example\"", "invalid_value"),
    ("src_ip", "[\"192.168.1.1\"]", "wrong_type"),
    ("dst_ip", "\"\"", "invalid_value"),
    ("dst_ip", "-1", "invalid_value"),
    ("dst_ip", "4294967296", "invalid_value"),
];

const REFUSED_LEGACY: [(&str, &str, &str); 6] = [
    ("criticality", "\"severe\"", "invalid_value"),
    ("criticality", "2.5", "invalid_value"),
    ("criticality", "null", "null_field"),
    ("criticality", "{}", "wrong_type"),
    ("sourceAddress", "3232235777", "wrong_type"),
    ("summary", "false", "wrong_type"),
];

const FIELDS: [&str; 7] = [
    "id",
    "source",
    "severity",
    "description",
    "src_ip",
    "dst_ip",
    "created_at",
];

pub(in crate::nasty) fn schema_drift(cast: &mut Cast) -> Play {
    let mut book = cast.book(Paging::All, 10);
    let at = cast.before(25);
    for (field, value) in TAKEN_STANDARD {
        let alert = cast.alert(at).of_source("firewall").of_severity("high");
        book.tell_as(&alert, &alert.form().with(field, value).json());
    }
    for (field, value, reason) in REFUSED_STANDARD {
        let form = cast.alert(at).of_source("firewall").form();
        book.spoil(at, form.with(field, value).json(), reason);
    }
    for (field, value, reason) in REFUSED_LEGACY {
        let form = cast.alert(at).of_source("waf").form();
        book.spoil(at, form.with(field, value).json(), reason);
    }
    for field in FIELDS {
        let form = cast.alert(at).of_source("ips").form();
        book.spoil(at, form.clone().without(field).json(), "missing_field");
        let renamed = form.renamed(field, &format!("{field}_v2"));
        book.spoil(at, renamed.json(), "missing_field");
    }
    // One format's record under the other one's source.
    let standard = cast.alert(at).of_source("ngfw");
    let misplaced = standard.form().with("source", "\"nac\"");
    book.spoil(at, misplaced.json(), "missing_field");
    // Other types that say the same, and words that nobody knows.
    let word = cast.alert(at).of_source("ips").of_severity("unknown");
    book.tell_as(
        &word,
        &word.form().with("severity", "\"catastrophic\"").json(),
    );
    for (level, meant) in [
        ("\"4\"", "critical"),
        ("3.0", "high"),
        ("2e0", "medium"),
        ("17", "low"),
    ] {
        let alert = cast.alert(at).of_source("swg").of_severity(meant);
        book.tell_as(&alert, &alert.form().with("criticality", level).json());
    }
    let mut number = cast.alert(at).of_source("waf");
    "184467440737095516150".clone_into(&mut number.id);
    "-12.50".clone_into(&mut number.description);
    let form = number.form().with("alertId", &number.id);
    book.tell_as(&number, &form.with("summary", "-12.50").json());
    let mut bits = cast.alert(at).of_source("firewall");
    "192.168.1.1".clone_into(&mut bits.src_ip);
    book.tell_as(&bits, &bits.form().with("src_ip", "3232235777").json());
    for (written, meant) in [
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:8.8.8.8", "::ffff:808:808"),
    ] {
        let mut alert = cast.alert(at).of_source("waf");
        meant.clone_into(&mut alert.dst_ip);
        let form = alert
            .form()
            .with("destinationAddress", &format!("\"{written}\""));
        book.tell_as(&alert, &form.json());
    }
    Play::of(book)
}
