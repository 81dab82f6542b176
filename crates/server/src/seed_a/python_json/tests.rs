use super::*;

fn check(text: &str, message: &'static str, position: usize) {
    assert_eq!(
        decode(text),
        Err(DecodeError::Invalid { message, position }),
        "{text}"
    );
}

#[test]
fn messages_and_positions_are_those_of_the_original() {
    const VALUE: &str = "Expecting value";
    const NAME: &str = "Expecting property name enclosed in double quotes";
    const COMMA: &str = "Expecting ',' delimiter";
    for (text, message, position) in [
        ("", VALUE, 0),
        ("  hello", VALUE, 2),
        (" ", VALUE, 1),
        ("nul", VALUE, 0),
        ("-", VALUE, 0),
        ("-Inf", VALUE, 0),
        (".5", VALUE, 0),
        ("+1", VALUE, 0),
        ("\u{b}{}", VALUE, 0),
        ("[", VALUE, 1),
        ("[,]", VALUE, 1),
        ("[1,]", VALUE, 3),
        ("{\"a\":", VALUE, 5),
        ("{\"a\":}", VALUE, 5),
        ("{\"é\":x}", VALUE, 5),
        ("{", NAME, 1),
        ("{ ", NAME, 2),
        ("{1:2}", NAME, 1),
        ("{,}", NAME, 1),
        ("{\"a\":1,}", NAME, 7),
        ("{\"a\":1,", NAME, 7),
        ("{\"a\":1,2}", NAME, 7),
        ("{\"a\" 1}", "Expecting ':' delimiter", 5),
        ("{\"a\":1,\"b\"}", "Expecting ':' delimiter", 10),
        ("{\"a\":1 \"b\"}", COMMA, 7),
        ("{\"a\":1", COMMA, 6),
        ("[1", COMMA, 2),
        ("[1 2]", COMMA, 3),
        ("\"abc", "Unterminated string starting at", 0),
        ("\"\\", "Unterminated string starting at", 0),
        ("{\"a", "Unterminated string starting at", 1),
        ("\"a\nb\"", "Invalid control character at", 2),
        ("\"tab\there\"", "Invalid control character at", 4),
        ("\"a\\x\"", "Invalid \\escape", 2),
        ("\"a\\u12\"", "Invalid \\uXXXX escape", 3),
        ("\"\\u\"", "Invalid \\uXXXX escape", 2),
        ("\"\\ud800\\u\"", "Invalid \\uXXXX escape", 8),
        ("01", "Extra data", 1),
        ("1.", "Extra data", 1),
        ("1e", "Extra data", 1),
        ("{}{}", "Extra data", 2),
        ("\"é\" x", "Extra data", 4),
        ("{\"a\":1}\u{c}", "Extra data", 7),
    ] {
        check(text, message, position);
    }
}

#[test]
fn values_are_shown_as_the_original_shows_them() {
    for (text, shown) in [
        ("1e30", "1e+30"),
        ("1.5", "1.5"),
        ("2.50", "2.5"),
        ("20000.0", "20000.0"),
        ("1e16", "1e+16"),
        ("1e15", "1000000000000000.0"),
        ("1e-7", "1e-07"),
        ("0.0001", "0.0001"),
        ("1.5e300", "1.5e+300"),
        ("-0.0", "-0.0"),
        ("-0", "0"),
        ("12345678901234567890.0", "1.2345678901234567e+19"),
        (
            "999999999999999999999999999999",
            "999999999999999999999999999999",
        ),
        ("NaN", "null"),
        ("1e400", "null"),
        (
            "\"\\ud83d\\ude00\\u00e9\\n\\u0001\\/\"",
            "\"😀é\\n\\u0001/\"",
        ),
        ("\"\\ud800\"", "\"\u{fffd}\""),
        (
            " { \"a\" : [ 1 , true , null ] , \"b\":{} } ",
            "{\"a\":[1,true,null],\"b\":{}}",
        ),
        ("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"),
        ("\u{feff}[]", "[]"),
    ] {
        assert_eq!(decode(text).unwrap().to_json(), shown, "{text}");
    }
}

#[test]
fn depth_and_digits_end_at_their_limits() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(decode(&nested(DEPTH_MAX + 1)).is_ok());
    assert_eq!(decode(&nested(DEPTH_MAX + 2)), Err(DecodeError::Refused));
    assert!(decode(&"9".repeat(4_300)).is_ok());
    assert_eq!(decode(&"9".repeat(4_301)), Err(DecodeError::Refused));
}
