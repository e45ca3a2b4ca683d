//! How long files and functions are, how much constructors take, and where `Hub` is implemented.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, ImplItem, ItemImpl, ReturnType, Signature, Type};

use crate::sources::{Source, is_test};

/// Longer files hide a second subject.
const LONGEST_FILE: usize = 350;
/// Lines from a function's `fn` to its last brace.
const LONGEST_FUNCTION: usize = 60;
/// What takes more has more than one thing to do.
const MOST_ARGUMENTS: usize = 7;

/// Files that are too long.
pub fn long_files(sources: &[Source]) -> Vec<String> {
    let lengths = sources.iter().map(|source| (&source.path, source.text.lines().count()));
    lengths.filter(|(_, lines)| *lines > LONGEST_FILE).map(|(path, _)| path.clone()).collect()
}

/// Functions that are too long, those of tests too.
pub fn long_functions(source: &Source) -> Vec<String> {
    let mut found = Functions::default();
    found.visit_file(source.file());
    let long = found.lengths.into_iter().filter(|(_, lines)| *lines > LONGEST_FUNCTION);
    long.map(|(name, _)| format!("{} {name}", source.path)).collect()
}

/// Constructors that take too much.
pub fn wide_constructors(source: &Source) -> Vec<String> {
    let mut found = Blocks { is_wanted: |block: &ItemImpl| block.trait_.is_none(), blocks: Vec::new() };
    found.visit_file(source.file());
    let mut wide = Vec::new();
    for block in found.blocks {
        for item in &block.items {
            if let ImplItem::Fn(function) = item
                && is_constructor(&function.sig, &block.self_ty)
                && arguments(&function.sig) > MOST_ARGUMENTS
            {
                wide.push(format!("{} {}::{}", source.path, name_of(&block.self_ty), function.sig.ident));
            }
        }
    }
    wide
}

/// The files beside its own in which `Hub` has an `impl`: there it does what a part should do.
pub fn impls_of_hub(source: &Source) -> Vec<String> {
    let is_hub = |block: &ItemImpl| name_of(&block.self_ty) == "Hub";
    let is_own = matches!(source.path.as_str(), "hub/lib.rs" | "hub/mod.rs");
    if is_own || !source.path.starts_with("hub/") {
        return Vec::new();
    }
    let mut found = Blocks { is_wanted: is_hub, blocks: Vec::new() };
    found.visit_file(source.file());
    if found.blocks.is_empty() { Vec::new() } else { vec![source.path.clone()] }
}

/// What makes a `Self`: `new`, `with_…` and whatever else returns one without having one.
fn is_constructor(signature: &Signature, own: &Type) -> bool {
    let name = signature.ident.to_string();
    let has_self = signature.receiver().is_some();
    let returns_own = match &signature.output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => mentions(ty, "Self") || mentions(ty, &name_of(own)),
    };
    name == "new" || name.starts_with("with_") || (!has_self && returns_own)
}

fn arguments(signature: &Signature) -> usize {
    signature.inputs.iter().filter(|input| matches!(input, FnArg::Typed(_))).count()
}

/// The name of a type, whatever stands around it.
fn name_of(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|name| name.ident.to_string()).unwrap_or_default(),
        Type::Reference(inner) => name_of(&inner.elem),
        _ => String::new(),
    }
}

fn mentions(ty: &Type, name: &str) -> bool {
    let mut names = Names { wanted: name, found: false };
    names.visit_type(ty);
    names.found
}

/// Whether a type has a name in it.
struct Names<'n> {
    wanted: &'n str,
    found: bool,
}

// === impl Names ===

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_ident(&mut self, name: &'ast proc_macro2::Ident) {
        self.found |= name == self.wanted;
    }
}

/// Functions with their lengths.
#[derive(Default)]
struct Functions {
    lengths: Vec<(String, usize)>,
}

// === impl Functions ===

