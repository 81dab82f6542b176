//! The environment: variables of the process and of a `.env` file in the working directory, and the
//! ports that they set.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::server::PORT_DEFAULT;

/// The file in the working directory.
const FILE_NAME: &str = ".env";
/// The most bytes of that file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The port of the mock upstream by default.
const MOCK_PORT_DEFAULT: u16 = 8001;
/// The second port of the page by default.
const DASHBOARD_PORT_DEFAULT: u16 = 8501;

/// Variables by name; those of the process win over those of the file.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    file: BTreeMap<String, String>,
    with_process: bool,
}

/// The names without the values, which may be secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("file", &self.file.keys())
            .field("with_process", &self.with_process)
            .finish()
    }
}

/// The ports that the environment sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    /// `HOST_PORT_INGESTOR`: the API and the page.
    pub(crate) api: u16,
    /// `HOST_PORT_MOCK_API`: the mock upstream.
    pub(crate) mock: u16,
    /// `HOST_PORT_DASHBOARD`: the page under its second port.
    pub(crate) dashboard: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            api: PORT_DEFAULT,
            mock: MOCK_PORT_DEFAULT,
            dashboard: DASHBOARD_PORT_DEFAULT,
        }
    }
}

/// An environment that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvironmentFault {
    /// The file is there and cannot be read.
    #[error("read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is longer than [`FILE_BYTES_MAX`] or not UTF-8.
    #[error("`{}` is not a text of at most 1 MiB", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// Lines that are no assignments; the text is not repeated, it may be secret.
    #[error("`{}`, line {line}: {message}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong and what to write.
        message: &'static str,
    },
    /// A variable that should name a port does not.
    #[error("{name} is not a port: {value:?}: write a whole number from 1 to 65535")]
    NotAPort {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// Two ports are one.
    #[error("{first} and {second} are both {port}: each needs a port of its own")]
    SamePort {
        /// One variable.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// Their value.
        port: u16,
    },
}

impl Environment {
    /// The environment of the process and of `.env` in the working directory, if it is there.
    pub(crate) fn load() -> Result<Self, EnvironmentFault> {
        Self::load_file(Path::new(FILE_NAME), true)
    }

    /// Variables given by a test; the process is not asked.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            file: variables.iter().map(pair).collect(),
            with_process: false,
        }
    }

    fn load_file(path: &Path, with_process: bool) -> Result<Self, EnvironmentFault> {
        let file = match read_bounded(path) {
            Ok(None) => BTreeMap::new(),
            Ok(Some(bytes)) => match std::str::from_utf8(&bytes) {
                Ok(text) if bytes.len() as u64 <= FILE_BYTES_MAX => parse(path, text)?,
                _ => {
                    let path = path.to_owned();
                    return Err(EnvironmentFault::NotText { path });
                }
            },
            Err(source) => {
                let path = path.to_owned();
                return Err(EnvironmentFault::Unreadable { path, source });
            }
        };
        Ok(Self { file, with_process })
    }

    /// The value of a variable, `None` if it is not defined.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment of the process"
    )]
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let of_process = self.with_process.then(|| std::env::var(name).ok());
        of_process
            .flatten()
            .or_else(|| self.file.get(name).cloned())
    }

    /// The ports that `HOST_PORT_INGESTOR`, `HOST_PORT_MOCK_API` and `HOST_PORT_DASHBOARD` set.
    pub(crate) fn ports(&self) -> Result<Ports, EnvironmentFault> {
        let default = Ports::default();
        let named = [
            ("HOST_PORT_INGESTOR", default.api),
            ("HOST_PORT_MOCK_API", default.mock),
            ("HOST_PORT_DASHBOARD", default.dashboard),
        ];
        let mut ports = [0; 3];
        for (index, (name, default)) in named.into_iter().enumerate() {
            let port = self.port(name, default)?;
            if let Some(same) = ports.iter().position(|other| *other == port) {
                return Err(EnvironmentFault::SamePort {
                    first: named[same].0,
                    second: name,
                    port,
                });
            }
            ports[index] = port;
        }
        let [api, mock, dashboard] = ports;
        Ok(Ports {
            api,
            mock,
            dashboard,
        })
    }

    fn port(&self, name: &'static str, default: u16) -> Result<u16, EnvironmentFault> {
        // An empty value counts as absent, as in a compose file.
        let Some(value) = self.get(name).filter(|value| !value.is_empty()) else {
            return Ok(default);
        };
        match value.parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(EnvironmentFault::NotAPort { name, value }),
        }
    }
}

/// The bytes of a file, one more than the limit at most; `None` if there is no such file.
fn read_bounded(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, String>, EnvironmentFault> {
    let mut variables = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = assignment(line).map_err(|message| EnvironmentFault::Line {
            path: path.to_owned(),
            line: index + 1,
            message,
        })?;
        variables.insert(name.to_owned(), value);
    }
    Ok(variables)
}

/// Whether a text can name a variable.
pub(super) fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn assignment(line: &str) -> Result<(&str, String), &'static str> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line
        .split_once('=')
        .ok_or("no assignment: write NAME=value")?;
    let name = name.trim();
    if !is_variable_name(name) {
        return Err("no name of a variable: letters, digits and underscores are allowed");
    }
    Ok((name, unquoted(value.trim())?))
}

/// The value without its quotes, or up to a comment that a blank precedes.
fn unquoted(value: &str) -> Result<String, &'static str> {
    let quote = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        Some('#') | None => return Ok(String::new()),
        Some(_) => {
            let end = value.find(" #").or_else(|| value.find("\t#"));
            let (kept, _) = value.split_at(end.unwrap_or(value.len()));
            return Ok(kept.trim_end().to_owned());
        }
    };
    let mut out = String::new();
    let mut rest = value.chars().skip(1);
    loop {
        match rest.next() {
            None => return Err("the closing quote is missing"),
            Some(end) if end == quote => break,
            Some('\\') if quote == '"' => match rest.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(escaped @ ('"' | '\\' | '$')) => out.push(escaped),
                _ => return Err("an unknown escape: \\n \\t \\\" \\\\ \\$ are known"),
            },
            Some(plain) => out.push(plain),
        }
    }
    let after: String = rest.collect();
    let after = after.trim_start();
    if after.is_empty() || after.starts_with('#') {
        Ok(out)
    } else {
        Err("text after the closing quote")
    }
}

#[cfg(test)]
mod tests;
