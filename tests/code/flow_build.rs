//! How a site and its flows are built, and what the host hears when a bound is reached.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use credential_code::code::{ExchangeRequest, Expiration, MintRequest};
use credential_code::event::Event;
use credential_code::host::{Caller, RelyingPartyList};
use credential_code::model::{CodeFormat, CredentialKind, User, UserId};
use credential_code::site::{BuildError, SiteBuilder};
use credential_code::store::{Budget, CodeGrant, Record};
use credential_code::testing::{ManualClock, MemoryHost, site, site_builder};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Site, Storage};

const SECOND: Duration = Duration::from_secs(1);

fn party() -> RelyingParty {
    RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap()
}

#[tokio::test]
async fn a_full_store_drops_the_oldest_code_and_says_so() {
    let user = UserId::new("us-1").unwrap();
    let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
    let evicted = Arc::new(Mutex::new(Vec::new()));
    let heard = evicted.clone();
    let site = site_builder(&host)
        .storage(Storage::in_memory_of(50).with_clock(ManualClock::new()))
        .events(move |event| {
            if let Event::Evicted { records, user, .. } = event {
                heard.lock().unwrap().push((*records, (*user).clone()));
            }
        })
        .build()
        .unwrap();
    let policy = CodePolicy::default().codes_per_user(Budget::per_minute(1000));
    let flow = CodeFlow::new(&site, policy).unwrap();
    let request = MintRequest::new(Expiration::from_rfc3339("2026-01-01T00:01:00Z").unwrap());
    let caller = Caller::new(user.clone());
    let mut newest = flow.mint(&caller, request.clone()).await.unwrap();
    for _ in 0..500 {
        newest = flow.mint(&caller, request.clone()).await.unwrap();
    }
    let request = ExchangeRequest::new(newest.code, CredentialKind::Key, Arc::new(party()));
    flow.exchange(request).await.unwrap();
    let evicted = evicted.lock().unwrap();
    assert!(!evicted.is_empty());
    // The ledger of enrolments is full, too.
    for records in [CodeGrant::NAME, "enrolments"] {
        assert!(evicted.contains(&(records, user.clone())), "{records}");
    }
    assert!(evicted.iter().all(|(_, whose)| *whose == user));
}

/// A listener is the host's, and may panic. It still hears of later events.
#[tokio::test]
async fn a_listener_that_panics_at_one_eviction_hears_of_the_next() {
    let user = UserId::new("us-1").unwrap();
    let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = heard.clone();
    let site = site_builder(&host)
        .storage(Storage::in_memory_of(50).with_clock(ManualClock::new()))
        .events(move |event| {
            let is_code = matches!(event, Event::Evicted { records, .. } if *records == CodeGrant::NAME);
            if is_code && counted.fetch_add(1, Ordering::Relaxed) == 0 {
                std::panic::resume_unwind(Box::new("a listener's own mistake"));
            }
        })
        .build()
        .unwrap();
    let policy = CodePolicy::default().codes_per_user(Budget::per_minute(1000));
    let flow = CodeFlow::new(&site, policy).unwrap();
    let request = MintRequest::new(Expiration::from_rfc3339("2026-01-01T00:01:00Z").unwrap());
    for _ in 0..500 {
        flow.mint(&Caller::new(user.clone()), request.clone()).await.unwrap();
    }
    let heard = heard.load(Ordering::Relaxed);
    assert!(heard > 100, "{heard}");
}

#[test]
fn a_public_suffix_is_no_relying_party() {
    for id in ["com", "co.uk", "github.io", "intranet", "localhost"] {
        assert!(RelyingParty::new(id, "Example", ["https://example.com"]).is_err(), "{id}");
    }
    for host in ["localhost", "intranet", "github.io"] {
        RelyingParty::new(host, "Example", [format!("https://{host}:8443")]).unwrap();
    }
    for id in ["app.localhost", "ada.github.io", "example.co.uk", "127.0.0.1", "app.internal"] {
        RelyingParty::new(id, "Example", ["https://example.com"]).unwrap();
    }
}

