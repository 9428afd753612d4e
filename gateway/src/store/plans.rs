//! How SQLite plans each query of the store: none reads a table that grows from end to end.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

use super::schema;

/// Tables that stay small: what is in them is forgotten after minutes, or is what the operator configured.
const SMALL: [&str; 6] = [
    "merchants",
    "meta",
    "pin_logins",
    "policies",
    "reviewers",
    "spent_nonces",
];

/// What reads a table from end to end and may, each with the reason.
const WHOLE: [&str; 2] = [
    // Once, at the start: which halves the vault may have.
    "SELECT token, orders IS NULL FROM mandates",
    // One row: it begins at the end.
    "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1",
];

/// The SQL that stands in the store's sources, as it is written there.
fn queries() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "rs") || path.ends_with("plans.rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let code: String = source
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap()
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .fold(String::new(), |code, line| code + line + "\n");
        // Every second part stands between quotes; no SQL has a quote of its own.
        found.extend(code.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];
    found.retain(|text| verbs.iter().any(|verb| text.trim_start().starts_with(verb)));
    found
        .into_iter()
        .map(|sql| sql.replace("{PAID_BY}", super::waiting::PAID_BY))
        .collect()
}

/// Indexes that hold only the rows that are waited for.
fn partial_indexes(database: &Connection) -> BTreeSet<String> {
    let mut statement = database
        .prepare("SELECT name FROM sqlite_master WHERE type='index' AND sql LIKE '% WHERE %'")
        .unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

/// The steps of a query's plan that read a growing table from end to end.
fn scans(database: &Connection, sql: &str) -> Vec<String> {
    let partial = partial_indexes(database);
    let mut statement = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let step: String = row.get(3).unwrap();
        let mut words = step.split(' ');
        let (Some("SCAN"), Some(table)) = (words.next(), words.next()) else {
            continue;
        };
        let is_a_table = database
            .query_row(
                "SELECT 1 FROM sqlite_master WHERE type='table' AND name=?1",
                [table],
                |_| Ok(()),
            )
            .is_ok();
        let waits = step.rsplit(' ').next().is_some_and(|index| partial.contains(index));
        if is_a_table && !waits && !SMALL.contains(&table) {
            found.push(step);
        }
    }
    found
}

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let made = schema::create(&folder.path().join("gateway.sqlite"), &[1; 16]).unwrap();
    (folder, made)
}

#[test]
fn no_query_reads_a_table_that_grows_from_end_to_end() {
    let (_folder, database) = database();
    let queries = queries();
    assert!(queries.len() > 100, "{} were found", queries.len());
    let mut slow = Vec::new();
    for sql in queries.iter().filter(|sql| !WHOLE.contains(&sql.as_str())) {
        slow.extend(scans(&database, sql).into_iter().map(|step| format!("{step}: {sql}")));
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
    for whole in WHOLE {
        assert!(queries.iter().any(|sql| sql == whole), "nobody asks any more: {whole}");
    }
}

#[test]
fn a_query_without_its_index_is_found() {
    let (_folder, database) = database();
    let asks = |sql: &str| scans(&database, sql).len();
    let working = "SELECT doc FROM orders WHERE own='destroying' AND own IN ('quiesced', 'destroying') ORDER BY rowid";
    assert!(queries().iter().any(|sql| sql == working));
    assert_eq!(asks(working), 0);
    database.execute_batch("DROP INDEX orders_working").unwrap();
    assert_eq!(asks(working), 1);
    assert_eq!(asks("SELECT doc FROM mandates WHERE version=1"), 1);
    assert_eq!(asks("SELECT doc FROM orders WHERE own='destroying' ORDER BY rowid"), 1);
}
