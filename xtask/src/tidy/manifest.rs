//! The few things of a `Cargo.toml` that the rules ask for, read line by line: the project writes each
//! dependency on a line of its own.

/// A crate's manifest.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The package's name.
    pub(crate) package: String,
    /// Everything it depends on, for any target and purpose.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line that names a dependency.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package, whatever it is called here.
    pub(crate) package: String,
    pub(crate) line: usize,
}

impl Manifest {
    /// Reads a manifest.
    pub(crate) fn read(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut section = String::new();
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let line = line.split('#').next().unwrap_or(line).trim();
            if let Some(header) = line.strip_prefix('[') {
                header.trim_end_matches(']').clone_into(&mut section);
                if let Some((table, name)) = section.rsplit_once('.')
                    && is_dependencies(table)
                {
                    manifest.add(name, line_number);
                }
            } else if let Some((key, value)) = line.split_once('=') {
                if section == "package" && key.trim() == "name" {
                    unquoted(value).clone_into(&mut manifest.package);
                } else if is_dependencies(&section) {
                    let name = key.split('.').next().unwrap_or(key);
                    manifest.add(renamed(value).unwrap_or(name), line_number);
                }
            }
        }
        manifest
    }

    fn add(&mut self, package: &str, line: usize) {
        self.dependencies.push(Dependency {
            package: unquoted(package).to_owned(),
            line,
        });
    }
}

fn is_dependencies(section: &str) -> bool {
    let table = section.rsplit('.').next().unwrap_or(section);
    section != "workspace.dependencies"
        && matches!(
            table,
            "dependencies" | "dev-dependencies" | "build-dependencies"
        )
}

/// The package behind `package = "..."` of an inline table.
fn renamed(value: &str) -> Option<&str> {
    let (_, behind) = value.split_once("package")?;
    behind.split('"').nth(1)
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_dependency_is_seen() {
        let manifest = Manifest::read(
            "[package]\nname = \"a\"\n\n[dependencies]\nb.workspace = true # why\n\
             c = { package = \"d\", version = \"1\" }\n\"e\" = \"1\"\n\n[dependencies.f]\n\
             version = \"1\"\n\n[target.'cfg(unix)'.dependencies]\ng = \"1\"\n\n\
             [dev-dependencies]\nh = \"1\"\n\n[lints]\nworkspace = true\n",
        );
        let names: Vec<(&str, usize)> = manifest
            .dependencies
            .iter()
            .map(|dependency| (dependency.package.as_str(), dependency.line))
            .collect();
        assert_eq!(manifest.package, "a");
        assert_eq!(
            names,
            [("b", 5), ("d", 6), ("e", 7), ("f", 9), ("g", 13), ("h", 16)]
        );
    }

    #[test]
    fn the_table_of_the_workspace_is_no_dependency() {
        let manifest = Manifest::read("[workspace.dependencies]\na = \"1\"\n");
        assert_eq!(manifest, Manifest::default());
    }
}
