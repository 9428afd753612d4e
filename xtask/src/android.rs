//! The Android suite: the demo app and the package's Android part, compiled against Android itself by Maven and run by
//! Robolectric with the host's library against real gateways. No Android SDK, no Gradle.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::aapt::ResourceCompiler;
use crate::files::{all_files, entries, folders};
use crate::kotlin;
use crate::kotlin_lint;
use crate::maven;
use crate::provide::Need;
use crate::run::{Outcome, Workspace, at, run, run_logged};

/// The package whose resource class the Kotlin library uses.
pub(crate) const PACKAGE: &str = "org.quittance.android";

/// What Debian's aapt2 does not know, because it knows Android 10: (the line of the manifest that is left out).
const TOO_NEW: &str = "android:dataExtractionRules";

/// A JDK, Maven or Android's resource compiler, if they are not here.
pub(crate) fn missing() -> Vec<Need> {
    let mut missing = kotlin::missing();
    if !ResourceCompiler::find().is_here() {
        missing.push(Need {
            what: "Android's resource compiler",
            packages: &["aapt", "android-framework-res"],
            by_hand: "an Android SDK with build-tools and a platform (ANDROID_HOME names it; Debian: aapt, android-framework-res)",
        });
    }
    missing
}

/// Runs the app's and the adapters' tests.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    kotlin_lint::check(workspace)?;
    kotlin::prepare(workspace)?;
    prepare(workspace)?;
    run(&mut maven_test(workspace))
}

/// Writes the picture of every screen into docs/screens/android.
pub(crate) fn write_screens(workspace: &Workspace) -> Outcome {
    kotlin::prepare(workspace)?;
    prepare(workspace)?;
    let folder = workspace.root.join("docs/screens/android");
    at(&folder, fs::create_dir_all(&folder))?;
    let mut maven = maven_test(workspace);
    maven.arg("-Dtest=ScreensTest");
    run(maven.arg(format!("-Dquittance.screens={}", folder.display())))
}

/// The demo's build, with the folders of this workspace.
fn maven_test(workspace: &Workspace) -> Command {
    let binaries = workspace.binaries();
    let mut maven = maven::command(&demo(workspace));
    maven.arg("test");
    maven.arg(format!("-Dandroid.work={}", work(workspace).display()));
    maven.arg(format!("-Dquittance.libraries={}", binaries.display()));
    maven.env("QUITTANCE_BIN_DIR", binaries);
    maven
}

fn demo(workspace: &Workspace) -> PathBuf {
    workspace.root.join("android-demo")
}

fn work(workspace: &Workspace) -> PathBuf {
    workspace.target.join("android")
}

/// Brings the libraries, and compiles the resources of app and libraries.
fn prepare(workspace: &Workspace) -> Outcome {
    let libraries = libraries(workspace)?;
    resources(workspace, &libraries)
}

/// Fetches the AARs and makes one jar of their classes; nothing is done again for the same list of versions.
fn libraries(workspace: &Workspace) -> Outcome<PathBuf> {
    let folder = workspace.cache("android/libraries")?;
    let list = demo(workspace).join("libraries/pom.xml");
    let wanted = at(&list, fs::read_to_string(&list))?;
    let stamp = folder.join("made-of.xml");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(folder);
    }
    at(&folder, fs::remove_dir_all(&folder))?;
    let resources = workspace.cache("android/libraries/res")?;
    let mut fetch = maven::command(&demo(workspace).join("libraries"));
    run(fetch.arg("validate").arg(format!("-Dlibraries={}", folder.display())))?;
    run(unpack(workspace, &folder, "app").arg(resources))?;
    run(&mut unpack(workspace, &folder, "test"))?;
    let compiled = workspace.cache("android/libraries/compiled")?;
    for of_library in folders(&folder.join("res"))? {
        drop_too_new(&of_library)?;
        let name = of_library.file_name().unwrap_or_default().to_string_lossy();
        compile_resources(workspace, &of_library, &compiled.join(format!("{name}.zip")))?;
    }
    at(&stamp, fs::write(&stamp, wanted))?;
    Ok(folder)
}

/// One jar of the classes of one folder of libraries.
fn unpack(workspace: &Workspace, folder: &Path, name: &str) -> Command {
    let mut java = Command::new("java");
    java.arg(demo(workspace).join("tools/Unpack.java"));
    java.arg(folder.join(name)).arg(folder.join(format!("{name}.jar")));
    java
}

/// Compiles the resources, links them, and compiles their constants.
fn resources(workspace: &Workspace, libraries: &Path) -> Outcome {
    let folder = work(workspace).join("resources");
    if folder.exists() {
        at(&folder, fs::remove_dir_all(&folder))?;
    }
    let compiled = workspace.cache("android/resources/compiled")?;
    at(&folder, fs::create_dir_all(folder.join("assets")))?;
    let demo = demo(workspace);
    let package = workspace.root.join("bindings/kotlin/src/android/res");
    compile_resources(workspace, &package, &compiled.join("0-package.zip"))?;
    for (own, name) in [("main", "1-main"), ("sandbox", "2-sandbox")] {
        let own = demo.join("app/src").join(own).join("res");
        compile_resources(workspace, &own, &compiled.join(format!("{name}.zip")))?;
    }
    let manifest = folder.join("AndroidManifest.xml");
    let shipped = demo.join("app/src/main/AndroidManifest.xml");
    let shipped = at(&shipped, fs::read_to_string(&shipped))?;
    at(&manifest, fs::write(&manifest, without(&shipped, TOO_NEW)))?;
    link(workspace, libraries, &folder, &compiled)?;
    constants(workspace, &folder)
}

