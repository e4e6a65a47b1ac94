//! Passkeys: sign-in, sign-up with only a passkey, and the passkeys of the account page.

use authstore::{
    Authenticator, AuthenticatorDetailsChanges, Change, Constraint, Error, NewUser, Removal,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    Credential, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, WebauthnError,
};

use crate::ceremony;
use crate::failure::{Failure, Outcome};
use crate::http::Response;
use crate::visit::Visit;

const COPIED: &str = "This passkey may have been copied: its counter did not increase. You are not signed in. \
                      Sign in another way, and delete it.";

pub(crate) fn sign_in_options(visit: &Visit<'_>) -> Outcome {
    let (options, state) = visit
        .app
        .webauthn
        .start_discoverable_authentication()
        .map_err(|error| Failure::internal("starting a passkey sign-in", error))?;
    offer(visit, "passkey sign-in", state, &options.public_key)
}

pub(crate) fn sign_in(visit: &Visit<'_>) -> Outcome {
    let state: DiscoverableAuthentication = finish(visit, "passkey sign-in")?;
    let answer: PublicKeyCredential = credential(visit)?;
    let storage = &visit.app.storage;
    let (user_id, id) = visit
        .app
        .webauthn
        .identify_discoverable_authentication(&answer)
        .map_err(|error| rejected(&error))?;
    let id = URL_SAFE_NO_PAD.encode(id);
    // The passkey names its user, who must be its owner (WebAuthn, section 7.2).
    let stored = storage.store().get_authenticator(&id)?;
    let Some(stored) = stored.filter(|stored| stored.user_id == user_id) else {
        return Err(Failure::Told(400, "This passkey is not known here."));
    };
    let passkey: Passkey = serde_json::from_str(&stored.credential_public_key)
        .map_err(|error| Failure::internal("reading a stored passkey", error))?;
    let verified = visit
        .app
        .webauthn
        .finish_discoverable_authentication_v2(&answer, state, &passkey)
        .map_err(|error| match error {
            WebauthnError::CredentialPossibleCompromise => Failure::Told(403, COPIED),
            error => rejected(&error),
        })?;
    let counter = i64::from(verified.counter());
    let signed_in = storage.sign_in("passkey", &visit.browser(), visit.now, |signin| {
        let used = AuthenticatorDetailsChanges {
            last_used: Change::Set(visit.now),
            ..AuthenticatorDetailsChanges::default()
        };
        let signed_in =
            signin.sign_in_with_authenticator(&stored, counter, verified.backup_state())?;
        if signed_in.is_some() {
            signin
                .store()
                .update_authenticator_details(stored.user_id, &id, used)?;
        }
        Ok(signed_in)
    });
    match signed_in {
        Ok(Some((signed_in, token))) => Ok(visit.welcome(&signed_in, &token)),
        Ok(None) => Err(Failure::Told(400, "This passkey is not known here.")),
        // The counter that is stored with the public key is the first one; the store has the latest.
        Err(Error::Conflict {
            constraint: Constraint::AuthenticatorCounter,
            ..
        }) => Err(Failure::Told(403, COPIED)),
        Err(error) => Err(error.into()),
    }
}

/// Signs up with only a passkey. The user is created together with the passkey.
pub(crate) fn sign_up_options(visit: &Visit<'_>) -> Outcome {
    let name = visit.request.form("name").trim();
    let name = if name.is_empty() { "Someone" } else { name };
    register(visit, "passkey sign-up", Uuid::now_v7(), name, Vec::new())
}

pub(crate) fn sign_up(visit: &Visit<'_>) -> Outcome {
    let (user_id, passkey) = registered(visit, "passkey sign-up")?;
    let name = visit.request.form("name").trim();
    let user = NewUser {
        id: Some(user_id),
        name: (!name.is_empty()).then(|| name.to_owned()),
        ..NewUser::default()
    };
    let storage = &visit.app.storage;
    let token = storage.sign_up_with_passkey(&user, &passkey, &visit.browser(), visit.now)?;
    Ok(visit.enter(&token, "?notice=welcome"))
}

pub(crate) fn add_options(visit: &Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let name = user.email.as_ref().or(user.name.as_ref());
    let name = name.map_or("Someone", String::as_str);
    let passkeys = visit
        .app
        .storage
        .store()
        .list_authenticators_by_user_id(user.id)?;
    let known = passkeys
        .iter()
        .filter_map(|passkey| URL_SAFE_NO_PAD.decode(&passkey.credential_id).ok());
    register(visit, "passkey add", user.id, name, known.collect())
}

