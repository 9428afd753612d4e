//! The dependency rules of deny.toml, checked with or without cargo-deny.
use std::fs;

use serde::Deserialize;

use crate::run::{Outcome, Problem, Workspace, at, failed, heading, output, run, version};

/// The part of deny.toml that the built-in check reads; cargo-deny reads the same file whole.
#[derive(Debug, Deserialize)]
struct Rules {
    bans: Bans,
    licenses: Licences,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
    #[serde(default)]
    deny_multiple_versions: bool,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
}

/// What `cargo metadata` tells of the crates that are really built.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
}

/// Checks bans and licences of every crate in the tree; fails with every breach at once.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    let path = workspace.root.join("deny.toml");
    let text = at(&path, fs::read_to_string(&path))?;
    let rules: Rules = toml::from_str(&text).map_err(|error| Problem::Failed(format!("deny.toml: {error}")))?;
    heading("dependency rules of deny.toml");
    let tree = output(&mut workspace.cargo(&["metadata", "--format-version", "1", "--locked"]))?;
    let tree: Metadata =
        serde_json::from_str(&tree).map_err(|error| Problem::Failed(format!("cargo metadata: {error}")))?;
    let breaches = breaches(&rules, &tree.packages);
    if !breaches.is_empty() {
        return failed(format!("deny.toml is not kept:\n  {}", breaches.join("\n  ")));
    }
    println!("{} crates: bans and licences are kept", tree.packages.len());
    if version("cargo-deny", "--version").is_some() {
        // Advisories need a database from outside; these three need nothing.
        run(&mut workspace.cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}

fn breaches(rules: &Rules, packages: &[Package]) -> Vec<String> {
    let mut breaches = Vec::new();
    for ban in &rules.bans.deny {
        let found: Vec<&Package> = packages.iter().filter(|it| it.name == ban.name).collect();
        let bound = if ban.deny_multiple_versions { 1 } else { 0 };
        if found.len() > bound {
            let versions: Vec<&str> = found.iter().map(|it| it.version.as_str()).collect();
            breaches.push(format!("{} {}: {}", ban.name, versions.join(", "), ban.reason));
        }
    }
    for package in packages {
        let expression = package.license.as_deref().unwrap_or("no licence");
        if !is_allowed(expression, &rules.licenses.allow) {
            breaches.push(format!("{} {}: licence {expression}", package.name, package.version));
        }
    }
    breaches
}

/// Whether a licence expression (SPDX; the old "/" means OR) can be met by allowed licences alone.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, allowed };
    reader.either() == Some(true) && reader.words.is_empty()
}

/// Reads an expression from left to right: OR binds less than AND, AND less than WITH.
struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl Reader<'_> {
    fn either(&mut self) -> Option<bool> {
        let mut value = self.both()?;
        while self.take("OR") {
            value |= self.both()?;
        }
        Some(value)
    }

    fn both(&mut self) -> Option<bool> {
        let mut value = self.one()?;
        while self.take("AND") {
            value &= self.one()?;
        }
        Some(value)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let value = self.either()?;
            return self.take(")").then_some(value);
        }
        let mut licence = self.next()?.to_owned();
        if self.take("WITH") {
            licence = format!("{licence} WITH {}", self.next()?);
        }
        Some(self.allowed.contains(&licence))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.next();
        }
        found
    }

    fn next(&mut self) -> Option<&str> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, license: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: license.map(str::to_owned),
        }
    }

    fn rules() -> Rules {
        toml::from_str(
            r#"
            [bans]
            deny = [
                { crate = "openssl", reason = "ring alone" },
                { crate = "libsqlite3-sys", deny-multiple-versions = true, reason = "one sqlite3" },
            ]
            [licenses]
            allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"]
            "#,
        )
        .unwrap()
    }

    #[test]
    fn an_expression_needs_only_one_side_of_or_but_both_of_and() {
        let allowed = rules().licenses.allow;
        assert!(is_allowed("MIT", &allowed));
        assert!(is_allowed("MIT/GPL-3.0", &allowed));
        assert!(is_allowed("(GPL-3.0 OR Apache-2.0) AND Unicode-3.0", &allowed));
        assert!(is_allowed("GPL-3.0 OR Apache-2.0 WITH LLVM-exception", &allowed));
        assert!(!is_allowed("MIT AND GPL-3.0", &allowed));
        assert!(!is_allowed("GPL-3.0", &allowed));
        assert!(!is_allowed("(MIT", &allowed));
        assert!(!is_allowed("", &allowed));
    }

    #[test]
    fn a_banned_crate_is_a_breach_and_so_is_a_second_sqlite() {
        let mut packages = vec![package("libsqlite3-sys", Some("MIT"))];
        assert!(breaches(&rules(), &packages).is_empty());
        packages.push(package("libsqlite3-sys", Some("MIT")));
        packages.push(package("openssl", Some("MIT")));
        assert_eq!(breaches(&rules(), &packages).len(), 2);
    }

    #[test]
    fn a_crate_without_a_licence_is_a_breach() {
        assert_eq!(breaches(&rules(), &[package("x", None)]).len(), 1);
    }
}
