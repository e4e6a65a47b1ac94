//! Models in JSON, serialized and deserialized.

use authstore::{
    Account, Authenticator, Change, NewAccount, NewUser, Session, User, UserChanges,
    VerificationToken,
};
use serde_json::{Value, json};
use time::macros::datetime;
use uuid::Uuid;

fn user() -> User {
    User {
        id: Uuid::from_u128(1),
        name: Some("Ada".into()),
        email: None,
        email_verified: Some(datetime!(2026-11-25 12:00:00.125 UTC)),
        image: Some(String::new()),
    }
}

fn account() -> Account {
    let secret = || Some("SECRET".to_owned());
    Account {
        id: Uuid::from_u128(2),
        user_id: Uuid::from_u128(1),
        kind: "oidc".into(),
        provider: "google".into(),
        provider_account_id: "1".into(),
        refresh_token: secret(),
        access_token: secret(),
        expires_at: Some(1),
        token_type: Some("bearer".into()),
        scope: None,
        id_token: secret(),
        session_state: secret(),
        oauth_token_secret: secret(),
        oauth_token: secret(),
    }
}

fn to_json(model: impl serde::Serialize) -> Value {
    serde_json::to_value(model).expect("JSON")
}

#[test]
fn users_round_trip_under_the_names_of_authjs() {
    let json = json!({
        "id": "00000000-0000-0000-0000-000000000001",
        "name": "Ada",
        "email": null,
        "emailVerified": "2026-11-25T12:00:00.125Z",
        "image": "",
    });
    assert_eq!(to_json(user()), json);
    assert_eq!(
        serde_json::from_value::<User>(json).expect("a user"),
        user()
    );
}

#[test]
fn no_secret_is_serialized() {
    let expires = datetime!(2026-11-25 12:00 UTC);
    let session = Session {
        id: Uuid::from_u128(3),
        user_id: Uuid::from_u128(1),
        session_token: "SECRET".into(),
        expires,
    };
    let link = VerificationToken::new("ada@example.org", "SECRET", expires);
    for model in [to_json(account()), to_json(session), to_json(link)] {
        assert!(!model.to_string().contains("SECRET"), "{model}");
    }
    assert_eq!(to_json(account())["providerAccountId"], "1");
}

#[test]
fn details_are_serialized_for_a_page() {
    let details = authstore::SessionDetails {
        began: Some(datetime!(2026-11-25 12:00 UTC)),
        ip: Some("::1".into()),
        ..authstore::SessionDetails::default()
    };
    let json = json!({ "began": "2026-11-25T12:00:00Z", "lastSeen": null, "ip": "::1", "userAgent": null });
    assert_eq!(to_json(details), json);
    let details = authstore::AuthenticatorDetails {
        name: Some("my phone".into()),
        ..authstore::AuthenticatorDetails::default()
    };
    assert_eq!(
        to_json(details),
        json!({ "name": "my phone", "created": null, "lastUsed": null })
    );
}

#[test]
fn missing_keeps_and_null_clears() {
    let changes: UserChanges = serde_json::from_value(json!({
        "name": "Ada",
        "image": null,
        "emailVerified": "2026-11-25T13:00:00+01:00",
    }))
    .expect("changes");
    let wanted = UserChanges {
        name: Change::set("Ada"),
        email: Change::Keep,
        email_verified: Change::Set(datetime!(2026-11-25 12:00 UTC)),
        image: Change::Clear,
    };
    assert_eq!(changes, wanted);
}

#[test]
fn inputs_are_deserialized() {
    let account: NewAccount = serde_json::from_value(json!({
        "type": "oidc", "provider": "google", "providerAccountId": "1", "access_token": "ya29",
    }))
    .expect("an account");
    assert_eq!(account.access_token.as_deref(), Some("ya29"));
    let passkey = json!({
        "credentialID": "KEDe+/==", "userId": Uuid::nil(), "providerAccountId": "KEDe+/==",
        "credentialPublicKey": "pQEC", "counter": 7, "credentialDeviceType": "multiDevice",
        "credentialBackedUp": true, "transports": null,
    });
    let read: Authenticator = serde_json::from_value(passkey.clone()).expect("a passkey");
    assert_eq!(to_json(read), passkey);
}

#[test]
fn unknown_fields_and_wrong_times_are_errors() {
    for wrong in [
        json!({ "nmae": "Ada" }),
        json!({ "emailVerified": "yesterday" }),
        json!({ "name": 7 }),
    ] {
        assert!(
            serde_json::from_value::<NewUser>(wrong.clone()).is_err(),
            "{wrong}"
        );
        assert!(
            serde_json::from_value::<UserChanges>(wrong.clone()).is_err(),
            "{wrong}"
        );
    }
}
