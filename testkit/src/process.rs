//! Gateways and phones as processes of their own, that can be killed from outside.

use crate::kill::KillSwitch;
use crate::phone::PhoneConfig;
use crate::phone_protocol::{Command as PhoneCommand, Reply, SHOWN};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// How long a process that does not listen any more may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// The variable with the profile of Cargo that programs are built by, where it is another one than tests have.
const PROFILE: &str = "QUITTANCE_PROFILE";

/// Where the programs of this workspace are.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// The programs beside the running one, or in `QUITTANCE_BIN_DIR`.
    ///
    /// # Errors
    /// Where the running program's own place cannot be told.
    pub fn beside_this() -> io::Result<Self> {
        if let Some(folder) = std::env::var_os("QUITTANCE_BIN_DIR") {
            return Ok(Self { folder: folder.into() });
        }
        let mut folder = std::env::current_exe()?;
        folder.pop();
        if folder.ends_with("deps") {
            folder.pop();
        }
        Ok(Self { folder })
    }

    /// Cargo, as somebody at a terminal calls it. What it tells a running test about its package is kept from it: build
    /// scripts that look at that (ring's) would run, and all that stands on them be built, twice for each test.
    #[must_use]
    pub fn cargo() -> std::process::Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = std::process::Command::new(cargo);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_"]
                .iter()
                .any(|of_a_package| text.starts_with(of_a_package))
            {
                command.env_remove(&name);
            }
        }
        command
    }

    /// Cargo, about to build one gateway and one phone, by the profile that `QUITTANCE_PROFILE` names where it is set.
    pub(crate) fn build(gateway: &str, phone: &str) -> std::process::Command {
        let mut command = Self::cargo();
        command
            .args(["build", "--quiet", "-p", "quittance-gateway", "-p", "quittance-testkit"])
            .args(["--bin", gateway, "--bin", phone]);
        if let Some(profile) = std::env::var_os(PROFILE) {
            command.arg("--profile").arg(profile);
        }
        command
    }

    /// Builds what tests start, then finds it: a test never runs a stale program.
    ///
    /// # Errors
    /// Where cargo fails; its own words went to stderr.
    pub fn built() -> io::Result<Self> {
        let status = Self::build("quittance-gateway", "quittance-phone")
            .args(["-p", "quittance-kill-at", "--lib"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .status()?;
        if !status.success() {
            return Err(io::Error::other("cargo build failed"));
        }
        let programs = Self::beside_this()?;
        Ok(match std::env::var_os(PROFILE) {
            Some(profile) => Self {
                folder: programs.folder.with_file_name(profile),
            },
            None => programs,
        })
    }

    /// The path of one program.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The path of the kill-at library.
    pub fn kill_library(&self) -> PathBuf {
        self.folder.join("libquittance_kill_at.so")
    }
}

/// How a gateway is started.
#[derive(Debug, Clone)]
pub struct GatewaySetup {
    /// Which program: the real one or a hostile one.
    pub program: PathBuf,
    /// Its data folder.
    pub data: PathBuf,
    /// Its port on loopback, the same after every restart.
    pub port: u16,
    /// Further arguments.
    pub arguments: Vec<String>,
}

/// A running gateway.
#[derive(Debug)]
pub struct GatewayProcess {
    setup: GatewaySetup,
    child: Child,
}

impl GatewaySetup {
    /// The origin that phones pin.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A port of loopback that is free now, below the range from which systems take ports for outgoing
    /// connections: nobody else takes it while the gateway is down between two lives.
    ///
    /// # Errors
    /// Where no port is free.
    pub fn free_port() -> io::Result<u16> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let start = 10_240 + u16::try_from(std::process::id() % 200).unwrap_or(0) * 100;
        (0..100)
            .map(|_| start + NEXT.fetch_add(1, Ordering::Relaxed) % 100)
            .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
            .ok_or_else(|| io::Error::other("no port is free"))
    }
}

