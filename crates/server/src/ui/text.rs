//! Texts of strangers: what cannot be seen, or turns the direction of what follows, is shown by its code.

use maud::{Markup, html};

/// Characters of a text that the page shows; the API has the whole.
const SHOWN_CHARS_MAX: usize = 400;

/// Shows a text in one line. Markup in it is escaped by the template.
pub(crate) fn visible(text: &str) -> Markup {
    let mut pieces: Vec<(bool, String)> = Vec::new();
    for c in text.chars().take(SHOWN_CHARS_MAX) {
        let hidden = is_hidden(c);
        let shown = if hidden {
            format!("U+{:04X}", u32::from(c))
        } else {
            c.to_string()
        };
        match pieces.last_mut() {
            Some((false, run)) if !hidden => run.push_str(&shown),
            _ => pieces.push((hidden, shown)),
        }
    }
    let cut = text.chars().nth(SHOWN_CHARS_MAX).is_some();
    html! {
        @for (hidden, piece) in &pieces {
            @if *hidden { span.code title="a character that cannot be seen" { (piece) } }
            @else { (piece) }
        }
        @if cut { "…" }
    }
}

/// The same for an attribute, such as a title, which holds no markup.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(SHOWN_CHARS_MAX) {
        if is_hidden(c) {
            out.extend(["U+", &format!("{:04X}", u32::from(c))]);
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        out.push('…');
    }
    out
}

/// Shows a text of several lines.
pub(crate) fn visible_lines(text: &str) -> Markup {
    html! {
        @for (index, line) in text.lines().enumerate() {
            @if index > 0 { br; }
            (visible(line))
        }
    }
}

/// Control characters, marks and isolates of direction, and what has no width.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_are_harmless_and_to_be_seen() {
        let code = |code: &str| {
            format!("<span class=\"code\" title=\"a character that cannot be seen\">{code}</span>")
        };
        assert_eq!(
            visible("<script>alert(1)</script>").into_string(),
            "&lt;script&gt;alert(1)&lt;/script&gt;"
        );
        assert_eq!(
            visible("a\u{202e}b\u{0}\n").into_string(),
            format!("a{}b{}{}", code("U+202E"), code("U+0000"), code("U+000A"))
        );
        assert_eq!(visible("déjà 😀").into_string(), "déjà 😀");
        assert_eq!(visible_lines("a\nb").into_string(), "a<br>b");
    }

    #[test]
    fn long_texts_are_cut_at_the_limit() {
        let shown = |chars: usize| visible(&"x".repeat(chars)).into_string().chars().count();
        assert_eq!(shown(SHOWN_CHARS_MAX), SHOWN_CHARS_MAX);
        assert_eq!(shown(SHOWN_CHARS_MAX + 1), SHOWN_CHARS_MAX + 1);
        assert_eq!(shown(SHOWN_CHARS_MAX + 9), SHOWN_CHARS_MAX + 1);
    }
}
