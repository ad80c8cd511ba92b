//! How single parameters are read: bounds and the character sets of RFC 6749 appendix A, with errors that name the parameter.

use vocab::secret::Secret;

use crate::oauth::error::{ErrorCode, WireError};
use crate::oauth::form::Form;

/// The longest client id.
pub const CLIENT_ID_BYTES_MAX: usize = 128;
/// The longest client secret.
pub const CLIENT_SECRET_BYTES_MAX: usize = 512;
/// The longest opaque value that a client makes up: `state`, `nonce`.
pub const OPAQUE_BYTES_MAX: usize = 2048;
/// The longest code or token of ours, JWT access tokens included.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The longest hint for people: `login_hint`, `ui_locales`, `acr_values`.
pub const HINT_BYTES_MAX: usize = 512;
/// How many words a list such as `ui_locales` may have.
pub const WORDS_MAX: usize = 16;

/// What is wrong with one parameter. On the wire all are `invalid_request` (RFC 6749 sections 4.1.2.1 and 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// Absent or without a value.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// Not in the parameter's grammar.
    #[error("the parameter {0} is malformed")]
    Malformed(&'static str),
    /// Over the parameter's bound.
    #[error("the parameter {0} is too long")]
    TooLong(&'static str),
}

impl WireError for ParameterError {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidRequest
    }
}

/// The characters that a parameter may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Characters {
    /// `VSCHAR` (RFC 6749 appendix A): printable ASCII and the space.
    Printable,
    /// Any text without control characters.
    Text,
}

/// The grammar of one parameter.
#[derive(Debug, Clone, Copy)]
pub struct Grammar {
    /// Its name.
    pub name: &'static str,
    /// Its bound.
    pub bytes_max: usize,
    /// Its characters.
    pub characters: Characters,
}

impl Grammar {
    /// A parameter of printable ASCII.
    #[must_use]
    pub const fn printable(name: &'static str, bytes_max: usize) -> Grammar {
        Grammar {
            name,
            bytes_max,
            characters: Characters::Printable,
        }
    }

    /// A parameter of any text.
    #[must_use]
    pub const fn text(name: &'static str, bytes_max: usize) -> Grammar {
        Grammar {
            name,
            bytes_max,
            characters: Characters::Text,
        }
    }

    /// Reads the parameter, if the form has it.
    ///
    /// # Errors
    /// [`ParameterError`] when it is too long or has other characters.
    pub fn optional<'f>(&self, form: &'f Form<'_>) -> Result<Option<&'f str>, ParameterError> {
        form.get(self.name)
            .map(|value| self.check(value))
            .transpose()
    }

    /// Reads the parameter, which must be there.
    ///
    /// # Errors
    /// [`ParameterError`] when it is missing, too long or has other characters.
    pub fn required<'f>(&self, form: &'f Form<'_>) -> Result<&'f str, ParameterError> {
        self.optional(form)?
            .ok_or(ParameterError::Missing(self.name))
    }

    /// Reads a secret parameter, if the form has it.
    ///
    /// # Errors
    /// [`ParameterError`] when it is too long or has other characters.
    pub fn optional_secret(
        &self,
        form: &Form<'_>,
    ) -> Result<Option<Secret<String>>, ParameterError> {
        Ok(self
            .optional(form)?
            .map(|value| Secret::new(value.to_owned())))
    }

    /// Reads a secret parameter, which must be there.
    ///
    /// # Errors
    /// [`ParameterError`] when it is missing, too long or has other characters.
    pub fn required_secret(&self, form: &Form<'_>) -> Result<Secret<String>, ParameterError> {
        Ok(Secret::new(self.required(form)?.to_owned()))
    }

    /// Reads a list of words separated by spaces, at most [`WORDS_MAX`]; repeats are dropped.
    ///
    /// # Errors
    /// [`ParameterError`] when it is too long or has other characters.
    pub fn words(&self, form: &Form<'_>) -> Result<Vec<String>, ParameterError> {
        let mut words: Vec<String> = Vec::new();
        for word in self
            .optional(form)?
            .unwrap_or_default()
            .split(' ')
            .filter(|word| !word.is_empty())
        {
            if words.iter().any(|known| known == word) {
                continue;
            }
            if words.len() == WORDS_MAX {
                return Err(ParameterError::TooLong(self.name));
            }
            words.push(word.to_owned());
        }
        Ok(words)
    }

