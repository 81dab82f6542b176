//! Turns a reference into the secret itself, at start and never earlier.

use std::io::Read;
use std::path::Path;

use cresset_model::secret::{Secret, SecretRef};

use super::environment::Environment;

/// Bytes of a secret.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// A secret that cannot be used; the secret itself is in no message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretFault {
    /// The variable is not defined.
    #[error("environment variable {0} is not set: define it for the process or in .env")]
    Undefined(String),
    /// The file cannot be read.
    #[error("read secret file `{path}`")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Everyone on the machine may read the file.
    #[error("secret file `{0}` may be read by everyone: take the right away with chmod o-rwx")]
    Exposed(String),
    /// The reference leads to something that is no secret.
    #[error("secret {reference} {problem}")]
    Unusable {
        /// The reference.
        reference: SecretRef,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The secret that a reference names. One line end at the end of a file does not belong to it.
pub(crate) fn resolve_secret(
    reference: &SecretRef,
    environment: &Environment,
) -> Result<Secret, SecretFault> {
    let text = match reference {
        SecretRef::Env(name) => environment
            .get(name)
            .ok_or_else(|| SecretFault::Undefined(name.clone()))?,
        SecretRef::File(path) => read_file(reference, path)?,
    };
    let unusable = |problem| SecretFault::Unusable {
        reference: reference.clone(),
        problem,
    };
    if text.is_empty() {
        return Err(unusable("is empty"));
    }
    if text.len() as u64 > SECRET_BYTES_MAX {
        return Err(unusable("is longer than 64 KiB"));
    }
    if text.chars().any(char::is_control) {
        return Err(unusable("has more than one line or a control character"));
    }
    Ok(Secret::new(text))
}

fn read_file(reference: &SecretRef, path: &str) -> Result<String, SecretFault> {
    let unreadable = |source| SecretFault::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(Path::new(path)).map_err(unreadable)?;
    if is_exposed(&file.metadata().map_err(unreadable)?) {
        return Err(SecretFault::Exposed(path.to_owned()));
    }
    let mut bytes = Vec::new();
    // Room for the limit, a line end and one byte that shows that it is too long.
    file.take(SECRET_BYTES_MAX + 3)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| SecretFault::Unusable {
        reference: reference.clone(),
        problem: "is not UTF-8",
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// Whether users other than the owner and its group may read it.
#[cfg(unix)]
fn is_exposed(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o004 != 0
}

/// Elsewhere rights are no bits.
#[cfg(not(unix))]
fn is_exposed(_metadata: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests;
