//! Every example configuration runs as it stands, but for ports and places.

use std::path::{Path, PathBuf};

use super::process::{Process, command, free_port, said};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

fn example(name: &str) -> String {
    std::fs::read_to_string(root().join("config").join(name)).unwrap()
}

#[test]
fn the_shortest_configuration_runs() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(directory.path(), &["--delay", "0ms", "--failure-rate", "0"]);
    let port = free_port();
    let text = example("minimal.yaml").replace(":8001", &format!(":{}", mock.port));
    let text = format!("{text}\nserver: {{ listen: 127.0.0.1:{port} }}\n");
    std::fs::write(directory.path().join("minimal.yaml"), text).unwrap();
    let run = command(directory.path(), &["run", "-c", "minimal.yaml"]);
    let service = Process::start(run, port, "/readyz");
    service.health(|health| !health["last_success"].is_null());
    assert!(!service.get("/alerts").json().as_array().unwrap().is_empty());
}

#[test]
fn the_commented_configuration_runs_as_it_stands() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(directory.path(), &["--delay", "0ms", "--failure-rate", "0"]);
    let (api, dashboard) = (free_port(), free_port());
    let file = root().join("config/seed-a.yaml");
    let mut run = command(directory.path(), &["run", "-c", file.to_str().unwrap()]);
    run.env("HOST_PORT_INGESTOR", api.to_string())
        .env("HOST_PORT_DASHBOARD", dashboard.to_string())
        .env("HOST_PORT_MOCK_API", mock.port.to_string());
    let service = Process::start(run, api, "/readyz");
    service.health(|health| !health["last_success"].is_null());
    assert_eq!(
        super::process::try_get(dashboard, "/health")
            .unwrap()
            .status,
        200
    );
}

#[test]
fn the_secured_configuration_starts_with_its_own_tables() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    let file = data.path().join("secured.yaml");
    let text = format!(
        "{}\nserver: {{ listen: 127.0.0.1:{port} }}\n",
        example("secured-upstream.yaml")
    );
    std::fs::write(&file, text).unwrap();
    let with_environment = |arguments: &[&str]| {
        let mut command = command(&root(), arguments);
        command
            .env("CRESSET_DATA", data.path())
            // A name that never resolves: the tables are what is tried here.
            .env("UPSTREAM_URL", "https://upstream.invalid/alerts")
            .env("UPSTREAM_TOKEN", "token")
            .env("GEO_DATABASE", "testdata/mmdb/GeoLite2-Country-Test.mmdb");
        command
    };
    let (code, _, error) = said(
        &with_environment(&["validate", file.to_str().unwrap()])
            .output()
            .unwrap(),
    );
    assert_eq!(code, 0, "{error}");
    let service = Process::start(
        with_environment(&["run", "-c", file.to_str().unwrap()]),
        port,
        "/readyz",
    );
    let health = service.health(|health| !health["last_error"].is_null());
    assert!(!health.to_string().contains("token"), "{health}");
}

#[test]
fn a_table_that_is_not_there_is_a_fault() {
    let directory = tempfile::tempdir().unwrap();
    let text = example("minimal.yaml").replace("table: demo", "table: nobody.csv");
    std::fs::write(directory.path().join("bad.yaml"), text).unwrap();
    let (code, out, error) = said(
        &command(directory.path(), &["validate", "bad.yaml"])
            .output()
            .unwrap(),
    );
    assert_eq!(code, 3, "{out}{error}");
    assert!(error.contains("cannot read nobody.csv"), "{error}");
}
