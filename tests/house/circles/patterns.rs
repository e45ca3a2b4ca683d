//! Variables by their patterns.

use syn::{Expr, Member, Pat};

use super::calls::Calls;
use super::modules::Found;
use super::types::Bag;
use super::world::names;

// === impl Calls ===

impl Calls<'_, '_> {
    /// Binds a pattern to a value: a tuple's parts one by one, where the value shows them.
    pub(super) fn bind_value(&mut self, pattern: &Pat, value: &Expr, held: &Bag) {
        match (pattern, value) {
            (Pat::Tuple(pattern), Expr::Tuple(value)) if pattern.elems.len() == value.elems.len() => {
                for (pattern, value) in pattern.elems.iter().zip(&value.elems) {
                    let held = self.expression(value);
                    self.bind_value(pattern, value, &held);
                }
            }
            _ => self.bind(pattern, held),
        }
    }

    /// Binds the names of a pattern to what a value holds, or to the parts of it that the pattern takes.
    pub(super) fn bind(&mut self, pattern: &Pat, held: &Bag) {
        match pattern {
            Pat::Ident(name) => {
                self.name(&name.ident.to_string(), held.clone());
                if let Some((_, inner)) = &name.subpat {
                    self.bind(inner, held);
                }
            }
            Pat::Type(typed) => {
                let declared = self.world.bag(&typed.ty, &self.scope);
                // `let found: Vec<_>` says less than the value does.
                let held = if declared.items.is_empty() { held } else { &declared };
                self.bind(&typed.pat, held);
            }
            Pat::Reference(inner) => self.bind(&inner.pat, held),
            Pat::Paren(inner) => self.bind(&inner.pat, held),
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|pattern| self.bind(pattern, held)),
            Pat::Slice(slice) => slice.elems.iter().for_each(|pattern| self.bind(pattern, held)),
            Pat::Or(choice) => choice.cases.iter().for_each(|pattern| self.bind(pattern, held)),
            Pat::TupleStruct(taken) => {
                for (at, pattern) in taken.elems.iter().enumerate() {
                    let part = self.part(&taken.path, &at.to_string(), held);
                    self.bind(pattern, &part);
                }
            }
            Pat::Struct(taken) => {
                for field in &taken.fields {
                    let name = match &field.member {
                        Member::Named(name) => name.to_string(),
                        Member::Unnamed(at) => at.index.to_string(),
                    };
                    let part = self.part(&taken.path, &name, held);
                    self.bind(&field.pat, &part);
                }
            }
            _ => {}
        }
    }

    /// `Some(x)` holds what the whole does; a type of this house says what its parts hold.
    fn part(&self, path: &syn::Path, name: &str, held: &Bag) -> Bag {
        let names = names(path);
        let variant = names.last().map(String::as_str).unwrap_or_default();
        if names[0] == "Self" {
            return self.scope.own.items.iter().map(|item| self.world.part(*item, variant, name)).collect();
        }
        match self.world.modules.resolve(self.scope.module, &names) {
            Found::Item(item, _) => {
                let part = self.world.part(item, variant, name);
                if part.is_unknown() { held.clone() } else { part }
            }
            _ => held.clone(),
        }
    }
}
