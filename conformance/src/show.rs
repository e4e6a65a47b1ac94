//! Shows values as Rust code. The models' own `Debug` hides tokens. The suite's tokens are not secret, and a failure
//! must show where two values differ.

use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Change, ExpiredCounts, NewAccount, NewSession, NewUser, Removal, Session,
    SessionChanges, SessionDetails, SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Longer strings are shown by their beginning and their length.
const SHOWN_CHARACTERS: usize = 120;

/// Shows a value.
pub(crate) trait Show {
    fn show(&self) -> String;

    /// Like [`show`](Show::show), but with the type of an input's field.
    fn code(&self) -> String {
        self.show()
    }
}

impl<T: Show + ?Sized> Show for &T {
    fn show(&self) -> String {
        (**self).show()
    }
}

impl Show for str {
    fn show(&self) -> String {
        let characters = self.chars().count();
        if characters <= SHOWN_CHARACTERS {
            return quoted(self);
        }
        let start: String = self.chars().take(40).collect();
        format!(
            "{} /* and so on: {characters} characters, {} bytes */",
            quoted(&start),
            self.len()
        )
    }
}

/// Returns a string literal that escapes every character that could be mistaken for another.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        if character == '\'' {
            quoted.push('\'');
        } else if character.is_ascii() {
            quoted.extend(character.escape_default());
        } else if character.is_alphanumeric() {
            quoted.extend(character.escape_debug());
        } else {
            quoted.extend(character.escape_unicode());
        }
    }
    quoted.push('"');
    quoted
}

impl Show for String {
    fn show(&self) -> String {
        self.as_str().show()
    }

    fn code(&self) -> String {
        format!("{}.into()", self.show())
    }
}

