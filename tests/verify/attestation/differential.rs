//! The native engine against webauthn-rs-core, over every vector and over each of its bytes
//! changed. Other spellings of its CBOR follow, and a corpus of random changes, the same in every
//! run.

use std::collections::BTreeMap;

use credential_code::attestation::{Attestation, AttestationEngine, NativeEngine, TrustAnchors};
use credential_code::model::{AttestationTrust, Fido2Properties};
use proptest::prelude::*;

use super::android_key::Android;
use super::apple::Apple;
use super::certificates::root;
use super::fido_u2f::U2f;
use super::keys::Key;
use super::packed::Packed;
use super::published;
use super::registration::{AAGUID, Passkey, check, check_with};
use super::tpm::Tpm;
use crate::signed_parts::SignedParts;

/// A registration, and how each engine is asked about changes to it.
struct Seed {
    name: String,
    attestation: Attestation,
    check: Check,
    /// The native engine, with a root for the seed's model. Where certificates name their model,
    /// the root is also for each model that is one bit off.
    native: AttestationEngine,
    /// The reason why webauthn-rs-core refuses it unchanged, though the native engine accepts it.
    reason: Option<&'static str>,
}

/// The facts about an accepted passkey.
type Check = Box<dyn Fn(&AttestationEngine, &Attestation) -> Option<Fido2Properties>>;

impl Seed {
    fn ask_native(&self, attestation: &Attestation) -> Option<Fido2Properties> {
        (self.check)(&self.native, attestation)
    }

    fn core_accepts(&self, attestation: &Attestation) -> bool {
        (self.check)(&AttestationEngine::WebauthnRs, attestation).is_some()
    }
}

fn trusting(root: &[u8], aaguids: impl IntoIterator<Item = [u8; 16]>) -> AttestationEngine {
    NativeEngine::new().trust(TrustAnchors::new().with_root(root, aaguids).unwrap()).into()
}

/// Yields that model, and all that differ from it in one bit.
fn and_neighbours(aaguid: [u8; 16]) -> impl Iterator<Item = [u8; 16]> {
    let number = u128::from_be_bytes(aaguid);
    (0..128).map(move |bit| (number ^ 1 << bit).to_be_bytes()).chain([aaguid])
}

/// The limits of core. Nothing else is a reason.
const REASONS: [&str; 4] = [
    "tpm: core verifies no TPM's statement",
    "eddsa: core has no Ed25519",
    "rsa: core takes RSA of 2048 bits alone",
    "es512: core holds no self attestation of it for valid",
];

fn seeds() -> Vec<Seed> {
    let made = |name: &str, attestation: Attestation, reason| Seed {
        name: name.to_owned(),
        attestation,
        check: Box::new(|engine, attestation| {
            check_with(engine, attestation).ok().and_then(|verified| verified.fido2().cloned())
        }),
        native: trusting(&root(), and_neighbours(AAGUID).chain(and_neighbours([0; 16]))),
        reason,
    };
    let of_self = |key: Key| {
        let passkey = Passkey::new(key);
        let signature = passkey.key.sign(passkey.key.algorithm(), &passkey.signed_message());
        let statement = [
            ("alg", super::registration::Member::Number(passkey.key.algorithm())),
            ("sig", super::registration::Member::Bytes(signature)),
        ];
        passkey.attest("packed", &statement)
    };
    let mut seeds = vec![
        made("none", Passkey::new(Key::p256(1)).attest("none", &[]), None),
        made("packed, self", of_self(Key::p256(1)), None),
        made("packed, self, es384", of_self(Key::p384(1)), None),
        made("packed, self, es512", of_self(Key::p521(1)), Some(REASONS[3])),
        made("packed, self, eddsa", of_self(Key::ed25519(1)), Some(REASONS[1])),
        made("packed, self, rs256", of_self(Key::rsa()), None),
        made("packed, certificates", Packed::new().attest(), None),
        made("fido-u2f", U2f::new().attest(), None),
        made("apple", Apple::new().attest(), None),
        made("android-key", Android::new().attest(), None),
        made("tpm", Tpm::new().attest(), Some(REASONS[0])),
    ];
    for (name, vector) in published::vectors() {
        let reason = match name.as_str() {
            "w3c-tpm-es256" => Some(REASONS[0]),
            "w3c-packed-eddsa" => Some(REASONS[1]),
            "w3c-packed-rs256" => Some(REASONS[2]),
            _ => None,
        };
        let attestation = vector.attestation.clone();
        let aaguid = vector.check(&NativeEngine::new().into(), &attestation);
        let aaguid = aaguid.ok().and_then(|verified| verified.fido2().map(|fido2| fido2.aaguid));
        let native = trusting(&published::root(), [aaguid.unwrap_or(AAGUID)]);
        let check = move |engine: &AttestationEngine, changed: &Attestation| {
            vector.check(engine, changed).ok().and_then(|verified| verified.fido2().cloned())
        };
        seeds.push(Seed { name, attestation, check: Box::new(check), native, reason });
    }
    seeds
}

