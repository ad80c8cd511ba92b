//! Which authenticators may hold passkeys.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done};
use crate::admin::form::{Shown, lines, problem_of, revision_of, shell_after};
use crate::admin::settings::{self, Problems};
use crate::view::admin::PasskeySettingsPage;
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::access::Permission;
use identity::org::settings::{Aaguid, Attestation, ExistingPasskeys, PasskeySettings};

const ATTESTATIONS: [(&str, Attestation); 2] =
    [("none", Attestation::None), ("direct", Attestation::Direct)];
const FATES: [(&str, ExistingPasskeys); 2] = [
    ("kept", ExistingPasskeys::Kept),
    ("refused", ExistingPasskeys::Refused),
];
/// The line that begins a certificate.
const CERTIFICATE_BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// `GET /admin/settings/passkeys`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let fields = Fields::stored(&visit.snapshot.org.settings.passkey);
    Ok(page(&visit, visit.shell(), &fields, &Problems::new()))
}

/// `POST /admin/settings/passkeys`.
pub async fn save(visit: Visit) -> Answer {
    let permit =
        administrator_freshly(&visit, Permission::ManageOrg, "/admin/settings/passkeys").await?;
    let fields = Fields::typed(&visit);
    let mut problems = Problems::new();
    let Some(passkey) = read_settings(&visit, &fields, &mut problems) else {
        return Ok(page(&visit, visit.shell(), &fields, &problems));
    };
    let mut changed = visit.snapshot.org.settings.clone();
    changed.passkey = passkey;
    match settings::save(&visit, &permit, changed).await {
        Ok(()) => Ok(visit.go("/admin/settings/passkeys")),
        Err(refusal) => {
            problems.extend(problem_of(visit.shell().t, &refusal));
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(page(&visit, shell, &fields, &problems))
        }
    }
}

/// What the form asks for; none where a field cannot be used, which then stands among the problems.
fn read_settings(
    visit: &Visit,
    fields: &Fields,
    problems: &mut Problems,
) -> Option<PasskeySettings> {
    let t = visit.shell().t;
    let attestation = parse(&ATTESTATIONS, &fields.attestation);
    let existing = parse(&FATES, &fields.existing);
    for (field, is_missing) in [
        ("attestation", attestation.is_none()),
        ("existing", existing.is_none()),
    ] {
        if is_missing {
            problems.insert(field, t.words.choose_one.to_owned());
        }
    }
    let mut models = Vec::new();
    for line in lines(visit, "models") {
        match Aaguid::parse(&line) {
            Some(model) => models.push(model),
            None => {
                problems.insert("models", t.words.unusable.replace("{why}", &line));
                return None;
            }
        }
    }
    Some(PasskeySettings {
        attestation: attestation?,
        allowed_aaguids: models,
        attestation_roots: split_certificates(&fields.roots),
        existing: existing?,
    })
}

/// Certificates that stand one after the other, each on its own.
fn split_certificates(text: &str) -> Vec<String> {
    let text = text.replace('\r', "");
    let mut pieces = text.split(CERTIFICATE_BEGIN);
    let before = pieces.next().unwrap_or_default().trim();
    // What stands before the first one is none; the rules of certificates refuse it by its own words.
    let first = (!before.is_empty()).then(|| before.to_owned());
    let certificates = pieces.map(|piece| format!("{CERTIFICATE_BEGIN}{}\n", piece.trim_end()));
    first.into_iter().chain(certificates).collect()
}

fn parse<T: Copy>(table: &[(&'static str, T)], word: &str) -> Option<T> {
    let found = table.iter().find(|(known, _)| *known == word);
    found.map(|(_, value)| *value)
}

fn word_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> String {
    let found = table.iter().find(|(_, known)| known == value);
    found.map_or("", |(word, _)| word).to_owned()
}

/// What the controls hold.
struct Fields {
    shown: Shown,
    attestation: String,
    models: String,
    roots: String,
    existing: String,
}

impl Fields {
    fn stored(passkey: &PasskeySettings) -> Self {
        let models: Vec<String> = passkey
            .allowed_aaguids
            .iter()
            .map(ToString::to_string)
            .collect();
        Self {
            shown: Shown::Stored,
            attestation: word_of(&ATTESTATIONS, &passkey.attestation),
            models: models.join("\n"),
            roots: passkey.attestation_roots.concat(),
            existing: word_of(&FATES, &passkey.existing),
        }
    }

    fn typed(visit: &Visit) -> Self {
        let text = |field: &str| visit.field(field).to_owned();
        Self {
            shown: Shown::Typed,
            attestation: text("attestation"),
            models: text("models"),
            roots: text("roots"),
            existing: text("existing"),
        }
    }
}

fn page(visit: &Visit, shell: Shell, fields: &Fields, problems: &Problems) -> Response {
    let input = |field: &str, value: &str| Input {
        value: value.to_owned(),
        error: problems.get(field).cloned(),
    };
    visit.page(&PasskeySettingsPage {
        shell,
        revision: revision_of(visit, fields.shown, visit.snapshot.org.revision),
        attestation: input("attestation", &fields.attestation),
        models: input("models", &fields.models),
        roots: input("roots", &fields.roots),
        existing: input("existing", &fields.existing),
    })
}

#[cfg(test)]
mod tests {
    use super::{CERTIFICATE_BEGIN, split_certificates};

    #[test]
    fn certificates_are_taken_apart_and_put_together_again() {
        let one = format!("{CERTIFICATE_BEGIN}\nAA==\n-----END CERTIFICATE-----\n");
        let two = format!("{CERTIFICATE_BEGIN}\nBB==\n-----END CERTIFICATE-----\n");
        let text = format!("{one}{two}");
        assert_eq!(split_certificates(&text), [one.clone(), two]);
        assert_eq!(split_certificates(&text).concat(), text);
        assert_eq!(split_certificates(" \r\n "), Vec::<String>::new());
        let junk = split_certificates(&format!("junk\r\n{one}"));
        assert_eq!(junk, ["junk".to_owned(), one]);
    }
}
