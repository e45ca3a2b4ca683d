//! Edges by call: every method that a file calls leads to the file that has it.

use std::collections::HashMap;

use syn::{Block, Expr, ImplItem, Item, Signature, Stmt, TraitItem};

use super::graph::Edges;
use super::modules::{FileId, Found, ModuleId};
use super::types::{Bag, Scope};
use super::world::World;
use crate::sources::is_test;

/// Walks the bodies of one module, and knows what its variables hold.
pub struct Calls<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) edges: &'w mut Edges,
    pub(super) file: FileId,
    pub(super) scope: Scope,
    variables: Vec<HashMap<String, Bag>>,
}

// === impl Calls ===

impl<'w, 'a> Calls<'w, 'a> {
    pub fn walk(world: &'w World<'a>, module: ModuleId, edges: &'w mut Edges) {
        let within = &world.modules.all[module];
        let scope = Scope { module, ..Scope::default() };
        let mut walker = Self { world, edges, file: within.file, scope, variables: Vec::new() };
        within.items.iter().for_each(|item| walker.item(item));
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(function) if !is_test(&function.attrs) => self.function(&function.sig, &function.block),
            Item::Const(item) if !is_test(&item.attrs) => drop(self.expression(&item.expr)),
            Item::Static(item) if !is_test(&item.attrs) => drop(self.expression(&item.expr)),
            Item::Impl(block) if !is_test(&block.attrs) => self.block_of_impl(block),
            Item::Trait(declared) if !is_test(&declared.attrs) => self.block_of_trait(declared),
            Item::Macro(item) if item.ident.is_none() => drop(self.tokens(&item.mac.tokens)),
            _ => {}
        }
    }

    fn block_of_impl(&mut self, block: &syn::ItemImpl) {
        let module = self.scope.module;
        let outer = self.world.scope(module, Bag::default(), &[&block.generics]);
        let own = self.world.bag(&block.self_ty, &outer);
        let scope = self.world.scope(module, own, &[&block.generics]);
        let before = std::mem::replace(&mut self.scope, scope);
        for item in &block.items {
            match item {
                ImplItem::Fn(function) if !is_test(&function.attrs) => self.function(&function.sig, &function.block),
                ImplItem::Const(item) if !is_test(&item.attrs) => drop(self.expression(&item.expr)),
                _ => {}
            }
        }
        self.scope = before;
    }

    fn block_of_trait(&mut self, declared: &syn::ItemTrait) {
        let module = self.scope.module;
        let own = match self.world.modules.resolve(module, &[declared.ident.to_string()]) {
            Found::Item(item, _) => Bag::of(item),
            _ => Bag::default(),
        };
        let scope = self.world.scope(module, own, &[&declared.generics]);
        let before = std::mem::replace(&mut self.scope, scope);
        for item in &declared.items {
            if let TraitItem::Fn(function) = item
                && let Some(body) = &function.default
            {
                self.function(&function.sig, body);
            }
        }
        self.scope = before;
    }

    fn function(&mut self, signature: &Signature, body: &Block) {
        let before = self.scope.clone();
        let outside = std::mem::take(&mut self.variables);
        self.world.add_parameters(&mut self.scope, &signature.generics);
        self.variables.push(HashMap::new());
        for input in &signature.inputs {
            match input {
                syn::FnArg::Receiver(_) => self.name("self", self.scope.own.clone()),
                syn::FnArg::Typed(input) => {
                    let held = self.world.bag(&input.ty, &self.scope);
                    self.bind(&input.pat, &held);
                }
            }
        }
        self.block(body);
        self.variables = outside;
        self.scope = before;
    }

    pub(super) fn name(&mut self, name: &str, held: Bag) {
        if self.variables.is_empty() {
            self.variables.push(HashMap::new());
        }
        let within = self.variables.last_mut().expect("one was pushed");
        within.insert(name.to_owned(), held);
    }

    pub(super) fn variable(&self, name: &str) -> Option<&Bag> {
        self.variables.iter().rev().find_map(|within| within.get(name))
    }

    pub(super) fn fill(&mut self, name: &str, held: &Bag) {
        if let Some(bag) = self.variables.iter_mut().rev().find_map(|within| within.get_mut(name)) {
            bag.add(held);
        }
    }

    pub(super) fn inside(&mut self, walk: impl FnOnce(&mut Self) -> Bag) -> Bag {
        self.variables.push(HashMap::new());
        let held = walk(self);
        self.variables.pop();
        held
    }

    pub(super) fn block(&mut self, block: &Block) -> Bag {
        self.inside(|walker| {
            let mut last = Bag::default();
            for statement in &block.stmts {
                last = walker.statement(statement);
            }
            last
        })
    }

    fn statement(&mut self, statement: &Stmt) -> Bag {
        match statement {
            Stmt::Local(local) if !is_test(&local.attrs) => {
                let value = local.init.as_ref().map(|init| {
                    if let Some((_, otherwise)) = &init.diverge {
                        self.expression(otherwise);
                    }
                    (&*init.expr, self.expression(&init.expr))
                });
                match value {
                    Some((expression, held)) => self.bind_value(&local.pat, expression, &held),
                    None => self.bind(&local.pat, &Bag::default()),
                }
                Bag::default()
            }
            Stmt::Item(item) => {
                self.item(item);
                Bag::default()
            }
            Stmt::Expr(expression, end) => {
                let held = self.expression(expression);
                if end.is_some() { Bag::default() } else { held }
            }
            Stmt::Macro(call) => self.tokens(&call.mac.tokens),
            Stmt::Local(_) => Bag::default(),
        }
    }

    /// Follows an expression and tells what its value holds.
    pub(super) fn expression(&mut self, expression: &Expr) -> Bag {
        match expression {
            Expr::Path(path) => self.path(path),
            Expr::MethodCall(call) => self.method_call(call),
            Expr::Call(call) => self.call(call),
            Expr::Field(field) => self.field(field),
            Expr::Closure(closure) => self.closure(closure, &Bag::default()),
            Expr::Struct(literal) => self.literal(literal),
            Expr::Macro(call) => self.tokens(&call.mac.tokens),
            Expr::Assign(assign) => self.assign(assign),
            Expr::If(_) | Expr::Match(_) | Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_) => {
                self.branching(expression)
            }
            Expr::Let(choice) => self.condition(choice),
            Expr::Block(block) => self.block(&block.block),
            Expr::Async(block) => self.block(&block.block),
            Expr::Unsafe(block) => self.block(&block.block),
            Expr::Const(block) => self.block(&block.block),
            Expr::Paren(inner) => self.expression(&inner.expr),
            Expr::Group(inner) => self.expression(&inner.expr),
            Expr::Reference(inner) => self.expression(&inner.expr),
            Expr::Unary(inner) => self.expression(&inner.expr),
            Expr::Try(inner) => self.expression(&inner.expr),
            Expr::Await(inner) => self.expression(&inner.base),
            Expr::Cast(inner) => self.expression(&inner.expr).with(&self.world.bag(&inner.ty, &self.scope)),
            Expr::Repeat(inner) => self.expression(&inner.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().map(|elem| self.expression(elem)).collect(),
            Expr::Array(array) => array.elems.iter().map(|elem| self.expression(elem)).collect(),
            Expr::Index(index) => {
                self.expression(&index.index);
                self.expression(&index.expr)
            }
            Expr::Binary(binary) => {
                self.expression(&binary.left);
                self.expression(&binary.right);
                Bag::foreign()
            }
            Expr::Range(range) => {
                [&range.start, &range.end].into_iter().flatten().map(|end| self.expression(end)).collect()
            }
            Expr::Return(inner) => self.aside(inner.expr.as_deref()),
            Expr::Break(inner) => inner.expr.as_deref().map(|value| self.expression(value)).unwrap_or_default(),
            Expr::Lit(_) => Bag::foreign(),
            _ => Bag::default(),
        }
    }

    fn aside(&mut self, expression: Option<&Expr>) -> Bag {
        expression.map(|expression| self.expression(expression));
        Bag::default()
    }

    fn branching(&mut self, expression: &Expr) -> Bag {
        self.inside(|walker| match expression {
            Expr::If(branch) => {
                walker.expression(&branch.cond);
                let then = walker.block(&branch.then_branch);
                let otherwise = branch.else_branch.as_ref().map(|(_, otherwise)| walker.expression(otherwise));
                then.with(&otherwise.unwrap_or_default())
            }
            Expr::Match(choice) => {
                let held = walker.expression(&choice.expr);
                let arms = choice.arms.iter().filter(|arm| !is_test(&arm.attrs));
                arms.map(|arm| walker.arm(arm, &choice.expr, &held)).collect()
            }
            Expr::Loop(turn) => walker.block(&turn.body),
            Expr::While(turn) => {
                walker.expression(&turn.cond);
                walker.block(&turn.body)
            }
            Expr::ForLoop(turn) => {
                let held = walker.expression(&turn.expr);
                walker.bind(&turn.pat, &held);
                walker.block(&turn.body)
            }
            _ => Bag::default(),
        })
    }

    /// `if let` binds for what is behind it, in the scope of its `if`.
    fn condition(&mut self, choice: &syn::ExprLet) -> Bag {
        let held = self.expression(&choice.expr);
        self.bind_value(&choice.pat, &choice.expr, &held);
        Bag::foreign()
    }

    fn arm(&mut self, arm: &syn::Arm, value: &Expr, held: &Bag) -> Bag {
        self.inside(|walker| {
            walker.bind_value(&arm.pat, value, held);
            if let Some((_, guard)) = &arm.guard {
                walker.expression(guard);
            }
            walker.expression(&arm.body)
        })
    }
}
