//! The account page and its forms. The user whose rows they change comes from the session, never from the form.

use authstore::{Account, Authenticator, AuthenticatorDetails, Constraint, Error};
use authstore::{Session, SessionDetails, User, UserChanges};
use time::macros::format_description;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::failure::{Failure, Outcome};
use crate::http::{Response, url};
use crate::mail;
use crate::page::{self, escape, form, passkey_form};
use crate::passkey::removed;
use crate::visit::Visit;

/// The lifetime of a link that changes an address.
const LINK_LIFETIME: Duration = Duration::hours(1);

pub(crate) fn show(visit: &Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let store = visit.app.storage.store();
    let accounts = store.list_accounts_by_user_id(user.id)?;
    let passkeys = store.list_authenticators_with_details_by_user_id(user.id)?;
    let sessions = store.list_sessions_with_details_by_user_id(user.id)?;
    let joined = match visit.app.storage.profile(user.id)? {
        Some(profile) => format!(
            "<p id=joined><small>Joined {} by {}.</small></p>",
            date(Some(profile.joined)),
            escape(&profile.joined_by)
        ),
        None => String::new(),
    };
    let body = [
        notice(visit),
        person(visit, user),
        joined,
        providers(visit, &accounts),
        passkeys_part(visit, &passkeys),
        sessions_part(visit, &sessions),
        "<h2>Leave</h2>".into(),
        form(
            visit,
            "/sign-out",
            "<button id=sign-out class=quiet>Sign out</button>",
        ),
        form(
            visit,
            "/account/delete",
            "<label><input type=checkbox name=sure value=yes required> Yes, delete everything</label>\
             <button id=delete-account class=danger>Delete my account</button>",
        ),
    ];
    Ok(page::page(200, "Your account", &body.concat()))
}

fn notice(visit: &Visit<'_>) -> String {
    let text = match visit.request.query("notice") {
        "welcome" => "Welcome! You are signed up.",
        "removed" => {
            "Someone else had entered your address without proving it. \
             Everything that they could sign in with was removed."
        }
        "linked" => "The provider is linked.",
        "passkey" => "The passkey is added.",
        "email" => "Your address is changed.",
        _ => return String::new(),
    };
    format!("<p class=notice id=notice>{text}</p>")
}

fn person(visit: &Visit<'_>, user: &User) -> String {
    let name = escape(user.name.as_deref().unwrap_or_default());
    let email = user.email.as_deref().map_or("none".into(), escape);
    let name_form = form(
        visit,
        "/account/name",
        &format!(
            "<label>Name <input name=name value=\"{name}\" autocomplete=name></label>\
             <button id=save-name>Save</button>"
        ),
    );
    let email_form = form(
        visit,
        "/account/email",
        "<label>New address <input type=email name=email required></label>\
         <button id=change-email>Send a link to it</button>",
    );
    format!("{name_form}<p>Email address: <b id=email>{email}</b></p>{email_form}")
}

fn providers(visit: &Visit<'_>, accounts: &[Account]) -> String {
    let provider = &visit.app.provider.settings;
    let rows = accounts.iter().map(|account| {
        let name = if account.provider == provider.issuer {
            &provider.name
        } else {
            &account.provider
        };
        let fields = format!(
            "<input type=hidden name=provider value=\"{}\"><input type=hidden name=id value=\"{}\">\
             <button class=\"quiet unlink\">Unlink</button>",
            escape(&account.provider),
            escape(&account.provider_account_id)
        );
        let button = form(visit, "/account/unlink", &fields);
        format!("<li class=provider>{} {button}</li>", escape(name))
    });
    let link = format!(
        "<input type=hidden name=link value=yes><button id=link-provider>Link {}</button>",
        escape(&provider.name)
    );
    format!(
        "<h2>Linked providers</h2><ul>{}</ul>{}",
        rows.collect::<String>(),
        form(visit, "/provider/start", &link)
    )
}

