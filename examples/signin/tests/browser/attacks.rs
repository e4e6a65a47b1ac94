//! Attacks.

use std::thread;

use authstore::{NewAccount, NewUser};
use authstore_test_databases::{Database, Kind, free_port};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::client::{Client, between};
use crate::driver::Browser;
use crate::program::Program;

/// A link is opened twice, and by eight browsers concurrently.
pub(crate) fn link_used_often(kind: Kind) {
    let program = Program::start(kind);
    let mut ada = Client::new(&program);
    let link = ada.email_link("ada@example.org");
    let fields = [("email", link[0].1.as_str()), ("token", link[1].1.as_str())];
    assert_eq!(ada.post("/email/use", &fields).status, 303);
    let again = Client::new(&program).post("/email/use", &fields);
    assert_eq!(again.status, 400);
    assert!(again.body.contains("already used"));

    let link = ada.email_link("ada@example.org");
    let fields = [("email", link[0].1.as_str()), ("token", link[1].1.as_str())];
    let statuses = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let mut client = Client::new(&program);
                scope.spawn(move || client.post("/email/use", &fields).status)
            })
            .collect();
        let mut statuses: Vec<u16> = clients
            .into_iter()
            .map(|client| client.join().expect("no panic"))
            .collect();
        statuses.sort_unstable();
        statuses
    });
    assert_eq!(statuses, [303, 400, 400, 400, 400, 400, 400, 400]);
    program.stop("-TERM");
}

/// The mail would go to Eve, and the whole text be stored as a verified address.
pub(crate) fn address_with_a_name(kind: Kind) {
    let program = Program::start(kind);
    let mut eve = Client::new(&program);
    for text in [
        "\"ada@example.org\" <eve@example.com>",
        "<eve@example.com>",
        "eve@ example.com",
    ] {
        let sent = eve.post("/email/send", &[("email", text)]);
        assert_eq!(sent.status, 400, "{text}");
    }
    eve.sign_in("eve@example.com");
    let change = [("email", "\"ada@example.org\" <eve@example.com>")];
    assert_eq!(eve.post("/account/email", &change).status, 400);
    program.stop("-TERM");
}

/// Callbacks that this browser did not ask for, or has already used.
pub(crate) fn callbacks(kind: Kind) {
    let program = Program::start(kind);
    let mut victim = Client::new(&program);
    victim.get("/");
    let forged = victim.get("/provider/callback?code=made-up&state=made-up");
    assert_eq!(forged.status, 400);

    // The attacker's own callback, opened in the victim's browser, would make it use the attacker's account.
    let mut attacker = Client::new(&program);
    let callback = attacker.callback("Mallory", "mallory@example.org", "yes");
    assert_eq!(victim.open(&callback).status, 400);
    assert!(!victim.is_signed_in());
    // That attempt used it up.
    assert_eq!(attacker.open(&callback).status, 400);

    // A valid state with a wrong code.
    let callback = victim.callback("Ada", "ada@example.org", "yes");
    let state = callback.split_once("&state=").expect("a state").1;
    let wrong = format!(
        "{}/provider/callback?code=wrong&state={state}",
        program.origin
    );
    assert_eq!(victim.open(&wrong).status, 400);
    // Its state is stale now, even with the right code.
    assert_eq!(victim.open(&callback).status, 400);
    assert!(!victim.is_signed_in());

    // And a code for another attempt: the PKCE verifier and the nonce are not its own.
    let first = victim.callback("Ada", "ada@example.org", "yes");
    let second = victim.callback("Ada", "ada@example.org", "yes");
    let code = between(&first, "code=", "&");
    let state = second.split_once("&state=").expect("a state").1;
    let mixed = format!(
        "{}/provider/callback?code={code}&state={state}",
        program.origin
    );
    assert_eq!(victim.open(&mixed).status, 400);
    assert!(!victim.is_signed_in());

    let callback = victim.callback("Ada", "ada@example.org", "yes");
    assert_eq!(victim.open(&callback).status, 303);
    assert!(victim.is_signed_in());
    program.stop("-TERM");
}

/// Another user's session and passkey in the attacker's own forms.
pub(crate) fn foreign_session(kind: Kind) {
    let program = Program::start(kind);
    let mut ada = Client::new(&program);
    ada.sign_in("ada@example.org");
    let mut mallory = Client::new(&program);
    mallory.sign_in("mallory@example.org");
    let store = program.store();
    let user = store
        .get_user_by_email("ada@example.org")
        .expect("a store")
        .expect("Ada");
    let session = store
        .list_sessions_by_user_id(user.id)
        .expect("a store")
        .remove(0)
        .id
        .to_string();
    assert_eq!(
        mallory
            .post("/sessions/end", &[("session", &session)])
            .status,
        404
    );
    assert_eq!(
        mallory
            .post("/sessions/end", &[("session", "' OR 1=1 --")])
            .status,
        404
    );
    let rename = mallory.post("/passkeys/rename", &[("id", "hers"), ("name", "mine")]);
    assert_eq!(rename.status, 404);
    assert!(ada.is_signed_in());
    // She can end her own second session.
    let mut phone = Client::new(&program);
    phone.sign_in("ada@example.org");
    assert_eq!(
        phone.post("/sessions/end", &[("session", &session)]).status,
        303
    );
    assert!(!ada.is_signed_in());
    program.stop("-TERM");
}

