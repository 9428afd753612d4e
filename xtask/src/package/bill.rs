//! The bill of materials of a package, in the form of CycloneDX: every part that is shipped, with version and licence.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::pom::Project;
use crate::files;
use crate::json;
use crate::maven;
use crate::run::{Outcome, Problem, Workspace, failed, output, run_logged, version};

/// The crate whose parts are listed.
const CRATE: &str = "quittance-bindings";

/// The program that lists what a Maven project depends on.
const MAVEN_LISTER: &str = "org.cyclonedx:cyclonedx-maven-plugin:2.9.1:makeBom";

/// The version of the form.
const FORM: &str = "1.6";

/// Parts by their reference, and which part needs which.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    root: Value,
    parts: BTreeMap<String, Value>,
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Bill {
    /// Everything that the native library for one target is built from: the crates that cargo names, SQLite, which stands
    /// inside of one of them, and Rust's standard library.
    pub(crate) fn of_library(workspace: &Workspace, target: &str) -> Outcome<Self> {
        let mut command = workspace.cargo(&["tree", "--locked", "--edges", "normal", "--prefix", "depth"]);
        let tree = output(command.args(["--package", CRATE, "--format", "|{p}|{l}", "--target", target]))?;
        let lock = files::text(&workspace.root.join("Cargo.lock"))?;
        let mut bill = Self::of_tree(&tree, &lock)?;
        let compiler = version("rustc", "--version").unwrap_or_default();
        let number = compiler.split(' ').nth(1).unwrap_or_default();
        bill.add_inside(CRATE, &foreign("rust-std", number, "MIT OR Apache-2.0"))?;
        bill.add_inside("libsqlite3-sys", &foreign("sqlite", &sqlite(workspace)?, "blessing"))?;
        Ok(bill)
    }

    /// Reads cargo's tree, one crate a line: depth, name, version, licence.
    fn of_tree(tree: &str, lock: &str) -> Outcome<Self> {
        let digests = digests(lock)?;
        let mut above: Vec<String> = Vec::new();
        let mut bill = Self {
            root: Value::Null,
            parts: BTreeMap::new(),
            needs: BTreeMap::new(),
        };
        for line in tree.lines() {
            let Some(part) = Crate::read(line) else {
                return failed(format!("cargo tree: {line}"));
            };
            let reference = part.reference();
            above.truncate(part.depth);
            match above.last() {
                Some(parent) => {
                    bill.needs.entry(parent.clone()).or_default().insert(reference.clone());
                    bill.parts.insert(reference.clone(), part.described(&digests));
                }
                None => bill.root = part.described(&digests),
            }
            above.push(reference);
        }
        if bill.root.is_null() {
            return failed("cargo tree names no crate");
        }
        Ok(bill)
    }

    /// Adds a part that stands inside of a crate.
    fn add_inside(&mut self, of: &str, part: &Value) -> Outcome {
        let holders: Vec<String> = self
            .all()
            .filter(|it| json::text(it, "name") == of)
            .map(reference)
            .collect();
        let Some(holder) = holders.first() else {
            return failed(format!("the bill has no {of}"));
        };
        self.needs.entry(holder.clone()).or_default().insert(reference(part));
        self.parts.insert(reference(part), part.clone());
        Ok(())
    }

    /// Adds what a Maven project brings, which becomes the root: the native library is one of its parts.
    pub(crate) fn inside_maven(mut self, workspace: &Workspace, project: &Project) -> Outcome<Self> {
        let folder = workspace.cache("xtask/bill")?;
        let pom = folder.join("pom.xml");
        // An AAR's parts are found as a jar's: Maven by itself knows no AAR.
        files::write(&pom, project.published_as("jar"))?;
        let mut maven = maven::command(&folder);
        maven.arg(MAVEN_LISTER);
        maven.args([
            "-DoutputFormat=json",
            "-DoutputName=parts",
            "-DincludeBomSerialNumber=false",
        ]);
        maven.arg(format!("-DschemaVersion={FORM}"));
        run_logged(&mut maven, &folder.join("log"))?;
        let whole = |form: &str| format!("{}@{}?type={form}", project.artifact, project.version);
        let listed = files::text(&folder.join("target/parts.json"))?.replace(&whole("jar"), &whole(project.form));
        let listed: Value =
            serde_json::from_str(&listed).map_err(|error| Problem::Failed(format!("{MAVEN_LISTER}: {error}")))?;
        let library = std::mem::replace(
            &mut self.root,
            listed.pointer("/metadata/component").cloned().unwrap_or_default(),
        );
        for part in json::items(&listed, "components") {
            self.parts.insert(reference(part), part.clone());
        }
        for edge in json::items(&listed, "dependencies") {
            let needed = json::items(edge, "dependsOn");
            let needed = needed.filter_map(Value::as_str).map(str::to_owned);
            let holder = json::text(edge, "ref");
            self.needs.entry(holder.to_owned()).or_default().extend(needed);
        }
        self.needs
            .entry(reference(&self.root))
            .or_default()
            .insert(reference(&library));
        self.parts.insert(reference(&library), library);
        Ok(self)
    }

    /// Names the whole as it is published, where it is no Maven project.
    pub(crate) fn inside(mut self, name: &str, version: &str) -> Self {
        let whole = foreign(name, version, "Apache-2.0");
        let library = std::mem::replace(&mut self.root, whole);
        self.needs
            .entry(reference(&self.root))
            .or_default()
            .insert(reference(&library));
        self.parts.insert(reference(&library), library);
        self
    }

    /// Every part, the whole first.
    fn all(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.root).chain(self.parts.values())
    }

    /// What is wrong with it: a part without a version or a licence, a need of something that is not listed.
    pub(crate) fn faults(&self) -> Vec<String> {
        let lacking = self.all().flat_map(|part| {
            let name = json::text(part, "name");
            let lacks = |what: &str| format!("{name} has no {what}");
            let no_version = json::text(part, "version").is_empty().then(|| lacks("version"));
            let no_licence = json::items(part, "licenses").next().is_none().then(|| lacks("licence"));
            no_version.into_iter().chain(no_licence)
        });
        let known: BTreeSet<String> = self.all().map(reference).collect();
        let unlisted = self.needs.values().flatten().filter(|needed| !known.contains(*needed));
        lacking
            .chain(unlisted.map(|needed| format!("{needed} is needed and not listed")))
            .collect()
    }

    /// Writes it; it says nothing of the time or the machine, so that it is the same each time.
    pub(crate) fn write(&self, path: &Path) -> Outcome {
        let faults = self.faults();
        if !faults.is_empty() {
            return failed(format!("the bill of materials:\n  {}", faults.join("\n  ")));
        }
        let edges: Vec<Value> = self
            .needs
            .iter()
            .map(|(holder, needed)| json!({ "ref": holder, "dependsOn": needed }))
            .collect();
        let parts: Vec<&Value> = self.parts.values().collect();
        let bill = json!({
            "$schema": format!("http://cyclonedx.org/schema/bom-{FORM}.schema.json"),
            "bomFormat": "CycloneDX",
            "specVersion": FORM,
            "version": 1,
            "metadata": { "component": self.root },
            "components": parts,
            "dependencies": edges,
        });
        files::write(path, format!("{bill:#}\n"))
    }
}

