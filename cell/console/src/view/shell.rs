//! The frame around a page: language, organisation, reader, navigation. Every page struct owns one [`Shell`].

use super::colour::Accent;
use super::part::{Icon, Tone};
use crate::assets;
use crate::text::Text;
use askama::Template;

/// How the organisation looks.
#[derive(Clone, Debug)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// The address of its logo on a host that the content security policy allows, or none.
    pub logo_href: Option<String>,
    /// Its colour.
    pub accent: Accent,
}

/// What a page of the administration may need of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it lets the reader do")]
pub enum Right {
    SeeDirectory,
    SeePeople,
    SeeGroups,
    SeeApps,
    SeeLog,
    HelpPeople,
    ChangePeople,
    ChangeGroups,
    ChangeApps,
    ChangeServers,
    ChangePolicies,
    ChangeKeys,
    ChangeOrg,
}

impl Right {
    /// Every right.
    pub const ALL: [Right; 13] = [
        Right::SeeDirectory,
        Right::SeePeople,
        Right::SeeGroups,
        Right::SeeApps,
        Right::SeeLog,
        Right::HelpPeople,
        Right::ChangePeople,
        Right::ChangeGroups,
        Right::ChangeApps,
        Right::ChangeServers,
        Right::ChangePolicies,
        Right::ChangeKeys,
        Right::ChangeOrg,
    ];
}

/// How far the reader may enter the administration: pages leave out what the reader may not do. None at all keeps them
/// out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminAccess(pub Vec<Right>);

impl AdminAccess {
    fn has(&self, right: Right) -> bool {
        self.0.contains(&right)
    }
}

/// The person who reads the page.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The name to show.
    pub name: String,
    /// What the person signs in with.
    pub login: String,
    /// Whether the administration is linked.
    pub admin: AdminAccess,
}

/// What the previous act led to, shown once on the page that follows it.
#[derive(Clone, Debug)]
pub struct Flash {
    /// Good or bad.
    pub tone: Tone,
    /// In the reader's language.
    pub text: String,
}

/// What every page needs beside its own data.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The texts in the reader's language.
    pub t: &'static Text,
    /// What stands before every link: empty, or `/t/acme`.
    pub prefix: String,
    /// The organisation.
    pub brand: Brand,
    /// The value of the hidden field `csrf` of every form.
    pub csrf: String,
    /// Who reads; nobody on the sign-in pages.
    pub viewer: Option<Viewer>,
    /// What the previous act led to.
    pub flash: Option<Flash>,
}

/// The hidden field that guards a form.
#[derive(Debug, Template)]
#[template(
    source = "<input type=\"hidden\" name=\"csrf\" value=\"{{ value }}\">",
    ext = "html"
)]
pub struct CsrfField<'a> {
    value: &'a str,
}

impl askama::filters::HtmlSafe for CsrfField<'_> {}

impl Shell {
    /// The hidden field that every form which changes something carries.
    #[must_use]
    pub fn csrf_field(&self) -> CsrfField<'_> {
        CsrfField { value: &self.csrf }
    }

    /// The address of an asset, naming its content so that it may be kept for ever.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        format!("{}/assets/{}", self.prefix, assets::hashed_name(name))
    }

    /// The address of the style sheet that carries the organisation's colour.
    #[must_use]
    pub fn colour_sheet(&self) -> String {
        format!(
            "{}/assets/org.css?c={}",
            self.prefix,
            self.brand.accent.hex()
        )
    }

    /// Whether the reader may do this.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.viewer
            .as_ref()
            .is_some_and(|viewer| viewer.admin.has(right))
    }

    /// The same for a reader who may do this as well to the one thing that the page is about.
    #[must_use]
    pub fn letting(mut self, right: Right) -> Shell {
        if let Some(viewer) = &mut self.viewer {
            viewer.admin.0.push(right);
        }
        self
    }

    /// Whether a page may offer to change what it shows.
    #[must_use]
    pub fn may_change(&self, here: Place) -> bool {
        here.to_change().is_some_and(|right| self.may(right))
    }

    fn may_administer(&self) -> bool {
        let enough = [
            Right::SeeDirectory,
            Right::SeePeople,
            Right::SeeGroups,
            Right::SeeApps,
            Right::SeeLog,
        ];
        enough.into_iter().any(|right| self.may(right))
    }

    /// The links across the top, with the present one marked.
    #[must_use]
    pub fn top_links(&self, here: Place) -> Vec<NavLink> {
        let t = self.t;
        let mut links = vec![
            NavLink::new(t.common.my_apps, "/apps", Icon::App, here == Place::MyApps),
            NavLink::new(
                t.common.my_account,
                "/account",
                Icon::Person,
                here.is_account(),
            ),
        ];
        if self.may_administer() {
            links.push(NavLink::new(
                t.common.administration,
                "/admin",
                Icon::Settings,
                here.is_admin(),
            ));
        }
        links
    }

    /// The links of my account.
    #[must_use]
    pub fn account_links(&self, here: Place) -> Vec<NavLink> {
        let t = &self.t.account;
        vec![
            NavLink::new(
                t.nav_profile,
                "/account",
                Icon::Person,
                here == Place::Profile,
            ),
            NavLink::new(
                t.nav_security,
                "/account/security",
                Icon::Lock,
                here == Place::Security,
            ),
            NavLink::new(
                t.nav_sessions,
                "/account/sessions",
                Icon::Device,
                here == Place::Sessions,
            ),
            NavLink::new(
                t.nav_consents,
                "/account/consents",
                Icon::App,
                here == Place::Consents,
            ),
            NavLink::new(
                t.nav_activity,
                "/account/activity",
                Icon::Log,
                here == Place::Activity,
            ),
        ]
    }

    /// The links of the administration, in groups: those that the reader may open.
    #[must_use]
    pub fn admin_links(&self, here: Place) -> Vec<NavGroup> {
        let t = &self.t.admin;
        let link =
            |label, href, icon, place| (place, NavLink::new(label, href, icon, here == place));
        let groups = [
            (
                "",
                vec![link(t.nav_home, "/admin", Icon::Home, Place::Home)],
            ),
            (
                t.nav_directory,
                vec![
                    link(t.nav_people, "/admin/people", Icon::People, Place::People),
                    link(t.nav_groups, "/admin/groups", Icon::Group, Place::Groups),
                    link(
                        t.nav_administrators,
                        "/admin/administrators",
                        Icon::Crown,
                        Place::Administrators,
                    ),
                ],
            ),
            (
                t.nav_access,
                vec![
                    link(t.nav_apps, "/admin/apps", Icon::App, Place::Apps),
                    link(
                        t.nav_servers,
                        "/admin/servers",
                        Icon::Server,
                        Place::Servers,
                    ),
                    link(
                        t.nav_policies,
                        "/admin/policies",
                        Icon::Policy,
                        Place::Policies,
                    ),
                    link(
                        t.nav_simulate,
                        "/admin/policies/simulate",
                        Icon::Flask,
                        Place::Simulate,
                    ),
                    link(t.nav_zones, "/admin/zones", Icon::Zone, Place::Zones),
                    link(
                        t.nav_behaviors,
                        "/admin/behaviors",
                        Icon::Eye,
                        Place::Behaviors,
                    ),
                ],
            ),
            (
                t.nav_operation,
                vec![
                    link(t.nav_log, "/admin/log", Icon::Log, Place::Log),
                    link(t.nav_keys, "/admin/keys", Icon::Key, Place::Keys),
                    link(
                        t.nav_settings,
                        "/admin/settings",
                        Icon::Settings,
                        Place::Settings,
                    ),
                ],
            ),
        ];
        let opened = groups.into_iter().map(|(title, links)| NavGroup {
            title,
            links: links
                .into_iter()
                .filter(|(place, _)| self.may(place.to_open()))
                .map(|(_, link)| link)
                .collect(),
        });
        opened.filter(|group| !group.links.is_empty()).collect()
    }
}