pub(crate) fn add(visit: &Visit<'_>) -> Outcome {
    visit.user()?;
    let (_, passkey) = registered(visit, "passkey add")?;
    let name = visit.request.form("name").trim();
    let name = if name.is_empty() { "Passkey" } else { name };
    let token = visit.session_token().unwrap_or_default();
    let storage = &visit.app.storage;
    if !storage.add_passkey(token, &passkey, name, visit.now)? {
        return Err(Failure::Told(
            400,
            "You have signed out, or someone else has signed in since. Please start again.",
        ));
    }
    Ok(Response::redirect("/account?notice=passkey"))
}

pub(crate) fn rename(visit: &Visit<'_>) -> Outcome {
    let user_id = visit.user()?.id;
    let changes = AuthenticatorDetailsChanges {
        name: Change::set(visit.request.form("name").trim()),
        ..AuthenticatorDetailsChanges::default()
    };
    let store = visit.app.storage.store();
    if !store.update_authenticator_details(user_id, visit.request.form("id"), changes)? {
        return Err(Failure::Told(404, "You have no such passkey."));
    }
    Ok(Response::redirect("/account"))
}

pub(crate) fn delete(visit: &Visit<'_>) -> Outcome {
    let user = visit.user()?;
    // A user with a verified address can always sign in with a link.
    let keep_last = user.email_verified.is_none();
    let store = visit.app.storage.store();
    let id = visit.request.form("id");
    removed(store.delete_authenticator_of_user(user.id, id, keep_last)?)
}

/// Reports the removal of a way to sign in.
pub(crate) fn removed(removal: Removal) -> Outcome {
    match removal {
        Removal::Done => Ok(Response::redirect("/account")),
        Removal::Absent => Err(Failure::Told(404, "You do not have this way to sign in.")),
        Removal::LastWayIn => Err(Failure::Told(
            409,
            "This is your only way to sign in. Add another one first.",
        )),
    }
}

fn register(
    visit: &Visit<'_>,
    kind: &str,
    user_id: Uuid,
    name: &str,
    known: Vec<Vec<u8>>,
) -> Outcome {
    let (options, state) = visit
        .app
        .webauthn
        .start_passkey_registration(user_id, name, name, Some(known))
        .map_err(|error| Failure::internal("starting a passkey registration", error))?;
    let mut options = serde_json::to_value(&options.public_key)
        .map_err(|error| Failure::internal("writing passkey options", error))?;
    // The passkey stores its user, so that no name is needed to sign in.
    options["authenticatorSelection"]["residentKey"] = "required".into();
    options["authenticatorSelection"]["requireResidentKey"] = true.into();
    offer(visit, kind, (user_id, state), &options)
}

fn registered(visit: &Visit<'_>, kind: &str) -> Result<(Uuid, Authenticator), Failure> {
    let (user_id, state): (Uuid, PasskeyRegistration) = finish(visit, kind)?;
    let answer: RegisterPublicKeyCredential = credential(visit)?;
    let passkey = visit
        .app
        .webauthn
        .finish_passkey_registration(&answer, &state)
        .map_err(|error| rejected(&error))?;
    let public_key = serde_json::to_string(&passkey)
        .map_err(|error| Failure::internal("writing a passkey", error))?;
    let credential = Credential::from(passkey);
    let id = URL_SAFE_NO_PAD.encode(&credential.cred_id);
    let device_type = if credential.backup_eligible {
        "multiDevice"
    } else {
        "singleDevice"
    };
    let authenticator = Authenticator {
        credential_id: id.clone(),
        user_id,
        provider_account_id: id,
        credential_public_key: public_key,
        counter: credential.counter.into(),
        credential_device_type: device_type.into(),
        credential_backed_up: credential.backup_state,
        transports: None,
    };
    Ok((user_id, authenticator))
}

fn offer(
    visit: &Visit<'_>,
    kind: &str,
    state: impl Serialize,
    options: &impl Serialize,
) -> Outcome {
    let ceremony = ceremony::begin(visit, kind, state)?;
    let options: Value = serde_json::to_value(options)
        .map_err(|error| Failure::internal("writing passkey options", error))?;
    Ok(Response::json(
        200,
        &json!({ "ceremony": ceremony, "options": options }),
    ))
}

fn finish<T: DeserializeOwned>(visit: &Visit<'_>, kind: &str) -> Result<T, Failure> {
    let ceremony = visit.request.form("ceremony");
    if ceremony.is_empty() {
        let message = "Passkeys need JavaScript. Allow it for this page, or choose another way.";
        return Err(Failure::Told(400, message));
    }
    ceremony::finish(visit, kind, ceremony)
}

fn credential<T: DeserializeOwned>(visit: &Visit<'_>) -> Result<T, Failure> {
    serde_json::from_str(visit.request.form("credential")).map_err(|_| {
        Failure::Told(
            400,
            "The browser's answer cannot be read. Please start again.",
        )
    })
}

fn rejected(error: &WebauthnError) -> Failure {
    eprintln!("passkey rejected: {error}");
    Failure::Told(400, "The passkey cannot be accepted. Please start again.")
}
