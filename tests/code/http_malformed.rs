//! Every malformed request is refused in one form, at once, and spends nothing.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use axum::body::{Body, Bytes};
use credential_code::model::{CredentialKind, EncryptedPrivateKey};
use credential_code::store::Budget;
use credential_code::testing::ManualClock;
use http::{Method, Request, header};
use http_body::Frame;
use serde_json::{Value, json};

use crate::support::{
    ENDPOINTS, EXCHANGE, MINT, ORIGIN, REGISTER, USER, World, exchange_body, request, text,
};

/// One way to spoil a body, and how it is refused.
struct Spoiled {
    how: String,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
}

fn spoiled(how: impl Into<String>, body: impl Into<Vec<u8>>) -> Spoiled {
    Spoiled { how: how.into(), body: body.into(), status: 400, code: "invalid_request" }
}

/// Ways to spoil any JSON object, whatever its members mean.
fn spoil_json(good: &Value) -> Vec<Spoiled> {
    let text = good.to_string();
    let inside = &text[1..text.len() - 1];
    let mut all = vec![
        spoiled("empty", ""),
        spoiled("blank", " \n"),
        spoiled("null", "null"),
        spoiled("a number", "1"),
        spoiled("text", "\"{}\""),
        spoiled("true", "true"),
        spoiled("an array", "[]"),
        spoiled("in an array", format!("[{text}]")),
        spoiled("in text", json!(text).to_string()),
        spoiled("no members", "{}"),
        spoiled("cut", &text.as_bytes()[..text.len() - 1]),
        spoiled("twice", format!("{text}{text}")),
        spoiled("a trailing word", format!("{text} x")),
        spoiled("a trailing brace", format!("{text}}}")),
        spoiled("a trailing nul", format!("{text}\0")),
        spoiled("a trailing comma", format!("{{{inside},}}")),
        spoiled("a comment", format!("{{/**/{inside}}}")),
        spoiled("a byte order mark", format!("\u{feff}{text}")),
        spoiled("form", "code=A7U-KY6-9PT"),
        spoiled("gzip", b"\x1f\x8b\x08\0\0\0\0\0".to_vec()),
        spoiled("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        spoiled("an unknown member", format!("{{\"unknown\":1,{inside}}}")),
        spoiled("an unknown member of null", format!("{{\"unknown\":null,{inside}}}")),
        spoiled("__proto__", format!("{{\"__proto__\":{{}},{inside}}}")),
        spoiled("a blank name", format!("{{\"\":1,{inside}}}")),
        spoiled("deep arrays", format!("{{\"unknown\":{},{inside}}}", "[".repeat(20_000))),
        spoiled("deep objects", format!("{{\"unknown\":{}{inside}", "{\"a\":".repeat(10_000))),
        spoiled("deep at the top", "[".repeat(60_000)),
        spoiled("deep and closed", format!("{}{}", "[".repeat(30_000), "]".repeat(30_000))),
        spoiled("a lone surrogate in a name", format!("{{\"\\ud800\":1,{inside}}}")),
        spoiled("an open string", format!("{{{inside},\"")),
        spoiled("65 thousand blanks behind nothing", " ".repeat(65_000)),
        Spoiled {
            status: 413,
            code: "payload_too_large",
            ..spoiled("64 KiB and one", padded(&text, 65_537))
        },
        Spoiled { status: 413, code: "payload_too_large", ..spoiled("1 MiB", padded(&text, 1 << 20)) },
        Spoiled { status: 413, code: "payload_too_large", ..spoiled("1 MiB of nothing", vec![0; 1 << 20]) },
    ];
    let mut invalid_utf8 = text.clone().into_bytes();
    let middle = text.rfind("\"}").or(text.rfind('}')).unwrap();
    invalid_utf8.insert(middle, 0xff);
    all.push(spoiled("invalid UTF-8", invalid_utf8));
    for (name, value) in good.as_object().unwrap() {
        spoil_member(&mut all, good, "", name, value);
        if let Some(members) = value.as_object() {
            for (inner, value) in members {
                spoil_member(&mut all, good, &format!("/{name}"), inner, value);
            }
            all.push(spoiled("unknown inside", changed(good, &format!("/{name}"), "unknown", json!(1))));
        }
    }
    all
}

/// Returns the same JSON with blanks behind it, up to that length.
fn padded(text: &str, length: usize) -> String {
    format!("{text}{}", " ".repeat(length - text.len()))
}

/// Returns the body with one member of one of its objects changed.
fn changed(good: &Value, object: &str, name: &str, value: Value) -> String {
    let mut body = good.clone();
    body.pointer_mut(object).unwrap()[name] = value;
    body.to_string()
}

/// Adds bodies in which a member is missing, twice, under another name, or of another type.
fn spoil_member(all: &mut Vec<Spoiled>, good: &Value, object: &str, name: &str, value: &Value) {
    let path = format!("{object}/{name}");
    let mut missing = good.clone();
    missing.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(name);
    if name != "encryptedPrivateKey" || good["credentialKind"] == "PasswordProtectedKey" {
        all.push(spoiled(format!("{path} missing"), missing.to_string()));
    }
    let mut renamed = missing.clone();
    renamed.pointer_mut(object).unwrap()[name.to_uppercase()] = value.clone();
    all.push(spoiled(format!("{path} in upper case"), renamed.to_string()));

    let member = format!("{}:{value}", json!(name));
    let whole = good.to_string();
    assert_eq!(whole.matches(&member).count(), 1, "{member} in {whole}");
    all.push(spoiled(format!("{path} twice"), whole.replace(&member, &format!("{member},{member}"))));
    let escaped = format!("\"\\u{:04x}{}\":{value}", name.as_bytes()[0], &name[1..]);
    let twice = whole.replace(&member, &format!("{escaped},{member}"));
    all.push(spoiled(format!("{path} twice, once escaped"), twice));

    let mut others = vec!["null", "true", "[]", "{}", "1.5", "-1", "1e309", "\"\\ud800\"", "\"\""];
    others.extend(["[null]", "\"\\u0000\"", "0"]);
    for other in others {
        // The text has no fault of form. It is refused as a code, or as a challenge.
        if matches!(name, "code" | "challengeIdentifier") && other == "\"\\u0000\"" {
            continue;
        }
        let body = whole.replace(&member, &format!("{}:{other}", json!(name)));
        all.push(spoiled(format!("{path} is {other}"), body));
    }
    if value.is_string() {
        let bytes = whole.replace(&member, &format!("{}:\"@\"", json!(name)));
        let at = bytes.find('@').unwrap();
        let mut bytes = bytes.into_bytes();
        bytes[at] = 0xc0;
        all.push(spoiled(format!("{path} is not UTF-8"), bytes));
    }
}

/// Sends all of them, and then the good body. Returns how many there were.
async fn assert_refused(world: &World, path: &str, all: Vec<Spoiled>, good: &Value) -> usize {
    let count = all.len();
    for Spoiled { how, body, status, code } in all {
        let answer = world.post(path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {how}: {:?}", answer.body);
        answer.assert_refused(status, code);
    }
    world.post_json(path, good).await.ok();
    count
}

#[tokio::test]
async fn a_malformed_mint_is_refused_and_spends_no_budget() {
    let world = World::with(|setup| setup.policy(|policy| policy.codes_per_user(Budget::per_minute(1))));
    let good = json!({ "expiration": world.unix(60) });
    let mut all = spoil_json(&good);
    // A lenient reader would find each within the minute that a code may live. The clock shows
    // 2100-01-01T00:00:00Z.
    for odd in [
        "4102444860.0",
        "4.10244486e9",
        "-4102444860",
        "-0",
        "04102444860",
        "+4102444860",
        "18446744073709551616",
        "18446744073709551615",
        "99999999999999999999999999999999999999",
        "-9223372036854775809",
        "1e400",
        "-1e309",
        "NaN",
        "Infinity",
        "0xf48656fc",
        "\"4102444860\"",
        "\"2100-01-01\"",
        "\"2100-01-01T00:00:30\"",
        "\"2100-01-01T00:00:30+0000\"",
        "\"2100-01-01T00:00:30+00\"",
        "\"2100-01-01T00:00:30 Z\"",
        "\"2100-01-01 00:00:30Z\"",
        "\"2100-01-01_00:00:30Z\"",
        "\"2100-01-01T00:00Z\"",
        "\"2100-01-01T00:00:30.Z\"",
        "\"2100-01-01T00:00:30,5Z\"",
        "\"2100-1-1T00:00:30Z\"",
        "\"2099-12-32T00:00:30Z\"",
        "\"2099-13-01T00:00:30Z\"",
        "\"2099-12-31T24:00:00Z\"",
        "\"2099-12-31T23:60:30Z\"",
        "\"2100-01-01T00:00:61Z\"",
        "\"2100-01-02T00:00:30+24:00\"",
        "\"2100-01-01T01:00:30+00:60\"",
        "\" 2100-01-01T00:00:30Z\"",
        "\"2100-01-01T00:00:30Z \"",
        "\"2100-01-01T00:00:30Z\\u0000\"",
        "\"２100-01-01T00:00:30Z\"",
        "\"+02100-01-01T00:00:30Z\"",
        "\"-2100-01-01T00:00:30Z\"",
        "\"12100-01-01T00:00:30Z\"",
        "\"Fri, 01 Jan 2100 00:00:30 GMT\"",
        "\"P1M\"",
        "\"now\"",
    ] {
        all.push(spoiled(odd, format!("{{\"expiration\":{odd}}}")));
    }
    let count = assert_refused(&world, MINT, all, &good).await;
    assert!(count >= 93, "{count}");
}

#[tokio::test]
async fn a_malformed_exchange_is_refused_and_spends_neither_code_nor_guess() {
    let world = World::with(|setup| setup.policy(|policy| policy.misses(Budget::per_minute(1))));
    let code = world.mint().await;
    let good = exchange_body(CredentialKind::Key, &code);
    let mut all = spoil_json(&good);
    for kind in ["key", "KEY", "Key ", "fido2", "Passkey", "Password", "Totp", "Kеy", "Key\\u0000"] {
        let body = format!(r#"{{"credentialKind":"{kind}","code":"{code}"}}"#);
        all.push(spoiled(format!("kind {kind}"), body));
    }
    let longest = "A".repeat(60_000);
    let spelled: String = code.chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect();
    for odd in [
        "A",
        "AAA-AAA-AA",
        "AAA-AAA-AAAA",
        "AAA-AAA-AA0",
        "AAA-AAA-AA1",
        "AAA-AAA-AAI",
        "AAA-AAA-AAO",
        "AAA–AAA–AAA",
        "AAA_AAA_AAA",
        "AAA.AAA.AAA",
        "ÄAA-AAA-AAA",
        "ıAA-AAA-AAA",
        "ſAA-AAA-AAA",
        "ﬀA-AAA-AAA",
        "AAA\u{a0}AAA\u{a0}AAA",
        "AAA\u{200b}AAA-AAA",
        "\u{202e}AAA-AAA-AAA",
        "AAA-AAA-AAA\0",
        "AAA-AAA-AAA\n",
        "' OR 1=1 --",
        "*",
        "---------",
        &longest,
        &spelled,
        &format!("{code}A"),
        &code[1..],
        &"-".repeat(1000),
    ] {
        let body = exchange_body(CredentialKind::Key, odd).to_string();
        all.push(Spoiled { status: 403, code: "invalid_code", ..spoiled(odd, body) });
    }
    let count = assert_refused(&world, EXCHANGE, all, &good).await;
    assert!(count >= 100, "{count}");
}

#[tokio::test]
async fn a_malformed_register_is_refused_and_spends_no_challenge() {
    let mut count = 0;
    for kind in [CredentialKind::Fido2, CredentialKind::Key, CredentialKind::PasswordProtectedKey] {
        let world = World::with(|setup| setup.policy(|policy| policy.misses(Budget::per_minute(1))));
        let good = world.registration(kind).await;
        let mut all = spoil_json(&good);
        let info = "/credentialInfo";
        for member in ["clientData", "attestationData"] {
            let encoded = text(&good["credentialInfo"], member);
            let odd = [
                "A".into(),
                "AB".into(),
                "====".into(),
                format!("{encoded}="),
                format!("{encoded}===="),
                format!("{encoded} "),
                format!(" {encoded}"),
                format!("{encoded}\n"),
                format!("{encoded}\u{0}"),
                format!("{encoded}é"),
                format!("{}+", &encoded[1..]),
                format!("{}/", &encoded[1..]),
                format!("data:;base64,{encoded}"),
            ];
            for odd in odd {
                // Keys may have whole padding, and this text might need just one `=`.
                let is_whole = odd.trim_end_matches('=') == encoded && odd.len() % 4 == 0;
                let is_padding = odd.ends_with('=') && !odd.ends_with("==") && is_whole;
                if kind == CredentialKind::Fido2 || !is_padding {
                    all.push(spoiled(format!("{member} is {odd}"), changed(&good, info, member, odd.into())));
                }
            }
        }
        all.push(spoiled("an endless id", changed(&good, info, "credId", "A".repeat(1365).into())));
        all.push(spoiled("an id of two lines", changed(&good, info, "credId", "A\nB".into())));
        if kind == CredentialKind::Fido2 {
            let id = text(&good["credentialInfo"], "credId");
            for odd in [format!("{id}="), format!("{id} "), "AB".into(), "a/b".into(), "ä".into()] {
                all.push(spoiled(format!("id {odd}"), changed(&good, info, "credId", odd.into())));
            }
        }
        for name in
            ["a\tb", "a\u{7f}b", "a\u{85}b", "a\u{202e}b", "\u{200b} ", &"n".repeat(1025), &"ä".repeat(513)]
        {
            all.push(spoiled(format!("name {name}"), changed(&good, "", "credentialName", name.into())));
        }
        for other in ["Password", "Totp", "key", "Fido", ""] {
            all.push(spoiled(format!("kind {other}"), changed(&good, "", "credentialKind", other.into())));
        }
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAA\n-----END PRIVATE KEY-----\n";
        all.push(spoiled("a private key", changed(&good, "", "encryptedPrivateKey", pem.into())));
        if kind != CredentialKind::PasswordProtectedKey {
            all.push(spoiled("of no use", changed(&good, "", "encryptedPrivateKey", "".into())));
            let other_kind = changed(&good, "", "credentialKind", "PasswordProtectedKey".into());
            all.push(spoiled("no encrypted private key", other_kind));
        }
        if kind != CredentialKind::PasswordProtectedKey {
            let unwanted = changed(&good, "", "encryptedPrivateKey", "AAAA".into());
            all.push(spoiled("an unwanted private key", unwanted));
        }
        let long = "A".repeat(EncryptedPrivateKey::MAX_LENGTH + 1);
        all.push(spoiled("a long private key", changed(&good, "", "encryptedPrivateKey", long.into())));
        let null = changed(&good, "", "encryptedPrivateKey", Value::Null);
        all.push(spoiled("null as a private key", null));
        let mut good = good;
        if kind == CredentialKind::PasswordProtectedKey {
            good["encryptedPrivateKey"] = "A".repeat(EncryptedPrivateKey::MAX_LENGTH).into();
        }
        count += assert_refused(&world, REGISTER, all, &good).await;
        assert_eq!(world.host.stored().len(), 1);
    }
    assert!(count >= 600, "{count}");
}

/// Each wrong form of a password, and of a one-time password.
#[cfg(feature = "deprecated-kinds")]
#[tokio::test]
async fn a_malformed_register_of_a_deprecated_kind_is_refused_and_spends_no_challenge() {
    use crate::support::{Setup, secret_body};
    use credential_code::clock::Clock;
    use credential_code::secret::PasswordPolicy;
    use credential_code::testing::TotpClient;

    let policy = || PasswordPolicy::new([""; 0]);
    for kind in [CredentialKind::Totp, CredentialKind::Password] {
        let world = World::with(|setup| {
            let policy = setup.policy.kinds(CredentialKind::ALL).passwords(policy());
            Setup { policy: policy.misses(Budget::per_minute(1)), ..setup }
        });
        let challenge = world.challenge(kind).await;
        let (member, good) = match kind {
            CredentialKind::Totp => {
                let app = TotpClient::scan(&text(&challenge, "otpUrl"));
                ("otpCode", app.password_at(world.clock.now()))
            }
            _ => ("password", "correct horse".to_owned()),
        };
        let good = secret_body(&challenge, &json!({ member: good }));
        let mut all = spoil_json(&good);
        let info = "/credentialInfo";
        let digits =
            ["12345", "1234567", "12345a", "+12345", "-12345", " 12345", "12345 ", "123 456", "１２３４５６"];
        let bytes = ["1234567", &"x".repeat(1025), "äää"];
        for odd in if kind == CredentialKind::Totp { &digits[..] } else { &bytes[..] } {
            all.push(spoiled(format!("{member} is {odd}"), changed(&good, info, member, (*odd).into())));
        }
        for number in ["123456", "12345678"] {
            let number: Value = number.parse::<u64>().unwrap().into();
            all.push(spoiled("a number", changed(&good, info, member, number)));
        }
        for other in ["Key", "Fido2", "RecoveryKey", "PasswordProtectedKey", "password", "TOTP"] {
            all.push(spoiled(format!("kind {other}"), changed(&good, "", "credentialKind", other.into())));
        }
        let other = if kind == CredentialKind::Totp { "Password" } else { "Totp" };
        all.push(spoiled("the other kind", changed(&good, "", "credentialKind", other.into())));
        for foreign in ["credId", "clientData", "attestationData", "otpUrl", "challenge"] {
            all.push(spoiled(foreign, changed(&good, info, foreign, "AAAA".into())));
        }
        let key = changed(&good, "", "encryptedPrivateKey", "c2VjcmV0".into());
        all.push(spoiled("with a private key", key));
        for form in ["[\"correct horse\"]", "\"correct horse\"", "null", "{}", "[]", "1"] {
            let form: Value = serde_json::from_str(form).unwrap();
            all.push(spoiled(format!("as {form}"), changed(&good, "", "credentialInfo", form)));
        }
        let count = assert_refused(&world, REGISTER, all, &good).await;
        assert!(count >= 130, "{count}");
        assert_eq!(world.host.stored().len(), 1);
    }
}

/// Returns a good body for each endpoint. None of them is sent yet.
async fn good_bodies(world: &World) -> [(&'static str, String); 3] {
    let mint = json!({ "expiration": world.unix(60) });
    let exchange = exchange_body(CredentialKind::Key, &world.mint().await);
    let register = world.registration(CredentialKind::Key).await;
    [(MINT, mint.to_string()), (EXCHANGE, exchange.to_string()), (REGISTER, register.to_string())]
}

#[tokio::test]
async fn other_methods_are_refused_and_spend_nothing() {
    let world = World::new();
    for (path, good) in good_bodies(&world).await {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "PROPFIND"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = world.send(request(path).method(method).body(good.clone().into()).unwrap()).await;
            assert_eq!(answer.headers[header::ALLOW], "POST");
            answer.assert_refused(405, "method_not_allowed");
        }
        world.post(path, good).await.ok();
    }
}

/// Before a page of another origin sends JSON, its browser asks for permission. The suite refuses
/// every answer with a header that gives it.
#[tokio::test]
async fn no_page_of_another_origin_is_let_in() {
    let world = World::new();
    for path in ENDPOINTS {
        for origin in [ORIGIN, "https://evil.example"] {
            let asking = Request::options(path)
                .header(header::ORIGIN, origin)
                .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
                .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type");
            let answer = world.send(asking.body(Body::empty()).unwrap()).await;
            answer.assert_refused(405, "method_not_allowed");
        }
    }
}

#[tokio::test]
async fn other_media_types_are_refused_and_spend_nothing() {
    let world = World::new();
    for (path, good) in good_bodies(&world).await {
        for types in [
            &[][..],
            &[""],
            &["text/plain"],
            &["application/x-www-form-urlencoded"],
            &["multipart/form-data; boundary=x"],
            &["application/jsonp"],
            &["application/json, text/plain"],
            &["application/json garbage"],
            &["text/json"],
            &["application/problem+json"],
            &["application/json5"],
            &["*/*"],
            &["text/plain"],
            &["application/x-www-form-urlencoded"],
            &["multipart/form-data; boundary=application/json"],
            &["text/json"],
            &["application/jsonp"],
            &["application/json; charset=iso-8859-1"],
            &["application/json; x=y; Charset = \"UTF-16\""],
            &["application/json", "text/plain"],
            &["application/json", "application/json"],
        ] {
            let mut request = Request::post(path).header(header::AUTHORIZATION, format!("Bearer {USER}"));
            for media_type in types {
                request = request.header(header::CONTENT_TYPE, *media_type);
            }
            let answer = world.send(request.body(good.clone().into()).unwrap()).await;
            answer.assert_refused(415, "unsupported_media_type");
        }
        world.post(path, good).await.ok();
    }
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let world = World::new();
    for path in ["", "/", "/code/", "/code//init", "/code/init/", "/code/initial", "/CODE", "/co%64e"] {
        let answer = world.post_json(&format!("/auth/credentials{path}"), &json!({})).await;
        answer.assert_refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused() {
    let world = World::new();
    for (path, good) in good_bodies(&world).await {
        let declared = request(path).header(header::CONTENT_LENGTH, "1048576");
        let answer = world.send(declared.body(good.clone().into()).unwrap()).await;
        answer.assert_refused(413, "payload_too_large");
        world.post(path, padded(&good, 65_536)).await.ok();
    }
}

/// A body that gives one byte, moves the clock on by a second, and has to be polled again.
struct OneByteASecond {
    clock: ManualClock,
    bytes: Bytes,
    is_due: bool,
}

impl http_body::Body for OneByteASecond {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.is_due = !self.is_due;
        if self.is_due {
            self.clock.advance(Duration::from_secs(1));
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.bytes.is_empty() {
            true => Poll::Ready(None),
            false => Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(1))))),
        }
    }
}

#[tokio::test]
async fn one_byte_a_second_is_given_up_at_the_deadline_and_spends_nothing() {
    let world = World::new();
    for (path, good) in good_bodies(&world).await {
        let bytes = Bytes::from(good.clone());
        let before = world.unix(0);
        let slow = OneByteASecond { clock: world.clock.clone(), bytes, is_due: false };
        let answer = world.send(request(path).body(Body::new(slow)).unwrap()).await;
        answer.assert_refused(408, "timeout");
        assert!((10..=12).contains(&(world.unix(0) - before)), "the deadline is absolute");
        world.post(path, good).await.ok();
    }
}

/// A body in frames of one byte, all of them ready at once. It tells when it has been read.
struct Crumbs {
    left: Bytes,
    ended: Arc<AtomicBool>,
}

impl http_body::Body for Crumbs {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left.is_empty() {
            self.ended.store(true, Ordering::Relaxed);
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(1)))))
    }
}