/// How many changed registrations there were, and the outcomes.
#[derive(Default)]
struct Tally {
    seen: usize,
    accepted: usize,
    trusted: usize,
    by_reason: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// Asserts the laws. Core accepts what the native engine accepts, unless core can't do it. In
    /// that case all that is signed is unchanged. Nothing becomes trusted, and a trusted passkey
    /// keeps its model.
    fn judge(&mut self, seed: &Seed, change: &str, changed: &Attestation) {
        self.seen += 1;
        let Some(properties) = seed.ask_native(changed) else { return };
        self.accepted += 1;
        if properties.attestation_trust == AttestationTrust::Trusted {
            self.trusted += 1;
            let before = seed.ask_native(&seed.attestation).unwrap();
            assert_eq!(before.attestation_trust, AttestationTrust::Trusted, "{}: after {change}", seed.name);
            assert_eq!(before.aaguid, properties.aaguid, "{}: after {change}", seed.name);
        }
        if seed.core_accepts(changed) {
            return;
        }
        let reason =
            seed.reason.unwrap_or_else(|| panic!("{}: only native accepts it after {change}", seed.name));
        let is_as_before = SignedParts::read(&seed.attestation) == SignedParts::read(changed);
        assert!(is_as_before, "{}: native accepts it after {change}", seed.name);
        *self.by_reason.entry(reason).or_default() += 1;
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: {} seen, {} accepted by native, {} trusted; core refuses of them {:?}",
            self.seen, self.accepted, self.trusted, self.by_reason
        );
    }
}

#[test]
fn both_engines_agree_on_what_is_whole() {
    let mut tally = Tally::default();
    for seed in seeds() {
        let native = seed.ask_native(&seed.attestation).is_some();
        let core = seed.core_accepts(&seed.attestation);
        assert_eq!(native && !core, seed.reason.is_some(), "{}: native {native}, core {core}", seed.name);
        assert!(native || !core, "{}: only core accepts it", seed.name);
        tally.judge(&seed, "nothing", &seed.attestation);
    }
    tally.print("whole");
    assert_eq!((tally.seen, tally.accepted, tally.trusted), (26, 22, 12));
}

/// Judges one half of the seeds. The two halves run beside each other.
fn judge_changed_bytes(half: usize) {
    let mut tally = Tally::default();
    for seed in seeds().iter().skip(half).step_by(2) {
        let data = &seed.attestation.attestation_data;
        for at in 0..data.len() {
            let mut changed = seed.attestation.clone();
            changed.attestation_data[at] ^= 1 << (at % 8);
            tally.judge(seed, &format!("a flip in byte {at}"), &changed);
            changed.attestation_data.truncate(at);
            tally.judge(seed, &format!("a cut at byte {at}"), &changed);
        }
        for more in [0, 0x40, 0xa0, 0xf6, 0xff] {
            let mut changed = seed.attestation.clone();
            changed.attestation_data.push(more);
            tally.judge(seed, "one more byte", &changed);
        }
    }
    tally.print("bytes");
    assert!(tally.seen > 10_000, "{}", tally.seen);
}

