//! Edges by name: every path in a file leads to the file that declares what it names.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, Stmt, TraitItem};

use super::graph::Edges;
use super::macros;
use super::modules::{FileId, Found, ItemId, ModuleId, attributes, leaves, passes_on};
use super::types::Scope;
use super::world::{World, names};
use crate::sources::is_test;

/// Walks the items of one module.
pub struct Paths<'w, 'a> {
    world: &'w World<'a>,
    edges: &'w mut Edges,
    module: ModuleId,
    file: FileId,
    /// What `Self` is, in an `impl`.
    own: Option<ItemId>,
}

// === impl Paths ===

impl<'w, 'a> Paths<'w, 'a> {
    pub fn walk(world: &'w World<'a>, module: ModuleId, edges: &'w mut Edges) {
        let within = &world.modules.all[module];
        let mut walker = Self { world, edges, module, file: within.file, own: None };
        for item in within.items {
            // Modules are walked by themselves.
            if !matches!(item, Item::Mod(_)) {
                walker.visit_item(item);
            }
        }
    }

    fn note(&mut self, path: &[String], line: usize) {
        if let (Some("Self"), Some(own)) = (path.first().map(String::as_str), self.own) {
            return self.note_item(own, path.get(1), path, line);
        }
        if let Found::Item(item, taken) = self.world.modules.resolve(self.module, path) {
            self.edges.add(self.file, line, self.world.modules.items[item].file, path.join("::"));
            self.note_item(item, path.get(taken), path, line);
        }
    }

    /// `Type::method` leads to where the method is as well.
    fn note_item(&mut self, item: ItemId, method: Option<&String>, path: &[String], line: usize) {
        let Some(method) = method else { return };
        let files: Vec<_> = self.world.methods(item, method).iter().map(|method| method.file).collect();
        for file in files {
            self.edges.add(self.file, line, file, path.join("::"));
        }
    }

    fn note_tokens(&mut self, tokens: &proc_macro2::TokenStream) {
        for (path, line) in macros::paths(tokens) {
            let is_type = path[0].starts_with(char::is_uppercase);
            if path.len() > 1 || is_type {
                self.note(&path, line);
            }
        }
    }
}

fn line(span: Span) -> usize {
    span.start().line
}

impl<'ast> Visit<'ast> for Paths<'_, '_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let scope = Scope { module: self.module, ..Scope::default() };
        let own = self.world.bag(&block.self_ty, &scope).items.first().copied();
        let before = std::mem::replace(&mut self.own, own);
        visit::visit_item_impl(self, block);
        self.own = before;
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        if passes_on(&import.vis) {
            return;
        }
        for leaf in leaves(&import.tree).into_iter().filter(|leaf| leaf.name.is_some()) {
            self.note(&leaf.path, line(import.use_token.span));
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Const(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        if !matches!(item, TraitItem::Fn(function) if is_test(&function.attrs)) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_test(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if !is_test(&field.attrs) {
            visit::visit_field_value(self, field);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if !matches!(statement, Stmt::Local(local) if is_test(&local.attrs)) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    /// What attributes name is the compiler's, or a derive's.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let at = path.segments.first().map_or(0, |segment| line(segment.ident.span()));
        self.note(&names(path), at);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.segments.last() {
            let key = (self.world.modules.all[self.module].room.clone(), name.ident.to_string());
            if let Some(file) = self.world.modules.macros.get(&key) {
                self.edges.add(self.file, line(name.ident.span()), *file, format!("{}!", name.ident));
            }
        }
        self.note_tokens(&call.tokens);
    }
}