    /// Checks a value against the grammar.
    ///
    /// # Errors
    /// [`ParameterError`] when it is empty, too long or has other characters.
    pub fn check<'v>(&self, value: &'v str) -> Result<&'v str, ParameterError> {
        if value.is_empty() {
            return Err(ParameterError::Missing(self.name));
        }
        if value.len() > self.bytes_max {
            return Err(ParameterError::TooLong(self.name));
        }
        let fits = match self.characters {
            // Without a way out: so the compiler looks at many bytes at once.
            Characters::Printable => value
                .bytes()
                .fold(true, |fits, byte| fits & (0x20..=0x7e).contains(&byte)),
            Characters::Text => !value.chars().any(char::is_control),
        };
        match fits {
            true => Ok(value),
            false => Err(ParameterError::Malformed(self.name)),
        }
    }
}

/// `client_id` (RFC 6749 appendix A.1).
pub const CLIENT_ID: Grammar = Grammar::printable("client_id", CLIENT_ID_BYTES_MAX);
/// `client_secret` (RFC 6749 appendix A.2).
pub const CLIENT_SECRET: Grammar = Grammar::printable("client_secret", CLIENT_SECRET_BYTES_MAX);
/// `state` (RFC 6749 appendix A.5).
pub const STATE: Grammar = Grammar::printable("state", OPAQUE_BYTES_MAX);
/// `token` of introspection and revocation (RFC 7662 section 2.1, RFC 7009 section 2.1).
pub const TOKEN: Grammar = Grammar::printable("token", TOKEN_BYTES_MAX);
/// `token_type_hint` (same sections).
pub const TOKEN_TYPE_HINT: Grammar = Grammar::printable("token_type_hint", 64);
/// `id_token_hint` (OpenID Connect Core section 3.1.2.1).
pub const ID_TOKEN_HINT: Grammar = Grammar::printable("id_token_hint", TOKEN_BYTES_MAX);
/// `ui_locales` (same section).
pub const UI_LOCALES: Grammar = Grammar::printable("ui_locales", HINT_BYTES_MAX);

#[cfg(test)]
mod tests {
    use super::{Grammar, ParameterError, WORDS_MAX};
    use crate::oauth::error::{ErrorCode, WireError as _};
    use crate::oauth::form::Form;

    #[test]
    fn names_the_parameter_in_every_error() {
        let printable = Grammar::printable("state", 4);
        let text = Grammar::text("login_hint", 4);
        let form = Form::parse("state=a%0Ab&login_hint=a%0Ab&nonce=".as_bytes())
            .ok()
            .unwrap();
        assert_eq!(
            printable.optional(&form),
            Err(ParameterError::Malformed("state"))
        );
        assert_eq!(
            text.optional(&form),
            Err(ParameterError::Malformed("login_hint"))
        );
        assert_eq!(
            Grammar::text("nonce", 4).required(&form),
            Err(ParameterError::Missing("nonce"))
        );
        assert_eq!(text.check("\u{e9}\u{e9}"), Ok("\u{e9}\u{e9}"));
        assert_eq!(
            text.check("\u{e9}\u{e9}x"),
            Err(ParameterError::TooLong("login_hint"))
        );
        assert_eq!(
            printable.check("\u{e9}"),
            Err(ParameterError::Malformed("state"))
        );
        let error = printable.check("abcde").unwrap_err();
        assert_eq!(
            (error.code(), error.description()),
            (
                ErrorCode::InvalidRequest,
                "the parameter state is too long".into()
            )
        );
    }

    #[test]
    fn bounds_lists() {
        let words = |text: &str| {
            Grammar::text("ui_locales", 512).words(&Form::parse(text.as_bytes()).ok().unwrap())
        };
        assert_eq!(words("ui_locales=de+en++de").unwrap(), ["de", "en"]);
        assert!(words("").unwrap().is_empty());
        let many: Vec<String> = (0..=WORDS_MAX).map(|index| format!("w{index}")).collect();
        assert_eq!(
            words(&format!("ui_locales={}", many.join("+"))),
            Err(ParameterError::TooLong("ui_locales"))
        );
    }
}
