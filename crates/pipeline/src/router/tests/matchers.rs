use proptest::prelude::*;

use super::*;
use crate::router::{MatcherError, Operator};

fn holds(matcher: &str, row: &RoutedRow) -> bool {
    let matcher = Matcher::parse(matcher).unwrap();
    matcher.holds(row.row.as_ref().unwrap(), &row.matches)
}

#[test]
fn every_label_and_operator_is_understood() {
    let mut alert = row(1, Severity::High);
    for (matcher, expected) in [
        (r#"severity="high""#, true),
        (r#"severity != "high""#, false),
        (r#"severity=~"high|critical""#, true),
        (r#"severity=~"hig""#, false),
        (r#"severity!~"hig""#, true),
        (r#"source="nullify""#, true),
        (r#"pipeline=~"null.*""#, true),
        (r#"country="DE""#, true),
        (r#"user="""#, true),
        (r#"user!="""#, false),
        (r#"src_ip=~"203\.0\.113\.\d+""#, true),
        (r#"dst_ip="""#, true),
        (r#"title="High severity detected""#, true),
        (r#"rule="threat.severity""#, true),
        (r#"rule="threat.list""#, false),
        (r#"rule!="threat.list""#, true),
    ] {
        assert_eq!(holds(matcher, &alert), expected, "{matcher}");
    }
    let mut second = alert.matches[0].clone();
    second.rule = "threat.list".to_owned();
    alert.matches.push(second);
    assert!(
        holds(r#"rule="threat.list""#, &alert),
        "one of them is enough"
    );
    assert!(!holds(r#"rule!="threat.list""#, &alert), "none may be");
    alert.matches.clear();
    assert!(holds(r#"rule="""#, &alert));
}

#[test]
fn what_is_no_matcher_is_told_exactly() {
    for (text, message) in [
        (
            "high",
            "`high` is no matcher: write a label, one of = != =~ !~ and a value in quotes, such as \
             severity=~\"high|critical\"",
        ),
        (
            "sevrity=\"high\"",
            "unknown label `sevrity`, did you mean `severity`?: labels are severity, source, \
             pipeline, country, user, src_ip, dst_ip, title, rule",
        ),
        (
            "severity!=\"hihg\"",
            "unknown severity `hihg`, did you mean `high`?: severities are unknown, info, low, \
             medium, high, critical",
        ),
        (
            "severity=high",
            "the value of `severity` stands without quotes: write severity=\"high\"",
        ),
        (
            "severity=\"high",
            "the value of `severity` has no closing quote",
        ),
        (
            "severity=\"high\" x",
            "` x` follows the value of `severity`: one matcher is one condition",
        ),
        (
            "severity=~\"(high\"",
            "`(high` is no regular expression: unclosed group",
        ),
        (
            "severity=~\"a)|(b\"",
            "`a)|(b` is no regular expression: unopened group",
        ),
        (
            "user=~\"(\\\\w{1000}){1000}\"",
            "the regular expression `(\\w{1000}){1000}` takes more than 1048576 bytes when \
             compiled: use smaller repetitions",
        ),
    ] {
        let error = Matcher::parse(text).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_value_has_a_greatest_length() {
    let most = "x".repeat(1_024);
    assert!(Matcher::new(Label::User, Operator::Equal, &most).is_ok());
    let error = Matcher::new(Label::User, Operator::Equal, &format!("{most}x")).unwrap_err();
    let message = "the value of `user` has 1025 bytes: at most 1024 are taken";
    assert_eq!(error.to_string(), message);
    assert!(matches!(error, MatcherError::TooLong { bytes: 1_025, .. }));
}

proptest! {
    #[test]
    // But for a severity, which is compared with severities only.
    fn every_matcher_reads_back_from_its_text(value in ".{0,40}", label in 1..9_usize) {
        let matcher = Matcher::new(Label::ALL[label], Operator::NotEqual, &value).unwrap();
        prop_assert_eq!(Matcher::parse(&matcher.to_string()), Ok(matcher));
    }
}
