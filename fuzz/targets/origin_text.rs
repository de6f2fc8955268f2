//! Origins and ids of relying parties: an accepted origin has one spelling.

use credential_code::RelyingParty;
use credential_code::model::Origin;

pub fn run(text: &str) {
    if let Ok(origin) = Origin::new(text) {
        assert_eq!(origin.as_str(), text, "an origin is kept as it is spelled");
    }
    let (id, origin) = text.split_once(' ').unwrap_or((text, "https://example.com"));
    let _ = RelyingParty::new(id, "Example", [origin]);
}
