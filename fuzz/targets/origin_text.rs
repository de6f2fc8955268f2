//! Origins and ids of relying parties: an accepted origin has one spelling.
#![no_main]

use credential_code::RelyingParty;
use credential_code::model::Origin;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(origin) = Origin::new(text) {
        assert_eq!(origin.as_str(), text, "an origin is kept as it is spelled");
    }
    let (id, origin) = text.split_once(' ').unwrap_or((text, "https://example.com"));
    let _ = RelyingParty::new(id, "Example", [origin]);
});
