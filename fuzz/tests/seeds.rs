//! Every target on its seeds and on random changes of them: a small part of what fuzzing does, with
//! no more than a stable compiler.

use std::path::Path;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Changed copies of each seed.
const COPIES: usize = 3_000;

fn shake(target: fn(&[u8]), name: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let files = std::fs::read_dir(&directory).expect("every target has seeds");
    let mut random = StdRng::seed_from_u64(1);
    let mut count = 0;
    for file in files {
        let seed = std::fs::read(file.expect("a seed is a file").path()).expect("a seed can be read");
        target(&seed);
        for _ in 0..COPIES {
            let mut copy = seed.clone();
            for _ in 0..random.random_range(1..8) {
                change(&mut copy, &mut random);
            }
            target(&copy);
        }
        count += 1;
    }
    assert!(count > 0, "{} is empty", directory.display());
}

fn change(bytes: &mut Vec<u8>, random: &mut StdRng) {
    let at = random.random_range(0..=bytes.len());
    match random.random_range(0..4) {
        0 => bytes.insert(at, random.random()),
        1 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
        2 if at < bytes.len() => drop(bytes.remove(at)),
        _ => {
            let end = (at + random.random_range(0..16)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            let to = random.random_range(0..=bytes.len());
            bytes.splice(to..to, piece);
        }
    }
}

macro_rules! targets {
    ($($name:ident),+) => { $(#[test] fn $name() { shake(hubbub_fuzz::$name, stringify!($name)); })+ };
}

targets!(decode_json, decode_msgpack, guard, http_query, config_file, resume);
