//! What leaves the program: mail to a real mail server, and word of logouts to an application. Both at least once, also
//! where the receiver refuses at first, and where the program is started again in between.

use http::StatusCode;
use serde_json::{Value, json};
use testbed::agent::{Agent, Arrival, Person};
use testbed::companion::Companion;
use testbed::connection::{self, Connection};
use testbed::instance::{Instance, Plan, free_address};
use testbed::listener::{Listener, Posted};
use testbed::witness::Leaver;
use testbed::{bootstrap, script, wait};

const DELIVERY_MAX: std::time::Duration = std::time::Duration::from_secs(60);
const SENDER: &str = "id@example.com";
const SMTP_PASSWORD: &str = "tortoise+post";

fn start_with_mail(port: u16, smtp_password: &str) -> anyhow::Result<Instance> {
    let url = format!("smtp://testudo:{smtp_password}@127.0.0.1:{port}");
    Instance::start(Plan {
        bootstrap: Some(bootstrap::render_told_document("")),
        arguments: ["--smtp", &url, "--mail-from", SENDER]
            .map(str::to_owned)
            .to_vec(),
        ..Plan::default()
    })
}

fn mail_server(port: u16, refusals: u32) -> anyhow::Result<Companion> {
    let input =
        json!({ "port": port, "user": "testudo", "password": SMTP_PASSWORD, "refusals": refusals });
    Companion::python("smtp_listener.py", &input)
}

/// Asks for a way back in, as somebody who has lost the password does.
async fn ask_for_recovery(instance: &Instance) -> anyhow::Result<()> {
    let mut agent = Agent::new(Connection::new(instance.peer().clone()), &[]);
    let mut arrival = agent.open("/signin/recover").await?;
    for _ in 0..2 {
        let Arrival::Page(page) = arrival else {
            anyhow::bail!("recovery leads elsewhere");
        };
        let Some(form) = page.forms.iter().find(|form| form.asks_for("identifier")) else {
            return Ok(());
        };
        arrival = agent
            .submit(&page, form, &[("identifier", bootstrap::PERSON)])
            .await?;
    }
    Ok(())
}

/// The mails that the server was sent, whether it took them or not.
fn wait_for_mails(server: &Companion, count: usize) -> anyhow::Result<Vec<Value>> {
    wait::until("the mail", DELIVERY_MAX, || {
        let mails: Vec<Value> = server.lines()?.into_iter().skip(1).collect();
        Ok((mails.len() >= count).then_some(mails))
    })
}

