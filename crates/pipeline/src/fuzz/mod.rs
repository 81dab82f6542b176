//! Fuzz targets: properties that hold for any bytes. `fuzz/` runs them, and the inputs that it keeps are
//! replayed as tests.

mod answers;
mod json;
mod lines;
mod records;

pub use answers::answers;
pub use json::json;
pub use lines::lines;
pub use records::records;

#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;

    #[test]
    fn the_corpus_of_answers_holds() {
        replay("answers", super::answers);
    }

    #[test]
    fn the_corpus_of_json_is_judged_as_serde_json_judges_it() {
        replay("json", super::json);
    }

    #[test]
    fn the_corpus_of_lines_holds() {
        replay("lines", super::lines);
    }

    #[test]
    fn the_corpus_of_records_is_settled_once_each() {
        replay("records", super::records);
    }
}
