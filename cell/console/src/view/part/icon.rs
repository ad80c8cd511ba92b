//! The icon set: drawn on a 20 by 20 grid with one stroke width, coloured by the text they stand in.
//!
//! Icons are decoration: each is hidden from assistive technology, the words beside it speak.

use std::fmt;

/// One icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are the pictures; the style page shows them all"
)]
pub enum Icon {
    Home,
    Person,
    People,
    Group,
    Shell,
    App,
    Server,
    Policy,
    Zone,
    Key,
    Log,
    Settings,
    Crown,
    Search,
    Plus,
    Check,
    Cross,
    Warning,
    Info,
    Copy,
    External,
    Next,
    Back,
    Up,
    Down,
    Lock,
    Passkey,
    Device,
    Mail,
    Timer,
    Codes,
    Rotate,
    Bin,
    Pen,
    Eye,
    Leave,
    Menu,
    Play,
    Pause,
    Flask,
    Robot,
    Browser,
    Download,
}

impl Icon {
    /// Every icon, for the style page.
    pub const ALL: [(&'static str, Icon); 43] = [
        ("Home", Icon::Home),
        ("Person", Icon::Person),
        ("People", Icon::People),
        ("Group", Icon::Group),
        ("Shell", Icon::Shell),
        ("App", Icon::App),
        ("Server", Icon::Server),
        ("Policy", Icon::Policy),
        ("Zone", Icon::Zone),
        ("Key", Icon::Key),
        ("Log", Icon::Log),
        ("Settings", Icon::Settings),
        ("Crown", Icon::Crown),
        ("Search", Icon::Search),
        ("Plus", Icon::Plus),
        ("Check", Icon::Check),
        ("Cross", Icon::Cross),
        ("Warning", Icon::Warning),
        ("Info", Icon::Info),
        ("Copy", Icon::Copy),
        ("External", Icon::External),
        ("Next", Icon::Next),
        ("Back", Icon::Back),
        ("Up", Icon::Up),
        ("Down", Icon::Down),
        ("Lock", Icon::Lock),
        ("Passkey", Icon::Passkey),
        ("Device", Icon::Device),
        ("Mail", Icon::Mail),
        ("Timer", Icon::Timer),
        ("Codes", Icon::Codes),
        ("Rotate", Icon::Rotate),
        ("Bin", Icon::Bin),
        ("Pen", Icon::Pen),
        ("Eye", Icon::Eye),
        ("Leave", Icon::Leave),
        ("Menu", Icon::Menu),
        ("Play", Icon::Play),
        ("Pause", Icon::Pause),
        ("Flask", Icon::Flask),
        ("Robot", Icon::Robot),
        ("Browser", Icon::Browser),
        ("Download", Icon::Download),
    ];

    /// The strokes.
    fn path(self) -> &'static str {
        match self {
            Icon::Home => "M3 9.2 10 3l7 6.2M5 8v8.5h10V8M8.3 16.5v-5h3.4v5",
            Icon::Person => {
                "M10 9.6a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6ZM3.5 17c.5-3.4 3-5.2 6.5-5.2s6 1.8 6.5 5.2"
            }
            Icon::People => {
                "M7.5 9.2a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM1.8 16.5c.4-3.1 2.6-4.8 5.7-4.8s5.3 1.7 5.7 4.8M13 3.6a2.8 2.8 0 0 1 0 5.3M15.2 12.2c1.7.7 2.7 2.2 3 4.3"
            }
            Icon::Group => {
                "M3 5.5A2.5 2.5 0 0 1 5.5 3h9A2.5 2.5 0 0 1 17 5.5v9a2.5 2.5 0 0 1-2.5 2.5h-9A2.5 2.5 0 0 1 3 14.5v-9ZM7.8 9.2a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2ZM5.3 13.6c.2-1.5 1.1-2.3 2.5-2.3s2.3.8 2.5 2.3M13 9.4a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6ZM12.5 11.5c1.2 0 2 .7 2.2 2.1"
            }
            Icon::Shell => {
                "M10 2.3 16.7 6.1v7.7L10 17.7l-6.7-3.9V6.1L10 2.3ZM10 7l2.7 1.5v3L10 13l-2.7-1.5v-3L10 7ZM10 7V2.3M12.7 8.5l4-2.4M12.7 11.5l4 2.3M10 13v4.7M7.3 11.5l-4 2.3M7.3 8.5l-4-2.4"
            }
            Icon::App => {
                "M10 2.5 16.5 6.2v7.6L10 17.5l-6.5-3.7V6.2L10 2.5ZM3.7 6.3 10 9.9l6.3-3.6M10 9.9v7.4"
            }
            Icon::Server => {
                "M4.5 3.5h11A1.5 1.5 0 0 1 17 5v2.5A1.5 1.5 0 0 1 15.5 9h-11A1.5 1.5 0 0 1 3 7.5V5a1.5 1.5 0 0 1 1.5-1.5ZM4.5 11h11a1.5 1.5 0 0 1 1.5 1.5V15a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 15v-2.5A1.5 1.5 0 0 1 4.5 11ZM6 6.2h.01M6 13.7h.01M9.5 6.2H14M9.5 13.7H14"
            }
            Icon::Policy => {
                "M10 2.5c2 1.3 4.2 2 6.5 2.1.3 5.7-1.6 10.2-6.5 12.9-4.9-2.7-6.8-7.2-6.5-12.9C5.8 4.5 8 3.8 10 2.5ZM7 9.9l2.2 2.2L13.2 8"
            }
            Icon::Zone => {
                "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM2.5 10h15M10 2.5c2.2 2 3.3 4.5 3.3 7.5s-1.1 5.5-3.3 7.5c-2.2-2-3.3-4.5-3.3-7.5S7.8 4.5 10 2.5Z"
            }
            Icon::Key => {
                "M7 16.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM9.9 9.7 16.5 3M13.2 6.3l2.6 2.6M6.9 12.5h.01"
            }
            Icon::Log => {
                "M5.5 2.5h9A1.5 1.5 0 0 1 16 4v12a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 4 16V4a1.5 1.5 0 0 1 1.5-1.5ZM7 6.5h6M7 10h6M7 13.5h3.5"
            }
            Icon::Settings => {
                "M3 5.5h7M14 5.5h3M12 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM3 14.5h3M10 14.5h7M8 16.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z"
            }
            Icon::Crown => "M3 6.5 6.5 10 10 4l3.5 6L17 6.5l-1.3 8.5H4.3L3 6.5Z",
            Icon::Search => "M8.7 14.4a5.7 5.7 0 1 0 0-11.4 5.7 5.7 0 0 0 0 11.4ZM13 13l4 4",
            Icon::Plus => "M10 4v12M4 10h12",
            Icon::Check => "M4 10.5 8.2 14.7 16 6",
            Icon::Cross => "M5 5l10 10M15 5 5 15",
            Icon::Warning => "M10 3.2 17.7 16.5H2.3L10 3.2ZM10 8.3v3.7M10 14.2h.01",
            Icon::Info => "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM10 9.3v4.2M10 6.5h.01",
            Icon::Copy => {
                "M8.5 7h7A1.5 1.5 0 0 1 17 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 15.5v-7A1.5 1.5 0 0 1 8.5 7ZM4.5 13A1.5 1.5 0 0 1 3 11.5v-7A1.5 1.5 0 0 1 4.5 3h7A1.5 1.5 0 0 1 13 4.5"
            }
            Icon::External => {
                "M11.5 3.5h5v5M16.5 3.5 9.5 10.5M14.5 11.5v3a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2h3"
            }
            Icon::Next => "M8 4.5 13.5 10 8 15.5",
            Icon::Back => "M12 4.5 6.5 10 12 15.5",
            Icon::Up => "M10 16V4.5M5 9.3 10 4.3l5 5",
            Icon::Down => "M10 4v11.5M5 10.7l5 5 5-5",
            Icon::Lock => {
                "M5.5 9h9A1.5 1.5 0 0 1 16 10.5v5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 4 15.5v-5A1.5 1.5 0 0 1 5.5 9ZM6.7 9V6.3a3.3 3.3 0 0 1 6.6 0V9"
            }
            Icon::Passkey => {
                "M8 9.2a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.3 16.5c.4-3.1 2.6-4.8 5.7-4.8.9 0 1.7.1 2.4.4M14.7 11.8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM14.7 11.8v5.7M14.7 15.7h1.8"
            }
            Icon::Device => {
                "M4.5 4h11A1.5 1.5 0 0 1 17 5.5V12a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 12V5.5A1.5 1.5 0 0 1 4.5 4ZM7 16.5h6M10 13.5v3"
            }
            Icon::Mail => {
                "M4 4.5h12A1.5 1.5 0 0 1 17.5 6v8a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 14V6A1.5 1.5 0 0 1 4 4.5ZM3 6l7 5 7-5"
            }
            Icon::Timer => "M10 17.5a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 6.8v3.7l2.5 1.7",
            Icon::Codes => "M3.5 5h3M3.5 10h3M3.5 15h3M9 5h7.5M9 10h7.5M9 15h7.5",
            Icon::Rotate => "M16.5 10a6.5 6.5 0 1 1-2-4.7M16.7 3v3.3h-3.3",
            Icon::Bin => "M3.5 5.5h13M8 5.5V3.5h4v2M5.3 5.5l.7 11h8l.7-11M8.5 8.5v5M11.5 8.5v5",
            Icon::Pen => "M12.5 4.5l3 3L7 16l-3.7.7L4 13l8.5-8.5ZM11 6l3 3",
            Icon::Eye => {
                "M2 10c2-3.7 4.7-5.5 8-5.5s6 1.8 8 5.5c-2 3.7-4.7 5.5-8 5.5S4 13.7 2 10ZM10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z"
            }
            Icon::Leave => {
                "M12 3.5H5.5A1.5 1.5 0 0 0 4 5v10a1.5 1.5 0 0 0 1.5 1.5H12M9 10h8M14 7l3 3-3 3"
            }
            Icon::Menu => "M3 5.5h14M3 10h14M3 14.5h14",
            Icon::Play => "M6 4v12l10-6L6 4Z",
            Icon::Pause => "M7 4.5v11M13 4.5v11",
            Icon::Flask => {
                "M7.5 3h5M8.5 3v5L4 15.5A1 1 0 0 0 4.9 17h10.2a1 1 0 0 0 .9-1.5L11.5 8V3M6.2 12.5h7.6"
            }
            Icon::Robot => {
                "M5.5 7h9A1.5 1.5 0 0 1 16 8.5v6a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 4 14.5v-6A1.5 1.5 0 0 1 5.5 7ZM10 7V3.5M8 3.5h4M7.5 10.5h.01M12.5 10.5h.01M8 13.2h4M2 10v3M18 10v3"
            }
            Icon::Browser => {
                "M4 3.5h12A1.5 1.5 0 0 1 17.5 5v10a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 15V5A1.5 1.5 0 0 1 4 3.5ZM2.5 7.5h15M5 5.5h.01M7.2 5.5h.01"
            }
            Icon::Download => "M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13",
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "<svg class=\"icon\" viewBox=\"0 0 20 20\" aria-hidden=\"true\" focusable=\"false\"><path d=\"{}\"/></svg>",
            self.path()
        )
    }
}

impl askama::filters::HtmlSafe for Icon {}
