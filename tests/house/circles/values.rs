//! What values hold: variables, calls, fields. Every method that is called leads to the file that has it.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprClosure, ExprMethodCall, Item, Member};

use super::calls::Calls;
use super::common::is_common;
use super::macros;
use super::modules::{Found, ItemId};
use super::types::{Bag, Scope};
use super::world::{Method, names};
use crate::sources::is_test;

/// What fills a variable whose type its declaration does not tell.
const FILLING: [&str; 6] = ["push", "push_back", "insert", "extend", "append", "set"];

// === impl Calls ===

impl<'a> Calls<'_, 'a> {
    pub(super) fn path(&mut self, path: &syn::ExprPath) -> Bag {
        let names = names(&path.path);
        if let [name] = names.as_slice()
            && let Some(held) = self.variable(name)
        {
            return held.clone();
        }
        let own = path.qself.as_ref().map(|own| self.world.bag(&own.ty, &self.scope)).unwrap_or_default();
        self.value(&path.path, &names).with(&own)
    }

    /// What a path that is no variable gives: a constant, what a function returns, a variant.
    fn value(&mut self, path: &syn::Path, names: &[String]) -> Bag {
        let module = self.scope.module;
        let (items, rest) = match (names[0].as_str(), self.scope.parameters.get(&names[0])) {
            ("Self", _) => (self.scope.own.items.clone(), 1),
            (_, Some(bounds)) => (bounds.items.clone(), 1),
            _ => match self.world.modules.resolve(module, names) {
                Found::Item(item, taken) => (Bag::of(item).items, taken),
                _ if names.iter().any(|name| self.world.wraps(name)) => {
                    return self.world.bag_of_path(path, &self.scope);
                }
                _ => return Bag::foreign(),
            },
        };
        let arguments = Bag { foreign: false, ..self.world.bag_of_path(path, &self.scope) };
        let all = items.into_iter().map(|item| self.value_of(item, &names[0], names.get(rest), path.span()));
        all.collect::<Bag>().with(&arguments)
    }

    fn value_of(&mut self, item: ItemId, first: &str, member: Option<&String>, at: Span) -> Bag {
        let named = &self.world.modules.items[item];
        let scope = Scope { module: named.module, ..Scope::default() };
        match (named.item, member) {
            (Item::Fn(function), _) => {
                let scope = self.world.scope(named.module, Bag::default(), &[&function.sig.generics]);
                self.world.returned(&function.sig.output, &scope)
            }
            (Item::Const(item), _) => self.world.bag(&item.ty, &scope),
            (Item::Static(item), _) => self.world.bag(&item.ty, &scope),
            (_, Some(member)) => {
                let methods = self.world.methods(item, member);
                // `Trait::method(x)` says nothing of what `x` is; of `T::method(x)` the caller knows.
                let objects = matches!(named.item, Item::Trait(_)) && !self.scope.parameters.contains_key(first);
                let given = Bag { objects, ..Bag::of(item) };
                if methods.is_empty() { given } else { self.given_by(methods, &given, at) }
            }
            (Item::Type(alias), None) => self.world.bag(&alias.ty, &scope),
            _ => Bag::of(item),
        }
    }

    /// What methods give; each leads to where it is.
    fn given_by(&mut self, methods: Vec<&Method<'a>>, held: &Bag, at: Span) -> Bag {
        let mut result = Bag::default();
        for method in methods {
            result.add(&self.world.result(method, held));
            self.note(method, held, at);
        }
        result
    }

    fn note(&mut self, method: &Method<'_>, held: &Bag, at: Span) {
        let line = at.start().line;
        let owner = &self.world.modules.items[method.owner];
        let what = format!("{}::{}", owner.name, method.signature.ident);
        self.edges.add(self.file, line, method.file, what.clone());
        if !matches!(owner.item, Item::Trait(_)) || !(held.objects || held.is_unknown()) {
            return;
        }
        let modules = &self.world.modules;
        let room = &modules.all[self.scope.module].room;
        let implementors = self.world.implementors.get(&method.owner).into_iter().flatten();
        // A trait of another room is a port.
        if &modules.all[owner.module].room == room {
            for file in implementors.filter(|file| !modules.is_root(**file)) {
                self.edges.add(self.file, line, *file, format!("{what} (implemented)"));
            }
        }
    }

    pub(super) fn method_call(&mut self, call: &ExprMethodCall) -> Bag {
        let held = self.expression(&call.receiver);
        let name = call.method.to_string();
        let at = call.method.span();
        let mut methods: Vec<_> = held.items.iter().flat_map(|item| self.world.methods(*item, &name)).collect();
        if methods.is_empty() && (held.is_unknown() || !held.foreign) && !is_common(&name) {
            let room = &self.world.modules.all[self.scope.module].room;
            methods =
                self.world.only_owner(room, &name).map(|owner| self.world.methods(owner, &name)).unwrap_or_default();
        }
        if methods.is_empty() {
            // A method of the standard library keeps what is held, and may bring in what it is given.
            let arguments: Bag = call.args.iter().map(|argument| self.argument(argument, &held)).collect();
            let arguments = Bag { foreign: false, ..arguments };
            if let Expr::Path(path) = &*call.receiver
                && let Some(variable) = path.path.get_ident()
                && FILLING.contains(&name.as_str())
            {
                self.fill(&variable.to_string(), &arguments);
            }
            return held.with(&arguments);
        }
        let given: Bag =
            methods.iter().map(|method| self.world.given_to_closures(method.signature, &method.scope)).collect();
        let result = self.given_by(methods, &held, at);
        let arguments: Vec<_> = call.args.iter().map(|argument| self.argument(argument, &given)).collect();
        // What a closure gives is what is given back, where a type parameter says no more.
        if result.is_unknown() { arguments.into_iter().collect() } else { result }
    }

    fn argument(&mut self, argument: &Expr, given: &Bag) -> Bag {
        match argument {
            Expr::Closure(closure) => self.closure(closure, given),
            other => self.expression(other),
        }
    }

    pub(super) fn closure(&mut self, closure: &ExprClosure, given: &Bag) -> Bag {
        self.inside(|walker| {
            closure.inputs.iter().for_each(|input| walker.bind(input, given));
            walker.expression(&closure.body)
        })
    }

    pub(super) fn call(&mut self, call: &syn::ExprCall) -> Bag {
        let result = self.expression(&call.func);
        let given = self.given_by_function(&call.func);
        let arguments: Bag = call.args.iter().map(|argument| self.argument(argument, &given)).collect();
        let wraps = match &*call.func {
            Expr::Path(path) => path.path.segments.iter().any(|name| self.world.wraps(&name.ident.to_string())),
            _ => false,
        };
        match (wraps, result.foreign) {
            (true, _) => Bag { foreign: false, ..result }.with(&arguments),
            (false, true) => result.with(&arguments),
            (false, false) if result.is_unknown() => arguments,
            (false, false) => result,
        }
    }

    fn given_by_function(&self, function: &Expr) -> Bag {
        let Expr::Path(path) = function else { return Bag::default() };
        match self.world.modules.resolve(self.scope.module, &names(&path.path)) {
            Found::Item(item, _) => {
                let named = &self.world.modules.items[item];
                let Item::Fn(function) = named.item else { return Bag::default() };
                let scope = self.world.scope(named.module, Bag::default(), &[]);
                self.world.given_to_closures(&function.sig, &scope)
            }
            _ => Bag::default(),
        }
    }

    pub(super) fn field(&mut self, field: &syn::ExprField) -> Bag {
        let held = self.expression(&field.base);
        let name = match &field.member {
            Member::Named(name) => name.to_string(),
            Member::Unnamed(at) => at.index.to_string(),
        };
        let found: Vec<_> =
            held.items.iter().filter_map(|item| Some((*item, self.world.field(*item, &name)?))).collect();
        if found.is_empty() {
            // A tuple's part may be any of what it holds.
            return if matches!(field.member, Member::Unnamed(_)) { held } else { Bag::foreign() };
        }
        let mut result = Bag::default();
        for (item, (file, part)) in found {
            let what = format!("{}.{name}", self.world.modules.items[item].name);
            self.edges.add(self.file, field.member.span().start().line, file, what);
            result.add(&part);
        }
        if result.is_unknown() {
            // A field of a type parameter is what this `impl` asks of its parameters.
            result = self.scope.parameters.values().cloned().collect();
        }
        result
    }

    pub(super) fn literal(&mut self, literal: &syn::ExprStruct) -> Bag {
        for field in literal.fields.iter().filter(|field| !is_test(&field.attrs)) {
            self.expression(&field.expr);
        }
        if let Some(rest) = &literal.rest {
            self.expression(rest);
        }
        self.world.bag_of_path(&literal.path, &self.scope)
    }

    pub(super) fn assign(&mut self, assign: &syn::ExprAssign) -> Bag {
        let held = self.expression(&assign.right);
        self.assign_to(&assign.left, &held);
        Bag::default()
    }

    /// In a macro, what is left of a `=` may be a pattern: then its names are new.
    fn assign_to(&mut self, target: &Expr, held: &Bag) {
        match target {
            Expr::Path(path) => {
                if let Some(name) = path.path.get_ident().map(ToString::to_string) {
                    if self.variable(&name).is_some() { self.fill(&name, held) } else { self.name(&name, held.clone()) }
                }
            }
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|target| self.assign_to(target, held)),
            Expr::Call(call) => call.args.iter().for_each(|target| self.assign_to(target, held)),
            other => drop(self.expression(other)),
        }
    }

    pub(super) fn tokens(&mut self, tokens: &proc_macro2::TokenStream) -> Bag {
        self.inside(|walker| {
            let expressions = macros::expressions(tokens);
            expressions.iter().map(|expression| walker.expression(expression)).collect()
        })
    }
}
