//! The operations of the load. Each is done as its client does it, without a second try: what is refused or not answered
//! has failed. What is answered and cannot be true goes into the book as wrong.

use anyhow::Context as _;
use http::StatusCode;

use crate::agent::Agent;
use crate::bootstrap::CALLBACK;
use crate::connection::{self, Connection, Reply};
use crate::first_hour::Made;
use crate::proof::book::Mark;
use crate::proof::plan::Flow;
use crate::proof::site::{Site, VERIFIER};

const TOKEN_PATH: &str = "/oauth2/v1/token";
const INTROSPECT_PATH: &str = "/oauth2/v1/introspect";
const SERVICE_TOKEN_PATH: &str = "/oauth2/default/v1/token";

/// Does one operation; counts its requests.
///
/// # Errors
/// What was refused or not answered.
pub async fn run(site: &Site, flow: Flow, requests: &mut u64) -> anyhow::Result<()> {
    match flow {
        Flow::Introspection => introspect(site, requests).await,
        Flow::Refresh => refresh(site, requests).await,
        Flow::Service => ask_for_service(site, requests).await,
        Flow::SignIn => sign_in(site, requests).await,
        Flow::Code => redeem_twice(site, requests).await,
        Flow::Create => create(site, requests).await,
        Flow::Change => change(site, requests).await,
    }
}

async fn introspect(site: &Site, requests: &mut u64) -> anyhow::Result<()> {
    let chain = site.chain();
    let token = site.access();
    let fields = [("token", token.as_str())];
    let reply = call(site, INTROSPECT_PATH, &fields, &site.web, requests).await?;
    let answer = expect_ok(&reply)?;
    let is_active = answer.get("active").and_then(serde_json::Value::as_bool);
    if is_active != Some(true) {
        // Whoever shows a spent refresh token ends its chain, this access token with it, and begins another.
        drop(site.family.lock().await);
        if site.chain() != chain {
            return Ok(());
        }
        let text = format!("{}: a living access token is not active", site.slug);
        site.book().wrong(text.clone());
        anyhow::bail!(text);
    }
    Ok(())
}

async fn refresh(site: &Site, requests: &mut u64) -> anyhow::Result<()> {
    let mut family = site.family.lock().await;
    let token = family.token.clone();
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
    ];
    let reply = match call(site, TOKEN_PATH, &fields, &site.web, requests).await {
        Ok(reply) if is_refusal_of_grant(&reply) => {
            if !family.is_doubtful {
                let text = format!("{}: an acknowledged refresh token was refused", site.slug);
                site.book().wrong(text);
            }
            family.token = begin_family(site, requests).await?;
            (family.before, family.spent, family.is_doubtful) = (None, None, false);
            return Ok(());
        }
        Ok(reply) if reply.status == StatusCode::OK => reply,
        other => {
            family.is_doubtful = true;
            return expect_ok(&other?).map(drop);
        }
    };
    let tokens = reply.json()?;
    family.advance(text(&tokens, "refresh_token")?);
    site.set_access(text(&tokens, "access_token")?);
    site.book().acknowledge();
    Ok(())
}

/// A new chain of refresh tokens by the session.
///
/// # Errors
/// When there is none.
pub async fn begin_family(site: &Site, requests: &mut u64) -> anyhow::Result<String> {
    let code = ask_code(site, requests).await?;
    let reply = redeem(site, &code, requests).await?;
    let tokens = expect_ok(&reply)?;
    site.set_access(text(&tokens, "access_token")?);
    site.begin_chain();
    site.book().acknowledge();
    text(&tokens, "refresh_token")
}

async fn ask_for_service(site: &Site, requests: &mut u64) -> anyhow::Result<()> {
    let fields = [("grant_type", "client_credentials")];
    let reply = call(site, SERVICE_TOKEN_PATH, &fields, &site.service, requests).await?;
    text(&expect_ok(&reply)?, "access_token")?;
    site.book().acknowledge();
    Ok(())
}

async fn sign_in(site: &Site, requests: &mut u64) -> anyhow::Result<()> {
    let mut agent = Agent::new(Connection::new(site.peer.clone()), &[CALLBACK]);
    let done = agent.sign_in(&site.authorize_path(), &site.person).await;
    *requests += agent.connection().exchanges();
    done?;
    site.set_session(agent.cookie_header());
    site.book().acknowledge();
    Ok(())
}

