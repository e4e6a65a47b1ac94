//! Sign-in with a link in a mail. The link opens a page with a button, because mail scanners open links.

use time::Duration;

use crate::failure::{Failure, Outcome};
use crate::http::{Response, url};
use crate::mail;
use crate::page::{self, escape, form};
use crate::visit::Visit;

const LIFETIME: Duration = Duration::minutes(15);

/// Sends a link. The response is the same whether or not the address has a user.
pub(crate) fn send(visit: &Visit<'_>) -> Outcome {
    let app = visit.app;
    let email = app
        .storage
        .signin
        .normalize_email(visit.request.form("email").trim());
    mail::address(&email)?;
    let token = app
        .storage
        .signin
        .create_email_token(&email, visit.now + LIFETIME)?;
    let fields = [("email", email.as_str()), ("token", token.expose())];
    let link = url(&format!("{}/email/open", app.origin), &fields);
    app.mailer.send(
        &email,
        "Your link to sign in",
        "Open this link to sign in. It works once, within 15 minutes. If you did not ask for it, ignore it.",
        &link,
    )?;
    let message = format!("We have sent a link to {email}. It works once, within 15 minutes.");
    Ok(page::message(200, &message))
}

/// Shows the page with the button, without using the link up.
pub(crate) fn open(visit: &Visit<'_>) -> Response {
    let (email, token) = (visit.request.query("email"), visit.request.query("token"));
    let fields = format!(
        "<input type=hidden name=email value=\"{email}\"><input type=hidden name=token value=\"{token}\">\
         <button id=use-link>Sign in as {email}</button>",
        email = escape(email),
        token = escape(token),
    );
    page::page(200, "Sign in", &form(visit, "/email/use", &fields))
}

pub(crate) fn sign_in(visit: &Visit<'_>) -> Outcome {
    let (email, token) = (visit.request.form("email"), visit.request.form("token"));
    let storage = &visit.app.storage;
    let signed_in = storage.sign_in("email link", &visit.browser(), visit.now, |signin| {
        signin.sign_in_with_email_token(email, token, visit.now)
    })?;
    match signed_in {
        Some((signed_in, token)) => Ok(visit.welcome(&signed_in, &token)),
        None => Err(Failure::Told(
            400,
            "This link was already used, or has expired. Ask for a new one.",
        )),
    }
}
