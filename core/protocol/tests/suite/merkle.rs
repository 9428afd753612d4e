//! The tree against its own recursive definition, against published vectors.

use std::path::Path;

use proptest::prelude::*;
use quittance_protocol::log::merkle::{self, BadProof, EMPTY_ROOT, Hash, MerkleError, leaf_hash, node_hash};

use crate::fixture::Log;
use crate::skipped::not_run;

/// MTH of RFC 6962 section 2.1, word for word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of RFC 6962 section 2.1.1.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return vec![];
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, other) = if index < left.len() {
        (naive_path(index, left), right)
    } else {
        (naive_path(index - left.len(), right), left)
    };
    path.push(naive_root(other));
    path
}

/// SUBPROOF of RFC 6962 section 2.1.2.
fn naive_consistency(from: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if from == leaves.len() {
        return if known { vec![] } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, other) = if from <= left.len() {
        (naive_consistency(from, left, known), right)
    } else {
        (naive_consistency(from - left.len(), right, false), left)
    };
    path.push(naive_root(other));
    path
}

fn log_of(size: u64) -> (Log, Vec<Hash>) {
    let log = Log::new(1);
    let mut leaves = Vec::new();
    for number in 0..size {
        let entry = number.to_be_bytes();
        log.append(&entry);
        leaves.push(leaf_hash(&entry));
    }
    (log, leaves)
}

fn root_at(log: &Log, size: u64) -> Hash {
    merkle::root(size, &|l, i| log.hash(l, i)).unwrap()
}

#[test]
fn every_tree_up_to_65_leaves_agrees_with_the_definition_in_every_proof() {
    let (log, leaves) = log_of(65);
    let store = |l, i| log.hash(l, i);
    for size in 1..=leaves.len() {
        let part = &leaves[..size];
        let root = root_at(&log, size as u64);
        assert_eq!(root, naive_root(part));
        for (index, leaf) in part.iter().enumerate() {
            let proof = merkle::inclusion_proof(index as u64, size as u64, &store).unwrap();
            assert_eq!(proof, naive_path(index, part));
            merkle::verify_inclusion(leaf, index as u64, size as u64, &proof, &root).unwrap();
        }
        for from in 1..=size {
            let proof = merkle::consistency_proof(from as u64, size as u64, &store).unwrap();
            assert_eq!(proof, naive_consistency(from, part, true));
            let old = root_at(&log, from as u64);
            merkle::verify_consistency(from as u64, &old, size as u64, &root, &proof).unwrap();
        }
    }
}

/// The eight leaves of the Certificate Transparency reference tests.
fn reference_tree() -> Log {
    let log = Log::new(1);
    for input in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ] {
        log.append(&hex::decode(input).unwrap());
    }
    log
}

/// The roots of the eight-leaf tree of the Certificate Transparency reference tests.
#[test]
fn the_reference_tree_of_certificate_transparency_has_its_roots() {
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let log = reference_tree();
    assert_eq!(root_at(&log, 0), EMPTY_ROOT);
    for (size, root) in (1..).zip(roots) {
        assert_eq!(hex::encode(root_at(&log, size)), root);
    }
}

