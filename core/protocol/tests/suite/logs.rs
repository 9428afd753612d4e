//! Notes, checkpoints, tiles, the phone's memory of the log.

use quittance_protocol::log::tiles::{self, Tile, TileKind};
use quittance_protocol::log::{
    Checkpoint, Entry, EntryKind, LogError, NoteSigner, SeenLog, TlogProof, VerifierKey, verify_logged,
};
use zeroize::Zeroizing;

use crate::fixture::{Log, time};

/// The example of golang.org/x/mod/sumdb/note.
const NEUMANN: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NEUMANN_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn entry() -> Entry {
    Entry::commit(EntryKind::Closure, time("2026-11-22T06:30:00Z"), &[5; 32], b"{}")
}

#[test]
fn the_note_of_the_go_reference_opens_with_its_key() {
    let key: VerifierKey = NEUMANN.parse().unwrap();
    assert_eq!(key.to_string(), NEUMANN);
    assert!(key.open(NEUMANN_NOTE).unwrap().starts_with("If you think"));
    let changed = NEUMANN_NOTE.replace("problem,", "problem.");
    assert_eq!(key.open(&changed), Err(LogError::Signature));
}

#[test]
fn the_key_of_the_go_checksum_database_reads_back_as_itself() {
    let text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    assert_eq!(text.parse::<VerifierKey>().unwrap().to_string(), text);
}

#[test]
fn a_vkey_with_another_hash_type_or_spelling_is_refused() {
    for bad in [
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3",
        "",
    ] {
        assert_eq!(bad.parse::<VerifierKey>(), Err(LogError::Key), "{bad}");
    }
}

#[test]
fn signatures_of_strangers_are_passed_over_but_never_enough() {
    let log = Log::new(1);
    let note = log.checkpoint(0).note().to_owned();
    let stranger = "— witness.example AAAAAAAAAAAAAAAA\n";
    let key = log.signer.verifier();
    assert!(Checkpoint::open(&format!("{note}{stranger}"), key).is_ok());
    let text = note.split("\n\n").next().unwrap();
    assert_eq!(
        Checkpoint::open(&format!("{text}\n\n{stranger}"), key),
        Err(LogError::Unsigned)
    );
    let own = note.split("\n\n").nth(1).unwrap();
    assert_eq!(Checkpoint::open(&format!("{note}{own}"), key), Err(LogError::Signature));
    assert!(Checkpoint::open(&format!("{note}{}", stranger.repeat(31)), key).is_ok());
    assert_eq!(
        Checkpoint::open(&format!("{note}{}", stranger.repeat(32)), key),
        Err(LogError::Note)
    );
    // A line that is none makes it no note, whoever it claims to be from.
    for line in ["— witness+example AAAAAAAAAAAAAAAA\n", "— witness.example AAAAAA==\n"] {
        assert_eq!(
            Checkpoint::open(&format!("{note}{line}"), key),
            Err(LogError::Note),
            "{line}"
        );
    }
}

#[test]
fn a_note_in_another_form_is_refused() {
    let log = Log::new(1);
    let note = log.checkpoint(0).note().to_owned();
    let key = log.signer.verifier();
    for bad in [
        note.trim_end().to_owned(),
        format!("{note}\n"),
        note.replace('\n', "\r\n"),
        note.replace("— ", "- "),
        note.replace("\n\n", "\n"),
        format!("\u{1}{note}"),
        String::new(),
    ] {
        assert!(Checkpoint::open(&bad, key).is_err(), "{bad:?}");
    }
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb", "a\u{1}b"] {
        assert!(NoteSigner::new(name, &Zeroizing::new([1; 32])).is_err(), "{name:?}");
    }
    assert_eq!(log.signer.sign("no newline"), Err(LogError::Note));
    assert_eq!(log.signer.sign("tab\t\n"), Err(LogError::Note));
}

