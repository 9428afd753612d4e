//! Arms processes that run under the kill-at library, one step at a time.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What becomes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process gets SIGKILL instead.
    Kill,
    /// The process gets SIGKILL instead, and what it sends is counted alone: what it receives comes in as many pieces as the
    /// network pleases, so that the same step is not always the same moment.
    KillSending,
    /// The disk answers an error.
    Fails(DiskError, Lasts),
    /// The disk says that it was done, and does nothing: the control of every test that counts on a disk.
    Pretended,
    /// The machine's power goes: the process ends, and so does what it did not make durable.
    PowerGoes(Lost),
}

/// What a loss of power does to what no sync followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// All of it is gone.
    All,
    /// Each write, cut and name is there, gone, or there in part, by this seed.
    Some(u32),
}

/// Why a disk does not do what it is asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskError {
    /// It cannot (EIO).
    InputOutput,
    /// It has no room (ENOSPC).
    Full,
}

/// How long an error lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// For this one call.
    Once,
    /// For every call from this one on.
    ForEver,
}

impl Fault {
    /// The last two numbers of the control file.
    fn numbers(self) -> [u64; 2] {
        match self {
            Self::Kill => [0, 0],
            Self::KillSending => [4_098, 0],
            Self::Fails(error, lasts) => {
                let errno = match error {
                    DiskError::InputOutput => 5,
                    DiskError::Full => 28,
                };
                [errno, u64::from(lasts == Lasts::ForEver)]
            }
            Self::Pretended => [4_096, 0],
            Self::PowerGoes(Lost::All) => [4_097, 0],
            // Nought is the other one, and one has a meaning where a disk fails.
            Self::PowerGoes(Lost::Some(seed)) => [4_097, u64::from(seed) + 2],
        }
    }

    /// Whether the process ends by it.
    pub fn ends_the_process(self) -> bool {
        matches!(self, Self::Kill | Self::KillSending | Self::PowerGoes(_))
    }
}

/// The kinds of steps, a bit each, as the kill-at library numbers them.
pub mod kinds {
    /// A file is written.
    pub const WRITE: u64 = 1;
    /// A file is cut, or made longer.
    pub const CUT: u64 = 2;
    /// A file or folder is made durable.
    pub const SYNC: u64 = 4;
    /// A name is taken away.
    pub const UNLINK: u64 = 8;
    /// A name is changed.
    pub const RENAME: u64 = 16;
    /// A folder is made.
    pub const FOLDER: u64 = 32;
    /// Those of the disk.
    pub const OF_THE_DISK: [u64; 6] = [WRITE, CUT, SYNC, UNLINK, RENAME, FOLDER];
    /// Something is sent.
    pub const SEND: u64 = 64;
    /// Something was received.
    pub const RECEIVE: u64 = 128;
}

/// How long the control file is.
const LENGTH: usize = 8_296;

/// The control file of one process; see the kill-at library for what its bytes mean.
#[derive(Debug)]
pub struct KillSwitch {
    path: PathBuf,
    file: std::fs::File,
    unsynced: Option<&'static str>,
}

impl KillSwitch {
    /// Makes a switch that is not armed.
    ///
    /// # Errors
    /// What the file system says.
    pub fn new(path: &Path) -> io::Result<Self> {
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        file.write_all_at(&[0; LENGTH], 0)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            unsynced: None,
        })
    }

    /// The control of a loss of power: files whose path ends so, but for digits at its end, are synced in vain.
    #[must_use]
    pub fn syncing_in_vain(self, unsynced: Option<&'static str>) -> Self {
        Self { unsynced, ..self }
    }

    /// From now on counts; the `n`-th step is the one that is not done.
    ///
    /// # Errors
    /// What the file system says.
    pub fn arm(&self, n: u64, fault: Fault) -> io::Result<()> {
        self.disarm()?;
        let [fault, lasts] = fault.numbers();
        let numbers = [0, fault, lasts].map(u64::to_le_bytes).concat();
        self.file.write_all_at(&numbers, 8)?;
        self.file.write_all_at(&0u64.to_le_bytes(), 96)?;
        self.file.write_all_at(&n.to_le_bytes(), 0)
    }

    /// Stops counting, so that a restarted process lives.
    ///
    /// # Errors
    /// What the file system says.
    pub fn disarm(&self) -> io::Result<()> {
        self.file.write_all_at(&0u64.to_le_bytes(), 0)
    }

    /// How many steps there were since it was armed.
    ///
    /// # Errors
    /// What the file system says.
    pub fn counted(&self) -> io::Result<u64> {
        self.number(8)
    }

    /// Which [`kinds`] of steps were ever counted.
    ///
    /// # Errors
    /// What the file system says.
    pub fn kinds(&self) -> io::Result<u64> {
        self.number(32)
    }

    /// Which [`kinds`] of steps were ever struck.
    ///
    /// # Errors
    /// What the file system says.
    pub fn struck(&self) -> io::Result<u64> {
        self.number(40)
    }

    /// The number of the first step of each of [`kinds::OF_THE_DISK`]; 0 where there was none.
    ///
    /// # Errors
    /// What the file system says.
    pub fn firsts(&self) -> io::Result<[u64; 6]> {
        let mut firsts = [0; 6];
        for (first, at) in firsts.iter_mut().zip((48..).step_by(8)) {
            *first = self.number(at)?;
        }
        Ok(firsts)
    }

    /// What the process had left to the one that is started after it before each of its steps since it was armed, up to the
    /// 1,024th: the same number after the same calls, but for those that change nothing for whoever comes after. Where its
    /// disk fails, steps of different kinds have different numbers.
    ///
    /// # Errors
    /// What the file system says.
    pub fn left_before_each(&self) -> io::Result<Vec<u64>> {
        let steps = self.counted()?;
        (104..)
            .step_by(8)
            .take_while(|at| *at < LENGTH as u64)
            .zip(0..steps)
            .map(|(at, _)| self.number(at))
            .collect()
    }

    fn number(&self, at: u64) -> io::Result<u64> {
        let mut number = [0; 8];
        self.file.read_exact_at(&mut number, at)?;
        Ok(u64::from_le_bytes(number))
    }

    /// The environment that puts a process under this switch.
    pub fn environment(&self, library: &Path) -> impl Iterator<Item = (&'static str, PathBuf)> + use<> {
        let always = [
            ("LD_PRELOAD", library.to_owned()),
            ("QUITTANCE_KILL_AT", self.path.clone()),
        ];
        let unsynced = self.unsynced.map(|end| ("QUITTANCE_UNSYNCED", end.into()));
        always.into_iter().chain(unsynced)
    }
}
