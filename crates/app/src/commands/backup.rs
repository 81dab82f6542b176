//! `cresset backup`: a whole copy of a store, while its service goes on.

use cresset_connectors::stores::sqlite::backup;

use super::verify::{DATABASE, database};
use crate::cli::Backup;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Copies the database into a directory and says where it lies.
pub(crate) fn run(flags: &Backup, output: &Output) -> anyhow::Result<Exit> {
    let from = database(&flags.data)?;
    let to = flags.to.join(DATABASE);
    backup(&from, &to).map_err(|error| {
        let cause = std::error::Error::source(&error);
        let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
        Failure::new(Exit::Invalid, format!("{error}{cause}"))
    })?;
    let bytes = std::fs::metadata(&to).map_or(0, |file| file.len());
    let said = serde_json::json!({ "database": to, "bytes": bytes });
    output.one(&said, |_| format!("{} has {bytes} bytes\n", to.display()))?;
    Ok(Exit::Ok)
}
