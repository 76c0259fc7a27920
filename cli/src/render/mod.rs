//! What people read: pages of lines that fit their terminal.

pub(crate) mod branches;
pub(crate) mod campaign;
mod configuration;
mod counts;
pub(crate) mod diagnostic;
pub(crate) mod explore;
mod lanes;
pub(crate) mod laws;
mod line;
pub(crate) mod list;
pub(crate) mod run;
mod text;
mod timeline;
mod values;
mod verdict;

pub(crate) use text::{count, thousands};

/// For whom a page is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// Columns.
    pub(crate) width: usize,
    /// Lines, or none if there may be any number.
    pub(crate) height: Option<usize>,
    /// Whether it shows colours.
    pub(crate) colour: bool,
}
