use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Severity;
use crate::ip::Network;
use crate::query::{AddressField, Pattern, TextField};

fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T12:00:00Z").unwrap()
}

/// Compares with the canonical form, which must read back as the same filter.
fn check(query: &str, canonical: &str) {
    let filter = Filter::parse(query, now()).unwrap_or_else(|error| panic!("{query}: {error:?}"));
    assert_eq!(filter.to_string(), canonical, "{query}");
    assert_eq!(Filter::parse(canonical, now()), Ok(filter), "{canonical}");
}

fn check_error(query: &str, offset: usize, message: &str) {
    let error = Filter::parse(query, now()).unwrap_err();
    assert_eq!(
        (error.message.as_str(), error.offset),
        (message, offset),
        "{query}"
    );
    assert_eq!(error.parameter, "q");
    assert_eq!(error.to_string(), message);
}

fn check_parameter(name: &str, value: &str, canonical: &str) {
    let term = Filter::parse_parameter(name, value, now())
        .unwrap_or_else(|error| panic!("{name}={value}: {error:?}"));
    assert_eq!(term.to_string(), canonical, "{name}={value}");
    assert_eq!(Filter::parse(canonical, now()).unwrap().terms, [term]);
}

fn check_parameter_error(name: &str, value: &str, offset: usize, message: &str) {
    let error = Filter::parse_parameter(name, value, now()).unwrap_err();
    assert_eq!(
        (error.message.as_str(), error.offset),
        (message, offset),
        "{name}={value}"
    );
    assert_eq!(error.parameter, name);
}

#[test]
fn terms_read_and_write() {
    for query in [
        "",
        "severity:high",
        "severity:>=high",
        "severity:..",
        "severity:low..high,unknown",
        "country:RU,CN",
        "-country:RU",
        "source:\"a b\"",
        "user:",
        "-user:",
        "dst_ip:203.0.113.0/24,2001:db8::/32,::1,10.0.0.1",
        "created_at:2026-11-23T09:00:00.123456789Z",
        "beacon",
        "-\"two words\" beacon",
        "\"or\"",
        "\"-x\"",
        "\"a:b\"",
        "\"(x)\"",
    ] {
        check(query, query);
    }
}

#[test]
fn every_form_has_one_canonical_form() {
    for (query, canonical) in [
        ("  beacon\t-x\n", "beacon -x"),
        ("severity:HIGH..", "severity:>=high"),
        ("severity:..low", "severity:<=low"),
        ("severity:>medium", "severity:>=high"),
        ("severity:<low", "severity:<=info"),
        ("severity:low..low", "severity:low"),
        ("severity:informational", "severity:info"),
        ("severity:\">= high\"", "severity:>=high"),
        ("criticality:high", "severity:high"),
        ("country:ru,c?", "country:RU,C?"),
        ("user:CORP\\alice", "user:\"CORP\\\\alice\""),
        ("user:\"a\"*\" b\"", "user:a*\" b\""),
        ("user:*\"x,y\"?", "user:*\"x,y\"?"),
        ("user:\"*\"", "user:\"*\""),
        ("description:\"\"", "description:\"\""),
        (
            "description:\"say \\\"hi\\\"\"",
            "description:\"say \\\"hi\\\"\"",
        ),
        ("user:-x", "user:-x"),
        ("src_ip:10.1.2.3/8", "src_ip:10.0.0.0/8"),
        ("src_ip:\"10.1.2.3\"", "src_ip:10.1.2.3"),
        ("2001:db8::1", "\"2001:db8::1\""),
        ("-::1", "-\"::1\""),
        ("a\"b c\"d", "\"ab cd\""),
        ("what?", "\"what?\""),
        ("x,y", "\"x,y\""),
        ("--x", "-\"-x\""),
        ("user: alice", "user: alice"),
    ] {
        check(query, canonical);
    }
}