impl Functions {
    fn add(&mut self, signature: &Signature, end: Span) {
        let lines = end.end().line - signature.fn_token.span.start().line + 1;
        self.lengths.push((signature.ident.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add(&function.sig, function.block.span());
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add(&function.sig, function.block.span());
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(&function.sig, body.span());
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// The `impl` blocks of a file, but for those of tests.
struct Blocks<'ast, F> {
    is_wanted: F,
    blocks: Vec<&'ast ItemImpl>,
}

// === impl Blocks ===

impl<'ast, F: Fn(&ItemImpl) -> bool> Visit<'ast> for Blocks<'ast, F> {
    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        if !is_test(&block.attrs) && (self.is_wanted)(block) {
            self.blocks.push(block);
        }
        visit::visit_item_impl(self, block);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let attributes: &[Attribute] = &module.attrs;
        if !is_test(attributes) {
            visit::visit_item_mod(self, module);
        }
    }
}

mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source::new(path, text)
    }

    #[test]
    fn a_file_of_one_line_too_many_is_found() {
        let of = |lines: usize| long_files(&[source("hub/a.rs", &"// line\n".repeat(lines))]);
        assert_eq!(of(LONGEST_FILE), Vec::<String>::new());
        assert_eq!(of(LONGEST_FILE + 1), ["hub/a.rs"]);
    }

    #[test]
    fn a_function_of_one_line_too_many_is_found_wherever_it_stands() {
        let body = |lines: usize| format!("fn f() {{\n{}}}\n", "    ();\n".repeat(lines - 2));
        for (before, after) in [
            ("", ""),
            ("impl X {", "}"),
            ("impl X for Y {", "}"),
            ("trait X {", "}"),
            ("mod m {", "}"),
            ("fn outer() {", "}"),
            ("#[cfg(test)] mod tests { #[test] ", "}"),
        ] {
            let of = |lines: usize| long_functions(&source("a.rs", &format!("{before}{}{after}", body(lines))));
            assert!(!of(LONGEST_FUNCTION).contains(&"a.rs f".to_owned()), "{before}");
            assert!(of(LONGEST_FUNCTION + 1).contains(&"a.rs f".to_owned()), "{before}");
        }
    }

    #[test]
    fn comments_and_attributes_before_a_function_are_none_of_its_lines() {
        let text = format!("{}#[inline]\nfn f() {{}}\n", "/// told\n".repeat(LONGEST_FUNCTION));
        assert_eq!(long_functions(&source("a.rs", &text)), Vec::<String>::new());
    }

    #[test]
    fn constructors_that_take_too_much_are_found_however_they_are_written() {
        let eight = "a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8";
        for wrong in [
            format!("fn new({eight}) -> Self {{ X }}"),
            format!("pub(crate) async fn new({eight}) -> Arc<Self> {{ X }}"),
            format!("fn with_limits({eight}) -> Self {{ X }}"),
            format!("fn with_limits(self, {eight}) -> Y {{ X }}"),
            format!("fn open({eight}) -> Result<Self, Error> {{ X }}"),
            format!("fn open({eight}) -> X {{ X }}"),
            format!("fn open({eight}) -> impl Future<Output = Option<X>> {{ X }}"),
        ] {
            assert_eq!(wide_constructors(&source("a.rs", &format!("impl<T> X<T> {{ {wrong} }}"))).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn what_takes_seven_or_makes_nothing_is_no_wide_constructor() {
        let seven = "a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8";
        for right in [
            format!("impl X {{ fn new({seven}) -> Self {{ X }} }}"),
            format!("impl X {{ fn with_limits(self, {seven}) -> Self {{ X }} }}"),
            format!("impl X {{ fn send(&self, {seven}, h: u8) -> u8 {{ 0 }} }}"),
            format!("impl X {{ fn count({seven}, h: u8) -> u8 {{ 0 }} }}"),
            format!("#[cfg(test)] mod tests {{ impl X {{ fn new({seven}, h: u8) -> Self {{ X }} }} }}"),
        ] {
            assert_eq!(wide_constructors(&source("a.rs", &right)), Vec::<String>::new(), "{right}");
        }
    }

    #[test]
    fn every_impl_of_hub_beside_its_own_file_is_found() {
        for wrong in [
            "impl Hub { fn f(&self) {} }",
            "impl super::Hub { fn f(&self) {} }",
            "impl crate::Hub {}",
            "impl Members for Hub {}",
            "impl<T> From<T> for Hub {}",
            "impl<'a> Members for &'a Hub {}",
            "mod inner { impl super::super::Hub {} }",
            "fn f() { impl Hub {} }",
        ] {
            assert_eq!(impls_of_hub(&source("hub/presence.rs", wrong)), ["hub/presence.rs"], "{wrong}");
        }
    }

    #[test]
    fn hub_may_be_implemented_where_it_is_declared_and_others_anywhere() {
        for (path, right) in [
            ("hub/lib.rs", "impl Hub {}"),
            ("hub/mod.rs", "impl Hub {}"),
            ("hub/presence.rs", "impl Hubs {}"),
            ("hub/presence.rs", "impl From<Hub> for X {}"),
            ("hub/presence.rs", "#[cfg(test)] impl Hub {}"),
            ("transport/ws/mod.rs", "impl Hub {}"),
        ] {
            assert_eq!(impls_of_hub(&source(path, right)), Vec::<String>::new(), "{right}");
        }
    }
}
