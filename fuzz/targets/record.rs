//! Bytes that a store hands back as a record: read without a panic. A record that is read
//! and written is the same record.

use std::time::{Duration, UNIX_EPOCH};

use credential_code::store::{
    CodeGrant, PendingAction, PendingApproval, PendingRegistration, UserAction, codec,
};
use credential_code::testing::Sample;
use credential_code_fuzz::edit;

pub fn run(input: &[u8]) {
    law::<CodeGrant>(input);
    law::<PendingRegistration>(input);
    law::<PendingApproval>(input);
    law::<PendingAction>(input);
    law::<UserAction>(input);
}

fn law<R: Sample>(input: &[u8]) {
    let sample = R::sample(7, UNIX_EPOCH + Duration::from_secs(4_102_444_800));
    let mut edited = codec::encode(&sample).expect("a sample is written");
    edit(&mut edited, input);
    for bytes in [input, &edited] {
        if let Ok(record) = codec::decode::<R>(bytes) {
            let written = codec::encode(&record).expect("what is read is written");
            let again = codec::decode::<R>(&written).expect("what is written is read");
            assert!(again == record);
        }
    }
}
