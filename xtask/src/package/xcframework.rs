//! The XCFramework: a framework with a static library for each kind of Apple's devices.
use std::collections::BTreeSet;
use std::env;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::native::Kind;
use super::plist;
use crate::files;
use crate::json;
use crate::run::{Outcome, Workspace, output, run, version};
use crate::xcode;

/// The module that the generated Swift imports.
pub(crate) const MODULE: &str = "QuittanceFFI";

/// The oldest iOS that the library is for, as in Package.swift.
const OLDEST: &str = "16.0";

/// A kind of devices.
#[derive(Debug, Clone, Copy)]
struct Slice {
    /// The name of its folder.
    name: &'static str,
    /// Whether it is the simulator.
    simulator: bool,
    /// Each processor, as Apple and as the compiler calls it.
    processors: &'static [(&'static str, &'static str)],
}

/// Phones, and the simulator on both kinds of Macs.
const SLICES: &[Slice] = &[
    Slice {
        name: "ios-arm64",
        simulator: false,
        processors: &[("arm64", "aarch64-apple-ios")],
    },
    Slice {
        name: "ios-arm64_x86_64-simulator",
        simulator: true,
        processors: &[("arm64", "aarch64-apple-ios-sim"), ("x86_64", "x86_64-apple-ios")],
    },
];

/// What swiftc and Xcode read to find the header. The lines that UniFFI would write about C's own modules are known to
/// break newer Xcodes.
const MODULE_MAP: &str = "framework module QuittanceFFI {\n    header \"QuittanceFFI.h\"\n    export *\n}\n";

/// What Apple asks of every library about privacy, where it looks in a framework.
const PRIVACY: &str = "PrivacyInfo.xcprivacy";

/// Writes the framework into a folder: what is missing here, because it takes a Mac.
pub(crate) fn assemble(workspace: &Workspace, number: &str, header: &Path, folder: &Path) -> Outcome<Vec<String>> {
    let mut missing = Vec::new();
    files::write(&folder.join("Info.plist"), plist::write(&contents()))?;
    for slice in SLICES {
        let framework = folder.join(slice.name).join(format!("{MODULE}.framework"));
        files::write(&framework.join("Info.plist"), plist::write(&slice.bundle(number)))?;
        files::write(&framework.join(PRIVACY), plist::write(&privacy()))?;
        files::write(&framework.join("Modules/module.modulemap"), MODULE_MAP)?;
        files::copy(header, &framework.join("Headers").join(format!("{MODULE}.h")))?;
        match lacking() {
            Some(what) => missing.push(format!("{}/{MODULE}.framework/{MODULE}: {what}", slice.name)),
            None => slice.build(workspace, &framework.join(MODULE))?,
        }
    }
    Ok(missing)
}

/// What this machine lacks to build for Apple's devices.
fn lacking() -> Option<&'static str> {
    let sdk = version("xcrun", "--show-sdk-path");
    (env::consts::OS != "macos" || sdk.is_none()).then_some("no Mac with Xcode")
}

impl Slice {
    /// Builds the library for each processor and joins them.
    fn build(self, workspace: &Workspace, to: &Path) -> Outcome {
        let mut join = Command::new("lipo");
        join.arg("-create").arg("-output").arg(to);
        for (_, target) in self.processors {
            output(Command::new("rustup").args(["target", "add", target]))?;
            run(&mut Kind::Static.command(workspace, target)?)?;
            join.arg(
                workspace
                    .target
                    .join(target)
                    .join("phone")
                    .join(Kind::Static.file(true)),
            );
        }
        run(&mut join)
    }

    /// What the framework says of itself.
    fn bundle(self, number: &str) -> Value {
        let platform = if self.simulator { "iPhoneSimulator" } else { "iPhoneOS" };
        json!({
            "CFBundleDevelopmentRegion": "en",
            "CFBundleExecutable": MODULE,
            "CFBundleIdentifier": "org.quittance.QuittanceFFI",
            "CFBundleInfoDictionaryVersion": "6.0",
            "CFBundleName": MODULE,
            "CFBundlePackageType": "FMWK",
            "CFBundleShortVersionString": number,
            "CFBundleSupportedPlatforms": [platform],
            "CFBundleVersion": "1",
            "MinimumOSVersion": OLDEST,
        })
    }

