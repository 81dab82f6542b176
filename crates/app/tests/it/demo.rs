//! The first command of a newcomer.

use std::net::TcpListener;

use super::process::{Process, command, free_port, said, try_get, wait_until};

fn demo(directory: &std::path::Path, flags: &[&str]) -> (std::process::Command, [u16; 3]) {
    let ports = [free_port(), free_port(), free_port()];
    let mut arguments = vec!["demo", "--fast", "--chaos", "0"];
    arguments.extend(flags);
    let mut command = command(directory, &arguments);
    let names = [
        "HOST_PORT_INGESTOR",
        "HOST_PORT_MOCK_API",
        "HOST_PORT_DASHBOARD",
    ];
    for (name, port) in names.into_iter().zip(ports) {
        command.env(name, port.to_string());
    }
    (command, ports)
}

#[test]
fn the_demo_brings_alerts_and_goes_on_from_its_bookmark() {
    let directory = tempfile::tempdir().unwrap();
    let (command, ports) = demo(directory.path(), &["--keep", "kept"]);
    let process = Process::start(command, ports[0], "/readyz");
    let health = process.health(|health| !health["last_success"].is_null());
    let first = process.get("/alerts").json();
    assert!(!first.as_array().unwrap().is_empty());
    assert_eq!(
        try_get(ports[1], "/config").unwrap().body,
        r#"{"failure_rate":0.0}"#
    );
    let home = try_get(ports[2], "/").unwrap();
    assert!(
        home.status == 307 && home.head.contains("location: /ui/"),
        "{home:?}"
    );
    let page = try_get(ports[2], "/ui/").unwrap();
    assert!(
        page.status == 200 && page.body.contains("Cresset"),
        "{page:?}"
    );
    assert_eq!(process.terminate(), 0);

    let (command, ports) = demo(directory.path(), &["--keep", "kept"]);
    let process = Process::start(command, ports[0], "/readyz");
    let again = process.health(|again| again["last_success"] != health["last_success"]);
    assert!(again["last_event_time"].as_str() >= health["last_event_time"].as_str());
    let second = process.get("/alerts?limit=1000").json();
    assert!(second.as_array().unwrap().len() > first.as_array().unwrap().len());
}

#[test]
fn the_ports_of_a_dot_env_file_are_taken() {
    let directory = tempfile::tempdir().unwrap();
    let ports = [free_port(), free_port(), free_port()];
    let file = format!(
        "HOST_PORT_INGESTOR={}\nHOST_PORT_MOCK_API={}\nHOST_PORT_DASHBOARD={}\n",
        ports[0], ports[1], ports[2]
    );
    std::fs::write(directory.path().join(".env"), file).unwrap();
    let process = Process::start(
        command(directory.path(), &["demo", "--fast"]),
        ports[0],
        "/livez",
    );
    wait_until(|| try_get(ports[1], "/config").is_some());
    assert_eq!(process.terminate(), 0);
}

#[test]
fn a_taken_port_is_named_with_its_variable() {
    let directory = tempfile::tempdir().unwrap();
    for (index, variable) in [
        "HOST_PORT_INGESTOR",
        "HOST_PORT_MOCK_API",
        "HOST_PORT_DASHBOARD",
    ]
    .into_iter()
    .enumerate()
    {
        let (mut command, ports) = demo(directory.path(), &[]);
        let _taken = TcpListener::bind(("127.0.0.1", ports[index])).unwrap();
        let (code, _, error) = said(&command.output().unwrap());
        assert_eq!(code, 5, "{error}");
        let expected = format!(
            "cresset: port {} is taken: free it, or set another with {variable}\n",
            ports[index]
        );
        assert_eq!(error, expected);
    }
}
