//! What the types of a house have: fields and methods, found by the types that declarations name.

use std::collections::{BTreeSet, HashMap};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Fields, ImplItem, Item, Signature, TraitItem, Type};

use super::modules::{FileId, Found, ItemId, ModuleId, Modules};
use super::types::{Bag, Scope};
use crate::sources::{Source, is_test};

/// A function of a type or of a trait.
#[derive(Clone)]
pub struct Method<'a> {
    pub owner: ItemId,
    pub file: FileId,
    pub signature: &'a Signature,
    pub scope: Scope,
}

/// All rooms, with what their types have.
pub struct World<'a> {
    pub modules: Modules<'a>,
    methods: HashMap<ItemId, HashMap<String, Vec<Method<'a>>>>,
    /// By room and name: the items that have a method of that name.
    owners: HashMap<(String, String), BTreeSet<ItemId>>,
    /// The traits of a type.
    traits: HashMap<ItemId, Vec<ItemId>>,
    /// The files that implement a trait, by the trait.
    pub implementors: HashMap<ItemId, BTreeSet<FileId>>,
    targets: HashMap<ItemId, Bag>,
}

// === impl World ===

impl<'a> World<'a> {
    pub fn of(sources: &'a [Source]) -> Self {
        let mut world = Self {
            modules: Modules::of(sources),
            methods: HashMap::new(),
            owners: HashMap::new(),
            traits: HashMap::new(),
            implementors: HashMap::new(),
            targets: HashMap::new(),
        };
        for module in 0..world.modules.all.len() {
            for item in world.modules.all[module].items {
                world.learn(module, item);
            }
        }
        world
    }

    fn learn(&mut self, module: ModuleId, item: &'a Item) {
        match item {
            Item::Trait(declared) if !is_test(&declared.attrs) => {
                let Found::Item(id, _) = self.modules.resolve(module, &[declared.ident.to_string()]) else { return };
                let scope = self.scope(module, Bag::of(id), &[&declared.generics]);
                for item in &declared.items {
                    if let TraitItem::Fn(function) = item {
                        self.learn_method(id, module, &function.sig, &scope);
                    }
                }
            }
            Item::Impl(block) if !is_test(&block.attrs) => self.learn_impl(module, block),
            _ => {}
        }
    }

    fn learn_impl(&mut self, module: ModuleId, block: &'a syn::ItemImpl) {
        let own = self.bag(&block.self_ty, &self.scope(module, Bag::default(), &[&block.generics]));
        // `impl Trait for Arc<Hub>` is the hub's.
        let Some(&owner) = own.items.first() else { return };
        let scope = self.scope(module, Bag::of(owner), &[&block.generics]);
        for item in &block.items {
            match item {
                ImplItem::Fn(function) if !is_test(&function.attrs) => {
                    self.learn_method(owner, module, &function.sig, &scope);
                }
                ImplItem::Type(target) if target.ident == "Target" => {
                    self.targets.insert(owner, self.bag(&target.ty, &scope));
                }
                _ => {}
            }
        }
        if let Some((_, path, _)) = &block.trait_
            && let Found::Item(of, _) = self.modules.resolve(module, &names(path))
        {
            self.traits.entry(owner).or_default().push(of);
            self.implementors.entry(of).or_default().insert(self.modules.all[module].file);
        }
    }

    fn learn_method(&mut self, owner: ItemId, module: ModuleId, signature: &'a Signature, scope: &Scope) {
        let name = signature.ident.to_string();
        let within = &self.modules.all[module];
        let method = Method { owner, file: within.file, signature, scope: scope.clone() };
        self.owners.entry((within.room.clone(), name.clone())).or_default().insert(owner);
        self.methods.entry(owner).or_default().entry(name).or_default().push(method);
    }

