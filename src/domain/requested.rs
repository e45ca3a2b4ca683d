//! What requests may ask for: rules that hold at every door, whatever the request comes by.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

use super::{Data, GroupId, Refusal, Seq, UserId};

/// Entries on a page at most, whatever is listed.
pub const PAGE_MAX: usize = 200;
/// The greatest integer that every client's number type holds exactly.
pub const SAFE_INTEGER_MAX: u64 = (1 << 53) - 1;

/// A seq that every client can say.
struct SafeSeq(Seq);

/// From here on JSON's readers take an integer for the nearest number that they can hold, so that digits are lost.
const INTEGERS_END: f64 = 18_446_744_073_709_551_616.0;

/// Seqs of groups, each group once.
struct Cursors(HashMap<GroupId, Seq>);

/// A map that can be given back as it came.
struct FaithfulMap(Data);

/// A value that can be given back as it came.
struct FaithfulValue(Value);

struct CursorsVisitor;
struct MapVisitor;
struct ValueVisitor;

/// How many entries a request asks for in `field`.
///
/// # Errors
/// `bad_frame` for none, and for more than `most`.
pub fn requested_size(field: &str, asked: usize, most: usize) -> Result<usize, Refusal> {
    match (1..=most).contains(&asked) {
        true => Ok(asked),
        false => Err(Refusal::bad_frame(format!("`{field}` must be 1 to {most}"))),
    }
}

/// Those whom a request names in `field`, each once, in the order in which they are named first.
///
/// # Errors
/// `bad_frame` where nobody is named.
pub fn requested_users(field: &str, mut users: Vec<UserId>) -> Result<Vec<UserId>, Refusal> {
    let mut named = HashSet::new();
    users.retain(|user| named.insert(user.clone()));
    match users.is_empty() {
        true => Err(Refusal::bad_frame(format!("`{field}` must name at least one user"))),
        false => Ok(users),
    }
}

/// Reads a seq that a request gives. What a client cannot say exactly it cannot mean.
pub fn requested_seq<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Seq, D::Error> {
    SafeSeq::deserialize(deserializer).map(|SafeSeq(seq)| seq)
}

/// Reads a seq that a request may give.
pub fn requested_seq_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Seq>, D::Error> {
    Ok(Option::<SafeSeq>::deserialize(deserializer)?.map(|SafeSeq(seq)| seq))
}

/// Reads the seqs of groups that a request may give: none for a group that is named twice, since nobody could tell which
/// is meant.
pub fn requested_cursors<'de, D: Deserializer<'de>>(d: D) -> Result<Option<HashMap<GroupId, Seq>>, D::Error> {
    Ok(Option::<Cursors>::deserialize(d)?.map(|Cursors(cursors)| cursors))
}

/// Reads the `data` that a request may give. What could not be given back as it came is refused: a key that is there
/// twice, and numbers that JSON does not have.
pub fn requested_data<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Data>, D::Error> {
    Ok(Option::<FaithfulMap>::deserialize(deserializer)?.map(|FaithfulMap(data)| data))
}

fn read_map<'de, A: MapAccess<'de>>(mut fields: A) -> Result<Data, A::Error> {
    let mut read = Map::new();
    while let Some((key, FaithfulValue(value))) = fields.next_entry::<String, FaithfulValue>()? {
        if read.contains_key(&key) {
            return Err(Error::custom(format_args!("the key {key:?} is there twice")));
        }
        read.insert(key, value);
    }
    Ok(read)
}

// === impl SafeSeq ===

impl<'de> Deserialize<'de> for SafeSeq {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Seq::deserialize(deserializer)? {
            seq @ 0..=SAFE_INTEGER_MAX => Ok(Self(seq)),
            _ => Err(Error::custom("a seq must be an integer below 2^53")),
        }
    }
}

// === impl Cursors ===

impl<'de> Deserialize<'de> for Cursors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(CursorsVisitor)
    }
}

impl<'de> Visitor<'de> for CursorsVisitor {
    type Value = Cursors;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of groups' ids to seqs")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Cursors, A::Error> {
        let mut cursors = HashMap::new();
        while let Some((group, SafeSeq(seq))) = entries.next_entry::<GroupId, SafeSeq>()? {
            if let Some(earlier) = cursors.insert(group, seq) {
                return Err(Error::custom(format_args!("a group is there twice, with {earlier} and {seq}")));
            }
        }
        Ok(Cursors(cursors))
    }
}

