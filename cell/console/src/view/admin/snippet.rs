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
    /// Whether it proves itself by its own key and has no secret.
    pub signs: bool,
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
        AppKind::Web if app.signs => vec![
            environment,
            Snippet {
                id: "snippet-node",
                title: "Node.js · openid-client",
                lines: node(app),
            },
        ],
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
    if app.signs {
        lines.push(String::from("OIDC_CLIENT_KEY_FILE=client-key.jwk.json"));
    } else if matches!(kind, AppKind::Web | AppKind::Service) {
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
    let (preparation, proof) = if app.signs {
        (
            "import { readFileSync } from \"node:fs\";\nimport { importJWK } from \"jose\";\n\n\
             const jwk = JSON.parse(readFileSync(process.env.OIDC_CLIENT_KEY_FILE, \"utf8\"));\n\
             const key = await importJWK(jwk, jwk.alg);\n",
            "undefined,\n  client.PrivateKeyJwt({ key, kid: jwk.kid }),",
        )
    } else {
        ("", "process.env.OIDC_CLIENT_SECRET,")
    };
    format!(
        "import * as client from \"openid-client\";\n{preparation}\n\
         const config = await client.discovery(\n  new URL({issuer}),\n  process.env.OIDC_CLIENT_ID,\n  {proof}\n);\n\n\
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
        "import os\n\nfrom authlib.integrations.flask_client import OAuth\n\n\
         oauth = OAuth(app)\noauth.register(\n    name=\"testudo\",\n    server_metadata_url={discovery},\n    \
         client_id=os.environ[\"OIDC_CLIENT_ID\"],\n    client_secret=os.environ[\"OIDC_CLIENT_SECRET\"],\n    \
         client_kwargs={{\"scope\": {scopes}, \"code_challenge_method\": \"S256\"}},\n)",
        discovery = quoted(&app.discovery),
        scopes = quoted(&app.scopes),
    )
}

/// How a service asks for a token on a command line.
#[must_use]
pub fn curl(app: &Integration) -> String {
    let id = shell_quoted(&app.client_id);
    let mut parts = if app.signs {
        vec![
            String::from("curl --data grant_type=client_credentials"),
            String::from(
                "--data client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            String::from("--data client_assertion=\"$CLIENT_ASSERTION\""),
        ]
    } else {
        vec![
            format!("curl --user {id}:\"$OIDC_CLIENT_SECRET\""),
            String::from("--data grant_type=client_credentials"),
        ]
    };
    if !app.scopes.is_empty() {
        parts.push(format!(
            "--data-urlencode scope={}",
            shell_quoted(&app.scopes)
        ));
    }
    parts.push(shell_quoted(&app.token_endpoint));
    parts.join(" \\\n  ")
}

fn service_python(app: &Integration) -> String {
    let endpoint = quoted(&app.token_endpoint);
    let (imports, preparation, proof) = if app.signs {
        (
            "import json\nimport os\n\nfrom authlib.integrations.requests_client import OAuth2Session\n\
             from authlib.oauth2.rfc7523 import PrivateKeyJWT\nfrom joserfc.jwk import import_key\n",
            format!(
                "key = json.load(open(os.environ[\"OIDC_CLIENT_KEY_FILE\"]))\n\
                 proof = PrivateKeyJWT({endpoint}, headers={{\"kid\": key[\"kid\"]}}, alg=key[\"alg\"])\n"
            ),
            "import_key(key),\n    token_endpoint_auth_method=proof,",
        )
    } else {
        (
            "import os\n\nfrom authlib.integrations.requests_client import OAuth2Session\n",
            String::new(),
            "os.environ[\"OIDC_CLIENT_SECRET\"],",
        )
    };
    format!(
        "{imports}\n{preparation}session = OAuth2Session(\n    os.environ[\"OIDC_CLIENT_ID\"],\n    {proof}\n    \
         scope={scopes},\n)\ntoken = session.fetch_token({endpoint}, grant_type=\"client_credentials\")",
        scopes = quoted(&app.scopes),
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
            signs: false,
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
    fn an_app_that_signs_is_shown_no_secret() {
        let app = Integration {
            signs: true,
            ..integration()
        };
        for kind in [AppKind::Web, AppKind::Service] {
            for snippet in render_snippets(kind, &app) {
                assert!(!snippet.lines.contains("SECRET"), "{}", snippet.lines);
                let is_key = snippet.lines.contains("KEY_FILE")
                    || snippet.lines.contains("client_assertion");
                assert!(is_key, "{}", snippet.lines);
            }
        }
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
