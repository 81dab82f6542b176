//! A fuzz target: a property that holds for any bytes. `fuzz/` runs it, and the inputs that it keeps are
//! replayed as a test.

use super::environment::Environment;
use super::load::parse;
use super::yaml;

/// A file of 1 MiB can hold many faults; they are counted beyond this.
const SHOWN_BYTES_MAX: usize = 256 << 10;

/// A configuration: it is read, or refused with at least one fault; each fault names a line of the file and
/// fits on one line; the whole is short; and reading it again says the same.
///
/// # Panics
/// When the property does not hold.
pub(crate) fn configuration(data: &[u8]) {
    let environment = Environment::of(&[("PORT", "8501"), ("EMPTY", ""), ("NAME", "a: [b")]);
    let read = parse("cresset.yaml", data, &environment);
    let again = parse("cresset.yaml", data, &environment);
    let Err(faults) = &read else {
        assert!(again.is_ok());
        return;
    };
    assert_eq!(again.as_ref().err(), Some(faults));
    let shown = faults.to_string();
    assert!(!shown.is_empty() && shown.len() <= SHOWN_BYTES_MAX);
    // What is missing at the end is missing in the line behind the last.
    let lines = yaml::lines(&String::from_utf8_lossy(data)).count() + 1;
    let faults_json = faults.to_json();
    let entries = faults_json.as_array().map_or(&[][..], Vec::as_slice);
    assert!(!entries.is_empty());
    for fault in entries {
        let line = fault.get("line").and_then(serde_json::Value::as_u64);
        assert!(
            line.is_none_or(|line| (1..=lines as u64).contains(&line)),
            "{fault}"
        );
        let message = fault.get("message").and_then(serde_json::Value::as_str);
        assert!(
            message.is_some_and(|text| !text.is_empty() && !text.contains('\n')),
            "{fault}"
        );
    }
    let told = faults.one_a_line();
    assert!(told.iter().all(|line| !line.contains('\n')), "{told:?}");
}

#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;

    #[test]
    fn the_corpus_of_configurations_holds() {
        replay("configuration", super::configuration);
    }
}
