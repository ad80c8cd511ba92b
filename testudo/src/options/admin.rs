//! What can be said of an organisation on the command line, through the management API.

use crate::options::Output;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use client::people::Step;
use std::path::PathBuf;
use url::Url;

/// Where the server is, and who asks.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER)]
pub struct Asking {
    /// The address under which people reach the server.
    #[arg(
        long,
        env = "TESTUDO_URL",
        default_value = "http://127.0.0.1:8080",
        global = true
    )]
    pub url: Url,
    /// The organisation's short name, if it is not the one of that address.
    #[arg(long, env = "TESTUDO_ORG", global = true)]
    pub org: Option<String>,
    /// A file with the text of an API token, instead of the variable TESTUDO_TOKEN.
    #[arg(long, env = "TESTUDO_TOKEN_FILE", global = true)]
    pub token_file: Option<PathBuf>,
    /// Roots (PEM) to believe beside the public ones, such as that of a local authority.
    #[arg(long, env = "TESTUDO_ROOTS", global = true)]
    pub roots: Option<PathBuf>,
    /// How answers are printed; as JSON, each thing is a line.
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub output: Output,
}

const AFTER: &str = "The token is read from the variable TESTUDO_TOKEN, or from --token-file; never from the command line, which other users of \
the machine can see. An administrator makes one under Settings, API tokens.";

/// How many of a list are shown.
#[derive(Debug, Clone, Copy, Args)]
pub struct Most {
    /// Stop after so many.
    #[arg(long)]
    pub limit: Option<usize>,
}

/// Whether something is to be gone for good.
#[derive(Debug, Clone, Copy, Args)]
pub struct Sure {
    /// Do it: it cannot be undone.
    #[arg(long)]
    pub yes: bool,
}

/// Options of `user`.
#[derive(Debug, Args)]
pub struct User {
    /// What to do.
    #[command(subcommand)]
    pub command: UserCommand,
    /// Of whom it is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// What to do with people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List people, or search for some.
    List {
        /// Such as: status eq "SUSPENDED", or profile.lastName sw "Lo"
        #[arg(long, conflicts_with = "query")]
        search: Option<String>,
        /// The beginning of a login, an address or a name.
        #[arg(long)]
        query: Option<String>,
        /// How many.
        #[command(flatten)]
        most: Most,
    },
    /// Show a person.
    Show {
        /// A login or an id.
        user: String,
    },
    /// Add a person; without a password, they are invited by mail.
    Add(Box<AddUser>),
    /// Change attributes of a profile.
    Set {
        /// A login or an id.
        user: String,
        /// name=text, or name:=JSON for what is no text; name:=null takes it away.
        #[arg(required = true, value_parser = parse_attribute)]
        attributes: Vec<Attribute>,
    },
    /// One step of the life cycle.
    #[command(flatten)]
    Step(StepCommand),
    /// Deactivate a person, if that was not done, and remove them.
    Delete {
        /// A login or an id.
        user: String,
        /// Whether it is meant.
        #[command(flatten)]
        sure: Sure,
    },
    /// End every session of a person.
    SignOut {
        /// A login or an id.
        user: String,
    },
    /// List the groups of a person.
    Groups {
        /// A login or an id.
        user: String,
    },
}

/// One step of the life cycle.
#[derive(Debug, Subcommand)]
pub enum StepCommand {
    /// Activate or invite a person.
    Activate(OneUser),
    /// Invite a person once more.
    Reactivate(OneUser),
    /// Deactivate a person.
    Deactivate(OneUser),
    /// Keep a person out for a time.
    Suspend(OneUser),
    /// Let a suspended person in again.
    Unsuspend(OneUser),
    /// Unlock a person.
    Unlock(OneUser),
    /// Ask a person for a new password at the next sign-in.
    ExpirePassword(OneUser),
    /// Send a person a link to get back in.
    ResetPassword(OneUser),
}

/// One person.
#[derive(Debug, Args)]
pub struct OneUser {
    /// A login or an id.
    pub user: String,
}

impl StepCommand {
    /// Which step, and of whom.
    pub fn apart(self) -> (Step, String) {
        match self {
            Self::Activate(one) => (Step::Activate, one.user),
            Self::Reactivate(one) => (Step::Reactivate, one.user),
            Self::Deactivate(one) => (Step::Deactivate, one.user),
            Self::Suspend(one) => (Step::Suspend, one.user),
            Self::Unsuspend(one) => (Step::Unsuspend, one.user),
            Self::Unlock(one) => (Step::Unlock, one.user),
            Self::ExpirePassword(one) => (Step::ExpirePassword, one.user),
            Self::ResetPassword(one) => (Step::ResetPassword, one.user),
        }
    }
}

