use std::path::PathBuf;
use std::time::Duration;

use cresset_pipeline::router::{Label, Matcher, Operator};

use super::super::route::Grouping;
use super::super::smtp::SmtpSecurity;
use super::super::source::PushConfig;
use super::super::tests::example;
use super::*;

#[test]
fn the_embedded_example_is_the_demo_with_pushed_events_and_a_file_of_addresses() {
    let mut shown = example("nullify-embedded.yaml", &[]);
    let pipeline = &mut shown.pipelines[0];
    assert_eq!(pipeline.source, SourceConfig::Push(PushConfig::default()));
    let demo = Config::demo_nullify(Ports::default(), Path::new("data"));
    pipeline.source = demo.pipelines[0].source.clone();
    assert_eq!(
        shown.lists[0].content,
        ListContent::File {
            path: PathBuf::from("config/malicious-ips.txt"),
            column: None,
        }
    );
    shown.lists = demo.lists.clone();
    assert_eq!(shown, demo);
}

#[test]
fn the_addresses_of_the_demo_are_those_of_the_file() {
    let file = include_str!("../../../../../config/malicious-ips.txt");
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    let listed: Vec<&str> = lines.collect();
    assert_eq!(
        listed,
        MALICIOUS_ADDRESSES.map(|address| address.to_string())
    );
}

#[test]
fn the_demo_names_only_what_it_defines() {
    let demo = Config::demo_nullify(Ports::default(), Path::new("data"));
    for detect in &demo.pipelines[0].detect {
        for list in detect.lists() {
            assert!(demo.lists.iter().any(|known| known.name == *list), "{list}");
        }
    }
    let receiver = &demo.route.as_ref().unwrap().receiver;
    assert_eq!(*receiver, demo.receivers[0].name);
    assert!(demo.for_pipe_only().is_empty());
}

#[test]
fn the_example_of_notifications_loads_with_its_variables() {
    let config = example(
        "notifications.yaml",
        &[("HOOK_URL", "https://hooks.example.com/1")],
    );
    let route = config.route.unwrap();
    assert_eq!(route.receiver, "log");
    let groups = Grouping::Labels(vec![Label::Severity, Label::Source]);
    assert_eq!(route.grouping, groups);
    assert_eq!(route.routes[0].receiver, "soc");
    assert!(route.routes[0].continues);
    assert_eq!(route.routes[0].grouping, groups);
    assert_eq!(route.routes[0].group_wait, Duration::from_secs(10));
    assert_eq!(
        route.routes[0].matchers,
        [Matcher::new(Label::Severity, Operator::Matches, "high|critical").unwrap()]
    );
    assert_eq!(route.routes[1].grouping, Grouping::EachAlert);
    let [log, soc, on_call] = config.receivers.as_slice() else {
        panic!("three receivers are in the example");
    };
    assert_eq!(log.notifiers, [NotifierConfig::Console]);
    let [NotifierConfig::Webhook(webhook)] = soc.notifiers.as_slice() else {
        panic!("{soc:?}");
    };
    assert_eq!(webhook.url.as_str(), "https://hooks.example.com/1");
    let [NotifierConfig::Console, NotifierConfig::Smtp(smtp)] = on_call.notifiers.as_slice() else {
        panic!("{on_call:?}");
    };
    assert_eq!(smtp.server.to_string(), "smtp.example.com:587");
    assert_eq!(smtp.security, SmtpSecurity::StartTls);
}
