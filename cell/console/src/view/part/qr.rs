//! A QR code as one SVG path: no image request, no inline style.

use askama::Template;
use std::fmt::Write;

/// Modules of quiet zone around the code, as the standard asks for.
const QUIET: usize = 4;

/// A QR code ready to stand in a page.
#[derive(Clone, Debug, Template)]
#[template(path = "component/qr.html")]
pub struct QrPicture {
    side: usize,
    path: String,
    label: String,
}

impl askama::filters::HtmlSafe for QrPicture {}

impl QrPicture {
    /// From a square of `size` modules; `is_dark(column, row)` tells the dark ones; `label` is read out in its place.
    #[must_use]
    pub fn new(size: usize, label: &str, is_dark: impl Fn(usize, usize) -> bool) -> QrPicture {
        let mut path = String::new();
        for row in 0..size {
            let mut column = 0;
            while column < size {
                let run = (column..size).take_while(|at| is_dark(*at, row)).count();
                if run > 0 {
                    // Writing to a String cannot fail.
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
                }
                column += run.max(1);
            }
        }
        QrPicture {
            side: size + 2 * QUIET,
            path,
            label: label.to_owned(),
        }
    }

    /// From a path that is drawn already, its quiet zone included.
    #[must_use]
    pub fn from_path(side: u32, path: String, label: &str) -> QrPicture {
        QrPicture {
            side: usize::try_from(side).unwrap_or_default(),
            path,
            label: label.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::QrPicture;

    #[test]
    fn runs_of_dark_modules_become_one_stroke() {
        let picture = QrPicture::new(3, "code", |column, row| row == 0 || column == 2);
        assert_eq!(picture.path, "M4 4h3v1h-3zM6 5h1v1h-1zM6 6h1v1h-1z");
        assert_eq!(picture.side, 11);
    }
}