/// Options of `user add`.
#[derive(Debug, Args)]
pub struct AddUser {
    /// What the person signs in with.
    pub login: String,
    /// Where mail goes; the login, if nothing is said.
    #[arg(long)]
    pub email: Option<String>,
    /// The first name.
    #[arg(long)]
    pub first_name: String,
    /// The last name.
    #[arg(long)]
    pub last_name: String,
    /// A further attribute: name=text, or name:=JSON for what is no text.
    #[arg(long = "set", value_parser = parse_attribute)]
    pub attributes: Vec<Attribute>,
    /// A group to be a member of, by name or id.
    #[arg(long = "group")]
    pub groups: Vec<String>,
    /// The type of the person, by name or id; the one that every organisation has, if nothing is said.
    #[arg(long = "type")]
    pub of_type: Option<String>,
    /// A file with the first password; `-` reads it from standard input.
    #[arg(long)]
    pub password_file: Option<PathBuf>,
    /// The person is not yet to begin.
    #[arg(long)]
    pub inactive: bool,
}

/// An attribute of a profile and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Which.
    pub name: String,
    /// What it is to be.
    pub value: serde_json::Value,
}

/// An attribute as it is said: `name=text` or `name:=JSON`.
pub fn parse_attribute(said: &str) -> Result<Attribute, String> {
    let (name, value) = said
        .split_once('=')
        .ok_or("say name=text, or name:=JSON for what is no text")?;
    let (name, value) = match name.strip_suffix(':') {
        None => (name, value.into()),
        Some(name) => {
            let value = serde_json::from_str(value).map_err(|error| {
                format!("{value:?} is no JSON ({error}); say {name}=text for a text")
            })?;
            (name, value)
        }
    };
    if name.is_empty() {
        return Err(String::from("the attribute has no name"));
    }
    Ok(Attribute {
        name: name.to_owned(),
        value,
    })
}

/// Options of `group`.
#[derive(Debug, Args)]
pub struct Group {
    /// What to do.
    #[command(subcommand)]
    pub command: GroupCommand,
    /// Of whom it is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// What to do with groups.
#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// List groups, or search for some.
    List {
        /// Such as: profile.name sw "Eng"
        #[arg(long)]
        search: Option<String>,
        /// How many.
        #[command(flatten)]
        most: Most,
    },
    /// Show a group.
    Show {
        /// A name or an id.
        group: String,
    },
    /// Add a group.
    Add {
        /// What it is called.
        name: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Change what a group is called, or what it is for.
    #[command(group = ArgGroup::new("what").required(true).multiple(true).args(["name", "description"]))]
    Set {
        /// A name or an id.
        group: String,
        /// What it is called.
        #[arg(long)]
        name: Option<String>,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
    },
    /// Remove a group; its members stay.
    Delete {
        /// A name or an id.
        group: String,
        /// Whether it is meant.
        #[command(flatten)]
        sure: Sure,
    },
    /// List who is in a group.
    Members {
        /// A name or an id.
        group: String,
        /// How many.
        #[command(flatten)]
        most: Most,
    },
    /// Put people into a group.
    AddMember {
        /// A name or an id.
        group: String,
        /// Logins or ids.
        #[arg(required = true)]
        users: Vec<String>,
    },
    /// Take people out of a group.
    RemoveMember {
        /// A name or an id.
        group: String,
        /// Logins or ids.
        #[arg(required = true)]
        users: Vec<String>,
    },
}

/// Options of `app`.
#[derive(Debug, Args)]
pub struct App {
    /// What to do.
    #[command(subcommand)]
    pub command: AppCommand,
    /// Of whom it is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// What to do with apps.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// List apps.
    List {
        /// The beginning of a label.
        #[arg(long)]
        query: Option<String>,
        /// How many.
        #[command(flatten)]
        most: Most,
    },
    /// Show an app.
    Show {
        /// Its id, which is its client id.
        app: String,
    },
    /// Add an app; its secret is printed this once.
    Add {
        /// What people know it by.
        label: String,
        /// What it is.
        #[arg(long, value_enum)]
        kind: AppKind,
        /// Where people are sent back to after they have signed in; several may be named.
        #[arg(long, required_if_eq_any = [("kind", "web"), ("kind", "single-page"), ("kind", "native")])]
        redirect_uri: Vec<String>,
        /// Where people are sent back to after they have signed out; several may be named.
        #[arg(long)]
        post_logout_redirect_uri: Vec<String>,
    },
    /// Let an app be used again.
    Activate {
        /// Its id.
        app: String,
    },
    /// Switch an app off.
    Deactivate {
        /// Its id.
        app: String,
    },
    /// Switch an app off, if that was not done, and remove it.
    Delete {
        /// Its id.
        app: String,
        /// Whether it is meant.
        #[command(flatten)]
        sure: Sure,
    },
    /// List the people to whom an app is assigned.
    Users {
        /// Its id.
        app: String,
        /// How many.
        #[command(flatten)]
        most: Most,
    },
    /// Assign an app to a person or a group.
    Assign(Assignment),
    /// Take an app from a person or a group.
    Unassign(Assignment),
}

/// What is assigned to whom.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["user", "group"]))]
pub struct Assignment {
    /// The id of the app.
    pub app: String,
    /// A person, by login or id.
    #[arg(long)]
    pub user: Option<String>,
    /// A group, by name or id.
    #[arg(long)]
    pub group: Option<String>,
}

/// What an app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AppKind {
    /// It runs on a server, and keeps a secret.
    Web,
    /// It runs in the browser.
    SinglePage,
    /// It runs on the person's device.
    Native,
    /// It acts for itself.
    Service,
}