impl Show for bool {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for i64 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for u64 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for usize {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for () {
    fn show(&self) -> String {
        "()".to_owned()
    }
}

impl Show for Uuid {
    fn show(&self) -> String {
        // The suite's own ids are small numbers.
        if self.as_u128() < 1_000_000 {
            format!("id({})", self.as_u128())
        } else {
            format!("uuid!(\"{self}\")")
        }
    }
}

impl Show for OffsetDateTime {
    fn show(&self) -> String {
        let fraction = match self.nanosecond() % 1_000_000 {
            0 => format!("{:03}", self.millisecond()),
            _ => format!("{:09}", self.nanosecond()),
        };
        let offset = match self.offset().whole_seconds() {
            0 => "Z".to_owned(),
            _ => self.offset().to_string(),
        };
        format!(
            "at(\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{fraction}{offset}\")",
            self.year(),
            u8::from(self.month()),
            self.day(),
            self.hour(),
            self.minute(),
            self.second(),
        )
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> String {
        match self {
            Some(value) => format!("Some({})", value.show()),
            None => "None".to_owned(),
        }
    }

    fn code(&self) -> String {
        match self {
            Some(value) => format!("Some({})", value.code()),
            None => "None".to_owned(),
        }
    }
}

impl<T: Show> Show for Change<T> {
    fn show(&self) -> String {
        match self {
            Change::Keep => "Change::Keep".to_owned(),
            Change::Set(value) => format!("Change::set({})", value.show()),
            Change::Clear => "Change::Clear".to_owned(),
        }
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> String {
        if self.is_empty() {
            return "[]".to_owned();
        }
        let mut text = String::from("[\n");
        for value in self {
            text += &format!("    {},\n", value.show());
        }
        text + "]"
    }
}

impl<T: Show, const N: usize> Show for [T; N] {
    fn show(&self) -> String {
        let shown: Vec<String> = self.iter().map(Show::show).collect();
        format!("[{}]", shown.join(", "))
    }
}

impl<A: Show, B: Show> Show for (A, B) {
    fn show(&self) -> String {
        format!("({}, {})", self.0.show(), self.1.show())
    }
}

/// Shows every field. A field that is not listed does not compile: two values that differ in it would look the same.
macro_rules! show_fields {
    ($model:ident: $($field:ident)*) => {
        impl Show for $model {
            fn show(&self) -> String {
                let $model { $($field),* } = self;
                let fields = [$(format!("{}: {}", stringify!($field), $field.show())),*];
                format!("{} {{ {} }}", stringify!($model), fields.join(", "))
            }
        }
    };
}

show_fields!(User: id name email email_verified image);
show_fields!(Account: id user_id kind provider provider_account_id refresh_token access_token expires_at token_type
    scope id_token session_state oauth_token_secret oauth_token);
show_fields!(Session: id user_id session_token expires);
show_fields!(VerificationToken: identifier token expires);
show_fields!(Authenticator: credential_id user_id provider_account_id credential_public_key counter
    credential_device_type credential_backed_up transports);
show_fields!(SessionDetails: began last_seen ip user_agent);
show_fields!(AuthenticatorDetails: name created last_used);
show_fields!(Challenge: key payload expires);
show_fields!(ExpiredCounts: sessions verification_tokens challenges);

impl Show for Removal {
    fn show(&self) -> String {
        format!("Removal::{self:?}")
    }
}

/// Returns the listed fields that are set, as code. The fields after the semicolon are shown elsewhere; one that is in
/// neither list does not compile.
macro_rules! given {
    ($value:expr, $model:ident: $($field:ident)*; $($elsewhere:ident)*) => {{
        let $model { $($field,)* $($elsewhere: _,)* } = $value;
        let mut fields = Vec::new();
        $({
            let shown = $field.code();
            if shown != "None" && shown != "Change::Keep" {
                fields.push(format!("{}: {shown}", stringify!($field)));
            }
        })*
        fields
    }};
}

/// Shows only the fields that are set, in front of the default.
macro_rules! show_given {
    ($model:ident: $($field:ident)*) => {
        impl Show for $model {
            fn show(&self) -> String {
                let mut fields = given!(self, $model: $($field)*;);
                fields.push(format!("..{}::default()", stringify!($model)));
                format!("{} {{ {} }}", stringify!($model), fields.join(", "))
            }
        }
    };
}

show_given!(NewUser: id name email email_verified image);
show_given!(UserChanges: name email email_verified image);
show_given!(AccountChanges: kind refresh_token access_token token_type scope id_token session_state
    oauth_token_secret oauth_token expires_at);
show_given!(SessionChanges: user_id session_token expires);
show_given!(SessionDetailsChanges: began last_seen ip user_agent);
show_given!(AuthenticatorDetailsChanges: name created last_used);

impl Show for NewAccount {
    fn show(&self) -> String {
        let fields = given!(
            self,
            NewAccount: id refresh_token access_token token_type scope id_token session_state
                oauth_token_secret oauth_token expires_at;
            kind provider provider_account_id
        );
        let new = format!(
            "NewAccount::new({}, {}, {})",
            self.kind.show(),
            self.provider.show(),
            self.provider_account_id.show()
        );
        if fields.is_empty() {
            return new;
        }
        format!("NewAccount {{ {}, ..{new} }}", fields.join(", "))
    }
}

impl Show for NewSession {
    fn show(&self) -> String {
        let new = format!(
            "NewSession::new({}, {}, {})",
            self.user_id.show(),
            self.session_token.show(),
            self.expires.show()
        );
        match self.id {
            Some(id) => format!("NewSession {{ id: Some({}), ..{new} }}", id.show()),
            None => new,
        }
    }
}

/// Shows a model that has no shorter form.
pub(crate) trait AsCode {
    fn as_code(&self) -> String;
}

impl AsCode for Challenge {
    fn as_code(&self) -> String {
        format!(
            "Challenge::new({}, {}, {})",
            self.key.show(),
            self.payload.show(),
            self.expires.show()
        )
    }
}

impl AsCode for Authenticator {
    fn as_code(&self) -> String {
        format!(
            "Authenticator {{ credential_id: {}, user_id: {}, provider_account_id: {}, credential_public_key: {}, \
             counter: {}, credential_device_type: {}, credential_backed_up: {}, transports: {} }}",
            self.credential_id.code(),
            self.user_id.code(),
            self.provider_account_id.code(),
            self.credential_public_key.code(),
            self.counter,
            self.credential_device_type.code(),
            self.credential_backed_up,
            self.transports.code(),
        )
    }
}
