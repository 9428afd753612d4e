//! The Kotlin library for Android, as an AAR: classes, texts, rules for R8, a library for each processor.
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::ndk::{self, Libraries};
use super::pom::Project;
use crate::aapt::ResourceCompiler;
use crate::android;
use crate::files;
use crate::kotlin;
use crate::maven;
use crate::run::{Outcome, Workspace, run};

/// What R8 must leave alone, in the place where the jar for a JVM has it as well.
const RULES: &str = "src/main/resources/META-INF/proguard/quittance.pro";

/// What Android's build wants to know before it uses an AAR.
const METADATA: &str = "aarFormatVersion=1.0\naarMetadataVersion=1.0\nminCompileSdk=30\nminCompileSdkExtension=0\n\
    minAndroidGradlePluginVersion=8.0.0\ncoreLibraryDesugaringEnabled=false\n";

/// Compiles the texts, then the classes that use them.
pub(crate) fn compile(workspace: &Workspace) -> Outcome {
    let folder = folder(workspace);
    files::emptied(&folder)?;
    files::write(&folder.join("AndroidManifest.xml"), manifest())?;
    let compiled = folder.join("texts.zip");
    android::compile_resources(workspace, &texts(workspace), &compiled)?;
    let compiler = ResourceCompiler::find();
    let mut aapt = compiler.command();
    aapt.args(["link", "--static-lib", "--non-final-ids", "--auto-add-overlay"]);
    aapt.arg("-I").arg(&compiler.framework);
    aapt.arg("--manifest").arg(folder.join("AndroidManifest.xml"));
    aapt.arg("--java").arg(folder.join("constants"));
    aapt.arg("--output-text-symbols").arg(folder.join("R.txt"));
    aapt.arg("-o").arg(folder.join("texts.apk")).arg("-R").arg(compiled);
    android::quietly(workspace, &mut aapt)?;
    run(maven::command(&kotlin::folder(workspace).join("android")).args(["--quiet", "compile"]))
}

/// Puts AAR, sources and POM into a folder laid out as a Maven repository.
///
/// Where a processor's library is missing, the file is named so that no build takes it for the whole.
pub(crate) fn assemble(workspace: &Workspace, project: &Project, libraries: &Libraries, repository: &Path) -> Outcome {
    let (own, kotlin) = (folder(workspace), kotlin::folder(workspace));
    let to = repository.join(project.folder());
    let mut classes = Archive::default();
    classes.add_folder("", &own.join("classes"))?;
    let jar = own.join("classes.jar");
    classes.write(&jar)?;

    let mut aar = Archive::default();
    aar.add_file("classes.jar", &jar)?;
    aar.add_file("AndroidManifest.xml", &own.join("AndroidManifest.xml"))?;
    aar.add_file("R.txt", &own.join("R.txt"))?;
    aar.add_file("proguard.txt", &kotlin.join(RULES))?;
    aar.add_folder("res/", &texts(workspace))?;
    aar.add("META-INF/com/android/build/gradle/aar-metadata.properties", METADATA);
    aar.add_file("META-INF/LICENSE", &workspace.root.join("LICENSE"))?;
    for (abi, library) in &libraries.built {
        aar.add_file(format!("jni/{abi}/libquittance.so"), library)?;
    }
    aar.write(&to.join(project.file(suffix(libraries))))?;

    let mut sources = Archive::default();
    sources.add_folder("", &kotlin.join("target/generated"))?;
    sources.add_folder("", &kotlin.join("src/android/kotlin"))?;
    sources.write(&to.join(project.file("-sources.jar")))?;
    files::write(&to.join(project.file(".pom")), project.published())
}

/// What follows name and version in the file's name.
pub(crate) fn suffix(libraries: &Libraries) -> &'static str {
    if libraries.missing.is_empty() {
        ".aar"
    } else {
        "-WITHOUT-ALL-LIBRARIES.aar"
    }
}

fn manifest() -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="{}">
    <uses-sdk android:minSdkVersion="{}"/>
    <uses-permission android:name="android.permission.INTERNET"/>
    <uses-permission android:name="android.permission.USE_BIOMETRIC"/>
</manifest>
"#,
        android::PACKAGE,
        ndk::OLDEST
    )
}

fn texts(workspace: &Workspace) -> PathBuf {
    kotlin::folder(workspace).join("src/android/res")
}

fn folder(workspace: &Workspace) -> PathBuf {
    kotlin::folder(workspace).join("target/android")
}