/// Options of `policy`.
#[derive(Debug, Args)]
pub struct Policy {
    /// What to do.
    #[command(subcommand)]
    pub command: PolicyCommand,
    /// Of whom it is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// List policies.
    List {
        /// Only of this type: OKTA_SIGN_ON, ACCESS_POLICY or PASSWORD
        #[arg(long = "type")]
        kind: Option<String>,
    },
    /// Show a policy.
    Show {
        /// Its id.
        policy: String,
    },
    /// List the rules of a policy, in their order.
    Rules {
        /// Its id.
        policy: String,
    },
    /// Ask what the policies would make of a sign-in; changes nothing.
    Simulate {
        /// Who signs in, by login or id.
        #[arg(long)]
        user: String,
        /// To which app, by id.
        #[arg(long)]
        app: String,
        /// From which address.
        #[arg(long)]
        address: Option<String>,
    },
}

/// Options of `token`.
#[derive(Debug, Args)]
pub struct Token {
    /// What to do.
    #[command(subcommand)]
    pub command: TokenCommand,
    /// Of whom it is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// What to do with API tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// List the tokens that are good, never what they are.
    List,
    /// Show a token, never what it is.
    Show {
        /// Its id.
        token: String,
    },
    /// Make a token that acts as the owner of the one that is used; what it is, is printed this once.
    Add {
        /// What it is for.
        name: String,
    },
    /// Revoke a token.
    Revoke {
        /// Its id.
        token: String,
        /// Whether it is meant.
        #[command(flatten)]
        sure: Sure,
    },
}

/// Options of `log list`.
#[derive(Debug, Args)]
pub struct LogList {
    /// From when on, such as 2027-01-31T00:00:00Z; by default the last seven days.
    #[arg(long)]
    pub since: Option<String>,
    /// Until when.
    #[arg(long)]
    pub until: Option<String>,
    /// Such as: eventType eq "user.session.start" and outcome.result eq "FAILURE"
    #[arg(long)]
    pub filter: Option<String>,
    /// Words that all rows have, such as: "ada@example.com firefox"
    #[arg(long)]
    pub query: Option<String>,
    /// How many, the newest first.
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
    /// Of whom it is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// Options of `log follow`.
#[derive(Debug, Args)]
pub struct LogFollow {
    /// From when on; by default from now on.
    #[arg(long)]
    pub since: Option<String>,
    /// Such as: eventType eq "user.session.start"
    #[arg(long)]
    pub filter: Option<String>,
    /// Words that all rows have, such as: "ada@example.com firefox"
    #[arg(long)]
    pub query: Option<String>,
    /// Of whom it is asked.
    #[command(flatten)]
    pub asking: Asking,
}

#[cfg(test)]
mod tests {
    use super::parse_attribute;
    use serde_json::json;

    #[test]
    fn an_attribute_is_a_text_or_json() {
        let cases = [
            ("city=London", Some(("city", json!("London")))),
            ("note=a=b", Some(("note", json!("a=b")))),
            ("city=", Some(("city", json!("")))),
            ("level:=3", Some(("level", json!(3)))),
            ("city:=null", Some(("city", json!(null)))),
            ("level:=three", None),
            ("city", None),
            ("=London", None),
            (":=3", None),
        ];
        for (said, attribute) in cases {
            let parsed = parse_attribute(said).ok().map(|it| (it.name, it.value));
            let attribute = attribute.map(|(name, value)| (name.to_owned(), value));
            assert_eq!(parsed, attribute, "{said}");
        }
    }
}
