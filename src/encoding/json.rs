//! JSON read strictly, where serde is lenient.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use zeroize::Zeroizing;

/// The place where a text stops being the expected JSON. It repeats nothing of the text, which may
/// hold a secret. It does say which member is missing.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what} at line {line}, column {column}")]
pub struct JsonError {
    what: Cow<'static, str>,
    line: usize,
    column: usize,
}

impl JsonError {
    /// Says what is wrong with a text that was read as a `T`. It reads the text once more to find
    /// the member. Only callers with an error pay for that.
    fn of<'de, T: Deserialize<'de>>(text: &'de str, error: &serde_json::Error) -> Self {
        let mut again = serde_json::Deserializer::from_str(text);
        let found = serde_path_to_error::deserialize::<_, Object<T>>(&mut again).err();
        Self::at(error, found.map(|error| error.path().to_string()).as_deref())
    }

    fn at(error: &serde_json::Error, member: Option<&str>) -> Self {
        let what = match error.classify() {
            Category::Syntax | Category::Eof | Category::Io => "not JSON".into(),
            Category::Data => mistake(&error.to_string(), member).into(),
        };
        Self { what, line: error.line(), column: error.column() }
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self::at(&error, None)
    }
}

/// Says which member has the mistake, and what was expected, as far as both are our own words.
/// serde says it only in sentences, which may begin with a client's words.
fn mistake(sentence: &str, member: Option<&str>) -> String {
    if let Some(name) = quoted_behind(sentence, "missing field `") {
        return format!("JSON without the member `{name}`,");
    }
    if let Some(name) = quoted_behind(sentence, "duplicate field `") {
        return format!("JSON with the member `{name}` twice,");
    }
    if let Some((spelled, name)) = misspelled_member(sentence) {
        return format!("JSON with the unknown member `{spelled}`, which is spelled `{name}` here,");
    }
    let is_unknown = sentence.starts_with("unknown field `");
    let place = match member {
        // The path of an unknown member ends in the client's own name for it.
        Some(member) if !is_unknown && member != "." => format!(" in `{member}`"),
        Some(_) | None => String::new(),
    };
    let expected = match expected_in(sentence) {
        Some(expected) => format!(" (expected {expected})"),
        None => String::new(),
    };
    format!("JSON, but not of the expected form{place}{expected},")
}

/// Returns the name of one of our members. Such a sentence contains nothing that a client named.
fn quoted_behind<'a>(sentence: &'a str, beginning: &str) -> Option<&'a str> {
    let (name, _) = sentence.strip_prefix(beginning)?.split_once('`')?;
    Some(name)
}

/// Returns what serde expected, which is behind everything that a client wrote.
fn expected_in(sentence: &str) -> Option<&str> {
    let known =
        ["invalid type: ", "invalid value: ", "invalid length ", "unknown field `", "unknown variant `"];
    if !known.iter().any(|beginning| sentence.starts_with(beginning)) {
        return None;
    }
    let sentence = sentence.rsplit_once(" at line ").map_or(sentence, |(sentence, _)| sentence);
    // Here nothing is expected. A text that looks like an expectation is a client's.
    if sentence.ends_with("there are no fields") || sentence.ends_with("there are no variants") {
        return None;
    }
    let (_, expected) = sentence.rsplit_once(", expected ")?;
    Some(expected)
}

/// Returns an unknown member that is another spelling of one of ours (`credential_uuid`), as some
/// clients write it. No other unknown member is repeated.
fn misspelled_member(sentence: &str) -> Option<(&str, &str)> {
    // The client's text comes first, and may look like the rest of the sentence.
    let (spelled, expected) = sentence.strip_prefix("unknown field `")?.rsplit_once("`, expected ")?;
    let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
    let name = expected.split('`').skip(1).step_by(2).find(|name| plain(name) == plain(spelled))?;
    let is_plain = spelled.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    (is_plain && spelled.len() <= 2 * name.len()).then_some((spelled, name))
}

/// Checks the whole text, before a reader can skip a part that is not text.
pub(crate) fn utf8(text: &[u8]) -> Result<&str, JsonError> {
    std::str::from_utf8(text).map_err(|_| JsonError { what: "not UTF-8".into(), line: 1, column: 1 })
}

/// Reads one JSON object and nothing behind it. A derived `Deserialize` would also accept an array
/// for a struct.
pub(crate) fn object<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, JsonError> {
    let text = utf8(text)?;
    match serde_json::from_str::<Object<T>>(text) {
        Ok(Object(value)) => Ok(value),
        Err(error) => Err(JsonError::of::<T>(text, &error)),
    }
}

/// A value that has to be written as an object, for members that are structs.
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

/// A value that has to be written as text, for members with a fixed set of names. A derived
/// `Deserialize` would also accept `{"POST":null}` as a name.
#[derive(Debug)]
pub(crate) struct Name<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(name) = Text::deserialize(deserializer)?;
        T::deserialize(name.into_deserializer()).map(Self)
    }
}

/// Text that is not copied unless it contains escapes.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// A value that nobody asked for. It is read like any other and not skipped. Skipping would not
/// check its depth, its escapes, or duplicate members.
#[derive(Debug)]
pub(crate) struct Unknown;

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnknownVisitor)
    }
}

struct UnknownVisitor;

impl<'de> Visitor<'de> for UnknownVisitor {
    type Value = Unknown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unknown, A::Error> {
        while items.next_element::<Unknown>()?.is_some() {}
        Ok(Unknown)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unknown, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((Text(name), Unknown)) = members.next_entry::<Text<'de>, Unknown>()? {
            if !names.insert(name) {
                return Err(de::Error::custom("duplicate member"));
            }
        }
        Ok(Unknown)
    }
}

/// Reads an optional member. It may be missing, but not `null`.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a member that is a secret. It is wiped even when something behind it is refused.
pub(crate) fn wiped<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}
