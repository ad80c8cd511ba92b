//! Every page in every language: it renders, and the checker has nothing to complain about.
//!
//! With `TESTUDO_PREVIEW_DIR` set, the pages and their assets are written there as well, to be looked at in a browser.

use super::check::complaints;
use super::colour::{Accent, contrast, render_org_css};
use super::fixture::{self, PREFIX};
use crate::assets::{assets, hashed_name};
use crate::text::choice::languages;
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn every_page_keeps_the_rules_in_every_language() {
    let mut found = Vec::new();
    for t in languages() {
        for (name, html) in fixture::pages(t) {
            found.extend(
                complaints(&html, PREFIX)
                    .into_iter()
                    .map(|complaint| format!("{} {name}: {complaint}", t.tag)),
            );
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn data_is_escaped_everywhere() {
    for (name, html) in fixture::pages(languages().first().expect("a language")) {
        assert!(!html.contains(fixture::HOSTILE), "{name}");
    }
}

#[test]
fn names_of_pages_are_unique_and_many() {
    let pages = fixture::pages(languages().first().expect("a language"));
    let names: BTreeMap<_, _> = pages
        .iter()
        .map(|(name, html)| (*name, html.len()))
        .collect();
    assert_eq!(names.len(), pages.len());
    assert!(names.len() > 80, "{}", names.len());
}

/// A reader without the right to change sees no form that would, but for signing out.
#[test]
fn a_reader_is_offered_no_change_in_the_administration() {
    for (name, html) in fixture::read_only_pages(languages().first().expect("a language")) {
        let posts = html.matches("method=\"post\"").count();
        let submits = html
            .matches("class=\"button is-main\" type=\"submit\"")
            .count();
        assert_eq!(
            posts,
            html.matches("/signout\"").count()
                + html.matches("<form class=\"form\" method=\"post\"").count(),
            "{name}"
        );
        assert_eq!(submits, 0, "{name} offers to save");
    }
}

/// The pairs of colours that pages put together, in both blocks of the style sheet.
#[test]
fn the_style_sheet_is_readable_in_both_modes() {
    let css = include_str!("../../assets/testudo.css");
    let blocks: Vec<_> = css
        .split(":root {")
        .skip(1)
        .take(2)
        .map(|block| colours(block.split('}').next().unwrap_or("")))
        .collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        for ground in ["page", "card", "inset"] {
            for text in ["ink", "ink-2", "ink-3", "accent-text", "bad"] {
                assert_contrast(&block, text, ground, 4.5);
            }
            assert_contrast(&block, "edge", ground, 3.0);
        }
        for tone in ["ok", "warn", "bad", "info"] {
            assert_contrast(&block, tone, &format!("{tone}-soft"), 4.5);
            assert_contrast(&block, "ink", &format!("{tone}-soft"), 4.5);
        }
        assert_contrast(&block, "on-accent", "accent", 4.5);
        assert_contrast(&block, "on-accent", "accent-strong", 4.5);
        assert_contrast(&block, "on-bad", "bad", 4.5);
        assert_contrast(&block, "accent-text", "accent-soft", 4.5);
        assert_contrast(&block, "ink", "accent-soft", 4.5);
    }
}

/// Without the organisation's sheet the pages look as if the default colour had been chosen.
#[test]
fn the_fallback_colours_are_those_of_the_default() {
    let css = include_str!("../../assets/testudo.css");
    let sheet = render_org_css(Accent::default());
    for (block, own) in sheet
        .split(":root{")
        .skip(1)
        .zip(css.split(":root {").skip(1))
    {
        for pair in block.split('}').next().unwrap_or("").split_terminator(';') {
            let line = pair.replacen(':', ": ", 1);
            assert!(own.contains(&format!("{line};")), "{line}");
        }
    }
}

fn colours(block: &str) -> BTreeMap<&str, [u8; 3]> {
    block
        .split(';')
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"))
        .map(|(name, digits)| {
            let number = u32::from_str_radix(digits, 16).expect("hexadecimal digits");
            let [_, red, green, blue] = number.to_be_bytes();
            (name, [red, green, blue])
        })
        .collect()
}

fn assert_contrast(block: &BTreeMap<&str, [u8; 3]>, text: &str, ground: &str, least: f64) {
    let ratio = contrast(
        *block.get(text).expect("a text colour"),
        *block.get(ground).expect("a ground colour"),
    );
    assert!(ratio >= least, "--{text} on --{ground}: {ratio:.2}");
}

#[test]
fn previews_are_written_where_they_are_asked_for() {
    let Some(folder) = std::env::var_os("TESTUDO_PREVIEW_DIR") else {
        return;
    };
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder.join("assets")).expect("a folder");
    for asset in assets() {
        std::fs::write(
            folder.join("assets").join(hashed_name(asset.name)),
            asset.bytes,
        )
        .expect("an asset");
        std::fs::write(folder.join("assets").join(asset.name), asset.bytes).expect("an asset");
    }
    std::fs::write(
        folder.join("assets/org.css"),
        render_org_css(Accent::default()),
    )
    .expect("a style sheet");
    for t in languages() {
        for (name, html) in fixture::pages(t) {
            let html = html.replace(&format!("{PREFIX}/assets/"), "assets/");
            std::fs::write(folder.join(format!("{name}.{}.html", t.tag)), html).expect("a page");
        }
    }
}
