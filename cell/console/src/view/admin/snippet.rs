//! Copy-paste settings for an application: pure text made from its registration.
//!
//! Values are quoted for the language they stand in, since names and addresses come from administrators.

use super::apps::AppKind;

/// What an application needs to know.
#[derive(Clone, Debug)]
pub struct Integration {
    /// The issuer, an absolute address.
    pub issuer: String,
    /// The discovery document.
    pub discovery: String,
    /// The token endpoint.
    pub token_endpoint: String,
    /// The client id.
    pub client_id: String,
    /// The secret, on the one page that shows it.
    pub client_secret: Option<String>,
    /// The first redirection address, or empty.
    pub redirect_uri: String,
    /// The scopes that a first try asks for, parted by spaces.
    pub scopes: String,
}

/// A piece of code under a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// Stands in ids.
    pub id: &'static str,
    /// What it is for: a file or a library, the same in every language.
    pub title: &'static str,
    /// The code.
    pub lines: String,
}

/// What stands in place of a secret that is not shown.
const SECRET_ABSENT: &str = "<client secret>";

/// Makes the snippets for a kind of application.
#[must_use]
pub fn render_snippets(kind: AppKind, app: &Integration) -> Vec<Snippet> {
    let environment = Snippet {
        id: "snippet-env",
        title: ".env",
        lines: environment(kind, app),
    };
    match kind {
        AppKind::Web => vec![
            environment,
            Snippet {
                id: "snippet-node",
                title: "Node.js · openid-client",
                lines: node(app),
            },
            Snippet {
                id: "snippet-python",
                title: "Python · Authlib",
                lines: python(app),
            },
        ],
        AppKind::SinglePage | AppKind::Native => {
            vec![
                environment,
                Snippet {
                    id: "snippet-node",
                    title: "JavaScript · openid-client",
                    lines: public_node(app),
                },
            ]
        }
        AppKind::Service => vec![
            environment,
            Snippet {
                id: "snippet-curl",
                title: "curl",
                lines: curl(app),
            },
            Snippet {
                id: "snippet-python",
                title: "Python · Authlib",
                lines: service_python(app),
            },
        ],
    }
}

fn secret(app: &Integration) -> &str {
    app.client_secret.as_deref().unwrap_or(SECRET_ABSENT)
}

fn environment(kind: AppKind, app: &Integration) -> String {
    let mut lines = vec![
        format!("OIDC_ISSUER={}", shell_quoted(&app.issuer)),
        format!("OIDC_CLIENT_ID={}", shell_quoted(&app.client_id)),
    ];
    if matches!(kind, AppKind::Web | AppKind::Service) {
        lines.push(format!("OIDC_CLIENT_SECRET={}", shell_quoted(secret(app))));
    }
    if !app.redirect_uri.is_empty() {
        lines.push(format!(
            "OIDC_REDIRECT_URI={}",
            shell_quoted(&app.redirect_uri)
        ));
    }
    lines.push(format!("OIDC_SCOPES={}", shell_quoted(&app.scopes)));
    lines.join("\n")
}

fn node(app: &Integration) -> String {
    format!(
        "import * as client from \"openid-client\";\n\n\
         const config = await client.discovery(\n  new URL({issuer}),\n  process.env.OIDC_CLIENT_ID,\n  process.env.OIDC_CLIENT_SECRET,\n);\n\n\
         const verifier = client.randomPKCECodeVerifier();\n\
         const url = client.buildAuthorizationUrl(config, {{\n  redirect_uri: {redirect},\n  scope: {scopes},\n  \
         code_challenge: await client.calculatePKCECodeChallenge(verifier),\n  code_challenge_method: \"S256\",\n}});",
        issuer = quoted(&app.issuer),
        redirect = quoted(&app.redirect_uri),
        scopes = quoted(&app.scopes),
    )
}

