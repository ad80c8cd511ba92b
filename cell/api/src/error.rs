//! Errors as the compatible API words them: a code that is a promise, a summary, and the causes one by one.

use crate::limits::SHOWN_ID_CHARS_MAX;
use http::StatusCode;
use identity::condition::Unanswerable;
use identity::credential::password::PasswordRefusal;
use identity::fault::{Fault, RETRY_AFTER_SECS, Refusal};
use identity::password::policy::PasswordProblem;
use serde_json::{Value, json};

macro_rules! define_codes {
    ($($variant:ident, $code:literal, $status:ident, $summary:literal;)*) => {
        /// A code, with its status and the words for it. `{0}` stands for what it is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorCode {
            $(#[doc = concat!("`", $code, "`: ", $summary)] $variant,)*
        }

        impl ErrorCode {
            /// Every code that is answered.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The status that goes with it.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// The words for it.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }
        }
    };
}

define_codes! {
    Validation, "E0000001", BAD_REQUEST, "Api validation failed: {0}";
    Malformed, "E0000003", BAD_REQUEST, "The request body was not well-formed.";
    Authentication, "E0000004", UNAUTHORIZED, "Authentication failed";
    NoSession, "E0000005", FORBIDDEN, "Invalid session";
    Forbidden, "E0000006", FORBIDDEN, "You do not have permission to perform the requested action";
    NotFound, "E0000007", NOT_FOUND, "Not found: {0}";
    NoPath, "E0000008", NOT_FOUND, "The requested path was not found";
    Internal, "E0000009", INTERNAL_SERVER_ERROR, "Internal Server Error";
    Unavailable, "E0000010", SERVICE_UNAVAILABLE, "Service is in read only mode";
    InvalidToken, "E0000011", UNAUTHORIZED, "Invalid token provided";
    CredentialUpdate, "E0000014", FORBIDDEN, "Update of credentials failed";
    FeatureShut, "E0000015", UNAUTHORIZED, "You do not have permission to access the feature you are requesting";
    AlreadyActive, "E0000016", FORBIDDEN, "Activation failed because the user is already active";
    MediaType, "E0000021", BAD_REQUEST, "Bad request.  Accept and/or Content-Type headers likely do not match supported values.";
    Method, "E0000022", METHOD_NOT_ALLOWED, "The endpoint does not support the provided HTTP method";
    InvalidSearch, "E0000031", BAD_REQUEST, "Invalid search criteria.";
    SearchAndFilter, "E0000033", BAD_REQUEST, "Bad request. Can't specify a search query and filter in the same request.";
    UserStatus, "E0000038", FORBIDDEN, "This operation is not allowed in the user's current status.";
    AppUserOfGroup, "E0000046", FORBIDDEN, "Deactivate application for user forbidden.";
    TooManyRequests, "E0000047", TOO_MANY_REQUESTS, "API call exceeded rate limit due to too many requests.";
    AppInUse, "E0000056", FORBIDDEN, "Delete application forbidden.";
    Unsupported, "E0000060", NOT_IMPLEMENTED, "Unsupported operation.";
    PassCode, "E0000068", FORBIDDEN, "Invalid Passcode/Answer";
    PasswordPolicy, "E0000080", FORBIDDEN, "The password does not meet the complexity requirements of the current password policy.";
    AlreadyAssigned, "E0000090", CONFLICT, "The role specified is already assigned to the user.";
    RoleType, "E0000091", BAD_REQUEST, "The provided role type was not the same as required role type.";
    TooManyTargets, "E0000093", BAD_REQUEST, "Target count limit exceeded";
    UserTypeStays, "E0000142", FORBIDDEN, "This User Type cannot be deleted.";
    Conflict, "E0000195", CONFLICT, "Api validation failed due to conflict: {0}";
    ETagMismatch, "E0000231", PRECONDITION_FAILED, "ETag value doesn't match.";
    ETagSyntax, "E0000242", BAD_REQUEST, "ETag syntax is invalid.";
}

/// An error to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    code: ErrorCode,
    about: String,
    causes: Vec<String>,
    challenge: Option<String>,
    retry_after_secs: Option<u32>,
}

