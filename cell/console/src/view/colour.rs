//! The organisation's colour and the style sheet made from it.
//!
//! A brand colour is whatever it is; text on it and text in it must be readable all the same. From one sRGB colour this
//! derives the few tones that the pages use, in OKLCH (lightness, chroma, hue: equal steps look equal), and moves the
//! lightness until the contrast ratios of WCAG 2.2 AA hold against every ground the tone stands on, light and dark.

use std::fmt::Write;

/// The least contrast of text (WCAG 2.2, 1.4.3 AA) with a little room for rounding.
const TEXT_CONTRAST_MIN: f64 = 4.6;
/// The least contrast of a filled control against the page (1.4.11 AA), likewise.
const FILL_CONTRAST_MIN: f64 = 3.05;
/// How far the lightness moves per trial.
const LIGHTNESS_STEP: f64 = 0.005;

/// A colour in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent {
    rgb: [u8; 3],
}

impl Default for Accent {
    /// The product's own green.
    fn default() -> Accent {
        Accent {
            rgb: [0x2f, 0x6f, 0x4f],
        }
    }
}

impl Accent {
    /// Reads `#2f6f4f` or `2f6f4f`; anything else is no colour.
    #[must_use]
    pub fn parse(text: &str) -> Option<Accent> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Accent {
            rgb: [red, green, blue],
        })
    }

    /// Six hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(self.rgb)
    }
}

/// The grounds on which a tone must be readable, as `testudo.css` defines them.
struct Grounds {
    page: [u8; 3],
    card: [u8; 3],
    inset: [u8; 3],
}

const LIGHT: Grounds = Grounds {
    page: [0xf7, 0xf7, 0xf3],
    card: [0xff, 0xff, 0xff],
    inset: [0xf0, 0xf0, 0xea],
};
const DARK: Grounds = Grounds {
    page: [0x11, 0x13, 0x12],
    card: [0x1a, 0x1d, 0x1b],
    inset: [0x23, 0x27, 0x25],
};

/// The tones of one mode.
struct Tones {
    fill: [u8; 3],
    fill_strong: [u8; 3],
    on_fill: [u8; 3],
    text: [u8; 3],
    soft: [u8; 3],
    line: [u8; 3],
}

/// Renders the organisation's style sheet: custom properties only, for both modes.
#[must_use]
pub fn render_org_css(accent: Accent) -> String {
    let mut out = String::with_capacity(640);
    out.push_str(":root{");
    write_tones(&mut out, &light_tones(accent));
    out.push_str("}\n@media (prefers-color-scheme:dark){:root{");
    write_tones(&mut out, &dark_tones(accent));
    out.push_str("}}\n");
    out
}

fn write_tones(out: &mut String, tones: &Tones) {
    let names = [
        ("accent", tones.fill),
        ("accent-strong", tones.fill_strong),
        ("on-accent", tones.on_fill),
        ("accent-text", tones.text),
        ("accent-soft", tones.soft),
        ("accent-line", tones.line),
    ];
    for (name, rgb) in names {
        // Writing to a String cannot fail.
        let _ = write!(out, "--{name}:#{};", hex(rgb));
    }
}

fn light_tones(accent: Accent) -> Tones {
    let own = Oklch::from_rgb(accent.rgb);
    let soft = Oklch {
        lightness: 0.955,
        chroma: own.chroma.min(0.015),
        ..own
    }
    .to_rgb();
    let fill = darken_until(own, |rgb| {
        contrast(rgb, LIGHT.card) >= FILL_CONTRAST_MIN && is_writable(rgb)
    });
    let text = darken_until(own, |rgb| {
        [LIGHT.page, LIGHT.card, LIGHT.inset, soft]
            .iter()
            .all(|ground| contrast(rgb, *ground) >= TEXT_CONTRAST_MIN)
    });
    let on_fill = ink_for(fill);
    Tones {
        fill,
        fill_strong: strong_fill(fill, on_fill, -0.05),
        on_fill,
        text,
        soft,
        line: Oklch {
            lightness: 0.85,
            chroma: own.chroma.min(0.045),
            ..own
        }
        .to_rgb(),
    }
}

fn dark_tones(accent: Accent) -> Tones {
    let own = Oklch::from_rgb(accent.rgb);
    let soft = Oklch {
        lightness: 0.265,
        chroma: own.chroma.min(0.035),
        ..own
    }
    .to_rgb();
    let fill = lighten_until(own.shifted(0.06), |rgb| {
        contrast(rgb, DARK.card) >= FILL_CONTRAST_MIN && is_writable(rgb)
    });
    let text = lighten_until(own, |rgb| {
        [DARK.page, DARK.card, DARK.inset, soft]
            .iter()
            .all(|ground| contrast(rgb, *ground) >= TEXT_CONTRAST_MIN + 0.9)
    });
    Tones {
        fill,
        fill_strong: strong_fill(fill, ink_for(fill), 0.05),
        on_fill: ink_for(fill),
        text,
        soft,
        line: Oklch {
            lightness: 0.42,
            chroma: own.chroma.min(0.045),
            ..own
        }
        .to_rgb(),
    }
}

/// The hovered fill: a little further from the ground where its ink stays readable, else a little nearer.
fn strong_fill(fill: [u8; 3], on_fill: [u8; 3], away: f64) -> [u8; 3] {
    let own = Oklch::from_rgb(fill);
    [own.shifted(away), own.shifted(-away)]
        .map(Oklch::to_rgb)
        .into_iter()
        .find(|tone| contrast(*tone, on_fill) >= TEXT_CONTRAST_MIN)
        .unwrap_or(fill)
}

