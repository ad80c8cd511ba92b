//! What the settings of an app may be: pure rules, and the settings that a kind of app begins with.

use crate::app::AppKind;
use crate::app::settings::{AppSettings, ClientAuthentication, GrantKind};
use crate::fault::Refusal;
use crate::problem::{Problem, named};
use protocol::jose::jwk::JwkError;
use protocol::jose::jwks::{Jwks, JwksError};
use protocol::oauth::redirect_uri::{ClientKind, RedirectUri, RedirectUriError};
use std::ops::RangeInclusive;
use vocab::text::disguises;

/// Longest label.
pub const LABEL_CHARS_MAX: usize = 100;
/// Most redirect addresses of one app; as many again for logout.
pub const REDIRECT_URIS_MAX: usize = 50;
/// The shortest and longest time for which a refresh token may be unused or its family may live.
pub const REFRESH_SECS: RangeInclusive<i64> = 60..=365 * 24 * 60 * 60;

/// How long the refresh token before the latest is still answered, for clients that lost the reply.
pub const REFRESH_GRACE_SECS: i64 = 30;

/// Whether the app must prove by PKCE that a code is its own (RFC 7636): whoever keeps no secret has nothing else, and
/// others may be asked to as well (RFC 9700 section 2.1.1).
#[must_use]
pub fn needs_pkce(kind: AppKind, settings: &AppSettings) -> bool {
    kind.is_public()
        || settings.client_authentication == ClientAuthentication::None
        || settings.require_pkce
}

/// Trims and checks the name of an app.
///
/// # Errors
/// [`Refusal::Invalid`] for an empty, long or many-lined one.
pub fn decide_label(label: &str) -> Result<String, Refusal> {
    let label = label.trim();
    let chars = label.chars().count();
    if chars == 0 || chars > LABEL_CHARS_MAX || label.chars().any(disguises) {
        return Err(Refusal::invalid(
            "label",
            "use 1 to 100 characters on one line",
        ));
    }
    Ok(label.to_owned())
}

/// The settings with which an app of that kind begins.
#[must_use]
pub fn default_settings(kind: AppKind) -> AppSettings {
    let (client_authentication, grants) = match kind {
        AppKind::Web => (
            ClientAuthentication::ClientSecretBasic,
            vec![GrantKind::AuthorizationCode, GrantKind::RefreshToken],
        ),
        AppKind::SinglePage | AppKind::Native => (
            ClientAuthentication::None,
            vec![GrantKind::AuthorizationCode, GrantKind::RefreshToken],
        ),
        AppKind::Service => (
            ClientAuthentication::ClientSecretBasic,
            vec![GrantKind::ClientCredentials],
        ),
    };
    AppSettings {
        client_authentication,
        grants,
        ..AppSettings::default()
    }
}

/// The grants that an app of that kind may use.
#[must_use]
pub const fn permitted_grants(kind: AppKind) -> &'static [GrantKind] {
    match kind {
        AppKind::Web => &[
            GrantKind::AuthorizationCode,
            GrantKind::RefreshToken,
            GrantKind::ClientCredentials,
        ],
        AppKind::SinglePage => &[GrantKind::AuthorizationCode, GrantKind::RefreshToken],
        AppKind::Native => &[
            GrantKind::AuthorizationCode,
            GrantKind::RefreshToken,
            GrantKind::DeviceCode,
        ],
        AppKind::Service => &[GrantKind::ClientCredentials],
    }
}

/// Whether the app proves itself by a secret that we issue.
#[must_use]
pub const fn needs_secret(authentication: ClientAuthentication) -> bool {
    matches!(
        authentication,
        ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost
    )
}

/// Holds settings against what fits the kind. Where no grant is named, grants and client authentication that were
/// left out are those that the kind begins with.
///
/// # Errors
/// [`Refusal::Invalid`] naming the setting.
pub fn decide_app(kind: AppKind, mut settings: AppSettings) -> Result<AppSettings, Refusal> {
    if settings.grants.is_empty() {
        let default = default_settings(kind);
        settings.grants = default.grants;
        if settings.client_authentication == ClientAuthentication::default() {
            settings.client_authentication = default.client_authentication;
        }
    }
    settings.jwks = settings.jwks.trim().to_owned();
    check_grants(kind, &settings.grants)?;
    check_authentication(kind, &settings)?;
    check_addresses(kind, &settings)?;
    check_lifetimes(&settings)?;
    Ok(settings)
}

