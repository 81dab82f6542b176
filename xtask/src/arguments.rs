//! What stands behind a command on the command line.

use anyhow::{Context, bail};

/// The words that have not been taken yet.
pub(crate) struct Arguments {
    words: Vec<String>,
}

impl Arguments {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self { words }
    }

    /// Takes a flag; whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() < before
    }

    /// Takes an option and its number.
    pub(crate) fn number(&mut self, name: &str) -> anyhow::Result<Option<u64>> {
        let Some(value) = self.value(name, "a number")? else {
            return Ok(None);
        };
        value
            .parse()
            .map(Some)
            .with_context(|| format!("`{name} {value}`: a whole number is expected"))
    }

    /// Takes an option and the word behind it.
    pub(crate) fn text(&mut self, name: &str) -> anyhow::Result<Option<String>> {
        self.value(name, "a word")
    }

    fn value(&mut self, name: &str, what: &str) -> anyhow::Result<Option<String>> {
        let Some(at) = self.words.iter().position(|word| word == name) else {
            return Ok(None);
        };
        self.words.remove(at);
        if at >= self.words.len() {
            bail!("`{name}` needs {what} behind it");
        }
        Ok(Some(self.words.remove(at)))
    }

    /// Takes the first word that is no option.
    pub(crate) fn word(&mut self) -> Option<String> {
        let at = self.words.iter().position(|word| !word.starts_with('-'))?;
        Some(self.words.remove(at))
    }

    /// Refuses what nobody has taken.
    pub(crate) fn finish(&self) -> anyhow::Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => bail!("`{word}` is not understood; `cargo x` lists the commands"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Arguments {
        Arguments::new(text.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_are_taken_in_any_order() {
        let mut given = arguments("--seed 7 name --count");
        assert!(given.flag("--count"));
        assert!(!given.flag("--fast"));
        assert_eq!(given.number("--seed").unwrap(), Some(7));
        assert_eq!(given.number("--runs").unwrap(), None);
        assert_eq!(given.word().as_deref(), Some("name"));
        assert!(given.finish().is_ok());
        assert_eq!(
            arguments("--to x").text("--to").unwrap().as_deref(),
            Some("x")
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let refused = arguments("--fats").finish().unwrap_err().to_string();
        assert!(
            refused.starts_with("`--fats` is not understood"),
            "{refused}"
        );
        let missing = arguments("--runs").number("--runs").unwrap_err();
        assert_eq!(missing.to_string(), "`--runs` needs a number behind it");
        let wrong = arguments("--runs x").number("--runs").unwrap_err();
        assert_eq!(wrong.to_string(), "`--runs x`: a whole number is expected");
    }
}
