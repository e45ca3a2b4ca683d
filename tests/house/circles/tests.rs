//! Planted circles, in each form that is claimed to be found, and what is none.

use super::*;

/// What is called, and what holds it in every way. `D` has methods of the same names, so that names alone tell nothing.
const B: &str = "
    pub struct B { pub inner: u8 }
    pub const LIMIT: u8 = 1;
    pub fn free() -> B { B::make() }
    impl B { pub fn make() -> Self { B { inner: 1 } } pub fn act(&self) {} pub fn only_b(&self) {} }
";
const D: &str = "
    pub struct D;
    impl D { pub fn act(&self) {} pub fn give(&self) -> u8 { 1 } }
";
const C: &str = "
    use super::b::B;
    pub struct C {
        pub b: B, pub arc: Arc<B>, pub boxed: Box<B>, pub option: Option<B>, pub reference: &'static B,
        pub list: Vec<B>, pub mutex: Mutex<B>, pub nested: Arc<Mutex<Option<Vec<B>>>>,
        pub map: DashMap<String, Arc<B>>, pub pair: (u8, B), pub part: Part, pub d: super::d::D,
        pub call: Box<dyn Fn(u8) -> B>, pub generic: Holder<B>, pub alias: Bs,
    }
    pub struct Part { pub b: B }
    pub struct Holder<T> { inner: T }
    pub type Bs = Vec<Arc<B>>;
    pub enum Event { Came(B), Went { b: B } }
    impl C {
        pub fn give(&self) -> B { todo!() }
        pub fn find(&self) -> Option<Arc<B>> { None }
        pub fn each(&self, f: impl Fn(&B)) {}
        pub async fn wait(&self) -> Result<B, ()> { Err(()) }
        pub fn event(&self) -> Event { todo!() }
        pub fn quiet(&self) {}
    }
    impl<T> Holder<T> { pub fn hold(&self) -> &T { &self.inner } }
    impl Deref for Part { type Target = B; fn deref(&self) -> &B { &self.b } }
";

fn planted(a: &str, more: &[(&str, &str)]) -> Vec<Source> {
    let modules = more.iter().map(|(name, _)| format!("mod {name};")).collect::<String>();
    let mut sources = vec![
        Source::new("hub/lib.rs", &format!("mod a; mod b; mod c; mod d; {modules}")),
        Source::new("hub/a.rs", a),
        Source::new("hub/b.rs", B),
        Source::new("hub/c.rs", C),
        Source::new("hub/d.rs", D),
    ];
    sources.extend(more.iter().map(|(name, text)| Source::new(&format!("hub/{name}.rs"), text)));
    sources
}

/// Whether `a.rs` leads to a file.
fn leads(a: &str, to: &str) -> bool {
    let sources = planted(a, &[]);
    Circles::of(&sources).leads("hub/a.rs", to)
}

#[test]
fn names_lead_to_what_declares_them() {
    for form in [
        "use super::b::B;",
        "use super::b::{self, B as Other};",
        "use crate::b::B;",
        "fn f() { super::b::free(); }",
        "use super::b; fn f() { b::free(); }",
        "fn f() { use super::b::free; free(); }",
        "use super::b::*; fn f(x: B) {}",
        "fn f(x: &Option<crate::b::B>) {}",
        "struct A { b: super::b::B }",
        "const X: u8 = super::b::LIMIT;",
        "impl Default for super::b::B { fn default() -> Self { todo!() } }",
        "fn f() { let x = super::b::B { inner: 1 }; }",
        "fn f(x: u8) { match x { super::b::LIMIT => {} _ => {} } }",
        "fn f() { tracing::debug!(\"{}\", super::b::LIMIT); }",
        "fn f<T: Into<super::b::B>>(x: T) {}",
        "fn f() -> impl Into<super::b::B> {}",
        "mod inner { use super::super::b::B; }",
        "macro_rules! make { () => { $crate::b::B::make() } }",
    ] {
        assert!(leads(form, "hub/b.rs"), "{form}");
    }
}