/// A browser that looks for a related origin takes five labels.
#[test]
fn a_party_has_origins_of_five_labels_and_no_more() {
    let party = |more: &[&str]| {
        let five = ["https://a.com", "https://b.co.uk", "https://c.org", "https://d.dev", "https://e.io"];
        let same = ["https://www.a.com", "https://a.net:8443", "https://login.b.com"];
        let none =
            ["http://localhost:3000", "https://10.0.0.1", "https://[2001:db8::1]", "android:apk-key-hash:x"];
        let origins = [&five[..], &same, &none, more].concat();
        RelyingParty::new("a.com", "Example", origins).unwrap()
    };
    let built = |party| {
        let host = Arc::new(MemoryHost::default());
        Site::builder().host(host).relying_party(party).events(|_| {}).build()
    };
    built(party(&[])).unwrap();
    let error = built(party(&["https://f.com"])).unwrap_err().to_string();
    assert!(error.contains("five labels"), "{error}");
    let listed = RelyingPartyList::new([party(&[]), party(&["https://f.com"])]).unwrap();
    let host = Arc::new(MemoryHost::default());
    Site::builder().host(host).relying_parties(Arc::new(listed)).events(|_| {}).build().unwrap_err();
    assert!(!party(&[]).well_known_webauthn().contains("android"));
}

