//! The rules of the house, held to the sources themselves, which are parsed for it.
//!
//! - [`rooms`]: imports go one way.
//! - [`circles`]: no file leads back to itself, counting calls of methods.
//! - [`sizes`]: files, functions and constructors stay small; `Hub` does nothing outside of its own file.
//! - [`counted`]: every call of the store and the backplane is counted.
//! - [`tested`]: each feature of the hub is tested where it stands.
//!
//! `HOUSE_PRINT=1 cargo test --test house circles -- --nocapture` prints every circle with all the reasons for it, and
//! `HOUSE_SRC` names another tree of sources.

mod circles;
mod counted;
mod rooms;
mod sizes;
mod sources;
mod tested;

use std::collections::BTreeSet;
use std::fs;

use circles::Circles;
use sources::{Source, root};

#[test]
fn imports_go_one_way() {
    let wrong = rooms::wrong_imports(&Source::all());
    assert!(wrong.is_empty(), "against the order of the rooms:\n{}", wrong.join("\n"));
}

#[test]
fn crates_depend_one_way() {
    let mut wrong = Vec::new();
    for (room, _) in rooms::ROOMS {
        let Ok(manifest) = fs::read_to_string(root().join(room).join("Cargo.toml")) else { continue };
        wrong.extend(rooms::wrong_dependencies(room, &manifest));
    }
    assert!(wrong.is_empty(), "against the order of the rooms: {wrong:?}");
}

#[test]
fn every_room_is_known() {
    let listed = fs::read_dir(root()).expect("src is there").flatten();
    let directories = listed.filter(|entry| entry.path().is_dir());
    let names = directories.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let unknown: Vec<_> = names.filter(|name| rooms::allowed(name).is_none()).collect();
    assert!(unknown.is_empty(), "not among the rooms of this test: {unknown:?}");
}

#[test]
fn files_do_not_go_in_circles() {
    let sources = Source::all();
    let circles = Circles::of(&sources);
    if std::env::var_os("HOUSE_PRINT").is_some() {
        println!("{}", circles.details());
    }
    let found = circles.files().into_iter().map(str::to_owned);
    hold("in a circle", found, &circles.report());
}

#[test]
fn hub_does_nothing_outside_of_its_own_file() {
    let sources = Source::all();
    let found = sources.iter().flat_map(sizes::impls_of_hub);
    hold("with an `impl Hub`", found, "");
}

#[test]
fn constructors_take_little() {
    let sources = Source::all();
    let found = sources.iter().flat_map(sizes::wide_constructors);
    hold("taking too much", found, "");
}

#[test]
fn files_stay_short() {
    hold("too long", sizes::long_files(&Source::all()).into_iter(), "");
}

#[test]
fn functions_stay_short() {
    let sources = Source::all();
    let found = sources.iter().flat_map(sizes::long_functions);
    hold("too long", found, "");
}

#[test]
fn every_call_of_the_parts_is_forwarded_and_counted() {
    let missing = counted::missing(&Source::all());
    assert!(missing.is_empty(), "no row in src/hub/counted: {missing:?}");
}

#[test]
fn every_feature_has_tests() {
    hold("without a test", tested::untested_features(&Source::all()).into_iter(), "");
}

/// Nothing breaks a rule.
fn hold(how: &str, found: impl Iterator<Item = String>, report: &str) {
    let found: BTreeSet<String> = found.collect();
    assert!(found.is_empty(), "{how}: {found:#?}\n{report}");
}