#[test]
fn a_well_signed_text_that_is_no_checkpoint_is_refused() {
    let log = Log::new(1);
    let open = |text: &str| Checkpoint::open(&log.signer.sign(text).unwrap(), log.signer.verifier()).map(|_| ());
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_eq!(open(&format!("pay.example/log\n0\n{root}\n")), Ok(()));
    assert_eq!(open(&format!("pay.example/log\n0\n{root}\nextension\n")), Ok(()));
    assert_eq!(open(&format!("pay.example/other\n0\n{root}\n")), Err(LogError::Origin));
    for bad in ["00", "+1", "-1", "1e3", "", " 1", "18446744073709551616"] {
        assert_eq!(
            open(&format!("pay.example/log\n{bad}\n{root}\n")),
            Err(LogError::Checkpoint),
            "{bad:?}"
        );
    }
    assert_eq!(open("pay.example/log\n0\n"), Err(LogError::Checkpoint));
    assert_eq!(open("pay.example/log\n0\nAAAA\n"), Err(LogError::Checkpoint));
    assert_eq!(
        open(&format!("pay.example/log\n0\n{root}\n\nlate\n")),
        Err(LogError::Checkpoint)
    );
}

const FROZEN_ENTRY: &str = "\
quittance-entry/1
closure
2026-11-22T06:30:00Z
EPuFWSHWnLBzarvx4zAulLBmNZh1DHbT4mc36KOH6X8=
";
const FROZEN_KEY: &str = "pay.example/log+d0347536+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
const FROZEN_PROOF: &str = "\
c2sp.org/tlog-proof@v1
extra cXVpdHRhbmNlLWVudHJ5LzEKY2xvc3VyZQoyMDI2LTExLTIyVDA2OjMwOjAwWgpFUHVGV1NIV25MQnphcnZ4NHpBdWxMQm1OWmgxREhiVDRtYzM2S09INlg4PQo=
index 1
L0y2kW+kIAVmDTY7XaEj9q/abmTwKXRiweYTUiFdWsk=
KI1f5QsB1JslwWEOOXlUXneVQD6CWg5wMar72BG3z0s=

pay.example/log
3
AwoMYElFUoVyeF75xyQ25HVu7LcEqVz4ddgZzXDFtVE=

— pay.example/log 0DR1Nup7v2tWY8AOZWwFZdMAaXmbzky3KNzCUtVlkmPkvU2K63H83dkCHG+DxGSVLj/DF8G2fLKORJ/FnCmQtefNUw0=
";

/// Every receipt ever issued holds these bytes: a change of them ends the log.
#[test]
fn the_bytes_of_entry_checkpoint_proof_are_frozen() {
    let log = Log::new(1);
    log.append(b"before");
    let bytes = entry().to_bytes();
    let index = log.append(&bytes);
    log.append(b"after");
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), FROZEN_ENTRY);
    assert_eq!(log.signer.verifier().to_string(), FROZEN_KEY);
    assert_eq!(log.prove(index, &bytes), FROZEN_PROOF);
}

#[test]
fn an_entry_has_one_spelling() {
    let text = entry().to_string();
    assert_eq!(Entry::parse(text.as_bytes()), Ok(entry()));
    for bad in [
        text.replace("closure", "Closure"),
        text.replace("quittance-entry/1", "quittance-entry/2"),
        text.replace("06:30:00Z", "06:30:00.0Z"),
        text.replace("2026", "1926"),
        text.trim_end().to_owned(),
        format!("{text}\n"),
        text.replace('\n', "\r\n"),
        text.replace('=', ""),
    ] {
        assert_eq!(Entry::parse(bad.as_bytes()), Err(LogError::Entry), "{bad:?}");
    }
    assert_eq!(Entry::parse(b"\xff"), Err(LogError::Entry));
}

//
#[test]
fn a_commitment_opens_to_its_own_body_under_its_own_salt_only() {
    assert!(entry().opens_to(&[5; 32], b"{}"));
    assert!(!entry().opens_to(&[5; 32], b"{ }"));
    assert!(!entry().opens_to(&[6; 32], b"{}"));
}

#[test]
fn a_proof_has_one_spelling() {
    let log = Log::new(1);
    let bytes = entry().to_bytes();
    let index = log.append(&bytes);
    log.append(b"after");
    let text = log.prove(index, &bytes);
    assert_eq!(text.parse::<TlogProof>().unwrap().to_string(), text);
    for bad in [
        text.replace("index 0", "index 00"),
        text.replace("index 0", "index +0"),
        text.replace("index 0", "index 18446744073709551616"),
        text.replace("@v1", "@v2"),
        text.replacen('\n', "\r\n", 1),
        text.replacen("extra ", "extra  ", 1),
        text.replacen("index 0\n", "index 0\nAAAA\n", 1),
        text.replacen(
            "index 0\n",
            &format!("index 0\n{}", format!("{}=\n", "A".repeat(43)).repeat(64)),
            1,
        ),
    ] {
        assert!(bad.parse::<TlogProof>().is_err(), "{bad}");
    }
}

