//! TLS, with rustls.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
};

use super::certificate::{common_name, end_point};
use crate::error::{BoxError, Error, Result};

/// Creates verified TLS connections; `None` creates none.
#[derive(Clone)]
pub(super) struct Tls(Option<TlsConnector>);

impl Tls {
    pub(super) fn off() -> Self {
        Tls(None)
    }

    /// Verifies the chain to the certificates in this PEM file, or to the operating system's authorities, and the host
    /// name.
    pub(super) fn verify_full(trusted: Option<&Path>) -> Result<Self> {
        Self::verifying(trusted, true)
    }

    /// Verifies the chain, but not the host name.
    pub(super) fn verify_ca(trusted: Option<&Path>) -> Result<Self> {
        Self::verifying(trusted, false)
    }

    fn verifying(trusted: Option<&Path>, checks_host: bool) -> Result<Self> {
        let certificates = match trusted {
            Some(path) => from_file(path)?,
            None => from_system()?,
        };
        let mut authorities = RootCertStore::empty();
        authorities.add_parsable_certificates(certificates.iter().cloned());
        let chain = WebPkiServerVerifier::builder_with_provider(authorities.into(), provider())
            .build()
            .map_err(unusable)?;
        Self::with(Arc::new(CertificateVerifier {
            chain,
            // The system's certificates are all authorities, and there are hundreds.
            servers: trusted.map_or_else(Vec::new, |_| certificates),
            checks_host,
        }))
    }

    /// Encrypts without verifying the server.
    pub(super) fn no_verify() -> Result<Self> {
        Self::with(Arc::new(AcceptAnyCertificate(provider())))
    }

    fn with(verifier: Arc<dyn ServerCertVerifier>) -> Result<Self> {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        // As libpq 17 does; `sslnegotiation=direct` needs it.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Tls(Some(Arc::new(config).into())))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn from_file(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let unreadable =
        |reason: String| Error::invalid("sslrootcert", format!("{}: {reason}", path.display()));
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unreadable(
            "contains no certificate in PEM format".to_owned(),
        ));
    }
    for certificate in &certificates {
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| unreadable(error.to_string()))?;
    }
    Ok(certificates)
}

fn from_system() -> Result<Vec<CertificateDer<'static>>> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(Error::backend(
            "the operating system names no authority to trust; name one with sslrootcert",
        ));
    }
    Ok(found.certs)
}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::backend("TLS cannot be set up").with_source(error)
}

/// Verifies a server's certificate: by a chain to an authority, or because it is itself among the trusted ones.
#[derive(Debug)]
struct CertificateVerifier {
    chain: Arc<WebPkiServerVerifier>,
    servers: Vec<CertificateDer<'static>>,
    checks_host: bool,
}

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict =
            self.chain
                .verify_server_cert(certificate, intermediates, host, ocsp_response, now);
        match verdict {
            // rustls checks the name last, so everything else is valid.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_host => Ok(ServerCertVerified::assertion()),
            // A self-signed certificate, as PostgreSQL's manual and `openssl req -x509` create it, is marked as an
            // authority, and rustls rejects it for a server. OpenSSL accepts it if that very certificate is trusted.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(reason)))
                if self.servers.iter().any(|trusted| trusted == certificate)
                    && is_ca_as_end_entity(&reason) =>
            {
                if self.checks_host {
                    verify_host(certificate, host)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// Dates are checked earlier.
fn is_ca_as_end_entity(reason: &OtherError) -> bool {
    reason.to_string().contains("CaUsedAsEndEntity")
}

/// Checks the name of a trusted certificate. Like libpq, uses the common name if there is no other name.
fn verify_host(
    certificate: &CertificateDer<'_>,
    host: &ServerName<'_>,
) -> Result<(), rustls::Error> {
    match verify_server_name(&ParsedCertificate::try_from(certificate)?, host) {
        Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        })) if presented.is_empty()
            && common_name(certificate)
                .is_some_and(|name| name.eq_ignore_ascii_case(&host.to_str())) =>
        {
            Ok(())
        }
        verdict => verdict,
    }
}

/// Verifies only that the server has the key of its certificate.
#[derive(Debug)]
struct AcceptAnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Handshake;
    type Error = BoxError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, BoxError> {
        Ok(Handshake {
            connector: self.0.clone(),
            host: host.to_owned(),
        })
    }
}

pub(super) struct Handshake {
    connector: Option<TlsConnector>,
    host: String,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let connector = self.connector.ok_or("TLS is off")?;
            let host = ServerName::try_from(self.host)?;
            Ok(Stream(Box::new(connector.connect(host, socket).await?)))
        })
    }
}

pub(super) struct Stream(Box<tokio_rustls::client::TlsStream<Socket>>);

impl TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        let (_, session) = self.0.get_ref();
        session
            .peer_certificates()
            .and_then(|chain| end_point(chain.first()?))
            .map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
