//! In place of TLS, without the feature `mysql-tls`.

use super::options::{MysqlOptions, MysqlSslMode};
use crate::error::{Error, Result};

pub(super) fn check(options: &MysqlOptions) -> Result<()> {
    match options.effective_ssl_mode() {
        MysqlSslMode::Disabled => Ok(()),
        MysqlSslMode::NoVerify | MysqlSslMode::VerifyIdentity => Err(Error::invalid(
            "ssl-mode",
            "this server is to be reached by TLS, as every server on another machine is by default, and the program \
             was built without it; turn on the feature `mysql-tls` of authstore, or write ssl-mode=DISABLED to send \
             everything unencrypted",
        )),
    }
}

pub(super) fn options(_: &MysqlOptions) -> Option<mysql::SslOpts> {
    None
}
