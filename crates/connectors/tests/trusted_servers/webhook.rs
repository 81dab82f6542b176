//! HTTPS to a server whose certificate the system trusts: `SSL_CERT_FILE` names it.

use cresset_model::ports::{Notifier as _, PortError};

use super::servers::{Servers, notification};

async fn deliver(host: &str) -> Result<(), PortError> {
    let webhook = Servers::find().webhook(host);
    webhook.deliver(&notification(1, "a", "b")).await
}

#[tokio::test]
async fn a_webhook_is_delivered_over_tls_to_a_name_that_the_certificate_has() {
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(deliver(host).await, Ok(()), "{host}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_gets_no_notification() {
    // The same server under an address that its certificate does not have.
    let Err(PortError::Transient { message, .. }) = deliver("127.0.0.2").await else {
        panic!("it must not be delivered");
    };
    assert!(message.contains("certificate"), "{message}");
}