/// What a thing of the API is called when it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A person.
    User,
    /// A group.
    UserGroup,
    /// Who owns a group.
    GroupOwner,
    /// A rule that fills groups.
    GroupRule,
    /// An app.
    App,
    /// The assignment of an app to a person.
    AppUser,
    /// The assignment of an app to a group.
    AppGroup,
    /// What is done at the server of an app.
    AppFeature,
    /// An import from an app.
    AppImport,
    /// A group that is pushed to an app.
    GroupPush,
    /// A secret of an app.
    AppSecret,
    /// A public key of an app.
    AppKey,
    /// A role that a person has.
    RoleAssignment,
    /// A kind of app, as a catalogue would have it.
    CatalogApp,
    /// A scope that an app was granted.
    Grant,
    /// An app that holds something of a person.
    Client,
    /// A refresh token.
    RefreshToken,
    /// A means of proof.
    Factor,
    /// A session of a person.
    Session,
    /// An authorization server.
    AuthorizationServer,
    /// A scope of one.
    Scope,
    /// A claim of one.
    Claim,
    /// A signing key of one.
    Key,
    /// A policy.
    Policy,
    /// An app that one governs.
    PolicyMapping,
    /// A rule of one.
    Rule,
    /// A token of this API.
    ApiToken,
    /// A network zone.
    Zone,
    /// What is called unusual of a sign-in.
    Behavior,
    /// A site that is trusted.
    TrustedOrigin,
    /// What a profile holds.
    UserSchema,
    /// A mapping of profiles to an app.
    ProfileMapping,
    /// A relation between people.
    LinkedObject,
    /// A type of person.
    UserType,
    /// An event hook.
    EventHook,
    /// A delivery of one.
    HookDelivery,
    /// An inline hook.
    InlineHook,
    /// A hook key.
    HookKey,
    /// An identity provider.
    IdentityProvider,
    /// Somebody at one.
    IdentityProviderUser,
    /// A stream of the log.
    LogStream,
    /// What people can prove who they are by.
    Authenticator,
    /// A way in of programs.
    Feature,
    /// The way in which it is used.
    AuthenticatorMethod,
    /// A custom role.
    CustomRole,
    /// Something that it permits.
    Permission,
    /// A set of resources.
    ResourceSet,
    /// A resource of one.
    SetResource,
    /// A role held over one, or somebody who holds it.
    RoleBinding,
}

impl Thing {
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::UserGroup => "UserGroup",
            Self::GroupOwner => "GroupOwner",
            Self::GroupRule => "GroupRule",
            Self::App => "AppInstance",
            Self::AppUser => "AppUser",
            Self::AppGroup => "ApplicationGroupAssignment",
            Self::AppFeature => "ApplicationFeature",
            Self::AppImport => "AppImport",
            Self::GroupPush => "GroupPushMapping",
            Self::AppSecret => "OAuth2ClientSecretMediated",
            Self::AppKey => "JsonWebKey",
            Self::RoleAssignment => "RoleAssignment",
            Self::CatalogApp => "CatalogApplication",
            Self::Grant => "OAuth2ScopeConsentGrant",
            Self::Client => "PublicClientApp",
            Self::RefreshToken => "OAuth2RefreshToken",
            Self::Factor => "UserFactor",
            Self::Session => "Session",
            Self::AuthorizationServer => "AuthorizationServer",
            Self::Scope => "OAuth2Scope",
            Self::Claim => "OAuth2Claim",
            Self::Key => "JsonWebKey",
            Self::Policy => "PolicyEntity",
            Self::PolicyMapping => "PolicyMapping",
            Self::Rule => "PolicyRule",
            Self::ApiToken => "ApiToken",
            Self::Zone => "NetworkZone",
            Self::Behavior => "BehaviorRule",
            Self::TrustedOrigin => "TrustedOrigin",
            Self::UserSchema => "UserSchema",
            Self::ProfileMapping => "ProfileMapping",
            Self::LinkedObject => "LinkedObject",
            Self::UserType => "UserType",
            Self::EventHook => "EventHook",
            Self::HookDelivery => "EventHookDelivery",
            Self::InlineHook => "InlineHook",
            Self::HookKey => "HookKey",
            Self::IdentityProvider => "IdpAppInstance",
            Self::IdentityProviderUser => "IdpAppUser",
            Self::LogStream => "LogStream",
            Self::Authenticator => "Authenticator",
            Self::Feature => "Feature",
            Self::AuthenticatorMethod => "AuthenticatorMethod",
            Self::CustomRole => "CustomRole",
            Self::Permission => "Permission",
            Self::ResourceSet => "ResourceSet",
            Self::SetResource => "ResourceSetResource",
            Self::RoleBinding => "ResourceSetBinding",
        }
    }
}