    /// What the whole says of this part.
    fn entry(self) -> Value {
        let processors: Vec<&str> = self.processors.iter().map(|(name, _)| *name).collect();
        let mut entry = json!({
            "BinaryPath": format!("{MODULE}.framework/{MODULE}"),
            "LibraryIdentifier": self.name,
            "LibraryPath": format!("{MODULE}.framework"),
            "SupportedArchitectures": processors,
            "SupportedPlatform": "ios",
        });
        if self.simulator {
            entry
                .as_object_mut()
                .map(|members| members.insert("SupportedPlatformVariant".to_owned(), json!("simulator")));
        }
        entry
    }
}

fn contents() -> Value {
    let slices: Vec<Value> = SLICES.iter().map(|slice| slice.entry()).collect();
    json!({
        "AvailableLibraries": slices,
        "CFBundlePackageType": "XFWK",
        "XCFrameworkFormatVersion": "1.0",
    })
}

/// What the library tells its gateway of the payer, and why it makes the calls for which Apple asks a reason: its file is
/// looked at, and time is measured. An app that carries it would be sent back at its upload without this.
fn privacy() -> Value {
    let told = ["PurchaseHistory", "DeviceID", "PhotosorVideos"].map(|kind| {
        json!({
            "NSPrivacyCollectedDataType": format!("NSPrivacyCollectedDataType{kind}"),
            "NSPrivacyCollectedDataTypeLinked": true,
            "NSPrivacyCollectedDataTypeTracking": false,
            "NSPrivacyCollectedDataTypePurposes": ["NSPrivacyCollectedDataTypePurposeAppFunctionality"],
        })
    });
    let called = [("FileTimestamp", "C617.1"), ("SystemBootTime", "35F9.1")].map(|(category, reason)| {
        json!({
            "NSPrivacyAccessedAPIType": format!("NSPrivacyAccessedAPICategory{category}"),
            "NSPrivacyAccessedAPITypeReasons": [reason],
        })
    });
    json!({
        "NSPrivacyTracking": false,
        "NSPrivacyTrackingDomains": [],
        "NSPrivacyCollectedDataTypes": told,
        "NSPrivacyAccessedAPITypes": called,
    })
}

/// What Xcode would stumble over; a library that is known to be missing is no fault.
///
/// `exported` are the functions that the library has: the header must promise no other.
pub(crate) fn faults(folder: &Path, missing: &[String], exported: &BTreeSet<String>) -> Outcome<Vec<String>> {
    let whole = plist::read(&files::text(&folder.join("Info.plist"))?)?;
    let mut faults = Vec::new();
    if json::text(&whole, "CFBundlePackageType") != "XFWK" || json::text(&whole, "XCFrameworkFormatVersion") != "1.0" {
        faults.push("Info.plist is of no XCFramework".to_owned());
    }
    let listed: Vec<&Value> = json::items(&whole, "AvailableLibraries").collect();
    let names: BTreeSet<&str> = listed
        .iter()
        .map(|slice| json::text(slice, "LibraryIdentifier"))
        .collect();
    let there = files::folders(folder)?;
    let there: BTreeSet<String> = there.iter().map(|slice| files::below(folder, slice)).collect();
    if names.is_empty() || !there.iter().map(String::as_str).eq(names.iter().copied()) {
        faults.push(format!("Info.plist names {names:?}, and there are {there:?}"));
    }
    for slice in listed {
        faults.extend(slice_faults(folder, slice, missing, exported));
    }
    Ok(faults)
}

