//! What somebody reads who takes a running process's memory: a core dump with its registers.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::ops::Range;
use std::process::{Command, Stdio};

/// Bytes of a secret that are too many to be there by chance.
const HALF: usize = 16;
/// Bytes by which a needle is found fast.
const HEAD: usize = 4;

const PAGE: usize = 4_096;
static ZEROS: [u8; PAGE] = [0; PAGE];

const PT_LOAD: u32 = 1;
const PT_NOTE: u32 = 4;
/// A note with a thread's registers (`elf_prstatus`).
const NT_PRSTATUS: u32 = 1;
/// Its length on x86-64.
const STATUS_LEN: usize = 336;
/// Where in it the stack pointer stands: behind the 112 bytes before the registers, the twentieth of them.
const STACK_POINTER: usize = 112 + 19 * 8;

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

/// Why there is no dump.
#[derive(Debug)]
pub enum NoDump {
    /// This machine has no `gcore` (of gdb), or does not let it look at a process.
    NotHere(String),
    /// Anything else, such as a dump that cannot be read: nobody may take it for a machine that cannot.
    Failed(io::Error),
}

impl From<io::Error> for NoDump {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// What `gcore` says where it may not look.
const REFUSED: &str = "Operation not permitted";

/// Why `gcore` did not come to its end, by its own words.
fn ended_early(said: &str) -> NoDump {
    let said = format!("gcore: {}", said.trim());
    if said.contains(REFUSED) {
        NoDump::NotHere(said)
    } else {
        NoDump::Failed(io::Error::other(said))
    }
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
    /// [`NoDump::NotHere`] where this machine cannot, [`NoDump::Failed`] for what should not be.
    pub fn of(process: u32) -> Result<Self, NoDump> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("core");
        let taken = Command::new("gcore")
            .arg("-o")
            .arg(&path)
            .arg(process.to_string())
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output();
        let taken = match taken {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(NoDump::NotHere("there is no gcore (of gdb)".to_owned()));
            }
            taken => taken?,
        };
        if !taken.status.success() {
            return Err(ended_early(&String::from_utf8_lossy(&taken.stderr)));
        }
        Ok(Self::read(std::fs::read(path.with_extension(process.to_string()))?)?)
    }

    /// Reads a core file.
    fn read(core: Vec<u8>) -> io::Result<Self> {
        let mut dump = Self {
            core,
            stacks: Vec::new(),
        };
        let notes = dump.segments()?.into_iter().filter(|(_, address)| address.is_none());
        let stacks: io::Result<Vec<Vec<u64>>> = notes.map(|(notes, _)| stack_pointers(notes)).collect();
        dump.stacks = stacks?.concat();
        Ok(dump)
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
                    if secret.bytes.len() < HALF && is_inside_of_a_number(bytes, offset, secret.bytes.len()) {
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

    /// A number of the file.
    fn number(&self, offset: usize, bytes: usize) -> io::Result<u64> {
        number(&self.core, offset, bytes)
    }
}

/// Whether it stands between hexadecimal digits: an identifier, or a moment, has a few digits that were sought by chance.
fn is_inside_of_a_number(bytes: &[u8], offset: usize, length: usize) -> bool {
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_hexdigit);
    is_digit(offset.checked_sub(1)) && is_digit(offset.checked_add(length))
}