/// A link of a navigation.
#[derive(Clone, Debug)]
pub struct NavLink {
    /// What it is called.
    pub label: &'static str,
    /// Where it leads, after the path prefix.
    pub href: &'static str,
    /// Its picture.
    pub icon: Icon,
    /// Whether the page is there.
    pub is_here: bool,
}

impl NavLink {
    fn new(label: &'static str, href: &'static str, icon: Icon, is_here: bool) -> NavLink {
        NavLink {
            label,
            href,
            icon,
            is_here,
        }
    }
}

/// Links that belong together.
#[derive(Clone, Debug)]
pub struct NavGroup {
    /// What they are about, or empty.
    pub title: &'static str,
    /// In order.
    pub links: Vec<NavLink>,
}

/// Where in the navigation a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the page that it names")]
pub enum Place {
    Elsewhere,
    MyApps,
    Profile,
    Security,
    Sessions,
    Consents,
    Activity,
    Home,
    People,
    Groups,
    Administrators,
    Apps,
    Servers,
    Policies,
    Simulate,
    Zones,
    Behaviors,
    Log,
    Keys,
    Settings,
}

impl Place {
    fn is_account(self) -> bool {
        matches!(
            self,
            Place::Profile | Place::Security | Place::Sessions | Place::Consents | Place::Activity
        )
    }

    fn is_admin(self) -> bool {
        !self.is_account() && !matches!(self, Place::MyApps | Place::Elsewhere)
    }

    /// What opens a page of the administration.
    fn to_open(self) -> Right {
        match self {
            Place::Log => Right::SeeLog,
            // Whoever has roles over a part of the organisation alone opens these, for what lies within.
            Place::People => Right::SeePeople,
            Place::Groups => Right::SeeGroups,
            Place::Apps => Right::SeeApps,
            _ => Right::SeeDirectory,
        }
    }

    /// What lets the reader change what is there; nothing where there is nothing to be changed.
    fn to_change(self) -> Option<Right> {
        let right = match self {
            Place::People => Right::ChangePeople,
            Place::Groups => Right::ChangeGroups,
            Place::Apps => Right::ChangeApps,
            Place::Servers => Right::ChangeServers,
            Place::Policies | Place::Zones | Place::Behaviors => Right::ChangePolicies,
            Place::Keys => Right::ChangeKeys,
            Place::Home | Place::Administrators | Place::Settings => Right::ChangeOrg,
            Place::Elsewhere
            | Place::MyApps
            | Place::Profile
            | Place::Security
            | Place::Sessions
            | Place::Consents
            | Place::Activity
            | Place::Simulate
            | Place::Log => return None,
        };
        Some(right)
    }
}

/// Says where pages stand in the navigation, for their layout: `here!(PeoplePage => People, …)`.
macro_rules! here {
    ($($page:ident => $place:ident),+ $(,)?) => {
        $(impl $page {
            fn here(&self) -> $crate::view::shell::Place {
                $crate::view::shell::Place::$place
            }
        })+
    };
}
pub(crate) use here;