fn check_grants(kind: AppKind, grants: &[GrantKind]) -> Result<(), Refusal> {
    let permitted = permitted_grants(kind);
    if grants.iter().any(|grant| !permitted.contains(grant)) {
        return Err(Refusal::invalid(
            "grants",
            "an app of this kind may not use one of these grants",
        ));
    }
    let repeated = grants
        .iter()
        .enumerate()
        .any(|(index, grant)| grants.iter().take(index).any(|earlier| earlier == grant));
    if repeated {
        return Err(Refusal::invalid("grants", "name each grant once"));
    }
    // A refresh token is born with a person's sign-in, never by itself.
    let signs_in =
        grants.contains(&GrantKind::AuthorizationCode) || grants.contains(&GrantKind::DeviceCode);
    if grants.contains(&GrantKind::RefreshToken) && !signs_in {
        return Err(Refusal::invalid(
            "grants",
            "refresh_token needs authorization_code or device_code beside it",
        ));
    }
    Ok(())
}

fn check_authentication(kind: AppKind, settings: &AppSettings) -> Result<(), Refusal> {
    let public = settings.client_authentication == ClientAuthentication::None;
    if kind.is_public() && !public {
        return Err(Refusal::invalid(
            "client_authentication",
            "an app of this kind cannot keep a secret: use none",
        ));
    }
    if !kind.is_public() && public {
        return Err(Refusal::invalid(
            "client_authentication",
            "an app of this kind must authenticate itself",
        ));
    }
    if settings.jwks.is_empty() {
        if settings.client_authentication == ClientAuthentication::PrivateKeyJwt {
            return Err(Refusal::invalid(
                "jwks",
                "private_key_jwt needs the app's public keys as a JWKS document",
            ));
        }
        return Ok(());
    }
    match Jwks::parse(settings.jwks.as_bytes()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::invalid("jwks", key_problem(error))),
    }
}

fn check_addresses(kind: AppKind, settings: &AppSettings) -> Result<(), Refusal> {
    let client = if kind == AppKind::Native {
        ClientKind::Native
    } else {
        ClientKind::Web
    };
    check_list("redirect_uris", &settings.redirect_uris, client)?;
    check_list(
        "post_logout_redirect_uris",
        &settings.post_logout_redirect_uris,
        client,
    )?;
    let redirects = settings.grants.contains(&GrantKind::AuthorizationCode);
    match (redirects, settings.redirect_uris.is_empty()) {
        (true, true) => {
            let problem = "authorization_code needs at least one address to return to, \
                           for example http://localhost:3000/callback";
            return Err(Refusal::invalid("redirect_uris", problem));
        }
        (false, false) => {
            return Err(Refusal::invalid(
                "redirect_uris",
                "only authorization_code returns to an address",
            ));
        }
        _ => {}
    }
    let single = [
        ("initiate_login_uri", &settings.initiate_login_uri),
        ("backchannel_logout_uri", &settings.backchannel_logout_uri),
    ];
    for (field, address) in single {
        if !address.is_empty() {
            check_address(field, address, ClientKind::Web)?;
        }
    }
    Ok(())
}

fn check_list(
    field: &'static str,
    addresses: &[String],
    client: ClientKind,
) -> Result<(), Refusal> {
    if addresses.len() > REDIRECT_URIS_MAX {
        return Err(Refusal::TooMany {
            what: field,
            max: REDIRECT_URIS_MAX,
        });
    }
    for (index, address) in addresses.iter().enumerate() {
        check_address(field, address, client)?;
        if addresses
            .iter()
            .take(index)
            .any(|earlier| earlier == address)
        {
            return Err(Refusal::invalid(
                field,
                Problem::of("{name} is named twice", [named(address)]),
            ));
        }
    }
    Ok(())
}

fn check_address(field: &'static str, address: &str, client: ClientKind) -> Result<(), Refusal> {
    match RedirectUri::parse(address, client) {
        Ok(_) => Ok(()),
        Err(error) => {
            let shown: String = address
                .chars()
                .filter(|c| !c.is_control())
                .take(100)
                .collect();
            Err(Refusal::invalid(field, redirect_problem(&shown, &error)))
        }
    }
}