/// Someone claims an address that is not theirs, before or after its owner comes.
pub(crate) fn squatter(kind: Kind) {
    let program = Program::start(kind);
    // At a provider that does not verify addresses.
    let mut squatter = Client::new(&program);
    let callback = squatter.callback("Squatter", "ada@example.org", "");
    assert_eq!(squatter.open(&callback).status, 303);
    let mut ada = Client::new(&program);
    ada.sign_in("ada@example.org");
    assert!(
        !ada.get("/account").body.contains("class=provider"),
        "the squatter's account is hers"
    );
    let callback = squatter.callback("Squatter", "ada@example.org", "");
    squatter.open(&callback);
    assert!(!squatter.get("/account").body.contains("ada@example.org"));
    // At a provider that is wrong about it: accounts are never linked by address.
    let mut liar = Client::new(&program);
    let callback = liar.callback("Liar", "ada@example.org", "yes");
    assert_eq!(liar.open(&callback).status, 409);
    assert!(!liar.is_signed_in());

    // An existing user with an unproved address and an account of the squatter.
    let store = program.store();
    let squatted = NewUser {
        email: Some("grace@example.org".into()),
        ..NewUser::default()
    };
    let account = NewAccount::new("oidc", "elsewhere", "squatter");
    store
        .create_user_with_account(squatted, account)
        .expect("a user");
    let mut grace = Client::new(&program);
    let link = grace.email_link("grace@example.org");
    let answer = grace.post(
        "/email/use",
        &[("email", &link[0].1), ("token", &link[1].1)],
    );
    assert_eq!(answer.location, "/account?notice=removed");
    assert_eq!(
        store.get_account("elsewhere", "squatter").expect("a store"),
        None
    );
    program.stop("-TERM");
}

/// The tokens of live sessions and links are not in the database.
pub(crate) fn leak(kind: Kind) {
    let program = Program::start(kind);
    let mut ada = Client::new(&program);
    ada.sign_in("ada@example.org");
    let session = ada.cookies["session"].clone();
    let [_, (_, link)] = ada.email_link("ada@example.org");
    ada.post("/account/email", &[("email", "countess@example.org")]);
    let change = ada.link_to("countess@example.org");
    let change = change.split_once("token=").expect("a token").1;
    let leaked = dump(&program.database);
    for (what, token) in [
        ("session", session.as_str()),
        ("link", &link),
        ("change", change),
    ] {
        assert_eq!(token.len(), 64, "{what}");
        assert!(
            !leaked.contains(token),
            "the token of the {what} is in the database"
        );
    }
    // Check that the search finds what is stored.
    let hash: String = Sha256::digest(&session)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(
        leaked.contains(&hash),
        "the hash of the session's token is not in the database"
    );
    program.stop("-TERM");
}

/// Returns everything that is stored, as text.
fn dump(database: &Database) -> String {
    if let Some(path) = database.url().strip_prefix("sqlite:") {
        let files =
            ["", "-wal"].map(|end| std::fs::read(format!("{path}{end}")).unwrap_or_default());
        return String::from_utf8_lossy(&files.concat()).into_owned();
    }
    let mut client = database.client();
    let tables = client
        .query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'");
    let mut all = String::new();
    for table in tables {
        let table = table[0].as_deref().expect("a name");
        for row in client.query(&format!("SELECT t::text FROM \"{table}\" t")) {
            all.push_str(row[0].as_deref().expect("a row"));
        }
    }
    all
}

/// A passkey is copied. Then the original is used, and the copy sends an old counter.
pub(crate) fn copied_passkey(kind: Kind) {
    let program = Program::start(kind);
    let ada = Browser::start(&program);
    ada.goto("/");
    let authenticator = ada.add_authenticator();
    ada.click("#passkey-sign-up");
    ada.find("#sign-out");
    let copy = ada.credentials(&authenticator).remove(0);
    for _ in 0..2 {
        ada.click("#sign-out");
        ada.click("#passkey-sign-in");
        ada.find("#sign-out");
    }
    let thief = Browser::start(&program);
    thief.goto("/");
    let authenticator = thief.add_authenticator();
    thief.add_credential(&authenticator, &copy);
    thief.click("#passkey-sign-in");
    assert!(thief.text("#message").contains("may have been copied"));
    assert!(thief.cookie("session").is_null());
    program.stop("-TERM");
}

