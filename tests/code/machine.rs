//! Random sequences of steps, with faults, over one site. A plain model says what may come of them.

use std::sync::Arc;
use std::time::Duration;

use credential_code::store::{CodeGrant, PendingRegistration};
use proptest::prelude::*;
use serde_json::Value;

use super::flow_life::{good, key};
use crate::flaky::Flaky;
use crate::support::World;

#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    HostFails,
    InsertFails,
    InsertIsLost,
    TakeFails,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Mint,
    Exchange(usize, Fault),
    Register(usize, Fault),
    Jump(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    let fault = || {
        use Fault::{HostFails, InsertFails, InsertIsLost, None, TakeFails};
        prop_oneof![3 => Just(None), 1 => Just(HostFails), 1 => Just(InsertFails), 1 => Just(InsertIsLost), 1 => Just(TakeFails)]
    };
    prop_oneof![
        2 => Just(Step::Mint),
        4 => (0..8_usize, fault()).prop_map(|(which, fault)| Step::Exchange(which, fault)),
        5 => (0..8_usize, fault()).prop_map(|(which, fault)| Step::Register(which, fault)),
        1 => prop_oneof![0..30_u64, 50..400_u64].prop_map(Step::Jump),
    ]
}

/// A code, and what it bought.
#[derive(Default)]
struct Bought {
    code: String,
    expires_at: u64,
    /// When it was exchanged, and the answer.
    pending: Option<(u64, Value)>,
    is_added: bool,
}

struct Machine {
    world: World,
    store: Arc<Flaky>,
    codes: Vec<Bought>,
}

impl Machine {
    fn new() -> Self {
        let store = Flaky::new();
        let storage = store.storage();
        Self { world: World::with(|setup| setup.storage(storage)), store, codes: Vec::new() }
    }

    fn arm(&self, fault: Fault) {
        match fault {
            Fault::None => {}
            Fault::HostFails => self.world.host.fail(),
            Fault::InsertFails => self.world.host.fail_insertions(),
            Fault::InsertIsLost => self.world.host.lose_insertions(),
            Fault::TakeFails => {
                self.store.fail_takes::<CodeGrant>(1);
                self.store.fail_takes::<PendingRegistration>(1);
            }
        }
    }

    fn disarm(&self) {
        self.world.host.recover();
        self.store.fail_takes::<CodeGrant>(0);
        self.store.fail_takes::<PendingRegistration>(0);
    }

    async fn make(&mut self, step: Step) {
        let now = self.world.unix(0);
        match step {
            Step::Mint if self.codes.len() < 8 => {
                let code = self.world.mint().await;
                self.codes.push(Bought { code, expires_at: now + 60, ..Bought::default() });
            }
            Step::Mint => {}
            Step::Jump(seconds) => self.world.advance(Duration::from_secs(seconds)),
            Step::Exchange(which, fault) => {
                let Some(bought) = self.codes.get(which) else { return };
                self.arm(fault);
                let answer = self.world.exchange(key(), &bought.code).await;
                self.disarm();
                if answer.status == 200 {
                    assert!(bought.pending.is_none(), "a spent code works again");
                    assert!(now < bought.expires_at, "an expired code works");
                    self.codes[which].pending = Some((now, answer.json()));
                }
            }
            Step::Register(which, fault) => {
                let Some(bought) = self.codes.get(which) else { return };
                let Some((since, challenge)) = bought.pending.clone() else { return };
                let before = self.world.host.stored().len();
                self.arm(fault);
                let answer = self.world.register(&good(key(), &challenge)).await;
                self.disarm();
                let more = self.world.host.stored().len() - before;
                assert!(more == 0 || now < since + 300, "an expired challenge adds");
                assert!(more == 0 || !bought.is_added, "one code adds two credentials");
                // Each proof is by a new client, so no repository takes the second for a duplicate.
                assert!(answer.status != 200 || more == 1, "an accepted credential isn't stored");
                self.codes[which].is_added |= more == 1;
            }
        }
        let added = self.codes.iter().filter(|bought| bought.is_added).count();
        assert_eq!(self.world.host.stored().len(), added);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_steps_and_faults_adds_more_than_the_model_allows(steps in prop::collection::vec(steps(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut machine = Machine::new();
            for step in steps {
                machine.make(step).await;
            }
        });
    }
}