fn redirect_problem(shown: &str, error: &RedirectUriError) -> Problem {
    let address = ("address", format!("{shown:?}"));
    match error {
        RedirectUriError::NotNormal(form) => Problem::of(
            "{address}: the redirect address must be written in its normal form: {form}",
            [address, ("form", form.clone())],
        ),
        RedirectUriError::AnswerParameter(name) => Problem::of(
            "{address}: the redirect address must not have the parameter {name} in its query: the answer adds it",
            [address, named(name)],
        ),
        other => Problem::of_error("{address}", other, [address]),
    }
}

fn key_problem(error: JwksError) -> Problem {
    match error {
        JwksError::Key { index, source } => {
            let index = ("index", index.to_string());
            match source {
                JwkError::Member(name) => Problem::of(
                    "key {index} of the set: the member {name} is missing or malformed",
                    [index, named(name)],
                ),
                other => Problem::of_error("key {index} of the set", &other, [index]),
            }
        }
        other => Problem::from(other.to_string()),
    }
}

fn check_lifetimes(settings: &AppSettings) -> Result<(), Refusal> {
    let lifetimes = [
        ("refresh_idle_secs", settings.refresh_idle_secs),
        ("refresh_lifetime_secs", settings.refresh_lifetime_secs),
    ];
    for (field, secs) in lifetimes {
        if secs.is_some_and(|secs| !REFRESH_SECS.contains(&secs)) {
            return Err(Refusal::invalid(
                field,
                "use between 60 seconds and 365 days",
            ));
        }
    }
    if let (Some(idle), Some(lifetime)) =
        (settings.refresh_idle_secs, settings.refresh_lifetime_secs)
        && idle > lifetime
    {
        return Err(Refusal::invalid(
            "refresh_idle_secs",
            "it must not be longer than refresh_lifetime_secs",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{
        REDIRECT_URIS_MAX, decide_app, decide_label, default_settings, needs_pkce, permitted_grants,
    };
    use crate::app::AppKind;
    use crate::app::settings::{AppSettings, ClientAuthentication, GrantKind};

    const KINDS: [AppKind; 4] = [
        AppKind::Web,
        AppKind::SinglePage,
        AppKind::Native,
        AppKind::Service,
    ];

    fn usable(kind: AppKind) -> AppSettings {
        let mut settings = default_settings(kind);
        if settings.grants.contains(&GrantKind::AuthorizationCode) {
            settings
                .redirect_uris
                .push("https://app.example.com/callback".into());
        }
        settings
    }

    #[test]
    fn each_kind_begins_with_settings_that_it_may_have() {
        for kind in KINDS {
            let settings = decide_app(kind, usable(kind)).unwrap();
            assert!(
                settings
                    .grants
                    .iter()
                    .all(|grant| permitted_grants(kind).contains(grant))
            );
            let left_out = AppSettings {
                redirect_uris: settings.redirect_uris.clone(),
                ..AppSettings::default()
            };
            assert_eq!(decide_app(kind, left_out).unwrap(), settings, "{kind:?}");
        }
    }

    #[test]
    fn what_does_not_fit_the_kind_is_refused_by_name() {
        use ClientAuthentication as By;
        use GrantKind as Grant;
        type Change = fn(&mut AppSettings);
        let table: &[(AppKind, &str, Change)] = &[
            (AppKind::SinglePage, "grants", |s| {
                s.grants.push(Grant::ClientCredentials)
            }),
            (AppKind::Service, "grants", |s| {
                s.grants.push(Grant::RefreshToken)
            }),
            (AppKind::Web, "grants", |s| {
                s.grants.push(Grant::RefreshToken)
            }),
            (AppKind::Native, "grants", |s| {
                s.grants = vec![Grant::RefreshToken]
            }),
            (AppKind::SinglePage, "client_authentication", |s| {
                s.client_authentication = By::ClientSecretPost
            }),
            (AppKind::Native, "client_authentication", |s| {
                s.client_authentication = By::PrivateKeyJwt
            }),
            (AppKind::Web, "client_authentication", |s| {
                s.client_authentication = By::None
            }),
            (AppKind::Service, "jwks", |s| {
                s.client_authentication = By::PrivateKeyJwt
            }),
            (AppKind::Service, "jwks", |s| s.jwks = "{}".into()),
            (AppKind::Web, "redirect_uris", |s| s.redirect_uris.clear()),
            (AppKind::Service, "redirect_uris", |s| {
                s.redirect_uris.push("https://a.example/".into())
            }),
            (AppKind::Web, "redirect_uris", |s| {
                s.redirect_uris.push("http://a.example/cb".into())
            }),
            (AppKind::Web, "redirect_uris", |s| {
                s.redirect_uris.push("com.example.app:/cb".into())
            }),
            (AppKind::Web, "redirect_uris", |s| {
                s.redirect_uris.push("https://a.example/#x".into())
            }),
            (AppKind::Web, "redirect_uris", |s| {
                s.redirect_uris.extend(s.redirect_uris.clone())
            }),
            (AppKind::Web, "post_logout_redirect_uris", |s| {
                s.post_logout_redirect_uris.push("nowhere".into())
            }),
            (AppKind::Web, "initiate_login_uri", |s| {
                s.initiate_login_uri = "javascript:alert(1)".into()
            }),
            (AppKind::Web, "backchannel_logout_uri", |s| {
                s.backchannel_logout_uri = "http://a.example/".into()
            }),
            (AppKind::Web, "refresh_idle_secs", |s| {
                s.refresh_idle_secs = Some(1)
            }),
            (AppKind::Web, "refresh_lifetime_secs", |s| {
                s.refresh_lifetime_secs = Some(i64::MAX)
            }),
            (AppKind::Web, "refresh_idle_secs", |s| {
                s.refresh_idle_secs = Some(120);
                s.refresh_lifetime_secs = Some(60);
            }),
        ];
        for (kind, field, change) in table {
            let mut settings = usable(*kind);
            change(&mut settings);
            let text = decide_app(*kind, settings).unwrap_err().to_string();
            assert!(text.starts_with(field), "{kind:?} {field}: {text}");
        }
    }

    #[test]
    fn addresses_are_counted() {
        let mut settings = usable(AppKind::Web);
        settings.redirect_uris = (0..=REDIRECT_URIS_MAX)
            .map(|index| format!("https://a.example/{index}"))
            .collect();
        assert!(decide_app(AppKind::Web, settings.clone()).is_err());
        settings.redirect_uris.pop();
        assert!(decide_app(AppKind::Web, settings).is_ok());
    }

    #[test]
    fn a_native_app_may_have_a_scheme_of_its_own_and_a_device_code() {
        let mut settings = usable(AppKind::Native);
        settings.redirect_uris = vec!["com.example.app:/cb".into(), "http://127.0.0.1/cb".into()];
        settings.grants.push(GrantKind::DeviceCode);
        assert!(decide_app(AppKind::Native, settings).is_ok());
        let device_alone = AppSettings {
            client_authentication: ClientAuthentication::None,
            grants: vec![GrantKind::DeviceCode],
            ..AppSettings::default()
        };
        assert!(decide_app(AppKind::Native, device_alone).is_ok());
    }

    #[test]
    fn who_keeps_no_secret_needs_pkce_and_others_where_they_are_asked_to() {
        for (kind, authentication, is_asked, expected) in [
            (
                AppKind::Web,
                ClientAuthentication::ClientSecretBasic,
                false,
                false,
            ),
            (
                AppKind::Web,
                ClientAuthentication::ClientSecretBasic,
                true,
                true,
            ),
            (
                AppKind::Web,
                ClientAuthentication::PrivateKeyJwt,
                true,
                true,
            ),
            (AppKind::Web, ClientAuthentication::None, false, true),
            (AppKind::SinglePage, ClientAuthentication::None, false, true),
            (AppKind::Native, ClientAuthentication::None, false, true),
        ] {
            let settings = AppSettings {
                client_authentication: authentication,
                require_pkce: is_asked,
                ..AppSettings::default()
            };
            assert_eq!(
                needs_pkce(kind, &settings),
                expected,
                "{kind:?} {settings:?}"
            );
        }
    }

    #[test]
    fn labels_are_one_short_line() {
        assert_eq!(decide_label(" Wiki ").unwrap(), "Wiki");
        for bad in [String::new(), "  ".into(), "a\nb".into(), "x".repeat(101)] {
            assert!(decide_label(&bad).is_err());
        }
    }
}
