//! The page of the protocol says of every problem code what the code says of itself.

use quittance_protocol::problem::{Code, Retry};

const PAGE: &str = include_str!("../../../../docs/protocol.md");

#[test]
fn the_page_lists_every_code_with_its_status_its_retry_hint_and_its_title() {
    for code in Code::ALL {
        let retry = match code.retry() {
            Retry::Never => "never",
            Retry::Same => "same",
            Retry::Later => "later",
            Retry::After => "after",
        };
        let row = format!("| `{code}` | {} | {retry} | {} |", code.status(), code.title());
        assert!(PAGE.contains(&row), "docs/protocol.md lacks the row\n{row}");
    }
}
