//! Counts how many answers a step waits for, one after the other. Everything outside the process
//! answers after a delay. The delay is measured by a clock that moves only when everybody waits.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::action::{ActionRequest, BeginRequest, CompleteRequest, RedeemRequest};
use credential_code::code::{ExchangeRequest, Expiration, MintRequest, RegisterRequest};
use credential_code::error::{BoxError, StoreError};
use credential_code::host::{Addition, Advance, Caller, CredentialRepository, SignCounters, UserDirectory};
use credential_code::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialKind, NewCredential, User, UserId,
};
use credential_code::store::{Budget, Payment, PurseStore, Slot, SlotKey, SlotKeys};
use credential_code::testing::{KeyClient, MemoryHost, SoftAuthenticator, StatementFormat};
use credential_code::{ActionFlow, ActionPolicy, CodeFlow, CodePolicy, RelyingParty, Site, Storage};
use tokio::time::{Instant, sleep};

use crate::slow_table::{ANSWER, SlowTable};
use crate::support::{ORIGIN, PARTY, party, user};

/// A host that answers after a while.
struct Slow(Arc<MemoryHost>);

#[async_trait]
impl PurseStore for SlowTable {
    async fn spend(&self, _: Slot, _: Budget, _: SystemTime) -> Result<Payment, StoreError> {
        sleep(ANSWER).await;
        Ok(Payment::Paid)
    }

    async fn give_back(&self, _: Slot, _: Budget) -> Result<(), StoreError> {
        sleep(ANSWER).await;
        Ok(())
    }

    async fn spend_both(&self, _: [(Slot, Budget); 2], _: SystemTime) -> Result<[Payment; 2], StoreError> {
        sleep(ANSWER).await;
        Ok([Payment::Paid; 2])
    }
}

#[async_trait]
impl UserDirectory for Slow {
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError> {
        sleep(ANSWER).await;
        self.0.user(id).await
    }
}

#[async_trait]
impl SignCounters for Slow {
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError> {
        sleep(ANSWER).await;
        self.0.advance(id, count).await
    }
}

#[async_trait]
impl CredentialRepository for Slow {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        sleep(ANSWER).await;
        self.0.credentials(user).await
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        sleep(ANSWER).await;
        self.0.insert(credential, most).await
    }

    async fn credential(&self, user: &UserId, id: &CredentialId) -> Result<Option<Credential>, BoxError> {
        sleep(ANSWER).await;
        self.0.credential(user, id).await
    }

    async fn passkeys(
        &self,
        user: &UserId,
        relying_party_id: &str,
        most: usize,
    ) -> Result<Vec<CredentialDescriptor>, BoxError> {
        sleep(ANSWER).await;
        self.0.passkeys(user, relying_party_id, most).await
    }

    async fn keys(&self, user: &UserId, most: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        sleep(ANSWER).await;
        self.0.keys(user, most).await
    }

    async fn count(&self, user: &UserId, most: usize) -> Result<usize, BoxError> {
        sleep(ANSWER).await;
        self.0.count(user, most).await
    }
}

struct Bench {
    host: Arc<MemoryHost>,
    codes: CodeFlow,
    actions: ActionFlow,
    caller: Caller,
    party: Arc<RelyingParty>,
}

impl Bench {
    fn new() -> Self {
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        let keys = SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]);
        let site = Site::builder()
            .authenticator(host.clone())
            .users(Slow(host.clone()))
            .credentials(Slow(host.clone()))
            .sign_counters(Slow(host.clone()))
            .relying_party(party())
            .events(|_| {})
            .storage(Storage::shared(SlowTable::default(), keys))
            .build()
            .unwrap();
        Self {
            codes: CodeFlow::new(&site, CodePolicy::default()).unwrap(),
            actions: ActionFlow::new(&site, ActionPolicy::default()).unwrap(),
            caller: Caller::new(user()),
            party: Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap()),
            host,
        }
    }
}

/// Counts the answers that the work waited for.
async fn waits<T>(step: &str, table: &mut Vec<(String, u128)>, work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let done = work.await;
    table.push((step.to_owned(), started.elapsed().as_millis() / ANSWER.as_millis()));
    done
}

#[tokio::test(start_paused = true)]
async fn a_step_waits_for_few_answers_one_after_the_other() {
    let bench = Bench::new();
    let (caller, table) = (&bench.caller, &mut Vec::new());
    let source = Some("192.0.2.1".to_owned());
    for kind in [CredentialKind::Key, CredentialKind::Fido2] {
        let in_a_minute = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 60;
        let request = MintRequest::new(Expiration::from_unix(in_a_minute).unwrap());
        let minted = waits("mint", table, bench.codes.mint(caller, request)).await.unwrap();
        let mut request = ExchangeRequest::new(minted.code, kind, bench.party.clone());
        request.source.clone_from(&source);
        let opened = waits("exchange", table, bench.codes.exchange(request)).await.unwrap();
        let client = KeyClient::p256();
        let mut passkey = SoftAuthenticator::new(StatementFormat::None);
        let proof = match kind {
            CredentialKind::Fido2 => passkey.attest(PARTY, ORIGIN, opened.challenge.as_str()),
            _ => client.attest(kind, opened.challenge.as_str()),
        };
        let mut answer = RegisterRequest::new(opened.challenge_id, "laptop", proof, None).unwrap();
        answer.source.clone_from(&source);
        waits("register", table, bench.codes.register(answer)).await.unwrap();

        let action = ActionRequest::new("POST", "/transfers", b"{}").unwrap();
        let request = BeginRequest::new(action.clone(), bench.party.clone());
        let challenge = waits("begin", table, bench.actions.begin(caller, request)).await.unwrap();
        let assertion = match kind {
            CredentialKind::Fido2 => {
                // The passkey counts its signatures, so there is one more answer to wait for.
                passkey.sign_count = 1;
                passkey.assert(PARTY, ORIGIN, challenge.challenge.as_str())
            }
            _ => client.assert(kind, challenge.challenge.as_str()),
        };
        let request = CompleteRequest::new(challenge.challenge_id, assertion);
        let signed = waits("complete", table, bench.actions.complete(caller, request)).await.unwrap();
        let request = RedeemRequest::new(signed.proof, action);
        waits("redeem", table, bench.actions.redeem(caller, request)).await.unwrap();
    }
    assert_eq!(bench.host.stored().len(), 2);
    let bounds =
        [("mint", 2), ("exchange", 4), ("register", 4), ("begin", 3), ("complete", 3), ("redeem", 2)];
    for (step, waited) in table {
        let (_, most) = bounds.iter().find(|(name, _)| name == step).unwrap();
        println!("{step:>10} {waited}");
        assert!(*waited <= *most, "{step} waits for {waited} answers");
    }
}
