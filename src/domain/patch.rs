//! What a request does to a field.

use serde::{Deserialize, Deserializer};

use super::Refusal;

/// What a request does to a field that may be empty. One that it does not name stays; `null` takes the value away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field stays as it is.
    #[default]
    Keep,
    /// The field is empty from now on.
    Clear,
    /// The field is this from now on.
    Set(T),
}

// === impl Patch ===

impl<T> Patch<T> {
    /// The patch with its new value checked, or made another.
    ///
    /// # Errors
    /// What is wrong with the value.
    pub fn checked<U, E>(self, check: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(value) => Patch::Set(check(value)?),
        })
    }

    /// Does it to a field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Patch::Keep => {}
            Patch::Clear => *field = None,
            Patch::Set(value) => *field = Some(value),
        }
    }

    /// The new value of a field that is never empty, where there is one.
    ///
    /// # Errors
    /// `bad_frame` where the field is to be empty.
    pub fn of_needed(self, field: &str) -> Result<Option<T>, Refusal> {
        match self {
            Patch::Keep => Ok(None),
            Patch::Clear => Err(Refusal::bad_frame(format!("`{field}` cannot be taken away"))),
            Patch::Set(value) => Ok(Some(value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    /// Reads a field that is there; where it may be absent, `#[serde(default)]` is needed beside it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Patch::Clear, Patch::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;

    #[derive(Deserialize)]
    struct Asked {
        #[serde(default)]
        about: Patch<String>,
    }

    #[test]
    fn what_is_absent_stays_and_null_takes_away() {
        let after = |asked: &str| {
            let mut field = Some("before".to_owned());
            serde_json::from_str::<Asked>(asked).unwrap().about.apply(&mut field);
            field
        };
        assert_eq!(after("{}").as_deref(), Some("before"));
        assert_eq!(after(r#"{"about": null}"#), None);
        assert_eq!(after(r#"{"about": "after"}"#).as_deref(), Some("after"));
        assert!(serde_json::from_str::<Asked>(r#"{"about": 5}"#).is_err());
        let refused = Patch::<String>::Clear.of_needed("name").unwrap_err();
        assert_eq!((refused.code, Patch::<String>::Keep.of_needed("name")), (Code::BadFrame, Ok(None)));
    }
}
