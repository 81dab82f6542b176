use super::super::table_file::TableFile;
use super::*;

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(content: impl AsRef<[u8]>) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.csv");
    std::fs::write(&path, content).unwrap();
    File {
        _folder: folder,
        path,
    }
}

fn read(
    content: impl AsRef<[u8]>,
    column: Option<&str>,
) -> Result<IndicatorsRead, IndicatorsError> {
    read_indicators(&file(content).path, "bad", column)
}

fn has(list: &IndicatorList, address: &str) -> bool {
    list.address(address.parse().unwrap()).is_some()
}

fn refused(content: impl AsRef<[u8]>, column: Option<&str>, expected: &str) {
    let file = file(content);
    let error = read_indicators(&file.path, "bad", column).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{}{expected}", file.path.display())
    );
}

#[test]
fn entries_comments_trailing_fields_and_defanged_forms_are_read() {
    let content = "\u{feff}# a feed\r\n\r\n192.0.2.1\t10\r\n 198.51.100.0/24 ; SBL1\n; a comment\n\
                   203[.]0[.]113[.]7 # seen today\nhxxp://bad[.]example/x\nevil.example\n\
                   d41d8cd98f00b204e9800998ecf8427e\n0.0.0.0 ads.example\n2001:db8::1";
    let read = read(content, None).unwrap();
    assert_eq!(read.skipped.count(), 0);
    assert_eq!(
        (read.list.len(), &*read.list.name),
        (8, "bad"),
        "{:?}",
        read.list.counts()
    );
    for address in ["192.0.2.1", "198.51.100.9", "203.0.113.7", "2001:db8::1"] {
        assert!(has(&read.list, address), "{address}");
    }
    assert!(!has(&read.list, "0.0.0.0"));
    assert!(read.list.domain("www.ads.example").is_some());
    assert!(read.list.url("http://bad.example/x").is_some());
    assert_eq!(read.list.info.description, "8 entries");
    assert!(read.list.info.built.starts_with("20"));
}

#[test]
fn a_column_is_found_by_name_by_number_and_in_a_comment() {
    let check = |content: &str, column: &str| {
        let read = read(content, Some(column)).unwrap();
        assert_eq!((read.list.len(), read.skipped.count()), (2, 0), "{content}");
        assert!(has(&read.list, "192.0.2.1") && has(&read.list, "192.0.2.2"));
    };
    check(
        "when,IOC,note\n1,192.0.2.1,\"a, b\"\n2,\"192.0.2.2\",x\n",
        "ioc",
    );
    check("1,192.0.2.1\n# more\n2,192.0.2.2\n", "2");
    check(
        "# a feed, of sorts\n# \"when\",\"ioc\"\n1,192.0.2.1\n2,192.0.2.2\n",
        "ioc",
    );
}

#[test]
fn a_missing_column_is_named() {
    let hint = "give a name of its first line or a number from 1";
    for content in ["when,ioc\n1,192.0.2.1\n", "", "# nothing\n"] {
        refused(
            content,
            Some("address"),
            &format!(" has no column `address`: {hint}"),
        );
    }
    refused(
        "192.0.2.1",
        Some("0"),
        &format!(" has no column `0`: {hint}"),
    );
}

#[test]
fn unreadable_lines_are_left_out_and_told_with_their_numbers() {
    let content = b"192.0.2.1\nnonsense\n\xff\n192.0.2.2\n".as_slice();
    let read = read(content, None).unwrap();
    assert_eq!(read.list.len(), 2);
    let told = read.skipped.to_string();
    assert!(told.starts_with("2 faulty lines: line 2: "), "{told}");
    assert!(told.ends_with("; line 3: not UTF-8"), "{told}");
    assert_eq!(
        read.list.info.description,
        "2 entries, 2 unreadable lines left out"
    );
}

#[test]
fn ten_unreadable_lines_are_told_and_the_rest_counted() {
    let mut content = "192.0.2.1\n".repeat(12);
    content.push_str(&"nonsense\n".repeat(12));
    let told = read(content, None).unwrap().skipped.to_string();
    assert!(told.starts_with("12 faulty lines: line 13: "), "{told}");
    assert!(
        told.contains("; line 22: ") && !told.contains("line 23"),
        "{told}"
    );
    assert!(told.ends_with("; and 2 more"), "{told}");
}

#[test]
fn a_file_with_more_unreadable_lines_than_entries_is_refused() {
    assert!(read("192.0.2.1\nnonsense\n", None).is_ok());
    let error = read("192.0.2.1\nnonsense\n<html>\n", None).unwrap_err();
    assert!(matches!(error, IndicatorsError::Unreadable { .. }));
    let told = error.to_string();
    assert!(
        told.contains(" is no list of indicators: 2 faulty lines: line 2: "),
        "{told}"
    );
    let too_short = read("a,b\n1\n", Some("b")).unwrap_err().to_string();
    assert!(
        too_short.ends_with("1 faulty line: line 2: it has 1 columns"),
        "{too_short}"
    );
}

#[test]
fn an_empty_file_is_an_empty_list() {
    let read = read("# nothing yet\n", None).unwrap();
    assert!(read.list.is_empty());
    assert_eq!(read.list.info.description, "0 entries");
}

#[test]
fn entries_are_bounded() {
    let at_the_limit = file("192.0.2.1\n192.0.2.2\n192.0.2.2\n");
    let read = read_bounded(&at_the_limit.path, "bad", None, 3).unwrap();
    assert_eq!(read.list.len(), 2);
    let error = read_bounded(&at_the_limit.path, "bad", None, 2).unwrap_err();
    let expected = format!("{} has more than 2 entries", at_the_limit.path.display());
    assert_eq!(error.to_string(), expected);
}

#[test]
fn only_a_csv_file_has_a_column_in_its_path() {
    assert_eq!(split_column("a/b.csv#ioc"), ("a/b.csv", Some("ioc")));
    assert_eq!(split_column("a/b.CSV#2"), ("a/b.CSV", Some("2")));
    assert_eq!(split_column("a/b.csv"), ("a/b.csv", None));
    assert_eq!(split_column("a/b.csv#"), ("a/b.csv#", None));
    assert_eq!(split_column("a#b/c.txt"), ("a#b/c.txt", None));
}

#[test]
fn a_changed_file_is_read_again_with_its_column() {
    let content = file("ioc\n192.0.2.1\n");
    let column = Some("ioc".to_owned());
    let mut file = TableFile::new(&content.path, "bad", move |path: &Path, name: &str| {
        read_indicators(path, name, column.as_deref())
    });
    let first = file.reload_if_changed().unwrap().unwrap();
    assert!(has(&first.list, "192.0.2.1"));
    std::fs::write(&content.path, "ioc\n192.0.2.1\n192.0.2.2\n").unwrap();
    let second = file.reload_if_changed().unwrap().unwrap();
    assert_eq!((second.list.len(), &*second.list.name), (2, "bad"));
    assert!(file.reload_if_changed().unwrap().is_none());
}
