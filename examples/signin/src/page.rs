//! HTML, without a template engine: every value from outside goes through [`escape`].

use crate::http::Response;
use crate::visit::Visit;

pub(crate) const STYLE: &str = include_str!("../assets/style.css");
pub(crate) const SCRIPT: &str = include_str!("../assets/passkey.js");

/// Returns a page with this title and body, both HTML.
pub(crate) fn page(status: u16, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <link rel=stylesheet href=/style.css><script src=/passkey.js defer></script>\
         <body><h1>{title}</h1>{body}</body></html>"
    );
    Response::html(status, html)
}

/// Returns a page with a message and a link back.
pub(crate) fn message(status: u16, message: &str) -> Response {
    let body = format!(
        "<p class=notice id=message>{}</p><p><a href=/>Back</a></p>",
        escape(message)
    );
    page(status, "Sign in", &body)
}

pub(crate) fn asset(kind: &str, content: &'static str) -> Response {
    Response::new(200, &format!("{kind}; charset=utf-8"), content)
}

/// Returns a form with the token that proves that it is ours.
pub(crate) fn form(visit: &Visit<'_>, action: &str, fields: &str) -> String {
    format!(
        "<form method=post action=\"{action}\"><input type=hidden name=form_token value=\"{}\">{fields}</form>",
        visit.form_token()
    )
}

/// Returns a form that asks the browser for a passkey (`create` or `get`). Only this needs JavaScript.
pub(crate) fn passkey_form(visit: &Visit<'_>, action: &str, how: &str, fields: &str) -> String {
    let fields = format!(
        "{fields}<input type=hidden name=ceremony><input type=hidden name=credential><p role=status></p>"
    );
    form(visit, action, &fields).replacen("<form ", &format!("<form data-passkey={how} "), 1)
}

pub(crate) fn sign_in(visit: &Visit<'_>) -> Response {
    let provider = escape(&visit.app.provider.settings.name);
    let body = [
        form(
            visit,
            "/provider/start",
            &format!("<button id=provider>Sign in with {provider}</button>"),
        ),
        "<h2>By email</h2>".into(),
        form(
            visit,
            "/email/send",
            "<label>Email address <input type=email name=email required autocomplete=email></label>\
             <button id=send-link>Send me a link</button>",
        ),
        "<h2>With a passkey</h2>".into(),
        passkey_form(
            visit,
            "/passkeys/sign-in",
            "get",
            "<button id=passkey-sign-in>Sign in with a passkey</button>",
        ),
        "<h2>New here?</h2><p>A link or a provider also signs you up. Or use only a passkey:</p>"
            .into(),
        passkey_form(
            visit,
            "/passkeys/sign-up",
            "create",
            "<label>Name <input name=name autocomplete=name></label>\
             <button id=passkey-sign-up>Sign up with a passkey</button>",
        ),
    ];
    page(200, "Sign in", &body.concat())
}

/// Escapes text for HTML, including quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            character => html.push(character),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            escape("<b class=\"a\">'&"),
            "&lt;b class=&quot;a&quot;&gt;&#39;&amp;"
        );
    }
}
