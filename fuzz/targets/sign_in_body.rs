//! What a page sends to sign in: read without a panic. It signs nobody in, and nothing fails.

use std::sync::{Arc, LazyLock};

use credential_code::error::ErrorKind;
use credential_code::model::{User, UserId};
use credential_code::sign_in::{CompleteRequest, SignInFlow, SignInPolicy};
use credential_code::testing::{
    ManualClock, MemoryHost, SoftAuthenticator, StatementFormat, block_on, site_builder,
};
use credential_code::{RelyingParty, Storage};
use credential_code_fuzz::edit;
use serde_json::json;

static PARTY: LazyLock<Arc<RelyingParty>> = LazyLock::new(|| {
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]);
    Arc::new(party.expect("the party is valid"))
});
static FLOW: LazyLock<(SignInFlow, Vec<u8>)> = LazyLock::new(|| {
    let user = UserId::new("us-ada").expect("the id is valid");
    let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
    let passkey = SoftAuthenticator::new(StatementFormat::None);
    host.seed(passkey.credential(user));
    // Its clock stands still, so the challenge never expires.
    let storage = Storage::in_memory().with_clock(ManualClock::new());
    let site = site_builder(&host).events(|_| {}).storage(storage).build().expect("the site is whole");
    let flow = SignInFlow::new(&site, SignInPolicy::default()).expect("the policy is valid");
    let challenge = flow.begin(&PARTY).expect("there is randomness");
    let body = json!({
        "challengeIdentifier": challenge.challenge_id.reveal(),
        "credential": passkey.assert_json("example.com", "https://app.example.com", "another", b"us-ada"),
    });
    (flow, body.to_string().into_bytes())
});

pub fn run(input: &[u8]) {
    let (flow, body) = &*FLOW;
    let mut edited = body.clone();
    edit(&mut edited, input);
    for bytes in [input, &edited] {
        if let Ok(request) = serde_json::from_slice::<CompleteRequest>(bytes) {
            let refused = block_on(flow.complete(&PARTY, request)).expect_err("nobody signed the challenge");
            assert!(matches!(refused.kind(), ErrorKind::InvalidAssertion | ErrorKind::InvalidChallenge));
        }
    }
}
