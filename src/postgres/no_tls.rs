//! Replaces TLS without the feature `postgres-tls`.

use std::path::Path;

use tokio_postgres::tls::{MakeTlsConnect, NoTlsError, NoTlsStream};
use tokio_postgres::{NoTls, Socket};

use crate::error::{Error, Result};

pub(super) type Stream = NoTlsStream;

#[derive(Clone)]
pub(super) struct Tls(NoTls);

impl Tls {
    pub(super) fn off() -> Self {
        Tls(NoTls)
    }

    pub(super) fn verify_full(_: Option<&Path>) -> Result<Self> {
        Self::no_verify()
    }

    pub(super) fn verify_ca(_: Option<&Path>) -> Result<Self> {
        Self::no_verify()
    }

    pub(super) fn no_verify() -> Result<Self> {
        Err(Error::invalid(
            "sslmode",
            "this server needs TLS, as every server on another machine does by default, but the program was built \
             without it; enable the feature `postgres-tls` of authstore, or set sslmode=disable to send everything \
             unencrypted",
        ))
    }
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = NoTlsStream;
    type TlsConnect = NoTls;
    type Error = NoTlsError;

    fn make_tls_connect(&mut self, _: &str) -> Result<NoTls, NoTlsError> {
        Ok(self.0)
    }
}
