//! Alerts as a table for spreadsheets, which take some texts for formulas: such a text gets an apostrophe
//! in front, and every text stands in quotes.

use cresset_model::alert::AlertRow;
use cresset_model::ip;

const COLUMNS: [&str; 15] = [
    "id",
    "pipeline",
    "source",
    "upstream_id",
    "severity",
    "title",
    "description",
    "src_ip",
    "dst_ip",
    "created_at",
    "ingested_at",
    "updated_at",
    "country",
    "user",
    "revision",
];

/// Writes the names of the columns.
pub(super) fn head(out: &mut String) {
    out.push_str(&COLUMNS.join(","));
    out.push_str("\r\n");
}

/// Writes an alert.
pub(super) fn row(out: &mut String, row: &AlertRow) {
    let texts = [
        &row.id.to_string(),
        row.source_id.as_str(),
        &row.source,
        &row.upstream_id,
        row.severity.as_str(),
        row.title.as_deref().unwrap_or_default(),
        &row.description,
        &ip::to_string(row.src_ip),
        &row.dst_ip.map(ip::to_string).unwrap_or_default(),
        &row.created_at.to_z(),
        &row.ingested_at.to_z(),
        &row.updated_at.to_z(),
        row.country.as_deref().unwrap_or_default(),
        row.user.as_deref().unwrap_or_default(),
    ];
    for text in texts {
        cell(out, text);
        out.push(',');
    }
    out.push_str(&row.revision.to_string());
    out.push_str("\r\n");
}

fn cell(out: &mut String, text: &str) {
    out.push('"');
    if is_formula(text) {
        out.push('\'');
    }
    for character in text.chars() {
        if character == '"' {
            out.push('"');
        }
        out.push(character);
    }
    out.push('"');
}

/// Whether a spreadsheet may take the text for a formula: its first character, after what is not seen, is
/// a sign that begins one, also in its wide form; or a character that ends a cell comes first.
fn is_formula(text: &str) -> bool {
    let unseen = |c: &char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{202a}'..='\u{202e}' | '\u{feff}' | '\u{ad}')
    };
    let first = text.chars().find(|c| !unseen(c));
    text.starts_with(['\t', '\r', '\n'])
        || first.is_some_and(|c| {
            matches!(
                c,
                '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
            )
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        cell(&mut out, text);
        out
    }

    #[test]
    fn what_a_spreadsheet_would_run_gets_an_apostrophe() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "  =1",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{200b}@x",
            "\u{0}=cmd|' /C calc'!A0",
            "\tx",
            "\rx",
            "\nx",
            " \n-x",
            "\u{ff1d}1",
        ] {
            assert_eq!(written(formula), format!("\"'{formula}\""), "{formula:?}");
        }
        for plain in ["", "a=1", "1-2", "'=1", "x\t=1", "10.0.0.1"] {
            assert_eq!(written(plain), format!("\"{plain}\""), "{plain:?}");
        }
        assert_eq!(written("=\"a\",\"b\""), "\"'=\"\"a\"\",\"\"b\"\"\"");
    }

    /// What a reader of CSV makes of one quoted cell; `None` if it is none.
    fn read(cell: &str) -> Option<String> {
        let inside = cell.strip_prefix('"')?.strip_suffix('"')?;
        let single = inside.replace("\"\"", "");
        (!single.contains('"')).then(|| inside.replace("\"\"", "\""))
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_cell_or_begins_a_formula(text in "[ \t\r\n\"'=+@,;a1\u{a0}\u{feff}\u{200b}-]{0,12}") {
            let value = read(&written(&text)).expect("one cell");
            let seen = value.trim_start_matches(|c: char| {
                c.is_whitespace() || c.is_control() || c == '\u{feff}' || c == '\u{200b}'
            });
            prop_assert!(!seen.starts_with(['=', '+', '-', '@']), "{value:?}");
            prop_assert!(!value.starts_with(['\t', '\r', '\n']), "{value:?}");
            let marked = format!("'{text}");
            prop_assert!(value == text || value == marked);
        }
    }
}