fn passkeys_part(visit: &Visit<'_>, passkeys: &[(Authenticator, AuthenticatorDetails)]) -> String {
    let rows = passkeys.iter().map(|(passkey, details)| {
        let id = format!(
            "<input type=hidden name=id value=\"{}\">",
            escape(&passkey.credential_id)
        );
        let name = escape(details.name.as_deref().unwrap_or("Passkey"));
        let rename = form(
            visit,
            "/passkeys/rename",
            &format!(
                "{id}<label>Name <input name=name value=\"{name}\"></label><button class=\"quiet rename\">Rename</button>"
            ),
        );
        let delete = form(
            visit,
            "/passkeys/delete",
            &format!("{id}<button class=\"quiet delete-passkey\">Delete</button>"),
        );
        format!(
            "<li class=passkey><b>{name}</b><br><small>added {}, last used {}</small>{rename}{delete}</li>",
            date(details.created),
            date(details.last_used)
        )
    });
    let add = passkey_form(
        visit,
        "/passkeys/add",
        "create",
        "<label>Name <input name=name placeholder=\"My phone\"></label>\
         <button id=add-passkey>Add a passkey</button>",
    );
    format!(
        "<h2>Passkeys</h2><ul>{}</ul>{add}",
        rows.collect::<String>()
    )
}

fn sessions_part(visit: &Visit<'_>, sessions: &[(Session, SessionDetails)]) -> String {
    // Expired sessions stay in the table until they are swept.
    let live = sessions
        .iter()
        .filter(|(session, _)| !session.is_expired(visit.now));
    let rows = live.map(|(session, details)| {
        let end = if visit.session_id() == Some(session.id) {
            "<b>this browser</b>".into()
        } else {
            let fields = format!(
                "<input type=hidden name=session value=\"{}\"><button class=\"quiet end-session\">End</button>",
                session.id
            );
            form(visit, "/sessions/end", &fields)
        };
        format!(
            "<li class=session>{} <small>from {}</small><br><small>since {}, last seen {}</small> {end}</li>",
            escape(details.user_agent.as_deref().unwrap_or("unknown browser")),
            escape(details.ip.as_deref().unwrap_or("an unknown address")),
            date(details.began),
            date(details.last_seen)
        )
    });
    format!(
        "<h2>Where you are signed in</h2><ul>{}</ul>{}",
        rows.collect::<String>(),
        form(
            visit,
            "/sessions/end-others",
            "<button id=end-others class=quiet>End all others</button>"
        )
    )
}

fn date(time: Option<OffsetDateTime>) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    time.and_then(|time| time.format(format).ok())
        .unwrap_or_else(|| "never".into())
}

pub(crate) fn set_name(visit: &Visit<'_>) -> Outcome {
    let name = visit.request.form("name").trim();
    let changes = UserChanges {
        name: (!name.is_empty()).then(|| name.to_owned()).into(),
        ..UserChanges::default()
    };
    visit
        .app
        .storage
        .store()
        .update_user(visit.user()?.id, changes)?;
    Ok(Response::redirect("/account"))
}

/// Sends a link to the new address, and invalidates earlier links.
pub(crate) fn change_email(visit: &Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let (app, signin) = (visit.app, &visit.app.storage.signin);
    let email = signin.normalize_email(visit.request.form("email").trim());
    mail::address(&email)?;
    let token = signin.create_email_change(user.id, &email, visit.now + LINK_LIFETIME)?;
    let fields = [("email", email.as_str()), ("token", token.expose())];
    let link = url(&format!("{}/account/email/confirm", app.origin), &fields);
    let text = "Open this link in the browser where you are signed in, to make this your address. It works for an hour.";
    app.mailer
        .send(&email, "Confirm your new address", text, &link)?;
    let message = format!("We have sent a link to {email}. Your address changes when you use it.");
    Ok(page::message(200, &message))
}