#[test]
fn calls_lead_to_what_has_the_method() {
    for body in [
        "c.b.act()",
        "c.arc.act()",
        "c.boxed.act()",
        "c.option.as_ref().unwrap().act()",
        "c.reference.act()",
        "c.list[0].act()",
        "c.list.iter().for_each(|b| b.act())",
        "c.list.iter().map(|b| b).filter(|b| true).for_each(|x| x.act())",
        "for b in &c.list { b.act() }",
        "c.mutex.lock().act()",
        "c.mutex.lock().unwrap().act()",
        "if let Some(list) = &*c.nested.lock() { list.first().unwrap().act() }",
        "let Some(list) = &*c.nested.lock() else { return }; list[0].act()",
        "c.map.get(\"x\").unwrap().act()",
        "let (_, b) = &c.pair; b.act()",
        "c.pair.1.act()",
        "c.part.b.act()",
        "c.part.act()",
        "(c.call)(1).act()",
        "c.generic.hold().act()",
        "for b in &c.alias { b.act() }",
        "let b = c.give(); b.act()",
        "c.give().act()",
        "let Some(b) = c.find() else { return }; b.act()",
        "while let Some(b) = c.find() { b.act() }",
        "c.wait().await.unwrap().act()",
        "c.wait().await?.act()",
        "match c.event() { Event::Came(b) => b.act(), _ => {} }",
        "match c.event() { Event::Went { b } => b.act(), _ => {} }",
        "if let Event::Went { b: other } = c.event() && true { other.act() }",
        "c.each(|b| b.act())",
        "let call = || c.give(); call().act()",
        "let b = if x { c.give() } else { c.give() }; b.act()",
        "let b = match x { true => c.give(), false => c.give() }; b.act()",
        "let b = loop { break c.give() }; b.act()",
        "let mut all = Vec::new(); all.push(c.give()); for b in all { b.act() }",
        "let b; b = c.give(); b.act()",
        "let shared = Arc::new(c.give()); shared.clone().act()",
        "let shared = Arc::clone(&c.arc); tokio::spawn(async move { shared.act() });",
        "other.take(move || c.give().act())",
        "tracing::debug!(name = %c.give().act(), \"told\")",
        "assert_eq!(c.give().act(), ())",
        "tokio::select! { () = stop() => {} b = c.wait() => { b.unwrap().act() } }",
        "tokio::select! { Ok(b) = c.wait() => b.act(), else => {} }",
        "format!(\"{}\", c.give().act())",
        "unknown.only_b()",
        "let x = c.b.inner;",
    ] {
        let a =
            format!("use super::c::{{C, Event}}; async fn f(c: &C, x: bool, other: Foreign, unknown: _) {{ {body} }}");
        assert!(leads(&a, "hub/b.rs"), "{body}");
    }
}

#[test]
fn receivers_are_followed_through_what_a_file_declares() {
    for form in [
        "struct A { c: Arc<C> } impl A { fn f(&self) { self.c.b.act() } }",
        "struct A { c: Arc<C> } impl A { fn f(self: &Arc<Self>) { let all = self.clone(); all.c.b.act() } }",
        "struct A { c: Arc<C> } impl A { fn c(&self) -> &C { &self.c } fn f(&self) { self.c().give().act() } }",
        "struct A(C); impl A { fn f(&self) { self.0.give().act() } }",
        "struct A { c: C } impl A { fn f(&self) { let Self { c } = self; c.b.act() } }",
        "struct A<T> { t: T, c: C } impl<T: Send> A<T> { fn f(&self) { self.c.give().act() } }",
        "fn g(c: &C) -> &Part { &c.part } fn f(c: &C) { g(c).b.act() }",
        "fn f(c: &C) { fn inner(c: &C) { c.give().act() } }",
        "trait Own { fn c(&self) -> &C; fn f(&self) { self.c().give().act() } }",
        "fn f(all: Vec<(u8, C)>) { for (_, c) in all { c.b.act() } }",
        "fn f(call: impl Fn() -> C) { call().b.act() }",
        "static ALL: LazyLock<C> = LazyLock::new(|| todo!()); fn f() { ALL.b.act() }",
        "mod inner { use super::*; fn f(c: &C) { c.b.act() } }",
        "fn f(c: &C) { c.find().map(|b| B::act(&b)); } use super::b::B;",
    ] {
        let a = format!("use super::c::{{C, Part}}; {form}");
        assert!(leads(&a, "hub/b.rs"), "{form}");
    }
}