#[test]
fn times_are_instants_days_or_relative() {
    for (query, canonical) in [
        ("from:now", "ingested_at:>=2026-11-23T12:00:00Z"),
        ("from:-6h", "ingested_at:>=2026-11-23T06:00:00Z"),
        ("to:-30m", "ingested_at:<=2026-11-23T11:30:00Z"),
        ("-from:-7d", "-ingested_at:>=2026-11-16T12:00:00Z"),
        (
            "from:2026-11-22T10:00:00+02:00",
            "ingested_at:>=2026-11-22T08:00:00Z",
        ),
        (
            "from:\"2026-11-22 10:00\"",
            "ingested_at:>=2026-11-22T10:00:00Z",
        ),
        ("from:2026-11-22", "ingested_at:>=2026-11-22T00:00:00Z"),
        (
            "to:2026-11-22",
            "ingested_at:<=2026-11-22T23:59:59.999999999Z",
        ),
        (
            "created_at:2026-11-22",
            "created_at:2026-11-22T00:00:00Z..2026-11-22T23:59:59.999999999Z",
        ),
        (
            "created_at:>2026-11-22",
            "created_at:>=2026-11-23T00:00:00Z",
        ),
        (
            "created_at:<2026-11-22",
            "created_at:<=2026-11-21T23:59:59.999999999Z",
        ),
        (
            "created_at:>=2026-11-22",
            "created_at:>=2026-11-22T00:00:00Z",
        ),
        (
            "created_at:-2h..-1h",
            "created_at:2026-11-23T10:00:00Z..2026-11-23T11:00:00Z",
        ),
        (
            "updated_at:>-1h",
            "updated_at:>=2026-11-23T11:00:00.000000001Z",
        ),
        (
            "created_at:2026-11-01..2026-11-02,now..",
            "created_at:2026-11-01T00:00:00Z..2026-11-02T23:59:59.999999999Z,>=2026-11-23T12:00:00Z",
        ),
    ] {
        check(query, canonical);
    }
}

#[test]
fn faults_say_what_where_and_what_to_do() {
    for (query, offset, message) in [
        (
            "x -",
            2,
            "\"-\" negates the term that follows it without a blank, and none does",
        ),
        (
            "- x",
            0,
            "\"-\" negates the term that follows it without a blank, and none does",
        ),
        (
            ":x",
            0,
            "a field name is missing before \":\"; a word that holds \":\" needs quotes",
        ),
        ("é \"abc", 3, "the quotation mark is never closed"),
        ("user:\"abc\\", 5, "the quotation mark is never closed"),
        (
            "\"a\\n\"",
            2,
            "\"\\n\" is no escape: in quotes write \\\\ or \\\"",
        ),
        ("x \"\"", 2, "the word to search for is empty"),
        (
            "beac*",
            4,
            "a word is found anywhere in a text and takes no \"*\"; to search for the character, \
             put the word in quotes",
        ),
        (
            "country:RU,",
            11,
            "a value is missing beside \",\"; a value that holds \",\" needs quotes",
        ),
        (
            "country:,RU",
            8,
            "a value is missing beside \",\"; a value that holds \",\" needs quotes",
        ),
        (
            "user:*\"?\"",
            5,
            "one value cannot hold \"*\" or \"?\" both in quotes and outside them; use \"?\" \
             outside quotes for any one character",
        ),
    ] {
        check_error(query, offset, message);
    }
}

