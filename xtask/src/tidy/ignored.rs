//! What git ignores, as far as the project's own `.gitignore` uses its forms.

/// The lines of a `.gitignore`.
pub(crate) struct Ignored {
    patterns: Vec<String>,
}

impl Ignored {
    /// Reads the lines; `name`, `name/`, `/name` and `*.ending` are understood.
    pub(crate) fn new(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let patterns = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self {
            patterns: patterns.map(str::to_owned).collect(),
        }
    }

    /// Whether a path from the root is ignored.
    pub(crate) fn contains(&self, path: &str, is_folder: bool) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        name == ".git"
            || self.patterns.iter().any(|pattern| {
                let (bare, only_folders) = match pattern.strip_suffix('/') {
                    Some(bare) => (bare, true),
                    None => (pattern.as_str(), false),
                };
                let matches = if let Some(from_root) = bare.strip_prefix('/') {
                    from_root == path
                } else if let Some(ending) = bare.strip_prefix('*') {
                    name.ends_with(ending)
                } else {
                    bare == name
                };
                matches && (is_folder || !only_folders)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_git_are_understood() {
        let ignored = Ignored::new("# builds\ntarget/\n/data/\n*.db\n.env\n");
        for (path, is_folder, expected) in [
            ("target", true, true),
            ("a/target", true, true),
            ("target", false, false),
            ("data", true, true),
            ("a/data", true, false),
            ("a/b.db", false, true),
            (".env", false, true),
            (".git", true, true),
            ("src", true, false),
        ] {
            assert_eq!(ignored.contains(path, is_folder), expected, "{path}");
        }
    }
}
