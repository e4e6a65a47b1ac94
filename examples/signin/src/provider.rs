//! Sign-in with an OpenID Connect provider: authorization code flow with state, nonce and PKCE.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use authstore::{Constraint, Error, NewAccount, NewUser};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope, TokenResponse,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ceremony;
use crate::failure::{Failure, Outcome};
use crate::http::Response;
use crate::settings::Provider;
use crate::visit::Visit;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How long to cache the provider's endpoints and keys. Providers rotate their keys.
const METADATA_AGE: Duration = Duration::from_secs(10 * 60);

/// The timeout of the provider.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum size of a response, in bytes.
const MAX_ANSWER: u64 = 1024 * 1024;

/// A client of the provider.
pub(crate) struct ProviderClient {
    pub(crate) settings: Provider,
    redirect: String,
    agent: ureq::Agent,
    metadata: Mutex<Option<(Instant, CoreProviderMetadata)>>,
}

impl ProviderClient {
    pub(crate) fn new(settings: Provider, origin: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            // A redirect could send our request to a host that an attacker chose.
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .into();
        ProviderClient {
            settings,
            redirect: format!("{origin}/provider/callback"),
            agent,
            metadata: Mutex::new(None),
        }
    }

    fn send(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (parts, mut body) = self.agent.run(request)?.into_parts();
        let body = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(HttpResponse::from_parts(parts, body))
    }

    fn client(&self) -> Result<Client, Failure> {
        let redirect = RedirectUrl::new(self.redirect.clone())
            .map_err(|error| Failure::internal("reading SIGNIN_URL", error))?;
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        let client_id = ClientId::new(self.settings.client_id.clone());
        let client = CoreClient::from_provider_metadata(self.metadata()?, client_id, secret);
        Ok(client.set_redirect_uri(redirect))
    }

    fn metadata(&self) -> Result<CoreProviderMetadata, Failure> {
        // The value is complete even if the lock is poisoned.
        let lock = || {
            self.metadata
                .lock()
                .unwrap_or_else(|error| error.into_inner())
        };
        if let Some((read, metadata)) = &*lock()
            && read.elapsed() < METADATA_AGE
        {
            return Ok(metadata.clone());
        }
        // Not under the lock: a slow provider must not block all requests.
        let issuer = IssuerUrl::new(self.settings.issuer.clone())
            .map_err(|error| Failure::internal("reading OIDC_ISSUER", error))?;
        let metadata = CoreProviderMetadata::discover(&issuer, &|request| self.send(request))
            .map_err(|error| Failure::internal("discovering the provider", error))?;
        *lock() = Some((Instant::now(), metadata.clone()));
        Ok(metadata)
    }
}

/// The state until the provider redirects the browser back.
#[derive(Serialize, Deserialize)]
struct Started {
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    /// The user who is linking this provider, if any.
    link: Option<Uuid>,
}

/// Redirects the browser to the provider, to sign in or to link it to the user who is signed in.
pub(crate) fn start(visit: &Visit<'_>) -> Outcome {
    let link = match visit.request.form("link") {
        "" => None,
        _ => Some(visit.user()?.id),
    };
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let nonce = Nonce::new_random();
    let started = Started {
        nonce: nonce.clone(),
        verifier,
        link,
    };
    let client = visit.app.provider.client()?;
    let state = ceremony::begin(visit, "provider", started)?;
    let (url, _, _) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(state),
            || nonce,
        )
        .add_scope(Scope::new("email".into()))
        .add_scope(Scope::new("profile".into()))
        .set_pkce_challenge(challenge)
        .url();
    Ok(Response::redirect(url.as_str()))
}

/// Handles the redirect back. Nothing in it is trusted before the state is checked to be this browser's own.
pub(crate) fn callback(visit: &Visit<'_>) -> Outcome {
    let started: Started = ceremony::finish(visit, "provider", visit.request.query("state"))?;
    if !visit.request.query("error").is_empty() {
        return Err(Failure::Told(400, "The provider did not sign you in."));
    }
    let (profile, account) = identity(visit, &started)?;
    match started.link {
        Some(user_id) if user_id == visit.user()?.id => link(visit, &account),
        Some(_) => Err(Failure::Told(
            400,
            "Someone else has signed in since. Please start again.",
        )),
        None => sign_in(visit, &profile, &account),
    }
}

/// Exchanges the code, and returns the identity. The provider's tokens are not stored, because nothing uses them.
fn identity(visit: &Visit<'_>, started: &Started) -> Result<(NewUser, NewAccount), Failure> {
    let provider = &visit.app.provider;
    let rejected = |error: &dyn std::fmt::Display| {
        eprintln!("provider's answer rejected: {error}");
        Failure::Told(
            400,
            "The provider's answer cannot be accepted. Please start again.",
        )
    };
    let client = provider.client()?;
    let code = AuthorizationCode::new(visit.request.query("code").to_owned());
    let tokens = client
        .exchange_code(code)
        .map_err(|error| rejected(&error))?
        // A copy, because a verifier cannot be cloned.
        .set_pkce_verifier(PkceCodeVerifier::new(started.verifier.secret().clone()))
        .request(&|request| provider.send(request))
        .map_err(|error| rejected(&error))?;
    let id_token = tokens.id_token().ok_or_else(|| rejected(&"no ID token"))?;
    let claims = id_token
        .claims(&client.id_token_verifier(), &started.nonce)
        .map_err(|error| rejected(&error))?;
    let name = claims.name().and_then(|names| names.get(None));
    let profile = NewUser {
        name: name.map(|name| name.to_string()),
        email: claims.email().map(|email| email.to_string()),
        // Only an address that the provider vouches for is stored.
        email_verified: (claims.email_verified() == Some(true)).then_some(visit.now),
        ..NewUser::default()
    };
    let subject = claims.subject().to_string();
    Ok((
        profile,
        NewAccount::new("oidc", provider.settings.issuer.clone(), subject),
    ))
}

fn sign_in(visit: &Visit<'_>, profile: &NewUser, account: &NewAccount) -> Outcome {
    let storage = &visit.app.storage;
    let signed_in = storage.sign_in("provider", &visit.browser(), visit.now, |signin| {
        let signed_in = signin.sign_in_with_account(profile.clone(), account.clone())?;
        Ok(Some(signed_in))
    });
    match signed_in {
        Ok(Some((signed_in, token))) => Ok(visit.welcome(&signed_in, &token)),
        Ok(None) => Err(Failure::SignInFirst),
        Err(Error::Conflict {
            constraint: Constraint::UserEmail,
            ..
        }) => Err(Failure::Told(
            409,
            "A user with this address already exists. Sign in with a link first, then link the provider.",
        )),
        Err(error) => Err(error.into()),
    }
}

fn link(visit: &Visit<'_>, account: &NewAccount) -> Outcome {
    let token = visit.session_token().unwrap_or_default();
    match visit.app.storage.link_account(token, account, visit.now) {
        Ok(false) => Err(Failure::SignInFirst),
        Ok(true) => Ok(Response::redirect("/account?notice=linked")),
        Err(Error::Conflict {
            constraint: Constraint::ProviderAccount,
            ..
        }) => Err(Failure::Told(
            409,
            "This account is already linked to a user.",
        )),
        Err(error) => Err(error.into()),
    }
}