/// Two who have the same code redeem it at the same moment: one of them may have tokens.
async fn redeem_twice(site: &Site, requests: &mut u64) -> anyhow::Result<()> {
    let code = ask_code(site, requests).await?;
    let (mut first, mut second) = (0, 0);
    let both = tokio::join!(
        redeem(site, &code, &mut first),
        redeem(site, &code, &mut second)
    );
    *requests += first + second;
    let (first, second) = both;
    let redeemed = [&first, &second]
        .into_iter()
        .filter(|reply| {
            reply
                .as_ref()
                .is_ok_and(|reply| reply.status == StatusCode::OK)
        })
        .count();
    if redeemed == 2 {
        let text = format!("{}: a code was accepted twice", site.slug);
        site.book().wrong(text.clone());
        anyhow::bail!(text);
    }
    if redeemed == 1 {
        site.book().spend_code(code);
    }
    let (first, second) = (first?, second?);
    for reply in [&first, &second] {
        if reply.status != StatusCode::OK && !is_refusal_of_grant(reply) {
            expect_ok(reply)?;
        }
    }
    if redeemed == 0 {
        let text = format!("{}: a code was refused that nobody had redeemed", site.slug);
        site.book().wrong(text.clone());
        anyhow::bail!(text);
    }
    Ok(())
}

async fn create(site: &Site, requests: &mut u64) -> anyhow::Result<()> {
    let mut desk = site.admin.lock().await;
    let login = format!("w{}@{}.example", desk.next, site.slug);
    desk.next += 1;
    let before = desk.agent.connection().exchanges();
    let done = desk.add_person(&login).await;
    *requests += desk.agent.connection().exchanges() - before;
    let mark = done.as_ref().map_or(Mark::Doubtful, |_| Mark::Acknowledged);
    site.book().person(login, mark);
    done.map(drop)
}

async fn change(site: &Site, requests: &mut u64) -> anyhow::Result<()> {
    let mut desk = site.admin.lock().await;
    let value = desk.next;
    desk.next += 1;
    let before = desk.agent.connection().exchanges();
    let done = desk.rename(&site.changed_path, &render_name(value)).await;
    *requests += desk.agent.connection().exchanges() - before;
    let mark = done
        .as_ref()
        .map_or(Mark::Doubtful, |()| Mark::Acknowledged);
    site.book().change(value, mark);
    done
}

/// The family name that stands for a number.
#[must_use]
pub fn render_name(value: u64) -> String {
    format!("Number {value}")
}

/// The number that a family name stands for; none for the first one.
#[must_use]
pub fn parse_name(name: &str) -> Option<u64> {
    name.strip_prefix("Number ")?.parse().ok()
}

/// A code by the session.
///
/// # Errors
/// When there is none.
pub async fn ask_code(site: &Site, requests: &mut u64) -> anyhow::Result<String> {
    let mut connection = site.take_connection();
    *requests += 1;
    let reply = connection
        .get(&site.authorize_path(), &site.session())
        .await?;
    site.give_connection(connection);
    anyhow::ensure!(
        reply.status.is_redirection(),
        "authorize answered {}",
        reply.status
    );
    let address = reply.location().unwrap_or_default();
    let error = connection::query_parameter(address, "error");
    match connection::query_parameter(address, "code") {
        Some(code) if address.starts_with(CALLBACK) => Ok(code),
        // A fault is told to the application where it is known (RFC 6749 section 4.1.2.1).
        _ if error.is_some() => anyhow::bail!("authorize answered {error:?}"),
        _ => {
            let text = format!("{}: a session was lost: led to {address}", site.slug);
            site.book().wrong(text.clone());
            anyhow::bail!(text)
        }
    }
}

/// Redeems a code.
///
/// # Errors
/// When there is no answer.
pub async fn redeem(site: &Site, code: &str, requests: &mut u64) -> anyhow::Result<Reply> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    call(site, TOKEN_PATH, &fields, &site.web, requests).await
}

/// Shows a refresh token.
///
/// # Errors
/// When there is no answer.
pub async fn show_refresh_token(site: &Site, token: &str) -> anyhow::Result<Reply> {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    call(site, TOKEN_PATH, &fields, &site.web, &mut 0).await
}

async fn call(
    site: &Site,
    path: &str,
    fields: &[(&str, &str)],
    app: &Made,
    requests: &mut u64,
) -> anyhow::Result<Reply> {
    let mut connection = site.take_connection();
    *requests += 1;
    let credentials = connection::basic(&app.client_id, &app.client_secret);
    let reply = connection
        .post_form(path, connection::form(fields), &[credentials])
        .await?;
    site.give_connection(connection);
    Ok(reply)
}

/// Whether a code or a refresh token was refused (RFC 6749 section 5.2).
#[must_use]
pub fn is_refusal_of_grant(reply: &Reply) -> bool {
    let error = reply.json().ok();
    let error = error.as_ref().and_then(|error| error.get("error"));
    let is_grant = error.and_then(serde_json::Value::as_str) == Some("invalid_grant");
    reply.status == StatusCode::BAD_REQUEST && is_grant
}

fn expect_ok(reply: &Reply) -> anyhow::Result<serde_json::Value> {
    anyhow::ensure!(
        reply.status == StatusCode::OK,
        "answered {}: {}",
        reply.status,
        reply.text().chars().take(200).collect::<String>()
    );
    reply.json()
}

fn text(answer: &serde_json::Value, name: &str) -> anyhow::Result<String> {
    let value = answer.get(name).and_then(serde_json::Value::as_str);
    value
        .map(str::to_owned)
        .with_context(|| format!("the answer has no {name}"))
}