#[test]
fn faults_in_values_name_the_forms_that_are_allowed() {
    let times = "write 2026-11-23T09:00:00Z, a date such as 2026-11-23, now, or a time before now \
                 such as -30m, -6h or -7d";
    let addresses = "write 203.0.113.7, 2001:db8::1 or 203.0.113.0/24";
    let severities = "Severities: unknown, info, low, medium, high, critical";
    for (query, offset, message) in [
        ("severity:>=", 9, "a value is missing after \">=\""),
        ("severity:>critical", 9, "nothing lies above \"critical\""),
        (
            "severity:low,<unknown",
            13,
            "nothing lies below \"unknown\"",
        ),
        (
            "severity:high..low",
            9,
            "the range \"high..low\" is empty: its first end lies above its second",
        ),
        (
            "severity:>=hihg",
            11,
            &format!("unknown severity \"hihg\": did you mean \"high\"? {severities}"),
        ),
        (
            "severity:low..9",
            14,
            &format!("unknown severity \"9\". {severities}"),
        ),
        (
            "src_ip:10.0.*",
            7,
            &format!("\"10.0.*\" is not an address or a network: {addresses}"),
        ),
        (
            "dst_ip:1.1.1.1,10.0.0.0/33",
            15,
            &format!("\"10.0.0.0/33\" is not an address or a network: {addresses}"),
        ),
        (
            "created_at:>=yesterday",
            13,
            &format!("\"yesterday\" is not a time: {times}"),
        ),
        (
            "created_at:now..-1x",
            16,
            &format!("\"-1x\" is not a time: {times}"),
        ),
        ("from:", 5, &format!("\"from\" needs a time: {times}")),
        ("to:now,-1h", 7, "\"to\" takes one time, not several"),
        ("from:>now", 5, &format!("\">now\" is not a time: {times}")),
    ] {
        check_error(query, offset, message);
    }
}

#[test]
fn or_and_parentheses_are_refused_with_a_hint() {
    let or = "\"or\" is not an operator: write the alternatives of one field with commas, as in \
              country:RU,CN, or ask two queries; to search for the word, put it in quotes";
    check_error("a or b", 2, or);
    check_error("a OR b", 2, or);
    check_error("-Or", 1, or);
    let parenthesis = |which: &str| {
        format!(
            "\"{which}\" has no meaning here, terms cannot be grouped: write the alternatives of \
             one field with commas, as in country:RU,CN, or ask two queries; to search for the \
             character, put the text in quotes"
        )
    };
    check_error("(a b)", 0, &parenthesis("("));
    check_error("-(user:x)", 1, &parenthesis("("));
    check_error("a b)", 3, &parenthesis(")"));
    check_error("country:(RU,CN)", 8, &parenthesis("("));
    check("user:or", "user:or");
}

#[test]
fn an_unknown_field_names_the_nearest() {
    let known = "Known fields: severity, criticality, source, pipeline, country, user, id, \
                 upstream_id, description, threat, src_ip, dst_ip, created_at, ingested_at, updated_at, \
                 from, to";
    for (query, offset, field, near) in [
        ("sevrity:high", 0, "sevrity", "severity"),
        ("x -Country:RU", 3, "Country", "country"),
        ("form:-6h", 0, "form", "from"),
        ("dstip:10.0.0.1", 0, "dstip", "dst_ip"),
        ("desc:x", 0, "desc", "description"),
        ("ip:10.0.0.1", 0, "ip", "src_ip"),
    ] {
        let message = format!("unknown field \"{field}\": did you mean \"{near}\"? {known}");
        check_error(query, offset, &message);
    }
    for field in ["status", "http", "x", "9"] {
        let message =
            format!("unknown field \"{field}\". {known}. A word that holds \":\" needs quotes");
        check_error(&format!("{field}://x"), 0, &message);
    }
    let long = "é".repeat(100);
    let message = format!(
        "unknown field \"{}...\". {known}. A word that holds \":\" needs quotes",
        "é".repeat(60)
    );
    check_error(&format!("{long}:"), 0, &message);
}

#[test]
fn a_query_is_bounded() {
    let longest = format!("\"{}\"", "x".repeat(QUERY_BYTES_MAX - 2));
    assert!(Filter::parse(&longest, now()).is_ok());
    check_error(
        &format!("{longest} "),
        QUERY_BYTES_MAX,
        "the query is 4097 bytes long, at most 4096 are allowed",
    );

    let most = vec!["x"; TERMS_MAX].join(" ");
    assert_eq!(Filter::parse(&most, now()).unwrap().terms.len(), TERMS_MAX);
    check_error(&format!("{most} y"), 64, "the query has more than 32 terms");

    let most = format!("id:{}", vec!["x"; ALTERNATIVES_MAX].join(","));
    assert!(Filter::parse(&most, now()).is_ok());
    check_error(
        &format!("{most},y"),
        203,
        "a term has more than 100 alternatives",
    );

    check_parameter_error(
        "user",
        &"x".repeat(QUERY_BYTES_MAX + 1),
        QUERY_BYTES_MAX,
        "the value is 4097 bytes long, at most 4096 are allowed",
    );
}

