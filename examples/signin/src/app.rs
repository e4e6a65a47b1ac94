//! The application and its routes.

use std::error::Error;

use serde_json::json;
use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder};

use crate::failure::{Failure, Outcome};
use crate::http::{Request, Response};
use crate::mail::Mailer;
use crate::provider::ProviderClient;
use crate::settings::Settings;
use crate::storage::Storage;
use crate::trial::Trial;
use crate::visit::Visit;
use crate::{account, email_link, page, passkey, provider};

/// The state that every request needs.
pub(crate) struct App {
    pub(crate) storage: Storage,
    pub(crate) mailer: Mailer,
    pub(crate) provider: ProviderClient,
    pub(crate) webauthn: Webauthn,
    pub(crate) origin: String,
    pub(crate) behind_proxy: bool,
    is_https: bool,
}

impl App {
    pub(crate) fn new(
        settings: &Settings,
        trial: Option<&Trial>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let url = Url::parse(&settings.origin)?;
        let host = url.host_str().ok_or("SIGNIN_URL has no host")?;
        let provider = settings.provider.clone().ok_or("no provider")?;
        Ok(App {
            storage: Storage::open(&settings.database)?,
            mailer: Mailer::new(settings, trial)?,
            provider: ProviderClient::new(provider, &settings.origin),
            webauthn: WebauthnBuilder::new(host, &url)?
                .rp_name("authstore sign-in")
                .build()?,
            origin: settings.origin.clone(),
            behind_proxy: settings.behind_proxy,
            is_https: settings.is_https(),
        })
    }

    pub(crate) fn answer(&self, request: &Request) -> Response {
        match (request.is_post, request.path.as_str()) {
            (false, "/style.css") => return page::asset("text/css", page::STYLE),
            (false, "/passkey.js") => return page::asset("text/javascript", page::SCRIPT),
            (false, "/health") => return self.health(),
            _ => {}
        }
        let visit = match Visit::begin(self, request) {
            Ok(visit) => visit,
            Err(error) => return Failure::from(error).into_response(),
        };
        let response = route(&visit).unwrap_or_else(Failure::into_response);
        visit.finish(response)
    }

    /// For a load balancer: reports whether the database answers, and how busy the pool is.
    fn health(&self) -> Response {
        let store = self.storage.store();
        // Read it first: it does not wait, and shows an exhausted pool.
        let pool = store.pool_state().map(|pool| {
            json!({
                "max_size": pool.max_size,
                "size": pool.size,
                "idle": pool.idle,
                "in_use": pool.in_use,
                "waiting": pool.waiting,
            })
        });
        match store.ping() {
            Ok(()) => Response::json(200, &json!({ "database": "available", "pool": pool })),
            Err(error) => {
                eprintln!("health check failed: {error}");
                Response::json(503, &json!({ "database": "unavailable", "pool": pool }))
            }
        }
    }

    /// The prefix `__Host-` keeps other hosts of the domain, and anyone without https, from setting the cookie.
    pub(crate) fn session_cookie(&self) -> &'static str {
        if self.is_https {
            "__Host-session"
        } else {
            "session"
        }
    }

    pub(crate) fn browser_cookie(&self) -> &'static str {
        if self.is_https {
            "__Host-browser"
        } else {
            "browser"
        }
    }

    /// `SameSite=Lax`: sent with the redirect back from a provider, but not with forms of other sites.
    pub(crate) fn cookie(&self, name: &str, value: &str, max_age: u32) -> String {
        let secure = if self.is_https { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}")
    }
}

fn route(visit: &Visit<'_>) -> Outcome {
    let path = visit.request.path.as_str();
    if !visit.request.is_post {
        return match path {
            "/" if visit.is_signed_in() => Ok(Response::redirect("/account")),
            "/" => Ok(page::sign_in(visit)),
            "/account" => account::show(visit),
            "/account/email/confirm" => account::ask_to_confirm_email(visit),
            "/email/open" => Ok(email_link::open(visit)),
            "/provider/callback" => provider::callback(visit),
            _ => Err(Failure::Told(404, "There is no such page.")),
        };
    }
    visit.check_form()?;
    match path {
        "/email/send" => email_link::send(visit),
        "/email/use" => email_link::sign_in(visit),
        "/provider/start" => provider::start(visit),
        "/passkeys/sign-in/options" => passkey::sign_in_options(visit),
        "/passkeys/sign-in" => passkey::sign_in(visit),
        "/passkeys/sign-up/options" => passkey::sign_up_options(visit),
        "/passkeys/sign-up" => passkey::sign_up(visit),
        "/passkeys/add/options" => passkey::add_options(visit),
        "/passkeys/add" => passkey::add(visit),
        "/passkeys/rename" => passkey::rename(visit),
        "/passkeys/delete" => passkey::delete(visit),
        "/account/name" => account::set_name(visit),
        "/account/email" => account::change_email(visit),
        "/account/email/confirm" => account::confirm_email(visit),
        "/account/unlink" => account::unlink(visit),
        "/account/delete" => account::delete(visit),
        "/sessions/end" => account::end_session(visit),
        "/sessions/end-others" => account::end_other_sessions(visit),
        "/sign-out" => account::sign_out(visit),
        _ => Err(Failure::Told(404, "There is no such page.")),
    }
}
