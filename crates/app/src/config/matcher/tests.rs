use cresset_pipeline::router::Operator;

use super::*;

#[track_caller]
fn check(text: &str, (label, operator, value): (Label, Operator, &str)) {
    let expected = Matcher::new(label, operator, value).unwrap();
    assert_eq!(
        MatcherItem::from_scalar(text),
        Ok(MatcherItem(expected)),
        "{text}"
    );
}

#[track_caller]
fn check_misfit(text: &str, message: Option<&str>, hint: Option<&str>) {
    let misfit = MatcherItem::from_scalar(text).unwrap_err();
    assert_eq!(misfit.message.as_deref(), message, "{text}");
    assert_eq!(misfit.hint.as_deref(), hint, "{text}");
}

#[test]
fn matchers_are_read_as_the_router_reads_them() {
    for label in Label::ALL {
        for operator in Operator::ALL {
            let text = format!("{}{}\"high\"", label.as_str(), operator.as_str());
            check(&text, (label, operator, "high"));
        }
    }
    check(
        "  country != \"US\" ",
        (Label::Country, Operator::NotEqual, "US"),
    );
    check(
        r#"src_ip=~"10\.0\.\d+\..*""#,
        (Label::SrcIp, Operator::Matches, r"10\.0\.\d+\..*"),
    );
}

#[test]
fn everything_else_is_named_with_what_to_write() {
    check_misfit("severity", None, None);
    check_misfit("severity!", None, None);
    check_misfit("", None, None);
    let labels = "labels: severity, source, pipeline, country, user, src_ip, dst_ip, title, rule";
    check_misfit(
        "severty=\"high\"",
        Some("names the unknown label \"severty\": did you mean \"severity\"?"),
        Some(labels),
    );
    check_misfit(
        "=\"high\"",
        Some("names the unknown label \"\""),
        Some(labels),
    );
    let severities = "severities: unknown, info, low, medium, high, critical";
    check_misfit(
        "severity!=\"HIGH\"",
        Some("compares with the unknown severity \"HIGH\": did you mean \"high\"?"),
        Some(severities),
    );
    check_misfit(
        "severity=high",
        Some("has a value without quotes"),
        Some("write severity=\"high\""),
    );
    check_misfit(
        "country=~",
        Some("has a value without quotes"),
        Some("write country=~\"...\""),
    );
    check_misfit(
        "user=\"x\\\"",
        Some("lacks the closing quote of its value"),
        Some(MatcherItem::HINT),
    );
    check_misfit(
        "user=\"x\", country=\"US\"",
        Some("goes on after its value: \", country=\\\"US\\\"\""),
        Some("write one matcher for each item of the list; all of them must hold"),
    );
    check_misfit(
        "user=~\"(a\"",
        Some("has \"(a\" for a regular expression: unclosed group"),
        Some(
            "write one such as high|critical, and a backslash before a character that means itself",
        ),
    );
    check_misfit(
        "user=~\"(\\w{1000}){1000}\"",
        Some("has too large a regular expression: \"(\\\\w{1000}){1000}\""),
        Some("use smaller repetitions"),
    );
}

#[test]
fn a_value_is_bounded() {
    let text = |length: usize| format!("user=\"{}\"", "x".repeat(length));
    assert!(MatcherItem::from_scalar(&text(1_024)).is_ok());
    check_misfit(
        &text(1_025),
        Some("has a value of 1025 bytes"),
        Some("at most 1024 are taken"),
    );
}
