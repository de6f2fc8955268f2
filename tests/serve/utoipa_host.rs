//! A host that has its own document, made by utoipa, and merges ours into it.

use credential_code::OPENAPI;
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};

/// A schema with a name that ours would have without a prefix.
#[allow(dead_code, reason = "it is only described")]
#[derive(ToSchema)]
struct Credential {
    badge: String,
}

/// Another one.
#[allow(dead_code, reason = "it is only described")]
#[derive(ToSchema)]
struct Error {
    problem: String,
}

#[utoipa::path(get, path = "/credentials", responses(
    (status = 200, description = "the badge", body = Credential),
    (status = "default", description = "a problem", body = Error),
))]
#[allow(dead_code, reason = "it is only described")]
fn credentials() {}

#[derive(OpenApi)]
#[openapi(info(title = "the application"), paths(credentials))]
struct Host;

/// Returns the document that a host would serve.
fn merged() -> Value {
    let mut host = Host::openapi();
    host.merge(serde_json::from_str(OPENAPI).unwrap());
    serde_json::from_str(&host.to_json().unwrap()).unwrap()
}

/// Returns the schema that something in the document refers to.
fn referred<'d>(document: &'d Value, from: &str) -> &'d Value {
    let target = document.pointer(from).and_then(|value| value["$ref"].as_str());
    let target = target.unwrap_or_else(|| panic!("{from} refers to nothing"));
    document.pointer(target.trim_start_matches('#')).unwrap_or_else(|| panic!("{target} is not there"))
}

#[test]
fn a_host_merges_the_document_and_both_keep_their_schemas() {
    let merged = merged();

    assert_eq!(merged["info"]["title"], "the application");
    let schema = "content/application~1json/schema";
    let theirs = "/paths/~1credentials/get/responses";
    assert_eq!(referred(&merged, &format!("{theirs}/200/{schema}"))["required"], json!(["badge"]));
    assert_eq!(referred(&merged, &format!("{theirs}/default/{schema}"))["required"], json!(["problem"]));
    let listed = referred(&merged, &format!("/paths/~1auth~1credentials/get/responses/200/{schema}"));
    assert_eq!(listed["required"], json!(["items"]));
    let item = listed["properties"]["items"]["items"]["$ref"].as_str().unwrap();
    let credential = merged.pointer(item.trim_start_matches('#')).unwrap();
    assert_eq!(credential["required"].as_array().unwrap().len(), 9, "{credential}");
    let refused = referred(&merged, "/paths/~1auth~1credentials/get/responses/404");
    let error = refused["content"]["application/json"]["schema"]["allOf"][0]["$ref"].as_str().unwrap();
    let error = merged.pointer(error.trim_start_matches('#')).unwrap();
    assert_eq!(error["required"], json!(["error", "message"]));
}

#[test]
fn a_host_has_every_path_name_and_reference_of_ours() {
    let ours: Value = serde_json::from_str(OPENAPI).unwrap();
    let merged = merged();

    for (path, item) in ours["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters")
        {
            let kept = &merged["paths"][path][method];
            for member in ["operationId", "tags", "security", "requestBody"] {
                assert_eq!(kept.get(member), operation.get(member), "{member} of {method} {path}");
            }
            let statuses = |operation: &Value| {
                Vec::from_iter(operation["responses"].as_object().unwrap().keys().cloned())
            };
            assert_eq!(statuses(kept), statuses(operation), "{method} {path}");
        }
    }
    for what in ["schemas", "responses", "securitySchemes"] {
        for (name, ours) in ours["components"][what].as_object().unwrap() {
            let kept = &merged["components"][what][name];
            assert!(kept.is_object(), "{name}");
            // utoipa knows neither all keywords of JSON Schema nor required headers.
            for member in
                ["type", "properties", "required", "enum", "pattern", "oneOf", "additionalProperties"]
            {
                assert_eq!(kept.get(member).is_some(), ours.get(member).is_some(), "{member} of {name}");
            }
        }
    }
    let mut references = Vec::new();
    refer(&merged, &mut references);
    assert!(references.len() > 300, "{}", references.len());
    for target in references {
        assert!(merged.pointer(target.trim_start_matches('#')).is_some(), "{target}");
    }
}

fn refer<'d>(value: &'d Value, references: &mut Vec<&'d str>) {
    if let Some(target) = value.get("$ref").and_then(Value::as_str) {
        references.push(target);
    }
    for inner in value.as_object().into_iter().flat_map(|members| members.values()) {
        refer(inner, references);
    }
    for inner in value.as_array().into_iter().flatten() {
        refer(inner, references);
    }
}
