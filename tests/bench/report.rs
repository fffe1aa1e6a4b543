//! The table: medians, how far the rounds lay apart, and whether the aim was met.

use std::path::Path;

use crate::Outcome;

const BEGIN: &str = "<!-- written by ./dev bench: begin -->";
const END: &str = "<!-- written by ./dev bench: end -->";

/// One number a round.
#[derive(Default)]
pub struct Ratios(Vec<f64>);

impl Ratios {
    /// Another round's.
    pub fn push(&mut self, ratio: f64) {
        self.0.push(ratio);
        self.0.sort_by(f64::total_cmp);
    }

    /// The one in the middle.
    pub fn median(&self) -> f64 {
        let (low, high) = ((self.0.len().max(1) - 1) / 2, self.0.len() / 2);
        f64::midpoint(self.0[low], self.0[high])
    }

    fn spread(&self) -> String {
        match (self.0.first(), self.0.last()) {
            (Some(least), Some(most)) if self.0.len() > 1 => format!("{} to {}", short(*least), short(*most)),
            _ => String::new(),
        }
    }
}

/// What a number should be.
#[derive(Clone, Copy)]
pub enum Aim {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Less than this.
    Under(f64),
}

impl Aim {
    fn is_met(self, value: f64) -> bool {
        match self {
            Aim::AtLeast(aim) => value >= aim,
            Aim::AtMost(aim) => value <= aim,
            Aim::Under(aim) => value < aim,
        }
    }

    fn text(self) -> String {
        match self {
            Aim::AtLeast(aim) => format!("≥ {aim}"),
            Aim::AtMost(aim) => format!("≤ {aim}"),
            Aim::Under(aim) => format!("< {aim}"),
        }
    }
}

/// What was found.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 5]>,
    notes: Vec<String>,
}

impl Report {
    /// Adds a measurement, and says so at once: a run takes minutes.
    pub fn add(&mut self, what: &str, ratios: &Ratios, aim: Option<Aim>) {
        let median = ratios.median();
        let (aim, met) = match aim {
            Some(aim) => (aim.text(), if aim.is_met(median) { "met" } else { "**not met**" }),
            None => (String::new(), ""),
        };
        eprintln!("{what}: {} ({})", short(median), ratios.spread());
        self.rows.push([what.to_owned(), short(median), ratios.spread(), aim, met.to_owned()]);
    }

    /// Adds a remark.
    pub fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// The table in Markdown.
    pub fn table(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let head = ["what", "median", "rounds", "aim", ""].map(str::to_owned);
        let rows: Vec<&[String; 5]> = std::iter::once(&head).chain(&self.rows).collect();
        let widths: Vec<usize> = (0..head.len())
            .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(3))
            .collect();
        let line = |row: &[String; 5]| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:width$} |"));
            format!("|{}\n", cells.collect::<String>())
        };
        let rule = widths.iter().map(|width| format!("{}|", "-".repeat(width + 2))).collect::<String>();
        let mut table = format!("{}|{rule}\n", line(&head));
        table.extend(self.rows.iter().map(line));
        table.push_str(&format!("\n{cores} cores, which load generator, node and Postgres share."));
        for note in &self.notes {
            table.push_str(&format!(" {note}"));
        }
        table.push('\n');
        table
    }

    /// Puts the table into `docs/benchmarks.md`, in place of the one before.
    pub fn write_docs(&self) -> Outcome<()> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
        let text = std::fs::read_to_string(&path)?;
        let (before, rest) = text.split_once(BEGIN).ok_or("docs/benchmarks.md has lost its first mark")?;
        let (_, after) = rest.split_once(END).ok_or("docs/benchmarks.md has lost its second mark")?;
        std::fs::write(&path, format!("{before}{BEGIN}\n{}{END}{after}", self.table()))?;
        Ok(())
    }
}

/// Two digits that mean something, three above one hundred.
fn short(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
