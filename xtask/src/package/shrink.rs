//! Whether an app still works after R8 took out of it what nobody names: the library's rules have to keep what JNA reaches by
//! name.
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::archive::Archive;
use crate::files;
use crate::maven;
use crate::run::{Outcome, Problem, Workspace, failed, run_logged};

/// R8, whose output for a JVM can be run here.
const R8: &str = "com.android.tools:r8:8.5.35:jar";

/// Where a library tells R8 its rules.
const RULES: &str = "META-INF/proguard/";

/// The rules of the control: what keeps R8 from refusing it, and from taking long.
const CONTROL: &str = "-dontwarn java.awt.**\n-dontoptimize\n";

/// An app with the libraries that it names.
#[derive(Debug)]
pub(crate) struct App<'a> {
    /// The app's own classes.
    pub(crate) classes: PathBuf,
    /// The jars that it needs.
    pub(crate) libraries: &'a [PathBuf],
    /// The jar among them whose rules are tried.
    pub(crate) library: &'a Path,
    /// The app's own rules.
    pub(crate) rules: PathBuf,
    /// A folder for what is made.
    pub(crate) work: PathBuf,
}

/// Shrinks the app and runs it: it must work with the library's rules, and must not without them.
pub(crate) fn check(workspace: &Workspace, app: &App<'_>, start: impl Fn(&Path) -> Command) -> Outcome {
    let shrinker = maven::fetched(workspace, R8)
        .map_err(|_| Problem::NotRun(format!("the package passed, but Maven has no {R8}: nothing was shrunk")))?;
    let log = app.work.join("log");
    let shrunk = app.work.join("shrunk.jar");
    run_logged(app.shrink(&shrinker, &shrunk)?.args(app.libraries), &log)?;
    run_logged(&mut start(&shrunk), &log)?;

    let bare = app.work.join("without-rules.jar");
    Archive::read(app.library)?.without(RULES).write(&bare)?;
    let control = app.work.join("control.pro");
    files::write(&control, CONTROL)?;
    let broken = app.work.join("shrunk-without-rules.jar");
    let mut shrink = app.shrink(&shrinker, &broken)?;
    shrink.arg("--pg-conf").arg(control).arg(bare);
    shrink.args(app.libraries.iter().filter(|jar| *jar != app.library));
    run_logged(&mut shrink, &log)?;
    match start(&broken).output() {
        Ok(ended) if ended.status.success() => {
            failed("the control: an app that was shrunk without the rules works as well")
        }
        Ok(_) => Ok(()),
        Err(error) => failed(format!("java: {error}")),
    }
}

impl App<'_> {
    /// R8 over the app; libraries are added.
    fn shrink(&self, shrinker: &Path, shrunk: &Path) -> Outcome<Command> {
        let mut own = Archive::default();
        own.add_folder("", &self.classes)?;
        let jar = self.work.join("app.jar");
        own.write(&jar)?;
        let mut r8 = Command::new("java");
        // It ends before the better compiler of the JVM would be worth its time.
        r8.args(["-XX:TieredStopAtLevel=1", "-cp"]).arg(shrinker);
        r8.args(["com.android.tools.r8.R8", "--release", "--classfile", "--lib"])
            .arg(java_home()?);
        r8.arg("--pg-conf")
            .arg(&self.rules)
            .arg("--output")
            .arg(shrunk)
            .arg(&jar);
        Ok(r8)
    }
}

/// Where the JVM's own classes are.
fn java_home() -> Outcome<String> {
    let mut java = Command::new("java");
    java.args(["-XshowSettings:properties", "--version"])
        .stderr(Stdio::piped());
    let said = java
        .output()
        .map_err(|error| Problem::Failed(format!("java: {error}")))?;
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    let home = said.lines().find_map(|line| line.trim().strip_prefix("java.home = "));
    home.map_or_else(|| failed("java names no java.home"), |home| Ok(home.to_owned()))
}
