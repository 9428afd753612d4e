//! Somebody has the raw image of a real file system, its files at each moment, and today's keys.
//!
//! The keys stand outside of the image, as in hardware.

use std::collections::BTreeSet;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Once;

use quittance_disk::{Attacker, Loot, RecordingDisk};
use quittance_testkit::files::quick_folder;
use quittance_testkit::skipped::not_run;
use quittance_vault::{Vault, VaultOptions};
use rusqlite::ffi;

use crate::ext4::Ext4;
use crate::files::{DESTRUCTIONS, is_in, live};
use crate::life::{GATEWAY, PHONE, TALL, Way, chance, first_height, random};
use crate::stolen_keys::StolenKeys;

/// The name of a vault whose connection cannot be asked to overwrite what it deletes.
const CARELESS: &str = "careless-vault";
/// SQLite's pages, which are the blocks of the file system as well.
const PAGE: usize = 4096;
/// What stands before each page of a write-ahead log: page number, size after a commit, two salts, two checksums.
const FRAME: usize = 24;

/// How many secrets the attacker opens.
struct Outcome {
    ended: usize,
    living: usize,
    /// With the keys that exist after it all.
    ended_by_todays_keys: usize,
    living_by_todays_keys: usize,
    /// With every key that ever was, as if the epochs never changed: the control.
    ended_by_all_keys: usize,
    /// The same from the raw image by itself, without the files of other moments.
    ended_by_all_keys_in_the_raw_image: usize,
}

/// A long life on a file system of its own, then the attacker. `None` where this machine has none to give.
fn attack(name: &str, height: u8, way: &Way) -> Option<Outcome> {
    let disk = match Ext4::mount() {
        Ok(disk) => disk,
        Err(why) => {
            not_run(&format!("no ext4 file system on a loop device here: {why}"));
            return None;
        }
    };
    let keys_outside = RecordingDisk::default();
    let path = disk.files().join(name);
    let options = VaultOptions {
        height,
        ..VaultOptions::at(path.clone())
    };
    let mut vault = Vault::create(options, way.keys(&keys_outside), random()).unwrap();

    let (mut watching, mut salts) = (Attacker::default(), BTreeSet::new());
    let desk = quick_folder().unwrap();
    let (living, ended) = live(&mut vault, &mut chance(), || {
        salts.extend(copy(&path, desk.path()));
        watching.look(&desk.path().join("copy"), "unix").unwrap();
    });
    drop(vault);
    let closed = fs::read(&path).unwrap();
    let raw = disk.unmount();

    let mut finding = Attacker::default();
    let leftovers = read_leftovers(&raw, closed, &salts, &mut finding, &desk.path().join("carved"));
    assert!(leftovers > 0, "{name}: the image held no leftover of any log");
    let (todays, all) = (
        StolenKeys::of_today(&keys_outside),
        StolenKeys::of_all_times(&keys_outside),
    );
    let opened = |loot: &[BTreeSet<Loot>], secrets: &BTreeSet<Vec<u8>>| {
        let is_open = |secret: &&Vec<u8>| loot.iter().any(|loot| is_in(loot, secret));
        secrets.iter().filter(is_open).count()
    };
    let with = |keys: &StolenKeys| [&watching, &finding].map(|attacker| attacker.open(|root| keys.unwrap(root)));
    let (today, ever) = (with(&todays), with(&all));
    Some(Outcome {
        ended: ended.len(),
        living: living.len(),
        ended_by_todays_keys: opened(&today, &ended),
        living_by_todays_keys: opened(&today, &living),
        ended_by_all_keys: opened(&ever, &ended),
        ended_by_all_keys_in_the_raw_image: opened(&ever[1..], &ended),
    })
}

/// Copies a vault's file with its log, and tells the salts that the log's frames have now.
fn copy(vault: &Path, to: &Path) -> Option<[u8; 8]> {
    let beside = |path: &Path, end: &str| PathBuf::from(format!("{}{end}", path.display()));
    let copy = to.join("copy");
    let _ = fs::remove_file(beside(&copy, "-wal"));
    fs::copy(vault, &copy).unwrap();
    let log = fs::read(beside(vault, "-wal")).unwrap_or_default();
    fs::write(beside(&copy, "-wal"), &log).unwrap();
    log.get(16..24)?.try_into().ok()
}

