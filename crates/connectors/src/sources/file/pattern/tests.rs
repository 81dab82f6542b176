use super::*;

#[test]
fn names_match_by_star_and_question_mark() {
    for (pattern, name, expected) in [
        ("a.log", "a.log", true),
        ("a.log", "a.logs", false),
        ("a.log", "A.log", false),
        ("*", "", true),
        ("*.ndjson", "app.ndjson", true),
        ("*.ndjson", ".ndjson", true),
        ("*.ndjson", "app.ndjson.1", false),
        ("a*b*c", "aXbbYc", true),
        ("a*b*c", "aXcYb", false),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("?*", "", false),
        ("**a", "bba", true),
        ("a.b", "axb", false),
        ("[ab]", "a", false),
    ] {
        assert_eq!(
            matches(pattern.as_bytes(), name.as_bytes()),
            expected,
            "{pattern} {name}"
        );
    }
}

#[test]
fn many_stars_do_not_take_for_ever() {
    let text = vec![b'a'; 255];
    assert!(!matches(b"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", &text));
}

#[test]
fn rotated_names_are_known_by_the_name_they_come_from() {
    let pattern = Pattern::new(Path::new("/var/log/*.log")).unwrap();
    assert_eq!(pattern.folder, Path::new("/var/log"));
    for (name, expected) in [
        ("app.log", Some(Named::Matching)),
        ("app.log.1", Some(Named::Rotated)),
        ("app.log-20261123.gz", Some(Named::Rotated)),
        ("app.log.2.gz", Some(Named::Rotated)),
        ("app.logs", None),
        ("app.txt", None),
        (".app.log.swp", None),
        (".app.log", None),
    ] {
        assert_eq!(pattern.named(name.as_bytes()), expected, "{name}");
    }
    let hidden = Pattern::new(Path::new(".events")).unwrap();
    assert_eq!(hidden.folder, Path::new("."));
    assert_eq!(hidden.named(b".events.1"), Some(Named::Rotated));
}

#[test]
fn a_path_without_a_name_or_with_a_wildcard_folder_is_refused() {
    let message = |path: &str| Pattern::new(Path::new(path)).unwrap_err().to_string();
    assert_eq!(
        message("/var/log/"),
        "`/var/log/` names no file: write one, such as /var/log/app/*.ndjson"
    );
    assert_eq!(
        message(".."),
        "`..` names no file: write one, such as /var/log/app/*.ndjson"
    );
    assert_eq!(
        message("/var/*/app.log"),
        "`/var/*/app.log` has a wildcard in a folder's name: only the file's name may hold `*` and `?`, such as /var/log/app/*.ndjson"
    );
}
