//! Pictures of pages, drawn by a browser that needs no screen: one page as it is, or many pictures on one sheet.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Outcome, Problem, Workspace, at, failed, run_logged, version};

/// Names under which a browser is found that draws without a screen.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Pixels between two pictures of a sheet.
const GAP: u32 = 8;

/// A browser of this machine.
pub(crate) struct Browser(&'static str);

/// The pictures of one sheet, in their order, and how they stand there.
pub(crate) struct Sheet<'a> {
    pub(crate) pictures: &'a [PathBuf],
    /// How many stand side by side.
    pub(crate) columns: u32,
    /// How wide each of them is drawn.
    pub(crate) width: u32,
}

impl Browser {
    /// Looks for one; without it nothing is drawn.
    pub(crate) fn find() -> Outcome<Self> {
        match BROWSERS.iter().find(|name| version(name, "--version").is_some()) {
            Some(name) => Ok(Self(name)),
            None => Err(Problem::NotRun(format!("install one of {}", BROWSERS.join(", ")))),
        }
    }

    /// Draws one page of this width and height.
    pub(crate) fn photograph(
        &self,
        workspace: &Workspace,
        page: &Path,
        (width, height): (u32, u32),
        picture: &Path,
    ) -> Outcome {
        let mut command = Command::new(self.0);
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]);
        command.arg(format!("--window-size={width},{height}"));
        command.arg(format!("--screenshot={}", picture.display()));
        command.arg(format!("file://{}", page.display()));
        run_logged(&mut command, &workspace.cache("xtask")?.join("browser.log"))
    }

    /// Draws all pictures of a sheet, small, for one look at all of them.
    pub(crate) fn draw_sheet(&self, workspace: &Workspace, sheet: &Sheet<'_>, picture: &Path) -> Outcome {
        let page = workspace.cache("xtask")?.join("sheet.html");
        at(&page, fs::write(&page, sheet.page()))?;
        self.photograph(workspace, &page, sheet.size()?, picture)
    }
}

impl Sheet<'_> {
    fn page(&self) -> String {
        let style = format!("margin:0;display:flex;flex-wrap:wrap;gap:{GAP}px;background:#cfd6d8");
        let mut html = format!("<!doctype html><body style=\"{style}\">");
        for picture in self.pictures {
            html += &format!("<img src=\"file://{}\" width=\"{}\">", picture.display(), self.width);
        }
        html
    }

    /// As wide and as high as its pictures need, which are all of one size.
    fn size(&self) -> Outcome<(u32, u32)> {
        let Some(first) = self.pictures.first() else {
            return failed("there is no picture for the sheet".to_owned());
        };
        let Some((width, height)) = size_of(&at(first, fs::read(first))?) else {
            return failed(format!("{} is no PNG", first.display()));
        };
        let count = u32::try_from(self.pictures.len()).unwrap_or(u32::MAX);
        let drawn = (height * self.width).div_ceil(width);
        let rows = count.div_ceil(self.columns);
        Ok(((self.width + GAP) * self.columns, (drawn + GAP) * rows))
    }
}

/// Width and height of a PNG, as its first chunk says.
fn size_of(png: &[u8]) -> Option<(u32, u32)> {
    let number = |place: usize| Some(u32::from_be_bytes(png.get(place..place + 4)?.try_into().ok()?));
    let is_png = png.starts_with(b"\x89PNG\r\n\x1a\n");
    let (width, height) = (number(16)?, number(20)?);
    (is_png && width > 0).then_some((width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let header: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
        [header, &width.to_be_bytes(), &height.to_be_bytes()].concat()
    }

    #[test]
    fn a_pictures_size_is_read_and_what_is_none_has_no_size() {
        assert_eq!(size_of(&png(588, 1179)), Some((588, 1179)));
        assert_eq!(size_of(&png(0, 1179)), None);
        assert_eq!(size_of(&png(588, 1179)[1..]), None);
        assert_eq!(size_of(b"GIF89a"), None);
    }

    #[test]
    fn a_sheet_has_room_for_its_last_row_and_shows_each_picture_once() {
        let folder = std::env::temp_dir().join(format!("quittance-sheet-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let pictures: Vec<PathBuf> = (0..5).map(|number| folder.join(format!("{number}.png"))).collect();
        for picture in &pictures {
            fs::write(picture, png(100, 201)).unwrap();
        }
        let sheet = Sheet {
            pictures: &pictures,
            columns: 2,
            width: 50,
        };
        assert_eq!(sheet.size().unwrap(), (116, 3 * (101 + 8)));
        assert_eq!(sheet.page().matches("<img").count(), 5);
        fs::remove_dir_all(&folder).unwrap();
        let empty = Sheet { pictures: &[], ..sheet };
        assert!(empty.size().is_err());
    }
}
