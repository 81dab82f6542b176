//! `auth:`, how requests to an upstream prove who asks. Secrets stay references here.

use cresset_model::secret::SecretRef;

/// `auth:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuthConfig {
    /// `Authorization: Bearer` and the token.
    Bearer(SecretRef),
    /// `Authorization: Basic` with user and password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretRef,
    },
    /// A header of its own.
    Header {
        /// The header's name, lower case.
        name: String,
        /// Its value.
        value: SecretRef,
    },
}
