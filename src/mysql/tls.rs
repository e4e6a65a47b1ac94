//! TLS, which the driver implements with rustls.

use std::fs;
use std::path::Path;

use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::options::{MysqlOptions, MysqlSslMode};
use crate::error::{BoxError, Error, Result};

/// Checks, before anything is sent, that the TLS of the options is available.
pub(super) fn check(options: &MysqlOptions) -> Result<()> {
    if options.effective_ssl_mode() == MysqlSslMode::Disabled {
        return Ok(());
    }
    // The driver uses the process's default provider, and panics if there is none and rustls was built with several.
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        let _ = ring::default_provider().install_default();
    }
    let Some(path) = &options.ssl_ca else {
        return Ok(());
    };
    check_authorities(path)
        .map_err(|reason| Error::invalid("ssl-ca", format!("{}: {reason}", path.display())))
}

/// Reads the file once, to name it in an error. The driver reads it for every connection, but does not name it.
fn check_authorities(path: &Path) -> Result<(), BoxError> {
    let bytes = fs::read(path)?;
    let mut certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        certificates.push(bytes.into());
    }
    let mut authorities = RootCertStore::empty();
    for certificate in certificates {
        authorities.add(certificate)?;
    }
    Ok(())
}

pub(super) fn options(options: &MysqlOptions) -> Option<mysql::SslOpts> {
    match options.effective_ssl_mode() {
        MysqlSslMode::Disabled => None,
        MysqlSslMode::NoVerify => Some(
            mysql::SslOpts::default()
                .with_danger_accept_invalid_certs(true)
                .with_danger_skip_domain_validation(true),
        ),
        MysqlSslMode::VerifyIdentity => {
            Some(mysql::SslOpts::default().with_root_cert_path(options.ssl_ca.clone()))
        }
    }
}