#[test]
fn a_proof_has_at_most_64_hashes_as_no_tree_needs_more() {
    let of = |length| TlogProof {
        extra: None,
        index: 0,
        hashes: vec![[7; 32]; length],
        checkpoint: Log::new(1).checkpoint(0).note().to_owned(),
    };
    let read = |proof: &TlogProof| proof.to_string().parse::<TlogProof>();
    assert_eq!(read(&of(64)), Ok(of(64)));
    assert_eq!(read(&of(65)), Err(LogError::Proof));
}

#[test]
fn an_entry_is_believed_only_from_its_own_log_with_its_own_bytes() {
    let log = Log::new(1);
    log.append(b"before");
    let bytes = entry().to_bytes();
    let index = log.append(&bytes);
    let proof = log.prove(index, &bytes);
    let key = log.signer.verifier();
    let logged = verify_logged(&proof, key, &bytes).unwrap();
    assert_eq!(
        (logged.index(), logged.entry(), logged.checkpoint().size()),
        (1, &entry(), 2)
    );

    let other_key = Log::new(2);
    assert_eq!(
        verify_logged(&proof, other_key.signer.verifier(), &bytes).unwrap_err(),
        LogError::Unsigned
    );
    assert_eq!(verify_logged(&proof, key, b"before").unwrap_err(), LogError::OtherEntry);
    assert_eq!(
        verify_logged(&log.prove(0, &bytes), key, &bytes).unwrap_err(),
        LogError::NotIncluded
    );
    assert_eq!(
        verify_logged(&log.prove(0, b"before"), key, b"before").unwrap_err(),
        LogError::Entry
    );
}

fn grown(entries: &[&str]) -> Log {
    let log = Log::new(1);
    for entry in entries {
        log.append(entry.as_bytes());
    }
    log
}

//
#[test]
fn a_growing_log_is_followed_and_an_old_checkpoint_of_it_changes_nothing() {
    let log = grown(&["a", "b", "c", "d", "e"]);
    let seen = SeenLog::first(log.checkpoint(3));
    let later = seen.accept(log.checkpoint(5), &log.consistency(3, 5)).unwrap();
    assert_eq!(later.checkpoint().size(), 5);
    assert_eq!(later.accept(log.checkpoint(5), &[]).unwrap(), later);
    assert_eq!(later.accept(log.checkpoint(3), &log.consistency(3, 5)).unwrap(), later);
}

/// The log signs the same head again, and a witness beside it: what is kept is what was heard last.
#[test]
fn of_two_checkpoints_of_one_head_the_later_one_is_kept() {
    let log = grown(&["a", "b"]);
    let first = log.checkpoint(2);
    let witnessed = format!("{}— witness.example AAAAAAAAAAAAAAAA\n", first.note());
    let again = Checkpoint::open(&witnessed, log.signer.verifier()).unwrap();
    let seen = SeenLog::first(first).accept(again, &[]).unwrap();
    assert_eq!(seen.checkpoint().note(), witnessed);
}

//
#[test]
fn two_roots_of_one_size_convict_the_log_by_themselves() {
    let seen = SeenLog::first(grown(&["a", "b"]).checkpoint(2));
    let found = seen.accept(grown(&["a", "x"]).checkpoint(2), &[]).unwrap_err();
    assert!(found.proves_fork);
    let key = Log::new(1);
    for note in [found.seen.note(), found.offered.note()] {
        assert!(Checkpoint::open(note, key.signer.verifier()).is_ok());
    }
}

/// Another log owes this one nothing: its checkpoints are neither followed nor evidence.
#[test]
fn the_checkpoint_of_another_log_is_not_followed_and_convicts_nobody() {
    let seen = SeenLog::first(grown(&["a", "b"]).checkpoint(2));
    let same_entries = Log::named("other.example/log", 2);
    let other_entries = Log::named("other.example/log", 2);
    for (entry, other) in [("a", "x"), ("b", "y")] {
        same_entries.append(entry.as_bytes());
        other_entries.append(other.as_bytes());
    }
    for log in [same_entries, other_entries] {
        assert_eq!(log.checkpoint(2).origin(), "other.example/log");
        assert!(!seen.accept(log.checkpoint(2), &[]).unwrap_err().proves_fork);
    }
}

