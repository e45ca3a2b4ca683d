//! The modules of a house and what they declare: which item a path means.

use std::collections::HashMap;

use syn::{Item, ItemUse, Stmt, UseTree, Visibility};

use crate::sources::{Source, is_test};

/// How often a name may lead on to another one. The compiler has refused true circles of imports.
const MOST_STEPS: usize = 16;

pub type FileId = usize;
pub type ModuleId = usize;
pub type ItemId = usize;

/// What can be named.
pub struct Named<'a> {
    pub name: String,
    pub module: ModuleId,
    pub file: FileId,
    pub item: &'a Item,
}

pub struct Module<'a> {
    pub room: String,
    pub file: FileId,
    pub items: &'a [Item],
    parent: Option<ModuleId>,
    children: HashMap<String, ModuleId>,
    names: HashMap<String, ItemId>,
    imports: Vec<Import>,
    globs: Vec<Vec<String>>,
}

struct Import {
    name: String,
    path: Vec<String>,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Module(ModuleId),
    /// An item, and how many segments of the path it took.
    Item(ItemId, usize),
    /// Nothing of this house.
    Foreign,
}

/// All modules of all rooms, without those for tests.
#[derive(Default)]
pub struct Modules<'a> {
    pub all: Vec<Module<'a>>,
    pub items: Vec<Named<'a>>,
    pub macros: HashMap<(String, String), FileId>,
    roots: HashMap<String, ModuleId>,
}

// === impl Modules ===

impl<'a> Modules<'a> {
    pub fn of(sources: &'a [Source]) -> Self {
        let by_path: HashMap<_, _> = sources.iter().enumerate().map(|(file, source)| (&*source.path, file)).collect();
        let mut modules = Self::default();
        for (path, file) in &by_path {
            if let Some(room) = room_of_root(path) {
                let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
                let items = &sources[*file].file().items;
                let root = modules.add(Tree { sources, by_path: &by_path }, room, directory, *file, items, None);
                modules.roots.insert(room.to_owned(), root);
            }
        }
        modules
    }

    fn add(
        &mut self,
        tree: Tree<'a, '_>,
        room: &str,
        directory: &str,
        file: FileId,
        items: &'a [Item],
        parent: Option<ModuleId>,
    ) -> ModuleId {
        let id = self.all.len();
        self.all.push(Module {
            room: room.to_owned(),
            file,
            items,
            parent,
            children: HashMap::new(),
            names: HashMap::new(),
            imports: Vec::new(),
            globs: Vec::new(),
        });
        for item in items {
            let Item::Mod(module) = item else {
                self.declare(id, item);
                continue;
            };
            if is_test(&module.attrs) {
                continue;
            }
            let name = module.ident.to_string();
            let inside = join(directory, &name);
            let child = if let Some((_, items)) = &module.content {
                self.add(tree, room, &inside, file, items, Some(id))
            } else if let Some(file) = tree.file_of(&inside) {
                self.add(tree, room, &inside, file, &tree.sources[file].file().items, Some(id))
            } else {
                continue;
            };
            self.all[id].children.insert(name, child);
        }
        id
    }

