//! The mail server of an org, and a message by which it is tried.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done};
use crate::admin::form::{Shown, number, problem_of, revision_of, shell_after};
use crate::admin::settings::{Problems, org_of_form};
use crate::courier::{Courier, Undelivered};
use crate::text::Text;
use crate::view::admin::MailSettingsPage;
use crate::view::part::{Input, Tone};
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use axum::Extension;
use axum::response::Response;
use identity::access::Permission;
use identity::notice::Mail;
use identity::org::mail::{MailChange, MailSecurity};
use std::sync::Arc;
use vocab::secret::Secret;

const HERE: &str = "/admin/settings/mail";
/// Longest that the words of a mail server are repeated.
const REASON_CHARS_MAX: usize = 200;
/// The highest port.
const PORT_MAX: i64 = 65_535;

/// `GET /admin/settings/mail`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    Ok(page(
        &visit,
        visit.shell(),
        &Fields::stored(&visit),
        &Problems::new(),
    ))
}

/// `POST /admin/settings/mail`.
pub async fn save(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let fields = Fields::typed(&visit);
    let mut problems = Problems::new();
    let port = number(&visit, "port", 1, PORT_MAX)
        .map_err(|text| problems.insert("port", text))
        .ok()
        .and_then(|port| u16::try_from(port).ok());
    let security = MailSecurity::from_word(&fields.security);
    let (Some(port), Some(security)) = (port, security) else {
        if security.is_none() {
            let text = visit.shell().t.words.choose_one.to_owned();
            problems.insert("security", text);
        }
        return Ok(page(&visit, visit.shell(), &fields, &problems));
    };
    let password = visit.field("password");
    let change = MailChange {
        host: fields.host.clone(),
        port,
        security,
        username: fields.username.clone(),
        password: (!password.is_empty()).then(|| Secret::new(password.to_owned())),
        from: fields.from.clone(),
    };
    let outcome = visit
        .cell
        .update_mail(&permit, org_of_form(&visit), Some(change))
        .await;
    match outcome {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            problems.extend(problem_of(visit.shell().t, &refusal));
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(page(&visit, shell, &fields, &problems))
        }
    }
}

/// `POST /admin/settings/mail/remove`.
pub async fn remove(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let outcome = visit
        .cell
        .update_mail(&permit, org_of_form(&visit), None)
        .await;
    match outcome {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let shell = done(&visit, shell_after(&visit, refusal))?;
            let fields = Fields::stored(&visit);
            Ok(page(&visit, shell, &fields, &Problems::new()))
        }
    }
}

/// `POST /admin/settings/mail/test`: to the address of whoever asks, and to no other.
pub async fn test(Extension(courier): Extension<Arc<dyn Courier>>, visit: Visit) -> Answer {
    administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let Some(signed_in) = visit.signed_in() else {
        return Err(visit.go("/signin").into());
    };
    let shell = visit.shell();
    let (t, name) = (shell.t, &visit.snapshot.org.name);
    let mail = Mail {
        to: signed_in.person.email.clone(),
        from_name: name.clone(),
        subject: t.settings.mail_test_subject.replace("{org}", name),
        text: t.settings.mail_test_body.replace("{org}", name),
    };
    let flash = match courier.deliver(&visit.context.org, &mail).await {
        Ok(()) => Flash {
            tone: Tone::Ok,
            text: t.settings.mail_test_done.replace("{to}", &mail.to),
        },
        Err(why) => Flash {
            tone: Tone::Bad,
            text: t.words.mail_failed.replace("{why}", &reason(t, &why)),
        },
    };
    let shell = Shell {
        flash: Some(flash),
        ..shell
    };
    Ok(page(
        &visit,
        shell,
        &Fields::stored(&visit),
        &Problems::new(),
    ))
}

fn reason(t: &'static Text, why: &Undelivered) -> String {
    match why {
        Undelivered::Unreachable => t.settings.mail_no_reason.to_owned(),
        Undelivered::Refused(words) => words.chars().take(REASON_CHARS_MAX).collect(),
    }
}

/// What the controls hold.
struct Fields {
    shown: Shown,
    host: String,
    port: String,
    security: String,
    username: String,
    from: String,
}

impl Fields {
    fn stored(visit: &Visit) -> Self {
        match &visit.snapshot.org.settings.mail {
            Some(mail) => Self {
                shown: Shown::Stored,
                host: mail.host.clone(),
                port: mail.port.to_string(),
                security: mail.security.as_str().to_owned(),
                username: mail.username.clone(),
                from: mail.from.clone(),
            },
            None => Self {
                shown: Shown::Stored,
                host: String::new(),
                port: String::from("587"),
                security: MailSecurity::Starttls.as_str().to_owned(),
                username: String::new(),
                from: String::new(),
            },
        }
    }

    fn typed(visit: &Visit) -> Self {
        let text = |field: &str| visit.field(field).trim().to_owned();
        Self {
            shown: Shown::Typed,
            host: text("host"),
            port: text("port"),
            security: text("security"),
            username: text("username"),
            from: text("from"),
        }
    }
}

fn page(visit: &Visit, shell: Shell, fields: &Fields, problems: &Problems) -> Response {
    let stored = visit.snapshot.org.settings.mail.as_ref();
    let input = |field: &str, value: &str| Input {
        value: value.to_owned(),
        error: problems.get(field).cloned(),
    };
    visit.page(&MailSettingsPage {
        shell,
        revision: revision_of(visit, fields.shown, visit.snapshot.org.revision),
        is_set_up: stored.is_some(),
        host: input("host", &fields.host),
        port: input("port", &fields.port),
        security: input("security", &fields.security),
        username: input("username", &fields.username),
        password: input("password", ""),
        has_password: stored.is_some_and(|mail| !mail.sealed_password.is_empty()),
        from: input("from", &fields.from),
    })
}
