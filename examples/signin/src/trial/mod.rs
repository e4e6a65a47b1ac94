//! A test provider and a test mailbox, on their own port. They let anyone sign in as anyone, so they run only on
//! localhost, and only if no real ones are set.

mod mailbox;
mod provider;

use std::env;
use std::error::Error;
use std::sync::Arc;

use crate::http::{Request, Response};
use crate::server::{self, Running};
use crate::settings::{self, Settings};
use provider::TrialProvider;

pub(crate) use mailbox::Mails;

/// The running test services.
pub(crate) struct Trial {
    running: Running,
    mails: Mails,
}

impl Trial {
    /// Starts the services that are not set, and completes the settings. Returns `None` if all are set.
    pub(crate) fn start(
        settings: &mut Settings,
    ) -> Result<Option<Self>, Box<dyn Error + Send + Sync>> {
        if !settings.needs_trial() {
            return Ok(None);
        }
        let address = env::var("SIGNIN_TRIAL_ADDRESS").unwrap_or_else(|_| "127.0.0.1:8081".into());
        let listener = server::listen(&address)?;
        if !listener.local_addr()?.ip().is_loopback() {
            return Err("SIGNIN_TRIAL_ADDRESS must be local, such as 127.0.0.1:8081".into());
        }
        let origin = format!("http://localhost:{}", server::port(&listener)?);
        let mails = Mails::default();
        let provider = Arc::new(TrialProvider::new(&origin, &settings.origin)?);
        if settings.provider.is_none() {
            settings.provider = Some(settings::Provider {
                name: "Trial ID".into(),
                issuer: origin.clone(),
                client_id: provider.client_id().to_owned(),
                client_secret: Some(provider.client_secret().to_owned()),
            });
        }
        println!("{origin}/mails");
        let shown = mails.clone();
        let running = Running::start(listener, move |request| answer(request, &provider, &shown))?;
        Ok(Some(Trial { running, mails }))
    }

    pub(crate) fn mails(&self) -> Mails {
        self.mails.clone()
    }

    pub(crate) fn stop(self) {
        self.running.stop();
    }
}

fn answer(request: &Request, provider: &TrialProvider, mails: &Mails) -> Response {
    match (request.is_post, request.path.as_str()) {
        (false, "/style.css") => crate::page::asset("text/css", crate::page::STYLE),
        (false, "/mails") => mails.show(request.query("to")),
        (false, "/.well-known/openid-configuration") => provider.configuration(),
        (false, "/keys") => provider.keys(),
        (false, "/authorize") => provider.ask(request),
        (true, "/authorize") => provider.authorize(request),
        (true, "/token") => provider.token(request),
        _ => Response::text(404, "not found"),
    }
}
