//! Holds requests and answers against the published document, `credential_code::OPENAPI`.

use std::collections::HashMap;
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use jsonschema::Validator;
use serde_json::{Value, json};
use tower::{Service, ServiceExt};

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(credential_code::OPENAPI).expect("the document is JSON");
    let mut validators = HashMap::new();
    find_schemas(&document, "", &mut validators);
    Document { document, validators }
});

/// The document, and a validator for each schema in it that was used.
struct Document {
    document: Value,
    validators: HashMap<String, OnceLock<Validator>>,
}

/// Finds each `schema` of the document, by its JSON pointer.
fn find_schemas(value: &Value, pointer: &str, found: &mut HashMap<String, OnceLock<Validator>>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let pointer = format!("{pointer}/{}", escaped(name));
        find_schemas(inner, &pointer, found);
        if name == "schema" {
            found.insert(pointer, OnceLock::new());
        }
    }
    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
        find_schemas(inner, &format!("{pointer}/{index}"), found);
    }
}

/// Returns a name as a JSON pointer spells it.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Document {
    fn at(&self, pointer: &str) -> Option<&Value> {
        self.document.pointer(pointer)
    }

    /// Follows a pointer to the place of its value.
    fn resolved(&self, pointer: String) -> String {
        match self.at(&pointer).and_then(|value| value["$ref"].as_str()) {
            Some(target) => self.resolved(target.trim_start_matches('#').to_owned()),
            None => pointer,
        }
    }

    /// Returns the template of a path. A template that spells the path out wins over one with a
    /// parameter.
    fn template(&self, path: &str) -> Option<&str> {
        let templates = self.document["paths"].as_object()?.keys().map(String::as_str);
        let matching = templates.filter(|template| parameters(template, path).is_some());
        matching.min_by_key(|template| template.matches('{').count())
    }

    fn validator(&self, pointer: &str) -> &Validator {
        let place = self.validators.get(pointer).unwrap_or_else(|| panic!("no schema at {pointer}"));
        place.get_or_init(|| {
            // The references of a schema lead into the components, which therefore stand beside it.
            let components = &self.document["components"];
            let schema = json!({ "allOf": [self.at(pointer)], "components": components });
            jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
        })
    }

    fn check(&self, what: &str, pointer: &str, value: &Value) -> Result<(), String> {
        let errors: Vec<_> = self
            .validator(pointer)
            .iter_errors(value)
            .map(|error| format!("at `{}`: {error}", error.instance_path()))
            .collect();
        match errors.is_empty() {
            true => Ok(()),
            false => Err(format!("{what} is not as {pointer} says: {}; it is {value}", errors.join("; "))),
        }
    }
}

/// Returns the parameters of a path, if it is of that template.
fn parameters<'p>(template: &'p str, path: &'p str) -> Option<Vec<(&'p str, &'p str)>> {
    let (mut parts, mut found) = (path.split('/'), Vec::new());
    for expected in template.split('/') {
        let part = parts.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !part.is_empty() => found.push((name, part)),
            Some(_) => return None,
            None if part == expected => {}
            None => return None,
        }
    }
    parts.next().is_none().then_some(found)
}

/// Asks a service of any kind, and holds its answer against the document.
pub(crate) async fn ask<S, B, R>(service: S, request: Request<B>, sent: &str) -> Response<Bytes>
where
    S: Service<Request<B>, Response = Response<R>, Error: Debug>,
    R: http_body::Body<Error: Debug>,
{
    let heard = Heard::new(&request, sent);
    heard.read(service.oneshot(request).await.unwrap()).await
}

/// A request, as far as the document describes it.
pub(crate) struct Heard {
    method: String,
    path: String,
    query: String,
    body: Arc<Mutex<Vec<u8>>>,
}

