//! The rooms and their order: imports go one way.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::sources::Source;

/// Each room with those that it may import from, beside itself.
pub const ROOMS: [(&str, &[&str]); 10] = [
    ("kernel", &[]),
    ("domain", &[]),
    ("protocol", &["domain"]),
    ("ports", &["domain", "protocol"]),
    ("hub", &["kernel", "domain", "protocol", "ports"]),
    ("adapters", &["kernel", "domain", "protocol", "ports"]),
    ("identity", &["kernel", "domain", "protocol", "ports"]),
    ("tools", &["kernel", "domain", "protocol"]),
    ("transport", &["kernel", "domain", "protocol", "ports", "hub"]),
    ("app", &["kernel", "domain", "protocol", "ports", "hub", "adapters", "identity", "tools", "transport"]),
];

/// What may stand before a path and is none of it.
const KEYWORDS: [&str; 9] = ["use", "dyn", "impl", "for", "in", "as", "mut", "where", "return"];

/// A place in a room.
struct Place {
    room: String,
    /// Its distance from the crate's root: 1 for `src/hub/mod.rs`, 2 for `src/hub/reap.rs`.
    depth: usize,
}

// === impl Place ===

impl Place {
    /// None for the files of the root, which only declare the rooms.
    fn of(path: &str) -> Option<Self> {
        let mut names: Vec<_> = path.trim_end_matches(".rs").split('/').collect();
        let of_a_crate = names.len() == 2 && names[1] == "lib";
        if of_a_crate || names.last() == Some(&"mod") {
            names.pop();
        }
        let room = (*names.first()?).to_owned();
        allowed(&room).map(|_| Self { room, depth: names.len() })
    }

    fn may_import(&self, target: &str) -> bool {
        target == self.room || allowed(&self.room).is_some_and(|rooms| rooms.contains(&target))
    }

    fn wrong_imports(&self, code: &TokenStream) -> Vec<String> {
        let mut paths = Vec::new();
        collect(code, &mut Vec::new(), &mut paths);
        let told = |path: &Vec<String>| self.is_wrong(path).then(|| format!("{} names {}", self.room, path.join("::")));
        paths.iter().filter_map(told).collect()
    }

    fn is_wrong(&self, path: &[String]) -> bool {
        let supers = path.iter().take_while(|name| *name == "super").count();
        match path.first().map(String::as_str) {
            // `pub(crate)` and `self::…` lead nowhere.
            Some("crate") => path.get(1).is_some_and(|target| !self.may_import(target)),
            // Enough `super`s reach the root, and from there everything: `crate::…` says it plainly.
            Some("super") => supers > 3 || (supers >= self.depth && self.depth > 1 && path.len() > supers),
            Some(name) => name.strip_prefix("hubbub_").is_some_and(|room| !self.may_import(room)),
            None => false,
        }
    }
}

/// What in these sources imports against the order of the rooms.
pub fn wrong_imports(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        if let Some(place) = Place::of(&source.path) {
            let found = place.wrong_imports(&tokens(&source.text));
            wrong.extend(found.into_iter().map(|what| format!("{}: {what}", source.path)));
        }
    }
    wrong
}

/// What a manifest depends on against the order: a room that is a crate can name another one without `crate::`.
pub fn wrong_dependencies(room: &str, manifest: &str) -> Vec<String> {
    let own = manifest.lines().filter_map(|line| line.trim_start().trim_start_matches('"').strip_prefix("hubbub-"));
    let named = own.map(|line| line.split(['.', ' ', '"', '=']).next().unwrap_or_default());
    let rooms = allowed(room).unwrap_or_default();
    named.filter(|other| !rooms.contains(other)).map(|other| format!("{room} on {other}")).collect()
}

pub fn allowed(room: &str) -> Option<&'static [&'static str]> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, allowed)| *allowed)
}

