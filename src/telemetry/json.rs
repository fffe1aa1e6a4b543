//! One JSON object per line, flat: the fields of the enclosing spans beside the event's own. Written straight into the
//! line's buffer, since every request costs one.

use std::fmt::{self, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The format. tracing-subscriber's own nests each span in an object, and log stores then index
/// `span.request_id` here and `request_id` there.
pub struct Lines;

impl<S> FormatEvent<S, Members> for Lines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Members>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
        write!(writer, r#"{{"timestamp":"{}","level":"{level}","target":"{target}""#, now())?;
        let mut names = Names(vec!["timestamp", "level", "target"]);
        let mut members = Writing {
            writer: writer.by_ref(),
            before: ",",
            after: "",
            span: false,
            names: &mut names,
            outcome: Ok(()),
        };
        event.record(&mut members);
        members.outcome?;
        // From the inside out and from the last record to the first: what was said later wins.
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let Some(fields) = extensions.get::<FormattedFields<Members>>() else { continue };
            for member in fields.as_str().lines().rev() {
                let name = span.metadata().fields().field(name_of(member));
                if name.is_some_and(|field| names.add(field.name())) {
                    write!(writer, ",{member}")?;
                }
            }
        }
        if let Some(id) = super::traces::trace_id() {
            write!(writer, r#","trace_id":"{id}""#)?;
        }
        writeln!(writer, "}}")
    }
}

/// How the fields of a span are kept until a line needs them: one member of an object a line.
pub struct Members;

impl<'writer> FormatFields<'writer> for Members {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut names = Names::default();
        let mut members =
            Writing { writer, before: "", after: "\n", span: true, names: &mut names, outcome: Ok(()) };
        fields.record(&mut members);
        members.outcome
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

/// The name in `"name":value`; names of fields are written in the code and need no escaping.
fn name_of(member: &str) -> &str {
    member.split('"').nth(1).unwrap_or_default()
}

/// Names that a line has already. They are few.
#[derive(Default)]
struct Names(Vec<&'static str>);

impl Names {
    fn add(&mut self, name: &'static str) -> bool {
        let is_new = !self.0.contains(&name);
        if is_new {
            self.0.push(name);
        }
        is_new
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a log line is stamped with the machine's time, whatever tests do to ours"
)]
fn now() -> String {
    DateTime::<Utc>::from(std::time::SystemTime::now()).to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Writes members as they are visited.
struct Writing<'a, 'names> {
    writer: Writer<'a>,
    before: &'static str,
    after: &'static str,
    /// Whether these are fields of a span; those with a dot in their name are for traces.
    span: bool,
    names: &'names mut Names,
    outcome: fmt::Result,
}

impl Writing<'_, '_> {
    fn member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        let is_traced_only = self.span && field.name().contains('.');
        if self.outcome.is_err() || is_traced_only || !self.names.add(field.name()) {
            return;
        }
        self.outcome = write!(self.writer, "{}\"{}\":", self.before, field.name())
            .and_then(|()| value(&mut self.writer))
            .and_then(|()| self.writer.write_str(self.after));
    }

    fn bare(&mut self, field: &Field, value: impl fmt::Display) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn quoted(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.member(field, |writer| {
            writer.write_char('"')?;
            Escaping(writer).write_fmt(value)?;
            writer.write_char('"')
        });
    }
}

impl Visit for Writing<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.quoted(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.quoted(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for the others.
        if value.is_finite() {
            self.bare(field, value);
        } else {
            self.bare(field, "null");
        }
    }
}

/// Writes text as the inside of a JSON string (RFC 8259 section 7).
struct Escaping<'a, 'b>(&'a mut Writer<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            self.0.write_str(&rest[..at])?;
            match rest.as_bytes()[at] {
                b'"' => self.0.write_str("\\\"")?,
                b'\\' => self.0.write_str("\\\\")?,
                b'\n' => self.0.write_str("\\n")?,
                control => write!(self.0, "\\u{control:04x}")?,
            }
            rest = &rest[at + 1..];
        }
        self.0.write_str(rest)
    }
}
