//! Settings from the environment.

use std::env;

/// The settings of the program. By default, it runs on localhost with the test provider and mailbox.
pub(crate) struct Settings {
    /// `DATABASE_URL`. Defaults to the SQLite file `signin.db`.
    pub(crate) database: String,
    /// `SIGNIN_ADDRESS`, where to listen. Defaults to 127.0.0.1:8080.
    pub(crate) address: String,
    /// `SIGNIN_URL`: the origin that browsers see, such as `https://example.org`. Defaults to http://localhost and the
    /// port.
    pub(crate) origin: String,
    /// `SIGNIN_BEHIND_PROXY=1`: the client's address is the last one in `X-Forwarded-For`. Only a proxy may be able to
    /// reach the program then, because anyone can send this header.
    pub(crate) behind_proxy: bool,
    /// `OIDC_ISSUER`, `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET`, `OIDC_NAME`. Defaults to the program's own provider.
    pub(crate) provider: Option<Provider>,
    /// `SMTP_URL`, such as `smtps://user:password@host`, and `MAIL_FROM`. Defaults to the program's own mailbox.
    pub(crate) smtp: Option<Smtp>,
}

/// An OpenID Connect provider, and this program's registration there.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
}

/// A mail server.
pub(crate) struct Smtp {
    pub(crate) url: String,
    pub(crate) from: String,
}

impl Settings {
    pub(crate) fn from_environment() -> Result<Self, String> {
        let provider = variable("OIDC_ISSUER")
            .map(|issuer| {
                Ok::<_, String>(Provider {
                    name: variable("OIDC_NAME").unwrap_or_else(|| "your provider".into()),
                    issuer,
                    client_id: required("OIDC_CLIENT_ID", "OIDC_ISSUER")?,
                    client_secret: variable("OIDC_CLIENT_SECRET"),
                })
            })
            .transpose()?;
        let smtp = variable("SMTP_URL")
            .map(|url| {
                let from = required("MAIL_FROM", "SMTP_URL")?;
                Ok::<_, String>(Smtp { url, from })
            })
            .transpose()?;
        let settings = Settings {
            database: variable("DATABASE_URL").unwrap_or_else(|| "sqlite:signin.db".into()),
            address: variable("SIGNIN_ADDRESS").unwrap_or_else(|| "127.0.0.1:8080".into()),
            origin: variable("SIGNIN_URL").unwrap_or_default(),
            behind_proxy: variable("SIGNIN_BEHIND_PROXY").is_some_and(|value| value == "1"),
            provider,
            smtp,
        };
        // With the test provider, anyone can sign in as anyone, and the test mailbox shows all links.
        if settings.needs_trial() && !settings.is_local() {
            return Err(
                "SIGNIN_URL or SIGNIN_ADDRESS is not local; set OIDC_ISSUER and SMTP_URL".into(),
            );
        }
        Ok(settings)
    }

    /// Sets the default origin.
    pub(crate) fn set_port(&mut self, port: u16) {
        if self.origin.is_empty() {
            self.origin = format!("http://localhost:{port}");
        }
    }

    /// Returns true if browsers reach the program with https.
    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Returns true if the test provider or the test mailbox is used.
    pub(crate) fn needs_trial(&self) -> bool {
        self.provider.is_none() || self.smtp.is_none()
    }

    fn is_local(&self) -> bool {
        let host = self.origin.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split([':', '/']).next().unwrap_or_default();
        let listens = self.address.rsplit_once(':').map_or("", |(host, _)| host);
        (host.is_empty() || host == "localhost")
            && (listens == "127.0.0.1" || listens == "localhost" || listens == "[::1]")
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &str, with: &str) -> Result<String, String> {
    variable(name).ok_or_else(|| format!("{with} is set without {name}; set both"))
}
