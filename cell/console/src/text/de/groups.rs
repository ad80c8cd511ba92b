//! German: groups and administrators.

use crate::text::en::groups::Groups;

pub const GROUPS: Groups = Groups {
    about: "Personen gemeinsam, damit Apps und Regeln sie gemeinsam erreichen.",
    new: "Neue Gruppe",
    search: "Gruppen nach Namen suchen",
    empty: "Noch keine Gruppen",
    empty_about: "Legen Sie eine für ein Team an, oder für alle, die eine App benutzen.",
    members: "Mitglieder",
    tab_members: "Mitglieder",
    tab_apps: "Apps",
    tab_settings: "Einstellungen",
    members_add: "Personen hinzufügen",
    members_search: "Mitglieder suchen",
    members_empty: "Noch keine Mitglieder",
    members_empty_about: "Suchen Sie oben und fügen Sie Personen hinzu.",
    apps_empty: "Keine Apps",
    apps_empty_about: "Jedes Mitglied darf die Apps der Gruppe benutzen.",
    delete: "Gruppe löschen",
    delete_about: "Ihre Mitglieder bleiben und verlieren die Apps, die nur diese Gruppe ihnen gab.",
    delete_question: "Das lässt sich nicht rückgängig machen.",
    administrators_about: "Wer diese Organisation ansehen und ändern darf. Diese Personen melden sich nie mit einem Passwort allein an.",
    administrator_add: "Verwaltung vergeben",
    administrator_add_about: "Wer neu ist, darf ansehen und nichts ändern; vergeben Sie danach die Rollen.",
    administrator_remove_question: "Die Person behält ihr Konto und verliert die Verwaltung sofort.",
    roles_held: "Rollen",
    role_change: "Rollen ändern",
    roles: "Was die Rollen dürfen",
    since: "Seit",
};
