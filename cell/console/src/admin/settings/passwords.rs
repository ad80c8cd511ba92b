//! What a password must be, and whether a mailbox alone lets people back in.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done};
use crate::admin::form::{Shown, is_ticked, number, problem_of, revision_of, shell_after};
use crate::admin::settings::{self, Problems};
use crate::view::admin::PasswordSettingsPage;
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::access::Permission;
use identity::org::settings::OrgSettings;
use identity::password::policy::{
    HISTORY_COUNT_MAX, LENGTH_MIN_CEILING, LENGTH_MIN_FLOOR, PasswordPolicy,
};

/// The longest age of a password that can be asked for.
const AGE_DAYS_MAX: i64 = 3_650;

/// `GET /admin/settings/passwords`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let fields = Fields::stored(&visit.snapshot.org.settings);
    Ok(page(&visit, visit.shell(), &fields, &Problems::new()))
}

/// `POST /admin/settings/passwords`.
pub async fn save(visit: Visit) -> Answer {
    let permit =
        administrator_freshly(&visit, Permission::ManageOrg, "/admin/settings/passwords").await?;
    let fields = Fields::typed(&visit);
    let mut problems = Problems::new();
    let Some(policy) = read_policy(&visit, &fields, &mut problems) else {
        return Ok(page(&visit, visit.shell(), &fields, &problems));
    };
    let mut changed = visit.snapshot.org.settings.clone();
    changed.password = policy;
    changed.recovery.mailbox_alone = fields.mailbox_alone;
    match settings::save(&visit, &permit, changed).await {
        Ok(()) => Ok(visit.go("/admin/settings/passwords")),
        Err(refusal) => {
            problems.extend(problem_of(visit.shell().t, &refusal));
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(page(&visit, shell, &fields, &problems))
        }
    }
}

/// The policy that the form asks for; none where a number cannot be used, which then stands among the problems.
fn read_policy(visit: &Visit, fields: &Fields, problems: &mut Problems) -> Option<PasswordPolicy> {
    let mut read = |field: &'static str, least: i64, most: i64| {
        number(visit, field, least, most)
            .map_err(|text| problems.insert(field, text))
            .ok()
    };
    let length_min = read(
        "length_min",
        i64::from(LENGTH_MIN_FLOOR),
        i64::from(LENGTH_MIN_CEILING),
    );
    let history_count = read("history_count", 0, i64::from(HISTORY_COUNT_MAX));
    let age_max_days = match fields.age_max_days.is_empty() {
        true => Some(None),
        false => read("age_max_days", 1, AGE_DAYS_MAX).map(Some),
    };
    Some(PasswordPolicy {
        length_min: u16::try_from(length_min?).ok()?,
        history_count: u8::try_from(history_count?).ok()?,
        age_max_days: age_max_days?.and_then(|days| u16::try_from(days).ok()),
        refuse_commonest: fields.refuse_commonest,
        refuse_name_parts: fields.refuse_name_parts,
    })
}

/// What the controls hold.
struct Fields {
    shown: Shown,
    length_min: String,
    history_count: String,
    age_max_days: String,
    refuse_commonest: bool,
    refuse_name_parts: bool,
    mailbox_alone: bool,
}

impl Fields {
    fn stored(settings: &OrgSettings) -> Self {
        let policy = &settings.password;
        let days = policy.age_max_days;
        Self {
            shown: Shown::Stored,
            length_min: policy.length_min.to_string(),
            history_count: policy.history_count.to_string(),
            age_max_days: days.map(|days| days.to_string()).unwrap_or_default(),
            refuse_commonest: policy.refuse_commonest,
            refuse_name_parts: policy.refuse_name_parts,
            mailbox_alone: settings.recovery.mailbox_alone,
        }
    }

    fn typed(visit: &Visit) -> Self {
        let text = |field: &str| visit.field(field).trim().to_owned();
        Self {
            shown: Shown::Typed,
            length_min: text("length_min"),
            history_count: text("history_count"),
            age_max_days: text("age_max_days"),
            refuse_commonest: is_ticked(visit, "refuse_commonest"),
            refuse_name_parts: is_ticked(visit, "refuse_name_parts"),
            mailbox_alone: is_ticked(visit, "mailbox_alone"),
        }
    }
}

fn page(visit: &Visit, shell: Shell, fields: &Fields, problems: &Problems) -> Response {
    let input = |field: &str, value: &str| Input {
        value: value.to_owned(),
        error: problems.get(field).cloned(),
    };
    visit.page(&PasswordSettingsPage {
        shell,
        revision: revision_of(visit, fields.shown, visit.snapshot.org.revision),
        length_min: input("length_min", &fields.length_min),
        history_count: input("history_count", &fields.history_count),
        age_max_days: input("age_max_days", &fields.age_max_days),
        refuse_commonest: Input::ticked(fields.refuse_commonest),
        refuse_name_parts: Input::ticked(fields.refuse_name_parts),
        mailbox_alone: Input::ticked(fields.mailbox_alone),
    })
}
