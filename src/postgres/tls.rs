//! TLS: what the driver asks of it, on rustls, or the lack of it.

#[cfg(feature = "postgres-tls")]
pub(super) use with_rustls::{Stream, Tls};
#[cfg(not(feature = "postgres-tls"))]
pub(super) use without::{Stream, Tls};

#[cfg(feature = "postgres-tls")]
mod with_rustls {
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
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    use crate::error::{Error, Result, Source};

    /// Makes TLS connections whose certificates are verified; `None` makes none.
    #[derive(Clone)]
    pub(in super::super) struct Tls(Option<TlsConnector>);

    impl Tls {
        pub(in super::super) fn off() -> Self {
            Tls(None)
        }

        /// Trusts the authorities in this PEM file, or those that the operating system trusts.
        pub(in super::super) fn verified(authorities: Option<&Path>) -> Result<Self> {
            let authorities = match authorities {
                Some(path) => from_file(path)?,
                None => from_system()?,
            };
            let mut config = ClientConfig::builder_with_provider(ring::default_provider().into())
                .with_safe_default_protocol_versions()
                .map_err(|error| Error::backend(error.to_string()).with_source(error))?
                .with_root_certificates(authorities)
                .with_no_client_auth();
            // As libpq 17 says it; `sslnegotiation=direct` needs it.
            config.alpn_protocols = vec![b"postgresql".to_vec()];
            Ok(Tls(Some(Arc::new(config).into())))
        }
    }

    fn from_file(path: &Path) -> Result<RootCertStore> {
        let unusable =
            |reason: String| Error::invalid("sslrootcert", format!("{}: {reason}", path.display()));
        let mut authorities = RootCertStore::empty();
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
        for certificate in certificates {
            certificate
                .map_err(|error| error.to_string())
                .and_then(|certificate| {
                    authorities
                        .add(certificate)
                        .map_err(|error| error.to_string())
                })
                .map_err(unusable)?;
        }
        if authorities.is_empty() {
            return Err(unusable("it holds no certificate in PEM form".to_owned()));
        }
        Ok(authorities)
    }

    fn from_system() -> Result<RootCertStore> {
        let found = rustls_native_certs::load_native_certs();
        let mut authorities = RootCertStore::empty();
        authorities.add_parsable_certificates(found.certs);
        if authorities.is_empty() {
            return Err(Error::backend(
                "the operating system trusts no authority, or does not say which",
            ));
        }
        Ok(authorities)
    }

    impl MakeTlsConnect<Socket> for Tls {
        type Stream = Stream;
        type TlsConnect = Handshake;
        type Error = Source;

        fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Source> {
            Ok(Handshake {
                connector: self.0.clone(),
                host: host.to_owned(),
            })
        }
    }

    pub(in super::super) struct Handshake {
        connector: Option<TlsConnector>,
        host: String,
    }

    impl TlsConnect<Socket> for Handshake {
        type Stream = Stream;
        type Error = Source;
        type Future = Pin<Box<dyn Future<Output = Result<Stream, Source>> + Send>>;

        fn connect(self, socket: Socket) -> Self::Future {
            Box::pin(async move {
                let connector = self.connector.ok_or("TLS is off")?;
                let name = ServerName::try_from(self.host)?;
                Ok(Stream(Box::new(connector.connect(name, socket).await?)))
            })
        }
    }

    pub(in super::super) struct Stream(Box<tokio_rustls::client::TlsStream<Socket>>);

    impl TlsStream for Stream {
        fn channel_binding(&self) -> ChannelBinding {
            ChannelBinding::none()
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

        fn poll_shutdown(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(context)
        }
    }
}

#[cfg(not(feature = "postgres-tls"))]
mod without {
    use std::path::Path;

    use tokio_postgres::NoTls;
    use tokio_postgres::tls::{NoTlsError, NoTlsStream};
    use tokio_postgres::{Socket, tls::MakeTlsConnect};

    use crate::error::{Error, Result};

    pub(in super::super) type Stream = NoTlsStream;

    #[derive(Clone)]
    pub(in super::super) struct Tls(NoTls);

    impl Tls {
        pub(in super::super) fn off() -> Self {
            Tls(NoTls)
        }

        pub(in super::super) fn verified(_: Option<&Path>) -> Result<Self> {
            Err(Error::invalid(
                "sslmode",
                "this program was built without the feature `postgres-tls` of authstore",
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
}