#[test]
fn what_neither_names_nor_calls_leads_nowhere() {
    for form in [
        "pub use super::b::B;",
        "pub(crate) use super::b::B;",
        "mod inner {} use super::b;",
        "//! [`super::b::B`]",
        "/// [`super::b::B`]\nfn f() {}",
        "#[cfg(test)] use super::b::B;",
        "#[cfg(test)] mod tests { use super::super::b::B; }",
        "#[cfg(all(test, unix))] fn f(x: super::b::B) {}",
        "fn f() { let text = \"super::b::B\"; }",
        "fn f(c: &C) { c.quiet() }",
        "fn f(c: &C) { c.list.len(); c.option.is_some(); }",
        "fn f(c: &C) { c.d.act() }",
        "fn f(d: &super::d::D) { d.act() }",
        "fn f(other: &foreign::B) { other.act() }",
        "fn f(foreign: foreign::Task) { foreign.only_b() }",
        "struct B; impl B { fn act(&self) {} } fn f(b: B) { b.act() }",
        "impl C { #[cfg(test)] fn f(&self) { self.b.act() } }",
        "use foreign::b::B; fn f(x: B) { x.act() }",
    ] {
        let a = format!("{form}\nuse super::c::C;");
        assert!(!leads(&a, "hub/b.rs"), "{form}");
    }
}

#[test]
fn what_a_map_passes_on_is_of_the_file_that_declares_it() {
    let sources = [
        Source::new("hub/lib.rs", "mod one; mod user;"),
        Source::new("hub/one/mod.rs", "mod child; pub use child::X; pub use child as other;"),
        Source::new("hub/one/child.rs", "pub struct X; impl X { pub fn act(&self) {} }"),
        Source::new("hub/user.rs", "use super::one::X; fn f(x: &X, y: super::one::other::X) { x.act() }"),
    ];
    let circles = Circles::of(&sources);
    assert!(circles.leads("hub/user.rs", "hub/one/child.rs"));
    assert!(!circles.leads("hub/user.rs", "hub/one/mod.rs"));
    assert!(!circles.leads("hub/one/mod.rs", "hub/one/child.rs"));
}

#[test]
fn a_map_and_its_child_that_use_each_other_are_a_circle() {
    let child = "pub struct Part; impl Part { pub fn of(whole: &super::Whole) -> Self { Part } }";
    for whole in [
        "mod child; pub struct Whole { part: child::Part }",
        "mod child; pub use child::Part; pub struct Whole { part: Part }",
        "mod child; pub struct Whole; impl Whole { fn part(&self) { child::Part::of(self); } }",
    ] {
        let sources = [
            Source::new("hub/lib.rs", "mod one;"),
            Source::new("hub/one/mod.rs", whole),
            Source::new("hub/one/child.rs", child),
        ];
        let circles = Circles::of(&sources);
        assert_eq!(circles.files(), BTreeSet::from(["hub/one/child.rs", "hub/one/mod.rs"]), "{whole}");
    }
}

#[test]
fn calls_through_traits_lead_to_the_trait_and_to_all_that_implement_it() {
    let does = [
        ("t", "pub trait Does: Sub { fn does(&self); fn dull(&self) {} } pub trait Sub { fn sub(&self); }"),
        (
            "x",
            "pub struct X; impl super::t::Does for X { fn does(&self) {} } impl super::t::Sub for X { fn sub(&self) {} }",
        ),
    ];
    for a in [
        "struct A { t: Arc<dyn Does> } impl A { fn f(&self) { self.t.does() } }",
        "struct A { t: Box<dyn Does + Send + Sync> } impl A { fn f(&self) { self.t.does() } }",
        "struct A { t: Weak<dyn Does> } impl A { fn f(&self) { self.t.upgrade().unwrap().does() } }",
        "fn f(t: &dyn Does) { t.does() }",
        "fn f(all: Vec<Arc<dyn Does>>) { for t in all { t.does() } }",
        "fn f(t: &dyn Does) { t.dull() }",
        "fn f(t: &dyn Does) { t.sub() }",
        "fn f(t: &dyn Does) { Does::does(t) }",
    ] {
        let a = format!("use super::t::Does; {a}");
        let sources = planted(&a, &does);
        let circles = Circles::of(&sources);
        assert!(circles.leads("hub/a.rs", "hub/t.rs"), "{a}");
        assert!(circles.leads("hub/a.rs", "hub/x.rs"), "{a}");
    }
}