/// A number, least byte first.
fn number(from: &[u8], offset: usize, bytes: usize) -> io::Result<u64> {
    let bytes = from.get(offset..offset + bytes).ok_or_else(short)?;
    Ok(bytes
        .iter()
        .rev()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

/// Where the stacks of all threads were, by the registers that the notes of a dump hold.
fn stack_pointers(notes: &[u8]) -> io::Result<Vec<u64>> {
    let mut pointers = Vec::new();
    let mut at = 0;
    while at < notes.len() {
        let length =
            |offset| number(notes, offset, 4).and_then(|length| usize::try_from(length).map_err(io::Error::other));
        let (name, body, kind) = (length(at)?, length(at + 4)?, number(notes, at + 8, 4)?);
        let begin = at + 12 + name.next_multiple_of(4);
        if kind == u64::from(NT_PRSTATUS) && body == STATUS_LEN {
            pointers.push(number(notes, begin + STACK_POINTER, 8)?);
        }
        at = begin + body.next_multiple_of(4);
    }
    if pointers.is_empty() {
        return Err(io::Error::other("it names no thread of x86-64"));
    }
    Ok(pointers)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A core file of one thread, whose stack pointer is in the second of two segments.
    fn core(first: &[u8], second: &[u8]) -> Vec<u8> {
        const AT: u64 = 0x1000;
        let mut status = vec![0; STATUS_LEN];
        let pointer = AT + u64::try_from(first.len()).unwrap() + 1;
        status[STACK_POINTER..STACK_POINTER + 8].copy_from_slice(&pointer.to_le_bytes());
        let mut note = Vec::new();
        for number in [5_u32, STATUS_LEN as u32, NT_PRSTATUS] {
            note.extend(number.to_le_bytes());
        }
        note.extend(b"CORE\0\0\0\0");
        note.extend(&status);

        let parts = [
            (PT_NOTE, 0, note.as_slice()),
            (PT_LOAD, AT, first),
            (PT_LOAD, pointer - 1, second),
        ];
        let mut headers = vec![0; 64];
        headers[32..40].copy_from_slice(&64_u64.to_le_bytes());
        headers[54..56].copy_from_slice(&56_u16.to_le_bytes());
        headers[56..58].copy_from_slice(&3_u16.to_le_bytes());
        let mut bodies = Vec::new();
        for (kind, address, body) in parts {
            let mut header = vec![0; 56];
            header[..4].copy_from_slice(&kind.to_le_bytes());
            let offset = u64::try_from(64 + 3 * 56 + bodies.len()).unwrap();
            header[8..16].copy_from_slice(&offset.to_le_bytes());
            header[16..24].copy_from_slice(&address.to_le_bytes());
            header[32..40].copy_from_slice(&u64::try_from(body.len()).unwrap().to_le_bytes());
            headers.extend(header);
            bodies.extend_from_slice(body);
        }
        headers.extend(bodies);
        headers
    }

    fn secret() -> Secret {
        Secret {
            name: "secret".to_owned(),
            bytes: (1..=32).collect(),
        }
    }

    #[test]
    fn what_stands_on_a_stack_and_what_does_not_are_told_apart() {
        let (whole, half) = (secret().bytes, secret().bytes[16..].to_vec());
        let heap = [&[0; 9], half.as_slice(), &[0; 9]].concat();
        let stack = [&[0; 30], whole.as_slice(), &[0; 2]].concat();
        let dump = Dump::read(core(&heap, &stack)).unwrap();
        let trace = |is_whole, place| Trace {
            name: "secret".to_owned(),
            is_whole,
            place,
        };
        let found = dump.search(&[secret()]).unwrap();
        let expected = [(trace(false, Place::Heap), 1), (trace(true, Place::Stack), 1)];
        assert_eq!(found, BTreeMap::from(expected));
    }

    #[test]
    fn a_few_digits_inside_of_a_longer_number_are_no_trace_of_a_pin() {
        let pin = || Secret {
            name: "PIN".to_owned(),
            bytes: b"482913".to_vec(),
        };
        let found = |heap: &[u8]| {
            Dump::read(core(heap, &[0; 16]))
                .unwrap()
                .search(&[pin()])
                .unwrap()
                .len()
        };
        assert_eq!(found(b"id=7f482913a0"), 0);
        for control in [b"482913".as_slice(), b"x482913y", b"1482913\0", b"\"482913\""] {
            assert_eq!(found(control), 1, "{control:?}");
        }
    }

    #[test]
    fn only_a_machine_that_refuses_is_one_that_cannot() {
        let refused = ended_early("ptrace: Operation not permitted.\nThe program is not being run.\n");
        assert!(matches!(refused, NoDump::NotHere(_)), "{refused:?}");
        for other in ["ptrace: No such process.\n", "Failed to open 'core' for output.\n", ""] {
            let failed = ended_early(other);
            assert!(matches!(failed, NoDump::Failed(_)), "{failed:?}");
        }
    }

    #[test]
    fn what_is_no_dump_is_an_error() {
        let whole = core(b"heap", b"stack");
        for length in 0..whole.len() {
            let cut = Dump::read(whole[..length].to_vec()).and_then(|dump| dump.search(&[secret()]));
            assert!(cut.is_err(), "cut to {length}");
        }
    }
}
