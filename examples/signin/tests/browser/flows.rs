//! Flows of ordinary users.

use authstore_test_databases::Kind;

use crate::driver::Browser;
use crate::program::Program;

/// Sign-up with a link, every part of the account page, two browsers, and the deletion.
pub(crate) fn account(kind: Kind) {
    let program = Program::start(kind);
    let ada = Browser::start(&program);
    ada.goto("/");
    ada.screenshot("sign-in");
    ada.fill("input[type=email]", "Ada@Example.org");
    ada.click("#send-link");
    ada.text("#message");
    // A scanner opens the link, which does not use it up.
    ada.open_mail();
    assert_eq!(ada.text("#use-link"), "Sign in as ada@example.org");
    ada.open_mail();
    ada.click("#use-link");
    assert_eq!(ada.text("#notice"), "Welcome! You are signed up.");
    assert!(
        ada.text("#joined").ends_with("by email link."),
        "{}",
        ada.text("#joined")
    );
    let cookie = ada.cookie("session");
    assert_eq!(
        (&cookie["httpOnly"], &cookie["sameSite"]),
        (&true.into(), &"Lax".into())
    );

    ada.fill(
        "form[action='/account/name'] input[name=name]",
        "Ada <Lovelace>",
    );
    ada.click("#save-name");
    let name = ada.run(
        "return document.querySelector('input[name=name]').value",
        &serde_json::json!([]),
    );
    assert_eq!(name, "Ada <Lovelace>");

    change_address(&program, &ada);
    passkeys(&ada);
    two_browsers(&program, &ada);

    ada.tick("input[name=sure]");
    ada.click("#delete-account");
    assert_eq!(ada.text("#message"), "Your account is deleted.");
    let store = program.store();
    assert_eq!(store.list_users(None, 10).expect("users"), []);
    let profiles = store.transaction(|tx| tx.query("SELECT joined_by FROM profile", &[]));
    assert_eq!(profiles.expect("profiles"), []);
    program.stop("-TERM");
}

/// A later link voids an earlier one.
fn change_address(program: &Program, ada: &Browser) {
    let mut links = Vec::new();
    for _ in 0..2 {
        ada.goto("/account");
        ada.fill(
            "form[action='/account/email'] input[type=email]",
            "countess@example.org",
        );
        ada.click("#change-email");
        ada.text("#message");
        links.push(crate::client::Client::new(program).link_to("countess@example.org"));
    }
    ada.open(&links[0]);
    ada.click("#confirm-email");
    assert!(ada.text("#message").contains("replaced by a later one"));
    ada.open(&links[1]);
    ada.click("#confirm-email");
    assert_eq!(ada.text("#notice"), "Your address is changed.");
    assert_eq!(ada.text("#email"), "countess@example.org");
    // The old address is notified.
    ada.open(&program.mails);
    assert_eq!(ada.text("li.mail .to"), "ada@example.org");
    ada.goto("/account");
}

fn passkeys(ada: &Browser) {
    ada.add_authenticator();
    ada.fill(
        "form[action='/passkeys/add'] input[name=name]",
        "Key of Ada",
    );
    ada.click("#add-passkey");
    assert_eq!(ada.text("#notice"), "The passkey is added.");
    assert_eq!(ada.text("li.passkey b"), "Key of Ada");
    ada.fill("li.passkey input[name=name]", "Laptop");
    ada.click(".rename");
    assert_eq!(ada.text("li.passkey b"), "Laptop");
    ada.click("#sign-out");
    let before = ada.cookie("session");
    assert!(before.is_null(), "{before}");
    ada.click("#passkey-sign-in");
    assert!(!ada.text("li.passkey small").contains("last used never"));
    ada.screenshot("account");
}

fn two_browsers(program: &Program, ada: &Browser) {
    let other = Browser::start(program);
    other.sign_in_by_link("countess@example.org");
    ada.goto("/account");
    assert_eq!(ada.count("li.session"), 2);
    assert!(ada.text("li.session").contains("Mozilla"));
    assert!(ada.text("li.session").contains("127.0.0.1"));
    ada.click(".end-session");
    ada.find("#sign-out");
    assert_eq!(ada.count("li.session"), 1);
    // The other browser is signed out, and this one is not.
    other.goto("/account");
    other.find("#send-link");
    other.sign_in_by_link("countess@example.org");
    ada.goto("/account");
    ada.click("#end-others");
    ada.find("#sign-out");
    assert_eq!(ada.count("li.session"), 1);
    other.goto("/account");
    other.find("#send-link");
}

