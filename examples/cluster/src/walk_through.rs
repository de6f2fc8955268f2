use std::net::SocketAddr;

use credential_code::error::BoxError;

use crate::client::Client;

/// Goes through the flow once, and says which process served what.
pub(crate) async fn run(balancer: SocketAddr) -> Result<(), BoxError> {
    Client::new(vec![balancer])
        .add_credential(|step, answer| {
            println!("{step} was served by {}:\n{:#}\n", answer.worker, answer.body)
        })
        .await
}
