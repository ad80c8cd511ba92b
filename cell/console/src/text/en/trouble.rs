//! English: error pages and the local mailbox.

messages! {
    /// Error pages and the local mailbox.
    Trouble, TROUBLE {
        not_found_title: "There is nothing here",
        not_found_about: "The address may be mistyped, or what was here is gone.",
        forbidden_title: "This is not yours to do",
        forbidden_about: "Your account lacks the right for it. Your administrator can give it.",
        bad_request_title: "That request made no sense",
        bad_request_about: "The application that sent you here asked in a way that cannot be answered. Its operator needs the words below.",
        not_possible_title: "That is not possible now",
        not_possible_about: "Nothing was changed. This is why:",
        expired_title: "This has run out",
        expired_about: "The link or form is too old, or was used before. Begin again.",
        too_many_title: "Slow down a little",
        too_many_about: "There were many tries in a short time. Wait a minute, then try again.",
        refused_title: "You cannot sign in here",
        refused_about: "The policy of your organisation does not let you in from here. Your administrator can see why.",
        blocked_title: "Nothing is served to your network",
        blocked_about: "Your organisation has blocked the address that you come from. Try another network, or ask your administrator.",
        threat_title: "No sign-in from your network right now",
        threat_about: "Too many names have failed to sign in from the address that you come from. That ends by itself in half an hour at most. Meanwhile you get in with a passkey, on a device on which you have signed in before, or by a link that is mailed to you. If it comes again, tell your administrator.",
        fault_title: "Something broke on our side",
        fault_about: "It is written down and will be looked at. Try again in a moment.",
        unavailable_title: "Back in a moment",
        unavailable_about: "The service is starting or being looked after. Try again shortly.",
        go_on: "Go on",
        reference: "Reference",
        mailbox_title: "Local mailbox",
        mailbox_about: "No mail server is set up, so messages are kept on this machine and shown to this machine only.",
        mailbox_empty: "No mail yet",
        mailbox_empty_about: "Invitations, codes and notices appear here.",
        mail_from: "From",
        mail_to: "To",
        mail_at: "Sent",
    }
}
