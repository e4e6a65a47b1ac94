//! A request of a browser: the user who is signed in, the cookies, and the token of the forms.

use authstore::signin::{Secret, SignIn, SignedIn};
use authstore::{Session, User};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::http::{Request, Response};

/// The lifetime of cookies, in seconds. The database decides when a session ends.
const COOKIE_AGE: u32 = 90 * 24 * 60 * 60;

/// A request, and what is known about its browser.
pub(crate) struct Visit<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: &'a Request,
    pub(crate) now: OffsetDateTime,
    /// A random value that the browser keeps, even before sign-in. It ties forms and ceremonies to the browser.
    browser_id: String,
    is_new: bool,
    signed_in: Option<(Session, User)>,
}

/// The browser that a session begins in.
pub(crate) struct Browser {
    /// The token of the session that it had before.
    previous: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
}

impl Browser {
    /// Begins a session, and ends the previous one. Returns the token of the new one.
    pub(crate) fn begin_session(
        &self,
        signin: &SignIn,
        user_id: Uuid,
        now: OffsetDateTime,
    ) -> authstore::Result<Secret> {
        let (token, _) = signin.begin_session_with_details(
            user_id,
            self.previous.as_deref(),
            self.ip.clone(),
            self.user_agent.clone(),
            now,
        )?;
        Ok(token)
    }
}

impl<'a> Visit<'a> {
    pub(crate) fn begin(app: &'a App, request: &'a Request) -> authstore::Result<Self> {
        let now = OffsetDateTime::now_utc();
        let signed_in = match request.cookie(app.session_cookie()) {
            Some(token) => app.storage.signin.resume_session(token, now)?,
            None => None,
        };
        let browser = request.cookie(app.browser_cookie());
        Ok(Visit {
            app,
            request,
            now,
            is_new: browser.is_none(),
            browser_id: browser.map_or_else(|| Secret::generate().into_exposed(), str::to_owned),
            signed_in,
        })
    }

    /// Returns the token of all forms of this browser. Another site can neither read it nor know the cookies that it is
    /// derived from. It changes with each session.
    pub(crate) fn form_token(&self) -> String {
        let session = self.session_token().unwrap_or_default();
        hash(&["form", &self.browser_id, session])
    }

    /// Ties a ceremony of several requests to the browser that began it.
    pub(crate) fn browser_hash(&self) -> String {
        hash(&["browser", &self.browser_id])
    }

    /// Rejects a form that was not sent by one of our own pages.
    pub(crate) fn check_form(&self) -> Result<(), Failure> {
        // Both sides are hashed, so the time of the comparison reveals nothing about the token.
        let sent = hash(&["sent", self.request.form("form_token")]);
        if !self.is_new && sent == hash(&["sent", &self.form_token()]) {
            return Ok(());
        }
        let message = "This form is out of date. Go back, reload the page and try again.";
        Err(Failure::Told(403, message))
    }

    pub(crate) fn session_token(&self) -> Option<&str> {
        self.request.cookie(self.app.session_cookie())
    }

    pub(crate) fn is_signed_in(&self) -> bool {
        self.signed_in.is_some()
    }

    pub(crate) fn user(&self) -> Result<&User, Failure> {
        let signed_in = self.signed_in.as_ref();
        signed_in.map(|(_, user)| user).ok_or(Failure::SignInFirst)
    }

    pub(crate) fn session_id(&self) -> Option<Uuid> {
        self.signed_in.as_ref().map(|(session, _)| session.id)
    }

    /// Returns the client's network address, to show to the user.
    fn ip(&self) -> Option<String> {
        if self.app.behind_proxy {
            let forwarded = self.request.forwarded_for.as_deref()?;
            return forwarded.rsplit(',').next().map(|ip| ip.trim().to_owned());
        }
        Some(self.request.peer.clone())
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser {
            previous: self.session_token().map(str::to_owned),
            ip: self.ip(),
            user_agent: self.request.user_agent.clone(),
        }
    }

    /// Sets the cookie of a new session, and redirects to the account page.
    pub(crate) fn enter(&self, token: &Secret, notice: &str) -> Response {
        let cookie = self
            .app
            .cookie(self.app.session_cookie(), token.expose(), COOKIE_AGE);
        Response::redirect(&format!("/account{notice}")).with("Set-Cookie", cookie)
    }

    /// Like [`enter`](Visit::enter), and reports what the sign-in changed.
    pub(crate) fn welcome(&self, signed_in: &SignedIn, token: &Secret) -> Response {
        let notice = match &signed_in.removed {
            Some(_) => "?notice=removed",
            None if signed_in.created => "?notice=welcome",
            None => "",
        };
        self.enter(token, notice)
    }

    /// Deletes the session's cookie.
    pub(crate) fn forget(&self, response: Response) -> Response {
        response.with(
            "Set-Cookie",
            self.app.cookie(self.app.session_cookie(), "", 0),
        )
    }

    /// Sets the cookie of a new browser.
    pub(crate) fn finish(&self, response: Response) -> Response {
        if !self.is_new {
            return response;
        }
        let cookie = self
            .app
            .cookie(self.app.browser_cookie(), &self.browser_id, COOKIE_AGE);
        response.with("Set-Cookie", cookie)
    }
}

fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // The length keeps ("ab", "c") and ("a", "bc") distinct.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
