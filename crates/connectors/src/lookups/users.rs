//! Directories of users: CSV files of `address_or_cidr,user`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cresset_model::ip::Network;
use cresset_model::provenance::TableInfo;
use cresset_model::tables::UserTable;

use super::csv_line::fields;
use super::faults::Faults;
use super::table_file::{TableFileError, changed_at, read_whole};

/// Bytes of a directory file.
pub const USER_FILE_BYTES_MAX: u64 = 64 << 20;
/// Entries of a directory.
pub const USER_ENTRIES_MAX: usize = 1_000_000;
/// Bytes of the name of a user.
pub const USER_BYTES_MAX: usize = 256;

/// A directory that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] TableFileError),
    /// Lines in it are wrong; nothing of it is used.
    #[error("{path} has {faults}", path = path.display())]
    Faults {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        faults: Faults,
    },
}

/// Reads a directory for the field `of`. One faulty line refuses the whole file, so that a half-edited
/// directory never replaces a good one. It blocks.
pub fn read_users(path: &Path, of: &str) -> Result<UserTable, UsersError> {
    // Before reading, so that a change in between shows as a newer time at the next reload.
    let built = changed_at(path);
    let content = read_whole(path, USER_FILE_BYTES_MAX)?;
    let entries = parse_users(&content).map_err(|faults| UsersError::Faults {
        path: path.to_owned(),
        faults,
    })?;
    let info = TableInfo {
        of: of.to_owned(),
        name: path.display().to_string(),
        description: format!("{} entries", entries.len()),
        built,
    };
    Ok(UserTable::new(info, entries))
}

/// Reads the lines of a directory: an address or a network in CIDR form, a comma, a user. Blank lines,
/// lines that begin with `#`, a first line `address,user` and a byte-order mark are skipped; either field
/// may stand in double quotes.
pub fn parse_users(content: &[u8]) -> Result<Vec<(Network, Arc<str>)>, Faults> {
    let content = content
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(content);
    let mut entries = Vec::new();
    let mut faults = Faults::default();
    let mut is_first = true;
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let could_be_header = std::mem::take(&mut is_first);
        match entry(line) {
            Ok(_) if entries.len() >= USER_ENTRIES_MAX => {
                faults.add(index + 1, format!("more than {USER_ENTRIES_MAX} entries"));
                break;
            }
            Ok(entry) => entries.push(entry),
            Err(_) if could_be_header && is_header(line) => {}
            Err(what) => faults.add(index + 1, what),
        }
    }
    if faults.count() > 0 {
        return Err(faults);
    }
    Ok(entries)
}

fn entry(line: &[u8]) -> Result<(Network, Arc<str>), String> {
    let line = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?;
    let fields = fields(line)?;
    let [address, user] = fields.as_slice() else {
        return Err(format!(
            "expected 2 fields, an address and a user, found {}",
            fields.len()
        ));
    };
    let network = Network::parse(address)
        .ok_or_else(|| format!("`{}` is no address and no network", shortened(address)))?;
    if user.is_empty() {
        return Err("the user is empty".to_owned());
    }
    if user.len() > USER_BYTES_MAX {
        return Err(format!("the user is longer than {USER_BYTES_MAX} bytes"));
    }
    if user.chars().any(char::is_control) {
        return Err("the user holds a control character".to_owned());
    }
    Ok((network, Arc::from(user.as_str())))
}

fn is_header(line: &[u8]) -> bool {
    const ADDRESS: [&str; 6] = [
        "address_or_cidr",
        "address",
        "cidr",
        "ip",
        "network",
        "src_ip",
    ];
    const USER: [&str; 4] = ["user", "username", "user_name", "name"];
    let names =
        |field: &str, known: &[&str]| known.iter().any(|name| field.eq_ignore_ascii_case(name));
    let fields = std::str::from_utf8(line)
        .ok()
        .and_then(|line| fields(line).ok());
    matches!(
        fields.as_deref(),
        Some([address, user]) if names(address, &ADDRESS) && names(user, &USER)
    )
}

fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let mut shown: String = text.chars().take(SHOWN_MAX).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use cresset_model::provenance::Marks;
    use cresset_model::tables::UserAnswer;

    use super::*;

    fn check(content: &str, expected: &[(&str, &str)]) {
        let entries = parse_users(content.as_bytes()).map_err(|faults| faults.to_string());
        let shown: Vec<(String, String)> = entries
            .unwrap()
            .into_iter()
            .map(|(network, user)| (network.to_string(), user.to_string()))
            .collect();
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(network, user)| ((*network).to_owned(), (*user).to_owned()))
            .collect();
        assert_eq!(shown, expected, "{content}");
    }

    fn fault(content: impl AsRef<[u8]>, expected: &str) {
        let faults = parse_users(content.as_ref()).unwrap_err();
        assert_eq!(faults.to_string(), expected);
    }

    #[test]
    fn addresses_networks_comments_and_quotes_are_read() {
        check("", &[]);
        check("192.168.0.1,ada", &[("192.168.0.1/32", "ada")]);
        check(
            "\u{feff}# our people\r\naddress_or_cidr,user\r\n\r\n10.1.0.0/16 , grace\r\n\
             \"2001:db8::1\",\"Hopper, \"\"Amazing\"\" Grace\"\r\n  # end\r\n10.1.2.3/16,Łukasz",
            &[
                ("10.1.0.0/16", "grace"),
                ("2001:db8::1/128", "Hopper, \"Amazing\" Grace"),
                ("10.1.0.0/16", "Łukasz"),
            ],
        );
        check("IP,Username\n10.0.0.1,a", &[("10.0.0.1/32", "a")]);
        check(
            "\"network\",\"user\"\n10.0.0.1,user",
            &[("10.0.0.1/32", "user")],
        );
    }

    #[test]
    fn each_fault_names_its_line() {
        fault(
            "10.0.0.1",
            "1 faulty line: line 1: expected 2 fields, an address and a user, found 1",
        );
        fault(
            "10.0.0.1,a\n10.0.0.2,b,c\n",
            "1 faulty line: line 2: expected 2 fields, an address and a user, found 3",
        );
        fault(
            "# x\n\nhost,a",
            "1 faulty line: line 3: `host` is no address and no network",
        );
        fault(
            "10.0.0.1/33,a",
            "1 faulty line: line 1: `10.0.0.1/33` is no address and no network",
        );
        fault("10.0.0.1,", "1 faulty line: line 1: the user is empty");
        fault("10.0.0.1,\"\"", "1 faulty line: line 1: the user is empty");
        fault(
            "10.0.0.1,\"a",
            "1 faulty line: line 1: a quote is not closed",
        );
        fault(
            "10.0.0.1,\"a\"b",
            "1 faulty line: line 1: text after a closing quote",
        );
        fault(
            "10.0.0.1,a\"b",
            "1 faulty line: line 1: a quote in the middle of a field",
        );
        fault(
            "10.0.0.1,a\tb",
            "1 faulty line: line 1: the user holds a control character",
        );
        fault(b"10.0.0.1,\xff", "1 faulty line: line 1: not UTF-8");
        fault(
            "10.0.0.1,a\naddress,user",
            "1 faulty line: line 2: `address` is no address and no network",
        );
        fault(
            "x,a\ny,b",
            "2 faulty lines: line 1: `x` is no address and no network; \
             line 2: `y` is no address and no network",
        );
    }

    #[test]
    fn ten_faults_are_shown_and_the_rest_counted() {
        let faults = parse_users("x\n".repeat(12).as_bytes())
            .unwrap_err()
            .to_string();
        assert!(faults.starts_with("12 faulty lines: line 1: "), "{faults}");
        assert!(
            faults.contains("; line 10: ") && !faults.contains("line 11"),
            "{faults}"
        );
        assert!(faults.ends_with("; and 2 more"), "{faults}");
    }

    #[test]
    fn a_name_at_the_limit_is_taken_and_a_longer_one_is_not() {
        let longest = "u".repeat(USER_BYTES_MAX);
        check(&format!("10.0.0.1,{longest}"), &[("10.0.0.1/32", &longest)]);
        fault(
            format!("10.0.0.1,{longest}u"),
            "1 faulty line: line 1: the user is longer than 256 bytes",
        );
    }

    #[test]
    fn entries_are_bounded() {
        let mut content = "10.0.0.1,a\n".repeat(USER_ENTRIES_MAX);
        assert_eq!(
            parse_users(content.as_bytes()).unwrap().len(),
            USER_ENTRIES_MAX
        );
        content.push_str("10.0.0.2,b");
        fault(
            content,
            "1 faulty line: line 1000001: more than 1000000 entries",
        );
    }

    #[test]
    fn a_file_becomes_a_table_that_says_where_it_comes_from() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.csv");
        std::fs::write(&path, "10.0.0.0/8,fleet\n10.0.0.1,ada\n").unwrap();
        let table = read_users(&path, "src_ip").unwrap();
        assert_eq!(
            (table.info.of.as_str(), table.info.description.as_str()),
            ("src_ip", "2 entries")
        );
        assert_eq!(table.info.name, path.display().to_string());
        let user = |address: &str| table.user(address.parse().unwrap());
        assert_eq!(
            user("10.0.0.1"),
            UserAnswer::Known("ada", Marks::USER_ADDRESS)
        );
        assert_eq!(
            user("10.0.0.2"),
            UserAnswer::Known("fleet", Marks::USER_NETWORK)
        );
        assert_eq!(user("11.0.0.1"), UserAnswer::Unknown);
    }

    #[test]
    fn a_faulty_or_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.csv");
        let missing = read_users(&path, "src_ip").unwrap_err();
        assert_eq!(
            missing.to_string(),
            format!("cannot read {}", path.display())
        );
        std::fs::write(&path, "10.0.0.1\n").unwrap();
        let faulty = read_users(&path, "src_ip").unwrap_err().to_string();
        let expected = format!("{} has 1 faulty line: line 1: ", path.display());
        assert!(faulty.starts_with(&expected), "{faulty}");
    }
}
