//! One spelling for each JSON value, so that values can be compared by their bytes.
//!
//! Blanks, the order of members, the escapes of a string and the notation of a number do not count. Numbers are compared exactly, however
//! long: `1`, `1.0` and `10e-1` are one, and two that only a float would take for the same are two.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Deeper nesting than any request has.
const DEEPEST: usize = 64;

/// The text is JSON without one certain meaning: a duplicate member, half a surrogate pair, a number with an exponent beyond
/// all bounds, or a value that is nested too deeply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ambiguous;

/// The canonical spelling of a text that is JSON; `None` if it is none.
pub(crate) fn canonical(text: &[u8]) -> Result<Option<Vec<u8>>, Ambiguous> {
    let Ok(value) = serde_json::from_slice::<&RawValue>(text) else { return Ok(None) };
    let mut spelling = Vec::with_capacity(text.len());
    write(value, DEEPEST, &mut spelling)?;
    Ok(Some(spelling))
}

fn write(value: &RawValue, depth: usize, spelling: &mut Vec<u8>) -> Result<(), Ambiguous> {
    let depth = depth.checked_sub(1).ok_or(Ambiguous)?;
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = read(text)?;
            spelling.push(b'{');
            for (name, value) in members {
                write_text(&name, spelling)?;
                spelling.push(b':');
                write(value, depth, spelling)?;
                spelling.push(b',');
            }
            spelling.push(b'}');
        }
        Some(b'[') => {
            spelling.push(b'[');
            for item in read::<Vec<&RawValue>>(text)? {
                write(item, depth, spelling)?;
                spelling.push(b',');
            }
            spelling.push(b']');
        }
        Some(b'"') => write_text(&read::<String>(text)?, spelling)?,
        Some(b't' | b'f' | b'n') => spelling.extend_from_slice(text.as_bytes()),
        Some(_) | None => write_number(text, spelling)?,
    }
    Ok(())
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Ambiguous> {
    serde_json::from_str(text).map_err(|_| Ambiguous)
}

fn write_text(text: &str, spelling: &mut Vec<u8>) -> Result<(), Ambiguous> {
    serde_json::to_writer(spelling, text).map_err(|_| Ambiguous)
}

/// Sign, digits without zeros around them, and the power of ten that they are multiplied with.
fn write_number(text: &str, spelling: &mut Vec<u8>) -> Result<(), Ambiguous> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    let significant = digits.trim_end_matches('0');
    let dropped = digits.len() - significant.len();
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        spelling.push(b'0');
        return Ok(());
    }
    let exponent: i64 = exponent.parse().map_err(|_| Ambiguous)?;
    let shift = |count: usize| i64::try_from(count).map_err(|_| Ambiguous);
    let exponent = exponent
        .checked_add(shift(dropped)?)
        .and_then(|exponent| exponent.checked_sub(shift(fraction.len()).ok()?))
        .ok_or(Ambiguous)?;
    spelling.extend_from_slice(format!("{sign}{significant}e{exponent}").as_bytes());
    Ok(())
}

/// The members of an object by name, each once.
struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("duplicate member"));
            }
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
#[path = "../../tests/unit/canonical_json.rs"]
mod tests;
