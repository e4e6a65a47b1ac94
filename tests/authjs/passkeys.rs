//! Passkeys of an Auth.js application: its own handler signs users up and in, and both sides use the rows.

use authstore::{
    AuthenticatorDetailsChanges, Change, Constraint, Error, Removal, SessionDetails,
    SessionDetailsChanges,
};
use authstore_test_databases::{Kind, Test};
use serde_json::json;

use crate::adapter::Both;
use crate::on_each;

pub(crate) fn tests() -> Vec<Test> {
    on_each(
        "authjs_signs_in_with_passkeys",
        authjs_signs_in_with_passkeys,
    )
}

/// Credential ids in base64url, as a browser sends them, and in base64, as Auth.js stores them: with padding, with `+`
/// and `/`, and of the maximum of 1,023 bytes.
fn credential_ids() -> [(String, String); 3] {
    [
        (
            "KEDetxZcUfinhVi6Za5nZQ".into(),
            "KEDetxZcUfinhVi6Za5nZQ==".into(),
        ),
        ("-_-_".into(), "+/+/".into()),
        ("-_-_".repeat(341), "+/+/".repeat(341)),
    ]
}

fn authjs_signs_in_with_passkeys(kind: Kind) {
    let Both { store, js, .. } = &mut Both::new(kind);
    for (number, (in_browser, stored)) in credential_ids().into_iter().enumerate() {
        let email = format!("user-{number}@example.org");
        let token = js.call("signUpWithPasskey", &json!([email, in_browser]));
        let token = token.as_str().expect("a token").to_owned();

        let (session, user) = store
            .get_session_and_user(&token)
            .unwrap()
            .expect("a session");
        assert_eq!(user.email.as_deref(), Some(&*email));
        let account = store
            .get_account("passkey", &stored)
            .unwrap()
            .expect("an account");
        assert_eq!((account.user_id, &*account.kind), (user.id, "webauthn"));
        let passkey = store
            .get_authenticator(&stored)
            .unwrap()
            .expect("a passkey");
        assert_eq!(passkey.user_id, user.id);
        assert_eq!(passkey.provider_account_id, stored);
        assert!(passkey.credential_backed_up);
        assert_eq!(
            store.list_authenticators_by_user_id(user.id).unwrap(),
            [passkey]
        );

        // Both sides use the passkey, and see each other's counter.
        assert_eq!(
            store.use_authenticator(&stored, 5, false).unwrap().counter,
            5
        );
        let again = js.call("signInWithPasskey", &json!([in_browser, 6]));
        let again = again.as_str().expect("a token");
        let (_, signed_in) = store
            .get_session_and_user(again)
            .unwrap()
            .expect("a session");
        assert_eq!(signed_in.id, user.id);
        assert!(matches!(
            store.use_authenticator(&stored, 6, false),
            Err(Error::Conflict {
                constraint: Constraint::AuthenticatorCounter,
                ..
            })
        ));

        // If Auth.js deletes a row, our details are deleted too, and its application never sees them.
        let changes = SessionDetailsChanges {
            ip: Change::set("2001:db8::1"),
            ..SessionDetailsChanges::default()
        };
        assert!(store.update_session_details(session.id, changes).unwrap());
        let named = AuthenticatorDetailsChanges {
            name: Change::set("phone"),
            ..AuthenticatorDetailsChanges::default()
        };
        assert!(
            store
                .update_authenticator_details(user.id, &stored, named)
                .unwrap()
        );
        let rows = js.call("select", &json!(["Account", { "provider": "passkey" }]));
        let columns = rows[number].as_object().expect("a row").len();
        assert_eq!(columns, 14, "{rows}");
        js.call("deleteSession", &json!([token]));
        assert_eq!(
            store.get_session_details(session.id).unwrap(),
            SessionDetails::default()
        );

        // A passkey and its account count as one way to sign in, which is the last.
        let unlinked = store.unlink_account_of_user(user.id, "passkey", &stored, true);
        assert_eq!(unlinked.unwrap(), Removal::LastWayIn);
        let deleted = store.delete_authenticator_of_user(user.id, &stored, true);
        assert_eq!(deleted.unwrap(), Removal::LastWayIn);
    }
    assert!(
        js.try_call("signInWithPasskey", &json!(["AAAA", 1]))
            .is_err()
    );
}