/// Proofs of that tree as its authors write them down.
#[test]
fn the_reference_tree_of_certificate_transparency_has_its_proofs() {
    let hash = |text: &str| -> Hash { hex::decode(text).unwrap().try_into().unwrap() };
    let at_1 = hash("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
    let at_0 = hash("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    let at_4 = hash("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b");
    let from_0_to_1 = hash("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    let from_2_to_3 = hash("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e");
    let from_4_to_5 = hash("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a");
    let from_6_to_7 = hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0");
    let from_0_to_3 = hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
    let from_4_to_7 = hash("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4");
    let log = reference_tree();
    let store = |l, i| log.hash(l, i);
    let inclusion: [(u64, u64, &[Hash]); 7] = [
        (0, 1, &[]),
        (0, 2, &[at_1]),
        (1, 2, &[at_0]),
        (2, 3, &[from_0_to_1]),
        (1, 5, &[at_0, from_2_to_3, at_4]),
        (0, 8, &[at_1, from_2_to_3, from_4_to_7]),
        (5, 8, &[at_4, from_6_to_7, from_0_to_3]),
    ];
    for (index, size, proof) in inclusion {
        assert_eq!(merkle::inclusion_proof(index, size, &store).unwrap(), proof);
        let leaf = log.hash(0, index).unwrap();
        merkle::verify_inclusion(&leaf, index, size, proof, &root_at(&log, size)).unwrap();
    }
    let consistency: [(u64, u64, &[Hash]); 4] = [
        (1, 1, &[]),
        (1, 8, &[at_1, from_2_to_3, from_4_to_7]),
        (2, 5, &[from_2_to_3, at_4]),
        (6, 8, &[from_4_to_5, from_6_to_7, from_0_to_3]),
    ];
    for (from, to, proof) in consistency {
        assert_eq!(merkle::consistency_proof(from, to, &store).unwrap(), proof);
        merkle::verify_consistency(from, &root_at(&log, from), to, &root_at(&log, to), proof).unwrap();
    }
}

#[test]
fn what_no_tree_has_is_out_of_range_and_a_hole_in_the_store_is_named() {
    let (log, _) = log_of(5);
    let store = |l, i| log.hash(l, i);
    assert_eq!(merkle::inclusion_proof(5, 5, &store), Err(MerkleError::OutOfRange));
    assert_eq!(merkle::consistency_proof(0, 5, &store), Err(MerkleError::OutOfRange));
    assert_eq!(merkle::consistency_proof(6, 5, &store), Err(MerkleError::OutOfRange));
    let hole = |l, i| if (l, i) == (2, 0) { None } else { log.hash(l, i) };
    assert_eq!(merkle::root(5, &hole), Err(MerkleError::Missing { level: 2, index: 0 }));
}

/// A phone that saw the log before its first entry holds it to that: nothing more has to be shown, nothing else is taken.
#[test]
fn every_tree_grows_from_the_empty_one_by_an_empty_proof_alone() {
    let (log, _) = log_of(5);
    let root = root_at(&log, 5);
    let grown = |from_root, proof: &[Hash]| merkle::verify_consistency(0, from_root, 5, &root, proof);
    assert_eq!(grown(&EMPTY_ROOT, &[]), Ok(()));
    assert_eq!(grown(&EMPTY_ROOT, &[[7; 32]]), Err(BadProof));
    assert_eq!(grown(&[7; 32], &[]), Err(BadProof));
}

#[test]
fn the_largest_sizes_do_not_overflow() {
    let far = |_: u8, _: u64| Some([7; 32]);
    let size = u64::MAX;
    let proof = merkle::inclusion_proof(size - 1, size, &far).unwrap();
    let root = merkle::root(size, &far).unwrap();
    merkle::verify_inclusion(&[7; 32], size - 1, size, &proof, &root).unwrap();
    assert_eq!(merkle::append([7; 32], size, &far), Err(MerkleError::OutOfRange));
}

proptest! {
    #[test]
    fn a_proof_for_another_leaf_place_size_or_root_is_refused(
        size in 2u64..200, at in any::<prop::sample::Index>(), byte in 0usize..32, bit in 0u8..8, cut in any::<bool>(),
    ) {
        let (log, leaves) = log_of(size);
        let index = at.index(size as usize);
        let proof = merkle::inclusion_proof(index as u64, size, &|l, i| log.hash(l, i)).unwrap();
        let root = root_at(&log, size);
        let refused = |leaf: &Hash, index: usize, size: u64, proof: &[Hash], root: &Hash| {
            merkle::verify_inclusion(leaf, index as u64, size, proof, root).is_err()
        };
        prop_assert!(!refused(&leaves[index], index, size, &proof, &root));
        let mut other = leaves[index];
        other[byte] ^= 1 << bit;
        prop_assert!(refused(&other, index, size, &proof, &root));
        prop_assert!(refused(&leaves[index], (index + 1) % size as usize, size, &proof, &root));
        for position in 0..proof.len() {
            let mut changed = proof.clone();
            changed[position][byte] ^= 1 << bit;
            prop_assert!(refused(&leaves[index], index, size, &changed, &root));
        }
        let mut resized = proof.clone();
        if cut { resized.pop(); } else { resized.push([0; 32]); }
        prop_assert!(refused(&leaves[index], index, size, &resized, &root));
    }

    #[test]
    fn a_rewritten_past_has_no_consistency_proof(from in 1u64..100, more in 1u64..100, victim in any::<prop::sample::Index>()) {
        let (honest, _) = log_of(from);
        let lying = Log::new(1);
        let victim = victim.index(from as usize) as u64;
        for number in 0..from + more {
            let entry = if number == victim { u64::MAX.to_be_bytes() } else { number.to_be_bytes() };
            lying.append(&entry);
        }
        let proof = lying.consistency(from, from + more);
        let (old, new) = (root_at(&honest, from), root_at(&lying, from + more));
        prop_assert!(merkle::verify_consistency(from, &old, from + more, &new, &proof).is_err());
        // Control: the same proof is good for the lying log's own past.
        let own = root_at(&lying, from);
        prop_assert!(merkle::verify_consistency(from, &own, from + more, &new, &proof).is_ok());
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    desc: String,
    want_err: bool,
}

fn decode(text: &str) -> Option<Hash> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
        .try_into()
        .ok()
}

fn holds(vector: &Vector) -> bool {
    let hashes: Option<Vec<Hash>> = vector.proof.iter().flatten().map(|text| decode(text)).collect();
    let (Some(leaf), Some(root), Some(hashes)) = (decode(&vector.leaf_hash), decode(&vector.root), hashes) else {
        return false;
    };
    merkle::verify_inclusion(&leaf, vector.leaf_idx, vector.tree_size, &hashes, &root).is_ok()
}

fn walk(folder: &Path, seen: &mut u32) {
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            walk(&path, seen);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let vector: Vector = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            assert_eq!(holds(&vector), !vector.want_err, "{}: {}", path.display(), vector.desc);
            *seen += 1;
        }
    }
}

#[test]
fn published_inclusion_vectors_are_judged_as_their_authors_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/merkle-inclusion");
    if !folder.is_dir() {
        not_run("the test of published inclusion proofs: ../shared/vectors/merkle-inclusion is not there");
        return;
    }
    let mut seen = 0;
    walk(&folder, &mut seen);
    assert!(seen > 50, "only {seen} vectors were there");
}
