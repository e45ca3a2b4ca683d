//! Files and what leads from one to another; circles among them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::modules::FileId;

/// Why one file leads to another: the first line of each thing that it names or calls there.
#[derive(Default)]
pub struct Edges {
    by_pair: BTreeMap<(FileId, FileId), BTreeMap<String, usize>>,
}

/// Files that all lead to each other.
#[derive(Debug)]
pub struct Circle {
    pub files: BTreeSet<FileId>,
    /// One way around: each step's file, line, and what it names or calls in the next one's.
    pub way: Vec<Step>,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub from: FileId,
    pub line: usize,
    pub to: FileId,
    pub what: String,
}

// === impl Edges ===

impl Edges {
    pub fn add(&mut self, from: FileId, line: usize, to: FileId, what: String) {
        if from != to {
            self.by_pair.entry((from, to)).or_default().entry(what).or_insert(line);
        }
    }

    pub fn retain(&mut self, holds: impl Fn(FileId, FileId) -> bool) {
        self.by_pair.retain(|(from, to), _| holds(*from, *to));
    }

    pub fn has(&self, from: FileId, to: FileId) -> bool {
        self.by_pair.contains_key(&(from, to))
    }

    /// All reasons for which files of a set lead to each other.
    pub fn within(&self, files: &BTreeSet<FileId>) -> Vec<Step> {
        let pairs = self.by_pair.iter().filter(|((from, to), _)| files.contains(from) && files.contains(to));
        pairs
            .flat_map(|((from, to), reasons)| {
                reasons.iter().map(|(what, line)| Step { from: *from, line: *line, to: *to, what: what.clone() })
            })
            .collect()
    }

    pub fn circles(&self) -> Vec<Circle> {
        let mut next: HashMap<FileId, Vec<FileId>> = HashMap::new();
        for (from, to) in self.by_pair.keys() {
            next.entry(*from).or_default().push(*to);
        }
        let files: BTreeSet<FileId> = self.by_pair.keys().flat_map(|(from, to)| [*from, *to]).collect();
        let reach: HashMap<_, _> = files.iter().map(|file| (*file, reachable(*file, &next))).collect();
        let mut seen: BTreeSet<FileId> = BTreeSet::new();
        let mut circles = Vec::new();
        for file in &files {
            if seen.contains(file) || !reach[file].contains(file) {
                continue;
            }
            let together: BTreeSet<_> =
                reach[file].iter().filter(|other| reach[other].contains(file)).copied().collect();
            seen.extend(&together);
            circles.push(Circle { way: self.way(*file, &together, &next), files: together });
        }
        circles
    }

    /// The shortest way from a file back to itself.
    fn way(&self, start: FileId, among: &BTreeSet<FileId>, next: &HashMap<FileId, Vec<FileId>>) -> Vec<Step> {
        let mut before: HashMap<FileId, FileId> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        'search: while let Some(file) = queue.pop_front() {
            for to in next.get(&file).into_iter().flatten().filter(|to| among.contains(to)) {
                if !before.contains_key(to) {
                    before.insert(*to, file);
                    queue.push_back(*to);
                }
                if *to == start {
                    break 'search;
                }
            }
        }
        let mut way = Vec::new();
        let mut to = start;
        while let Some(from) = before.get(&to).copied() {
            let (what, line) = self.by_pair[&(from, to)].iter().next().expect("an edge has a reason");
            way.push(Step { from, line: *line, to, what: what.clone() });
            to = from;
            if to == start {
                break;
            }
        }
        way.reverse();
        way
    }
}

fn reachable(start: FileId, next: &HashMap<FileId, Vec<FileId>>) -> BTreeSet<FileId> {
    let mut found = BTreeSet::new();
    let mut left = vec![start];
    while let Some(file) = left.pop() {
        for to in next.get(&file).into_iter().flatten() {
            if found.insert(*to) {
                left.push(*to);
            }
        }
    }
    found
}
