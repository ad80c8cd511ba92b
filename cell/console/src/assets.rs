//! The files that pages link: style sheet, scripts, pictures. All are part of the binary.
//!
//! A page links a file by a name that carries a hash of its content (`testudo.0f1e2d3c4b5a6978.css`), so a reply may be
//! kept for ever, and an older or newer binary never answers under a name that means other content.

/// One file.
#[derive(Debug)]
pub struct Asset {
    /// Its plain name.
    pub name: &'static str,
    /// What a reply says it is.
    pub content_type: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
    /// A hash of the content, for names and entity tags; it proves nothing.
    pub hash: u64,
}

/// How long a reply may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// The name carries the content's hash: for ever.
    Forever,
    /// The plain name was asked for: a while, then by entity tag.
    Briefly,
}

impl Caching {
    /// The value of `Cache-Control`.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Caching::Forever => "public, max-age=31536000, immutable",
            Caching::Briefly => "public, max-age=300",
        }
    }
}

const fn asset(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    Asset {
        name,
        content_type,
        bytes,
        hash: hash_of(bytes),
    }
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

static ASSETS: [Asset; 9] = [
    asset("testudo.css", CSS, include_bytes!("../assets/testudo.css")),
    asset(
        "reference.css",
        CSS,
        include_bytes!("../assets/reference.css"),
    ),
    asset("passkey.js", SCRIPT, include_bytes!("../assets/passkey.js")),
    asset("live.js", SCRIPT, include_bytes!("../assets/live.js")),
    asset(
        "form-post.js",
        SCRIPT,
        include_bytes!("../assets/form-post.js"),
    ),
    asset("favicon.svg", SVG, include_bytes!("../assets/favicon.svg")),
    asset("mark.svg", SVG, include_bytes!("../assets/mark.svg")),
    asset("scutes.svg", SVG, include_bytes!("../assets/scutes.svg")),
    asset("scute.svg", SVG, include_bytes!("../assets/scute.svg")),
];

/// Every file.
#[must_use]
pub fn assets() -> &'static [Asset] {
    &ASSETS
}

/// Finds a file by the last segment of its path, plain (`testudo.css`) or hashed (`testudo.0f1e2d3c4b5a6978.css`).
#[must_use]
pub fn find_asset(name: &str) -> Option<(&'static Asset, Caching)> {
    ASSETS.iter().find_map(|asset| {
        if asset.name == name {
            Some((asset, Caching::Briefly))
        } else {
            (with_hash(asset) == name).then_some((asset, Caching::Forever))
        }
    })
}

/// The hashed name of a file; the name itself where there is no such file.
#[must_use]
pub fn hashed_name(name: &str) -> String {
    ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map_or_else(|| name.to_owned(), with_hash)
}

fn with_hash(asset: &Asset) -> String {
    let (stem, kind) = asset.name.rsplit_once('.').unwrap_or((asset.name, ""));
    format!("{stem}.{:016x}.{kind}", asset.hash)
}

/// FNV-1a over the content, at compile time.
const fn hash_of(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        rest = tail;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::{Caching, assets, find_asset, hash_of, hashed_name};

    #[test]
    fn files_are_found_by_both_names_and_no_other() {
        for asset in assets() {
            assert_eq!(
                find_asset(asset.name).map(|(found, caching)| (found.name, caching)),
                Some((asset.name, Caching::Briefly))
            );
            let hashed = hashed_name(asset.name);
            assert_eq!(
                find_asset(&hashed).map(|(found, caching)| (found.name, caching)),
                Some((asset.name, Caching::Forever))
            );
            assert!(!asset.bytes.is_empty());
        }
        for name in [
            "",
            "testudo.0000000000000000.css",
            "../testudo.css",
            "testudo",
            "org.css",
        ] {
            assert!(find_asset(name).is_none(), "{name}");
        }
        assert_eq!(hashed_name("absent.css"), "absent.css");
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash_of(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash_of(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash_of(b"foobar"), 0x8594_4171_f739_67e8);
    }

    /// The content security policy allows nothing from elsewhere; nothing here may ask for it.
    #[test]
    fn no_file_reaches_out() {
        for asset in assets() {
            let text = std::str::from_utf8(asset.bytes)
                .unwrap()
                .replace("http://www.w3.org/2000/svg", "");
            assert!(
                !text.contains("http:") && !text.contains("https:") && !text.contains("@import"),
                "{}",
                asset.name
            );
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
            ] {
                assert!(!text.contains(word), "{} uses {word}", asset.name);
            }
        }
    }
}
