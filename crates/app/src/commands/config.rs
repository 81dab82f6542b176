//! `cresset config`: commands to a running service about its configuration.

use serde_json::Value;

use crate::cli::ConfigCommand;
use crate::client::Client;
use crate::exit::Exit;
use crate::output::{Output, cell};

/// Carries out `config reload`.
pub(crate) async fn run(
    command: ConfigCommand,
    client: &Client,
    output: &Output,
) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Reload => {
            let answer = client.post("/api/v1/config/reload", None).await?;
            output.one(&answer, human)?;
            Ok(Exit::Ok)
        }
    }
}

fn human(answer: &Value) -> String {
    let keys: Vec<String> = answer["changed"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|key| format!("  {}", cell(key)))
        .collect();
    if keys.is_empty() {
        "nothing has changed".to_owned()
    } else {
        format!("taken over\n{}", keys.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reload_names_what_it_took_over() {
        let answer = json!({"changed": ["route", "lists"]});
        assert_eq!(human(&answer), "taken over\n  route\n  lists");
        assert_eq!(human(&json!({"changed": []})), "nothing has changed");
    }
}