/// Notes that it was woken.
#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_body_in_a_thousand_frames_leaves_others_a_turn_and_is_read_whole() {
    let world = World::new();
    let good = exchange_body(CredentialKind::Key, &world.mint().await).to_string() + &" ".repeat(1000);
    let ended = Arc::new(AtomicBool::new(false));
    let body = Body::new(Crumbs { left: good.into(), ended: ended.clone() });
    let mut answer = pin!(world.send(request(EXCHANGE).body(body).unwrap()));
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    let mut turns = 0;
    let answer = loop {
        match answer.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => break answer,
            // From here on the request waits for the store.
            Poll::Pending if ended.load(Ordering::Relaxed) => break answer.await,
            Poll::Pending => assert!(bell.0.swap(false, Ordering::Relaxed), "nobody would ask again"),
        }
        turns += 1;
    };
    answer.ok();
    assert!(turns > 1);
}

#[tokio::test]
async fn a_connection_that_breaks_spends_nothing() {
    let world = World::new();
    for (path, good) in good_bodies(&world).await {
        let half = Bytes::copy_from_slice(&good.as_bytes()[..good.len() / 2]);
        let broken = Body::new(Broken(Some(half)));
        let answer = world.send(request(path).body(broken).unwrap()).await;
        answer.assert_refused(400, "invalid_request");
        world.post(path, good).await.ok();
    }
}