// === impl FaithfulMap ===

impl<'de> Deserialize<'de> for FaithfulMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor).map(Self)
    }
}

impl<'de> Visitor<'de> for MapVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Data, A::Error> {
        read_map(fields)
    }
}

// === impl FaithfulValue ===

impl<'de> Deserialize<'de> for FaithfulValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Self)
    }
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if value.is_finite() && value.fract() == 0.0 && value.abs() >= INTEGERS_END {
            return Err(Error::custom("a whole number has 64 bits at most: send a longer one as a text"));
        }
        let number = Number::from_f64(value);
        number.map(Value::Number).ok_or_else(|| Error::custom("a number must be finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        FaithfulValue::deserialize(deserializer).map(|FaithfulValue(value)| value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(FaithfulValue(item)) = items.next_element()? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Value, A::Error> {
        read_map(fields).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Asked {
        #[serde(default, deserialize_with = "requested_seq_if_any")]
        seq: Option<Seq>,
        #[serde(default, deserialize_with = "requested_cursors")]
        cursors: Option<HashMap<GroupId, Seq>>,
        #[serde(default, deserialize_with = "requested_data")]
        data: Option<Data>,
    }

    fn read(json: &str) -> Result<Asked, String> {
        serde_json::from_str(json).map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn a_size_is_one_at_least_and_within_its_bound() {
        assert_eq!(requested_size("limit", 1, 5), Ok(1));
        assert_eq!(requested_size("limit", 5, 5), Ok(5));
        for wrong in [0, 6, usize::MAX] {
            assert_eq!(requested_size("limit", wrong, 5).unwrap_err().message, "`limit` must be 1 to 5");
        }
    }

    #[test]
    fn whoever_is_named_twice_counts_once_and_nobody_is_nobody() {
        let [a, b] = ["anna", "bert"].map(|name| UserId::parse(name).unwrap());
        let named = requested_users("users", vec![b.clone(), a.clone(), b.clone()]).unwrap();
        assert_eq!(named, [b, a]);
        assert_eq!(requested_users("users", vec![]).unwrap_err().message, "`users` must name at least one user");
    }

    #[test]
    fn seqs_are_what_every_client_can_say() {
        assert_eq!(read(r#"{"seq": 9007199254740991}"#).unwrap().seq, Some(SAFE_INTEGER_MAX));
        assert_eq!(read(r#"{"seq": null}"#), read("{}"));
        for wrong in ["9007199254740992", "18446744073709551615", "-1", "1.5", "\"1\"", "1e400", "[]"] {
            read(&format!(r#"{{"seq": {wrong}}}"#)).unwrap_err();
        }
    }

    #[test]
    fn a_group_has_one_cursor() {
        let group = "a".repeat(26);
        let one = read(&format!(r#"{{"cursors": {{"{group}": 7}}}}"#)).unwrap();
        assert_eq!(one.cursors.unwrap()[&GroupId::parse(&group).unwrap()], 7);
        for wrong in [format!(r#"{{"{group}": 7, "{group}": 7}}"#), format!(r#"{{"{group}": 9007199254740992}}"#)] {
            read(&format!(r#"{{"cursors": {wrong}}}"#)).unwrap_err();
        }
    }

    #[test]
    fn data_is_kept_as_it_came_or_refused() {
        let data = r#"{"z":1,"a":[null,true,-1,2.5,"x",{"":18446744073709551615}],"e":5e-324}"#;
        let kept = read(&format!(r#"{{"data": {data}}}"#)).unwrap().data.unwrap();
        assert_eq!(serde_json::to_string(&kept).unwrap(), data);
        assert_eq!(read(r#"{"data": null}"#).unwrap().data, None);
        let long = [r#"{"id":123456789012345678901234567890}"#, r#"{"a":[-18446744073709551616]}"#];
        assert!(long.iter().all(|data| read(&format!(r#"{{"data": {data}}}"#)).unwrap_err().contains("as a text")));
        for wrong in [r#"{"a":1,"a":1}"#, r#"{"a":[{"b":1,"c":2,"b":1}]}"#, "[]", "7", r#""x""#] {
            read(&format!(r#"{{"data": {wrong}}}"#)).unwrap_err();
        }
    }
}
