//! Which texts are the same JSON value.

use proptest::prelude::*;
use serde_json::Value;

use super::{Ambiguous, canonical};

fn spelled(text: &str) -> String {
    String::from_utf8(canonical(text.as_bytes()).unwrap().unwrap()).unwrap()
}

#[test]
fn a_value_has_one_spelling() {
    let spellings = [
        (r#"{"a":1,"b":[true,null]}"#, r#" { "b" : [ true , null ], "a" : 1.0 } "#),
        (r#""caf\u00e9/""#, "\"café\\/\""),
        ("100", "1e2"),
        ("-0.0120", "-1.2E-2"),
        ("-0", "0e99999999999999999999"),
        ("0.5", "5e-1"),
        (r#"{"b":{"d":1,"c":[2]},"a":[{"y":1,"x":{}}]}"#, r#"{"a":[{"x":{},"y":1}],"b":{"c":[2],"d":1}}"#),
        (r#"{"\u0061":1,"]":"}\\\""}"#, r#"{ "]" : "}\\\u0022" , "a" : 1 }"#),
        ("{}", "\n{\t}\r"),
    ];
    for (one, other) in spellings {
        assert_eq!(spelled(one), spelled(other), "{one} {other}");
    }
}

#[test]
fn two_values_have_two_spellings() {
    let values = [
        "1",
        "-1",
        "10",
        "0.1",
        "\"1\"",
        "true",
        "null",
        "[]",
        "{}",
        "[1]",
        "[[1]]",
        "[1,1]",
        "{\"1\":1}",
        "\"\"",
        "18446744073709551616",
        "18446744073709551617",
        "1e400",
        "1e401",
        "[\"a,b\"]",
        "[\"a\",\"b\"]",
    ];
    let spellings: std::collections::HashSet<_> = values.into_iter().map(spelled).collect();
    assert_eq!(spellings.len(), values.len());
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    let deep = "[".repeat(65) + &"]".repeat(65);
    for text in
        [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#, r#""\ud800""#, "1e9223372036854775808", &deep]
    {
        assert_eq!(canonical(text.as_bytes()), Err(Ambiguous), "{text}");
    }
}

#[test]
fn what_is_not_json_has_no_spelling() {
    for text in ["", "{", "{} {}", "01", "1.", "nul", "'a'", "[1,]", "data=1"] {
        assert_eq!(canonical(text.as_bytes()), Ok(None), "{text}");
    }
    assert_eq!(canonical(b"\"\xff\""), Ok(None));
}

/// Returns any value. Numbers are whole, since the model keeps no other exactly.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-c\"\\\\{}\\[\\],: \u{e9}\u{1f600}\n]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let name = "[a-c\"\\\\:é]{0,2}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Returns a spelling with blanks, with members in the reverse order, and with each letter escaped.
fn respelled(value: &Value) -> String {
    let text = |text: &str| {
        let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        format!(" \"{units}\" ")
    };
    match value {
        Value::String(string) => text(string),
        Value::Array(items) => format!("[ {}]", items.iter().map(respelled).collect::<Vec<_>>().join(",\n")),
        Value::Object(members) => {
            let members =
                members.iter().rev().map(|(name, value)| format!("{}:{}", text(name), respelled(value)));
            format!("\t{{ {} }}\r", members.collect::<Vec<_>>().join(","))
        }
        Value::Number(number) => format!("{number}.00e0"),
        Value::Null | Value::Bool(_) => value.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn spellings_are_equal_where_values_are(one in values(), other in values()) {
        prop_assert_eq!(spelled(&one.to_string()), spelled(&respelled(&one)));
        prop_assert_eq!(spelled(&one.to_string()) == spelled(&other.to_string()), one == other);
    }
}
