//! The rules of the house, held to the sources themselves: imports go one way, files stay short.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each layer with those that it may import from, beside itself.
const LAYERS: [(&str, &[&str]); 9] = [
    ("kernel", &[]),
    ("domain", &[]),
    ("protocol", &["domain"]),
    ("ports", &["domain", "protocol"]),
    ("hub", &["kernel", "domain", "protocol", "ports"]),
    ("adapters", &["kernel", "domain", "protocol", "ports"]),
    ("tools", &["kernel", "domain", "protocol"]),
    ("transport", &["kernel", "domain", "protocol", "ports", "hub", "adapters"]),
    ("app", &["kernel", "domain", "protocol", "ports", "hub", "adapters", "tools", "transport"]),
];

/// Longer files hide a second subject.
const LONGEST_FILE: usize = 450;

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for path in sources() {
        if let Some(module) = Module::of(&path) {
            let source = read(&path);
            let found = module.wrong_imports(&source);
            wrong.extend(found.into_iter().map(|what| format!("{}: {what}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "against the order of the layers:\n{}", wrong.join("\n"));
}

#[test]
fn files_stay_short() {
    let lengths = sources().into_iter().map(|path| (read(&path).lines().count(), path));
    let long: Vec<_> = lengths.filter(|(lines, _)| *lines > LONGEST_FILE).collect();
    assert!(long.is_empty(), "longer than {LONGEST_FILE} lines: {long:?}");
}

/// A layer that is a crate can name another one without `crate::`; its manifest says which.
#[test]
fn crates_depend_one_way() {
    let mut wrong = Vec::new();
    for (layer, allowed) in LAYERS {
        let Ok(manifest) = fs::read_to_string(root().join(layer).join("Cargo.toml")) else { continue };
        let own = manifest.lines().filter_map(|line| line.strip_prefix("hubbub-"));
        let named = own.map(|line| line.split(['.', ' ']).next().unwrap_or_default().to_owned());
        wrong.extend(
            named.filter(|other| !allowed.contains(&other.as_str())).map(|other| format!("{layer} on {other}")),
        );
    }
    assert!(wrong.is_empty(), "against the order of the layers: {wrong:?}");
}

/// A call with a default in its port would compile without its row, and the adapter's own would never be reached.
#[test]
fn every_call_of_the_parts_is_forwarded_and_counted() {
    let ports = [
        ("hub/counted/store.rs", &["store"][..]),
        ("hub/counted/backplane.rs", &["log", "inbox", "registry", "cluster"][..]),
    ];
    let mut missing = Vec::new();
    for (rows, ports) in ports {
        let rows = read(&root().join(rows));
        for port in ports.iter().map(|port| read(&root().join("ports").join(port).with_extension("rs"))) {
            let calls = port.lines().filter_map(|line| line.trim_start().strip_prefix("async fn ")?.split('(').next());
            let calls: Vec<_> = calls.collect();
            assert!(!calls.is_empty(), "no calls found");
            let is_missing = |call: &&&str| !rows.lines().any(|row| row.trim_start().starts_with(&format!("{call}(")));
            missing.extend(calls.iter().filter(is_missing).map(|call| (*call).to_owned()));
        }
    }
    assert!(missing.is_empty(), "no row in src/hub/counted: {missing:?}");
}

#[test]
fn every_layer_is_known() {
    let listed = fs::read_dir(root()).expect("src is there").flatten();
    let directories = listed.filter(|entry| entry.path().is_dir());
    let unknown: Vec<_> = directories
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| allowed(name).is_none())
        .collect();
    assert!(unknown.is_empty(), "not among the layers of this test: {unknown:?}");
}

#[test]
fn wrong_imports_are_found_however_they_are_written() {
    let hub = Module { layer: "hub".into(), depth: 2 };
    for wrong in [
        "use crate::adapters::redis;",
        "use crate::{domain::UserId, transport::{self, http}};",
        "use crate::{\n    domain,\n    app,\n};",
        "pub(crate) use crate :: adapters;",
        "fn f() { crate::transport::serve() }",
        "use super::super::adapters::redis;",
        "use crate::nowhere;",
        "use crate::*;",
    ] {
        assert_eq!(hub.wrong_imports(wrong).len(), 1, "{wrong}");
    }
}

#[test]
fn right_imports_are_left_alone() {
    let hub = Module { layer: "hub".into(), depth: 2 };
    for right in [
        "use crate::{domain::{self, UserId}, ports::Log};",
        "use crate::hub::limits;",
        "use super::limits;",
        "pub(crate) fn f() {}",
        "pub(in crate::hub) fn f() {}",
        "//! like [`crate::adapters`]",
        "let x = 1; // see crate::adapters",
        "use mycrate::adapters;",
    ] {
        assert_eq!(hub.wrong_imports(right), Vec::<String>::new(), "{right}");
    }
}

/// A file of a layer.
struct Module {
    layer: String,
    /// Its distance from the crate's root: 1 for `src/hub/mod.rs`, 2 for `src/hub/reap.rs`.
    depth: usize,
}

// === impl Module ===

impl Module {
    /// None for the files of the root, which only declare the layers.
    fn of(path: &Path) -> Option<Module> {
        let inside = path.strip_prefix(root()).ok()?.with_extension("");
        let mut names: Vec<_> = inside.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        let of_a_crate = names.len() == 2 && names[1] == "lib";
        if of_a_crate || names.last().is_some_and(|name| name == "mod") {
            names.pop();
        }
        let depth = names.len();
        let layer = names.into_iter().next()?;
        allowed(&layer).map(|_| Module { layer, depth })
    }

    fn wrong_imports(&self, source: &str) -> Vec<String> {
        let code = bare(source);
        let mut wrong = Vec::new();
        for target in targets(&code, "crate::") {
            if !self.may_import(&target) {
                wrong.push(format!("{} imports crate::{target}", self.layer));
            }
        }
        // Enough `super`s reach the root, and from there everything: `crate::…` says it plainly.
        let to_root = "super::".repeat(self.depth);
        if code.contains(&to_root) && self.depth > 1 || code.contains("super::super::super::super::") {
            wrong.push(format!("{to_root} leaves {}", self.layer));
        }
        wrong
    }

    fn may_import(&self, target: &str) -> bool {
        let own = target == self.layer;
        own || allowed(&self.layer).is_some_and(|layers| layers.contains(&target))
    }
}

fn allowed(layer: &str) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(name, _)| *name == layer).map(|(_, allowed)| *allowed)
}

/// The code without comments and blanks, so that a path reads the same however it is laid out.
fn bare(source: &str) -> String {
    let lines = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    // A word boundary before `crate` must outlive its blank.
    let spaced = lines.collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").replace(" ::", "::").replace(":: ", "::")
}

/// The first names of all paths that begin with `start`, groups in braces taken apart.
fn targets(code: &str, start: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(start) {
        let inside_a_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &code[at + start.len()..];
        if inside_a_word {
            continue;
        } else if let Some(group) = rest.strip_prefix('{') {
            found.extend(group_heads(group));
        } else {
            found.push(head(rest));
        }
    }
    found
}

/// The first names of the members of a group, whose opening brace is gone.
fn group_heads(group: &str) -> Vec<String> {
    let mut depth = 1;
    let mut member = String::new();
    let mut heads = Vec::new();
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            heads.push(head(member.trim()));
            member.clear();
        } else {
            member.push(c);
        }
        if depth == 0 {
            break;
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

fn head(path: &str) -> String {
    if path.starts_with('*') {
        return "*".to_owned();
    }
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All Rust files under src.
fn sources() -> Vec<PathBuf> {
    let mut directories = vec![root()];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("src can be read").flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
