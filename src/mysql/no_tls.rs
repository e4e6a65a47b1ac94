//! Replaces TLS without the feature `mysql-tls`.

use super::options::{MysqlOptions, MysqlSslMode};
use crate::error::{Error, Result};

pub(super) fn check(options: &MysqlOptions) -> Result<()> {
    match options.effective_ssl_mode() {
        MysqlSslMode::Disabled => Ok(()),
        MysqlSslMode::NoVerify | MysqlSslMode::VerifyIdentity => Err(Error::invalid(
            "ssl-mode",
            "this server needs TLS, as every server on another machine does by default, but the program was built \
             without it; enable the feature `mysql-tls` of authstore, or set ssl-mode=DISABLED to send everything \
             unencrypted",
        )),
    }
}

pub(super) fn options(_: &MysqlOptions) -> Option<mysql::SslOpts> {
    None
}