    fn declare(&mut self, module: ModuleId, item: &'a Item) {
        let name = match item {
            Item::Use(import) => return self.import(module, import),
            Item::ExternCrate(import) => {
                let name = import.rename.as_ref().map_or(&import.ident, |(_, name)| name).to_string();
                let path = if import.ident == "self" { "crate".to_owned() } else { import.ident.to_string() };
                return self.all[module].imports.push(Import { name, path: vec![path] });
            }
            Item::Macro(definition) => {
                if let Some(name) = &definition.ident {
                    let key = (self.all[module].room.clone(), name.to_string());
                    self.macros.insert(key, self.all[module].file);
                }
                return;
            }
            Item::Fn(function) => &function.sig.ident,
            Item::Struct(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Const(item) => &item.ident,
            Item::Static(item) => &item.ident,
            _ => return,
        };
        if is_test(attributes(item)) {
            return;
        }
        let named = Named { name: name.to_string(), module, file: self.all[module].file, item };
        self.all[module].names.insert(named.name.clone(), self.items.len());
        self.items.push(named);
        if let Item::Fn(function) = item {
            self.imports_of_body(module, &function.block);
        }
    }

    /// What a body declares for itself counts as its module's: names are found, if not told apart.
    fn imports_of_body(&mut self, module: ModuleId, block: &'a syn::Block) {
        for statement in &block.stmts {
            if let Stmt::Item(item) = statement {
                self.declare(module, item);
            }
        }
    }

    fn import(&mut self, module: ModuleId, import: &ItemUse) {
        if !is_test(&import.attrs) {
            for leaf in leaves(&import.tree) {
                match leaf.name {
                    Some(name) => self.all[module].imports.push(Import { name, path: leaf.path }),
                    None => self.all[module].globs.push(leaf.path),
                }
            }
        }
    }

    /// What a path means where it is written.
    pub fn resolve(&self, module: ModuleId, path: &[String]) -> Found {
        self.follow(module, path, 0)
    }

    fn follow(&self, module: ModuleId, path: &[String], steps: usize) -> Found {
        let Some(first) = path.first() else { return Found::Foreign };
        if steps > MOST_STEPS {
            return Found::Foreign;
        }
        let start = match first.as_str() {
            "crate" | "$crate" => self.root(&self.all[module].room),
            "self" => Found::Module(module),
            "super" => self.all[module].parent.map_or(Found::Foreign, Found::Module),
            name => match self.member(module, name, path.len() == 1, steps) {
                Found::Foreign => self.root(name.strip_prefix("hubbub_").unwrap_or_default()),
                found => found,
            },
        };
        self.descend(start, path, steps)
    }

    fn descend(&self, start: Found, path: &[String], steps: usize) -> Found {
        let mut found = start;
        for (at, name) in path.iter().enumerate().skip(1) {
            found = match found {
                Found::Module(module) if name == "super" => {
                    self.all[module].parent.map_or(Found::Foreign, Found::Module)
                }
                Found::Module(module) => match self.member(module, name, at + 1 == path.len(), steps) {
                    Found::Item(item, _) => Found::Item(item, at + 1),
                    found => found,
                },
                found => return found,
            };
        }
        found
    }

    /// A name in a module: as the last of a path an item rather than a module.
    fn member(&self, module: ModuleId, name: &str, last: bool, steps: usize) -> Found {
        let within = &self.all[module];
        let item = within.names.get(name).map(|item| Found::Item(*item, 1));
        let child = within.children.get(name).map(|child| Found::Module(*child));
        let own = if last { item.or(child) } else { child.or(item) };
        if let Some(found) = own {
            return found;
        }
        let imports = within.imports.iter().filter(|import| import.name == name);
        let mut found = imports.map(|import| one_segment(self.follow(module, &import.path, steps + 1)));
        if let Some(found) = found.find(|found| *found != Found::Foreign) {
            return found;
        }
        for glob in &within.globs {
            if let Found::Module(other) = self.follow(module, glob, steps + 1)
                && other != module
                && steps < MOST_STEPS
            {
                let found = self.member(other, name, last, steps + 1);
                if found != Found::Foreign {
                    return found;
                }
            }
        }
        Found::Foreign
    }

    /// Whether a file is the root of its room.
    pub fn is_root(&self, file: FileId) -> bool {
        self.roots.values().any(|root| self.all[*root].file == file)
    }

    fn root(&self, room: &str) -> Found {
        self.roots.get(room).map_or(Found::Foreign, |module| Found::Module(*module))
    }
}

/// The files among which modules are looked for.
#[derive(Clone, Copy)]
struct Tree<'a, 'p> {
    sources: &'a [Source],
    by_path: &'p HashMap<&'a str, FileId>,
}

// === impl Tree ===

impl Tree<'_, '_> {
    fn file_of(&self, module: &str) -> Option<FileId> {
        let candidates = [format!("{module}.rs"), format!("{module}/mod.rs")];
        candidates.iter().find_map(|path| self.by_path.get(path.as_str()).copied())
    }
}

/// A name that a `use` brings in; a glob brings in no single one.
pub struct Leaf {
    pub name: Option<String>,
    pub path: Vec<String>,
}

/// Everything that a `use` names.
pub fn leaves(tree: &UseTree) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect(tree, &mut Vec::new(), &mut found);
    found
}

fn collect(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<Leaf>) {
    let with = |name: &str| [before.as_slice(), &[name.to_owned()]].concat();
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            collect(&path.tree, before, found);
            before.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            found.push(Leaf { name: before.last().cloned(), path: before.clone() });
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            found.push(Leaf { path: with(&name), name: Some(name) });
        }
        UseTree::Rename(rename) => {
            let path = if rename.ident == "self" { before.clone() } else { with(&rename.ident.to_string()) };
            found.push(Leaf { name: Some(rename.rename.to_string()), path });
        }
        UseTree::Glob(_) => found.push(Leaf { name: None, path: before.clone() }),
        UseTree::Group(group) => group.items.iter().for_each(|tree| collect(tree, before, found)),
    }
}

/// A `use` that passes names on, as a room's map does, rather than using them.
pub fn passes_on(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

/// The room whose root a file is: its crate, or the program's own.
fn room_of_root(path: &str) -> Option<&str> {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["lib.rs"] => Some("hubbub"),
        [room, "lib.rs"] => Some(room),
        _ => None,
    }
}

/// The item behind an import is named by one segment.
fn one_segment(found: Found) -> Found {
    match found {
        Found::Item(item, _) => Found::Item(item, 1),
        found => found,
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

pub fn attributes(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
