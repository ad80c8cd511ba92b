//! German: the description of the API.

use crate::text::en::reference::Reference;

pub const REFERENCE: Reference = Reference {
    title: "Verwaltungsschnittstelle",
    about: "Alles, was Skripte und Programme in dieser Organisation tun können. Was hier beschrieben ist, wird bedient: nichts anderes, und nichts bleibt ohne Wirkung. Die Beschreibung ist englisch.",
    document: "OpenAPI-Dokument",
    areas: "Bereiche",
    begin: "Der erste Aufruf",
    begin_about: "Jeder Aufruf trägt ein API-Token, das mit den Rollen seines Inhabers handelt; oder das Zugriffstoken einer App, die für sich selbst handelt und dafür den Scope der Operation und eine eigene Rolle braucht.",
    scope: "Scope",
    roles: "Rollen",
    every_role: "jede Rolle",
    no_token: "Es braucht kein Token.",
    parameters: "Parameter",
    in_path: "im Pfad",
    in_query: "in der Abfrage",
    in_header: "in einer Kopfzeile",
    required: "erforderlich",
    body: "Inhalt",
    answers: "Antworten",
    shapes: "Formen",
    errors: "Fehler",
    errors_about: "Was die Nummern der Fehler bedeuten. Jede Antwort nennt außerdem ihre Gründe.",
    shapes_about: "Wie Inhalte und Antworten aussehen. Antworten können mit der Zeit mehr Felder haben: Lassen Sie außer Acht, was Sie nicht kennen.",
};