#[tokio::test]
async fn mail_goes_to_the_mail_server_and_again_if_it_was_refused() {
    let address = free_address().unwrap();
    let server = mail_server(address.port(), 1).unwrap();
    let instance = start_with_mail(address.port(), SMTP_PASSWORD).unwrap();
    ask_for_recovery(&instance).await.unwrap();
    let mails = wait_for_mails(&server, 2).unwrap();
    let (refused, taken) = (&mails[0], &mails[1]);
    assert_eq!(
        (&refused["taken"], &taken["taken"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        refused["id"], taken["id"],
        "a receiver cannot tell the repetition"
    );
    assert_eq!(taken["from"], SENDER);
    assert_eq!(taken["to"], json!([bootstrap::PERSON]));
    let text = taken["text"].as_str().unwrap();
    let link = text
        .split_whitespace()
        .find(|word| word.starts_with(&instance.origin()))
        .unwrap_or_else(|| panic!("no link in: {text}"));
    let path = link.strip_prefix(&instance.origin()).unwrap();
    let mut connection = Connection::new(instance.peer().clone());
    let page = connection.get(path, "").await.unwrap();
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    // What is sent is not kept as well.
    assert!(testbed::mailbox::all(&instance.data()).unwrap().is_empty());
}

#[tokio::test]
async fn mail_waits_for_its_server_across_a_restart() {
    let address = free_address().unwrap();
    let mut instance = start_with_mail(address.port(), SMTP_PASSWORD).unwrap();
    ask_for_recovery(&instance).await.unwrap();
    wait::until("the first attempt", DELIVERY_MAX, || {
        Ok(instance
            .log()?
            .contains("a mail was not delivered")
            .then_some(()))
    })
    .unwrap();
    let log = instance.log().unwrap();
    assert!(
        !log.contains(SMTP_PASSWORD) && !log.contains(bootstrap::PERSON),
        "{log}"
    );
    instance.kill().unwrap();
    let server = mail_server(address.port(), 0).unwrap();
    instance.restart().unwrap();
    let mails = wait_for_mails(&server, 1).unwrap();
    assert_eq!(mails[0]["to"], json!([bootstrap::PERSON]));
}

/// Signs a person in to the application, as her browser and the application do it.
async fn sign_in(agent: &mut Agent) -> anyhow::Result<()> {
    let query = connection::form(&[
        ("client_id", bootstrap::WEB),
        ("response_type", "code"),
        ("redirect_uri", bootstrap::CALLBACK),
        ("scope", "openid"),
        ("state", "s"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ]);
    let person = grace();
    let address = agent
        .sign_in(&format!("/oauth2/v1/authorize?{query}"), &person)
        .await?;
    let code = connection::query_parameter(&address, "code").unwrap_or_default();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", bootstrap::CALLBACK),
        (
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
    ];
    let credentials = connection::basic(bootstrap::WEB, bootstrap::WEB_SECRET);
    let reply = agent
        .connection()
        .post_form(
            "/oauth2/v1/token",
            connection::form(&fields),
            &[credentials],
        )
        .await?;
    anyhow::ensure!(reply.status == StatusCode::OK, "{}", reply.text());
    Ok(())
}

fn grace() -> Person {
    Person {
        login: bootstrap::PERSON.to_owned(),
        password: bootstrap::PASSWORD.to_owned(),
    }
}

/// The claims of the token in a notice, verified as the application would.
fn verify(instance: &Instance, posted: &Posted) -> anyhow::Result<Value> {
    anyhow::ensure!(posted.path == "/told", "posted to {}", posted.path);
    anyhow::ensure!(
        posted.content_type == "application/x-www-form-urlencoded",
        "posted as {}",
        posted.content_type
    );
    let token = connection::query_parameter(&format!("?{}", posted.body), "logout_token");
    let input = json!({ "issuer": instance.origin(), "client_id": bootstrap::WEB, "token": token });
    Ok(script::run_python("verify_logout_token.py", &input)?["claims"].clone())
}

#[tokio::test]
async fn an_application_is_told_of_a_logout_until_it_has_heard() {
    let app = Listener::start(&[StatusCode::SERVICE_UNAVAILABLE])
        .await
        .unwrap();
    let mut instance = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_told_document(&app.url("/told"))),
        ..Plan::default()
    })
    .unwrap();
    let mut agent = Agent::new(
        Connection::new(instance.peer().clone()),
        &[bootstrap::CALLBACK],
    );
    sign_in(&mut agent).await.unwrap();
    let cookies = agent.cookie_header();
    let leaver = Leaver::with_session(instance.peer(), &cookies).await;
    leaver.unwrap().leave().await.unwrap();
    let posted = app.wait_for(1).await.unwrap();
    assert_eq!(posted[0].answered, StatusCode::SERVICE_UNAVAILABLE);
    // Whoever ends before that is noted leaves a lease, which runs for minutes.
    wait::until_async("the note of the refusal", DELIVERY_MAX, || {
        let log = instance.log();
        async move { Ok(log?.contains("an app could not be told").then_some(())) }
    })
    .await
    .unwrap();
    // Nothing of it is kept in memory alone.
    instance.kill().unwrap();
    instance.restart().unwrap();
    let posted = app.wait_for(2).await.unwrap();
    let (first, second) = (
        verify(&instance, &posted[0]).unwrap(),
        verify(&instance, &posted[1]).unwrap(),
    );
    assert_eq!(
        (&first["sub"], &first["sid"]),
        (&second["sub"], &second["sid"])
    );
    assert_eq!(second["aud"], bootstrap::WEB);
}
