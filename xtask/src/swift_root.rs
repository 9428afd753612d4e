//! A Swift 6 toolchain in a Debian root of its own under target/, beside a host that has none.
//!
//! The host's C library stays as it is: the root is a newer Debian, entered by chroot in a private
//! mount namespace, so that nothing is left mounted whatever happens.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::provide::archive;
use crate::run::{Outcome, Workspace, at, run_logged};

/// The Debian release that ships Swift 6.
const RELEASE: &str = "trixie";
/// The compiler, its run-time libraries, and what a link needs.
const PACKAGES: &[&str] = &["swiftlang", "libswiftlang", "libc6-dev", "libstdc++-14-dev"];
/// Counts up when the way the root is made changes, so that old roots are made anew.
const RECIPE: u32 = 1;

/// What a build or a test never starts; left out, the root is 0.7 GB smaller.
const LEFT_OUT: &[&str] = &[
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/libexec/swift/bin/lldb*",
    "/usr/libexec/swift/bin/clangd",
    "/usr/libexec/swift/bin/sourcekit-lsp",
    "/usr/libexec/swift/lib/liblldb.so*",
    "/usr/libexec/swift/lib/libsourcekitdInProc.so",
    "/usr/libexec/swift/lib/libLTO.so*",
];

/// Installs the packages inside the root. Arguments: root, packages.
const INSTALL: &str = r#"
mount -t proc proc "$1/proc"
root=$1; shift
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
chroot "$root" apt-get update -q
chroot "$root" apt-get install -q -y --no-install-recommends "$@"
chroot "$root" apt-get clean
"#;

/// Runs a program inside the root. Arguments: root, working folder, number of folders to show
/// inside, these folders, then the program with its arguments.
const ENTER: &str = r#"
root=$1; folder=$2; count=$3; shift 3
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$count" -gt 0 ]; do
    mkdir -p "$root$1"; mount --rbind "$1" "$root$1"; shift; count=$((count - 1))
done
exec chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
    PATH=/usr/libexec/swift/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    sh -c 'cd "$1" && shift && exec env "$@"' sh "$folder" "$@"
"#;

/// The Swift root of this workspace; made by [`SwiftRoot::provide`].
#[derive(Debug)]
pub(crate) struct SwiftRoot {
    root: PathBuf,
}

impl SwiftRoot {
    /// Where the root is or will be.
    pub(crate) fn at(workspace: &Workspace) -> Self {
        Self {
            root: workspace.target.join("swift-root"),
        }
    }

    /// Whether the root stands, complete, as this version of the program makes it.
    pub(crate) fn is_ready(&self) -> bool {
        fs::read_to_string(self.stamp()).is_ok_and(|text| text == recipe())
    }

    /// Makes the root if it is not ready: about 70 seconds, 1.5 GB. Needs root rights and debootstrap.
    pub(crate) fn provide(&self, workspace: &Workspace) -> Outcome {
        if self.is_ready() {
            return Ok(());
        }
        let log = workspace.cache("xtask")?.join("swift-root.log");
        if self.root.exists() {
            let mut remove = Command::new("rm");
            run_logged(remove.args(["-rf", "--one-file-system"]).arg(&self.root), &log)?;
        }
        let mut bootstrap = Command::new("debootstrap");
        bootstrap
            .args(["--variant=minbase", RELEASE])
            .arg(&self.root)
            .arg(archive(workspace)?);
        run_logged(&mut bootstrap, &log)?;
        self.configure()?;
        let mut install = isolated(INSTALL);
        run_logged(install.arg(&self.root).args(PACKAGES), &log)?;
        let stamp = self.stamp();
        at(&stamp, fs::write(&stamp, recipe()))
    }

    /// A command inside the root, with `shown` folders of the host at their own paths, and with
    /// `NAME=value` words before the program as its whole environment.
    pub(crate) fn command(&self, folder: &Path, shown: &[&Path]) -> Command {
        let mut command = isolated(ENTER);
        command
            .arg(&self.root)
            .arg(folder)
            .arg(shown.len().to_string())
            .args(shown);
        command
    }

    fn configure(&self) -> Outcome {
        let excluded: String = LEFT_OUT
            .iter()
            .map(|pattern| format!("path-exclude={pattern}\n"))
            .collect();
        let dpkg = self.root.join("etc/dpkg/dpkg.cfg.d/quittance");
        at(&dpkg, fs::write(&dpkg, format!("{excluded}force-unsafe-io\n")))?;
        let retries = self.root.join("etc/apt/apt.conf.d/quittance");
        at(&retries, fs::write(&retries, "Acquire::Retries \"3\";\n"))
    }

    fn stamp(&self) -> PathBuf {
        self.root.join("quittance-recipe")
    }
}

/// A shell script in a mount namespace of its own.
fn isolated(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-euc", script, "sh"]);
    command
}

fn recipe() -> String {
    format!("{RELEASE} {RECIPE} {}\n", PACKAGES.join(" "))
}
