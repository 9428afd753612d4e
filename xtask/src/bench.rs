//! Measures the vault beside a plain store, for docs/performance.md.
use std::fs;

use crate::run::{Outcome, Workspace, at, failed, output};

/// Where the page stands that the benchmark writes.
const FILE: &str = "docs/performance.md";

/// The line before it, and the one behind it.
const MARKS: [&str; 2] = ["<!-- written by cargo xtask bench -->\n", "<!-- to here -->\n"];

const BENCHMARK: &[&str] = &["bench", "-p", "quittance-disk", "--bench", "vault", "--"];

/// Runs the benchmark with these arguments, and puts what it prints between the marks.
pub(crate) fn measure(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let page = output(workspace.cargo(BENCHMARK).args(arguments))?;
    let file = workspace.root.join(FILE);
    let text = at(&file, fs::read_to_string(&file))?;
    let Some(text) = between(&text, &page) else {
        return failed(format!("{FILE} has lost the lines {MARKS:?}"));
    };
    at(&file, fs::write(&file, text))
}

/// The text with another page between its marks.
fn between(text: &str, page: &str) -> Option<String> {
    let [begin, end] = MARKS;
    let (before, rest) = text.split_once(begin)?;
    let (_old, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}\n{}\n\n{end}{after}", page.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_written_anew() {
        let [begin, end] = MARKS;
        let text = format!("above\n{begin}old\n{end}below\n");
        assert_eq!(
            between(&text, "new\n"),
            Some(format!("above\n{begin}\nnew\n\n{end}below\n"))
        );
        assert_eq!(between("no marks", "new"), None);
    }
}
