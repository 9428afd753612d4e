//! Android's resource compiler with the resources of Android itself: Debian's, or those of an Android SDK.
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files;
use crate::run::{numbers, version};

/// Android's own resources, as Debian packages them for aapt2.
const PACKAGED: &str = "/usr/share/android-framework-res/framework-res.apk";

/// The resource compiler, and what it links against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourceCompiler {
    program: PathBuf,
    /// Android's own resources.
    pub(crate) framework: PathBuf,
}

impl ResourceCompiler {
    /// Debian's, unless it is not here and an Android SDK is. What it names may be missing.
    pub(crate) fn find() -> Self {
        let packaged = Self {
            program: "aapt2".into(),
            framework: PACKAGED.into(),
        };
        if packaged.is_here() {
            return packaged;
        }
        let named = ["ANDROID_HOME", "ANDROID_SDK_ROOT"].into_iter().find_map(env::var_os);
        named.and_then(|sdk| Self::of_sdk(Path::new(&sdk))).unwrap_or(packaged)
    }

    /// The newest of an SDK.
    fn of_sdk(sdk: &Path) -> Option<Self> {
        let program = format!("aapt2{}", env::consts::EXE_SUFFIX);
        Some(Self {
            program: newest(&sdk.join("build-tools"), &program)?,
            framework: newest(&sdk.join("platforms"), "android.jar")?,
        })
    }

    /// Whether it can be started, and has its resources.
    pub(crate) fn is_here(&self) -> bool {
        self.framework.exists() && version(&self.program.to_string_lossy(), "version").is_some()
    }

    /// The program, without arguments.
    pub(crate) fn command(&self) -> Command {
        Command::new(&self.program)
    }
}

/// A file in the folder with the highest number of those that have it.
fn newest(folder: &Path, file: &str) -> Option<PathBuf> {
    let folders = files::folders(folder).ok()?.into_iter();
    folders
        .filter(|folder| folder.join(file).exists())
        .max_by_key(|folder| folder.file_name().and_then(|name| numbers(&name.to_string_lossy())))
        .map(|folder| folder.join(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_sdk_the_newest_is_taken_that_is_whole() {
        let sdk = env::temp_dir().join(format!("quittance-sdk-{}", std::process::id()));
        let program = format!("aapt2{}", env::consts::EXE_SUFFIX);
        for (folder, file) in [
            ("build-tools/9.0.0", program.as_str()),
            ("build-tools/36.1.0", &program),
            ("build-tools/36.0.0", &program),
            ("build-tools/37.0.0", "aapt"),
            ("platforms/android-9", "android.jar"),
            ("platforms/android-36", "android.jar"),
        ] {
            files::write(&sdk.join(folder).join(file), "").unwrap();
        }
        let found = ResourceCompiler::of_sdk(&sdk).unwrap();
        assert_eq!(found.program, sdk.join("build-tools/36.1.0").join(&program));
        assert_eq!(found.framework, sdk.join("platforms/android-36/android.jar"));
        files::remove(&sdk.join("platforms")).unwrap();
        assert_eq!(ResourceCompiler::of_sdk(&sdk), None, "it takes both");
        files::remove(&sdk).unwrap();
    }
}
