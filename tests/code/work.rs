//! How much work a code costs that does not work. The caller could measure it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use credential_code::clock::Clock;
use credential_code::code::{EnrolmentRequest, ExchangeRequest, Expiration, MintRequest, MintedCode};
use credential_code::error::{BoxError, ErrorKind, StoreError};
use credential_code::host::{Caller, UserDirectory};
use credential_code::model::{Code, CredentialKind, EnrolmentId, Insertion, Stage, User, UserId, UserStatus};
use credential_code::store::{
    Budget, Entry, EntryChange, OneTimeStore, Payment, PurseStore, Record, SharedLedger, SharedStore, Slot,
    SlotKey, SlotKeys, Transition,
};
use credential_code::testing::{ManualClock, MemoryHost, site_builder};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Storage};

use crate::support::{ORIGIN, PARTY, user};
use crate::table::Table;

/// Notes each call.
#[derive(Clone, Debug, Default)]
struct Noted {
    table: Arc<Table>,
    calls: Arc<Mutex<Vec<String>>>,
    clock: ManualClock,
}

impl Noted {
    fn note(&self, verb: &str, of: &str) {
        self.calls.lock().unwrap().push(format!("{verb} {of}"));
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for Noted {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        self.note("insert", R::NAME);
        self.table.insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        self.note("take", R::NAME);
        self.table.take(slot, now).await
    }
}

#[async_trait]
impl PurseStore for Noted {
    async fn spend(&self, _: Slot, _: Budget, _: SystemTime) -> Result<Payment, StoreError> {
        self.note("spend", "purse");
        Ok(Payment::Paid)
    }

    async fn give_back(&self, _: Slot, _: Budget) -> Result<(), StoreError> {
        self.note("give_back", "purse");
        Ok(())
    }

    async fn spend_both(&self, _: [(Slot, Budget); 2], _: SystemTime) -> Result<[Payment; 2], StoreError> {
        self.note("spend_both", "purses");
        Ok([Payment::Paid; 2])
    }
}

#[async_trait]
impl SharedLedger for Noted {
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError> {
        self.note("enter", "enrolment");
        self.table.enter(entry).await
    }

    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError> {
        self.note("advance", "enrolment");
        self.table.advance(owner, id, from, change).await
    }

    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError> {
        self.note("find", "enrolment");
        self.table.find(owner, id).await
    }

    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError> {
        self.note("find", "enrolments");
        self.table.entries(owner, now).await
    }
}

impl SharedStore for Noted {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }
}

/// Users of a host that notes each look.
struct Users {
    host: Arc<MemoryHost>,
    noted: Noted,
}

#[async_trait]
impl UserDirectory for Users {
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError> {
        self.noted.note("find", "user");
        self.host.user(id).await
    }
}

/// A site over these notes, with keys of its own.
struct Bench {
    host: Arc<MemoryHost>,
    noted: Noted,
    flow: CodeFlow,
    caller: Caller,
}

impl Bench {
    fn over(noted: &Noted, key: u8) -> Self {
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        let keys = SlotKeys::new(&SlotKey::new([key; 32]).unwrap(), &[]);
        let storage = Storage::shared(noted.clone(), keys);
        let users = Users { host: host.clone(), noted: noted.clone() };
        let site = site_builder(&host).users(users).events(|_| {}).storage(storage).build().unwrap();
        let flow = CodeFlow::new(&site, CodePolicy::default()).unwrap();
        Self { host, noted: noted.clone(), flow, caller: Caller::new(user()) }
    }

    async fn mint(&self) -> MintedCode {
        let now = self.noted.clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let request = MintRequest::new(Expiration::from_unix(now + 30).unwrap());
        self.flow.mint(&self.caller, request).await.unwrap()
    }

    fn request(&self, code: Code) -> ExchangeRequest {
        let party = Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
        let mut request = ExchangeRequest::new(code, CredentialKind::Key, party);
        request.source = Some("192.0.2.1".to_owned());
        request
    }

    /// Returns the calls of an exchange that is refused.
    async fn refused(&self, code: Code) -> Vec<String> {
        self.noted.calls.lock().unwrap().clear();
        let refused = self.flow.exchange(self.request(code)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidCode);
        std::mem::take(&mut self.noted.calls.lock().unwrap())
    }
}

#[tokio::test]
async fn an_unknown_a_foreign_a_spent_and_an_expired_code_cost_the_same_calls() {
    let noted = Noted::default();
    let (ours, theirs) = (Bench::over(&noted, 7), Bench::over(&noted, 8));
    let elsewhere = Bench::over(&Noted::default(), 7);
    let expired = ours.mint().await.code;
    noted.clock.advance(Duration::from_secs(31));
    let spent = ours.mint().await.code;
    ours.flow.exchange(ours.request(spent.clone())).await.unwrap();
    let unknown = elsewhere.mint().await.code;
    let foreign = theirs.mint().await.code;
    for code in [unknown, foreign, spent, expired] {
        assert_eq!(ours.refused(code).await, ["spend_both purses", "take codes"]);
    }
}

#[tokio::test]
async fn a_revoked_code_costs_the_calls_of_one_that_works_and_then_those_of_an_unknown_one() {
    let ours = Bench::over(&Noted::default(), 7);
    let (works, revoked) = (ours.mint().await, ours.mint().await);
    ours.noted.calls.lock().unwrap().clear();
    ours.flow.exchange(ours.request(works.code)).await.unwrap();
    let calls = std::mem::take(&mut *ours.noted.calls.lock().unwrap());
    ours.flow.revoke(&ours.caller, EnrolmentRequest::new(revoked.enrolment)).await.unwrap();
    // The code hides which enrolment it begins, so a revocation can't find its record.
    assert_eq!(ours.refused(revoked.code.clone()).await, calls);
    assert_eq!(ours.refused(revoked.code).await, ["spend_both purses", "take codes"]);
}

/// Only the record of a code says whose it is. So it is taken, the fee comes back, and the host is
/// asked.
#[tokio::test]
async fn a_code_that_is_void_or_of_a_closed_account_costs_a_look_at_its_user_once() {
    let endings: [fn(&Bench); 3] = [
        |ours| {
            ours.noted.clock.advance(Duration::from_millis(1));
            ours.host.set_void_before(&user(), ours.noted.clock.now());
        },
        |ours| ours.host.set_status(&user(), UserStatus::Deactivated),
        |ours| ours.host.remove_user(&user()),
    ];
    for end in endings {
        let ours = Bench::over(&Noted::default(), 7);
        let code = ours.mint().await.code;
        end(&ours);
        let calls = ["spend_both purses", "take codes", "give_back purse", "give_back purse", "find user"];
        assert_eq!(ours.refused(code.clone()).await, calls);
        assert_eq!(ours.refused(code).await, ["spend_both purses", "take codes"]);
    }
}
