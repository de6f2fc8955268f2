//! Which texts are one JSON value.

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
