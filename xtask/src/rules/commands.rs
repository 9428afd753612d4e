//! Commands in the documents: each must still run what it names.
//!
//! `cargo test` passes where a name fits no test at all, so a claim whose test was renamed would look shown for ever.
use std::collections::BTreeMap;

use clap::Parser as _;

use super::evidence;
use super::tree::Tree;

const OURS: &str = "cargo xtask";

/// A test as `cargo test` names it.
struct Test {
    package: String,
    /// The program in `tests/`; none where it stands beside the code.
    target: Option<String>,
    /// Its file is one that programs share.
    is_shared: bool,
    /// The modules of its file, then its own name.
    path: String,
}

/// Which tests a command asks for.
#[derive(Clone, Default)]
struct Asked {
    package: String,
    target: Option<String>,
    is_lib: bool,
    name: Option<String>,
}

/// Every command that runs no test, or that `cargo xtask` does not know, with its document.
pub(super) fn faults(tree: &Tree) -> Vec<String> {
    let tests = tests(tree);
    let documents: Vec<_> = tree.files.iter().filter(|(path, _)| path.ends_with(".md")).collect();
    let paragraphs: Vec<_> = documents
        .iter()
        .flat_map(|(path, text)| paragraphs(text).into_iter().map(move |paragraph| (path, paragraph)))
        .collect();
    let of_cargo = paragraphs
        .iter()
        .flat_map(|(path, text)| asked_in(text).into_iter().map(move |asked| (path, asked)))
        .filter(|(_, asked)| !tests.iter().any(|test| asked.fits(test)))
        .map(|(path, asked)| format!("{path}: {} runs no test", asked.command()));
    let of_ours = paragraphs
        .iter()
        .flat_map(|(path, text)| ours_in(text).into_iter().map(move |command| (path, command)))
        .filter(|(_, command)| !is_known(command))
        .map(|(path, command)| format!("{path}: {command} is no command"));
    of_cargo.chain(of_ours).collect()
}

/// The paragraphs of a document, each in one line: a command may be broken where its line ends. Rows of a table and lines of a
/// block stand alone.
fn paragraphs(text: &str) -> Vec<String> {
    let (mut all, mut is_block) = (Vec::<String>::new(), false);
    let mut goes_on = false;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        is_block ^= fence;
        let stands_alone = fence || is_block || line.starts_with('|') || line.trim().is_empty();
        match all.last_mut().filter(|_| goes_on && !stands_alone) {
            Some(before) => {
                before.push(' ');
                before.push_str(line.trim());
            }
            None => all.push(line.to_owned()),
        }
        goes_on = !stands_alone;
    }
    all
}

/// The commands of this program in one line: between backticks, or as a line of a block, up to its comment.
fn ours_in(line: &str) -> Vec<&str> {
    let code = if line.starts_with(OURS) {
        line.split('#').next().into_iter().collect()
    } else {
        line.split('`').skip(1).step_by(2).collect::<Vec<_>>()
    };
    let ours = code.into_iter().filter(|code| code.starts_with(OURS));
    ours.map(str::trim).collect()
}

/// Whether this program takes such arguments. A command that is named without all that it needs is one, too.
fn is_known(command: &str) -> bool {
    use clap::error::ErrorKind;
    let Err(error) = crate::Arguments::try_parse_from(command.split_whitespace().skip(1)) else {
        return true;
    };
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::MissingRequiredArgument
    )
}

impl Asked {
    fn fits(&self, test: &Test) -> bool {
        let is_of_target = match (&self.target, self.is_lib) {
            (None, false) => true,
            (Some(_), _) if test.is_shared => true,
            (target, _) => *target == test.target,
        };
        let is_named = self.name.as_ref().is_none_or(|name| test.path.contains(name.as_str()));
        test.package == self.package && is_of_target && is_named
    }

    /// In full.
    fn command(&self) -> String {
        let target = self.target.iter().map(|target| format!(" --test {target}"));
        let lib = self.is_lib.then(|| " --lib".to_owned());
        let name = self.name.iter().map(|name| format!(" {name}"));
        let more: String = target.chain(lib).chain(name).collect();
        format!("cargo test -p {}{more}", self.package)
    }

    /// What follows `cargo test`, or a shorter form that says how it differs from the command before it.
    fn read(words: &str, before: Option<&Self>) -> Option<Self> {
        let (mut asked, words) = match (words.strip_prefix("cargo test "), words.strip_prefix("… "), before) {
            (Some(words), _, _) => (Self::default(), words),
            (None, Some(words), Some(before)) => {
                let same = Self {
                    name: None,
                    ..before.clone()
                };
                (same, words)
            }
            _ => return None,
        };
        let mut words = words.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "-p" => asked.package = words.next()?.to_owned(),
                "--test" => asked.target = words.next().map(str::to_owned),
                "--lib" => asked.is_lib = true,
                "--" => break,
                option if option.starts_with('-') => {}
                name => asked.name = Some(name.to_owned()),
            }
        }
        (!asked.package.is_empty()).then_some(asked)
    }
}

