use std::ops::ControlFlow::{self, Break, Continue};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::ledger::Ledger;
use crate::person::{Outcome, Person, Seen, answer};

/// More people than the connections that two processes have to PostgreSQL.
const PEOPLE: usize = 24;
/// The pause between two tries, and between two flows.
const PAUSE: Duration = Duration::from_millis(20);

/// People who add credentials all the time, and try again when the answer is 503.
#[derive(Debug)]
pub(crate) struct Load {
    people: JoinSet<Vec<Flow>>,
    person: Arc<Person>,
    ledger: Arc<Ledger>,
    is_over: Arc<AtomicBool>,
}

/// A flow that was completed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub(crate) started: Instant,
    pub(crate) ended: Instant,
}

impl Load {
    pub(crate) fn start(workers: Vec<PathBuf>) -> Self {
        let (person, ledger, is_over) =
            (Arc::new(Person::new(workers)), Arc::<Ledger>::default(), Arc::<AtomicBool>::default());
        let mut people = JoinSet::new();
        for _ in 0..PEOPLE {
            let (person, ledger, is_over) = (person.clone(), ledger.clone(), is_over.clone());
            people.spawn(async move {
                let mut flows = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let started = Instant::now();
                    if let Some(credential) = add_credential(&person, &ledger, &is_over).await {
                        ledger.acknowledge(&credential);
                        flows.push(Flow { started, ended: Instant::now() });
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                flows
            });
        }
        Self { people, person, ledger, is_over }
    }

    /// Lets everybody finish, and returns what they saw.
    pub(crate) async fn stop(self) -> (Vec<Flow>, Vec<Seen>, Arc<Ledger>) {
        self.is_over.store(true, Ordering::Relaxed);
        let flows = self.people.join_all().await.into_iter().flatten().collect();
        (flows, self.person.seen(), self.ledger)
    }
}

async fn add_credential(person: &Person, ledger: &Ledger, is_over: &AtomicBool) -> Option<Value> {
    let minted = loop {
        if let Break(minted) = settle(person.mint().await, is_over).await {
            break minted?;
        }
    };
    let challenge = loop {
        if let Break(challenge) = settle(person.exchange(&minted["code"]).await, is_over).await {
            break challenge?;
        }
    };
    let name = ledger.code();
    let mut body = answer(&challenge, &name);
    for attempt in 1.. {
        if let Break(credential) = settle(person.register(&body).await, is_over).await {
            return credential;
        }
        // Every other try uses another key. Such a client must not get two credentials.
        if attempt % 2 == 1 {
            body = answer(&challenge, &name);
        }
    }
    None
}

/// Tries again a moment after a 503. `None` is a refusal.
async fn settle(outcome: Outcome, is_over: &AtomicBool) -> ControlFlow<Option<Value>> {
    match outcome {
        Outcome::Ok(body) => Break(Some(body)),
        Outcome::Refused(503) if !is_over.load(Ordering::Relaxed) => {
            tokio::time::sleep(PAUSE).await;
            Continue(())
        }
        Outcome::Refused(403 | 409 | 503) => Break(None),
        other => panic!("{other:?}"),
    }
}