const WHITE: [u8; 3] = [0xff, 0xff, 0xff];
const INK: [u8; 3] = [0x0e, 0x10, 0x0f];

/// White where it can be read, since filled controls look calmer with it, else near-black.
fn ink_for(fill: [u8; 3]) -> [u8; 3] {
    if contrast(fill, WHITE) >= TEXT_CONTRAST_MIN {
        WHITE
    } else {
        INK
    }
}

fn is_writable(fill: [u8; 3]) -> bool {
    contrast(fill, ink_for(fill)) >= TEXT_CONTRAST_MIN
}

fn darken_until(start: Oklch, is_enough: impl Fn([u8; 3]) -> bool) -> [u8; 3] {
    move_until(start, -LIGHTNESS_STEP, is_enough)
}

fn lighten_until(start: Oklch, is_enough: impl Fn([u8; 3]) -> bool) -> [u8; 3] {
    move_until(start, LIGHTNESS_STEP, is_enough)
}

/// Moves the lightness until the tone is good enough; ends at black or white, which always are.
fn move_until(start: Oklch, step: f64, is_enough: impl Fn([u8; 3]) -> bool) -> [u8; 3] {
    let mut tone = start;
    loop {
        let rgb = tone.to_rgb();
        let next = tone.shifted(step);
        if is_enough(rgb) || next.lightness.total_cmp(&tone.lightness).is_eq() {
            return rgb;
        }
        tone = next;
    }
}

/// The contrast ratio of two colours (WCAG 2.2).
#[must_use]
pub fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(rgb: [u8; 3]) -> f64 {
    let [red, green, blue] = rgb.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

fn gamma(value: f64) -> f64 {
    if value <= 0.003_130_8 {
        value * 12.92
    } else {
        1.055 * value.powf(1.0 / 2.4) - 0.055
    }
}

fn hex(rgb: [u8; 3]) -> String {
    let [red, green, blue] = rgb;
    format!("{red:02x}{green:02x}{blue:02x}")
}

/// A colour by lightness, chroma and hue (the OKLab matrices are those of Björn Ottosson's definition).
#[derive(Clone, Copy, Debug)]
struct Oklch {
    lightness: f64,
    chroma: f64,
    hue: f64,
}

impl Oklch {
    fn from_rgb(rgb: [u8; 3]) -> Oklch {
        let [red, green, blue] = rgb.map(linear);
        let long =
            (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
        let medium =
            (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
        let short =
            (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
        let lightness = 0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short;
        let a = 1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short;
        let b = 0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short;
        Oklch {
            lightness,
            chroma: a.hypot(b),
            hue: b.atan2(a),
        }
    }

    fn shifted(self, by: f64) -> Oklch {
        Oklch {
            lightness: (self.lightness + by).clamp(0.0, 1.0),
            ..self
        }
    }

    /// The nearest sRGB colour of the same lightness and hue: chroma gives way.
    fn to_rgb(self) -> [u8; 3] {
        let mut tone = self;
        loop {
            let linear = tone.to_linear();
            if tone.chroma <= 0.0
                || linear
                    .iter()
                    .all(|value| (-0.000_5..=1.000_5).contains(value))
            {
                return linear.map(|value| (gamma(value.clamp(0.0, 1.0)) * 255.0).round() as u8);
            }
            tone.chroma = (tone.chroma - 0.004).max(0.0);
        }
    }

    fn to_linear(self) -> [f64; 3] {
        let (a, b) = (self.chroma * self.hue.cos(), self.chroma * self.hue.sin());
        let long = (self.lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let medium = (self.lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let short = (self.lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        [
            4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
            -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
            -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Accent, DARK, Grounds, LIGHT, Tones, contrast, dark_tones, light_tones, render_org_css,
    };

    #[test]
    fn only_six_hexadecimal_digits_are_a_colour() {
        for text in [
            "", "#12345", "#1234567", "red", "#12345g", "+12345", "#ffffé",
        ] {
            assert_eq!(Accent::parse(text), None, "{text}");
        }
        assert_eq!(
            Accent::parse("#2F6f4f").map(|accent| accent.hex()),
            Some("2f6f4f".to_owned())
        );
    }

    /// A grid over all of sRGB, from black over every garish corner to white.
    #[test]
    fn every_colour_becomes_readable_in_both_modes() {
        for number in 0..(9_u32 * 9 * 9) {
            let channel = |at: u32| u8::try_from((number / 9_u32.pow(at) % 9) * 255 / 8).unwrap();
            let accent = Accent {
                rgb: [channel(0), channel(1), channel(2)],
            };
            check(accent, &light_tones(accent), &LIGHT);
            check(accent, &dark_tones(accent), &DARK);
        }
    }

    fn check(accent: Accent, tones: &Tones, grounds: &Grounds) {
        let name = accent.hex();
        for ground in [grounds.page, grounds.card, grounds.inset, tones.soft] {
            assert!(contrast(tones.text, ground) >= 4.5, "text of {name}");
        }
        assert!(contrast(tones.fill, tones.on_fill) >= 4.5, "fill of {name}");
        assert!(
            contrast(tones.fill_strong, tones.on_fill) >= 4.5,
            "strong fill of {name}"
        );
        assert!(contrast(tones.fill, grounds.card) >= 3.0, "edge of {name}");
    }

    #[test]
    fn the_sheet_holds_custom_properties_only() {
        let sheet = render_org_css(Accent::default());
        assert!(sheet.starts_with(":root{--accent:#"));
        assert_eq!(sheet.matches("--accent-text:#").count(), 2);
        assert!(!sheet.contains("url("));
    }
}
