//! Times in every form.

use std::time::Duration;

use cresset_model::Timestamp;

use crate::nasty::book::Paging;
use crate::nasty::cast::Cast;
use crate::nasty::play::Play;

/// Stamps that nobody can read, as JSON, and why.
const UNREADABLE: [(&str, &str); 32] = [
    ("\"yesterday\"", "invalid_value"),
    ("\"\"", "invalid_value"),
    ("\" \"", "invalid_value"),
    ("\"2026-13-01T00:00:00Z\"", "invalid_value"),
    ("\"2026-02-29T00:00:00Z\"", "invalid_value"),
    ("\"2026-00-10T00:00:00Z\"", "invalid_value"),
    ("\"2026-11-31T00:00:00Z\"", "invalid_value"),
    ("\"2026-11-23T24:00:00Z\"", "invalid_value"),
    ("\"2026-11-23T10:60:00Z\"", "invalid_value"),
    ("\"2026-11-23T10:00:61Z\"", "invalid_value"),
    ("\"2026-11-23T10:00:00.Z\"", "invalid_value"),
    ("\"2026-11-23T10:00:00+25:00\"", "invalid_value"),
    ("\"2026-11-23T10:00:00 Europe/Berlin\"", "invalid_value"),
    ("\"2026-11-23T10:00:00CET\"", "invalid_value"),
    ("\"23.11.2026 10:00\"", "invalid_value"),
    ("\"11/23/2026\"", "invalid_value"),
    ("\"Mon, 23 Nov 2026 10:00:00 GMT\"", "invalid_value"),
    ("\"2026-W48-1\"", "invalid_value"),
    ("\"2026-327\"", "invalid_value"),
    ("\"20261123T100000Z\"", "invalid_value"),
    ("\"0000-00-00 00:00:00\"", "invalid_value"),
    ("\"1600-01-01T00:00:00Z\"", "invalid_value"),
    (
        "\"\u{662}\u{660}\u{662}\u{666}-11-23T10:00:00Z\"",
        "invalid_value",
    ),
    ("\"2026-11-23T10:00:00Z\\u0000\"", "invalid_value"),
    ("\"1795425969,5\"", "invalid_value"),
    ("1e30", "invalid_value"),
    ("99999999999999999999999999999999", "invalid_value"),
    ("null", "null_field"),
    ("true", "wrong_type"),
    ("[1795425969]", "wrong_type"),
    ("{\"$date\":\"2026-11-23T10:00:00Z\"}", "wrong_type"),
    ("\"P1D\"", "invalid_value"),
];

/// The same instant in every form that can be read, as JSON. `at` has nine digits of a second.
fn whole_forms(at: Timestamp) -> Vec<String> {
    let seconds = at.seconds();
    let nanos = at.nanos().rem_euclid(1_000_000_000);
    let zoned = |hours: u64, offset: &str| {
        let local = at.plus(Duration::from_secs(hours * 3_600)).to_exact();
        local.replace("+00:00", offset)
    };
    let plain = at.to_exact().replace("+00:00", "");
    let texts = [
        format!("{plain}Z"),
        format!("{plain}z"),
        format!("{plain}+00:00"),
        format!("{plain}-00:00"),
        format!("{plain}+0000"),
        plain.clone(),
        plain.replace('T', " "),
        plain.replace('T', "t"),
        plain.replace('.', ","),
        format!("{plain}987654321Z"),
        zoned(2, "+02:00"),
        zoned(2, "+0200"),
        zoned(14, "+14:00"),
        format!("{seconds}.{nanos:09}"),
    ];
    let mut forms: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    forms.push(format!("{seconds}.{nanos:09}"));
    forms.push(format!("{seconds}.{nanos:09}99"));
    forms.push(format!(
        "{}.{:06}",
        at.nanos() / 1_000_000,
        nanos % 1_000_000
    ));
    forms
}

pub(in crate::nasty) fn stamp_forms(cast: &mut Cast) -> Play {
    let mut book = cast.book(Paging::All, 5);
    let at = cast.before(40).plus(Duration::from_nanos(123_456_789));
    for source in ["router_acl", "nac"] {
        let field = if source == "nac" {
            "timestamp"
        } else {
            "created_at"
        };
        for form in whole_forms(at) {
            let alert = cast.alert(at).of_source(source);
            book.tell_as(&alert, &alert.form().with(field, &form).json());
        }
        // Coarser forms: whole seconds, milliseconds, minutes, days.
        let whole = cast.before(40);
        let millis = whole.plus(Duration::from_millis(7));
        let coarse = [
            (whole, whole.seconds().to_string()),
            (whole, format!("\"{}\"", whole.seconds())),
            (whole, format!("{}.0", whole.seconds())),
            (millis, (millis.nanos() / 1_000_000).to_string()),
            (millis, format!("\"{}\"", millis.nanos() / 1_000_000)),
        ];
        for (at, form) in coarse {
            let alert = cast.alert(at).of_source(source);
            book.tell_as(&alert, &alert.form().with(field, &form).json());
        }
        for (raw, reason) in UNREADABLE {
            let form = cast.alert(whole).of_source(source).form();
            book.spoil(whole, form.with(field, raw).json(), reason);
        }
    }
    // A minute or a day alone: their beginning.
    let z = cast.before(0).to_z();
    for (form, kept) in [("minute", 16), ("day", 10)] {
        let text = z.get(..kept).unwrap_or_default();
        if let Some(begin) = Timestamp::parse(text) {
            let mut alert = cast.alert(begin).of_source("ips");
            alert.description = format!("a {form}");
            let json = alert
                .form()
                .with("created_at", &format!("\"{text}\""))
                .json();
            // It is told with the others, as a day may have begun long ago.
            let told = alert.clone();
            book.tell_at(cast.before(40), &told, &json);
        }
    }
    Play::of(book)
}