impl Heard {
    /// Creates a request whose body is known.
    pub(crate) fn new<B>(request: &Request<B>, body: impl AsRef<[u8]>) -> Self {
        Self {
            method: request.method().as_str().to_owned(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            body: Arc::new(Mutex::new(body.as_ref().to_vec())),
        }
    }

    /// Notes the body of a request as it is read, since some bodies are made to be read in a
    /// certain way.
    pub(crate) fn overhear(request: Request<Body>) -> (Self, Request<Body>) {
        let heard = Self::new(&request, "");
        let seen = heard.body.clone();
        (heard, request.map(|body| Body::new(Overheard { body, seen })))
    }

    /// Reads the answer to it, and asserts that the document allows it.
    pub(crate) async fn read<R>(&self, response: Response<R>) -> Response<Bytes>
    where
        R: http_body::Body<Error: Debug>,
    {
        let (head, body) = response.into_parts();
        let response = Response::from_parts(head, body.collect().await.unwrap().to_bytes());
        if let Err(difference) = self.judge(&response) {
            panic!("{} {} answered {}: {difference}", self.method, self.path, response.status());
        }
        response
    }

    /// Returns an error for an answer that the document does not allow. It does not judge paths
    /// that the document does not have.
    pub(crate) fn judge(&self, response: &Response<Bytes>) -> Result<(), String> {
        let Some(template) = DOCUMENT.template(&self.path) else { return Ok(()) };
        let item = format!("/paths/{}", escaped(template));
        let described = self.described(&item, response.status())?;
        check_headers(&described, response.headers())?;
        let body = serde_json::from_slice(response.body());
        let body = body.map_err(|error| format!("its body is no JSON: {error}"))?;
        DOCUMENT.check("its body", &format!("{described}/content/application~1json/schema"), &body)?;
        match response.status() {
            StatusCode::OK => self.judge_request(&item, template),
            _ => Ok(()),
        }
    }

    /// Returns where the document describes the answer of that status.
    fn described(&self, item: &str, status: StatusCode) -> Result<String, String> {
        let described = match self.operation(item) {
            Some(operation) => format!("{operation}/responses/{}", status.as_u16()),
            None => match status {
                StatusCode::METHOD_NOT_ALLOWED => {
                    "/components/responses/CredentialCodeMethodNotAllowed".into()
                }
                // A site without management has no such path.
                StatusCode::NOT_FOUND => "/components/responses/CredentialCodeNotFound".into(),
                _ => return Err("the document does not have the method".into()),
            },
        };
        match DOCUMENT.at(&described) {
            Some(_) => Ok(DOCUMENT.resolved(described)),
            None => Err("the document does not have the status".into()),
        }
    }

    fn operation(&self, item: &str) -> Option<String> {
        let is_upper = self.method.bytes().all(|byte| byte.is_ascii_uppercase());
        let operation = format!("{item}/{}", self.method.to_ascii_lowercase());
        (is_upper && DOCUMENT.at(&operation).is_some()).then_some(operation)
    }

    /// Checks that the document allows the request, since the answer was a success.
    fn judge_request(&self, item: &str, template: &str) -> Result<(), String> {
        let operation = self.operation(item).ok_or("the document does not have the method")?;
        let in_path = parameters(template, &self.path).unwrap_or_default();
        let in_query = self.query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        for (place, given) in [("path", in_path), ("query", in_query)] {
            for (name, value) in given {
                let described = [item, &operation].into_iter().find_map(|of| parameter(of, place, name));
                let described =
                    described.ok_or(format!("the document does not have the parameter {name}"))?;
                check_text(&format!("the parameter {name}"), &format!("{described}/schema"), value)?;
            }
        }
        let body = self.body.lock().unwrap().clone();
        let described = DOCUMENT.at(&format!("{operation}/requestBody"));
        let is_needed = described.is_some_and(|described| described["required"] == true);
        match (described, body.is_empty()) {
            (None, false) => Err("the document does not have a body for the request".into()),
            (_, true) if is_needed => Err("the request has no body, and the document demands one".into()),
            (_, true) => Ok(()),
            (Some(_), false) => {
                let body: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
                let schema = format!("{operation}/requestBody/content/application~1json/schema");
                DOCUMENT.check("the body of the request", &schema, &body)
            }
        }
    }
}

/// Returns where a parameter of a path or an operation is described.
fn parameter(of: &str, place: &str, name: &str) -> Option<String> {
    let described = DOCUMENT.at(&format!("{of}/parameters"))?.as_array()?;
    let index = described.iter().position(|it| it["in"] == place && it["name"] == name)?;
    Some(format!("{of}/parameters/{index}"))
}

/// Checks the media type, and each header that the document demands. No header lets in a page of
/// another origin.
fn check_headers(response: &str, headers: &HeaderMap) -> Result<(), String> {
    if let Some(name) = headers.keys().find(|name| name.as_str().starts_with("access-control-")) {
        return Err(format!("it has the header {name}"));
    }
    if headers.get(header::CONTENT_TYPE).is_none_or(|media_type| media_type != "application/json") {
        return Err(format!("its media type is {:?}", headers.get(header::CONTENT_TYPE)));
    }
    let described = DOCUMENT.at(&format!("{response}/headers"));
    for (name, described) in described.and_then(Value::as_object).into_iter().flatten() {
        let schema = format!("{response}/headers/{}/schema", escaped(name));
        match headers.get(name) {
            Some(value) => {
                check_text(&format!("its header {name}"), &schema, value.to_str().unwrap_or_default())?
            }
            None if described["required"] == true => return Err(format!("it lacks the header {name}")),
            None => {}
        }
    }
    Ok(())
}

/// Checks a header or a parameter. On the wire it is always text.
fn check_text(what: &str, schema: &str, text: &str) -> Result<(), String> {
    let is_number = DOCUMENT.at(schema).is_some_and(|schema| schema["type"] == "integer");
    let value = match text.parse::<u64>() {
        Ok(number) if is_number => number.into(),
        // Hyphens are the only thing in our paths that clients encode.
        Ok(_) | Err(_) => text.replace("%2D", "-").replace("%2d", "-").into(),
    };
    DOCUMENT.check(what, schema, &value)
}

/// A body that notes the bytes that are read, and changes nothing.
struct Overheard {
    body: Body,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl http_body::Body for Overheard {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.seen.lock().unwrap().extend_from_slice(data);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
