//! German: what is wrong with a custom role or a resource set, by the English words of the layers below.

/// By the English pattern.
pub const PROBLEMS: &[(&str, &str)] = &[
    ("custom roles", "eigene Rollen"),
    ("resource sets", "Ressourcenmengen"),
    ("resources of a set", "Ressourcen einer Menge"),
    ("members of a binding", "Mitglieder einer Bindung"),
    (
        "custom roles of one person or group",
        "eigene Rollen einer Person oder Gruppe",
    ),
    (
        "members of a group with a role",
        "Mitglieder einer Gruppe mit einer Rolle",
    ),
    (
        "use 1 to 50 characters on one line",
        "Verwenden Sie 1 bis 50 Zeichen in einer Zeile",
    ),
    (
        "it would not be told from an id or an address",
        "Das wäre von einer Kennung oder einer Adresse nicht zu unterscheiden",
    ),
    (
        "groups with a role of one person",
        "Gruppen mit einer Rolle bei einer Person",
    ),
    ("targets of a role", "Ziele einer Rolle"),
    (
        "this role is not narrowed by such a target",
        "Ein solches Ziel engt diese Rolle nicht ein",
    ),
    (
        "a narrowed role keeps one target at least; take the role, and give it anew for everything",
        "Eine eingeengte Rolle behält mindestens ein Ziel; entziehen Sie die Rolle und geben Sie sie neu für alles",
    ),
    (
        "every app of this kind is a target already",
        "Jede App dieser Art ist bereits ein Ziel",
    ),
    ("name one at least", "Nennen Sie mindestens eine"),
    ("there is nothing that is called so", "So heißt hier nichts"),
    ("there is nothing {name}", "Es gibt nichts namens {name}"),
    (
        "somebody holds this role; take it from them before",
        "Jemand hat diese Rolle; entziehen Sie sie zuvor",
    ),
    (
        "somebody holds a role over it; take it from them before",
        "Jemand hat eine Rolle darüber; entziehen Sie sie zuvor",
    ),
    (
        "a group that a rule fills gives nobody a role: it would be given by whoever changes profiles",
        "Eine Gruppe, die eine Regel füllt, gibt niemandem eine Rolle: Es gäbe sie, wer Profile ändert",
    ),
    (
        "a group that holds an administrator role is filled by hand alone",
        "Eine Gruppe mit einer Verwaltungsrolle wird nur von Hand gefüllt",
    ),
    (
        "in this group you could do more to the person than you can now; somebody above you can add them",
        "In dieser Gruppe dürften Sie mit der Person mehr tun als jetzt; jemand über Ihnen kann sie hinzufügen",
    ),
    (
        "a rule that fills groups asks about this group; somebody above you can change it",
        "Eine Regel, die Gruppen füllt, fragt nach dieser Gruppe; jemand über Ihnen kann sie ändern",
    ),
    (
        "this decides who has an administrator role; only a super administrator changes it",
        "Das entscheidet, wer eine Verwaltungsrolle hat; nur die Hauptverwaltung ändert es",
    ),
    (
        "there is no order among the people of resource sets",
        "Die Personen von Ressourcenmengen haben keine Reihenfolge",
    ),
    (
        "there is no order among the groups of resource sets",
        "Die Gruppen von Ressourcenmengen haben keine Reihenfolge",
    ),
    (
        "apps of resource sets are not found by whom they are assigned to",
        "Apps von Ressourcenmengen findet man nicht danach, wem sie zugewiesen sind",
    ),
    (
        "a rule fills this group, and would rest without it; somebody above you can remove it",
        "Eine Regel füllt diese Gruppe und ruhte ohne sie; jemand über Ihnen kann sie entfernen",
    ),
    (
        "the type of somebody decides what their profile holds; whoever may manage them in all ways can change it",
        "Der Typ von jemandem entscheidet, was das Profil enthält; wer diese Person in jeder Hinsicht verwalten darf, kann ihn ändern",
    ),
    (
        "by a login or a mail address one gets in as somebody; whoever may manage them in all ways can change it",
        "Mit einem Anmeldenamen oder einer Mailadresse kommt man als jemand herein; ändern kann sie, wer die Person in allem verwalten darf",
    ),
    (
        "hooks are not yours to see; somebody who may see them can name another one",
        "Hooks dürfen Sie nicht sehen; wer sie sehen darf, kann einen anderen nennen",
    ),
    (
        "they are in this group by a rule that fills groups out of your reach, too; somebody above you can take them out",
        "In dieser Gruppe sind sie durch eine Regel, die auch Gruppen füllt, die Sie nicht erreichen; jemand über Ihnen kann sie herausnehmen",
    ),
    (
        "this group gives its members an administrator role; no app changes it, whatever its scopes",
        "Diese Gruppe gibt ihren Mitgliedern eine Verwaltungsrolle; keine Anwendung ändert sie, was immer ihre Scopes sind",
    ),
    (
        "this person has an administrator role; no app changes how they get in, whatever its scopes",
        "Diese Person hat eine Verwaltungsrolle; keine Anwendung ändert, wie sie hineinkommt, was immer ihre Scopes sind",
    ),
    (
        "this app has a role or scopes of this API; no app changes it, whatever its scopes",
        "Diese Anwendung hat eine Rolle oder Scopes dieser API; keine Anwendung ändert sie, was immer ihre Scopes sind",
    ),
    (
        "this opens the app to everybody, or to them no more; somebody who may assign it to everybody can do it",
        "Das öffnet die Anwendung für alle oder nicht mehr; es kann tun, wer sie allen zuweisen darf",
    ),
];