/// A user who has only a passkey, and cannot remove it.
pub(crate) fn passkey_only(kind: Kind) {
    let program = Program::start(kind);
    let grace = Browser::start(&program);
    grace.goto("/");
    grace.add_authenticator();
    grace.fill("form[action='/passkeys/sign-up'] input[name=name]", "Grace");
    grace.click("#passkey-sign-up");
    assert_eq!(grace.text("#notice"), "Welcome! You are signed up.");
    assert!(grace.text("#joined").ends_with("by passkey."));
    grace.click(".delete-passkey");
    assert!(grace.text("#message").contains("your only way to sign in"));
    grace.goto("/account");
    grace.click("#sign-out");
    grace.click("#passkey-sign-in");
    grace.find("#sign-out");
    // With a verified address, the passkey is no longer the last way to sign in.
    grace.fill(
        "form[action='/account/email'] input[type=email]",
        "grace@example.org",
    );
    grace.click("#change-email");
    grace.text("#message");
    grace.open_mail();
    grace.click("#confirm-email");
    grace.click(".delete-passkey");
    grace.find("#sign-out");
    assert_eq!(grace.count("li.passkey"), 0);
    program.stop("-INT");
}

/// Sign-up and sign-in by a provider, linking and unlinking it.
pub(crate) fn provider(kind: Kind) {
    let program = Program::start(kind);
    let ada = Browser::start(&program);
    ada.goto("/");
    ada.click("#provider");
    ada.screenshot("provider");
    // The provider does not vouch for the address.
    ada.tick("input[name=verified]");
    ada.click("#authorize");
    assert_eq!(ada.text("#notice"), "Welcome! You are signed up.");
    assert_eq!(ada.text("#email"), "none");
    assert!(ada.text("li.provider").starts_with("Trial ID"));
    ada.click(".unlink");
    assert!(ada.text("#message").contains("your only way to sign in"));
    ada.goto("/account");
    ada.click("#sign-out");
    ada.click("#provider");
    ada.click("#authorize");
    ada.find("#sign-out");
    assert_eq!(ada.count("#notice"), 0, "the same user as before");

    // Another user links another identity, and cannot link hers.
    let grace = Browser::start(&program);
    grace.sign_in_by_link("grace@example.org");
    grace.click("#link-provider");
    grace.click("#authorize");
    assert_eq!(
        grace.text("#message"),
        "This account is already linked to a user."
    );
    grace.goto("/account");
    grace.click("#link-provider");
    grace.fill("input[name=name]", "Grace Hopper");
    grace.click("#authorize");
    assert_eq!(grace.text("#notice"), "The provider is linked.");
    grace.click("#sign-out");
    grace.click("#provider");
    grace.fill("input[name=name]", "Grace Hopper");
    grace.click("#authorize");
    assert_eq!(grace.text("#email"), "grace@example.org");
    // Her address is verified, so she can remove it.
    grace.click(".unlink");
    grace.find("#sign-out");
    assert_eq!(grace.count("li.provider"), 0);
    program.stop("-TERM");
}

/// Everything but passkeys, in a browser that runs no script.
pub(crate) fn without_javascript(kind: Kind) {
    let program = Program::start(kind);
    let ada = Browser::start(&program);
    ada.disable_javascript();
    ada.goto("/");
    // The form is sent unchanged, without a passkey, instead of asking for one.
    ada.click("#passkey-sign-in");
    assert!(ada.text("#message").contains("JavaScript"));
    ada.sign_in_by_link("ada@example.org");
    ada.fill("form[action='/account/name'] input[name=name]", "Ada");
    ada.click("#save-name");
    ada.click("#link-provider");
    ada.click("#authorize");
    assert_eq!(ada.text("#notice"), "The provider is linked.");
    ada.click(".unlink");
    ada.find("#sign-out");
    assert_eq!(ada.count("li.provider"), 0);
    change_address(&program, &ada);
    two_browsers(&program, &ada);
    ada.click("#sign-out");
    ada.click("#provider");
    ada.click("#authorize");
    assert_eq!(ada.text("#notice"), "Welcome! You are signed up.");
    ada.tick("input[name=sure]");
    ada.click("#delete-account");
    assert_eq!(ada.text("#message"), "Your account is deleted.");
    program.stop("-TERM");
}
