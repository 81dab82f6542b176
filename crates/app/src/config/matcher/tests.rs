use super::*;

#[track_caller]
fn check(text: &str, expected: (Label, Operator, &str)) {
    let (label, operator, value) = expected;
    let value = value.to_owned();
    let expected = Matcher {
        label,
        operator,
        value,
    };
    assert_eq!(Matcher::from_scalar(text), Ok(expected), "{text}");
}

#[track_caller]
fn check_misfit(text: &str, message: Option<&str>, hint: Option<&str>) {
    let misfit = Matcher::from_scalar(text).unwrap_err();
    assert_eq!(misfit.message.as_deref(), message, "{text}");
    assert_eq!(misfit.hint.as_deref(), hint, "{text}");
}

#[test]
fn every_label_and_operator_is_read() {
    for (word, label) in Label::WORDS {
        assert_eq!(label.as_str(), word);
        for (_, operator) in Operator::WORDS {
            let sign = Operator::WORDS
                .iter()
                .find(|(_, known)| *known == operator)
                .unwrap()
                .0;
            let text = format!("{word}{sign}\"high\"");
            check(&text, (label, operator, "high"));
        }
    }
    check(
        "  country != \"US\" ",
        (Label::Country, Operator::NotEqual, "US"),
    );
    check("user=\"\"", (Label::User, Operator::Equal, ""));
}

#[test]
fn escapes_are_resolved_and_those_of_expressions_stay() {
    check(
        r#"title="a \"b\" \\ c\n""#,
        (Label::Title, Operator::Equal, "a \"b\" \\ c\n"),
    );
    check(
        r#"src_ip=~"10\.0\.\d+\..*""#,
        (Label::SrcIp, Operator::Matches, r"10\.0\.\d+\..*"),
    );
    check(
        r#"rule!~"a=b!=c""#,
        (Label::Rule, Operator::NotMatches, "a=b!=c"),
    );
}

#[test]
fn everything_else_is_named() {
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
        "severity==\"high\"",
        Some("has a value without quotes"),
        Some("write severity=\"=\\\"high\\\"\""),
    );
    check_misfit(
        "user=\"x\\\"",
        Some("lacks the closing quote of its value"),
        Some(Matcher::HINT),
    );
    check_misfit(
        "user=\"x\", country=\"US\"",
        Some("goes on after its value: \", country=\\\"US\\\"\""),
        Some("write one matcher for each item of the list; all of them must hold"),
    );
}

#[test]
fn a_severity_is_compared_with_a_severity() {
    let severities = "severities: unknown, info, low, medium, high, critical";
    check_misfit(
        "severity=\"hihg\"",
        Some("compares with the unknown severity \"hihg\": did you mean \"high\"?"),
        Some(severities),
    );
    check_misfit(
        "severity!=\"HIGH\"",
        Some("compares with the unknown severity \"HIGH\": did you mean \"high\"?"),
        Some(severities),
    );
    check(
        "severity=~\"hi.*\"",
        (Label::Severity, Operator::Matches, "hi.*"),
    );
}

#[test]
fn a_value_is_bounded() {
    let text = |length: usize| format!("user=\"{}\"", "x".repeat(length));
    assert!(Matcher::from_scalar(&text(1_024)).is_ok());
    check_misfit(
        &text(1_025),
        Some("has a value of 1025 bytes"),
        Some("at most 1024 are taken"),
    );
}
