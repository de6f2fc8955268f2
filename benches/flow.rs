//! Measures what a step of the flow costs in process: no HTTP, the stores and the host in memory.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use credential_code::attestation::Attestation;
use credential_code::code::{
    ExchangeRequest, Expiration, MintRequest, MintedCode, RegisterRequest, RegistrationChallenge,
};
use credential_code::host::Caller;
use credential_code::model::{CredentialKind, User, UserId};
use credential_code::store::Budget;
use credential_code::testing::{KeyClient, MemoryHost, SoftAuthenticator, StatementFormat, site};
use credential_code::{CodeFlow, CodePolicy, RelyingParty};
use criterion::Criterion;

/// The backend that checks signatures in this build. Results of both builds stand beside each
/// other.
const BACKEND: &str = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "rustcrypto" };
const ORIGIN: &str = "https://app.example.com";
/// This many steps are measured on one flow. Then comes a new flow, so that neither stores nor the
/// host fill up.
const CHUNK: u64 = 100;

struct Bench {
    flow: CodeFlow,
    caller: Caller,
    party: Arc<RelyingParty>,
    expiration: Expiration,
}

impl Bench {
    fn new() -> Self {
        let user = UserId::new("us-1").expect("an id");
        let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
        let plenty = Budget::new(u32::MAX, Duration::from_secs(86_400)).expect("a budget");
        let policy = CodePolicy::default().codes_per_user(plenty).code_lifetime(Duration::from_secs(600));
        let flow = CodeFlow::new(&site(&host), policy).expect("the policy holds");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
        let expiration = Expiration::from_unix(now + 500).expect("a time");
        let party = RelyingParty::new("example.com", "Example", [ORIGIN]).expect("a party");
        Self { flow, caller: Caller::new(user), party: Arc::new(party), expiration }
    }

    async fn mint(&self) -> MintedCode {
        self.flow.mint(&self.caller, MintRequest::new(self.expiration)).await.expect("a code")
    }

    fn exchange_request(&self, minted: MintedCode, kind: CredentialKind) -> ExchangeRequest {
        ExchangeRequest::new(minted.code, kind, self.party.clone())
    }

    async fn exchange(&self, request: ExchangeRequest) -> RegistrationChallenge {
        self.flow.exchange(request).await.expect("a challenge")
    }

    async fn register_request(
        &self,
        kind: CredentialKind,
        attest: impl Fn(&str) -> Attestation,
    ) -> RegisterRequest {
        let challenge = self.exchange(self.exchange_request(self.mint().await, kind)).await;
        let attestation = attest(challenge.challenge.as_str());
        RegisterRequest::new(challenge.challenge_id, "laptop", attestation, None).expect("a request")
    }
}

/// Measures `step` alone, on inputs that `prepare` makes.
fn measure<I>(
    criterion: &mut Criterion,
    name: &str,
    prepare: &impl AsyncFn(&Bench) -> I,
    step: &impl AsyncFn(&Bench, I),
) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            runtime.block_on(async {
                let mut took = Duration::ZERO;
                let mut left = times;
                while left > 0 {
                    let chunk = left.min(CHUNK);
                    left -= chunk;
                    let bench = Bench::new();
                    let mut inputs = Vec::new();
                    for _ in 0..chunk {
                        inputs.push(prepare(&bench).await);
                    }
                    let start = Instant::now();
                    for input in inputs {
                        step(&bench, input).await;
                    }
                    took += start.elapsed();
                }
                took
            })
        });
    });
}

fn main() {
    let criterion = Criterion::default().warm_up_time(Duration::from_secs(1));
    let mut criterion = criterion.measurement_time(Duration::from_secs(2)).configure_from_args();
    let criterion = &mut criterion;
    measure(criterion, "mint", &async |_| {}, &async |bench, ()| {
        bench.mint().await;
    });
    for kind in [CredentialKind::Fido2, CredentialKind::Key] {
        measure(
            criterion,
            &format!("exchange_{kind}"),
            &async |bench| bench.exchange_request(bench.mint().await, kind),
            &async |bench, request| {
                bench.exchange(request).await;
            },
        );
    }
    let register = async |bench: &Bench, request| {
        bench.flow.register(request).await.expect("a credential");
    };
    let key = |client: fn() -> KeyClient| {
        async move |bench: &Bench| {
            let attest = |challenge: &str| client().attest(CredentialKind::Key, challenge);
            bench.register_request(CredentialKind::Key, attest).await
        }
    };
    measure(criterion, &format!("register_Key_p256_{BACKEND}"), &key(KeyClient::p256), &register);
    measure(criterion, &format!("register_Key_ed25519_{BACKEND}"), &key(KeyClient::ed25519), &register);
    for (name, format) in [("none", StatementFormat::None), ("packed_self", StatementFormat::PackedSelf)] {
        let prepare = async |bench: &Bench| {
            let authenticator = SoftAuthenticator::new(format);
            let attest = |challenge: &str| authenticator.attest("example.com", ORIGIN, challenge);
            bench.register_request(CredentialKind::Fido2, attest).await
        };
        measure(criterion, &format!("register_Fido2_{name}_{BACKEND}"), &prepare, &register);
    }
    criterion.final_summary();
}