/// A body that gives some bytes and then fails.
struct Broken(Option<Bytes>);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(self.0.take().map(Frame::data).ok_or(std::io::Error::other("reset by a peer"))))
    }
}

#[tokio::test]
async fn no_refusal_repeats_what_was_sent() {
    let world = World::new();
    let marker = "MARKER7";
    for path in ENDPOINTS {
        for body in [
            format!("{{\"{marker}\":1}}"),
            format!("{{\"code\":\"{marker}\",\"credentialKind\":\"Key\"}}"),
            format!("{{\"code\":\"AAA\",\"credentialKind\":\"{marker}\"}}"),
            format!("{{\"expiration\":\"{marker}\"}}"),
            marker.into(),
        ] {
            let answer = world.post(path, body).await;
            assert!(answer.status.is_client_error());
            assert!(!String::from_utf8_lossy(&answer.body).contains(marker), "{:?}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_missing_member_is_named_and_an_unknown_one_is_not() {
    let world = World::new();
    for (body, said) in [("{}", "the member `expiration`"), (r#"{"secret":1}"#, "not of the expected form")] {
        let answer = world.post(MINT, body).await;
        let message = text(&answer.json(), "message");
        assert!(message.contains(said) && !message.contains("secret"), "{message}");
    }
}

#[tokio::test]
async fn an_unknown_member_is_named_if_it_is_another_spelling_of_ours() {
    let world = World::new();
    let body = r#"{"credential_kind":"Key","code":"A"}"#;
    let message = text(&world.post(EXCHANGE, body).await.json(), "message");
    let said = "the unknown member `credential_kind`, which is spelled `credentialKind` here";
    assert!(message.contains(said), "{message}");
    let long = format!("{}credentialKind", "_".repeat(99));
    // The name brings the rest of the sentence along.
    let forged = "<b>x`, expected `<b>x";
    for name in [long.as_str(), forged, "credential-kind", "credential\nkind"] {
        let body = json!({ name: 1 }).to_string();
        let message = text(&world.post(EXCHANGE, body).await.json(), "message");
        assert!(message.contains("not of the expected form"), "{message}");
        assert!(!message.contains(name), "{message}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_member_and_what_was_expected() {
    let world = World::new();
    let good = world.registration(CredentialKind::Key).await;
    let with = |member: &str, value: Value| {
        let mut body = good.clone();
        body[member] = value;
        body
    };
    let mut unknown = good.clone();
    unknown["a secret"] = json!(1);
    for (path, body, said) in [
        (MINT, json!({ "expiration": true }), "in `expiration` (expected RFC 3339 text or an integer)"),
        (EXCHANGE, json!({ "code": 1, "credentialKind": "Key" }), "in `code` (expected"),
        (REGISTER, with("credentialName", json!(["a secret"])), "in `credentialName` (expected a string)"),
        (REGISTER, unknown, "(expected one of `credentialKind`, `credentialInfo`,"),
    ] {
        let message = text(&world.post_json(path, &body).await.json(), "message");
        assert!(message.contains(said) && !message.contains("a secret"), "{message}");
    }
    // This endpoint expects a body without members, so its refusal names no expected member.
    let path = "/auth/credentials/enrolments/en-6uunn-bm6ja-f6rmod5kqrk5rbel/refuse";
    let answer = world.post(path, r#"{"a, expected a secret":1}"#).await;
    assert!(!text(&answer.json(), "message").contains("a secret"), "{answer:?}");
    let twice = r#"{"expiration":1,"expiration":2}"#;
    let message = text(&world.post(MINT, twice).await.json(), "message");
    assert!(message.contains("the member `expiration` twice"), "{message}");
}
