//! The page of rules: every requirement with its values, its steps, its tests; whether documents name tests that are there.
mod bundle;
mod commands;
mod evidence;
mod faults;
mod number;
mod page;
mod table;
pub(crate) mod tree;

use std::fs;

use clap::Args;

use self::bundle::Bundle;
use self::evidence::Evidence;
use self::table::Table;
use self::tree::Tree;
use crate::run::{Outcome, Workspace, at, failed, heading};

/// What `cargo xtask rules` accepts.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Write nothing; fail if the written page is not what would be written.
    #[arg(long)]
    check: bool,
}

/// What follows from a tree.
#[derive(Debug)]
struct Evaluation {
    page: String,
    faults: Vec<String>,
}

/// Writes or checks the page; fails with every fault at once.
///
/// The page is written in spite of faults, so that it shows what is missing.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let tree = Tree::read(&workspace.root)?;
    let mut result = evaluate(&tree)?;
    if options.check {
        result.faults.extend(stale(&tree, &result.page));
    } else {
        let path = workspace.root.join(page::PATH);
        at(&path, fs::write(&path, &result.page))?;
    }
    match result.faults.len() {
        0 => Ok(()),
        count => failed(format!(
            "{count} faults of the rules:\n  {}",
            result.faults.join("\n  ")
        )),
    }
}

/// The suite: the check, which writes nothing.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    heading("every rule has its tests");
    run(workspace, &Options { check: true })
}

fn evaluate(tree: &Tree) -> Outcome<Evaluation> {
    let table = Table::read(tree)?;
    let bundle = Bundle::read(tree)?;
    let evidence = Evidence::collect(tree)?;
    let mut faults = faults::faults(&table, &bundle, &evidence);
    faults.extend(commands::faults(tree));
    Ok(Evaluation {
        page: page::page(&table, &bundle, &evidence),
        faults,
    })
}

fn stale(tree: &Tree, page: &str) -> Option<String> {
    let fresh = tree.text(page::PATH).is_ok_and(|written| written == page);
    (!fresh).then(|| format!("{} is not what is generated; run cargo xtask rules", page::PATH))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const TABLE: &str = r#"{ "elsewhere": ["R-068..R-095"], "sections": [ { "title": "S", "rules": [
        { "id": "R-306", "side": "core", "policy": ["hold.life"], "shown": "tests", "rule": "Holds are a set." },
        { "id": "R-324", "side": "gateway", "policy": [], "shown": { "later": "an option" }, "rule": "A list." }
    ] } ] }"#;
    const BUNDLE: &str = r#"{ "hold": { "life": "PT1H" }, "flows": { "pause": { "steps": [
        { "id": "first", "otherwise": [ { "id": "second", "rules": ["R-306"] } ] } ] } } }"#;
    const TEST: &str = "core/flows/src/mandate.rs";

    fn tree() -> Tree {
        let mut tree = Tree::default();
        tree.put(table::PATH, TABLE);
        tree.put(bundle::PATH, BUNDLE);
        tree.put(
            TEST,
            "    // R-306\n    #[test]\n    fn lifting_one_lifts_no_other() {\n    }\n",
        );
        tree
    }

    impl Tree {
        fn put(&mut self, path: &str, text: &str) {
            self.files.insert(path.to_owned(), text.to_owned());
        }
    }

    fn found(tree: &Tree) -> Vec<String> {
        evaluate(tree).unwrap().faults
    }

    #[test]
    fn a_rule_is_printed_with_value_steps_and_tests() {
        let page = evaluate(&tree()).unwrap().page;
        assert!(
            page.contains("**R-306** Holds are a set. *(core)*\n\n- values: `hold.life` = PT1H\n"),
            "{page}"
        );
        assert!(page.contains("- steps: `pause` (second)\n- shown by:\n"), "{page}");
        assert!(
            page.contains("  - `core/flows/src/mandate.rs`: lifting_one_lifts_no_other\n"),
            "{page}"
        );
        assert!(page.contains("- later: an option\n"), "{page}");
    }

    #[test]
    fn a_rule_that_loses_its_test_is_named() {
        let mut tree = tree();
        assert_eq!(found(&tree), [""; 0]);
        tree.put(TEST, "    #[test]\n    fn lifting_one_lifts_no_other() {\n    }\n");
        assert_eq!(found(&tree), ["R-306 has no test: Holds are a set."]);
        tree.put("scenarios/pause.json", r#"{ "title": "A pause", "rules": ["R-306"] }"#);
        assert_eq!(found(&tree), [""; 0]);
    }

    #[test]
    fn a_rule_that_gains_a_test_is_no_longer_for_later() {
        let mut tree = tree();
        tree.put("scenarios/list.json", r#"{ "rules": ["R-324"] }"#);
        assert_eq!(
            found(&tree),
            ["R-324 has a test, yet docs/rules.json says that it has none"]
        );
    }

    #[test]
    fn numbers_and_keys_that_do_not_exist_are_named() {
        let mut tree = tree();
        tree.put(
            "gateway/src/a.rs",
            "//! R-070 is a rule of another section; R-999 is none.\n",
        );
        tree.put(
            bundle::PATH,
            r#"{ "flows": { "pause": { "steps": [ { "id": "a", "rules": ["R-998", "306"] } ] } } }"#,
        );
        let expected = [
            "R-306: core/flows/policy/cn-default.json has no key hold.life",
            "R-999, named in gateway/src/a.rs, is no rule",
            "R-998, named in core/flows/policy/cn-default.json, is no rule",
            "306, named in core/flows/policy/cn-default.json, is no rule",
        ];
        assert_eq!(found(&tree), expected);
    }

    #[test]
    fn a_page_that_was_not_generated_anew_is_stale() {
        let mut tree = tree();
        let page = evaluate(&tree).unwrap().page;
        tree.put(page::PATH, &page);
        assert_eq!(stale(&tree, &page), None);
        tree.put(page::PATH, &page.replace("PT1H", "PT2H"));
        assert!(stale(&tree, &page).is_some());
    }

    /// The whole repository with one number in its tests taken for another: the control that the real table is watched.
    #[test]
    fn taking_the_number_from_the_tests_of_this_repository_is_noticed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut tree = Tree::read(root).unwrap();
        let fault = |tree: &Tree| found(tree).iter().any(|it| it.starts_with("R-306 has no test"));
        assert!(!fault(&tree));
        for (path, text) in &mut tree.files {
            if !path.starts_with("docs/") && path != bundle::PATH {
                *text = text.replace("R-306", "R-307").replace("r_306", "r_307");
            }
        }
        assert!(fault(&tree));
    }
}
