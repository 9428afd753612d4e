//! What somebody reads who takes a running process's memory: a core dump with its registers.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

/// Bytes of a secret that are too many to be there by chance.
const HALF: usize = 16;
/// Bytes by which a needle is found fast.
const HEAD: usize = 4;

const PAGE: usize = 4_096;
static ZEROS: [u8; PAGE] = [0; PAGE];

const PT_LOAD: u32 = 1;
const PT_NOTE: u32 = 4;

/// Where in a process something stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// What was allocated, static data included.
    Heap,
    /// A thread's stack.
    Stack,
    /// A thread's registers.
    Registers,
}

/// A secret that is looked for.
#[derive(Clone)]
pub struct Secret {
    /// What it is.
    pub name: String,
    /// Its bytes: 16 or more, or few that are looked for as a whole.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A secret's bytes, somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// Which secret.
    pub name: String,
    /// Whether all of it stood there, or one of its halves.
    pub is_whole: bool,
    /// Where.
    pub place: Place,
}

/// A part of a dump, with the addresses that it stood at; none for registers.
type Segment<'a> = (&'a [u8], Option<Range<u64>>);

/// A process's memory at one moment.
pub struct Dump {
    core: Vec<u8>,
    stacks: Vec<u64>,
}

impl Dump {
    /// Takes the memory of a process, which goes on afterwards.
    ///
    /// # Errors
    /// Where this machine has no `gcore` (of gdb), or does not let it look.
    pub fn of(process: u32) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("core");
        let stacks = stacks_of(process)?;
        let taken = Command::new("gcore")
            .arg("-o")
            .arg(&path)
            .arg(process.to_string())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| io::Error::new(error.kind(), format!("gcore (of gdb): {error}")))?;
        if !taken.status.success() {
            let said = String::from_utf8_lossy(&taken.stderr).into_owned();
            return Err(io::Error::other(format!("gcore: {}", said.trim())));
        }
        let core = std::fs::read(path.with_extension(process.to_string()))?;
        Ok(Self { core, stacks })
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        self.core.is_empty()
    }

    /// Every trace of the secrets, with how often it is there.
    ///
    /// # Errors
    /// Where this is no core dump.
    pub fn search(&self, secrets: &[Secret]) -> io::Result<BTreeMap<Trace, usize>> {
        let mut needles: HashMap<[u8; HEAD], Vec<(&Secret, Range<usize>)>> = HashMap::new();
        for secret in secrets {
            let end = secret.bytes.len();
            let first = if end >= 2 * HALF { 0..HALF } else { 0..end };
            let second = (end >= 2 * HALF).then(|| end - HALF..end);
            for part in std::iter::once(first).chain(second) {
                let head = secret.bytes.get(part.clone()).and_then(<[u8]>::first_chunk::<HEAD>);
                needles
                    .entry(*head.ok_or_else(short)?)
                    .or_default()
                    .push((secret, part));
            }
        }
        let mut traces = BTreeMap::new();
        for (bytes, at) in self.segments()? {
            for offset in used(bytes) {
                let here = bytes.get(offset..).unwrap_or_default();
                let Some(found) = here.first_chunk::<HEAD>().and_then(|head| needles.get(head)) else {
                    continue;
                };
                for (secret, part) in found {
                    if !here.starts_with(secret.bytes.get(part.clone()).unwrap_or_default()) {
                        continue;
                    }
                    let whole = offset.checked_sub(part.start).and_then(|start| bytes.get(start..));
                    let is_whole = whole.is_some_and(|whole| whole.starts_with(&secret.bytes));
                    if is_whole && part.start > 0 {
                        // Its first half was counted.
                        continue;
                    }
                    let trace = Trace {
                        name: secret.name.clone(),
                        is_whole,
                        place: self.place(at.clone()),
                    };
                    *traces.entry(trace).or_insert(0) += 1;
                }
            }
        }
        Ok(traces)
    }

    fn place(&self, segment: Option<Range<u64>>) -> Place {
        match segment {
            None => Place::Registers,
            Some(segment) if self.stacks.iter().any(|stack| segment.contains(stack)) => Place::Stack,
            Some(_) => Place::Heap,
        }
    }

    fn segments(&self) -> io::Result<Vec<Segment<'_>>> {
        let first = usize::try_from(self.number(32, 8)?).map_err(io::Error::other)?;
        let size = usize::try_from(self.number(54, 2)?).map_err(io::Error::other)?;
        let count = usize::try_from(self.number(56, 2)?).map_err(io::Error::other)?;
        let mut segments = Vec::new();
        for index in 0..count {
            let header = first + index * size;
            let offset = usize::try_from(self.number(header + 8, 8)?).map_err(io::Error::other)?;
            let address = self.number(header + 16, 8)?;
            let length = self.number(header + 32, 8)?;
            let end = offset + usize::try_from(length).map_err(io::Error::other)?;
            let bytes = self.core.get(offset..end).ok_or_else(short)?;
            match u32::try_from(self.number(header, 4)?) {
                Ok(PT_LOAD) => segments.push((bytes, Some(address..address + length))),
                Ok(PT_NOTE) => segments.push((bytes, None)),
                _ => {}
            }
        }
        Ok(segments)
    }

    /// A number of the file, least byte first.
    fn number(&self, offset: usize, bytes: usize) -> io::Result<u64> {
        let bytes = self.core.get(offset..offset + bytes).ok_or_else(short)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }
}

/// Every offset of the pages that hold anything: most were never written.
fn used(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let pages = bytes.chunks(PAGE).enumerate();
    let written = pages.filter(|(_, page)| ZEROS.get(..page.len()).is_some_and(|zeros| *page != zeros));
    written.flat_map(|(index, page)| index * PAGE..index * PAGE + page.len())
}

fn short() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it ends too early")
}

/// The stack pointers of the threads that wait in a system call.
fn stacks_of(process: u32) -> io::Result<Vec<u64>> {
    let mut stacks = Vec::new();
    for task in std::fs::read_dir(Path::new("/proc").join(process.to_string()).join("task"))? {
        let call = std::fs::read_to_string(task?.path().join("syscall"))?;
        let pointer = call.split_whitespace().rev().nth(1);
        let pointer = pointer.and_then(|text| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok());
        stacks.extend(pointer);
    }
    Ok(stacks)
}