pub(crate) fn ask_to_confirm_email(visit: &Visit<'_>) -> Outcome {
    visit.user()?;
    let (email, token) = (visit.request.query("email"), visit.request.query("token"));
    let fields = format!(
        "<input type=hidden name=email value=\"{email}\"><input type=hidden name=token value=\"{token}\">\
         <button id=confirm-email>Make {email} my address</button>",
        email = escape(email),
        token = escape(token),
    );
    let form = form(visit, "/account/email/confirm", &fields);
    Ok(page::page(200, "Change your address", &form))
}

/// Changes the user who is signed in, not one whom the link names. Otherwise an attacker could have a link sent to your
/// address and, when you use it, would own the user that your address leads to.
pub(crate) fn confirm_email(visit: &Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let (email, token) = (visit.request.form("email"), visit.request.form("token"));
    // In one transaction, so that the link is not used up if the address has been taken since.
    let changed = visit.app.storage.store().transaction(|tx| {
        let signin = visit.app.storage.signin.on(tx);
        signin.confirm_email_change(user.id, email, token, visit.now)
    });
    match changed {
        Ok(Some(_)) => {}
        Ok(None) => {
            let message =
                "This link was already used, was replaced by a later one, or has expired.";
            return Err(Failure::Told(400, message));
        }
        Err(Error::Conflict {
            constraint: Constraint::UserEmail,
            ..
        }) => return Err(Failure::Told(409, "Another user has this address.")),
        Err(error) => return Err(error.into()),
    }
    // Notify the old address, in case someone else did this.
    if let Some(old) = user.email.as_deref().filter(|old| *old != email) {
        let text = "The address of your account was changed. If that was not you, write to us.";
        if visit
            .app
            .mailer
            .send(old, "Your address was changed", text, "")
            .is_err()
        {
            eprintln!("the notice of a changed address was not sent");
        }
    }
    Ok(Response::redirect("/account?notice=email"))
}

pub(crate) fn unlink(visit: &Visit<'_>) -> Outcome {
    let user = visit.user()?;
    // A user with a verified address can always sign in with a link.
    let keep_last = user.email_verified.is_none();
    let (provider, id) = (visit.request.form("provider"), visit.request.form("id"));
    let store = visit.app.storage.store();
    removed(store.unlink_account_of_user(user.id, provider, id, keep_last)?)
}

pub(crate) fn end_session(visit: &Visit<'_>) -> Outcome {
    let user_id = visit.user()?.id;
    let ended = match Uuid::try_parse(visit.request.form("session")) {
        Ok(id) => visit
            .app
            .storage
            .store()
            .delete_session_of_user(user_id, id)?,
        Err(_) => false,
    };
    if ended {
        Ok(Response::redirect("/account"))
    } else {
        Err(Failure::Told(404, "You have no such session."))
    }
}

pub(crate) fn end_other_sessions(visit: &Visit<'_>) -> Outcome {
    let user_id = visit.user()?.id;
    visit
        .app
        .storage
        .signin
        .end_all_sessions(user_id, visit.session_token())?;
    Ok(Response::redirect("/account"))
}

pub(crate) fn sign_out(visit: &Visit<'_>) -> Outcome {
    if let Some(token) = visit.session_token() {
        visit.app.storage.signin.end_session(token)?;
    }
    Ok(visit.forget(Response::redirect("/")))
}

/// Deletes the user with all rows, including the one in our own table.
pub(crate) fn delete(visit: &Visit<'_>) -> Outcome {
    let user_id = visit.user()?.id;
    if visit.request.form("sure") != "yes" {
        return Err(Failure::Told(400, "Tick the box to delete your account."));
    }
    let signin = &visit.app.storage.signin;
    // Pending changes of address are not deleted with the user, so delete them first.
    signin.void_email_changes(user_id)?;
    signin.store().delete_user(user_id)?;
    Ok(visit.forget(page::message(200, "Your account is deleted.")))
}
