use super::super::tests::{check_end, loaded, minimal_with};
use super::*;

fn read(lists: &str) -> Vec<ListConfig> {
    loaded(&minimal_with(&format!("lists:\n{lists}")), &[]).lists
}

#[test]
fn lists_stand_in_files_or_here() {
    let lists = read(
        "  a: { file: config/malicious-ips.txt }\n  b: { file: feeds/x.csv, column: domain }\n  c: { addresses: [ 192.0.2.1, 203.0.113.9/24, '::1' ] }\n",
    );
    let networks = ["192.0.2.1", "203.0.113.0/24", "::1"];
    let networks = networks.map(|text| Network::parse(text).unwrap());
    assert_eq!(
        lists,
        [
            ListConfig {
                name: "a".to_owned(),
                content: ListContent::File {
                    path: PathBuf::from("config/malicious-ips.txt"),
                    column: None,
                },
            },
            ListConfig {
                name: "b".to_owned(),
                content: ListContent::File {
                    path: PathBuf::from("feeds/x.csv"),
                    column: Some("domain".to_owned()),
                },
            },
            ListConfig {
                name: "c".to_owned(),
                content: ListContent::Addresses(networks.to_vec()),
            },
        ]
    );
}

#[test]
fn faulty_lists_are_named() {
    check_end(
        "lists:\n  A: { file: a.txt }\n  b: {}\n  c: { file: c, addresses: [ 192.0.2.1 ] }\n  d: { addresses: [ 192.0.2, ::1 ], column: x }\n  e: { addresses: [] }\n  f: f.txt\n  g: { path: g.txt }\n",
        &[
            "9:3: \"A\" is not a list name: use 1 to 64 lower-case letters, digits, dashes and underscores",
            "10:3: missing key \"file\": the path of a list, one indicator a line, or addresses: [ 192.0.2.1 ]",
            "11:28: \"file\" and \"addresses\" are both given: write one of them, or two lists",
            "12:21: \"addresses\" is not an address or a network: \"192.0.2\": write an address or its network, such as 203.0.113.0/24",
            "12:45: \"column\" without \"file\": remove it: it names a column of a CSV file",
            "13:19: \"addresses\" names none: write at least one, such as 192.0.2.1 or 203.0.113.0/24",
            "14:6: \"f\" is a value, not a mapping: write its keys and values below it, indented",
            "15:3: missing key \"file\": the path of a list, one indicator a line, or addresses: [ 192.0.2.1 ]",
            "15:8: unknown key \"path\": valid keys here: file, column, addresses",
        ],
    );
    check_end(
        "lists: [ a ]\n",
        &["8:8: \"lists\" is a list, not a mapping: write its keys and values below it, indented"],
    );
}

#[test]
fn an_unused_list_is_no_fault_and_a_faulty_one_is_not_unknown() {
    check_end("lists: { unused: { file: x } }\n", &[]);
    check_end(
        "    detect: [ threat: { list: a } ]\nlists: { a: { file: '' } }\n",
        &[
            "9:21: \"file\" is not a path: \"\": write the path of a file, relative to the working directory",
        ],
    );
}

#[test]
fn lists_are_bounded() {
    let lists = |count: usize| {
        let line = |number| format!("  l{number}: {{ file: x }}\n");
        (0..count).map(line).collect::<String>()
    };
    assert_eq!(read(&lists(64)).len(), 64);
    check_end(
        &format!("lists:\n{}", lists(65)),
        &["8:1: \"lists\" names 65 lists: at most 64 are taken"],
    );
    let addresses = |count: usize| {
        let items = vec!["192.0.2.1"; count].join(", ");
        format!("lists:\n  a: {{ addresses: [ {items} ] }}\n")
    };
    check_end(&addresses(1_000), &[]);
    check_end(
        &addresses(1_001),
        &["9:19: \"addresses\" has 1001 items: at most 1000 are taken: put them into a file"],
    );
}
