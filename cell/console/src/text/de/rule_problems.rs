//! German: what is wrong with a rule that fills groups, by the English words of the layers below.

/// By the English pattern.
pub const PROBLEMS: &[(&str, &str)] = &[
    (
        "use 1 to 50 characters on one line",
        "Verwenden Sie 1 bis 50 Zeichen in einer Zeile",
    ),
    (
        "the expression is longer than 4,096 bytes",
        "Der Ausdruck ist länger als 4.096 Bytes",
    ),
    (
        "column {column}: this is nested too deeply",
        "Spalte {column}: Das ist zu tief verschachtelt",
    ),
    (
        "column {column}: these are too many parts",
        "Spalte {column}: Das sind zu viele Teile",
    ),
    (
        "column {column}: a value is missing",
        "Spalte {column}: Hier fehlt ein Wert",
    ),
    (
        "column {column}: {name} is missing",
        "Spalte {column}: Hier fehlt {name}",
    ),
    (
        "column {column}: {name} means nothing here",
        "Spalte {column}: {name} bedeutet hier nichts",
    ),
    (
        "column {column}: this text does not end",
        "Spalte {column}: Dieser Text endet nicht",
    ),
    (
        "column {column}: this number is too large",
        "Spalte {column}: Diese Zahl ist zu groß",
    ),
    (
        "column {column}: nothing more is expected here",
        "Spalte {column}: Hier darf nichts mehr stehen",
    ),
    (
        "column {column}: there is no {name}",
        "Spalte {column}: {name} gibt es nicht",
    ),
    (
        "column {column}: {name} takes another number of values",
        "Spalte {column}: {name} nimmt eine andere Zahl von Werten",
    ),
    (
        "column {column}: this must be a text",
        "Spalte {column}: Das muss ein Text sein",
    ),
    (
        "column {column}: this must be a number",
        "Spalte {column}: Das muss eine Zahl sein",
    ),
    (
        "column {column}: this must be a list",
        "Spalte {column}: Das muss eine Liste sein",
    ),
    (
        "column {column}: this must be true or false",
        "Spalte {column}: Das muss wahr oder falsch sein",
    ),
    (
        "column {column}: these two are never equal",
        "Spalte {column}: Diese beiden sind nie gleich",
    ),
    (
        "column {column}: these two have no order",
        "Spalte {column}: Diese beiden haben keine Reihenfolge",
    ),
    (
        "column {column}: name the group by a text in quotation marks",
        "Spalte {column}: Nennen Sie die Gruppe durch einen Text in Anführungszeichen",
    ),
    (
        "name at least one group",
        "Nennen Sie mindestens eine Gruppe",
    ),
    ("groups of one rule", "Gruppen einer Regel"),
    (
        "people whom a rule passes over",
        "Personen, die eine Regel übergeht",
    ),
    ("group rules", "Gruppenregeln"),
    (
        "it asks about the group {group}, which the rule {name} fills; rules see memberships by hand alone",
        "Sie fragt nach der Gruppe {group}, die die Regel {name} füllt; Regeln sehen nur Mitgliedschaften von Hand",
    ),
    (
        "the rule {name} asks about the group {group}, which this one would fill; rules see memberships by hand alone",
        "Die Regel {name} fragt nach der Gruppe {group}, die diese füllen würde; Regeln sehen nur Mitgliedschaften von Hand",
    ),
    (
        "with this one, the rules that are on could take more than {steps} steps for one person; each isMemberOfGroupNameContains takes {groups}, and the other functions for groups take one for each group that they name",
        "Mit dieser könnten die eingeschalteten Regeln mehr als {steps} Schritte für eine Person brauchen; jedes isMemberOfGroupNameContains braucht {groups}, und die anderen Funktionen für Gruppen brauchen einen für jede Gruppe, die sie nennen",
    ),
    (
        "a rule that is on cannot be changed; deactivate it first",
        "Eine eingeschaltete Regel lässt sich nicht ändern; schalten Sie sie zuerst aus",
    ),
    (
        "a group that this rule fills is no more; change the rule first",
        "Eine Gruppe, die diese Regel füllt, gibt es nicht mehr; ändern Sie zuerst die Regel",
    ),
    (
        "a rule that is on cannot be removed; deactivate it first",
        "Eine eingeschaltete Regel lässt sich nicht löschen; schalten Sie sie zuerst aus",
    ),
];