impl ApiError {
    /// An error that its code says all about.
    #[must_use]
    pub const fn of(code: ErrorCode) -> Self {
        Self {
            code,
            about: String::new(),
            causes: Vec::new(),
            challenge: None,
            retry_after_secs: None,
        }
    }

    /// Too many guesses, or too much load: when to come back.
    #[must_use]
    pub fn slow(retry_after_secs: u32) -> Self {
        Self {
            retry_after_secs: Some(retry_after_secs),
            ..Self::of(ErrorCode::TooManyRequests)
        }
    }

    /// When to come back, if that is known.
    #[must_use]
    pub const fn retry_after_secs(&self) -> Option<u32> {
        self.retry_after_secs
    }

    /// The token does not carry the scope; the challenge says which.
    #[must_use]
    pub fn lacks_scope(challenge: String) -> Self {
        Self {
            challenge: Some(challenge),
            ..Self::of(ErrorCode::Forbidden)
        }
    }

    /// What goes into `WWW-Authenticate`, if something does.
    #[must_use]
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// The same with a cause.
    #[must_use]
    pub fn because(code: ErrorCode, cause: impl Into<String>) -> Self {
        Self {
            causes: vec![cause.into()],
            ..Self::of(code)
        }
    }

    /// A field that cannot be used.
    #[must_use]
    pub fn invalid(field: &str, problem: &str) -> Self {
        Self {
            about: field.to_owned(),
            ..Self::because(ErrorCode::Validation, format!("{field}: {problem}"))
        }
    }

    /// A field or parameter that means something elsewhere and nothing here.
    #[must_use]
    pub fn not_supported(field: &str) -> Self {
        Self::invalid(field, "it is not supported here")
    }

    /// There is no such thing in the org.
    #[must_use]
    pub fn not_found(thing: Thing, id: &str) -> Self {
        let shown: String = id.chars().take(SHOWN_ID_CHARS_MAX).collect();
        Self {
            about: format!("Resource not found: {shown} ({})", thing.as_str()),
            ..Self::of(ErrorCode::NotFound)
        }
    }

    /// A search that cannot be answered.
    #[must_use]
    pub fn search(cause: &impl ToString) -> Self {
        Self::because(ErrorCode::InvalidSearch, cause.to_string())
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The body; the request id is its reference, by which the log finds the request.
    #[must_use]
    pub fn render(&self, request_id: &str) -> Value {
        let causes: Vec<Value> = self
            .causes
            .iter()
            .map(|cause| json!({ "errorSummary": cause }))
            .collect();
        json!({
            "errorCode": self.code.as_str(),
            "errorSummary": self.code.summary().replace("{0}", &self.about),
            "errorLink": self.code.as_str(),
            "errorId": format!("oae{request_id}"),
            "errorCauses": causes,
        })
    }
}

/// The name of a field on the wire, which may differ from that in forms and declarations.
fn wire_name(field: &str) -> &str {
    match field {
        "first_name" => "firstName",
        "last_name" => "lastName",
        "grants" => "grant_types",
        "exclude_zones" => "excludeZones",
        "client_authentication" => "token_endpoint_auth_method",
        same => same,
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self {
                about: String::from("Resource not found"),
                ..Self::of(ErrorCode::NotFound)
            },
            Refusal::Forbidden => Self::of(ErrorCode::Forbidden),
            Refusal::OutOfReach(why) => Self::because(ErrorCode::Forbidden, why),
            Refusal::Invalid { field, problem } => {
                Self::invalid(wire_name(field), &problem.to_string())
            }
            Refusal::Taken { field } => Self::invalid(
                wire_name(field),
                "An object with this field already exists in the current organization",
            ),
            Refusal::Changed => Self {
                about: String::from("it was changed at the same moment"),
                ..Self::of(ErrorCode::Conflict)
            },
            Refusal::WrongState(why) => Self::because(ErrorCode::UserStatus, why),
            Refusal::Shut(_) => Self::because(ErrorCode::FeatureShut, refusal.to_string()),
            Refusal::TooMany { what, max } => {
                Self::invalid(what, &format!("at most {max} are possible"))
            }
            Refusal::Fault(fault) => fault.into(),
        }
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        tracing::error!(error = %fault, cause = ?std::error::Error::source(&fault), "a call of the API failed");
        if !fault.is_passing() {
            return Self::of(ErrorCode::Internal);
        }
        let cause = "the store takes nothing at the moment: try again later";
        Self {
            retry_after_secs: Some(RETRY_AFTER_SECS),
            ..Self::because(ErrorCode::Unavailable, cause)
        }
    }
}

