//! Values as they are written in Rust. The models' own `Debug` hides tokens; the suite's are not secret, and a failure
//! that hides where two values differ would be of no use.

use authstore::{Account, Authenticator, Change, Expired, Session, User, VerificationToken};
use time::OffsetDateTime;
use uuid::Uuid;

/// Longer strings are shown by their beginning and their length.
const SHOWN_CHARACTERS: usize = 120;

/// Shows a value.
pub(crate) trait Show {
    fn show(&self) -> String;
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

/// A string literal in which whatever may look like something else is escaped.
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

impl<A: Show, B: Show> Show for (A, B) {
    fn show(&self) -> String {
        format!("({}, {})", self.0.show(), self.1.show())
    }
}

macro_rules! show_fields {
    ($model:ident: $($field:ident)*) => {
        impl Show for $model {
            fn show(&self) -> String {
                let fields = [$(format!("{}: {}", stringify!($field), self.$field.show())),*];
                format!("{} {{ {} }}", stringify!($model), fields.join(", "))
            }
        }
    };
}

show_fields!(User: id name email email_verified image);
show_fields!(Account: id user_id r#type provider provider_account_id refresh_token access_token expires_at token_type
    scope id_token session_state oauth_token_secret oauth_token);
show_fields!(Session: id user_id session_token expires);
show_fields!(VerificationToken: identifier token expires);
show_fields!(Authenticator: credential_id user_id provider_account_id credential_public_key counter
    credential_device_type credential_backed_up transports);
show_fields!(Expired: sessions verification_tokens);
