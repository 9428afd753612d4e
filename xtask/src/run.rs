//! Starting other programs, with what they print passed through.
use std::collections::VecDeque;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

/// The letters of a command line that a report shows.
const BRIEF: usize = 60;

/// How long a program that ended is still listened to.
const LEFT_BEHIND: Duration = Duration::from_secs(2);

/// The lines of a failed program that its report repeats.
const LAST: usize = 60;

/// Why a part of the work did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Something is missing here that could not be provided; the text says what to install.
    NotRun(String),
    /// A program refused, or a check found a fault.
    Failed(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRun(text) | Self::Failed(text) => out.write_str(text),
        }
    }
}

impl Problem {
    /// What it is about, without what a program printed last.
    pub(crate) fn heading(&self) -> &str {
        let (Self::NotRun(text) | Self::Failed(text)) = self;
        text.split_once('\n').map_or(text, |(first, _)| first)
    }
}

/// What every step gives back.
pub(crate) type Outcome<T = ()> = Result<T, Problem>;

/// A failure with its reason.
pub(crate) fn failed<T>(reason: impl Into<String>) -> Outcome<T> {
    Err(Problem::Failed(reason.into()))
}

/// Turns an error of the file system into a failure that names the path.
pub(crate) fn at<T>(path: &Path, result: std::io::Result<T>) -> Outcome<T> {
    result.map_err(|error| Problem::Failed(format!("{}: {error}", path.display())))
}

/// Names the step that follows, so that the log reads as a table of contents.
pub(crate) fn heading(text: &str) {
    println!("\n== {text}");
}

/// Runs a program to its end; what it prints is passed through.
///
/// A program that cannot be started, or ends with another code than zero, is a failure. Where nobody watches, in a log,
/// the failure repeats the program's last lines: other programs' output follows, and a log may be cut.
pub(crate) fn run(command: &mut Command) -> Outcome {
    if std::io::stdout().is_terminal() {
        let status = status(command)?;
        return ended(command, status, "");
    }
    heading(&shown(command));
    let (status, last) = copied(command).map_err(|error| Problem::Failed(format!("{}: {error}", brief(command))))?;
    ended(command, status, &last)
}

fn ended(command: &Command, status: ExitStatus, last: &str) -> Outcome {
    if status.success() {
        return Ok(());
    }
    failed(format!("{} ({status}){last}", brief(command)))
}

/// Runs a program whose output and errors go through this one, in their order; gives back the last lines.
fn copied(command: &mut Command) -> std::io::Result<(ExitStatus, String)> {
    let (reader, writer) = std::io::pipe()?;
    let errors = writer.try_clone()?;
    let mut child = command.stdin(Stdio::null()).stdout(writer).stderr(errors).spawn()?;
    // What the command still holds of the pipe would keep it open for ever.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (lines, printed) = mpsc::channel();
    std::thread::spawn(move || copy(reader, &lines));
    let status = child.wait()?;
    let mut last = VecDeque::new();
    // A process that the program left behind may hold the pipe as well, and is not waited for.
    while let Ok(line) = printed.recv_timeout(LEFT_BEHIND) {
        if last.len() == LAST {
            last.pop_front();
        }
        last.push_back(line);
    }
    Ok((status, last.iter().map(|line| format!("\n  | {line}")).collect()))
}

/// Prints what comes, line by line, and hands each line on.
fn copy(from: impl Read, lines: &Sender<String>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // What cannot be printed is still kept for the report.
        let _ = std::io::stdout().write_all(&line);
        let _ = lines.send(String::from_utf8_lossy(&line).trim_end().to_owned());
        line.clear();
    }
}

/// Runs a program to its end for whoever reads more than good or bad from its code; what it prints is passed through.
pub(crate) fn status(command: &mut Command) -> Outcome<ExitStatus> {
    heading(&shown(command));
    let status = command.stdin(Stdio::null()).status();
    status.map_err(|error| Problem::Failed(format!("{}: {error}", brief(command))))
}

/// Runs a program whose output matters only if it fails; the output goes to the file `log`.
pub(crate) fn run_logged(command: &mut Command, log: &Path) -> Outcome {
    heading(&shown(command));
    let file = at(log, std::fs::File::create(log))?;
    let errors = at(log, file.try_clone())?;
    let status = command.stdin(Stdio::null()).stdout(file).stderr(errors).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let tail = lines.iter().rev().take(20).rev();
            tail.for_each(|line| eprintln!("{line}"));
            failed(format!("{} ({status})", shown(command)))
        }
        Err(error) => failed(format!("{}: {error}", shown(command))),
    }
}

