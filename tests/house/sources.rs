//! The sources of the hub, read and parsed.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use syn::Attribute;

/// One file of sources.
pub struct Source {
    /// Its path under `src`, as in `hub/owner/mod.rs`.
    pub path: String,
    pub text: String,
    parsed: OnceCell<syn::File>,
}

// === impl Source ===

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), parsed: OnceCell::new() }
    }

    /// What the parser reads in it. Not every rule needs that.
    pub fn file(&self) -> &syn::File {
        self.parsed.get_or_init(|| syn::parse_file(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.path)))
    }

    /// Reads all of `src`.
    pub fn all() -> Vec<Self> {
        let source = |path: PathBuf| {
            let name = path.strip_prefix(root()).expect("it lies under src").to_string_lossy().into_owned();
            Self::new(&name, &read(&path))
        };
        files().into_iter().map(source).collect()
    }
}

/// Where the sources are. Another tree of sources can be named, to look at work that does not compile yet.
pub fn root() -> PathBuf {
    std::env::var_os("HOUSE_SRC").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), PathBuf::from)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether something is there for tests only.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.is_ident("cfg") {
            let condition = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
            return condition == "test" || condition.starts_with("all (test");
        }
        path.segments.last().is_some_and(|name| name.ident == "test")
    })
}

/// All Rust files under `src`, in the order of their names.
fn files() -> Vec<PathBuf> {
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
    files.sort();
    files
}
