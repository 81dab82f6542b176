use std::path::PathBuf;
use std::time::Duration;

use cresset_model::query::AddressField;

use super::super::auth::AuthConfig;
use super::super::enrich::{EnrichConfig, GeoConfig, GeoDatabase, UserConfig, UserDirectory};
use super::super::environment::Ports;
use super::super::http_poll::HttpPollConfig;
use super::super::paging::PagingConfig;
use super::super::source::SourceConfig;
use super::super::store::StoreConfig;
use super::super::tests::{MINIMAL, check, example, faults_of, loaded, minimal_with};
use super::*;

/// Checks keys of `http_poll`, whose first line is line 7 and is indented by eight blanks.
#[track_caller]
fn check_poll(keys: &str, expected: &[&str]) {
    let mut text = String::from(
        "version: 1\npipelines:\n  p:\n    adapter: seed_a\n    source:\n      http_poll:\n",
    );
    for line in keys.lines() {
        text.push_str("        ");
        text.push_str(line);
        text.push('\n');
    }
    check(&text, expected);
}

fn poll_of(config: &Config) -> &HttpPollConfig {
    match &config.pipelines[0].source {
        SourceConfig::HttpPoll(poll) => poll,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_fault_is_named_in_the_order_of_the_file() {
    check(
        "\
version: 1
store: { sqlite: { path: \"\", live_index_budget: 64MB } }
server: { listen: 0.0.0.0:8000, opne: true }
pipelines:
  Up:
    source:
      http_poll:
        url: ftp://example.com/alerts
        intervall: 30m
        overlap: 30
        max_pages: 0
    adapter: seed_ab
    enrich: [ geoo: { of: dst_ip } ]
  q:
    source: { http_pol: {} }
    adapter: seed_a
",
        &[
            "2:26: \"path\" is not a path: \"\": write the path of a file, relative to the working directory",
            "2:49: \"live_index_budget\" is not a size: \"64MB\": write a whole number and a unit, such as 64MiB (units B, KiB, MiB, GiB)",
            "3:19: 0.0.0.0:8000 is not a loopback address and the server is not open: there is no login: write server.open: true only where everyone may read and command",
            "3:33: unknown key \"opne\": did you mean \"open\"? valid keys here: listen, also_listen, open, hosts, connections, connections_per_address, viewers, head, headers, body_rate, timeouts, live_events",
            "5:3: \"Up\" is not a pipeline name: use 1 to 64 lower-case letters, digits, dashes and underscores",
            "8:14: \"url\" does not begin with http:// or https://: \"ftp://example.com/alerts\": write an address such as https://alerts.example.com/v1/alerts",
            "9:9: unknown key \"intervall\": did you mean \"interval\"? valid keys here: url, interval, since, records, allow_private, paging, auth, overlap, overlap_short, sweep, lookback, max_pages, timeouts, max_answer, max_ratio, max_undecoded, chaos",
            "10:18: \"overlap\" is not a duration: \"30\": write a whole number and a unit, such as 30m (units ms, s, m, h, d)",
            "11:20: \"max_pages\" is out of range: 0: from 1 to 10000 are allowed",
            "12:14: unknown adapter \"seed_ab\": did you mean \"seed_a\"? valid values: seed_a, nullify",
            "13:15: unknown enrichment \"geoo\": did you mean \"geo\"? valid here: geo, geo_http, user",
            "15:15: unknown source \"http_pol\": did you mean \"http_poll\"? valid here: http_poll, push, file, stdin, generate",
        ],
    );
}

#[test]
fn an_empty_file_says_what_to_write() {
    for text in ["", "\n\n", "# nothing\n", "---\n", "null\n"] {
        check(
            text,
            &[
                "1:1: the file is empty: write at least version: 1 and a pipeline, as in config/minimal.yaml",
            ],
        );
    }
}

#[test]
fn a_file_that_is_no_mapping_is_refused() {
    check(
        "just words\n",
        &[
            "1:1: \"the file\" is a value, not a mapping: write its keys and values below it, indented",
        ],
    );
}

#[test]
fn an_unknown_version_is_the_only_fault() {
    check(
        "version: 2\npipeline: {}\n",
        &["1:10: unknown version \"2\": this build reads version 1"],
    );
    check(
        "pipelines: {}\n",
        &[
            "1:1: missing key \"version\": the version of this form: 1",
            "1:1: \"pipelines\" names no pipeline: write at least one, under a name such as upstream-alerts",
        ],
    );
}

#[test]
fn missing_keys_say_what_belongs_there() {
    check(
        "version: 1\n",
        &["1:1: missing key \"pipelines\": at least one, under a name such as upstream-alerts"],
    );
    check(
        "version: 1\npipelines:\n  p: {}\n",
        &[
            "3:3: missing key \"source\": where records come from, such as http_poll: { url: ... }",
            "3:3: missing key \"adapter\": the format of the records: seed_a or nullify",
        ],
    );
    check_poll(
        "interval: 30m",
        &["6:7: missing key \"url\": the address to poll, such as http://127.0.0.1:8001/alerts"],
    );
    check(
        "version: 1\npipelines:\n",
        &["2:1: \"pipelines\" has no value: write its keys and values below it, indented"],
    );
}

#[test]
fn a_duplicate_key_names_both_places() {
    check_poll(
        "url: https://example.com/a\ninterval: 30m\nurl: https://example.com/b",
        &["9:9: key \"url\" is given twice: first at line 7"],
    );
    check(
        &minimal_with("version: 1\n"),
        &["8:1: key \"version\" is given twice: first at line 1"],
    );
}

#[test]
fn addresses_are_checked_as_far_as_text_allows() {
    let valid = "write an address such as https://alerts.example.com/v1/alerts";
    for (url, message) in [
        (
            "example.com/alerts",
            format!("does not begin with http:// or https://: \"example.com/alerts\": {valid}"),
        ),
        (
            "https://user:hunter2@example.com/",
            "holds a user or a password: take them out and write auth: with a reference to the secret"
                .to_owned(),
        ),
        (
            "https:///alerts",
            "names no valid host: \"https:///alerts\": write a name, an IPv4 address in four decimal parts, or an IPv6 address in brackets"
                .to_owned(),
        ),
        (
            "https://0x7f.1/",
            "names no valid host: \"https://0x7f.1/\": write a name, an IPv4 address in four decimal parts, or an IPv6 address in brackets"
                .to_owned(),
        ),
        (
            "https://example.com:0/",
            "names no valid port: \"https://example.com:0/\": write a port from 1 to 65535".to_owned(),
        ),
        (
            "https://example.com/?key=hunter2#top",
            "holds a fragment: take out the # and what follows, it is never sent".to_owned(),
        ),
    ] {
        check_poll(&format!("url: {url}"), &[&format!("7:14: \"url\" {message}")]);
    }
}

#[test]
fn a_private_address_must_be_meant() {
    check_poll(
        "url: http://127.0.0.1:8001/alerts",
        &[
            "7:14: \"url\" leads to the private address 127.0.0.1:8001: if that is meant, add allow_private: 127.0.0.1:8001",
        ],
    );
    check_poll(
        "url: http://[::1]/alerts",
        &[
            "7:14: \"url\" leads to the private address [::1]:80: if that is meant, add allow_private: \"[::1]:80\"",
        ],
    );
    check_poll(
        "url: http://127.0.0.1:8001/alerts\nallow_private: 127.0.0.1:8002",
        &[
            "8:24: \"allow_private\" names 127.0.0.1:8002, \"url\" leads to 127.0.0.1:8001: name the host and port of the address, or remove the key",
        ],
    );
    check_poll(
        "url: http://mock-api:8000/alerts\nallow_private: mock-api:8000",
        &[],
    );
    check_poll(
        "url: https://example.com/\nallow_private: 8001",
        &[
            "8:24: \"allow_private\" is not a host and a port: \"8001\": write one host and its port, such as 127.0.0.1:8001",
        ],
    );
}

#[test]
fn paging_is_a_word_or_says_where_the_cursor_is() {
    let read = |text: &str| {
        let text = format!("/alerts\n        records: alerts\n        paging: {text}");
        poll_of(&loaded(&MINIMAL.replace("/alerts", &text), &[]))
            .paging
            .clone()
    };
    assert_eq!(read("since"), PagingConfig::Since);
    assert_eq!(read("link"), PagingConfig::Link);
    let cursor = |field: &[&str]| PagingConfig::Cursor {
        field: field.iter().map(ToString::to_string).collect(),
        parameter: "cursor".to_owned(),
    };
    assert_eq!(
        read("{ cursor: { field: next_cursor, parameter: cursor } }"),
        cursor(&["next_cursor"])
    );
    assert_eq!(
        read("{ cursor: { field: /meta/next, parameter: cursor } }"),
        cursor(&["meta", "next"])
    );
    let default = poll_of(&loaded(MINIMAL, &[])).paging.clone();
    assert_eq!(default, PagingConfig::Since);
}

#[test]
fn a_paging_that_cannot_work_is_named() {
    check_poll(
        "url: https://example.com/\npaging: cursor",
        &["8:17: unknown paging \"cursor\": valid values: since, link"],
    );
    check_poll(
        "url: https://example.com/\npaging: { links: 1 }",
        &["8:19: unknown paging \"links\": valid here: cursor"],
    );
    check_poll(
        "url: https://example.com/\npaging: { cursor: { field: a..b } }",
        &[
            "8:19: missing key \"parameter\": the query parameter that takes the cursor back, such as cursor",
            "8:36: \"field\" is not a path of keys: \"a..b\": write the keys that lead to the cursor, such as next_cursor, meta.next or /meta/next",
        ],
    );
    check_poll(
        "url: https://example.com/?cursor=1\npaging: { cursor: { field: next, parameter: cursor } }",
        &[
            "8:17: \"paging\" takes a cursor out of an answer that is an array: name the key that holds the array, such as records: alerts",
            "8:17: the parameter of the cursor is taken already: take it out of the address, or name another one",
        ],
    );
}

#[test]
fn sweeps_can_be_set_and_switched_off() {
    let read = |text: &str| {
        let text = format!("/alerts\n        sweep: {text}");
        let config = loaded(&MINIMAL.replace("/alerts", &text), &[]);
        poll_of(&config)
            .sweep
            .map(|sweep| (sweep.every, sweep.back))
    };
    let hours = Duration::from_hours;
    assert_eq!(read("off"), None);
    assert_eq!(read("0"), None);
    assert_eq!(
        read("{ every: 1m }"),
        Some((Duration::from_mins(1), hours(24)))
    );
    assert_eq!(read("{ back: 30d }"), Some((hours(6), hours(720))));
    assert_eq!(read("{}\n        overlap: 2d"), Some((hours(6), hours(48))));
    check_poll(
        "url: https://example.com/\nsweep: { every: 59s, back: 31d }",
        &[
            "8:25: \"every\" is out of range: 59s: from 1m to 30d are allowed",
            "8:36: \"back\" is out of range: 31d: from 1m to 30d are allowed",
        ],
    );
    check_poll(
        "url: https://example.com/\nsweep: { back: 4m }",
        &[
            "8:9: a sweep reaches no further back than \"overlap\": lengthen sweep.back, or write sweep: off",
        ],
    );
    check_poll(
        "url: https://example.com/\nsweep: never",
        &["8:16: unknown sweep \"never\": valid values: off, 0"],
    );
}

#[test]
fn values_of_the_wrong_type_are_named() {
    check_poll(
        "url: https://example.com/\ninterval: [30m]\nsince: since\nmax_pages: ten\nmax_answer: 1\nrecords: a..b\ntimeouts:",
        &[
            "8:19: \"interval\" is a list, not a duration: write a whole number and a unit, such as 30m (units ms, s, m, h, d)",
            "9:16: \"since\" is a value, not a mapping: write its keys and values below it, indented",
            "10:20: \"max_pages\" is not a whole number: \"ten\": write digits only, such as 20",
            "11:21: \"max_answer\" is not a size: \"1\": write a whole number and a unit, such as 64MiB (units B, KiB, MiB, GiB)",
            "12:18: \"records\" is not a path of keys: \"a..b\": write the keys that lead to the list, such as alerts or data.items",
            "13:9: \"timeouts\" has no value: write its keys and values below it, indented",
        ],
    );
    check(
        &minimal_with("server: { listen: localhost:8000, open: yes, hosts: cresset.internal }\n"),
        &[
            "8:19: \"listen\" is not an address and a port: \"localhost:8000\": write 127.0.0.1:8000 or [::1]:8000; names are not resolved here",
            "8:41: \"open\" is not true or false: \"yes\": write true or false",
            "8:53: \"hosts\" is a value, not a list: write [a, b] or one line for each item, with a dash",
        ],
    );
}

#[test]
fn the_interval_is_whole_minutes_up_to_a_week() {
    let read = |interval: &str| {
        let text = MINIMAL.replace("/alerts", &format!("/alerts\n        interval: {interval}"));
        faults_of(&text, &[])
    };
    for valid in ["1m", "60s", "10080m", "7d"] {
        assert!(read(valid).is_empty(), "{valid}");
    }
    assert_eq!(
        read("59s"),
        ["7:19: \"interval\" is out of range: 59s: from 1m to 7d are allowed"]
    );
    assert_eq!(
        read("10081m"),
        ["7:19: \"interval\" is out of range: 10081m: from 1m to 7d are allowed"]
    );
    assert_eq!(
        read("90s"),
        [
            "7:19: \"interval\" is not a whole number of minutes: 90s: write minutes, hours or days, such as 30m"
        ]
    );
}

#[test]
fn values_that_contradict_each_other_are_named() {
    check_poll(
        "url: https://example.com/?since=x\noverlap: 5s\noverlap_short: 10s\ntimeouts: { first_byte: 30s, total: 20s }",
        &[
            "7:14: \"url\" already has the parameter \"since\": take it out of the address, or name another one in since.parameter",
            "9:24: \"overlap_short\" is longer than \"overlap\": 10s and 5s: shorten \"overlap_short\" or lengthen \"overlap\"",
            "10:33: \"first_byte\" is longer than \"total\": 30s and 20s: shorten \"first_byte\" or lengthen \"total\"",
        ],
    );
    check_poll(
        "url: https://example.com/\ntimeouts: { total: 15m }",
        &[
            "8:28: \"total\" is longer than \"total_max\": 15m and 10m: shorten \"total\" or lengthen \"total_max\"",
        ],
    );
    check(
        &minimal_with("limits: { record: 1KiB, string: 2KiB, batch: 1B }\n"),
        &[
            "8:19: \"record\" is larger than \"batch\": a record lies within a batch",
            "8:33: \"string\" is larger than \"record\": a string lies within a record",
        ],
    );
    check(
        &minimal_with("server: { also_listen: [127.0.0.1:8000, \"[::]:1\"], hosts: [a b] }\n"),
        &[
            "8:25: 127.0.0.1:8000 is listened on twice: first at line 8",
            "8:41: [::]:1 is not a loopback address and the server is not open: there is no login: write server.open: true only where everyone may read and command",
            "8:60: \"hosts\" is not a host name: \"a b\": write a name or an address without a port, such as cresset.internal",
        ],
    );
    check(
        &minimal_with(
            "  q:\n    id: p\n    source: { http_poll: { url: https://example.com/ } }\n    adapter: seed_a\n",
        ),
        &[
            "9:9: id \"p\" is given to two pipelines: first at line 3; the id of an alert is derived from it",
        ],
    );
}

#[test]
fn limits_hold_at_their_ends() {
    let read = |limits: &str| faults_of(&minimal_with(&format!("limits: {limits}\n")), &[]);
    assert!(read("{ depth: 256, keys: 65536, batch_records: 100000 }").is_empty());
    assert!(read("{ record: 64MiB, batch: 256MiB, string: 64MiB }").is_empty());
    assert_eq!(
        read("{ depth: 257 }"),
        ["8:18: \"depth\" is out of range: 257: from 1 to 256 are allowed"]
    );
    assert_eq!(
        read("{ record: 67108865B, batch: 268435457B }"),
        [
            "8:19: \"record\" is out of range: 67108865B: from 1B to 64MiB are allowed",
            "8:37: \"batch\" is out of range: 268435457B: from 1B to 256MiB are allowed",
        ]
    );
}

#[test]
fn enrichments_name_known_tables_and_come_once() {
    let read = |enrich: &str| faults_of(&minimal_with(&format!("    enrich:\n{enrich}")), &[]);
    assert_eq!(
        read(
            "      - geo: { of: dst, database: buildin }\n      - geo: {}\n      - user: { table: users.txt }\n"
        ),
        [
            "9:20: unknown of \"dst\": did you mean \"dst_ip\"? valid values: src_ip, dst_ip",
            "9:35: \"database\" is not a geo database: \"buildin\": did you mean \"builtin\"? write builtin or the path of a file that ends in .mmdb",
            "10:9: enrichment \"geo\" is given twice: first at line 9",
            "11:24: \"table\" is not a directory of users: \"users.txt\": write demo or the path of a file that ends in .csv",
        ]
    );
    assert_eq!(
        read("      - user: {}\n      - geo\n"),
        [
            "9:9: missing key \"table\": write demo or the path of a file that ends in .csv",
            "10:9: \"enrichment\" is a value, not a mapping with one key: valid here: geo, geo_http, user",
        ]
    );
}

#[test]
fn a_literal_secret_is_refused_and_shown_nowhere() {
    for auth in [
        "auth: { bearer: hunter2 }",
        "auth: hunter2",
        "auth:\n  bearer: hunter2",
        "auth:\n  bearrer: hunter2",
        "auth:\n  basic: { user: u, pasword: hunter2 }",
        "auth:\n  header:\n    name: X-Api-Key\n    valeu: hunter2",
        "auth:\n  header:\n    name: X-Api-Key\n    value: \"${TOKEN}\"",
        "auth:\n  header:\n    name: X-Api-Key\n    value: env:TOKEN\n    value: hunter2",
        "apikey: hunter2",
        "tokn: hunter2",
        "headers: [hunter2]",
    ] {
        let indented = auth.replace('\n', "\n        ");
        let text = MINIMAL.replace("/alerts", &format!("/alerts\n        {indented}"));
        let environment = Environment::of(&[("TOKEN", "hunter2")]);
        let faults = parse("x.yaml", text.as_bytes(), &environment).unwrap_err();
        let shown = format!("{faults}\n{}", faults.to_json());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    check_poll(
        "url: https://example.com/\nauth: { bearer: hunter2 }",
        &[
            "8:25: \"bearer\" is not a reference to a secret: write env:NAME or file:PATH; a secret itself never stands in the configuration",
        ],
    );
}

#[test]
fn a_secret_is_not_sent_in_plain_text() {
    check_poll(
        "url: http://example.com/\nauth: { bearer: env:TOKEN }",
        &["8:15: \"auth\" would send its secret in plain text: use an https address"],
    );
    check_poll(
        "url: http://localhost:1/\nallow_private: localhost:1\nauth: { bearer: env:TOKEN }",
        &[],
    );
}

#[test]
fn authentication_takes_one_of_three_forms() {
    let read = |auth: &str| {
        let text = MINIMAL.replace("/alerts", &format!("/alerts\n        auth: {auth}"));
        poll_of(&loaded(&text, &[])).auth.clone().unwrap()
    };
    let env = |name: &str| cresset_model::secret::SecretRef::Env(name.to_owned());
    assert_eq!(read("{ bearer: env:T }"), AuthConfig::Bearer(env("T")));
    assert_eq!(
        read("{ basic: { user: u, password: env:P } }"),
        AuthConfig::Basic {
            user: "u".to_owned(),
            password: env("P")
        }
    );
    assert_eq!(
        read("{ header: { name: X-Api-Key, value: env:K } }"),
        AuthConfig::Header {
            name: "x-api-key".to_owned(),
            value: env("K")
        }
    );
    check_poll(
        "url: https://example.com/\nauth: { basic: { user: a:b }, header: {} }",
        &["8:9: \"auth\" takes exactly one key, here are 2: valid here: bearer, basic, header"],
    );
    check_poll(
        "url: https://example.com/\nauth: { basic: { user: a:b } }",
        &[
            "8:17: missing key \"password\": env:NAME or file:PATH",
            "8:32: \"user\" is not a user: write a name without a colon",
        ],
    );
    check_poll(
        "url: https://example.com/\nauth: { header: { name: Host, value: env:K } }",
        &["8:33: \"name\" cannot be \"host\": that header belongs to the connection"],
    );
}

#[test]
fn variables_are_put_in_and_undefined_ones_named() {
    let text = MINIMAL.replace("https://example.com", "${UPSTREAM}");
    assert_eq!(
        faults_of(&text, &[]),
        [
            "6:14: variable \"UPSTREAM\" is not defined: define it, or write a default: ${UPSTREAM:-default}"
        ]
    );
    let config = loaded(&text, &[("UPSTREAM", "https://a.example")]);
    assert_eq!(poll_of(&config).url.as_str(), "https://a.example/alerts");
    // A variable is a value whatever it holds: it adds no key.
    let faults = faults_of(&text, &[("UPSTREAM", "x\n        interval: 1m #")]);
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[test]
fn the_file_is_bounded_and_utf8() {
    let fill = |bytes: usize| {
        let mut text = MINIMAL.to_owned();
        text.push('#');
        text.extend(std::iter::repeat_n('x', bytes - text.len()));
        text
    };
    check(&fill(1 << 20), &[]);
    check(
        &fill((1 << 20) + 1),
        &["is larger than 1 MiB: a configuration is smaller; is it the right file?"],
    );
    let faults = parse("x.yaml", b"version: 1\na: \xff\n", &Environment::default()).unwrap_err();
    assert_eq!(
        faults.faults()[0].to_string(),
        "line 2 is not UTF-8: save the file as UTF-8"
    );
}

#[test]
fn pipelines_are_bounded() {
    let pipeline = "source: { http_poll: { url: https://example.com/ } }, adapter: seed_a";
    let text = |count: usize| {
        let mut lines = vec!["version: 1".to_owned(), "pipelines:".to_owned()];
        lines.extend((0..count).map(|number| format!("  p{number}: {{ {pipeline} }}")));
        lines.join("\n")
    };
    assert_eq!(loaded(&text(64), &[]).pipelines.len(), 64);
    check(
        &text(65),
        &["2:1: \"pipelines\" names 65 pipelines: at most 64 are taken"],
    );
}

#[test]
fn an_absent_file_is_named() {
    let faults = load(&PathBuf::from("no/such.yaml"), &Environment::default()).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "no/such.yaml: cannot be read: No such file or directory (os error 2)\n = give the path of a configuration, such as config/minimal.yaml"
    );
}

#[test]
fn the_minimal_example_loads() {
    let config = example("minimal.yaml", &[]);
    assert_eq!(config.store, StoreConfig::default());
    assert_eq!(config.server, ServerConfig::default());
    assert_eq!(config.retention, RetentionConfig::default());
    assert_eq!(config.limits, RecordLimits::default());
    assert_eq!(poll_of(&config).interval_minutes, 30);
    assert_eq!(config.pipelines[0].enrich.len(), 2);
}

#[test]
fn the_full_example_says_every_default() {
    // What the file writes out is what the demo takes from the constants.
    let shown = example("seed-a.yaml", &[]);
    let folder = PathBuf::from("data");
    assert_eq!(shown, Config::demo(Ports::default(), &folder));
    let moved = Ports {
        api: 9000,
        mock: 9001,
        dashboard: 9501,
    };
    let variables = [
        ("HOST_PORT_INGESTOR", "9000"),
        ("HOST_PORT_MOCK_API", "9001"),
        ("HOST_PORT_DASHBOARD", "9501"),
    ];
    assert_eq!(
        example("seed-a.yaml", &variables),
        Config::demo(moved, &folder)
    );
}

#[test]
fn the_secured_example_loads_with_its_variables() {
    let config = example(
        "secured-upstream.yaml",
        &[
            ("UPSTREAM_URL", "https://alerts.example.com/v1/alerts"),
            ("UPSTREAM_TOKEN", "t"),
        ],
    );
    let poll = poll_of(&config);
    assert_eq!(poll.url.as_str(), "https://alerts.example.com/v1/alerts");
    assert_eq!(poll.interval_minutes, 5);
    assert_eq!(poll.timeouts.total, Duration::from_mins(2));
    assert!(matches!(poll.auth, Some(AuthConfig::Bearer(_))));
    assert_eq!(config.retention.alerts, Some(Duration::from_hours(14 * 24)));
    assert_eq!(
        config.pipelines[0].enrich,
        [
            EnrichConfig::Geo(GeoConfig {
                of: AddressField::DstIp,
                database: GeoDatabase::Mmdb(PathBuf::from("data/GeoLite2-Country.mmdb")),
                fields: None,
            }),
            EnrichConfig::User(UserConfig {
                of: AddressField::SrcIp,
                table: UserDirectory::Csv(PathBuf::from("config/users.csv")),
            }),
        ]
    );
}

#[test]
fn the_paged_example_loads() {
    let url = ("UPSTREAM_URL", "https://alerts.example.com/v1/alerts");
    let config = example("paged-upstream.yaml", &[url]);
    let cursor = PagingConfig::Cursor {
        field: vec!["next_cursor".to_owned()],
        parameter: "cursor".to_owned(),
    };
    assert_eq!(poll_of(&config).paging, cursor);
    assert_eq!(poll_of(&config).records, ["alerts"]);
    let sweep = poll_of(&config).sweep.unwrap();
    assert_eq!(sweep.every, Duration::from_hours(6));
    assert_eq!(sweep.back, Duration::from_hours(48));
}

#[test]
fn retention_can_be_switched_off() {
    let read = |text: &str| {
        loaded(
            &minimal_with(&format!("retention: {{ alerts: {text} }}\n")),
            &[],
        )
    };
    assert_eq!(read("never").retention.alerts, None);
    assert_eq!(read("1m").retention.alerts, Some(Duration::from_mins(1)));
    check(
        &minimal_with("retention: { alerts: 59s }\n"),
        &[
            "8:22: \"alerts\" is too short: \"59s\": alerts stay at least 1m, or for ever with never",
        ],
    );
    check(
        &minimal_with("retention: { alerts: 48 }\n"),
        &[
            "8:22: \"alerts\" is not a duration or never: \"48\": write never, or a whole number and a unit, such as 48h (units ms, s, m, h, d)",
        ],
    );
}

/// A xorshift generator: the same damage each time.
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

#[test]
fn no_damage_to_a_file_makes_the_reader_panic() {
    let examples = [
        include_str!("../../../../../config/seed-a.yaml"),
        include_str!("../../../../../config/nullify-embedded.yaml"),
        include_str!("../../../../../config/notifications.yaml"),
    ];
    let pieces = b"{}[]:-#&*!|>'\"%@`\t\n ,?${~\0\xc3";
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut valid = 0;
    let environment = Environment::of(&[("HOOK_URL", "https://hooks.example.com/1")]);
    for whole in examples.iter().cycle().take(3_000) {
        let mut bytes = whole.as_bytes().to_vec();
        for _ in 0..=next(&mut state) % 4 {
            if bytes.is_empty() {
                break;
            }
            let place = next(&mut state) % bytes.len();
            let piece = pieces[next(&mut state) % pieces.len()];
            match next(&mut state) % 4 {
                0 => bytes[place] = piece,
                1 => bytes.insert(place, piece),
                2 => bytes.truncate(place.max(1)),
                _ => drop(bytes.drain(place..(place + 40).min(bytes.len()))),
            }
        }
        match parse("x.yaml", &bytes, &environment) {
            Ok(_) => valid += 1,
            Err(faults) => assert!(!faults.to_string().is_empty() && !faults.faults().is_empty()),
        }
    }
    // Damage to a comment harms nothing; damage to everything else is noticed.
    assert!((1..2_500).contains(&valid), "{valid}");
}