/// Looks for frames of write-ahead logs anywhere in the image, in use or not, and reads the file as it was after each
/// commit among them.
fn read_leftovers(
    raw: &[u8],
    closed: Vec<u8>,
    salts: &BTreeSet<[u8; 8]>,
    attacker: &mut Attacker,
    carved: &Path,
) -> usize {
    let number = |at: usize| raw[at..at + 4].try_into().map(u32::from_be_bytes).unwrap() as usize;
    let mut file = closed;
    let read = |file: &mut Vec<u8>, attacker: &mut Attacker| {
        // A file that says it has no log is read without one.
        file[18..20].copy_from_slice(&[1, 1]);
        fs::write(carved, &*file).unwrap();
        let _ = attacker.look(carved, "unix");
    };
    read(&mut file, attacker);
    let pages = file.len() / PAGE;
    let mut found = 0;
    // Logs begin with 32 bytes, pages follow behind 24: every frame stands at a multiple of 8.
    for at in (0..raw.len().saturating_sub(FRAME + PAGE)).step_by(8) {
        let page = number(at);
        if page == 0 || page > pages || !salts.contains(&raw[at + 8..at + 16]) {
            continue;
        }
        let content = &raw[at + FRAME..at + FRAME + PAGE];
        file[(page - 1) * PAGE..page * PAGE].copy_from_slice(content);
        found += 1;
        if number(at + 4) != 0 {
            read(&mut file, attacker);
        }
    }
    found
}

/// Lets SQLite ignore that a careless vault asks for `secure_delete`.
fn be_careless() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[expect(
            unsafe_code,
            reason = "SQLite asks in C; the function lives for ever and keeps nothing"
        )]
        // SAFETY: the extension opens and closes no database, and changes no list of extensions.
        unsafe {
            rusqlite::auto_extension::register_auto_extension(watch).unwrap();
        }
    });
}

#[expect(unsafe_code, reason = "SQLite calls it, in C")]
unsafe extern "C" fn watch(
    database: *mut ffi::sqlite3,
    _message: *mut *mut c_char,
    _api: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: the database is the one that SQLite opens just now; its name is null or a text that lives as long.
    let is_careless = unsafe {
        let name = ffi::sqlite3_db_filename(database, c"main".as_ptr());
        !name.is_null() && CStr::from_ptr(name).to_string_lossy().ends_with(CARELESS)
    };
    if is_careless {
        // SAFETY: the callback uses nothing but its arguments, so it needs no data and may live for ever.
        unsafe { ffi::sqlite3_set_authorizer(database, Some(ignore_secure_delete), ptr::null_mut()) }
    } else {
        ffi::SQLITE_OK
    }
}

#[expect(unsafe_code, reason = "SQLite calls it, in C")]
unsafe extern "C" fn ignore_secure_delete(
    _data: *mut c_void,
    action: c_int,
    first: *const c_char,
    _second: *const c_char,
    _database: *const c_char,
    _trigger: *const c_char,
) -> c_int {
    // SAFETY: a pragma's first argument is its name, which lives as long as this call.
    let asks = action == ffi::SQLITE_PRAGMA && unsafe { CStr::from_ptr(first) } == c"secure_delete";
    if asks { ffi::SQLITE_IGNORE } else { ffi::SQLITE_OK }
}

/// The outcome is what was promised, and what the controls show is there to be found.
fn holds(name: &str, height: u8, way: &Way) {
    let Some(outcome) = attack(name, height, way) else {
        return;
    };
    assert!(outcome.ended >= DESTRUCTIONS);
    assert_eq!(outcome.ended_by_todays_keys, 0, "{name}");
    assert_eq!(
        outcome.living_by_todays_keys, outcome.living,
        "{name}: the attacker reads nothing"
    );
    assert_eq!(
        outcome.ended_by_all_keys, outcome.ended,
        "{name}: the attacker missed some"
    );
    let raw = outcome.ended_by_all_keys_in_the_raw_image;
    assert!(raw > 0, "{name}: the search of the image is blind");
    println!(
        "{name}: with all keys that ever were, the raw image alone gives {raw} of {} back",
        outcome.ended
    );
}

#[test]
fn nothing_that_ended_opens_from_the_raw_image_of_its_file_system() {
    holds("vault", first_height(), &PHONE);
}

#[test]
fn nothing_that_ended_in_a_tall_tree_opens_from_the_raw_image_of_its_file_system() {
    holds("tall-vault", TALL, &GATEWAY);
}

#[test]
fn nor_where_the_file_never_overwrites_what_it_deletes() {
    be_careless();
    let folder = tempfile::tempdir().unwrap();
    let overwrites = |name: &str| {
        let file = rusqlite::Connection::open(folder.path().join(name)).unwrap();
        file.execute_batch("PRAGMA secure_delete = ON").unwrap();
        file.pragma_query_value(None, "secure_delete", |row| row.get::<_, bool>(0))
            .ok()
    };
    // Who asks a careless file for it gets not even an answer; the default is off.
    assert_eq!((overwrites("another-vault"), overwrites(CARELESS)), (Some(true), None));
    holds(CARELESS, first_height(), &PHONE);
}
