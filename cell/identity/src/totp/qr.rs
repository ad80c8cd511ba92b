//! A QR code as an SVG path, for pages whose Content-Security-Policy allows no inline style and no foreign image.
//!
//! The picture is dark on light in every colour scheme, because phones do not read it the other way round.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

/// The light border that readers need around the modules.
const QUIET_MODULES: i32 = 4;
/// The largest code that a phone reads from a page without trouble: version 15, 77 modules a side.
const VERSION_MAX: u8 = 15;

/// A QR code ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrPath {
    /// Width and height of the picture in modules, the border included: the `viewBox` is `0 0 side side`.
    pub side: u32,
    /// The dark modules as the `d` of one path.
    pub path: String,
}

/// The text is too long for a code that phones can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for a QR code")]
pub struct QrTooLong;

/// Encodes a text with medium error correction.
///
/// # Errors
/// [`QrTooLong`] from about 400 bytes on.
pub fn render_qr(text: &str) -> Result<QrPath, QrTooLong> {
    let segments = QrSegment::make_segments(text);
    let (smallest, largest) = (Version::new(1), Version::new(VERSION_MAX));
    let code = QrCode::encode_segments_advanced(
        &segments,
        QrCodeEcc::Medium,
        smallest,
        largest,
        None,
        true,
    )
    .map_err(|_| QrTooLong)?;
    let mut path = String::new();
    for y in 0..code.size() {
        push_row(&mut path, &code, y);
    }
    let side = u32::try_from(code.size() + 2 * QUIET_MODULES).unwrap_or_default();
    Ok(QrPath { side, path })
}

impl QrPath {
    /// A whole `svg` element. `label` is read out by screen readers and is escaped here; size and colours can be set by
    /// the style sheet through the class `qr`, and are sensible without.
    #[must_use]
    pub fn to_svg(&self, label: &str) -> String {
        let Self { side, path } = self;
        let label = escape_attribute(label);
        format!(
            "<svg class=\"qr\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"240\" \
             height=\"240\" role=\"img\" aria-label=\"{label}\" shape-rendering=\"crispEdges\">\
             <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
        )
    }
}

/// Draws each run of dark modules of a row as one rectangle.
fn push_row(path: &mut String, code: &QrCode, y: i32) {
    let mut x = 0;
    while x < code.size() {
        let length = (x..code.size())
            .take_while(|column| code.get_module(*column, y))
            .count();
        let length = i32::try_from(length).unwrap_or_default();
        if length > 0 {
            // Writing to a String cannot fail.
            let _ = write!(
                path,
                "M{},{}h{length}v1h-{length}z",
                x + QUIET_MODULES,
                y + QUIET_MODULES
            );
        }
        x += length + 1;
    }
}

fn escape_attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