impl From<PasswordRefusal> for ApiError {
    fn from(refusal: PasswordRefusal) -> Self {
        match refusal {
            PasswordRefusal::Policy(problems) => Self {
                causes: problems.iter().map(explain).collect(),
                ..Self::of(ErrorCode::PasswordPolicy)
            },
            PasswordRefusal::Busy { retry_after_secs }
            | PasswordRefusal::Slow { retry_after_secs } => Self::slow(retry_after_secs),
            PasswordRefusal::WrongPresent => Self::because(
                ErrorCode::CredentialUpdate,
                "oldPassword: it is not the present one",
            ),
            PasswordRefusal::Refused(refusal) => refusal.into(),
            PasswordRefusal::Fault(fault) => fault.into(),
        }
    }
}

fn explain(problem: &PasswordProblem) -> String {
    let text = match problem {
        PasswordProblem::TooShort { length_min } => {
            return format!("password: use at least {length_min} characters");
        }
        PasswordProblem::TooLong { bytes_max } => {
            return format!("password: use at most {bytes_max} bytes");
        }
        PasswordProblem::Former { history_count } => {
            return format!("password: use none of the last {history_count}");
        }
        PasswordProblem::ControlCharacter => "password: it must not contain control characters",
        PasswordProblem::Commonest => "password: it is one of the commonest",
        PasswordProblem::NamePart => {
            "password: it must not contain parts of the login, the address or the names"
        }
    };
    text.to_owned()
}

impl From<Unanswerable> for ApiError {
    fn from(why: Unanswerable) -> Self {
        Self::search(&why)
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiError, ErrorCode, Thing};
    use identity::fault::Refusal;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn an_error_has_a_code_a_reference_and_its_causes() {
        let error = ApiError::from(Refusal::Taken { field: "login" });
        assert_eq!(
            error.render("0123456789abcdef0123456789abcdef"),
            json!({
                "errorCode": "E0000001",
                "errorSummary": "Api validation failed: login",
                "errorLink": "E0000001",
                "errorId": "oae0123456789abcdef0123456789abcdef",
                "errorCauses": [{
                    "errorSummary": "login: An object with this field already exists in the current organization"
                }],
            })
        );
        let missing = ApiError::not_found(Thing::User, &"x".repeat(500));
        let summary = missing.render("")["errorSummary"].clone();
        let shown = "x".repeat(100);
        let expected = format!("Not found: Resource not found: {shown} (User)");
        assert_eq!(summary, expected);
    }

    #[test]
    fn codes_and_statuses_are_what_they_always_were() {
        let all: Vec<(&str, u16)> = ErrorCode::ALL
            .iter()
            .map(|code| (code.as_str(), code.status().as_u16()))
            .collect();
        let expected = [
            ("E0000001", 400),
            ("E0000003", 400),
            ("E0000004", 401),
            ("E0000005", 403),
            ("E0000006", 403),
            ("E0000007", 404),
            ("E0000008", 404),
            ("E0000009", 500),
            ("E0000010", 503),
            ("E0000011", 401),
            ("E0000014", 403),
            ("E0000015", 401),
            ("E0000016", 403),
            ("E0000021", 400),
            ("E0000022", 405),
            ("E0000031", 400),
            ("E0000033", 400),
            ("E0000038", 403),
            ("E0000046", 403),
            ("E0000047", 429),
            ("E0000056", 403),
            ("E0000060", 501),
            ("E0000068", 403),
            ("E0000080", 403),
            ("E0000090", 409),
            ("E0000091", 400),
            ("E0000093", 400),
            ("E0000142", 403),
            ("E0000195", 409),
            ("E0000231", 412),
            ("E0000242", 400),
        ];
        assert_eq!(all, expected);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
