//! Tables of what may be trusted, and of what is.

use super::{
    ORIGINS_MAX, OriginInput, Trust, TrustedOrigin, TrustedUse, decide_origin, decide_redirect,
    is_trusted, parse_origin,
};
use crate::fault::Refusal;
use vocab::entropy::SeededEntropy;
use vocab::id::TrustedOriginId;
use vocab::time::Timestamp;

const BOTH: Trust = Trust {
    cors: true,
    redirect: true,
};
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn origin(name: &str, origin: &str, trust: Trust, active: bool, seed: u64) -> TrustedOrigin {
    TrustedOrigin {
        id: TrustedOriginId::generate(&SeededEntropy::new(seed)),
        name: name.into(),
        origin: origin.into(),
        trust,
        active,
        created_at: NOW,
        updated_at: NOW,
    }
}

#[test]
fn an_origin_is_scheme_and_host_and_nothing_more() {
    for (text, expected) in [
        ("https://app.example.com", Some("https://app.example.com")),
        (
            " https://APP.example.com/ ",
            Some("https://app.example.com"),
        ),
        (
            "https://app.example.com:443",
            Some("https://app.example.com"),
        ),
        (
            "https://app.example.com:8443",
            Some("https://app.example.com:8443"),
        ),
        (
            "https://bücher.example",
            Some("https://xn--bcher-kva.example"),
        ),
        ("https://[2001:db8::1]", Some("https://[2001:db8::1]")),
        ("http://localhost:3000", Some("http://localhost:3000")),
        ("http://app.localhost", Some("http://app.localhost")),
        ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
        ("http://[::1]:3000", Some("http://[::1]:3000")),
        ("http://app.example.com", None),
        ("http://10.0.0.1", None),
        ("http://localhost.example.com", None),
        ("https://app.example.com/path", None),
        ("https://app.example.com?q", None),
        ("https://app.example.com#f", None),
        ("https://ada@app.example.com", None),
        ("https://*.example.com", None),
        ("https:app.example.com", None),
        ("https://", None),
        ("app.example.com", None),
        ("//app.example.com", None),
        ("null", None),
        ("*", None),
        ("file:///", None),
        ("javascript://app.example.com", None),
        ("", None),
    ] {
        assert_eq!(parse_origin(text).ok().as_deref(), expected, "{text}");
    }
    let long = format!("https://{}.example", "a".repeat(300));
    assert!(parse_origin(&long).is_err());
}

#[test]
fn only_what_is_listed_and_switched_on_is_trusted_and_with_nothing_else() {
    let cors = Trust {
        cors: true,
        redirect: false,
    };
    let redirect = Trust {
        cors: false,
        redirect: true,
    };
    let all = [
        origin("a", "https://a.example", cors, true, 1),
        origin("b", "https://b.example", redirect, true, 2),
        origin("c", "https://c.example", BOTH, false, 3),
    ];
    for (asked, read, sent) in [
        ("https://a.example", true, false),
        ("https://b.example", false, true),
        ("https://c.example", false, false),
        ("https://A.example", false, false),
        ("https://a.example/", false, false),
        ("http://a.example", false, false),
        ("https://a.example.evil", false, false),
        ("null", false, false),
        ("", false, false),
    ] {
        assert_eq!(is_trusted(&all, asked, TrustedUse::Cors), read, "{asked}");
        assert_eq!(
            is_trusted(&all, asked, TrustedUse::Redirect),
            sent,
            "{asked}"
        );
    }
}

#[test]
fn a_browser_is_sent_to_pages_of_trusted_sites_alone() {
    let all = [origin("b", "https://b.example", BOTH, true, 1)];
    for (address, expected) in [
        ("https://b.example", Some("https://b.example/")),
        (
            "https://b.example/in?x=1#y",
            Some("https://b.example/in?x=1#y"),
        ),
        ("https://B.example:443/in", Some("https://b.example/in")),
        // A back slash is a slash to browsers: what is decided on is what they will understand.
        (
            "https://b.example\\@evil.example",
            Some("https://b.example/@evil.example"),
        ),
        ("https://b.example@evil.example", None),
        ("https://ada@b.example", None),
        ("https://evil.example/b.example", None),
        ("http://b.example", None),
        ("//b.example", None),
        ("javascript:alert(1)", None),
        ("", None),
    ] {
        let decided = decide_redirect(&all, address);
        assert_eq!(decided.as_deref(), expected, "{address}");
    }
}

#[test]
fn names_and_origins_stand_once_and_there_are_only_so_many() {
    let input = |name: &str, origin: &str, trust| OriginInput {
        name: name.into(),
        origin: origin.into(),
        trust,
    };
    let present = [origin("Shop", "https://shop.example", BOTH, true, 1)];
    let field = |outcome: Result<OriginInput, Refusal>| match outcome {
        Ok(_) => "",
        Err(Refusal::Invalid { field, .. } | Refusal::Taken { field }) => field,
        Err(other) => panic!("{other:?}"),
    };
    let none = Trust {
        cors: false,
        redirect: false,
    };
    for (asked, expected) in [
        (input("Other", "https://other.example", BOTH), ""),
        (input("SHOP ", "https://other.example", BOTH), "name"),
        (input(" ", "https://other.example", BOTH), "name"),
        (input("Other", "https://SHOP.example/", BOTH), "origin"),
        (input("Other", "https://other.example", none), "scopes"),
    ] {
        assert_eq!(
            field(decide_origin(&asked, &present, None)),
            expected,
            "{asked:?}"
        );
    }
    let same = input("Shop", "https://shop.example", BOTH);
    assert!(decide_origin(&same, &present, Some(&present[0].id)).is_ok());
    let many: Vec<TrustedOrigin> = (0..ORIGINS_MAX)
        .map(|n| {
            origin(
                &format!("n{n}"),
                &format!("https://n{n}.example"),
                BOTH,
                true,
                n as u64,
            )
        })
        .collect();
    let refused = decide_origin(&same, &many, None);
    assert!(matches!(
        refused,
        Err(Refusal::TooMany {
            max: ORIGINS_MAX,
            ..
        })
    ));
}