/// A crate as cargo's tree names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Crate<'a> {
    depth: usize,
    name: &'a str,
    version: &'a str,
    licence: &'a str,
    /// Whether it runs inside the compiler alone.
    is_macro: bool,
}

impl<'a> Crate<'a> {
    /// Reads `2|serde v1.0.229|MIT OR Apache-2.0 (*)`.
    fn read(line: &'a str) -> Option<Self> {
        let mut columns = line.split('|');
        let depth = columns.next()?.parse().ok()?;
        let named = columns.next()?;
        let licence = columns.next()?.trim_end_matches("(*)").trim();
        let mut words = named.split(' ');
        let name = words.next()?;
        let version = words.next()?.strip_prefix('v')?;
        Some(Self {
            depth,
            name,
            version,
            licence,
            is_macro: named.contains("(proc-macro)"),
        })
    }

    fn reference(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    fn described(&self, digests: &BTreeMap<(String, String), String>) -> Value {
        let licences = match self.licence {
            "" => json!([]),
            // The old way to write "or".
            licence => json!([{ "expression": licence.replace('/', " OR ") }]),
        };
        let digest = digests.get(&(self.name.to_owned(), self.version.to_owned()));
        let hashes: Vec<Value> = digest
            .map(|digest| json!({ "alg": "SHA-256", "content": digest }))
            .into_iter()
            .collect();
        json!({
            "type": "library",
            "bom-ref": self.reference(),
            "name": self.name,
            "version": self.version,
            "purl": self.reference(),
            "scope": if self.is_macro { "excluded" } else { "required" },
            "licenses": licences,
            "hashes": hashes,
        })
    }
}

fn reference(part: &Value) -> String {
    json::text(part, "bom-ref").to_owned()
}

/// A part that no registry of packages has under this name.
fn foreign(name: &str, version: &str, licence: &str) -> Value {
    let reference = format!("pkg:generic/{name}@{version}");
    json!({
        "type": "library", "bom-ref": reference, "name": name, "version": version, "purl": reference,
        "scope": "required", "licenses": [{ "expression": licence }],
    })
}

/// The digests of Cargo.lock, by name and version.
fn digests(lock: &str) -> Outcome<BTreeMap<(String, String), String>> {
    let lock: toml::Table = lock
        .parse()
        .map_err(|error| Problem::Failed(format!("Cargo.lock: {error}")))?;
    let packages = lock.get("package").and_then(|packages| packages.as_array());
    let text = |package: &toml::Value, key: &str| package.get(key).and_then(|it| it.as_str()).map(str::to_owned);
    let digests = packages.into_iter().flatten().filter_map(|package| {
        Some((
            (text(package, "name")?, text(package, "version")?),
            text(package, "checksum")?,
        ))
    });
    Ok(digests.collect())
}

/// The version of the SQLite whose source the crate brings.
fn sqlite(workspace: &Workspace) -> Outcome<String> {
    let metadata = output(&mut workspace.cargo(&["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| Problem::Failed(format!("cargo metadata: {error}")))?;
    let mut packages = json::items(&metadata, "packages");
    let found = packages.find(|package| json::text(package, "name") == "libsqlite3-sys");
    let Some(manifest) = found.map(|package| json::text(package, "manifest_path")) else {
        return failed("cargo metadata names no libsqlite3-sys");
    };
    let header = files::text(&Path::new(manifest).with_file_name("sqlite3").join("sqlite3.h"))?;
    let line = header
        .lines()
        .find_map(|line| line.strip_prefix("#define SQLITE_VERSION "));
    match line {
        Some(quoted) => Ok(quoted.trim().trim_matches('"').to_owned()),
        None => failed("sqlite3.h names no version"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0|app v0.1.0 (/here)|Apache-2.0\n1|one v1.0.0|MIT/Apache-2.0\n2|two v2.0.0 (proc-macro)|MIT\n\
                        1|three v3.0.0|\n2|one v1.0.0|MIT/Apache-2.0 (*)\n";
    const LOCK: &str = "[[package]]\nname = \"one\"\nversion = \"1.0.0\"\nchecksum = \"abc\"\n";

    fn bill() -> Bill {
        Bill::of_tree(TREE, LOCK).unwrap()
    }

    #[test]
    fn every_crate_of_the_tree_is_a_part_and_knows_what_it_needs() {
        let bill = bill();
        assert_eq!(bill.root["name"], "app");
        assert_eq!(bill.parts.len(), 3);
        assert_eq!(bill.needs["pkg:cargo/app@0.1.0"].len(), 2);
        assert!(bill.needs["pkg:cargo/three@3.0.0"].contains("pkg:cargo/one@1.0.0"));
        assert_eq!(bill.parts["pkg:cargo/one@1.0.0"]["hashes"][0]["content"], "abc");
        assert_eq!(
            bill.parts["pkg:cargo/one@1.0.0"]["licenses"][0]["expression"],
            "MIT OR Apache-2.0"
        );
    }

    #[test]
    fn what_runs_in_the_compiler_alone_is_listed_and_not_counted_as_shipped() {
        assert_eq!(bill().parts["pkg:cargo/two@2.0.0"]["scope"], "excluded");
        assert_eq!(bill().parts["pkg:cargo/one@1.0.0"]["scope"], "required");
    }

    #[test]
    fn a_part_without_a_licence_and_a_need_of_nothing_are_faults() {
        assert_eq!(bill().faults(), ["three has no licence"]);
        let mut bill = bill();
        bill.parts.remove("pkg:cargo/one@1.0.0");
        assert!(
            bill.faults()
                .contains(&"pkg:cargo/one@1.0.0 is needed and not listed".to_owned())
        );
    }

    #[test]
    fn what_stands_inside_a_crate_is_a_part_of_its_own() {
        let mut bill = bill();
        bill.add_inside("one", &foreign("sqlite", "3.0", "blessing")).unwrap();
        assert!(bill.needs["pkg:cargo/one@1.0.0"].contains("pkg:generic/sqlite@3.0"));
        assert!(bill.add_inside("absent", &foreign("x", "1", "MIT")).is_err());
    }

    #[test]
    fn a_line_that_is_no_crate_is_refused() {
        assert!(Bill::of_tree("error: nothing", LOCK).is_err());
        assert!(Bill::of_tree("", LOCK).is_err());
    }
}