#[test]
fn a_proof_that_says_too_much_is_refused_but_convicts_nobody() {
    let log = grown(&["a", "b"]);
    let seen = SeenLog::first(log.checkpoint(2));
    assert!(!seen.accept(log.checkpoint(2), &[[7; 32]]).unwrap_err().proves_fork);
}

//
#[test]
fn a_rewritten_or_shrunk_log_is_not_followed() {
    let honest = grown(&["a", "b", "c"]);
    let rewritten = grown(&["a", "x", "c", "d"]);
    let seen = SeenLog::first(honest.checkpoint(3));
    let refused = seen
        .accept(rewritten.checkpoint(4), &rewritten.consistency(3, 4))
        .unwrap_err();
    assert!(!refused.proves_fork);
    assert!(
        seen.accept(rewritten.checkpoint(2), &rewritten.consistency(2, 3))
            .is_err()
    );
    assert!(seen.accept(honest.checkpoint(2), &[]).is_err());
    // Control: with the right proof the honest log's smaller checkpoint is accepted.
    assert!(seen.accept(honest.checkpoint(2), &honest.consistency(2, 3)).is_ok());
}

#[test]
fn tile_paths_are_those_of_the_specification() {
    let path = |kind, index, width| Tile { kind, index, width }.to_string();
    assert_eq!(path(TileKind::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(path(TileKind::Hashes(63), 0, 1), "tile/63/000.p/1");
    assert_eq!(path(TileKind::Entries, 1000, 255), "tile/entries/x001/000.p/255");
    for text in ["tile/0/x001/x234/067", "tile/63/000.p/1", "tile/entries/x001/000.p/255"] {
        assert_eq!(text.parse::<Tile>().unwrap().to_string(), text);
    }
    for bad in [
        "tile/64/000",
        "tile/00/000",
        "tile/0/0",
        "tile/0/001/000",
        "tile/0/x000/001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/entries/x1000",
        "tile/0/../000",
        "tile/0/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert!(bad.parse::<Tile>().is_err(), "{bad}");
    }
}

/// The example of the specification: 70,000 entries.
#[test]
fn a_log_of_70_000_entries_has_the_tiles_that_the_specification_counts() {
    let there = |kind, index, width| Tile { kind, index, width }.exists_at(70_000);
    assert!(there(TileKind::Hashes(0), 272, 256));
    assert!(there(TileKind::Hashes(0), 273, 112));
    assert!(!there(TileKind::Hashes(0), 273, 113));
    assert!(there(TileKind::Hashes(1), 0, 256));
    assert!(there(TileKind::Hashes(1), 1, 17));
    assert!(!there(TileKind::Hashes(1), 1, 18));
    assert!(there(TileKind::Hashes(2), 0, 1));
    assert!(!there(TileKind::Hashes(2), 0, 2));
    assert!(!there(TileKind::Hashes(3), 0, 1));
    assert!(!there(TileKind::Hashes(63), u64::MAX, 1));
    assert!(!there(TileKind::Hashes(0), 0, 0), "a tile holds something");
}

#[test]
fn tiles_hold_the_hashes_of_their_level_and_bundles_the_entries() {
    let log = Log::new(1);
    let entries: Vec<String> = (0..300).map(|number| format!("entry {number}")).collect();
    for entry in &entries {
        log.append(entry.as_bytes());
    }
    let store = |l, i| log.hash(l, i);
    let partial = Tile {
        kind: TileKind::Hashes(0),
        index: 1,
        width: 44,
    };
    let bytes = partial.hashes(&store).unwrap();
    assert_eq!(bytes.len(), 44 * 32);
    assert_eq!(bytes[..32], log.hash(0, 256).unwrap());
    let upper = Tile {
        kind: TileKind::Hashes(1),
        index: 0,
        width: 1,
    };
    assert_eq!(upper.hashes(&store).unwrap(), log.hash(8, 0).unwrap());

    let span = Tile {
        kind: TileKind::Entries,
        index: 1,
        width: 44,
    }
    .span();
    let part = &entries[span.start as usize..span.end as usize];
    let bundle = tiles::bundle(part.iter().map(|entry| entry.as_bytes())).unwrap();
    assert_eq!(
        tiles::open_bundle(&bundle).unwrap(),
        part.iter().map(|e| e.as_bytes().to_vec()).collect::<Vec<_>>()
    );
    assert!(tiles::open_bundle(&bundle[..bundle.len() - 1]).is_err());
    assert!(tiles::bundle([vec![0; 65_536].as_slice()]).is_err());
}
