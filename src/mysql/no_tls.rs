//! In place of TLS, in a program that is built without it.

use super::options::{MysqlOptions, MysqlSslMode};
use crate::error::{Error, Result};

pub(super) fn check(options: &MysqlOptions) -> Result<()> {
    match options.effective_ssl_mode() {
        MysqlSslMode::Disabled => Ok(()),
        MysqlSslMode::VerifyIdentity => Err(Error::invalid(
            "ssl-mode",
            "this program was built without the feature `mysql-tls` of authstore",
        )),
    }
}

pub(super) fn options(_: &MysqlOptions) -> Option<mysql::SslOpts> {
    None
}