#[test]
fn a_parameter_means_what_a_term_means() {
    for (name, value, canonical) in [
        ("severity", ">=high", "severity:>=high"),
        ("severity", "-high,low", "-severity:high,low"),
        ("country", "ru, cn ", "country:RU,CN"),
        ("country", "-RU", "-country:RU"),
        ("country", "", "country:"),
        ("country", "-", "-country:"),
        ("user", "John Doe", "user:\"John Doe\""),
        ("user", "\"-x\"", "user:-x"),
        ("user", "*\" \"", "user:*\" \""),
        ("description", "*two words*", "description:*\"two words\"*"),
        ("dst_ip", "2001:db8::/32", "dst_ip:2001:db8::/32"),
        ("from", "-6h", "ingested_at:>=2026-11-23T06:00:00Z"),
        (
            "to",
            "2026-11-22",
            "ingested_at:<=2026-11-22T23:59:59.999999999Z",
        ),
        (
            "created_at",
            "-6h..now",
            "created_at:2026-11-23T06:00:00Z..2026-11-23T12:00:00Z",
        ),
        ("created_at", "-now", "-created_at:2026-11-23T12:00:00Z"),
        ("created_at", "--6h", "-created_at:2026-11-23T06:00:00Z"),
        (
            "created_at",
            "->-6h",
            "-created_at:>=2026-11-23T06:00:00.000000001Z",
        ),
        (
            "created_at",
            "-2026-11-22",
            "-created_at:2026-11-22T00:00:00Z..2026-11-22T23:59:59.999999999Z",
        ),
        (
            "updated_at",
            "2026-11-22 10:00",
            "updated_at:2026-11-22T10:00:00Z",
        ),
    ] {
        check_parameter(name, value, canonical);
    }
}

#[test]
fn a_parameter_fault_names_the_parameter() {
    check_parameter_error(
        "severity",
        "-low,hih",
        5,
        "unknown severity \"hih\": did you mean \"high\"? Severities: unknown, info, low, medium, \
         high, critical",
    );
    let error = Filter::parse_parameter("contry", "RU", now()).unwrap_err();
    assert!(
        error
            .message
            .starts_with("unknown field \"contry\": did you mean \"country\"?")
    );
    assert!(Filter::parse_parameter("user", "(x)", now()).is_err());
    assert!(Filter::is_parameter("from") && Filter::is_parameter("criticality"));
    assert!(!Filter::is_parameter("q") && !Filter::is_parameter("status"));
}

fn severities() -> impl Strategy<Value = Range<Severity>> {
    let severity = || prop::option::of((0_u8..6).prop_map(Severity::from_code));
    (severity(), severity()).prop_map(ordered)
}

fn times() -> impl Strategy<Value = Range<Timestamp>> {
    let nanos = i64::MIN / 2..i64::MAX / 2;
    let instant = prop_oneof![
        nanos.prop_map(Timestamp::from_nanos),
        (0_i64..4_000_000_000).prop_map(|s| Timestamp::from_seconds(s).unwrap()),
    ];
    (prop::option::of(instant.clone()), prop::option::of(instant)).prop_map(ordered)
}

fn ordered<T: Ord + Copy>((a, b): (Option<T>, Option<T>)) -> Range<T> {
    match (a, b) {
        (Some(a), Some(b)) => Range {
            least: Some(a.min(b)),
            greatest: Some(a.max(b)),
        },
        (least, greatest) => Range { least, greatest },
    }
}

fn networks() -> impl Strategy<Value = Network> {
    prop_oneof![
        (any::<std::net::Ipv4Addr>(), 0_u8..=32).prop_map(|(base, prefix)| (base.into(), prefix)),
        (any::<std::net::Ipv6Addr>(), 0_u8..=128).prop_map(|(base, prefix)| (base.into(), prefix)),
        (any::<[u8; 4]>(), 0_u8..=128)
            .prop_map(|v4| (std::net::Ipv4Addr::from(v4.0).to_ipv6_mapped().into(), v4.1)),
    ]
    .prop_map(|(base, prefix): (std::net::IpAddr, u8)| {
        Network::parse(&format!("{base}/{prefix}")).unwrap()
    })
}

