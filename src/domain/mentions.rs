//! Whom a text mentions.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::UserId;

/// What stands for all members, on the wire and in stores.
const ALL: &str = "all";
/// People whom one text mentions by their ids at most.
const MENTIONED: usize = 100;

/// Whom a text mentions: they are told how many such texts they have not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mentions {
    /// All members.
    All,
    /// These users.
    Users(Vec<UserId>),
}

// === impl Mentions ===

impl Mentions {
    /// Whether it is more than one text may mention.
    pub fn is_too_many(&self) -> bool {
        matches!(self, Mentions::Users(users) if users.len() > MENTIONED)
    }
}

impl Serialize for Mentions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Mentions::All => serializer.serialize_str(ALL),
            Mentions::Users(users) => users.serialize(serializer),
        }
    }
}

/// As it is on the wire.
#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Word(String),
    Users(Vec<String>),
}

impl<'de> Deserialize<'de> for Mentions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || serde::de::Error::custom("`mentions` must be a list of ids of users, or \"all\"");
        match Form::deserialize(deserializer).map_err(|_| wrong())? {
            Form::Word(word) if word == ALL => Ok(Mentions::All),
            Form::Word(_) => Err(wrong()),
            Form::Users(users) => {
                let users = users.iter().map(|user| UserId::parse(user).map_err(serde::de::Error::custom));
                Ok(Mentions::Users(users.collect::<Result<_, _>>()?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_a_list_of_ids_comes_back() {
        for json in [r#""all""#, r#"["anna","b.o|b@x"]"#, "[]"] {
            let mentions: Mentions = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&mentions).unwrap(), json);
        }
        for wrong in [r#""everybody""#, "1", r#"["a b"]"#, r#"["hub.system"]"#, "[1]", r#"{"anna":1}"#] {
            assert!(serde_json::from_str::<Mentions>(wrong).is_err(), "{wrong}");
        }
        assert!(Mentions::Users(vec![UserId::hub(); 101]).is_too_many());
        assert!(!Mentions::Users(vec![UserId::hub(); 100]).is_too_many() && !Mentions::All.is_too_many());
    }
}
