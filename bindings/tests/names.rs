//! Names in the facade's documentation are those that Kotlin and Swift know: UniFFI copies its text as it stands.

use std::path::Path;

/// Said of what apps do not see.
const RUST_ALONE: &str = "For Rust alone";

/// Modules of which nothing crosses the boundary.
const INSIDE: [&str; 2] = ["convert.rs", "threads.rs"];

/// Names that Rust alone writes so: links between items, paths, calls on the wallet with an underscore.
fn rusts_own(line: &str) -> Vec<&str> {
    let quoted = line.split('`').skip(1).step_by(2);
    let call = |name: &str| name.starts_with("Wallet.") && name.contains('_');
    let mut found: Vec<&str> = quoted.filter(|name| name.contains("::") || call(name)).collect();
    if line.contains("[`") {
        found.push(line);
    }
    found
}

/// The documentation of items, block by block.
fn blocks(source: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in source.lines().map(str::trim) {
        match (line.strip_prefix("///"), blocks.last_mut()) {
            (Some(text), Some(block)) => *block += text,
            _ => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| !block.is_empty() && !block.contains(RUST_ALONE));
    blocks
}

#[test]
fn what_apps_read_names_things_as_they_are_called_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if INSIDE.iter().any(|inside| path.ends_with(inside)) {
            continue;
        }
        for block in blocks(&std::fs::read_to_string(&path).unwrap()) {
            assert!(rusts_own(&block).is_empty(), "{}: {block}", path.display());
            read += 1;
        }
    }
    assert!(read > 500, "{read} blocks were read");
}

#[test]
fn a_name_of_rusts_own_is_found() {
    for bad in [
        "see [`Wallet::resume`].",
        "see `Wallet::resume`.",
        "[`error_kind`] names it",
        "see `Wallet.log_evidence`.",
    ] {
        assert!(!rusts_own(bad).is_empty(), "{bad}");
    }
    for good in ["see `Wallet.logEvidence`.", "Its code, such as `mandate_ended`."] {
        assert!(rusts_own(good).is_empty(), "control: {good}");
    }
    assert_eq!(
        blocks("/// One\n/// block.\nfn f() {}\n/// Another."),
        [" One block.", " Another."]
    );
    assert!(blocks("/// As [`Wallet::open`]. For Rust alone.").is_empty());
}
