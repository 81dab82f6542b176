//! How long a file and a function may be, and what may stand in a `mod.rs`.

use super::finding::Finding;
use super::functions::{Function, functions};
use super::tree::{File, Tree};

/// Lines of a file, tests not counted.
const FILE_LINES_MAX: usize = 500;
/// Lines of a function, from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// Arguments of a function, `self` not counted.
const ARGUMENTS_MAX: usize = 5;
/// Lines of a body in `lib.rs` or `mod.rs`: enough for an error's display, not for logic.
const ROOT_BODY_LINES_MAX: usize = 5;

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let shipped = tree.files.iter().filter(|file| !file.is_test);
    for file in shipped.filter(|file| !file.tokens.is_empty()) {
        let lines = shipped_lines(file);
        if lines > FILE_LINES_MAX {
            findings.push(file.finding(
                FILE_LINES_MAX + 1,
                format!(
                    "{lines} lines without tests, at most {FILE_LINES_MAX}; split it along a noun"
                ),
            ));
        }
        for function in functions(&file.tokens) {
            check_function(file, &function, findings);
        }
    }
}

fn check_function(file: &File, function: &Function, findings: &mut Vec<Finding>) {
    let Function { name, line, .. } = function;
    if function.lines > FUNCTION_LINES_MAX {
        findings.push(file.finding(
            *line,
            format!(
                "`{name}` has {} lines, at most {FUNCTION_LINES_MAX}; take a step out of it",
                function.lines
            ),
        ));
    }
    if function.arguments > ARGUMENTS_MAX {
        findings.push(file.finding(
            *line,
            format!(
                "`{name}` takes {} arguments, at most {ARGUMENTS_MAX}; make them a struct",
                function.arguments
            ),
        ));
    }
    if matches!(file.stem(), "lib" | "mod") && function.body_lines > ROOT_BODY_LINES_MAX {
        findings.push(file.finding(
            *line,
            format!(
                "`{name}` is logic in `{}.rs`, which declares, re-exports and registers; move it \
                 to a file of its own",
                file.stem()
            ),
        ));
    }
}

/// All lines but those of test items.
fn shipped_lines(file: &File) -> usize {
    let (mut tests, mut at) = (0, 0);
    while let Some(first) = file.tokens.get(at) {
        let run = file.tokens.iter().skip(at);
        let run = run.take_while(|token| token.test == first.test);
        let (count, last) = run.fold((0, first.line), |(count, _), token| (count + 1, token.line));
        if first.test {
            tests += last - first.line + 1;
        }
        at += count;
    }
    file.text.lines().count() - tests
}
