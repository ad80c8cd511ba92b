//! German: what a role is held over, and the roles of groups.

use crate::text::en::targets::Targets;

/// The German wording.
pub const TARGETS: Targets = Targets {
    of_role: "Ziele: {role}",
    open: "Ziele",
    whole: "Diese Rolle gilt für alles. Mit dem ersten Ziel gilt sie nur noch für ihre Ziele.",
    narrowed: "Diese Rolle gilt für das, was hier steht, und für nichts anderes.",
    nothing: "Worüber diese Rolle galt, gibt es nicht mehr; sie erreicht nichts. Fügen Sie ein Ziel hinzu, oder entziehen Sie die Rolle.",
    own: "Das ist Ihre eigene Rolle: Jemand anderes aus der Verwaltung kann sie ändern.",
    targets: "Ziele",
    none: "Keine Ziele.",
    group_add: "Gruppe hinzufügen",
    app_add: "App hinzufügen",
    every_app: "Jede App",
    every_app_about: "Auch die, die später dazukommen.",
    every_app_add: "Jede App hinzufügen",
    remove_question: "Die Rolle gilt dafür sofort nicht mehr. Das letzte Ziel bleibt: Entziehen Sie stattdessen die Rolle.",
    widen: "Für alles vergeben",
    widen_about: "Alle Ziele fallen weg, und die Rolle erlaubt alles, was sie erlauben kann.",
    tab_roles: "Rollen",
    group_about: "Wer in dieser Gruppe ist, hat diese Rollen, solange es so ist. Dann ändert nur die Hauptverwaltung, wer darin ist, und keine Regel füllt sie.",
    group_none: "Diese Gruppe gibt keine Rolle.",
    group_add_role: "Rolle geben",
    group_remove_question: "Jedes Mitglied verliert sofort, was nur diese Rolle erlaubt.",
};