    /// The methods of this name that an item has: its own, of its traits, or of what it derefs to.
    pub fn methods(&self, item: ItemId, name: &str) -> Vec<&Method<'a>> {
        let mut found = Vec::new();
        self.collect_methods(item, name, &mut BTreeSet::new(), &mut found);
        found
    }

    fn collect_methods<'w>(
        &'w self,
        item: ItemId,
        name: &str,
        seen: &mut BTreeSet<ItemId>,
        found: &mut Vec<&'w Method<'a>>,
    ) {
        if !seen.insert(item) {
            return;
        }
        if let Some(own) = self.methods.get(&item).and_then(|methods| methods.get(name)) {
            return found.extend(own);
        }
        for of in self.traits.get(&item).into_iter().flatten().copied().chain(self.supertraits(item)) {
            self.collect_methods(of, name, seen, found);
        }
        if found.is_empty() {
            for target in self.targets.get(&item).into_iter().flat_map(|target| &target.items) {
                self.collect_methods(*target, name, seen, found);
            }
        }
    }

    fn supertraits(&self, item: ItemId) -> Vec<ItemId> {
        let named = &self.modules.items[item];
        let Item::Trait(declared) = named.item else { return Vec::new() };
        let scope = Scope { module: named.module, ..Scope::default() };
        self.bounds(declared.supertraits.iter(), &scope).items.into_iter().filter(|other| *other != item).collect()
    }

    /// The one item of a room that has a method of this name. A trait stands for those who implement it.
    pub fn only_owner(&self, room: &str, name: &str) -> Option<ItemId> {
        let owners = self.owners.get(&(room.to_owned(), name.to_owned()))?;
        let implements = |item: &ItemId, of: ItemId| self.traits.get(item).is_some_and(|traits| traits.contains(&of));
        let stands_for_all = |of: &&ItemId| owners.iter().all(|item| item == *of || implements(item, **of));
        owners.iter().find(stands_for_all).copied().filter(|_| !owners.is_empty())
    }

    /// What a call of a method gives, on a receiver that holds `held`.
    pub fn result(&self, method: &Method<'a>, held: &Bag) -> Bag {
        let mut scope = method.scope.clone();
        self.add_parameters(&mut scope, &method.signature.generics);
        let result = self.returned(&method.signature.output, &scope);
        // What a type parameter stands for is among what its holder holds.
        let is_generic = mentions(method.signature.output.to_token_stream(), &scope.parameters);
        if is_generic { result.with(held) } else { result }
    }

    /// What the closures that a function takes are given.
    pub fn given_to_closures(&self, signature: &Signature, scope: &Scope) -> Bag {
        let mut scope = scope.clone();
        self.add_parameters(&mut scope, &signature.generics);
        let mut inputs = Inputs { types: Vec::new() };
        syn::visit::Visit::visit_signature(&mut inputs, signature);
        inputs.types.iter().map(|ty| self.bag(ty, &scope)).collect()
    }

    /// What a field holds; `None` where the item has no such field.
    pub fn field(&self, item: ItemId, name: &str) -> Option<(FileId, Bag)> {
        let named = &self.modules.items[item];
        if let Item::Struct(declared) = named.item {
            let scope = self.scope(named.module, Bag::of(item), &[&declared.generics]);
            if let Some(ty) = field_type(&declared.fields, name) {
                return Some((named.file, self.bag(ty, &scope)));
            }
        }
        let target = self.targets.get(&item).filter(|target| !target.items.contains(&item))?;
        target.items.iter().find_map(|item| self.field(*item, name))
    }

    /// What a variant's or a struct's field holds, where a pattern takes it apart.
    pub fn part(&self, item: ItemId, variant: &str, name: &str) -> Bag {
        let named = &self.modules.items[item];
        match named.item {
            Item::Struct(_) => self.field(item, name).map(|(_, bag)| bag).unwrap_or_default(),
            Item::Enum(declared) => {
                let scope = self.scope(named.module, Bag::of(item), &[&declared.generics]);
                let variant = declared.variants.iter().find(|one| one.ident == variant);
                variant.and_then(|one| field_type(&one.fields, name)).map(|ty| self.bag(ty, &scope)).unwrap_or_default()
            }
            _ => Bag::default(),
        }
    }
}

/// What closures are given by the types `Fn(…)` of a signature.
struct Inputs<'s> {
    types: Vec<&'s Type>,
}

// === impl Inputs ===

impl<'s> syn::visit::Visit<'s> for Inputs<'s> {
    fn visit_parenthesized_generic_arguments(&mut self, function: &'s syn::ParenthesizedGenericArguments) {
        self.types.extend(&function.inputs);
    }
}

pub fn names(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

fn field_type<'f>(fields: &'f Fields, name: &str) -> Option<&'f Type> {
    match name.parse::<usize>() {
        Ok(at) => fields.iter().nth(at).map(|field| &field.ty),
        Err(_) => {
            fields.iter().find(|field| field.ident.as_ref().is_some_and(|ident| ident == name)).map(|field| &field.ty)
        }
    }
}

fn mentions(tokens: TokenStream, parameters: &HashMap<String, Bag>) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(name) => parameters.contains_key(&name.to_string()),
        TokenTree::Group(group) => mentions(group.stream(), parameters),
        _ => false,
    })
}