fn patterns() -> impl Strategy<Value = Pattern> {
    let text = prop_oneof!["[A-Z\"\\\\ ,()*?:-]{0,6}", "\\PC{0,6}"]
        .prop_map(|text: String| text.to_ascii_uppercase());
    text.prop_flat_map(|text| {
        let wild = text.contains(['*', '?']);
        any::<bool>().prop_map(move |wildcard| {
            if wildcard && wild {
                Pattern::Wildcard(text.clone())
            } else {
                Pattern::Exact(text.clone())
            }
        })
    })
}

fn tests() -> impl Strategy<Value = Test> {
    use prop::collection::vec;
    let text = prop::sample::select(vec![
        TextField::Source,
        TextField::Pipeline,
        TextField::Country,
        TextField::User,
        TextField::Id,
        TextField::UpstreamId,
        TextField::Description,
    ]);
    let address = prop::sample::select(vec![AddressField::SrcIp, AddressField::DstIp]);
    let time = prop::sample::select(vec![
        TimeField::CreatedAt,
        TimeField::IngestedAt,
        TimeField::UpdatedAt,
    ]);
    let field = prop::sample::select(Field::NAMES.map(|(_, field)| field).to_vec());
    prop_oneof![
        vec(severities(), 1..4).prop_map(Test::Severity),
        (text, vec(patterns(), 1..4)).prop_map(|(field, all)| Test::Text(field, all)),
        (address, vec(networks(), 1..4)).prop_map(|(field, all)| Test::Address(field, all)),
        (time, vec(times(), 1..4)).prop_map(|(field, all)| Test::Time(field, all)),
        field.prop_map(Test::Present),
        prop_oneof!["[a-c\"\\\\ ,()*?:-]{1,6}", "\\PC{1,6}", "[oO][rR]"].prop_map(Test::Word),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    let term = (any::<bool>(), tests()).prop_map(|(negated, test)| Term { negated, test });
    prop::collection::vec(term, 0..6).prop_map(|terms| Filter { terms })
}

proptest! {
    #[test]
    fn a_written_filter_reads_back(filter in filters()) {
        let query = filter.to_string();
        prop_assert_eq!(Filter::parse(&query, now()), Ok(filter), "{}", query);
    }

    #[test]
    fn no_text_makes_the_reader_panic(
        text in prop_oneof![
            ".{0,60}",
            "(-|,|:|\"|\\\\|\\(|\\*|\\?|\\.\\.|>=|<|or| |now|severity:|user:|dst_ip:|created_at:|from:|high|1|é){0,14}",
        ],
        name in prop::sample::select(Name::known()),
        at in any::<i64>(),
    ) {
        let now = Timestamp::from_nanos(at);
        for result in [
            Filter::parse(&text, now),
            Filter::parse_parameter(name, &text, now).map(|term| Filter { terms: vec![term] }),
        ] {
            match result {
                Ok(filter) => {
                    let query = filter.to_string();
                    // The first and last half second that an instant can name have no written form.
                    if at.abs_diff(0) < i64::MAX.abs_diff(0) / 2 {
                        prop_assert_eq!(Filter::parse(&query, now), Ok(filter), "{}", query);
                    }
                }
                Err(error) => {
                    prop_assert!(text.is_char_boundary(error.offset), "{:?}", error);
                    prop_assert!(!error.message.is_empty());
                }
            }
        }
    }

    #[test]
    fn relative_times_count_from_now(seconds in 0_u64..1_000_000) {
        let filter = Filter::parse(&format!("from:-{seconds}s"), now()).unwrap();
        let least = Some(now().minus(Duration::from_secs(seconds)));
        let expected = Test::Time(TimeField::IngestedAt, vec![Range { least, greatest: None }]);
        prop_assert_eq!(filter, Filter::default().and(expected));
    }
}
