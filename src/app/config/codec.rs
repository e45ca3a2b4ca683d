//! How values are written in flags, environment and file, and read back.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use toml::Value;

use crate::kernel::units::{SIZES, SPANS, in_unit, with_unit};

/// One way of writing values of a type.
pub trait Codec<T>: Send + Sync + 'static {
    /// What a value must look like, to follow "expected".
    fn expected(&self) -> String;
    /// The value that a text stands for; `None` when it is none.
    fn parse(&self, text: &str) -> Option<T>;
    /// The value as it stands in a file; `None` when it is unset.
    fn show(&self, value: &T) -> Option<Value>;
}

/// A whole number within bounds.
pub struct Whole(pub u64, pub u64);

/// A number of bytes within bounds, such as `64KiB`.
pub struct Size(pub u64, pub u64);

/// A length of time within bounds, such as `250ms` or `12h`.
pub struct Span(pub Duration, pub Duration);

/// True or false.
pub struct Switch;

/// A text that keeps to a rule, with the rule in words.
pub struct Text(pub &'static str, pub fn(&str) -> bool);

/// A path.
pub struct Path;

/// What reads and writes itself, with what it must look like.
pub struct Parsed(pub &'static str);

/// One of a few words.
pub struct OneOf<T: 'static>(pub &'static [(&'static str, T)]);

/// A value or this word for none.
pub struct Optional<C>(pub C, pub &'static str);

/// Several values: a list in a file, commas elsewhere.
pub struct List<C>(pub C);

impl<T: TryFrom<u64> + TryInto<u64> + Copy> Codec<T> for Whole {
    fn expected(&self) -> String {
        format!("a whole number from {} to {}", self.0, self.1)
    }

    fn parse(&self, text: &str) -> Option<T> {
        let number = text.replace('_', "").parse().ok()?;
        (self.0..=self.1).contains(&number).then(|| T::try_from(number).ok())?
    }

    fn show(&self, value: &T) -> Option<Value> {
        let number: u64 = (*value).try_into().ok()?;
        Some(Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl Codec<usize> for Size {
    fn expected(&self) -> String {
        format!("a size from {} to {}, such as 64KiB", with_unit(self.0, &SIZES), with_unit(self.1, &SIZES))
    }

    fn parse(&self, text: &str) -> Option<usize> {
        let bytes = match text.parse() {
            Ok(bytes) => bytes,
            Err(_) => in_unit(text, &SIZES)?,
        };
        (self.0..=self.1).contains(&bytes).then(|| usize::try_from(bytes).ok())?
    }

    fn show(&self, value: &usize) -> Option<Value> {
        Some(Value::String(with_unit(*value as u64, &SIZES)))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Codec<Duration> for Span {
    fn expected(&self) -> String {
        let (least, most) = (with_unit(millis(self.0), &SPANS), with_unit(millis(self.1), &SPANS));
        format!("a duration from {least} to {most}, such as 250ms, 5s, 15m or 12h")
    }

    fn parse(&self, text: &str) -> Option<Duration> {
        let span = Duration::from_millis(in_unit(text, &SPANS)?);
        (self.0..=self.1).contains(&span).then_some(span)
    }

    fn show(&self, value: &Duration) -> Option<Value> {
        Some(Value::String(with_unit(millis(*value), &SPANS)))
    }
}

impl Codec<bool> for Switch {
    fn expected(&self) -> String {
        "true or false".into()
    }

    fn parse(&self, text: &str) -> Option<bool> {
        text.parse().ok()
    }

    fn show(&self, value: &bool) -> Option<Value> {
        Some(Value::Boolean(*value))
    }
}

impl Codec<String> for Text {
    fn expected(&self) -> String {
        self.0.into()
    }

    fn parse(&self, text: &str) -> Option<String> {
        (self.1)(text).then(|| text.to_owned())
    }

    fn show(&self, value: &String) -> Option<Value> {
        Some(Value::String(value.clone()))
    }
}

impl Codec<PathBuf> for Path {
    fn expected(&self) -> String {
        "a path".into()
    }

    fn parse(&self, text: &str) -> Option<PathBuf> {
        (!text.is_empty()).then(|| text.into())
    }

    fn show(&self, value: &PathBuf) -> Option<Value> {
        Some(Value::String(value.display().to_string()))
    }
}

impl<T: FromStr + Display> Codec<T> for Parsed {
    fn expected(&self) -> String {
        self.0.into()
    }

    fn parse(&self, text: &str) -> Option<T> {
        text.parse().ok()
    }

    fn show(&self, value: &T) -> Option<Value> {
        Some(Value::String(value.to_string()))
    }
}

impl<T: Copy + PartialEq + Send + Sync> Codec<T> for OneOf<T> {
    fn expected(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| *name).collect();
        format!("one of {}", names.join(", "))
    }

    fn parse(&self, text: &str) -> Option<T> {
        self.0.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
    }

    fn show(&self, value: &T) -> Option<Value> {
        let (name, _) = self.0.iter().find(|(_, known)| known == value)?;
        Some(Value::String((*name).into()))
    }
}

impl<T, C: Codec<T>> Codec<Option<T>> for Optional<C> {
    fn expected(&self) -> String {
        match self.1 {
            "" => self.0.expected(),
            none => format!("{none}, or {}", self.0.expected()),
        }
    }

    fn parse(&self, text: &str) -> Option<Option<T>> {
        if text == self.1 { Some(None) } else { self.0.parse(text).map(Some) }
    }

    fn show(&self, value: &Option<T>) -> Option<Value> {
        match value {
            Some(value) => self.0.show(value),
            None => (!self.1.is_empty()).then(|| Value::String(self.1.into())),
        }
    }
}

impl<T, C: Codec<T>> Codec<Vec<T>> for List<C> {
    fn expected(&self) -> String {
        format!("a list (or, separated by commas, several) of: {}", self.0.expected())
    }

    fn parse(&self, text: &str) -> Option<Vec<T>> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| self.0.parse(item)).collect()
    }

    fn show(&self, value: &Vec<T>) -> Option<Value> {
        Some(Value::Array(value.iter().filter_map(|item| self.0.show(item)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round<T: PartialEq + std::fmt::Debug, C: Codec<T>>(codec: &C, text: &str, shown: &str) {
        let value = codec.parse(text).unwrap_or_else(|| panic!("{text:?} is not {}", codec.expected()));
        let written = codec.show(&value).unwrap().to_string();
        assert_eq!(written, shown);
        let bare = written.trim_matches('"');
        assert_eq!(codec.parse(bare), Some(value), "what is shown can be read");
    }

    fn wrong<T: PartialEq + std::fmt::Debug, C: Codec<T>>(codec: &C, texts: &[&str]) {
        for text in texts {
            assert_eq!(codec.parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_and_sizes() {
        round::<u16, _>(&Whole(1, 100), "10", "10");
        round::<u64, _>(&Whole(1, 1_000_000), "19_000", "19000");
        wrong::<u16, _>(&Whole(1, 100), &["0", "101", "-1", "1.5", "", "many"]);
        wrong::<u8, _>(&Whole(1, 1000), &["256"]);
        round(&Size(1, 1 << 30), "65536", "\"64KiB\"");
        round(&Size(1, 1 << 30), "1 mib", "\"1MiB\"");
        round(&Size(1, 1 << 30), "1500", "\"1500B\"");
        wrong(&Size(1024, 1 << 30), &["1023", "64KB", "2GiB", "KiB", "", "99999999999999999999GiB"]);
    }

    #[test]
    fn spans() {
        let day = Span(Duration::from_millis(100), Duration::from_secs(86_400));
        round(&day, "250ms", "\"250ms\"");
        round(&day, "90s", "\"90s\"");
        round(&day, "60s", "\"1m\"");
        round(&day, "24h", "\"1d\"");
        wrong(&day, &["5", "99ms", "25h", "s", "1.5s", "", "-1s"]);
    }

    #[test]
    fn choices_lists_and_what_may_be_missing() {
        round(&Switch, "true", "true");
        wrong(&Switch, &["yes", ""]);
        let colour = OneOf(&[("red", 1), ("blue", 2)]);
        round(&colour, "blue", "\"blue\"");
        wrong(&colour, &["green", ""]);
        let off = Optional(Whole(1, 9), "off");
        assert_eq!(Codec::<Option<u8>>::parse(&off, "off"), Some(None));
        assert_eq!(Codec::<Option<u8>>::show(&off, &None).unwrap().to_string(), "\"off\"");
        assert_eq!(Codec::<Option<u8>>::parse(&off, "3"), Some(Some(3)));
        let list = List(Parsed("a network"));
        let nets: Vec<ipnet::IpNet> = list.parse("10.0.0.0/8, ::1/128,").unwrap();
        assert_eq!(nets.len(), 2);
        assert_eq!(list.show(&nets).unwrap().to_string(), r#"["10.0.0.0/8", "::1/128"]"#);
        wrong::<Vec<ipnet::IpNet>, _>(&list, &["10.0.0.0/8,nowhere"]);
    }
}
