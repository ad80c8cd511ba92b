//! German: error pages and the local mailbox.

use crate::text::en::trouble::Trouble;

pub const TROUBLE: Trouble = Trouble {
    not_found_title: "Hier ist nichts",
    not_found_about: "Vielleicht ist die Adresse vertippt, oder was hier war, ist fort.",
    forbidden_title: "Das dürfen Sie nicht",
    forbidden_about: "Ihrem Konto fehlt das Recht dazu. Ihre Verwaltung kann es geben.",
    bad_request_title: "Diese Anfrage ergibt keinen Sinn",
    bad_request_about: "Die Anwendung, die Sie hierher geschickt hat, fragt so, dass es keine Antwort gibt. Wer sie betreibt, braucht die Worte unten.",
    expired_title: "Das ist abgelaufen",
    expired_about: "Der Link oder das Formular ist zu alt oder wurde schon benutzt. Beginnen Sie von vorn.",
    too_many_title: "Etwas langsamer, bitte",
    too_many_about: "Es gab viele Versuche in kurzer Zeit. Warten Sie eine Minute und versuchen Sie es dann noch einmal.",
    refused_title: "Hier können Sie sich nicht anmelden",
    refused_about: "Die Richtlinie Ihrer Organisation lässt Sie von hier aus nicht hinein. Ihre Verwaltung kann sehen, warum.",
    fault_title: "Bei uns ist etwas kaputtgegangen",
    fault_about: "Es ist aufgeschrieben und wird angesehen. Versuchen Sie es gleich noch einmal.",
    unavailable_title: "Gleich wieder da",
    unavailable_about: "Der Dienst startet oder wird gewartet. Versuchen Sie es in Kürze noch einmal.",
    go_on: "Weiter",
    reference: "Kennung",
    mailbox_title: "Lokales Postfach",
    mailbox_about: "Es ist kein Mailserver eingerichtet, darum liegen Nachrichten auf diesem Rechner und werden nur ihm gezeigt.",
    mailbox_empty: "Noch keine Post",
    mailbox_empty_about: "Einladungen, Codes und Hinweise erscheinen hier.",
    mail_from: "Von",
    mail_to: "An",
    mail_at: "Gesendet",
};
