//! JSON read strictly, where serde is lenient.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use zeroize::Zeroizing;

/// Where a text stops being the JSON that was expected. It repeats nothing of the text, which may hold a secret, but says which member
/// is missing.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what} at line {line}, column {column}")]
pub struct JsonError {
    what: Cow<'static, str>,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            Category::Syntax | Category::Eof | Category::Io => "not JSON".into(),
            Category::Data => {
                let sentence = error.to_string();
                match (missing_member(&sentence), misspelled_member(&sentence)) {
                    (Some(name), _) => format!("JSON without the member `{name}`,").into(),
                    (None, Some((spelled, name))) => {
                        format!("JSON with the unknown member `{spelled}`, which is spelled `{name}` here,")
                            .into()
                    }
                    (None, None) => "JSON, but not of the expected form,".into(),
                }
            }
        };
        Self { what, line: error.line(), column: error.column() }
    }
}

/// serde says it in words alone. The name is one of ours: what a client named is in none of its sentences that begin so.
fn missing_member(sentence: &str) -> Option<&str> {
    let (name, _) = sentence.strip_prefix("missing field `")?.split_once('`')?;
    Some(name)
}

/// Returns an unknown member that is another spelling of one of ours (`credential_uuid`), as some
/// clients write it. Any other is not repeated.
fn misspelled_member(sentence: &str) -> Option<(&str, &str)> {
    // What a client wrote stands in front, and may look like the rest of the sentence.
    let (spelled, expected) = sentence.strip_prefix("unknown field `")?.rsplit_once("`, expected ")?;
    let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
    let name = expected.split('`').skip(1).step_by(2).find(|name| plain(name) == plain(spelled))?;
    let is_plain = spelled.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    (is_plain && spelled.len() <= 2 * name.len()).then_some((spelled, name))
}

/// The whole text, before a reader can skip a part that is not text.
pub(crate) fn utf8(text: &[u8]) -> Result<&str, JsonError> {
    std::str::from_utf8(text).map_err(|_| JsonError { what: "not UTF-8".into(), line: 1, column: 1 })
}

/// Reads one JSON object and nothing behind it. A derived `Deserialize` would take an array for a struct as well.
pub(crate) fn object<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, JsonError> {
    Ok(serde_json::from_str::<Object<T>>(utf8(text)?)?.0)
}

/// A value that has to be written as an object: for members that are structs.
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// For an optional member: it may be missing, but not `null`.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// For a member that is a secret: wiped also when something behind it is refused.
pub(crate) fn wiped<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}
