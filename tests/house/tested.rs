//! A feature is tested where it stands, over fakes: what is tested only by whole nodes is found out late.

use std::collections::BTreeMap;

use syn::ItemFn;
use syn::visit::{self, Visit};

use crate::sources::{Source, is_test};

/// Where features are, each a folder.
const FEATURES: &str = "hub/features/";

/// The folders of features that have no test.
pub fn untested_features(sources: &[Source]) -> Vec<String> {
    let mut tests: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources {
        if let Some((feature, _)) = source.path.strip_prefix(FEATURES).and_then(|path| path.split_once('/')) {
            *tests.entry(feature).or_default() += count(source);
        }
    }
    assert!(!tests.is_empty(), "no features found");
    tests.into_iter().filter(|(_, count)| *count == 0).map(|(feature, _)| feature.to_owned()).collect()
}

#[derive(Default)]
struct Tests(usize);

impl Visit<'_> for Tests {
    fn visit_item_fn(&mut self, item: &ItemFn) {
        // A function for tests only is none of them.
        let is_marked =
            |attribute: &&syn::Attribute| !attribute.path().is_ident("cfg") && is_test(&[(*attribute).clone()]);
        self.0 += item.attrs.iter().filter(is_marked).count();
        visit::visit_item_fn(self, item);
    }
}

fn count(source: &Source) -> usize {
    let mut tests = Tests::default();
    tests.visit_file(source.file());
    tests.0
}

mod tests {
    use super::*;

    fn untested(text: &str) -> Vec<String> {
        untested_features(&[Source::new("hub/features/mod.rs", ""), Source::new("hub/features/pins/handler.rs", text)])
    }

    #[test]
    fn a_feature_without_a_test_is_found_whatever_else_it_has() {
        for wrong in ["", "mod tests {}", "#[cfg(test)] fn bed() {}", "// #[test]\nfn f() {}", "fn test() {}"] {
            assert_eq!(untested(wrong), ["pins"], "{wrong}");
        }
        for right in ["#[test] fn f() {}", "mod tests { #[tokio::test(start_paused = true)] async fn f() {} }"] {
            assert_eq!(untested(right), Vec::<String>::new(), "{right}");
        }
    }
}