#[test]
fn calls_through_type_parameters_lead_to_the_trait_alone() {
    let does = [
        ("t", "pub trait Does { fn does(&self); }"),
        ("x", "pub struct X; impl super::t::Does for X { fn does(&self) {} }"),
    ];
    for a in [
        "fn f(t: impl Does) { t.does() }",
        "fn f<T: Does>(t: T) { t.does() }",
        "fn f<T>(t: T) where T: Does { t.does() }",
        "struct A<T> { t: T } impl<T: Does> A<T> { fn f(&self) { self.t.does() } }",
        "fn f<T: Does>(t: &T) { T::does(t) }",
    ] {
        let a = format!("use super::t::Does; {a}");
        let sources = planted(&a, &does);
        let circles = Circles::of(&sources);
        assert!(circles.leads("hub/a.rs", "hub/t.rs"), "{a}");
        assert!(!circles.leads("hub/a.rs", "hub/x.rs"), "{a}");
    }
}

#[test]
fn a_call_of_a_type_by_its_trait_leads_to_that_type_alone() {
    let does = [
        ("t", "pub trait Does { fn does(&self); }"),
        ("x", "pub struct X; impl super::t::Does for X { fn does(&self) {} }"),
        ("y", "pub struct Y; impl super::t::Does for Y { fn does(&self) {} }"),
    ];
    let sources = planted("use super::x::X; fn f(x: &X) { x.does() }", &does);
    let circles = Circles::of(&sources);
    assert!(circles.leads("hub/a.rs", "hub/x.rs") && !circles.leads("hub/a.rs", "hub/y.rs"));
}

#[test]
fn ports_and_the_dispatcher_of_the_root_are_free() {
    let port = "pub trait Store { fn read(&self); }";
    let sources = [
        Source::new("ports/lib.rs", port),
        Source::new(
            "hub/lib.rs",
            "use hubbub_ports as ports; mod a; mod b; mod t; pub struct Hub { a: a::A, b: b::Counted } impl t::Up for Hub { fn tell(&self) { self.a.f() } }",
        ),
        Source::new("hub/t.rs", "pub trait Up { fn tell(&self); }"),
        Source::new(
            "hub/a.rs",
            "use crate::ports::Store; use super::t::Up; pub struct A { store: Arc<dyn Store>, up: Arc<dyn Up> } impl A { pub fn f(&self) { self.store.read(); self.up.tell() } }",
        ),
        Source::new("hub/b.rs", "pub struct Counted; impl crate::ports::Store for Counted { fn read(&self) {} }"),
    ];
    let circles = Circles::of(&sources);
    assert!(circles.leads("hub/a.rs", "hub/t.rs") && circles.leads("hub/lib.rs", "hub/a.rs"));
    assert!(!circles.leads("hub/a.rs", "hub/b.rs"));
    assert_eq!(circles.files(), BTreeSet::new(), "{}", circles.report());
}

#[test]
fn circles_are_told_with_one_way_around() {
    let sources = [
        Source::new("hub/lib.rs", "mod a; mod b; mod c; mod d;"),
        Source::new("hub/a.rs", "pub struct A { pub b: super::b::B }"),
        Source::new("hub/b.rs", "pub struct B;\nimpl B {\n    pub fn f(&self, c: &super::c::C) { c.g() }\n}"),
        Source::new("hub/c.rs", "use super::a::A;\npub struct C { a: A }\nimpl C { pub fn g(&self) {} }"),
        Source::new("hub/d.rs", "use super::a::A;"),
    ];
    let circles = Circles::of(&sources);
    assert_eq!(circles.files(), BTreeSet::from(["hub/a.rs", "hub/b.rs", "hub/c.rs"]));
    let report = circles.report();
    for step in ["hub/a.rs:1 → hub/b.rs", "hub/b.rs:3 → hub/c.rs: C::g", "hub/c.rs:2 → hub/a.rs: A"] {
        assert!(report.contains(step), "{report}");
    }
}

#[test]
fn rooms_know_nothing_of_each_others_files() {
    let sources = [
        Source::new("hub/lib.rs", "use hubbub_domain as domain; mod a;"),
        Source::new("hub/a.rs", "use crate::domain::Id; fn f(id: &Id) { id.shown() }"),
        Source::new("domain/lib.rs", "mod id; pub use id::Id;"),
        Source::new("domain/id.rs", "pub struct Id; impl Id { pub fn shown(&self) {} }"),
    ];
    let circles = Circles::of(&sources);
    assert!(!circles.leads("hub/a.rs", "domain/id.rs"));
}