/// Compiles the resources in one folder.
pub(crate) fn compile_resources(workspace: &Workspace, resources: &Path, to: &Path) -> Outcome {
    let mut aapt = ResourceCompiler::find().command();
    aapt.args(["compile", "--dir"]).arg(resources).arg("-o").arg(to);
    quietly(workspace, &mut aapt)
}

/// Links all resources; what comes later in the folder's order wins: the app's own over the libraries'.
fn link(workspace: &Workspace, libraries: &Path, folder: &Path, compiled: &Path) -> Outcome {
    let compiler = ResourceCompiler::find();
    let mut aapt = compiler.command();
    aapt.args([
        "link",
        "--auto-add-overlay",
        "--min-sdk-version",
        "30",
        "--target-sdk-version",
        "35",
    ]);
    aapt.arg("-I").arg(&compiler.framework);
    aapt.arg("--manifest").arg(folder.join("AndroidManifest.xml"));
    aapt.arg("--java").arg(folder.join("constants"));
    let packages = libraries.join("res/packages");
    let packages = at(&packages, fs::read_to_string(&packages))?;
    aapt.arg("--extra-packages")
        .arg(format!("{PACKAGE}:{}", packages.trim()));
    aapt.arg("-o").arg(folder.join("resources.ap_"));
    let libraries = entries(&libraries.join("compiled"))?;
    for zip in libraries.into_iter().chain(entries(compiled)?) {
        aapt.arg("-R").arg(zip);
    }
    quietly(workspace, &mut aapt)
}

/// A jar of the classes `R`, of the app and of every library.
fn constants(workspace: &Workspace, folder: &Path) -> Outcome {
    let sources = all_files(&folder.join("constants"))?;
    let classes = folder.join("classes");
    let mut javac = Command::new("javac");
    javac
        .args(["-nowarn", "--release", "11", "-d"])
        .arg(&classes)
        .args(sources);
    quietly(workspace, &mut javac)?;
    let mut jar = Command::new("jar");
    jar.args(["--create", "--file"]).arg(folder.join("constants.jar"));
    quietly(workspace, jar.arg("-C").arg(&classes).arg("."))
}

/// Runs a program whose output matters only where it fails.
pub(crate) fn quietly(workspace: &Workspace, command: &mut Command) -> Outcome {
    run_logged(command, &workspace.cache("android")?.join("resources.log"))
}

/// Takes out of a library's resources what the resource compiler is too old for: one attribute of androidx.core.
fn drop_too_new(folder: &Path) -> Outcome {
    let values = folder.join("values/values.xml");
    match fs::read_to_string(&values) {
        Ok(text) => at(&values, fs::write(&values, without(&text, "android:lStar"))),
        // Most libraries have no values.
        Err(_) => Ok(()),
    }
}

/// A text without one attribute, or without the element that defines it by name.
fn without(text: &str, attribute: &str) -> String {
    let element = format!("<attr name=\"{attribute}\"/>");
    let mut kept = text.replace(&element, "");
    if let Some((before, after)) = kept.split_once(&format!("{attribute}=\"")) {
        let rest = after.split_once('"').map_or("", |(_, rest)| rest);
        kept = format!("{before}{rest}");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = include_str!("../../android-demo/gradle/libs.versions.toml");
    const LIBRARIES: &str = include_str!("../../android-demo/libraries/pom.xml");
    const DEMO: &str = include_str!("../../android-demo/pom.xml");

    /// Whether the Maven build has this very version: of the module itself, or of its part for a platform.
    fn has(module: &str, version: &str) -> bool {
        let name = module.split_once(':').map_or(module, |(_, name)| name);
        let words: String = [LIBRARIES, DEMO].concat().split_whitespace().collect();
        let versions = words.replace("${coroutines.version}", "1.10.2");
        ["", "-android", "-jvm"].iter().any(|platform| {
            versions.contains(&format!(
                "<artifactId>{name}{platform}</artifactId><version>{version}</version>"
            ))
        })
    }

    #[test]
    fn gradle_and_maven_name_the_same_versions() {
        let catalogue: toml::Table = CATALOGUE.parse().unwrap();
        let versions = &catalogue["versions"];
        let libraries = catalogue["libraries"].as_table().unwrap();
        assert!(libraries.len() > 8);
        for library in libraries.values() {
            let version = match library["version"].as_str() {
                Some(version) => version,
                None => versions[library["version"]["ref"].as_str().unwrap()].as_str().unwrap(),
            };
            let module = library["module"].as_str().unwrap();
            assert!(has(module, version), "{module} is not {version} in the Maven build");
        }
        let kotlin = versions["kotlin"].as_str().unwrap();
        assert!(DEMO.contains(&format!("<kotlin.version>{kotlin}</kotlin.version>")));
        assert!(LIBRARIES.contains(&format!("<version>{kotlin}</version>")));
        assert!(DEMO.contains(&format!(
            "<coroutines.version>{}</",
            versions["coroutines"].as_str().unwrap()
        )));
    }

    #[test]
    fn another_version_is_noticed() {
        assert!(has("androidx.compose.ui:ui", "1.12.1"));
        assert!(!has("androidx.compose.ui:ui", "1.12.0"));
    }

    #[test]
    fn what_the_resource_compiler_does_not_know_is_left_out_alone() {
        let manifest = r#"<application android:a="1" android:dataExtractionRules="@xml/x" android:b="2">"#;
        assert_eq!(
            without(manifest, TOO_NEW),
            r#"<application android:a="1"  android:b="2">"#
        );
        let values = r#"<attr format="float" name="lStar"/><attr name="android:lStar"/>"#;
        assert_eq!(
            without(values, "android:lStar"),
            r#"<attr format="float" name="lStar"/>"#
        );
    }
}
