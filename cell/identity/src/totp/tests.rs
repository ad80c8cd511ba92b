//! The RFC's vectors, single use, the window, and what apps and phones read.

use proptest::prelude::{any, proptest};
use vocab::entropy::SeededEntropy;
use vocab::time::Timestamp;

use super::qr::{QrTooLong, render_qr};
use super::{STEP_SECS, TotpSeed, code_at, decide_totp};

fn seed() -> TotpSeed {
    TotpSeed::from_bytes(b"12345678901234567890").unwrap()
}

fn code(step: i64) -> String {
    format!("{:06}", code_at(&seed(), step))
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_seconds(secs)
}

#[test]
fn vectors_of_rfc_6238_and_rfc_4226() {
    // RFC 6238 appendix B shows eight digits; six are the last six of them.
    let rfc_6238 = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];
    for (secs, expected) in rfc_6238 {
        assert_eq!(code(secs / STEP_SECS), expected, "at {secs}");
        assert_eq!(
            decide_totp(&seed(), expected, at(secs), None),
            Some(secs / STEP_SECS)
        );
    }
    let rfc_4226 = [
        755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489,
    ];
    for (step, expected) in (0..).zip(rfc_4226) {
        assert_eq!(code_at(&seed(), step), expected, "step {step}");
    }
}

#[test]
fn a_code_is_good_one_step_before_and_after_and_no_further() {
    let now = at(1_000 * STEP_SECS + 7);
    for step in 990..1_010 {
        let expected = (999..=1_001).contains(&step).then_some(step);
        assert_eq!(
            decide_totp(&seed(), &code(step), now, None),
            expected,
            "step {step}"
        );
    }
}

#[test]
fn a_step_is_used_once_and_no_earlier_one_after_it() {
    let now = at(1_000 * STEP_SECS);
    let table = [
        (None, 1_000, Some(1_000)),
        (Some(998), 999, Some(999)),
        (Some(999), 999, None),
        (Some(999), 1_000, Some(1_000)),
        (Some(1_000), 999, None),
        (Some(1_000), 1_000, None),
        (Some(1_000), 1_001, Some(1_001)),
        (Some(1_001), 1_001, None),
        (Some(i64::MAX), 1_001, None),
    ];
    for (last_step, step, expected) in table {
        assert_eq!(
            decide_totp(&seed(), &code(step), now, last_step),
            expected,
            "{step} after {last_step:?}"
        );
    }
}

#[test]
fn codes_are_read_as_people_type_them() {
    let now = at(59);
    for text in ["287082", "287 082", " 287082 ", "2 8 7 0 8 2"] {
        assert_eq!(decide_totp(&seed(), text, now, None), Some(1), "{text}");
    }
    for text in [
        "",
        "28708",
        "2870820",
        "94287082",
        "28708a",
        "+87082",
        "-87082",
        "２８７０８２",
        "287082             ",
    ] {
        assert_eq!(decide_totp(&seed(), text, now, None), None, "{text}");
    }
}

#[test]
fn the_first_step_of_time_has_no_predecessor() {
    assert_eq!(decide_totp(&seed(), &code(0), at(0), None), Some(0));
    assert_eq!(decide_totp(&seed(), &code(-1), at(0), None), None);
}

#[test]
fn base32_as_rfc_4648_writes_it() {
    // The RFC's seed, and lengths that do not fill a block of five.
    assert_eq!(
        seed().to_base32().expose(),
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    );
    let sixteen = TotpSeed::from_bytes(b"foobarfoobarfoob").unwrap();
    assert_eq!(sixteen.to_base32().expose(), "MZXW6YTBOJTG633CMFZGM33PMI");
}

#[test]
fn seeds_of_other_lengths_are_refused() {
    for (length, accepted) in [
        (0, false),
        (15, false),
        (16, true),
        (20, true),
        (64, true),
        (65, false),
    ] {
        assert_eq!(
            TotpSeed::from_bytes(&vec![1; length]).is_some(),
            accepted,
            "{length} bytes"
        );
    }
}

#[test]
fn new_seeds_are_full_length_and_differ() {
    let entropy = SeededEntropy::new(4);
    let (one, two) = (TotpSeed::generate(&entropy), TotpSeed::generate(&entropy));
    assert_eq!(one.expose().len(), 20);
    assert_ne!(one.expose(), two.expose());
}

#[test]
fn the_address_for_the_app() {
    assert_eq!(
        seed().to_uri("Acme & Söhne", "ada@example.com").expose(),
        "otpauth://totp/Acme%20%26%20S%C3%B6hne:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
         &issuer=Acme%20%26%20S%C3%B6hne&algorithm=SHA1&digits=6&period=30"
    );
}

#[test]
fn the_longest_address_still_makes_a_readable_code() {
    let uri = TotpSeed::from_bytes(&[7; 64])
        .unwrap()
        .to_uri(&"i".repeat(90), &"a".repeat(90));
    let drawn = render_qr(uri.expose()).unwrap();
    assert!(drawn.side <= 85, "{}", drawn.side);
    assert_eq!(render_qr(&"x".repeat(1_000)), Err(QrTooLong));
}

#[test]
fn the_picture_is_one_path_without_inline_style() {
    let drawn = render_qr("otpauth://totp/a?secret=b").unwrap();
    let svg = drawn.to_svg("QR \"code\" <for> R&D");
    assert!(!svg.contains("style") && svg.matches("<path").count() == 1);
    assert!(svg.contains("aria-label=\"QR &quot;code&quot; &lt;for&gt; R&amp;D\""));
    // The upper edge of the finder pattern in the corner: seven dark modules behind the border of four.
    assert!(drawn.path.starts_with("M4,4h7v1h-7z"), "{}", drawn.path);
    assert_eq!(
        dark_modules(&drawn.path),
        dark_modules_of("otpauth://totp/a?secret=b")
    );
}

fn dark_modules(path: &str) -> usize {
    let runs = path
        .split('h')
        .skip(1)
        .filter_map(|run| run.split_once('v'));
    runs.map(|(length, _)| length.parse::<usize>().unwrap())
        .sum()
}

fn dark_modules_of(text: &str) -> usize {
    let code = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium).unwrap();
    let all = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    all.filter(|(x, y)| code.get_module(*x, *y)).count()
}

proptest! {
    #[test]
    fn any_text_is_judged(text in any::<String>(), secs in any::<i64>(), last in any::<Option<i64>>()) {
        let _ = decide_totp(&seed(), &text, Timestamp::from_micros(secs), last);
    }

    #[test]
    fn an_accepted_step_is_never_accepted_again(step in 1_i64..1_000_000, drift in -1_i64..=1, later in 0_i64..90) {
        let now = at(step * STEP_SECS);
        let code = code(step + drift);
        let accepted = decide_totp(&seed(), &code, now, None).unwrap();
        assert_eq!(decide_totp(&seed(), &code, now.plus_secs(later), Some(accepted)).filter(|again| *again <= accepted), None);
    }

    #[test]
    fn any_text_is_drawn_or_refused(text in any::<String>()) {
        let _ = render_qr(&text);
    }
}