fn slice_faults(folder: &Path, slice: &Value, missing: &[String], exported: &BTreeSet<String>) -> Vec<String> {
    let text = |key: &str| json::text(slice, key).to_owned();
    let name = text("LibraryIdentifier");
    let mut faults = Vec::new();
    let framework = folder.join(&name).join(text("LibraryPath"));
    let binary = text("BinaryPath");
    let known = missing.iter().any(|it| it.starts_with(&format!("{name}/{binary}:")));
    if folder.join(&name).join(&binary).exists() == known {
        faults.push(format!("{name}: {binary} is not as PACKAGE.txt says"));
    }
    let simulator = json::text(slice, "SupportedPlatformVariant") == "simulator";
    if name.ends_with("-simulator") != simulator || json::text(slice, "SupportedPlatform") != "ios" {
        faults.push(format!("{name}: its platform is another one than its name says"));
    }
    let processors = json::items(slice, "SupportedArchitectures");
    let processors: Vec<&str> = processors.filter_map(Value::as_str).collect();
    if !name.starts_with(&format!("ios-{}", processors.join("_"))) || processors.is_empty() {
        faults.push(format!("{name}: its processors are others than its name says"));
    }
    match files::text(&framework.join("Info.plist")).and_then(|text| plist::read(&text)) {
        Ok(bundle) => {
            if json::text(&bundle, "CFBundleExecutable") != MODULE
                || json::text(&bundle, "CFBundlePackageType") != "FMWK"
            {
                faults.push(format!("{name}: the framework's Info.plist is of another framework"));
            }
            if json::text(&bundle, "MinimumOSVersion") != OLDEST {
                faults.push(format!("{name}: the framework is not for iOS {OLDEST}"));
            }
        }
        Err(problem) => faults.push(format!("{name}: {problem}")),
    }
    match files::text(&framework.join(PRIVACY)) {
        Ok(manifest) => faults.extend(
            xcode::privacy_faults(&manifest)
                .into_iter()
                .map(|fault| format!("{name}: {fault}")),
        ),
        Err(problem) => faults.push(format!("{name}: {problem}")),
    }
    faults.extend(
        module_faults(&framework, exported)
            .into_iter()
            .map(|fault| format!("{name}: {fault}")),
    );
    faults
}

/// Whether the module map leads to a header, and the header to functions that are there.
fn module_faults(framework: &Path, exported: &BTreeSet<String>) -> Vec<String> {
    let Ok(map) = files::text(&framework.join("Modules/module.modulemap")) else {
        return vec!["it has no module map".to_owned()];
    };
    let mut faults = Vec::new();
    if !map.starts_with(&format!("framework module {MODULE} {{")) {
        faults.push("its module map is of no framework, or of another".to_owned());
    }
    let headers = map
        .lines()
        .filter_map(|line| line.trim().strip_prefix("header \"")?.strip_suffix('"'));
    let headers: Vec<&str> = headers.collect();
    if headers.is_empty() {
        faults.push("its module map names no header".to_owned());
    }
    for header in headers {
        match files::text(&framework.join("Headers").join(header)) {
            Ok(text) => {
                let promised = functions(&text);
                if promised.is_empty() {
                    faults.push(format!("{header} declares no function"));
                }
                faults.extend(
                    promised
                        .iter()
                        .filter(|name| !exported.contains(*name))
                        .map(|name| format!("{header} declares {name}, which the library has not")),
                );
            }
            Err(problem) => faults.push(problem.to_string()),
        }
    }
    faults
}

