use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use credential_code::code::{
    ExchangeRequest, Expiration, MintRequest, MintedCode, RegisterRequest, RegistrationChallenge,
};
use credential_code::error::BoxError;
use credential_code::host::{Caller, CredentialRepository, UserDirectory};
use credential_code::model::{Code, CredentialKind, UserId};
use credential_code::store::{Budget, PurseStore, SharedStore, SlotKey, SlotKeys};
use credential_code::testing::{KeyClient, MemoryHost};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Site, Storage};

use crate::Person;

/// What nobody uses up.
const PLENTY: (u32, Duration) = (u32::MAX, Duration::from_secs(86_400));
const CODE_LIFETIME: Duration = Duration::from_secs(600);
const CHALLENGE_LIFETIME: Duration = Duration::from_secs(3600);

pub(crate) fn plenty() -> Budget {
    Budget::new(PLENTY.0, PLENTY.1).expect("it is sensible")
}

/// The id of a user.
pub(crate) fn user_id(user: u64) -> String {
    format!("us-{user:05}")
}

/// Where a user's second app is.
pub(crate) fn source_of(user: u64) -> String {
    format!("2001:db8::{user:x}")
}

/// Goes through all three steps.
#[derive(Clone)]
pub(crate) struct Flow {
    codes: CodeFlow,
    party: Arc<RelyingParty>,
}

impl Flow {
    pub(crate) fn new<S, H>(store: S, host: H) -> Result<Self, BoxError>
    where
        S: SharedStore + PurseStore,
        H: UserDirectory + CredentialRepository + Clone,
    {
        let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"])?;
        let site = Site::builder()
            .authenticator(MemoryHost::default())
            .users(host.clone())
            .credentials(host)
            .relying_party(party.clone())
            .events(|_| {})
            .storage(Storage::shared(store, SlotKeys::new(&SlotKey::new([7; 32])?, &[])))
            .build()?;
        let policy = CodePolicy::default()
            .codes_per_user(plenty())
            .misses_per_source(plenty())
            .misses(plenty())
            .code_lifetime(CODE_LIFETIME)
            .challenge_lifetime(CHALLENGE_LIFETIME);
        Ok(Self { codes: CodeFlow::new(&site, policy)?, party: Arc::new(party) })
    }

    pub(crate) async fn mint(&self, user: u64) -> Result<MintedCode, BoxError> {
        let caller = Caller::new(UserId::new(user_id(user))?);
        let expires_at = SystemTime::now() + CODE_LIFETIME - Duration::from_secs(10);
        let expiration = Expiration::from_unix(expires_at.duration_since(UNIX_EPOCH)?.as_secs())?;
        Ok(self.codes.mint(&caller, MintRequest::new(expiration)).await?)
    }

    pub(crate) async fn exchange(&self, user: u64, code: Code) -> Result<RegistrationChallenge, BoxError> {
        let mut request = ExchangeRequest::new(code, CredentialKind::Key, self.party.clone());
        request.source = Some(source_of(user));
        Ok(self.codes.exchange(request).await?)
    }

    pub(crate) async fn register(&self, user: u64, opened: RegistrationChallenge) -> Result<(), BoxError> {
        let proof = KeyClient::ed25519().attest(CredentialKind::Key, opened.challenge.as_str());
        let mut answer = RegisterRequest::new(opened.challenge_id, "laptop", proof, None)?;
        answer.source = Some(source_of(user));
        self.codes.register(answer).await?;
        Ok(())
    }
}

impl Person for Flow {
    async fn add_credential(&mut self, user: u64) -> Result<(), BoxError> {
        let minted = self.mint(user).await?;
        let opened = self.exchange(user, minted.code).await?;
        self.register(user, opened).await
    }
}
