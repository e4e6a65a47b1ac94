//! An OpenID Connect provider that trusts every user. Codes work once, for the client that asked, with its verifier.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use authstore::signin::Secret;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::http::{Request, Response, url};
use crate::page::{self, escape};

const CLIENT_ID: &str = "authstore-signin";

/// The lifetime of an ID token, in seconds.
const TOKEN_AGE: i64 = 300;

/// The prefix of an Ed25519 private key in DER (RFC 8410, section 7), which the 32 bytes of the key follow.
const ED25519_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The provider.
pub(crate) struct TrialProvider {
    origin: String,
    redirect: String,
    client_secret: String,
    key: CoreEdDsaPrivateSigningKey,
    codes: Mutex<HashMap<String, Granted>>,
}

/// The data that belongs to a code.
struct Granted {
    nonce: String,
    challenge: String,
    name: String,
    email: String,
    is_verified: bool,
}

impl TrialProvider {
    /// Creates a provider with a new key and client secret.
    pub(crate) fn new(origin: &str, client: &str) -> Result<Self, String> {
        let seed = Sha256::digest(Secret::generate().expose());
        let der = STANDARD.encode([&ED25519_PREFIX[..], &seed].concat());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
        let id = JsonWebKeyId::new("trial".into());
        Ok(TrialProvider {
            origin: origin.to_owned(),
            redirect: format!("{client}/provider/callback"),
            client_secret: Secret::generate().into_exposed(),
            key: CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(id))?,
            codes: Mutex::default(),
        })
    }

    pub(crate) fn client_id(&self) -> &str {
        CLIENT_ID
    }

    pub(crate) fn client_secret(&self) -> &str {
        &self.client_secret
    }

    pub(crate) fn configuration(&self) -> Response {
        let origin = &self.origin;
        Response::json(
            200,
            &json!({
                "issuer": origin,
                "authorization_endpoint": format!("{origin}/authorize"),
                "token_endpoint": format!("{origin}/token"),
                "jwks_uri": format!("{origin}/keys"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["EdDSA"],
            }),
        )
    }

    pub(crate) fn keys(&self) -> Response {
        let keys = CoreJsonWebKeySet::new(vec![self.key.as_verification_key()]);
        Response::json(200, &json!(keys))
    }

    /// Returns the page that asks who you want to be.
    pub(crate) fn ask(&self, request: &Request) -> Response {
        if request.query("client_id") != CLIENT_ID
            || request.query("redirect_uri") != self.redirect
            || request.query("code_challenge_method") != "S256"
        {
            return Response::text(400, "unknown client");
        }
        let hidden = ["state", "nonce", "code_challenge"].map(|name| {
            let value = escape(request.query(name));
            format!("<input type=hidden name={name} value=\"{value}\">")
        });
        let form = format!(
            "<p>This is a test provider. Sign in as anyone.</p><form method=post>{}\
             <label>Name <input name=name value=\"Ada Lovelace\"></label>\
             <label>Email address <input name=email value=\"ada@example.org\"></label>\
             <label><input type=checkbox name=verified value=yes checked> The address is verified</label>\
             <button id=authorize>Continue</button></form>",
            hidden.concat()
        );
        page::page(200, "Trial ID", &form)
    }

    pub(crate) fn authorize(&self, request: &Request) -> Response {
        let code = Secret::generate().into_exposed();
        let granted = Granted {
            nonce: request.form("nonce").into(),
            challenge: request.form("code_challenge").into(),
            name: request.form("name").into(),
            email: request.form("email").into(),
            is_verified: request.form("verified") == "yes",
        };
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.insert(code.clone(), granted);
        let fields = [("code", code.as_str()), ("state", request.form("state"))];
        Response::redirect(&url(&self.redirect, &fields))
    }

    pub(crate) fn token(&self, request: &Request) -> Response {
        let expected = STANDARD.encode(format!("{CLIENT_ID}:{}", self.client_secret));
        if request.authorization != format!("Basic {expected}") {
            return Response::json(401, &json!({ "error": "invalid_client" }));
        }
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let granted = codes.remove(request.form("code"));
        drop(codes);
        let verifier = Sha256::digest(request.form("code_verifier"));
        match granted.filter(|granted| granted.challenge == URL_SAFE_NO_PAD.encode(verifier)) {
            Some(granted) => self.sign(&granted),
            None => Response::json(400, &json!({ "error": "invalid_grant" })),
        }
    }

    fn sign(&self, granted: &Granted) -> Response {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let claims = json!({
            "iss": self.origin,
            "aud": CLIENT_ID,
            // The same name is the same user.
            "sub": format!("trial-{}", granted.name),
            "iat": now,
            "exp": now + TOKEN_AGE,
            "nonce": granted.nonce,
            "name": granted.name,
            "email": granted.email,
            "email_verified": granted.is_verified,
        });
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "trial" });
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        match self
            .key
            .sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes())
        {
            Ok(signature) => Response::json(
                200,
                &json!({
                    "access_token": Secret::generate().expose(),
                    "token_type": "Bearer",
                    "expires_in": TOKEN_AGE,
                    "id_token": format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)),
                }),
            ),
            Err(error) => {
                eprintln!("signing an ID token failed: {error}");
                Response::json(500, &json!({ "error": "server_error" }))
            }
        }
    }
}