/// The functions that a header of UniFFI declares: the word before the first parenthesis of a line.
fn functions(header: &str) -> BTreeSet<String> {
    let declared = header
        .lines()
        .filter(|line| !line.starts_with([' ', '#', '/', '}']) && !line.starts_with("typedef"));
    let named = declared.filter_map(|line| line.split_once('(')?.0.split([' ', '*']).next_back());
    named
        .filter(|name| name.starts_with("uniffi_") || name.starts_with("ffi_"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const HEADER: &str = "#pragma once\ntypedef void (*Callback)(uint64_t);\nuint64_t uniffi_one(void* ptr\n);\n\
                          void ffi_two(int a);\n";

    /// A framework of a folder of its own, whole but for the libraries; `break_it` may change it.
    fn faults_of(test: &str, break_it: impl FnOnce(&Path)) -> Vec<String> {
        let folder = std::env::temp_dir().join(format!("quittance-xcframework-{}-{test}", std::process::id()));
        files::emptied(&folder).unwrap();
        let header = folder.join("header.h");
        files::write(&header, HEADER).unwrap();
        let workspace = Workspace {
            root: PathBuf::new(),
            target: PathBuf::new(),
        };
        let whole = folder.join("whole");
        let missing = assemble(&workspace, "1.0", &header, &whole).unwrap();
        break_it(&whole);
        let exported = ["uniffi_one", "ffi_two"].map(str::to_owned).into();
        let faults = faults(&whole, &missing, &exported).unwrap_or_else(|problem| vec![problem.to_string()]);
        std::fs::remove_dir_all(&folder).unwrap();
        faults
    }

    fn replace(folder: &Path, file: &str, from: &str, to: &str) {
        let path = folder.join(file);
        let text = files::text(&path).unwrap();
        assert!(text.contains(from), "{from}");
        files::write(&path, text.replace(from, to)).unwrap();
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn a_whole_framework_has_no_fault() {
        assert_eq!(faults_of("whole", |_| ()), Vec::<String>::new());
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn each_defect_is_found_by_itself() {
        let inside = |file: &str| format!("ios-arm64/{MODULE}.framework/{file}");
        let wrong: &[(&str, String, &str, &str)] = &[
            ("kind", "Info.plist".to_owned(), "XFWK", "APPL"),
            ("cut", "Info.plist".to_owned(), "</plist>", ""),
            (
                "name",
                "Info.plist".to_owned(),
                "<string>ios-arm64</string>",
                "<string>ios-armv7</string>",
            ),
            (
                "variant",
                "Info.plist".to_owned(),
                "<string>simulator</string>",
                "<string>maccatalyst</string>",
            ),
            (
                "processor",
                "Info.plist".to_owned(),
                "<string>x86_64</string>",
                "<string>i386</string>",
            ),
            ("oldest", inside("Info.plist"), "16.0", "12.0"),
            ("bundle", inside("Info.plist"), "FMWK", "BNDL"),
            (
                "module",
                inside("Modules/module.modulemap"),
                "framework module",
                "module",
            ),
            (
                "header",
                inside("Modules/module.modulemap"),
                "QuittanceFFI.h",
                "Other.h",
            ),
            ("promise", inside("Headers/QuittanceFFI.h"), "ffi_two", "ffi_three"),
            ("reason", inside(PRIVACY), "35F9.1", "0"),
        ];
        for (test, file, from, to) in wrong {
            let found = faults_of(test, |folder| replace(folder, file, from, to));
            assert!(!found.is_empty(), "{test}");
        }
        let stray = faults_of("stray", |folder| {
            files::write(&folder.join("tvos-arm64/file"), "x").unwrap()
        });
        assert_eq!(stray.len(), 1, "{stray:?}");
        let silent = faults_of("silent", |folder| {
            std::fs::remove_file(folder.join(inside(PRIVACY))).unwrap();
        });
        assert_eq!(silent.len(), 1, "{silent:?}");
        let library = format!("ios-arm64/{MODULE}.framework/{MODULE}");
        let unknown = faults_of("unknown", |folder| files::write(&folder.join(library), "x").unwrap());
        assert_eq!(unknown.len(), 1, "{unknown:?}");
    }

    #[test]
    fn the_demo_app_says_the_same_of_privacy_as_the_library_that_does_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let app = files::text(&root.join("ios-demo/QuittanceDemo").join(PRIVACY)).unwrap();
        assert_eq!(plist::read(&app).unwrap(), privacy());
    }

    #[test]
    fn functions_are_found_and_types_of_functions_are_not() {
        assert_eq!(
            functions(HEADER).into_iter().collect::<Vec<_>>(),
            ["ffi_two", "uniffi_one"]
        );
    }
}