fn public_node(app: &Integration) -> String {
    format!(
        "import * as client from \"openid-client\";\n\n\
         const config = await client.discovery(\n  new URL({issuer}),\n  {id},\n  undefined,\n  client.None(),\n);\n\n\
         const verifier = client.randomPKCECodeVerifier();\n\
         const url = client.buildAuthorizationUrl(config, {{\n  redirect_uri: {redirect},\n  scope: {scopes},\n  \
         code_challenge: await client.calculatePKCECodeChallenge(verifier),\n  code_challenge_method: \"S256\",\n}});",
        issuer = quoted(&app.issuer),
        id = quoted(&app.client_id),
        redirect = quoted(&app.redirect_uri),
        scopes = quoted(&app.scopes),
    )
}

fn python(app: &Integration) -> String {
    format!(
        "from authlib.integrations.flask_client import OAuth\n\n\
         oauth = OAuth(app)\noauth.register(\n    name=\"testudo\",\n    server_metadata_url={discovery},\n    \
         client_id=os.environ[\"OIDC_CLIENT_ID\"],\n    client_secret=os.environ[\"OIDC_CLIENT_SECRET\"],\n    \
         client_kwargs={{\"scope\": {scopes}, \"code_challenge_method\": \"S256\"}},\n)",
        discovery = quoted(&app.discovery),
        scopes = quoted(&app.scopes),
    )
}

fn curl(app: &Integration) -> String {
    format!(
        "curl --user {id}:\"$OIDC_CLIENT_SECRET\" \\\n  --data grant_type=client_credentials \\\n  --data-urlencode scope={scopes} \\\n  {endpoint}",
        id = shell_quoted(&app.client_id),
        scopes = shell_quoted(&app.scopes),
        endpoint = shell_quoted(&app.token_endpoint),
    )
}

fn service_python(app: &Integration) -> String {
    format!(
        "from authlib.integrations.requests_client import OAuth2Session\n\n\
         session = OAuth2Session(\n    os.environ[\"OIDC_CLIENT_ID\"],\n    os.environ[\"OIDC_CLIENT_SECRET\"],\n    \
         scope={scopes},\n)\ntoken = session.fetch_token({endpoint}, grant_type=\"client_credentials\")",
        scopes = quoted(&app.scopes),
        endpoint = quoted(&app.token_endpoint),
    )
}

/// A string of JavaScript or Python: JSON's form is valid in both.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A word of a shell: bare where that is safe, else in single quotes.
fn shell_quoted(text: &str) -> String {
    let is_bare = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:@%+,=".contains(&byte));
    if is_bare {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{AppKind, Integration, quoted, render_snippets, shell_quoted};

    fn integration() -> Integration {
        Integration {
            issuer: "https://acme.example.com".to_owned(),
            discovery: "https://acme.example.com/.well-known/openid-configuration".to_owned(),
            token_endpoint: "https://acme.example.com/oauth2/v1/token".to_owned(),
            client_id: "0oa1".to_owned(),
            client_secret: None,
            redirect_uri: "https://app.example.com/cb?a=';rm -rf /'".to_owned(),
            scopes: "openid profile".to_owned(),
        }
    }

    #[test]
    fn values_cannot_leave_their_quotes() {
        assert_eq!(shell_quoted("a'b"), "'a'\\''b'");
        assert_eq!(shell_quoted("https://a.example/b"), "https://a.example/b");
        assert_eq!(shell_quoted("$(x)"), "'$(x)'");
        assert_eq!(quoted("a\"b\\\n"), "\"a\\\"b\\\\\\n\"");
    }

    #[test]
    fn every_kind_has_its_snippets_and_only_confidential_ones_a_secret() {
        for (kind, has_secret) in [
            (AppKind::Web, true),
            (AppKind::SinglePage, false),
            (AppKind::Native, false),
            (AppKind::Service, true),
        ] {
            let snippets = render_snippets(kind, &integration());
            assert!(snippets.len() >= 2);
            assert_eq!(
                snippets
                    .iter()
                    .any(|snippet| snippet.lines.contains("SECRET")),
                has_secret,
                "{kind:?}"
            );
        }
    }
}
