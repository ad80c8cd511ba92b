//! The logo of an org: an image that was uploaded, stored with the org, and served from its own addresses.
//!
//! Only images that cannot carry script are taken, and what an image is, its first bytes say: never the name or the type
//! that a browser sent along.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::org::store;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::OrgId;
use vocab::secret::random_token;

/// Largest logo.
pub const LOGO_BYTES_MAX: usize = 256 * 1024;
/// Characters of the mark that tells one upload from the next.
const MARK_CHARS: usize = 16;

/// A kind of image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl LogoFormat {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    /// What a reply says it is.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

/// A logo as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// Tells this upload from the one before; stands in its address.
    pub mark: String,
    /// What it is.
    pub format: LogoFormat,
    /// The image.
    pub bytes: Vec<u8>,
}

/// Finds out by its first bytes what an image is.
///
/// # Errors
/// [`Refusal::Invalid`] for anything but PNG, JPEG and WebP within [`LOGO_BYTES_MAX`].
pub fn parse_logo(bytes: &[u8]) -> Result<LogoFormat, Refusal> {
    if bytes.len() > LOGO_BYTES_MAX {
        return Err(Refusal::invalid("logo", "use an image of at most 256 KiB"));
    }
    let at = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
    // The signature and then, by the standard, the header chunk of 13 bytes.
    let is_png = at(0, 16) == b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    // Start of image, and the beginning of the next marker.
    let is_jpeg = at(0, 3) == [0xff, 0xd8, 0xff];
    let is_webp = at(0, 4) == b"RIFF" && at(8, 12) == b"WEBP" && at(12, 15) == b"VP8";
    if is_png {
        Ok(LogoFormat::Png)
    } else if is_jpeg {
        Ok(LogoFormat::Jpeg)
    } else if is_webp {
        Ok(LogoFormat::Webp)
    } else {
        Err(Refusal::invalid("logo", "use a PNG, JPEG or WebP image"))
    }
}

impl Cell {
    /// Gives an org another logo.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for what is no such image.
    #[boxed]
    pub async fn set_logo(&self, permit: &Permit, bytes: Vec<u8>) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let logo = Logo {
            mark: random_token(self.entropy(), "")
                .expose()
                .chars()
                .take(MARK_CHARS)
                .collect(),
            format: parse_logo(&bytes)?,
            bytes,
        };
        self.change_logo(permit, Some(logo)).await
    }

    /// Takes the logo away; nothing happens if there is none.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn remove_logo(&self, permit: &Permit) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        self.change_logo(permit, None).await
    }

    async fn change_logo(&self, permit: &Permit, logo: Option<Logo>) -> Result<(), Refusal> {
        let org = permit.org().clone();
        let event = Event::new(EventType::SystemBrandUpdate, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::other("Org", org.as_str(), "logo"));
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let changed = match logo {
                        Some(logo) => store::upsert_logo(tx, &org, &logo).await.map(|()| true)?,
                        None => store::delete_logo(tx, &org).await?,
                    };
                    if changed {
                        ledger::append(tx, &org, event).await?;
                    }
                    Ok(())
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }

    /// The logo of an org.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn logo(&self, org: &OrgId) -> Result<Option<Logo>, Fault> {
        let mut tx = self.database.read().await?;
        store::load_logo(&mut tx, org).await
    }
}

#[cfg(test)]
mod tests {
    use super::{LOGO_BYTES_MAX, LogoFormat, parse_logo};

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";

    #[test]
    fn an_image_is_what_its_first_bytes_say() {
        let cases: [(&[u8], LogoFormat); 4] = [
            (PNG, LogoFormat::Png),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", LogoFormat::Jpeg),
            (b"RIFF\x24\0\0\0WEBPVP8 ", LogoFormat::Webp),
            (b"RIFF\x24\0\0\0WEBPVP8L", LogoFormat::Webp),
        ];
        for (bytes, format) in cases {
            assert_eq!(parse_logo(bytes).unwrap(), format);
            assert_eq!(LogoFormat::from_word(format.as_str()), Some(format));
        }
    }

    #[test]
    fn what_is_no_image_or_could_carry_script_is_refused() {
        let cases: [&[u8]; 11] = [
            b"",
            b"\x89PNG",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIDAT",
            b"\xff\xd8",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"RIFF\x24\0\0\0WEBPjunk",
            b"GIF89a\x01\0\x01\0",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
            b"<?xml version=\"1.0\"?><svg/>",
            b"<!doctype html><script>alert(1)</script>",
            b" \x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        ];
        for bytes in cases {
            assert!(parse_logo(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn size_is_bounded() {
        let mut bytes = PNG.to_vec();
        bytes.resize(LOGO_BYTES_MAX, 0);
        assert!(parse_logo(&bytes).is_ok());
        bytes.push(0);
        assert!(parse_logo(&bytes).is_err());
    }
}
