//! `load-{0..9999}`: many names in one word, as in a shell.

/// Names at most: more than any load test has users.
const MAX_NAMES: usize = 1_000_000;

/// All names that a pattern stands for. Several ranges multiply; a bound with leading zeros sets
/// the width of all. The error says what is wrong with the pattern.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, String> {
    let Some(open) = pattern.find('{') else { return Ok(vec![pattern.to_owned()]) };
    let (before, rest) = (&pattern[..open], &pattern[open + 1..]);
    let wrong = || format!("{pattern:?}: expected a range such as {{0..99}}");
    let (range, after) = rest.split_once('}').ok_or_else(wrong)?;
    let (first, last) = range.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let (from, to) = (number(first)?, number(last)?);
    if from > to {
        return Err(wrong());
    }
    let zeros = |text: &str| text.len() > 1 && text.starts_with('0');
    let width = if zeros(first) || zeros(last) { first.len().max(last.len()) } else { 0 };
    let endings = expand(after)?;
    let count = (to - from).saturating_add(1).saturating_mul(endings.len() as u64);
    if count > MAX_NAMES as u64 {
        return Err(format!("{pattern:?} stands for {count} names; expected at most {MAX_NAMES}"));
    }
    let names = (from..=to).flat_map(|n| endings.iter().map(move |end| format!("{before}{n:0width$}{end}")));
    Ok(names.collect())
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn ranges_become_names() {
        assert_eq!(expand("anna").unwrap(), ["anna"]);
        assert_eq!(expand("load-{8..11}").unwrap(), ["load-8", "load-9", "load-10", "load-11"]);
        assert_eq!(expand("u{08..10}x").unwrap(), ["u08x", "u09x", "u10x"]);
        assert_eq!(expand("{0..1}-{0..1}").unwrap(), ["0-0", "0-1", "1-0", "1-1"]);
        assert_eq!(expand("load-{0..9999}").unwrap().len(), 10_000);
    }

    #[test]
    fn what_is_no_range_is_told() {
        for wrong in ["a{", "a{1}", "a{1..}", "a{2..1}", "a{x..y}", "a{1..2", "a{-1..2}"] {
            assert!(expand(wrong).unwrap_err().contains("expected a range"), "{wrong}");
        }
        assert!(expand("{0..999999999999}").unwrap_err().contains("at most"));
        assert!(expand("{0..18446744073709551615}").unwrap_err().contains("at most"));
    }
}
