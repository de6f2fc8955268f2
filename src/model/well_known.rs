//! The documents under `/.well-known/` that tell browsers and password managers about a relying
//! party. A host serves them as `application/json` from the domain of the party's id.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::model::{Origin, RelyingParty};

impl RelyingParty {
    /// Returns the document `/.well-known/webauthn` ([related origin requests]). It lists the web
    /// origins that may use passkeys of this party, though their domain is another.
    ///
    /// [related origin requests]: https://www.w3.org/TR/webauthn-3/#sctn-related-origins
    ///
    /// ```
    /// use credential_code::RelyingParty;
    ///
    /// let party = RelyingParty::new("example.com", "Example", ["https://example.com", "https://example.org"]);
    /// let document = party.unwrap().well_known_webauthn();
    /// assert_eq!(document, r#"{"origins":["https://example.com","https://example.org"]}"#);
    /// ```
    pub fn well_known_webauthn(&self) -> String {
        let web = self.origins().iter().map(Origin::as_str).filter(|origin| origin.contains("://"));
        json!({ "origins": web.collect::<Vec<_>>() }).to_string()
    }

    /// Returns how many labels its origins have. A client that looks for a related origin counts
    /// the same way: `example.com` and `www.example.co.uk` have one label, `example`.
    pub(crate) fn labels(&self) -> usize {
        let labels = self.origins().iter().filter_map(|origin| label(origin.host()?));
        labels.collect::<BTreeSet<_>>().len()
    }
}

/// Returns the first label of the registrable domain. An address, and a name of one label, have
/// none.
fn label(host: &str) -> Option<&str> {
    if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        return None;
    }
    psl::domain_str(host)?.split('.').next()
}

/// The document `/.well-known/passkey-endpoints` ([a well-known URL for relying party passkey
/// endpoints]). It tells a password manager which page adds a passkey, and which manages them.
/// Unknown pages are left out.
///
/// [a well-known URL for relying party passkey endpoints]: https://www.w3.org/TR/passkey-endpoints/
///
/// ```
/// use credential_code::model::PasskeyEndpoints;
///
/// let mut endpoints = PasskeyEndpoints::default();
/// endpoints.enroll = Some("https://example.com/add".into());
/// assert_eq!(endpoints.to_json(), r#"{"enroll":"https://example.com/add"}"#);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PasskeyEndpoints {
    /// The page where a person adds a passkey.
    pub enroll: Option<String>,
    /// The page where a person manages their passkeys.
    pub manage: Option<String>,
    /// The page that says what the PRF extension is used for.
    pub prf_usage_details: Option<String>,
}

impl PasskeyEndpoints {
    /// Returns the document.
    pub fn to_json(&self) -> String {
        let pages = [
            ("enroll", &self.enroll),
            ("manage", &self.manage),
            ("prfUsageDetails", &self.prf_usage_details),
        ];
        let known = pages.into_iter().filter_map(|(name, page)| Some((name, page.as_deref()?)));
        let document: Map<_, _> = known.map(|(name, page)| (name.to_owned(), page.into())).collect();
        Value::Object(document).to_string()
    }
}