fn refusal(builder: SiteBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn a_flow_that_lacks_something_is_not_built() {
    let empty = refusal(Site::builder());
    for part in ["authenticator", "users", "credentials", "relying_party", "events"] {
        assert!(empty.contains(&format!("`{part}`")), "{empty}");
    }
    assert!(empty.contains("(`host` sets it, too)"), "{empty}");
    let silent = refusal(site_builder(&Arc::default()));
    assert!(silent.contains("`events`") && !silent.contains("relying_party"), "{silent}");

    let builder = || site_builder(&Arc::default()).events(|_| {});
    let cramped = refusal(builder().storage(Storage::in_memory_of(0)));
    assert!(cramped.contains("in_memory_of"), "{cramped}");
    assert!(refusal(builder().body_limit(10)).contains("body_limit"));
    assert!(refusal(builder().read_deadline(Duration::ZERO)).contains("read_deadline"));

    let site = site(&Arc::default());
    let refusal = |policy: CodePolicy| CodeFlow::new(&site, policy).unwrap_err().to_string();
    assert!(refusal(CodePolicy::default().kinds([])).contains("kinds"));
    assert!(refusal(CodePolicy::default().code_lifetime(601 * SECOND)).contains("code_lifetime"));
    assert!(refusal(CodePolicy::default().credentials_per_user(0)).contains("credentials_per_user"));
    let hours = CodePolicy::default().challenge_lifetime(3601 * SECOND);
    assert!(refusal(hours).contains("challenge_lifetime"));
}

#[tokio::test]
async fn a_policy_for_sp_800_63b_holds_itself_and_its_site_to_it() {
    let host = Arc::new(MemoryHost::new([User::new(UserId::new("us-1").unwrap(), "ada@example.com")]));
    let complete = site(&host);
    let flow = CodeFlow::new(&complete, CodePolicy::sp_800_63b()).unwrap();
    assert!(flow.code_format().bits() >= 112);
    let in_ten_minutes = SystemTime::now() + 595 * SECOND;
    let expiration = in_ten_minutes.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let wanted = MintRequest::new(Expiration::from_unix(expiration).unwrap());
    flow.mint(&Caller::new(UserId::new("us-1").unwrap()), wanted).await.unwrap();

    let refusal = |site: &Site, policy: CodePolicy| CodeFlow::new(site, policy).unwrap_err().to_string();
    let policy = |symbols| CodePolicy::sp_800_63b().code_format(CodeFormat::with_symbols(symbols).unwrap());
    let enough = (9..64).find(|&symbols| CodeFormat::with_symbols(symbols).unwrap().bits() >= 112).unwrap();
    assert!(CodeFlow::new(&complete, policy(enough)).is_ok());
    assert!(refusal(&complete, policy(enough - 1)).contains("`code_format`"));
    let without = Site::builder().authenticator(host.clone()).users(host.clone()).credentials(host);
    let without = without.relying_party(party()).events(|_| {}).build().unwrap();
    assert!(refusal(&without, CodePolicy::sp_800_63b()).contains("`management`"));
}

/// A shorter code could be guessed, whatever the budget.
#[test]
fn a_code_has_9_to_52_symbols() {
    for (symbols, is_format) in [(0, false), (8, false), (9, true), (52, true), (53, false)] {
        assert_eq!(CodeFormat::with_symbols(symbols).is_ok(), is_format, "{symbols}");
    }
}

#[test]
fn a_budget_is_at_least_one_in_a_millisecond_to_a_day() {
    const INSTANT: Duration = Duration::from_nanos(1);
    let (millisecond, day) = (Duration::from_millis(1), Duration::from_secs(86_400));
    for (count, per, is_budget) in [
        (1, millisecond, true),
        (1, day, true),
        (u32::MAX, day, true),
        (0, SECOND, false),
        (1, Duration::ZERO, false),
        (1, millisecond - INSTANT, false),
        (1, day + INSTANT, false),
    ] {
        assert_eq!(Budget::new(count, per).is_ok(), is_budget, "{count} in {per:?}");
    }
}

#[cfg(feature = "fido2")]
#[test]
fn trust_that_is_demanded_needs_roots_an_attestation_and_the_word_on_other_kinds() {
    use credential_code::attestation::{NativeEngine, TrustAnchors};

    let site = site(&Arc::default());
    let policy =
        CodePolicy::default().attestation_engine(NativeEngine::new().trust_only(TrustAnchors::new()));
    let said = CodeFlow::new(&site, policy.clone()).unwrap_err().to_string();
    assert!(said.contains("`kinds`"), "{said}");
    let said = CodeFlow::new(&site, policy.kinds([CredentialKind::Fido2])).unwrap_err().to_string();
    assert!(said.contains("there is no root"), "{said}");
}

#[test]
fn a_setter_that_is_called_twice_builds_nothing() {
    let host = || Arc::new(MemoryHost::default());
    let complete = || Site::builder().host(host()).relying_party(party()).events(|_| {});
    type Change = fn(SiteBuilder) -> SiteBuilder;
    let setters: [(&str, Change); 12] = [
        ("host", |site| site.host(MemoryHost::default())),
        ("authenticator", |site| site.authenticator(MemoryHost::default())),
        ("users", |site| site.users(MemoryHost::default())),
        ("credentials", |site| site.credentials(MemoryHost::default())),
        ("sign_counters", |site| site.sign_counters(MemoryHost::default())),
        ("relying_party", |site| site.relying_party(party())),
        ("relying_parties", |site| site.relying_parties(RelyingPartyList::from(party()))),
        ("events", |site| site.events(|_| {})),
        ("storage", |site| site.storage(Storage::in_memory())),
        ("source", |site| site.source(|_| None)),
        ("body_limit", |site| site.body_limit(65_536)),
        ("read_deadline", |site| site.read_deadline(SECOND)),
    ];
    for (name, set) in setters {
        let twice = set(set(complete())).build().unwrap_err();
        assert!(matches!(twice, BuildError::Twice(setter) if setter == name), "{name}: {twice}");
    }
}

#[test]
fn calls_that_contradict_each_other_build_nothing_and_are_named() {
    let both = site_builder(&Arc::default()).events(|_| {});
    let said = refusal(both.relying_parties(RelyingPartyList::from(party())));
    assert!(said.contains("`relying_party`") && said.contains("`relying_parties`"), "{said}");
}

#[test]
fn a_setter_of_storage_that_is_called_twice_builds_nothing() {
    let storage = || Storage::in_memory().with_clock(ManualClock::new());
    let builder = |storage| site_builder(&Arc::default()).events(|_| {}).storage(storage);
    assert!(refusal(builder(storage().with_clock(ManualClock::new()))).contains("`with_clock`"));
}

#[test]
fn a_list_of_no_relying_party_is_no_list() {
    assert!(RelyingPartyList::new([]).is_err());
}
