//! Random sequences of steps, with faults, over two sites of one host. A plain model says what may
//! come of each step, and what has to work.

mod laws;
mod run;
mod sites;
mod steps;
mod way;

use credential_code::model::Approval;
use proptest::prelude::*;

use self::run::Machine;
use self::steps::step;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_steps_and_faults_adds_more_than_the_model_allows(
        asks in any::<bool>(),
        steps in prop::collection::vec(step(), 8..56),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut machine = Machine::new(if asks { Approval::Asked } else { Approval::NotAsked });
            for step in steps {
                machine.make(step).await;
            }
        });
    }
}
