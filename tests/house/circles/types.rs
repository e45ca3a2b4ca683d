//! What a type may hold, as it is written in a declaration.
//!
//! A type is read as a *bag*: the items of this house that a value may hold, whatever is wrapped around them.
//! `Arc<Mutex<Vec<Lane>>>` is a bag with `Lane`. A call of a method on a bag is one on each item that has such a method.

use std::collections::{BTreeSet, HashMap};

use syn::{
    GenericArgument, GenericParam, Generics, Item, PathArguments, ReturnType, Type, TypeParamBound, WherePredicate,
};

use super::modules::{Found, ItemId, ModuleId};
use super::world::{World, names};

/// What holds others and says nothing of its own.
const WRAPPERS: &str = "Arc Box Rc Weak Option Result Some Ok Err Vec VecDeque HashMap HashSet BTreeMap BTreeSet DashMap \
    DashSet Mutex RwLock RefCell Cell OnceLock OnceCell LazyLock Pin Cow Future Stream Iterator IntoIterator Poll Ready Sender \
    Receiver UnboundedSender UnboundedReceiver JoinHandle MutexGuard RwLockReadGuard RwLockWriteGuard Ref RefMut Entry \
    Fn FnMut FnOnce Reverse ArcSwap Wrapping Some None";

/// The items that a value may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bag {
    pub items: BTreeSet<ItemId>,
    /// It may also be something of another house, whose methods are none of ours.
    pub foreign: bool,
    /// Its traits are those of objects, behind which anything may stand that implements them.
    pub objects: bool,
}

// === impl Bag ===

impl Bag {
    pub fn of(item: ItemId) -> Self {
        Self { items: BTreeSet::from([item]), ..Self::default() }
    }

    pub fn foreign() -> Self {
        Self { foreign: true, ..Self::default() }
    }

    pub fn add(&mut self, other: &Self) {
        self.items.extend(&other.items);
        self.foreign |= other.foreign;
        self.objects |= other.objects;
    }

    pub fn with(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }

    pub fn is_unknown(&self) -> bool {
        self.items.is_empty() && !self.foreign
    }
}

impl FromIterator<Bag> for Bag {
    fn from_iter<I: IntoIterator<Item = Self>>(bags: I) -> Self {
        bags.into_iter().fold(Self::default(), |all, bag| all.with(&bag))
    }
}

/// Where a type is written: what its short names mean.
#[derive(Clone, Default)]
pub struct Scope {
    pub module: ModuleId,
    /// What `Self` is.
    pub own: Bag,
    /// Type parameters, by their bounds.
    pub parameters: HashMap<String, Bag>,
}

// === impl World ===

impl World<'_> {
    /// What `module` means by its names, inside of these generics.
    pub fn scope(&self, module: ModuleId, own: Bag, generics: &[&Generics]) -> Scope {
        let mut scope = Scope { module, own, parameters: HashMap::new() };
        for generics in generics {
            self.add_parameters(&mut scope, generics);
        }
        scope
    }

    pub fn add_parameters(&self, scope: &mut Scope, generics: &Generics) {
        for parameter in &generics.params {
            if let GenericParam::Type(parameter) = parameter {
                let bag = self.bounds(parameter.bounds.iter(), scope);
                scope.parameters.entry(parameter.ident.to_string()).or_default().add(&bag);
            }
        }
        let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        for predicate in predicates {
            if let WherePredicate::Type(predicate) = predicate
                && let Type::Path(bounded) = &predicate.bounded_ty
                && let Some(name) = bounded.path.get_ident()
            {
                let bag = self.bounds(predicate.bounds.iter(), scope);
                scope.parameters.entry(name.to_string()).or_default().add(&bag);
            }
        }
    }

    /// What a type may hold.
    pub fn bag(&self, ty: &Type, scope: &Scope) -> Bag {
        match ty {
            Type::Path(path) => {
                let outer = path.qself.as_ref().map(|own| self.bag(&own.ty, scope)).unwrap_or_default();
                outer.with(&self.bag_of_path(&path.path, scope))
            }
            Type::Reference(inner) => self.bag(&inner.elem, scope),
            Type::Paren(inner) => self.bag(&inner.elem, scope),
            Type::Group(inner) => self.bag(&inner.elem, scope),
            Type::Slice(inner) => self.bag(&inner.elem, scope),
            Type::Array(inner) => self.bag(&inner.elem, scope),
            Type::Ptr(inner) => self.bag(&inner.elem, scope),
            Type::Tuple(tuple) => tuple.elems.iter().map(|elem| self.bag(elem, scope)).collect(),
            Type::TraitObject(object) => Bag { objects: true, ..self.bounds(object.bounds.iter(), scope) },
            Type::ImplTrait(object) => self.bounds(object.bounds.iter(), scope),
            Type::BareFn(function) => self.returned(&function.output, scope),
            _ => Bag::default(),
        }
    }

    pub(super) fn bounds<'b>(&self, bounds: impl Iterator<Item = &'b TypeParamBound>, scope: &Scope) -> Bag {
        let traits = bounds.filter_map(|bound| match bound {
            TypeParamBound::Trait(bound) => Some(self.bag_of_path(&bound.path, scope)),
            _ => None,
        });
        // `Send` and its like are no house's.
        let all: Bag = traits.collect();
        Bag { foreign: false, ..all }
    }

    pub fn bag_of_path(&self, path: &syn::Path, scope: &Scope) -> Bag {
        let arguments: Bag = path.segments.iter().map(|segment| self.arguments(&segment.arguments, scope)).collect();
        let names = names(path);
        if let [name] = names.as_slice() {
            if name == "Self" {
                return scope.own.clone();
            }
            if let Some(bag) = scope.parameters.get(name) {
                return bag.clone();
            }
        }
        match self.modules.resolve(scope.module, &names) {
            Found::Item(item, _) => self.expanded(item).with(&arguments),
            _ if names.last().is_some_and(|name| self.wraps(name)) => arguments,
            _ => arguments.with(&Bag::foreign()),
        }
    }

    /// An alias is what it stands for.
    fn expanded(&self, id: ItemId) -> Bag {
        let named = &self.modules.items[id];
        match named.item {
            Item::Type(alias) => self.bag(&alias.ty, &self.scope(named.module, Bag::default(), &[&alias.generics])),
            _ => Bag::of(id),
        }
    }

    fn arguments(&self, arguments: &PathArguments, scope: &Scope) -> Bag {
        match arguments {
            PathArguments::None => Bag::default(),
            PathArguments::AngleBracketed(list) => {
                let types = list.args.iter().filter_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(self.bag(ty, scope)),
                    GenericArgument::AssocType(bound) => Some(self.bag(&bound.ty, scope)),
                    _ => None,
                });
                let all: Bag = types.collect();
                // `HashMap<String, Lane>` holds lanes; that its keys are strings says nothing.
                Bag { foreign: all.foreign && all.items.is_empty(), ..all }
            }
            PathArguments::Parenthesized(function) => self.returned(&function.output, scope),
        }
    }

    pub fn returned(&self, output: &ReturnType, scope: &Scope) -> Bag {
        match output {
            ReturnType::Default => Bag::foreign(),
            ReturnType::Type(_, ty) => self.bag(ty, scope),
        }
    }

    pub fn wraps(&self, name: &str) -> bool {
        WRAPPERS.split_whitespace().any(|wrapper| wrapper == name)
    }
}
