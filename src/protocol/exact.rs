//! `data` as it was sent: what cannot be kept and given back as it is is refused.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::{Map, Number, Value};

use crate::domain::Data;

/// From here on JSON's own readers take an integer for the nearest floating-point number.
const INTEGERS_END: f64 = 18_446_744_073_709_551_616.0;

/// A value that is read as it was sent.
struct Exact(Value);

/// Reads `data`, which may be absent.
///
/// # Errors
/// Numbers that are none (MessagePack's NaN and infinities), integers beyond 64 bits, whose digits would be lost, and maps in
/// which a key stands twice.
pub fn exact_data<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Data>, D::Error> {
    match Option::<Exact>::deserialize(deserializer)? {
        None | Some(Exact(Value::Null)) => Ok(None),
        Some(Exact(Value::Object(data))) => Ok(Some(data)),
        Some(_) => Err(de::Error::custom("`data` must be a map")),
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExactVisitor).map(Self)
    }
}

struct ExactVisitor;

impl<'de> Visitor<'de> for ExactVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, true, false, a number, a text, a list or a map with texts as keys")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if value.is_finite() && value.fract() == 0.0 && value.abs() >= INTEGERS_END {
            return Err(E::custom(
                "a whole number in `data` has more than 64 bits, so that its digits would be lost: send it as a text",
            ));
        }
        let number = Number::from_f64(value);
        number.map(Value::Number).ok_or_else(|| E::custom("`data` holds a number that is none (NaN or infinite)"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Exact(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Exact(value))) = entries.next_entry::<String, Exact>()? {
            if map.contains_key(&key) {
                let shown: String = key.chars().take(40).collect();
                return Err(A::Error::custom(format!("`data` names `{shown}` twice")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Frame {
        #[serde(default, deserialize_with = "exact_data")]
        data: Option<Data>,
    }

    fn in_json(data: &str) -> Result<Option<Data>, String> {
        let frame = serde_json::from_str::<Frame>(&format!(r#"{{"data":{data}}}"#));
        frame.map(|frame| frame.data).map_err(|error| error.to_string())
    }

    #[test]
    fn what_can_be_kept_comes_back_as_it_was() {
        for data in [
            json!({}),
            json!({"a": [1, -1, 1.5, null, true, "x"], "b": {"c": {}}}),
            json!({"most": u64::MAX, "least": i64::MIN, "small": 1e-300, "tenth": 0.1, "large": 1.5e15}),
        ] {
            assert_eq!(in_json(&data.to_string()).unwrap().map(Value::Object), Some(data.clone()));
            let packed = rmp_serde::to_vec_named(&json!({"data": data})).unwrap();
            assert_eq!(rmp_serde::from_slice::<Frame>(&packed).unwrap().data.map(Value::Object), Some(data));
        }
        assert_eq!(in_json("null").unwrap(), None);
        assert!(serde_json::from_str::<Frame>("{}").unwrap().data.is_none());
    }

    #[test]
    fn what_would_change_is_refused_with_what_to_do() {
        for (data, why) in [
            (r#"{"id":123456789012345678901234567890}"#, "as a text"),
            (r#"{"a":[{"b":-18446744073709551616}]}"#, "as a text"),
            (r#"{"a":1,"a":2}"#, "twice"),
            ("[1]", "must be a map"),
            ("7", "must be a map"),
        ] {
            assert!(in_json(data).unwrap_err().contains(why), "{data}");
        }
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let data = BTreeMap::from([("n", number)]);
            let packed = rmp_serde::to_vec_named(&BTreeMap::from([("data", data)])).unwrap();
            let refused = rmp_serde::from_slice::<Frame>(&packed).unwrap_err().to_string();
            assert!(refused.contains("NaN"), "{refused}");
        }
    }
}