/// The commands of one line. A name in backticks behind a comma belongs to the command before it.
fn asked_in(line: &str) -> Vec<Asked> {
    let mut found: Vec<Asked> = Vec::new();
    let mut between = "";
    let mut continues = false;
    for (place, part) in line.split('`').enumerate() {
        if place % 2 == 0 {
            between = part;
            continue;
        }
        let is_name = part.chars().all(|it| it.is_ascii_lowercase() || it == '_' || it == ':');
        let asked = match (between, found.last()) {
            (", ", Some(before)) if continues && is_name => Some(Asked {
                name: Some(part.to_owned()),
                ..before.clone()
            }),
            (_, before) => Asked::read(part, before),
        };
        continues = asked.is_some();
        found.extend(asked);
    }
    found
}

/// Every test in Rust that stands in the tree.
fn tests(tree: &Tree) -> Vec<Test> {
    let packages = packages(tree);
    let mut tests = Vec::new();
    for (path, text) in tree.files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        let Some((package, rest)) = packages.iter().rev().find_map(|(home, package)| {
            let rest = path.strip_prefix(home.as_str())?;
            Some((package, rest))
        }) else {
            continue;
        };
        let mut parts: Vec<&str> = rest.trim_end_matches(".rs").split('/').collect();
        let target = match parts.first() {
            Some(&"tests") => parts.get(1).map(|target| (*target).to_owned()),
            _ => None,
        };
        let folder = path.strip_suffix(rest).unwrap_or_default();
        let is_shared = target.as_ref().is_some_and(|target| {
            let is_a_program = |file: &str| tree.files.contains_key(&format!("{folder}tests/{target}{file}"));
            !is_a_program(".rs") && !is_a_program("/main.rs")
        });
        parts.drain(..parts.len().min(if target.is_some() { 2 } else { 1 }));
        parts.retain(|part| !["mod", "main", "lib"].contains(part));
        let names: Vec<String> = evidence::names(text).collect();
        // A module within the file names the tests that a macro writes into it.
        let modules = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("mod ")?.strip_suffix(" {"));
        for name in names
            .iter()
            .map(String::as_str)
            .chain(modules.filter(|_| text.contains("test]")))
        {
            let path = parts.iter().copied().chain([name]).collect::<Vec<_>>();
            tests.push(Test {
                package: package.clone(),
                target: target.clone(),
                is_shared,
                path: path.join("::"),
            });
        }
    }
    tests
}

/// The packages by the folders that they stand in, written with `/` at the end: a folder within another comes behind it.
fn packages(tree: &Tree) -> BTreeMap<String, String> {
    let manifests = tree.files.iter().filter_map(|(path, text)| {
        let home = path.strip_suffix("Cargo.toml")?;
        let name = text.split("name = \"").nth(1)?.split('"').next()?;
        Some((home.to_owned(), name.to_owned()))
    });
    manifests.filter(|(home, _)| !home.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(document: &str) -> Tree {
        let mut tree = Tree::default();
        let mut put = |path: &str, text: &str| tree.files.insert(path.to_owned(), text.to_owned());
        put("gateway/Cargo.toml", "[package]\nname = \"quittance-gateway\"\n");
        put("gateway/src/a/b.rs", "#[test]\nfn beside_the_code() {\n}\n");
        put(
            "gateway/tests/gateway/pins.rs",
            "#[tokio::test]\nasync fn five_lock() {\n}\n",
        );
        put("gateway/tests/gateway/main.rs", "mod pins;\n");
        put("docs/claims.md", document);
        tree
    }

    #[test]
    fn commands_that_run_a_test_are_left_alone() {
        for document in [
            "`cargo test -p quittance-gateway`",
            "`cargo test -p quittance-gateway pins::five`",
            "`cargo test -p quittance-gateway --test gateway pins`, `… five_lock`, `pins`; `hold`",
            "`cargo test -p quittance-gateway --lib a::b::beside`",
            "`cargo xtask demo`, `hold`",
            "cargo xtask attack list     # names them",
            "`cargo xtask test --only rules`; `cargo xtask soak`",
        ] {
            assert_eq!(faults(&tree(document)), [""; 0], "{document}");
        }
    }

    #[test]
    fn commands_that_run_none_are_named() {
        for (document, count) in [
            ("`cargo test -p quittance-gateways`", 1),
            ("`cargo test -p quittance-gateway six_lock`", 1),
            ("`cargo test -p quittance-gateway --lib five_lock`", 1),
            ("`cargo test -p quittance-gateway --test flows`", 1),
            (
                "`cargo test -p quittance-gateway --test gateway pins`, `… six`, `seven`",
                2,
            ),
            (
                "- shown by `cargo test -p quittance-gateway --test\n  gateway seven`",
                1,
            ),
        ] {
            let found = faults(&tree(document));
            assert_eq!(found.len(), count, "{document}");
            assert!(found.iter().all(|fault| fault.ends_with(" runs no test")), "{found:?}");
        }
    }

    #[test]
    fn commands_that_this_program_does_not_know_are_named() {
        for document in [
            "`cargo xtask attack guesses`",
            "cargo xtask soaks     # for ever",
            "`cargo xtask test --only rust-and-rules`",
        ] {
            let found = faults(&tree(document));
            assert!(found.iter().all(|fault| fault.ends_with(" is no command")), "{found:?}");
            assert_eq!(found.len(), 1, "{document}: {found:?}");
        }
    }
}
