//! Measures how much the ledger in memory holds.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use credential_code::crypto::PublicKey;
use credential_code::model::{
    Credential, CredentialId, CredentialKind, CredentialUuid, Enrolment, EnrolmentId, Insertion, Opening,
    Origin, Stage, UserId,
};
use credential_code::store::{Change, EnrolmentLedger, MemoryLedger, Transition};
use credential_code::testing::{KeyClient, block_on};
use serde_json::json;

const COUNT: u64 = 100_000;
const MINUTE: Duration = Duration::from_secs(60);

fn opening() -> Opening {
    let opening = json!({
        "at": { "secs_since_epoch": 1_767_225_600, "nanos_since_epoch": 0 },
        "kind": "Fido2",
        "relying_party_id": "example.com",
        "origin": "https://app.example.com",
        "source": "2001:db8:85a3::8a2e:370:7334",
        "place": "Chrome on Android, Lyon",
    });
    serde_json::from_value(opening).unwrap()
}

fn credential(number: u64, user: &UserId, public_key: &PublicKey) -> Credential {
    let mut credential = Credential::new(
        user.clone(),
        CredentialKind::Fido2,
        CredentialId::new(format!("{number:043}")).unwrap(),
        CredentialUuid::new(format!("cr-aaaaa-bbbbb-{number:016}")).unwrap(),
        // Its own key, as every client has.
        PublicKey::from_spki_der(public_key.to_spki_der()).unwrap(),
        "example.com",
        Origin::new("https://app.example.com").unwrap(),
    );
    credential.name = "Ada's phone".into();
    credential
}

/// Each belongs to its own user and has every member, which takes the most memory.
#[test]
fn one_hundred_thousand_enrolments_cost_at_most_a_kibibyte_each() {
    let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let ledger = MemoryLedger::new(2 * COUNT);
    let client = KeyClient::p256();
    let enter = |number| {
        let user = UserId::new(format!("us-{number:032}")).unwrap();
        let id = EnrolmentId::new(format!("en-aaaaa-bbbbb-{number:016}")).unwrap();
        let mut enrolment = Enrolment::new(id.clone(), user.clone(), now, now + MINUTE);
        enrolment.session = Some([7; 32]);
        assert_eq!(block_on(ledger.enter(enrolment)).unwrap(), Insertion::Created);
        let mut opened = Change::new(Stage::Opened, now + 5 * MINUTE);
        opened.opening = Some(Arc::new(opening()));
        let mut added = Change::new(Stage::Added, now + 60 * MINUTE);
        added.credential = Some(Arc::new(credential(number, &user, client.public_key())));
        for (from, change) in [(Stage::Waiting, opened), (Stage::Opened, added)] {
            let transition = block_on(ledger.advance(&user, &id, &[from], change)).unwrap();
            assert!(matches!(transition, Transition::Made(_)));
        }
    };
    let held = allocation_counter::measure(|| (0..COUNT).for_each(enter));
    let each = u64::try_from(held.bytes_current).unwrap() / COUNT;
    println!("{each} bytes each");
    assert!(each <= 1024, "{each}");
}
