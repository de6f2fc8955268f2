use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Sealed, Seals};
use crate::model::{Credential, CredentialKind, EnrolmentId, Opening};
use crate::store::codec::{decode, encode};
use crate::store::{
    ClearRecord, CodeGrant, PendingAction, PendingApproval, PendingRegistration, Slot, SlotKey, SlotKeys,
    UserAction,
};
use crate::testing::Sample;

const SLOT: Slot = Slot::from_bytes([1; 32]);
const OTHER_SLOT: Slot = Slot::from_bytes([2; 32]);

fn key(number: u8) -> SlotKey {
    SlotKey::new([number; 32]).unwrap()
}

/// A ring whose first key seals.
fn ring<const N: usize>(numbers: [u8; N]) -> Seals {
    let keys = numbers.map(key);
    Seals::new(&SlotKeys::new(&keys[0], &keys[1..]))
}

fn sample<R: Sample>() -> R {
    R::sample(3, UNIX_EPOCH + Duration::new(1_767_225_600, 123_000_000))
}

fn seal<R: Sample + ClearRecord>(seals: &Seals, record: &R) -> Vec<u8> {
    encode(&Sealed::seal(seals, SLOT, record).unwrap()).unwrap()
}

/// As a site opens what its store returns.
fn open<R: Sample + ClearRecord>(seals: &Seals, slot: Slot, bytes: &[u8]) -> Option<R> {
    decode::<Sealed<R>>(bytes).ok()?.open(seals, slot).ok()
}

fn assert_sealed<R: Sample + ClearRecord>() {
    let (seals, record) = (ring([1]), sample::<R>());
    let bytes = seal(&seals, &record);
    assert_eq!(open(&seals, SLOT, &bytes).as_ref(), Some(&record));
    assert_eq!(open::<R>(&seals, OTHER_SLOT, &bytes), None, "moved to another slot");
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut altered = bytes.clone();
            altered[place] ^= 1 << bit;
            assert_eq!(open::<R>(&seals, SLOT, &altered), None, "{}: byte {place}, bit {bit}", R::NAME);
        }
        assert_eq!(open::<R>(&seals, SLOT, &bytes[..place]), None, "{}: cut at {place}", R::NAME);
    }
    let longer = [bytes, vec![0]].concat();
    assert_eq!(open::<R>(&seals, SLOT, &longer), None, "{}: something follows", R::NAME);
}

#[test]
fn a_record_that_was_moved_or_altered_does_not_open() {
    assert_sealed::<CodeGrant>();
    assert_sealed::<PendingRegistration>();
    assert_sealed::<PendingAction>();
    assert_sealed::<UserAction>();
    assert_sealed::<PendingApproval>();
}

/// Whatever the byte says that names the kind.
#[test]
fn a_record_of_one_kind_is_not_opened_as_another() {
    fn renamed<From: ClearRecord, To: ClearRecord>(sealed: &Sealed<From>) -> Sealed<To> {
        let mut bytes = encode(sealed).unwrap();
        bytes[1] = <Sealed<To> as crate::store::record::private::Tagged>::TAG;
        decode(&bytes).unwrap()
    }

    let seals = ring([1]);
    let grant: CodeGrant = sample();
    let sealed = Sealed::seal(&seals, SLOT, &grant).unwrap();
    assert_eq!(renamed::<_, CodeGrant>(&sealed).open(&seals, SLOT).unwrap(), grant);
    assert!(decode::<Sealed<UserAction>>(&encode(&sealed).unwrap()).is_err());
    let refusals = [
        renamed::<_, PendingRegistration>(&sealed).open(&seals, SLOT).unwrap_err(),
        renamed::<_, PendingAction>(&sealed).open(&seals, SLOT).unwrap_err(),
        renamed::<_, UserAction>(&sealed).open(&seals, SLOT).unwrap_err(),
        renamed::<_, PendingApproval>(&sealed).open(&seals, SLOT).unwrap_err(),
    ];
    for refusal in refusals {
        assert!(refusal.to_string().contains("it does not open"), "{refusal}");
    }
}

#[test]
fn a_record_opens_under_each_key_of_the_ring_and_under_none_that_has_left() {
    let grant: CodeGrant = sample();
    let old = seal(&ring([1]), &grant);
    for still_in in [&ring([1, 2]), &ring([2, 1]), &ring([3, 2, 1])] {
        assert_eq!(open(still_in, SLOT, &old).as_ref(), Some(&grant));
    }
    assert_eq!(open::<CodeGrant>(&ring([2]), SLOT, &old), None);
    let new = seal(&ring([2, 1]), &grant);
    assert_eq!(open(&ring([2]), SLOT, &new), Some(grant), "the newest seals");
    assert_eq!(open::<CodeGrant>(&ring([1]), SLOT, &new), None);
}

/// So nobody learns that a record is the same as before.
#[test]
fn no_two_sealed_records_are_the_same() {
    let (seals, grant) = (ring([1]), sample::<CodeGrant>());
    assert_ne!(seal(&seals, &grant), seal(&seals, &grant));
}

#[test]
fn an_instant_before_1970_is_an_error_and_no_panic() {
    let grant = CodeGrant { expires_at: UNIX_EPOCH - Duration::from_secs(1), ..sample() };
    assert!(Sealed::seal(&ring([1]), SLOT, &grant).and_then(|sealed| encode(&sealed)).is_err());
}

#[test]
fn a_part_of_an_enrolment_opens_in_its_place_alone() {
    let id = EnrolmentId::new("en-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap();
    let other_id = EnrolmentId::new("en-6uunn-bm6ja-f6rmod5kqrk5rbem").unwrap();
    let seals = ring([2, 1]);
    let opening = Opening::new(SystemTime::UNIX_EPOCH, CredentialKind::Key, "example.com");
    let sealed = seals.seal_part(SLOT, &id, &opening).unwrap();
    assert_eq!(seals.open_part::<Opening>(SLOT, &id, &sealed).unwrap(), opening);
    assert!(seals.open_part::<Opening>(OTHER_SLOT, &id, &sealed).is_err(), "of another owner");
    assert!(seals.open_part::<Opening>(SLOT, &other_id, &sealed).is_err(), "of another enrolment");
    assert!(seals.open_part::<Credential>(SLOT, &id, &sealed).is_err(), "another part");
    let session = seals.seal_part(SLOT, &id, &[7; 32]).unwrap();
    assert_eq!(seals.open_part::<[u8; 32]>(SLOT, &id, &session).unwrap(), [7; 32]);
    assert!(ring([1]).open_part::<[u8; 32]>(SLOT, &id, &session).is_err(), "a key that is not there");
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert!(seals.open_part::<Opening>(SLOT, &id, &altered).is_err(), "byte {place}");
        assert!(seals.open_part::<Opening>(SLOT, &id, &sealed[..place]).is_err(), "cut at {place}");
    }
}
