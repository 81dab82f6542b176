//! Text that wants to be more than text, in every field.

use crate::nasty::alert::text;
use crate::nasty::book::Paging;
use crate::nasty::cast::Cast;
use crate::nasty::play::Play;

/// Texts that somebody might obey.
const HOSTILE: [&str; 20] = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>&quot;&#x27;&lt;",
    "javascript:alert(1)",
    "'; DROP TABLE alerts; --",
    "1' OR '1'='1' UNION SELECT * FROM outbox --",
    "=HYPERLINK(\"http://example.org\")",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r\nSet-Cookie: a=b\r\n\r\n<html>",
    "$(touch /tmp/x) `id` ; | & > /dev/null",
    "../../../../etc/passwd",
    "${jndi:ldap://example.org/a} {{7*7}} #{7*7} <%= 7*7 %> %s%n %00",
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m",
    "\u{202e}gro.elpmaxe\u{2066}\u{200f}",
    "\u{2028}\u{2029}\u{85}\u{feff}\u{200b}",
    "severity:critical -country:US from:-6h \"",
    "null",
    "\u{0130}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}e\u{301}\u{10ffff}",
];

pub(in crate::nasty) fn injection(cast: &mut Cast) -> Play {
    let mut book = cast.book(Paging::All, 5);
    for hostile in HOSTILE {
        let at = cast.before(30);
        let value = text(hostile);
        // In what is taken as it comes, and in keys and values that nobody knows.
        for source in ["firewall", "waf"] {
            let mut alert = cast.alert(at).of_source(source).saying(hostile);
            alert.id = format!("{hostile}{}", alert.id);
            let key = value.get(1..value.len() - 1).unwrap_or_default();
            book.tell_as(&alert, &alert.form().with(key, &value).json());
        }
        // In the severity, which is a word.
        let alert = cast.alert(at).of_source("ips").of_severity("unknown");
        book.tell_as(&alert, &alert.form().with("severity", &value).json());
        // In what must be an address, a time, a number or a known name.
        let standard = cast.alert(at).of_source("ngfw").form();
        let legacy = cast.alert(at).of_source("swg").form();
        let refused = [
            (&standard, "src_ip", "invalid_value"),
            (&standard, "dst_ip", "invalid_value"),
            (&standard, "created_at", "invalid_value"),
            (&standard, "source", "unknown_source"),
            (&legacy, "criticality", "invalid_value"),
            (&legacy, "sourceAddress", "invalid_value"),
            (&legacy, "timestamp", "invalid_value"),
        ];
        for (form, field, reason) in refused {
            book.spoil(at, form.clone().with(field, &value).json(), reason);
        }
    }
    Play::of(book)
}
