//! The check that both apps name every error of the facade: none of them falls through to a branch for the rest.
use std::fs;
use std::path::Path;

use crate::run::{Outcome, Workspace, at, failed, heading};

/// Enums of the facade that an app has to handle whole, each with the file that declares it.
const ENUMS: &[(&str, &str)] = &[
    ("WalletError", "bindings/src/error.rs"),
    ("ErrorKind", "bindings/src/error.rs"),
    ("BiometricError", "bindings/src/ports.rs"),
];

/// Where an app says what the payer is told of an error.
const APPS: &[App] = &[
    App {
        file: "android-demo/app/src/main/kotlin/org/quittance/demo/model/Problems.kt",
        branches: "when (",
        rest: "else ->",
        written: in_kotlin,
    },
    App {
        file: "ios-demo/QuittanceDemo/Models/Problem.swift",
        branches: "switch ",
        rest: "default:",
        written: in_swift,
    },
];

/// One app's language.
struct App {
    file: &'static str,
    /// What a branching begins with, before its first brace.
    branches: &'static str,
    /// The branch for the rest.
    rest: &'static str,
    /// How a variant of an enum is written there.
    written: fn(&str, &str) -> String,
}

/// The suite: fails with every enum that an app does not handle whole.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    heading("every error is handled in both apps");
    let read = |path: &str| {
        let path = workspace.root.join(Path::new(path));
        at(&path, fs::read_to_string(&path))
    };
    let mut faults = Vec::new();
    for (name, file) in ENUMS {
        let variants = variants(&read(file)?, name);
        if variants.is_empty() {
            faults.push(format!("{file} declares no enum {name}"));
        }
        for app in APPS {
            if let Some(fault) = fault(app, &read(app.file)?, name, &variants) {
                faults.push(format!("{}: {fault}", app.file));
            }
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        failed(faults.join("\n"))
    }
}

/// What keeps an app from handling an enum whole: the branching that names most of its variants lacks some, or has a
/// branch for the rest.
fn fault(app: &App, source: &str, name: &str, variants: &[String]) -> Option<String> {
    let missing_in = |branching: &str| -> Vec<String> {
        let written = variants.iter().map(|variant| (app.written)(name, variant));
        written.filter(|variant| !mentions(branching, variant)).collect()
    };
    let branchings = branchings(source, app.branches);
    let whole = branchings.iter().any(|branching| {
        let own = own_branches(branching);
        missing_in(&own).is_empty() && !own.contains(app.rest)
    });
    if whole {
        return None;
    }
    let closest = branchings
        .iter()
        .map(|branching| own_branches(branching))
        .min_by_key(|own| (missing_in(own).len(), own.contains(app.rest)));
    let Some(closest) = closest else {
        return Some(format!(
            "{name} is not handled: there is no `{}` at all",
            app.branches.trim_end()
        ));
    };
    let missing = missing_in(&closest);
    Some(if missing.is_empty() {
        format!("a branch for the rest, `{}`, hides what {name} may become", app.rest)
    } else {
        format!("{name} is not handled whole: {} missing", missing.join(", "))
    })
}

/// The variants of an enum, as its Rust source declares them.
fn variants(source: &str, name: &str) -> Vec<String> {
    let Some((_, after)) = source.split_once(&format!("pub enum {name} {{\n")) else {
        return Vec::new();
    };
    let body = after.split("\n}").next().unwrap_or_default();
    // Members of a variant stand deeper, attributes and comments begin with other signs.
    let declared = body.lines().filter_map(|line| line.strip_prefix("    "));
    let declared = declared.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    declared
        .map(|line| line.split([' ', ',', '{', '(']).next().unwrap_or_default().to_owned())
        .collect()
}

/// Every branching of a source, from its word to the brace that ends it.
fn branchings(source: &str, word: &str) -> Vec<String> {
    let starts = source.match_indices(word).map(|(start, _)| start);
    starts.filter_map(|start| block(source.get(start..)?)).collect()
}

/// The text up to the brace that closes its first one.
fn block(text: &str) -> Option<String> {
    let mut depth = 0_u32;
    for (place, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.get(..=place).map(str::to_owned);
                }
            }
            _ => {}
        }
    }
    None
}

/// A branching without the blocks inside it: what these branch over is theirs.
fn own_branches(branching: &str) -> String {
    let mut depth = 0_u32;
    let own = branching.chars().filter(|letter| match letter {
        '{' => {
            depth += 1;
            depth == 1
        }
        '}' => {
            depth = depth.saturating_sub(1);
            depth == 0
        }
        _ => depth <= 1,
    });
    own.collect()
}

/// Whether a text holds a name as a whole word.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(start, _)| {
        let next = text.get(start + name.len()..).and_then(|rest| rest.chars().next());
        !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
    })
}

/// UniFFI calls an error's class an exception.
fn in_kotlin(name: &str, variant: &str) -> String {
    match name.strip_suffix("Error") {
        Some(name) => format!("{name}Exception.{variant}"),
        None => format!("{name}.{variant}"),
    }
}

/// UniFFI writes an error's cases as they are, those of other enums with a small first letter.
fn in_swift(name: &str, variant: &str) -> String {
    if name.ends_with("Error") {
        return format!(".{variant}");
    }
    let (first, rest) = variant.split_at(1);
    format!(".{}{rest}", first.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: &str = "\
/// Errors.
pub enum WalletError {
    /// Nobody answers.
    #[error(\"offline\")]
    Offline,
    /// Wrong.
    WrongPin {
        /// Tries.
        Attempts: u32,
    },
}
pub enum Other {
    Thing,
}
";

    fn in_app(app: usize, source: &str) -> Option<String> {
        fault(&APPS[app], source, "WalletError", &variants(DECLARED, "WalletError"))
    }

    #[test]
    fn the_variants_of_an_enum_are_read_without_their_members() {
        assert_eq!(variants(DECLARED, "WalletError"), ["Offline", "WrongPin"]);
        assert_eq!(variants(DECLARED, "Nothing"), Vec::<String>::new());
    }

    #[test]
    fn a_branching_over_every_variant_is_whole() {
        let kotlin =
            "when (error) { is WalletException.Offline -> a { else -> b }\n is WalletException.WrongPin -> c }";
        assert_eq!(in_app(0, kotlin), None);
        let swift = "switch error { case .Offline: a\n case .WrongPin(let left): b(left) }";
        assert_eq!(in_app(1, swift), None);
    }

    #[test]
    fn a_variant_that_is_left_out_is_named() {
        let kotlin = "when (error) { is WalletException.WrongPinFormat -> a\n is WalletException.Offline -> b }";
        assert!(in_app(0, kotlin).unwrap().contains("WalletException.WrongPin missing"));
    }

    #[test]
    fn a_file_that_branches_over_nothing_handles_nothing() {
        let kotlin = "fun problem(error: WalletException) = Problem(error.message)";
        assert!(in_app(0, kotlin).unwrap().contains("no `when (`"));
        let swift = "func problem(_ error: WalletError) -> Problem { Problem(error.message) }";
        assert!(in_app(1, swift).unwrap().contains("no `switch`"));
    }

    #[test]
    fn a_branch_for_the_rest_is_found() {
        let kotlin = "when (error) { is WalletException.Offline, is WalletException.WrongPin -> a\n else -> b }";
        assert!(in_app(0, kotlin).unwrap().contains("`else ->`"));
        let swift = "switch error { case .Offline, .WrongPin: a\n default: b }";
        assert!(in_app(1, swift).unwrap().contains("`default:`"));
    }
}
