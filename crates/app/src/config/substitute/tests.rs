use super::*;

const AT: Place = Place { line: 1, column: 1 };

fn substituted(text: &str) -> String {
    let environment = Environment::of(&[("A", "one"), ("B", "${A}"), ("EMPTY", "")]);
    let mut scalar = Scalar {
        text: text.to_owned(),
        quoted: false,
    };
    match replace(&mut scalar, AT, &environment) {
        Ok(()) => scalar.text,
        Err(fault) => format!("fault: {fault}"),
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(substituted(text), expected, "{text}");
}

#[test]
fn every_known_form_is_replaced() {
    check("plain", "plain");
    check("<${A}>", "<one>");
    check("${A}${A}", "oneone");
    check("${A:-x}", "one");
    check("${NONE:-x:-y}", "x:-y");
    check("${EMPTY:-x}", "x");
    check("${EMPTY}", "");
    check("${NONE:-}", "");
    check("${A:?needed}", "one");
    check("$${A} $$ $A $", "${A} $ $A $");
    // What a variable holds is not read again.
    check("${B}", "${A}");
}

#[test]
fn every_other_form_is_a_fault() {
    let forms = "write ${NAME}, ${NAME:-default} or ${NAME:?message}; a dollar sign itself is $$";
    check(
        "${A",
        &format!("fault: ${{ without its closing }}: {forms}"),
    );
    for text in [
        "${}",
        "${A-x}",
        "${A:+x}",
        "${A:}",
        "${1}",
        "${A B}",
        "${A:-${B}}",
    ] {
        check(
            text,
            &format!("fault: a variable is written in no known form: {forms}"),
        );
    }
    check(
        "${NONE}",
        "fault: variable \"NONE\" is not defined: define it, or write a default: ${NONE:-default}",
    );
    check(
        "${EMPTY:?the address of the alerts}",
        "fault: variable \"EMPTY\" is not set: the address of the alerts",
    );
    check(
        "${NONE:?over\n  many\r\nlines}",
        "fault: variable \"NONE\" is not set: over many lines",
    );
    check(
        "${NONE:?}",
        "fault: variable \"NONE\" is not set: define it, it must not be empty",
    );
}

#[test]
fn a_scalar_with_its_variables_is_bounded() {
    let check = |bytes: usize| {
        let value = "x".repeat(bytes);
        let mut scalar = Scalar {
            text: "${LONG}".to_owned(),
            quoted: false,
        };
        replace(&mut scalar, AT, &Environment::of(&[("LONG", &value)])).map_err(|f| f.to_string())
    };
    assert_eq!(check(SCALAR_BYTES_MAX), Ok(()));
    assert_eq!(
        check(SCALAR_BYTES_MAX + 1),
        Err("too long with its variables: at most 65536 bytes are taken".to_owned())
    );
}
