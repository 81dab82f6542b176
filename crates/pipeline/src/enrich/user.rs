//! The user behind an address, by default the one that acted.

use cresset_model::outcome::AlertDraft;
use cresset_model::provenance::Marks;
use cresset_model::query::AddressField;
use cresset_model::tables::{UserAnswer, UserTable};
use cresset_model::text::Text;

const DEMO_PREFIX: &str = "user-";
const DEMO_LETTERS: usize = 6;

/// Looks the user of an address up and writes the name into the arena of the batch.
pub(crate) fn add_user(
    table: &UserTable,
    of: AddressField,
    alert: &mut AlertDraft,
    arena: &mut String,
) {
    let Some(address) = super::address(alert.src_ip, alert.dst_ip, of) else {
        return;
    };
    match table.user(address) {
        UserAnswer::Known(name, mark) => {
            alert.user = Some(Text::store(arena, name));
            alert.marks.add(mark);
        }
        UserAnswer::Demo(number) => {
            alert.user = Some(demo_name(number, arena));
            alert.marks.add(Marks::USER_ADDRESS);
        }
        UserAnswer::Unknown => alert.marks.add(Marks::USER_MISS),
    }
}

/// A name in the form of the original service, `user-` and six letters, always the same for a number.
fn demo_name(number: u32, arena: &mut String) -> Text {
    let mut letters = [b'a'; DEMO_LETTERS];
    let mut rest = number;
    for letter in &mut letters {
        *letter += u8::try_from(rest % 26).expect("a remainder of 26 fits a byte");
        rest /= 26;
    }
    let text = Text::store(arena, DEMO_PREFIX);
    arena.extend(letters.map(char::from));
    Text {
        span: cresset_model::text::Span::between(text.span.start as usize, arena.len()),
        ..text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_names_are_stable_and_in_the_original_form() {
        let mut arena = "before".to_owned();
        let names = [0, 1, 26, u32::MAX].map(|number| demo_name(number, &mut arena));
        let names = names.map(|name| name.resolve(&[], &arena).to_owned());
        assert_eq!(names[..3], ["user-aaaaaa", "user-baaaaa", "user-abaaaa"]);
        assert_eq!(names[3].len(), 11);
        assert!(names[3].bytes().skip(5).all(|b| b.is_ascii_lowercase()));
    }
}
