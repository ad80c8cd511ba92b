//! Holds the book of an organisation against the fleet: what was acknowledged is there, once; what was spent is refused.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::proof::book::{Book, Mark, Verdict};
use crate::proof::flow::{
    self, begin_family, is_refusal_of_grant, parse_name, redeem, show_refresh_token,
};
use crate::proof::plan::Flow;
use crate::proof::site::{Family, Site, form_to};

/// How many findings are kept to be shown.
const SHOWN_MAX: usize = 10;
/// How a link to a person begins.
const PERSON_LINK: &str = "/admin/people/00u";
/// The letters of an id after its beginning.
const ID_CHARS: usize = 17;

/// What a look at the books has found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Audit {
    /// Acknowledged writes that were looked for, and spent codes and tokens that were shown.
    pub checked: u64,
    /// Acknowledged, and not there.
    pub lost: u64,
    /// There twice, or accepted twice.
    pub doubled: u64,
    /// Answers that cannot be true.
    pub wrong: u64,
    /// The first few of all of these.
    pub shown: Vec<String>,
}

impl Audit {
    /// Adds what was found elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.checked += other.checked;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.wrong += other.wrong;
        other.shown.into_iter().for_each(|text| self.show(text));
    }

    /// How much was found that must not be.
    #[must_use]
    pub const fn faults(&self) -> u64 {
        self.lost + self.doubled + self.wrong
    }

    fn show(&mut self, text: String) {
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(text);
        }
    }

    fn judge(&mut self, verdict: Verdict, what: impl FnOnce() -> String) {
        self.checked += 1;
        match verdict {
            Verdict::Sound => return,
            Verdict::Lost => self.lost += 1,
            Verdict::Doubled => self.doubled += 1,
        }
        self.show(format!("{verdict:?}: {}", what()));
    }
}

/// Looks into one organisation's book. The fleet must answer everything now.
///
/// # Errors
/// When it does not.
pub async fn audit(site: &Site) -> anyhow::Result<Audit> {
    let mut found = audit_spent(site).await?;
    check_people(site, &mut found).await?;
    Ok(found)
}

/// Shows what was spent once more, and the living refresh token: it may be done while others go on to use them.
///
/// # Errors
/// When the fleet does not answer.
pub async fn audit_spent(site: &Site) -> anyhow::Result<Audit> {
    let mut found = Audit::default();
    check_codes(site, &mut found).await?;
    check_family(site, &mut found).await?;
    for text in site.book().take_wrong() {
        found.wrong += 1;
        found.show(text);
    }
    Ok(found)
}

/// Begins a new book on what the fleet has now: its operator has set the store back to an earlier moment.
///
/// # Errors
/// When the fleet does not answer.
pub async fn begin_anew(site: &Site) -> anyhow::Result<()> {
    flow::run(site, Flow::SignIn, &mut 0).await?;
    let token = begin_family(site, &mut 0).await?;
    *site.family.lock().await = Family {
        token,
        ..Family::default()
    };
    let mut desk = site.admin.lock().await;
    desk.agent.connection().forget();
    let page = desk.open(&site.changed_path).await?;
    let name = form_to(&page, &site.changed_path)?.value("last_name");
    let value = name.and_then(parse_name);
    let mut book = site.book();
    book.forgive();
    book.begin_with(value);
    Ok(())
}

async fn check_codes(site: &Site, found: &mut Audit) -> anyhow::Result<()> {
    let codes = site.book().take_codes();
    for code in codes {
        let reply = redeem(site, &code, &mut 0).await?;
        let verdict = if is_refusal_of_grant(&reply) {
            Verdict::Sound
        } else {
            anyhow::ensure!(reply.status.is_success(), "a spent code: {}", reply.status);
            Verdict::Doubled
        };
        found.judge(verdict, || format!("{}: a spent code", site.slug));
    }
    Ok(())
}

/// The living token is accepted unless an answer was lost; an older one is refused, which ends the chain, and the session
/// begins another.
async fn check_family(site: &Site, found: &mut Audit) -> anyhow::Result<()> {
    let mut family = site.family.lock().await;
    let reply = show_refresh_token(site, &family.token).await?;
    if is_refusal_of_grant(&reply) {
        let verdict = if family.is_doubtful {
            Verdict::Sound
        } else {
            Verdict::Lost
        };
        found.judge(verdict, || {
            format!("{}: the living refresh token", site.slug)
        });
    } else {
        anyhow::ensure!(reply.status.is_success(), "refresh: {}", reply.status);
        found.judge(Verdict::Sound, String::new);
        // The token before the one just shown is beyond the grace for lost answers: its successor has been used.
        let spent = family.spent.take().or(family.before.take());
        if let Some(spent) = spent {
            let reply = show_refresh_token(site, &spent).await?;
            let verdict = if is_refusal_of_grant(&reply) {
                Verdict::Sound
            } else {
                anyhow::ensure!(reply.status.is_success(), "a spent token: {}", reply.status);
                Verdict::Doubled
            };
            found.judge(verdict, || format!("{}: a spent refresh token", site.slug));
        }
    }
    family.token = begin_family(site, &mut 0).await?;
    (family.before, family.spent, family.is_doubtful) = (None, None, false);
    Ok(())
}

async fn check_people(site: &Site, found: &mut Audit) -> anyhow::Result<()> {
    let mut desk = site.admin.lock().await;
    desk.agent.connection().forget();
    let people: Vec<(String, Mark)> = {
        let book = site.book();
        let people = book.people().iter();
        people.map(|(login, mark)| (login.clone(), *mark)).collect()
    };
    for (login, mark) in people {
        let path = format!("/admin/people?q={}", login.replace('@', "%40"));
        let page = desk.open(&path).await?;
        let count = find_people(&page.reply.text()).len();
        found.judge(Book::judge_person(mark, count), || {
            format!("{}: {login} is there {count} times", site.slug)
        });
    }
    let page = desk.open(&site.changed_path).await?;
    let name = form_to(&page, &site.changed_path)?.value("last_name");
    let value = name.and_then(parse_name);
    let verdict = site.book().judge_change(value);
    found.judge(verdict, || {
        format!("{}: the changed name is {name:?}", site.slug)
    });
    Ok(())
}

/// The people of a list, each once however often a row links to its page.
fn find_people(page: &str) -> BTreeSet<&str> {
    let links = page.match_indices(PERSON_LINK);
    links
        .filter_map(|(at, _)| page.get(at..at + PERSON_LINK.len() + ID_CHARS))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::find_people;

    #[test]
    fn a_person_with_two_links_is_one_person() {
        let page = r#"<a href="/admin/people/00uAAAAAAAAAAAAAAAAA">x</a>
            <a href="/admin/people/00uAAAAAAAAAAAAAAAAA/sessions">y</a>
            <a href="/admin/people/00uBBBBBBBBBBBBBBBBB">z</a><a href="/admin/people/new">n</a>"#;
        assert_eq!(find_people(page).len(), 2);
        assert!(find_people("").is_empty());
    }
}
