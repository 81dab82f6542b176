use super::super::tests::{check_end, loaded, minimal_with};
use super::*;

const RECEIVERS: &str = "receivers: [ { name: soc }, { name: log, console: {} } ]\n";

fn read(route: &str) -> RouteConfig {
    let text = minimal_with(&format!("{RECEIVERS}{route}"));
    loaded(&text, &[]).route.unwrap()
}

/// The route begins at line 9.
#[track_caller]
fn check_route(route: &str, expected: &[&str]) {
    check_end(&format!("{RECEIVERS}{route}"), expected);
}

#[test]
fn a_bare_route_tells_one_receiver_of_each_alert() {
    let route = read("route: { receiver: soc }\n");
    assert_eq!(route, RouteConfig::to("soc"));
    assert_eq!(route.grouping, Grouping::EachAlert);
    assert_eq!(route.group_wait, Duration::from_secs(30));
    assert_eq!(route.group_interval, Duration::from_mins(5));
    assert!(!route.continues && route.matchers.is_empty() && route.routes.is_empty());
}

#[test]
fn a_route_takes_what_it_leaves_out_from_the_one_above() {
    let root = read(
        "\
route:
  receiver: soc
  group_by: [ severity, src_ip ]
  group_wait: 0s
  group_interval: 1s
  routes:
    - matchers: [ 'country=\"US\"', 'user=~\"a|b\"' ]
      continue: true
      group_wait: 1m
      routes:
        - receiver: log
          group_by: []
        - group_by: [ \"...\" ]
          group_interval: 7d
    - { receiver: log }
",
    );
    let labels = Grouping::Labels(vec![Label::Severity, Label::SrcIp]);
    assert_eq!(root.grouping, labels);
    let [below, last] = root.routes.as_slice() else {
        panic!("{root:?}");
    };
    assert_eq!(below.receiver, "soc");
    assert_eq!(below.grouping, labels);
    assert_eq!(below.group_wait, Duration::from_mins(1));
    assert_eq!(below.group_interval, Duration::from_secs(1));
    assert_eq!(below.matchers.len(), 2);
    assert!(below.continues && !last.continues);
    assert_eq!(last.receiver, "log");
    assert_eq!(last.group_wait, Duration::ZERO);
    let [all, each] = below.routes.as_slice() else {
        panic!("{below:?}");
    };
    assert_eq!(all.receiver, "log");
    assert_eq!(all.grouping, Grouping::Labels(Vec::new()));
    assert_eq!(each.receiver, "soc");
    assert_eq!(each.grouping, Grouping::EachAlert);
    assert_eq!(each.group_wait, Duration::from_mins(1));
    assert_eq!(each.group_interval, Duration::from_hours(7 * 24));
}

#[test]
fn route_and_receivers_come_together() {
    check_end(
        "receivers: [ { name: soc } ]\n",
        &[
            "8:12: \"receivers\" without \"route\": nobody would be told: write route: { receiver: NAME }",
        ],
    );
    check_end(
        "route: { receiver: soc }\n",
        &[
            "8:20: unknown receiver \"soc\": no receiver is defined, write receivers: [ { name: soc, console: {} } ]",
        ],
    );
    check_end(
        "route: {}\n",
        &["8:1: missing key \"receiver\": the name of the receiver of what no route below takes"],
    );
    check_end(
        "route:\n",
        &["8:1: \"route\" has no value: write its keys and values below it, indented"],
    );
}

#[test]
fn the_root_takes_every_alert() {
    check_route(
        "route: { receiver: soc, matchers: [ 'user=\"x\"' ], continue: true }\n",
        &[
            "9:35: \"matchers\" stands in the root: the root takes every alert: write a route below routes:",
            "9:61: \"continue\" stands in the root: the root takes every alert: write a route below routes:",
        ],
    );
}

#[test]
fn faults_of_routes_are_named_at_their_places() {
    check_route(
        "\
route:
  receiver: sock
  group_by: [ severty, rule, rule, \"...\" ]
  group_wait: 25h
  group_interval: 0s
  repeat_interval: 4h
  routes:
    - receiver: nobody
      matchers: [ severity, 'severity=high', 'severity=\"hgih\"', { a: b } ]
      continue: yes
    - log
",
        &[
            "10:13: unknown receiver \"sock\": did you mean \"soc\"? defined here: soc, log",
            "11:13: \"group_by\" names \"...\" and more: \"...\" alone means one notification for each alert",
            "11:15: unknown group_by \"severty\": did you mean \"severity\"? valid values: severity, source, pipeline, country, user, src_ip, dst_ip, title, rule, ...",
            "11:30: label \"rule\" is named twice: remove one of them",
            "12:15: \"group_wait\" is out of range: 25h: from 0ms to 1d are allowed",
            "13:19: \"group_interval\" is out of range: 0ms: from 1s to 7d are allowed",
            "14:3: unknown key \"repeat_interval\": valid keys here: receiver, group_by, group_wait, group_interval, matchers, continue, routes",
            "16:17: unknown receiver \"nobody\": defined here: soc, log",
            "17:19: \"matchers\" is not a matcher: \"severity\": write a label, one of = != =~ !~ and a value in quotes, such as severity=~\"high|critical\"",
            "17:29: \"matchers\" has a value without quotes: write severity=\"high\"",
            "17:46: \"matchers\" compares with the unknown severity \"hgih\": did you mean \"high\"? severities: unknown, info, low, medium, high, critical",
            "17:65: \"matchers\" is a mapping, not a matcher: write a label, one of = != =~ !~ and a value in quotes, such as severity=~\"high|critical\"",
            "18:17: \"continue\" is not true or false: \"yes\": write true or false",
            "19:7: \"route\" is a value, not a mapping: write its keys and values below it, indented",
        ],
    );
}

#[test]
fn routes_and_matchers_are_bounded() {
    let routes = |count: usize| {
        let items = vec!["{}"; count].join(", ");
        format!("route: {{ receiver: soc, routes: [ {items} ] }}\n")
    };
    check_route(&routes(255), &[]);
    let place = 35 + 255 * 4;
    check_route(
        &routes(258),
        &[&format!(
            "9:{place}: more than 256 routes: take some together: matchers know regular expressions"
        )],
    );
    let matchers = |count: usize| {
        let items = vec!["'user=\"x\"'"; count].join(", ");
        format!("route: {{ receiver: soc, routes: [ {{ matchers: [ {items} ] }} ] }}\n")
    };
    check_route(&matchers(32), &[]);
    check_route(
        &matchers(33),
        &["9:47: \"matchers\" has 33 items: at most 32 are taken"],
    );
}