#[test]
fn no_changed_byte_makes_native_accept_what_core_refuses() {
    judge_changed_bytes(0);
}

#[test]
fn no_changed_byte_of_the_others_makes_native_accept_what_core_refuses() {
    judge_changed_bytes(1);
}

/// The spellings are a head of CBOR that is not the shortest, an indefinite length, and a member
/// twice.
#[test]
fn no_other_spelling_makes_native_accept_what_core_refuses() {
    let mut tally = Tally::default();
    for seed in seeds() {
        let data = &seed.attestation.attestation_data;
        let names: [&[u8]; 9] = [
            b"cfmt",
            b"gattStmt",
            b"hauthData",
            b"calg",
            b"csig",
            b"cx5c",
            b"cver",
            b"hcertInfo",
            b"gpubArea",
        ];
        for name in names {
            let name = [&[0x60 | (name.len() - 1) as u8], &name[1..]].concat();
            for at in (0..data.len()).filter(|at| data[*at..].starts_with(&name)) {
                let longer = [[0x78, name.len() as u8 - 1].as_slice(), &name[1..]].concat();
                let bytes = [[0x40 | (name.len() - 1) as u8].as_slice(), &name[1..]].concat();
                let upper = name.to_ascii_uppercase();
                for other in [longer, bytes, upper, [name.clone(), name.clone()].concat(), Vec::new()] {
                    let mut changed = seed.attestation.clone();
                    changed.attestation_data.splice(at..at + name.len(), other);
                    tally.judge(&seed, "a respelled name", &changed);
                }
                // The value behind it, with a longer head, or of indefinite length.
                let value = at + name.len();
                let head = data[value];
                let mut others =
                    vec![vec![head | 0x1f], vec![(head & 0xe0) | 0x1b, 0, 0, 0, 0, 0, 0, 0, head & 0x1f]];
                others.push(vec![0xc0, head]);
                for other in others {
                    let mut changed = seed.attestation.clone();
                    changed.attestation_data.splice(value..=value, other);
                    tally.judge(&seed, "a respelled value", &changed);
                }
            }
        }
        // The outer map, of indefinite length.
        let mut changed = seed.attestation.clone();
        changed.attestation_data[0] = 0xbf;
        changed.attestation_data.push(0xff);
        tally.judge(&seed, "an indefinite map", &changed);
    }
    tally.print("spellings");
    assert!(tally.seen > 500, "{}", tally.seen);
}

/// Marsaglia's xorshift: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn no_random_change_makes_native_accept_what_core_refuses() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut tally = Tally::default();
    let seeds = seeds();
    for _ in 0..10_000 {
        let seed = &seeds[numbers.below(seeds.len())];
        let other = &seeds[numbers.below(seeds.len())].attestation.attestation_data;
        let mut changed = seed.attestation.clone();
        let data = &mut changed.attestation_data;
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(data.len());
            match numbers.below(6) {
                0 | 1 => data[at] ^= 1 << numbers.below(8),
                2 => drop(data.remove(at)),
                3 => data.insert(at, numbers.below(256) as u8),
                4 => data[at] = [0, 0x7f, 0x80, 0xff][numbers.below(4)],
                _ => {
                    let from = numbers.below(other.len());
                    let length = numbers.below(200).min(other.len() - from);
                    let end = data.len().min(at + length);
                    data.splice(at..end, other[from..from + length].iter().copied());
                }
            }
            if data.is_empty() {
                break;
            }
        }
        tally.judge(seed, "random changes", &changed);
    }
    tally.print("random");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn whatever_stands_for_a_certificate_or_a_tpms_structure_makes_no_panic(
        junk in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
    ) {
        for good in [Packed::new().attest(), U2f::new().attest(), Apple::new().attest(), Android::new().attest(), Tpm::new().attest()] {
            let mut changed = good;
            let at = at.index(changed.attestation_data.len());
            let end = changed.attestation_data.len().min(at + junk.len());
            changed.attestation_data[at..end].copy_from_slice(&junk[..end - at]);
            let _ = check(&changed);
        }
    }
}
