//! In place of TLS, without the feature `postgres-tls`.

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

    pub(super) fn of_the_host(_: Option<&Path>) -> Result<Self> {
        Err(Error::invalid(
            "sslmode",
            "this program was built without the feature `postgres-tls` of authstore",
        ))
    }

    pub(super) fn of_any_host(authorities: Option<&Path>) -> Result<Self> {
        Self::of_the_host(authorities)
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
