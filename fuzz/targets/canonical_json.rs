//! The one spelling of a JSON value, against a plain model: a tree with sorted members. Another
//! text of the same value has the same spelling, and the requests that an action signs are equal.

use std::collections::BTreeMap;
use std::fmt;

use credential_code::action::ActionRequest;
use credential_code_fuzz::inside::canonical;
use serde_json::value::RawValue;

/// The model of a value, without depth.
enum Model {
    Plain(String),
    Number { is_negative: bool, digits: String, exponent: i128 },
    Text(String),
    Array(Vec<Model>),
    Object(BTreeMap<String, Model>),
}

pub fn run(input: &[u8]) {
    let spelling = canonical(input);
    let Ok(raw) = serde_json::from_slice::<&RawValue>(input) else {
        assert_eq!(spelling, Ok(None), "a text that is no JSON has no spelling");
        return;
    };
    let Some(model) = Model::read(raw.get(), 64) else {
        assert_eq!(spelling, Err(()), "a text without a certain meaning is refused");
        assert!(request(input).is_none());
        return;
    };
    assert_eq!(spelling, Ok(Some(model.to_string().into_bytes())));
    let respelled = model.respelled();
    assert_eq!(canonical(respelled.as_bytes()), spelling, "{respelled}");
    assert!(request(input).is_some());
    assert_eq!(request(respelled.as_bytes()), request(input));
}

fn request(body: &[u8]) -> Option<ActionRequest> {
    ActionRequest::new("POST", "/", body).ok()
}

impl Model {
    /// Returns nothing for a duplicate name, half a surrogate pair, an extreme exponent, or a value
    /// that is nested too deeply.
    fn read(text: &str, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let text = text.trim();
        match text.as_bytes().first()? {
            b'{' => {
                let Members(members) = serde_json::from_str(text).ok()?;
                let count = members.len();
                let read = members.into_iter().map(|(name, raw)| Some((name, Self::read(raw.get(), depth)?)));
                let object: BTreeMap<_, _> = read.collect::<Option<_>>()?;
                (object.len() == count).then_some(Self::Object(object))
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                items
                    .into_iter()
                    .map(|raw| Self::read(raw.get(), depth))
                    .collect::<Option<_>>()
                    .map(Self::Array)
            }
            b'"' => serde_json::from_str(text).ok().map(Self::Text),
            b't' | b'f' | b'n' => Some(Self::Plain(text.to_owned())),
            _ => Self::number(text),
        }
    }

    fn number(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let (mantissa, power) = lower.split_once('e').unwrap_or((&lower, "0"));
        let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits = mantissa.replace(['-', '.'], "");
        let digits = digits.trim_start_matches('0');
        let significant = digits.trim_end_matches('0');
        if significant.is_empty() {
            return Some(Self::Plain("0".to_owned()));
        }
        let power: i64 = power.parse().ok()?;
        let exponent = i128::from(power) + (digits.len() - significant.len()) as i128;
        i64::try_from(exponent).ok()?;
        let exponent = exponent - places as i128;
        i64::try_from(exponent).ok()?;
        Some(Self::Number { is_negative: text.starts_with('-'), digits: significant.to_owned(), exponent })
    }

    /// Returns another text of the value: members in reverse, every character escaped, numbers with
    /// a point, and blanks.
    fn respelled(&self) -> String {
        match self {
            Self::Plain(text) => format!("\n{text}\t"),
            Self::Number { is_negative, digits, exponent } => {
                let sign = if *is_negative { "-" } else { "" };
                match exponent.checked_add(digits.len() as i128).filter(|it| i64::try_from(*it).is_ok()) {
                    Some(exponent) => format!(" {sign}0.{digits}E{exponent:+} "),
                    None => format!("{sign}{digits}e{exponent}"),
                }
            }
            Self::Text(text) => escaped(text),
            Self::Array(items) => {
                let items: Vec<_> = items.iter().map(Self::respelled).collect();
                format!("[ {}\r]", items.join(" , "))
            }
            Self::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .rev()
                    .map(|(name, value)| format!("{} :{}", escaped(name), value.respelled()))
                    .collect();
                format!(" {{{} }}", members.join(","))
            }
        }
    }
}

/// Writes the spelling: sorted members, and a comma behind each value in a list.
impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(text),
            Self::Number { is_negative, digits, exponent } => {
                write!(f, "{}{digits}e{exponent}", if *is_negative { "-" } else { "" })
            }
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::Array(items) => {
                f.write_str("[")?;
                items.iter().try_for_each(|item| write!(f, "{item},"))?;
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (name, value) in members {
                    write!(f, "{}:{value},", serde_json::Value::from(name.as_str()))?;
                }
                f.write_str("}")
            }
        }
    }
}

fn escaped(text: &str) -> String {
    let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{units}\"")
}

/// The members of an object in their order, with duplicates.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Visit)
    }
}

struct Visit;

impl<'de> serde::de::Visitor<'de> for Visit {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