/// After a sign-in, a session that someone planted in the browser is useless.
pub(crate) fn fixed_session(kind: Kind) {
    let program = Program::start(kind);
    let mut mallory = Client::new(&program);
    mallory.sign_in("mallory@example.org");
    let planted = mallory.cookies["session"].clone();
    let ada = Browser::start(&program);
    ada.goto("/style.css");
    ada.set_cookie("session", &planted);
    let mut mail = Client::new(&program);
    mail.post("/email/send", &[("email", "ada@example.org")]);
    ada.open_mail();
    ada.click("#use-link");
    assert_eq!(ada.text("#email"), "ada@example.org");
    assert_ne!(ada.cookie("session")["value"], planted);
    assert!(
        !mallory.is_signed_in(),
        "the planted session is still alive"
    );
    program.stop("-TERM");
}

/// A form of another site, and forms with a wrong token.
pub(crate) fn cross_site_form(kind: Kind) {
    let program = Program::start(kind);
    let ada = Browser::start(&program);
    ada.sign_in_by_link("ada@example.org");
    let page = format!(
        "data:text/html,<form method=post action='{}/account/name'><input name=name value=Mallory><button>Win</button></form>",
        program.origin
    );
    ada.open(&page);
    ada.click("button");
    assert!(ada.text("#message").contains("out of date"));
    ada.goto("/account");
    let name = ada.run(
        "return document.querySelector('input[name=name]').value",
        &json!([]),
    );
    assert_eq!(name, "");

    // Even from a browser that sends its cookies: no token, and someone else's.
    let mut client = Client::new(&program);
    client.sign_in("ada@example.org");
    let mut mallory = Client::new(&program);
    mallory.sign_in("mallory@example.org");
    let foreign = mallory.get("/account").body;
    let foreign = between(&foreign, "name=form_token value=\"", "\"");
    for token in ["", foreign] {
        assert_eq!(
            client
                .post_with("/account/name", &[("name", "Mallory")], token)
                .status,
            403
        );
        assert_eq!(
            client
                .post_with("/account/delete", &[("sure", "yes")], token)
                .status,
            403
        );
    }
    assert!(client.is_signed_in());
    let user = program
        .store()
        .get_user_by_email("ada@example.org")
        .expect("a store");
    assert_eq!(user.expect("Ada").name, None);
    program.stop("-TERM");
}

/// With https, no other host can set the cookies, and no plain connection sees them.
pub(crate) fn https_cookies(kind: Kind) {
    let database = Database::new(kind).expect("a database");
    // The address is where a proxy with a certificate would forward to; the origin is what browsers see.
    let address = format!("127.0.0.1:{}", free_port());
    let settings = [
        ("SIGNIN_URL", "https://localhost"),
        ("SIGNIN_ADDRESS", &address),
    ];
    let program = Program::start_on(database, &settings);
    let mut client = Client::at(&program, &format!("http://{address}"));
    let mut cookies = client.get("/").set_cookies;
    let link = client.email_link("ada@example.org");
    cookies.extend(
        client
            .post(
                "/email/use",
                &[("email", &link[0].1), ("token", &link[1].1)],
            )
            .set_cookies,
    );
    for (cookie, name) in cookies.iter().zip(["__Host-browser=", "__Host-session="]) {
        assert!(cookie.starts_with(name), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(cookies.len(), 2);
    program.stop("-TERM");
}

/// The same from a real browser's pages: a link opened again, callbacks of others and another user's session.
pub(crate) fn in_browser(kind: Kind) {
    let program = Program::start(kind);
    let mut ada = Client::new(&program);
    ada.sign_in("ada@example.org");
    let mallory = Browser::start(&program);
    mallory.sign_in_by_link("mallory@example.org");
    let store = program.store();
    let user = store
        .get_user_by_email("ada@example.org")
        .expect("a store")
        .expect("Ada");
    let session = store
        .list_sessions_by_user_id(user.id)
        .expect("a store")
        .remove(0);

    let script = "const form = document.querySelector(\"form[action='/sessions/end-others']\");
        form.action = '/sessions/end';
        const field = document.createElement('input');
        [field.type, field.name, field.value] = ['hidden', 'session', arguments[0]];
        form.append(field);";
    mallory.run(script, &json!([session.id.to_string()]));
    mallory.click("#end-others");
    assert_eq!(mallory.text("#message"), "You have no such session.");
    assert!(ada.is_signed_in());

    mallory.open_mail();
    mallory.click("#use-link");
    assert!(mallory.text("#message").contains("already used"));

    mallory.goto("/provider/callback?code=made-up&state=made-up");
    assert!(mallory.text("#message").contains("out of date"));
    // Someone else's callback, with a valid state and a valid code.
    mallory.open(&ada.callback("Ada", "ada@example.org", "yes"));
    assert!(mallory.text("#message").contains("out of date"));
    mallory.goto("/account");
    assert_eq!(mallory.text("#email"), "mallory@example.org");
    // Her own callback again, from her history.
    mallory.click("#link-provider");
    let state = mallory.run(
        "return document.querySelector('input[name=state]').value",
        &json!([]),
    );
    mallory.click("#authorize");
    assert_eq!(mallory.text("#notice"), "The provider is linked.");
    let state = state.as_str().expect("a state");
    mallory.goto(&format!("/provider/callback?code=again&state={state}"));
    assert!(mallory.text("#message").contains("out of date"));
    program.stop("-TERM");
}
