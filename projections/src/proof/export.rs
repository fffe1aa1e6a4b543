//! A whole export: written line by line, and checked line by line.

mod check;
mod write;

pub use check::{ExportCheck, Summary};
pub use write::ExportWriter;
