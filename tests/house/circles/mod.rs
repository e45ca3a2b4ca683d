//! No file leads back to itself: circles between files of one room, counting calls of methods.
//!
//! A file *leads to* another one of its room when
//!
//! - it names what the other declares: by a `use` of its own, in an expression, a type, a pattern or a macro. A name that
//!   a map passes on (`pub use`) is that of the file that declares it, and passing on is no use;
//! - it calls a method that the other one has, or reads a field of a type of it. The receiver's type is followed
//!   through fields, variables, parameters, patterns, closures and what calls give, whatever is wrapped around it;
//! - it calls a method of a trait object, where the trait is of this room: it leads to the trait's file and to all that
//!   implement it. Free is what is given to the root (`lib.rs`): it may implement anybody's trait, since what must go up
//!   is an event given to its dispatcher. A trait of another room is a port and leads nowhere. Through a type
//!   parameter it leads to the trait's file alone: whoever fills the parameter in names what is called;
//! - it calls a method on what no type was found for, and only one type of the room has a method of that name.
//!
//! A closure's calls are those of the file in which it is written. What is there for tests only leads nowhere.

mod calls;
mod common;
mod graph;
mod macros;
mod modules;
mod paths;
mod patterns;
mod tests;
mod types;
mod values;
mod world;

use std::collections::{BTreeSet, HashMap};

use crate::sources::Source;
use calls::Calls;
use graph::{Circle, Edges, Step};
use paths::Paths;
use world::World;

/// The circles of all rooms.
pub struct Circles<'a> {
    sources: &'a [Source],
    edges: Edges,
    circles: Vec<Circle>,
}

// === impl Circles ===

impl<'a> Circles<'a> {
    pub fn of(sources: &'a [Source]) -> Self {
        let world = World::of(sources);
        let mut edges = Edges::default();
        for module in 0..world.modules.all.len() {
            Paths::walk(&world, module, &mut edges);
            Calls::walk(&world, module, &mut edges);
        }
        let rooms: HashMap<_, _> = world.modules.all.iter().map(|module| (module.file, &module.room)).collect();
        edges.retain(|from, to| rooms[&from] == rooms[&to]);
        let circles = edges.circles();
        Self { sources, edges, circles }
    }

    /// All files that lead back to themselves.
    pub fn files(&self) -> BTreeSet<&str> {
        self.circles.iter().flat_map(|circle| &circle.files).map(|file| self.sources[*file].path.as_str()).collect()
    }

    /// Whether one file leads to another one.
    fn leads(&self, from: &str, to: &str) -> bool {
        let at = |path: &str| self.sources.iter().position(|source| source.path == path).expect("there is such a file");
        self.edges.has(at(from), at(to))
    }

    /// Each circle: its files, and one way around.
    pub fn report(&self) -> String {
        self.circles.iter().map(|circle| self.told(circle, &circle.way)).collect::<Vec<_>>().join("\n")
    }

    /// Each circle with all the reasons for it.
    pub fn details(&self) -> String {
        self.circles
            .iter()
            .map(|circle| self.told(circle, &self.edges.within(&circle.files)))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn told(&self, circle: &Circle, steps: &[Step]) -> String {
        let name = |file: usize| self.sources[file].path.as_str();
        let files: Vec<_> = circle.files.iter().map(|file| name(*file)).collect();
        let mut told = format!("{} files: {}\n", files.len(), files.join(" "));
        for step in steps {
            told += &format!("  {}:{} → {}: {}\n", name(step.from), step.line, name(step.to), step.what);
        }
        told
    }
}