/// Runs a program and gives back what it wrote to its standard output; its errors are passed through.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let result = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    match result {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => failed(format!("{} ({})", shown(command), output.status)),
        Err(error) => failed(format!("{}: {error}", shown(command))),
    }
}

/// The compiler's name for this machine.
pub(crate) fn host() -> Outcome<String> {
    let program = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let text = output(Command::new(program).arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Problem::Failed(format!("rustc names no host: {text}")))
}

/// What a program prints first when asked for its version, or nothing if it is not here.
pub(crate) fn version(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

/// The first number of a version text, with the one after its point: "go1.26.8" is (1, 26).
pub(crate) fn numbers(text: &str) -> Option<(u32, u32)> {
    let from = text.find(|letter: char| letter.is_ascii_digit())?;
    let mut parts = text.get(from..)?.split(|letter: char| !letter.is_ascii_digit());
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
    Some((major, minor))
}

/// The folders where this project and its build results are.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The folder of the workspace's Cargo.toml.
    pub(crate) root: PathBuf,
    /// Cargo's target folder; every cache of this program is inside it.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn find() -> Outcome<Self> {
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let text = output(&mut command)?;
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| Problem::Failed(format!("cargo metadata: {error}")))?;
        let folder = |key: &str| value.get(key).and_then(|value| value.as_str()).map(PathBuf::from);
        match (folder("workspace_root"), folder("target_directory")) {
            (Some(root), Some(target)) => Ok(Self { root, target }),
            _ => failed("cargo metadata names no workspace_root or target_directory"),
        }
    }

    /// Where cargo puts the dev profile's programs and libraries.
    pub(crate) fn binaries(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// Cargo, in the root of the workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// A folder under target/, made if it is not there.
    pub(crate) fn cache(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.target.join(name);
        at(&folder, std::fs::create_dir_all(&folder))?;
        Ok(folder)
    }
}

/// The cargo that runs this program, without the variables that it set for this program alone:
/// build scripts that watch them would run again at every change between here and a shell.
fn cargo() -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_set_by_cargo_run) {
            command.env_remove(name);
        }
    }
    command
}

fn is_set_by_cargo_run(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// The command line, as a person would type it.
fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(name).chain(command.get_args());
    let words: Vec<String> = words.map(OsStr::to_string_lossy).map(first_line).collect();
    words.join(" ")
}

/// The start of the command line, for a report whose log has it whole.
fn brief(command: &Command) -> String {
    let whole = shown(command);
    match whole.char_indices().nth(BRIEF) {
        Some((end, _)) => format!("{} …", whole.get(..end).unwrap_or_default()),
        None => whole,
    }
}

fn first_line(word: std::borrow::Cow<'_, str>) -> String {
    match word.split_once('\n') {
        Some(_) => "(script)".to_owned(),
        None => word.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_programs_print() {
        assert_eq!(numbers("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(numbers("v20.20.2\n"), Some((20, 20)));
        assert_eq!(numbers("javac 17\n"), Some((17, 0)));
        assert_eq!(numbers("none"), None);
    }

    #[test]
    fn only_the_variables_of_cargo_run_are_removed() {
        assert!(is_set_by_cargo_run("CARGO_PKG_NAME"));
        assert!(is_set_by_cargo_run("CARGO_MANIFEST_DIR"));
        assert!(!is_set_by_cargo_run("CARGO_TARGET_DIR"));
        assert!(!is_set_by_cargo_run("CARGO_HOME"));
    }

    #[test]
    fn what_a_failed_program_printed_last_stands_in_its_report() {
        let mut command = Command::new("sh");
        command.args(["-c", "seq 100; echo why >&2\nexit 3"]);
        let (status, last) = copied(&mut command).unwrap();
        let problem = ended(&command, status, &last).unwrap_err();
        assert_eq!(problem.heading(), "sh -c (script) (exit status: 3)");
        let lines: Vec<String> = problem.to_string().lines().skip(1).map(str::to_owned).collect();
        assert_eq!((lines.len(), lines[0].as_str()), (LAST, "  | 42"));
        assert_eq!(lines[LAST - 1], "  | why");
    }

    #[test]
    fn a_command_is_shown_without_folders_or_long_scripts() {
        let mut command = Command::new("/usr/bin/sh");
        command.args(["-c", "one\ntwo", "last"]);
        assert_eq!(shown(&command), "sh -c (script) last");
        command.arg("word".repeat(20));
        assert!(brief(&command).ends_with("word …") && brief(&command).len() < 70);
    }
}