/// Comments are gone with this, and blanks; those of docs are strings.
fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// All paths of a code, with groups in braces taken apart.
fn collect(code: &TokenStream, before: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    let from = before.len();
    let mut colons = 0;
    for token in code.clone() {
        match &token {
            TokenTree::Ident(name) => {
                if colons < 2 {
                    finish(before, from, paths);
                }
                let name = name.to_string();
                // `use ::x` begins behind its keyword.
                if !KEYWORDS.contains(&name.as_str()) {
                    before.push(name);
                }
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Punct(punct) if punct.as_char() == '*' && (colons == 2 || before.len() == from && from > 0) => {
                before.push("*".to_owned());
                finish(before, from, paths);
                colons = 0;
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && colons == 2 => {
                collect(&group.stream(), before, paths);
                before.truncate(from);
                colons = 0;
            }
            other => {
                finish(before, from, paths);
                colons = 0;
                if let TokenTree::Group(group) = other {
                    collect(&group.stream(), &mut Vec::new(), paths);
                }
            }
        }
    }
    finish(before, from, paths);
}

fn finish(path: &mut Vec<String>, from: usize, paths: &mut Vec<Vec<String>>) {
    if path.len() > from {
        paths.push(path.clone());
    }
    path.truncate(from);
}

mod tests {
    use super::*;

    fn of_hub(code: &str) -> Vec<String> {
        Place { room: "hub".into(), depth: 2 }.wrong_imports(&tokens(code))
    }

    #[test]
    fn wrong_imports_are_found_however_they_are_written() {
        for wrong in [
            "use crate::adapters::redis;",
            "use crate::{domain::UserId, transport::{self, http}};",
            "use crate::{\n    domain,\n    app,\n};",
            "use crate::{domain, app as chief};",
            "use {crate::app, std::fs};",
            "pub(crate) use crate :: adapters;",
            "pub use crate::adapters;",
            "fn f() { crate::transport::serve() }",
            "fn f() { debug!(\"{}\", crate::transport::serve()) }",
            "fn f(x: Vec<crate::app::Parts>) {}",
            "impl crate::app::Parts for X {}",
            "use super::super::adapters::redis;",
            "use crate::nowhere;",
            "use crate::*;",
            "use crate::{*};",
            "use hubbub_adapters::redis;",
            "use ::hubbub_adapters as parts;",
            "extern crate hubbub_adapters;",
        ] {
            assert!(!of_hub(wrong).is_empty(), "{wrong}");
        }
    }

    #[test]
    fn right_imports_are_left_alone() {
        for right in [
            "use crate::{domain::{self, UserId}, ports::Log};",
            "use crate::hub::limits;",
            "use super::limits;",
            "use hubbub_domain as domain;",
            "pub(crate) fn f() {}",
            "pub(in crate::hub) fn f() {}",
            "//! like [`crate::adapters`]",
            "/// like [`crate::adapters`]\nstruct X;",
            "let x = 1; // see crate::adapters",
            "let x = \"crate::adapters\";",
            "use mycrate::adapters;",
        ] {
            assert_eq!(of_hub(right), Vec::<String>::new(), "{right}");
        }
    }

    #[test]
    fn wrong_dependencies_are_found_however_they_are_written() {
        for wrong in [
            "hubbub-adapters.workspace = true",
            "hubbub-adapters = { path = \"../adapters\" }",
            "\"hubbub-adapters\" = { path = \"../adapters\" }",
            "  hubbub-app={ path = \"../app\" }",
        ] {
            assert_eq!(wrong_dependencies("hub", &format!("[dependencies]\n{wrong}\n")).len(), 1, "{wrong}");
        }
        let right = "[package]\nname = \"hubbub-hub\"\n[dependencies]\nhubbub-domain.workspace = true\n";
        assert_eq!(wrong_dependencies("hub", right), Vec::<String>::new());
    }

    #[test]
    fn places_are_told_from_paths() {
        let of = |path| Place::of(path).map(|place| (place.room, place.depth));
        assert_eq!(of("hub/lib.rs"), Some(("hub".into(), 1)));
        assert_eq!(of("app/mod.rs"), Some(("app".into(), 1)));
        assert_eq!(of("hub/owner/mod.rs"), Some(("hub".into(), 2)));
        assert_eq!(of("hub/owner/lease.rs"), Some(("hub".into(), 3)));
        assert_eq!(of("lib.rs"), None);
    }
}