impl GatewayProcess {
    /// Starts it; returns when it listens.
    ///
    /// # Errors
    /// Where it ends before it listens; its own words are in `gateway.log` beside its data folder.
    pub async fn start(setup: GatewaySetup, kill: Option<(&KillSwitch, &Path)>) -> io::Result<Self> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(setup.data.with_extension("log"))?;
        let mut command = Command::new(&setup.program);
        command
            .args([
                "--sandbox",
                "--listen",
                &format!("127.0.0.1:{}", setup.port),
                "--origin",
                &setup.origin(),
            ])
            .arg("--data")
            .arg(&setup.data)
            .args(&setup.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        if let Some((switch, library)) = kill {
            command.envs(switch.environment(library));
        }
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            if line.contains("listening on") {
                // Whatever else it prints must not fill the pipe.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self { setup, child });
            }
        }
        let status = child.wait().await?;
        Err(io::Error::other(format!(
            "the gateway ended before it listened: {status}"
        )))
    }

    /// The process id.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether it has died. A process that is killed stops listening a moment before the system says that it is gone: one
    /// that does not listen any more is waited for.
    pub async fn has_died(&mut self) -> bool {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return true;
        }
        let listens = TcpStream::connect(("127.0.0.1", self.setup.port)).await.is_ok();
        !listens && tokio::time::timeout(PATIENCE, self.child.wait()).await.is_ok()
    }

    /// SIGKILL, from outside; returns when it is gone.
    ///
    /// # Errors
    /// What the system says.
    pub async fn kill(mut self) -> io::Result<GatewaySetup> {
        self.child.start_kill()?;
        ended(&mut self.child).await?;
        Ok(self.setup.clone())
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// What the system says, or that it has not.
    pub async fn ended(mut self) -> io::Result<()> {
        ended(&mut self.child).await
    }
}

/// How a phone is started.
#[derive(Debug, Clone)]
pub struct PhoneSetup {
    /// The phone program.
    pub program: PathBuf,
    /// Its files; `keys` below it stands for its hardware.
    pub data: PathBuf,
    /// The gateway's address, which is its origin too.
    pub gateway: String,
    /// The log's verifier key.
    pub log_vkey: String,
    /// Further arguments.
    pub arguments: Vec<String>,
}

impl PhoneSetup {
    /// The same phone, for whoever opens it in a process of their own.
    pub fn config(&self) -> PhoneConfig {
        PhoneConfig {
            data: self.data.clone(),
            gateway: self.gateway.clone(),
            log_vkey: self.log_vkey.clone(),
            keep_old_keys: None,
            standing_at: None,
        }
    }
}

/// A running phone.
#[derive(Debug)]
pub struct PhoneProcess {
    setup: PhoneSetup,
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    shown: u32,
}

impl PhoneProcess {
    /// Starts it.
    ///
    /// # Errors
    /// What the system says; the phone's own words are in `phone.log` beside its data folder.
    pub fn start(setup: PhoneSetup, kill: Option<(&KillSwitch, &Path)>) -> io::Result<Self> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(setup.data.with_extension("log"))?;
        let mut command = Command::new(&setup.program);
        command
            .args(["--gateway", &setup.gateway, "--log-vkey", &setup.log_vkey])
            .arg("--data")
            .arg(&setup.data)
            .args(&setup.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        if let Some((switch, library)) = kill {
            command.envs(switch.environment(library));
        }
        let mut child = command.spawn()?;
        let missing = || io::Error::other("no pipe");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = BufReader::new(child.stdout.take().ok_or_else(missing)?).lines();
        Ok(Self {
            setup,
            child,
            stdin,
            stdout,
            shown: 0,
        })
    }

    /// Gives one command; nothing comes back where the process died over it.
    ///
    /// # Errors
    /// Where the phone answers something that is no reply.
    pub async fn ask(&mut self, command: &PhoneCommand) -> io::Result<Option<Reply>> {
        if !self.tell(command).await? {
            return Ok(None);
        }
        while let Ok(Some(line)) = self.stdout.next_line().await {
            if line != SHOWN {
                return serde_json::from_str(&line).map(Some).map_err(io::Error::other);
            }
            self.shown += 1;
        }
        Ok(None)
    }

    /// Gives one command, and leaves it when it brought a prompt up; `false` where none came up.
    ///
    /// # Errors
    /// None but for a command that cannot be written.
    pub async fn ask_until_shown(&mut self, command: &PhoneCommand) -> io::Result<bool> {
        let is_told = self.tell(command).await?;
        let line = if is_told { self.stdout.next_line().await? } else { None };
        let is_shown = line.is_some_and(|line| line == SHOWN);
        self.shown += u32::from(is_shown);
        Ok(is_shown)
    }

    async fn tell(&mut self, command: &PhoneCommand) -> io::Result<bool> {
        let line = serde_json::to_string(command).map_err(io::Error::other)? + "\n";
        Ok(self.stdin.write_all(line.as_bytes()).await.is_ok())
    }

    /// How many prompts came up that it told of, which outlives it.
    pub fn shown(&self) -> u32 {
        self.shown
    }

    /// The process id.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// SIGKILL, from outside; returns when it is gone.
    ///
    /// # Errors
    /// What the system says.
    pub async fn kill(mut self) -> io::Result<PhoneSetup> {
        self.child.kill().await?;
        Ok(self.setup.clone())
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// What the system says, or that it has not.
    pub async fn ended(mut self) -> io::Result<()> {
        ended(&mut self.child).await
    }
}

async fn ended(child: &mut Child) -> io::Result<()> {
    tokio::time::timeout(PATIENCE, child.wait()).await??;
    Ok(())
}
