//! SQL statements as spans. sqlx tells of each statement when it is over, by an event with its text and its time; so all of
//! them are traced without a word where they are made. The text has `$1` for what is bound: no value.

use std::fmt;
use std::time::Duration;

use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _};
use opentelemetry::{KeyValue, time};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, dispatcher};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The target of sqlx's events.
pub(super) const TARGET: &str = "sqlx::query";

/// Makes spans of statements that are part of something traced; what runs by the clock is not.
pub(super) struct Statements {
    tracer: SdkTracer,
}

impl Statements {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        Statements { tracer }
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.lookup_current() else { return };
        let parent = dispatcher::get_default(|dispatch| get_otel_context(&span.id(), dispatch));
        let Some(parent) = parent.filter(|parent| parent.span().span_context().is_sampled()) else { return };
        let mut statement = Statement::default();
        event.record(&mut statement);
        let ended = time::now();
        let attributes = vec![
            KeyValue::new("db.system.name", "postgresql"),
            KeyValue::new("db.query.text", statement.text()),
        ];
        self.tracer
            .span_builder(statement.name())
            .with_kind(SpanKind::Client)
            .with_start_time(ended - statement.took)
            .with_attributes(attributes)
            .start_with_context(&self.tracer, &parent)
            .end_with_timestamp(ended);
    }
}

/// What sqlx says of a statement.
#[derive(Default)]
struct Statement {
    /// Its first words.
    summary: String,
    /// All of it, unless that is the summary.
    sql: String,
    took: Duration,
}

impl Statement {
    fn text(&self) -> String {
        if self.sql.is_empty() { self.summary.clone() } else { self.sql.trim().to_owned() }
    }

    /// The operation and its table: few enough to group by.
    fn name(&self) -> String {
        let text = self.text();
        let mut words = text.split_whitespace();
        let operation = words.next().unwrap_or("statement").to_owned();
        let before = |word: &&str| matches!(*word, "FROM" | "INTO" | "UPDATE");
        let table = match operation.as_str() {
            "UPDATE" => words.next(),
            _ => words.by_ref().find(before).and_then(|_| words.next()),
        };
        let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
        match table.map(|table| table.trim_end_matches([',', ';', ')'])).filter(is_name) {
            Some(table) => format!("{operation} {table}"),
            None => operation,
        }
    }
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.sql),
            _ => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.took = Duration::try_from_secs_f64(value).unwrap_or_default();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_by_what_it_does_to_which_table() {
        for (sql, name) in [
            ("BEGIN", "BEGIN"),
            ("SELECT id, email FROM users WHERE id = $1", "SELECT users"),
            ("INSERT INTO events (aggregate_type) VALUES ($1)", "INSERT events"),
            ("UPDATE jobs SET state = $2", "UPDATE jobs"),
            ("DELETE FROM claims WHERE user_id = $1", "DELETE claims"),
            ("WITH due AS MATERIALIZED (SELECT id FROM jobs) UPDATE jobs SET a = 1", "WITH jobs"),
            ("SELECT clock_timestamp()", "SELECT"),
            ("SELECT a FROM (SELECT 1) b", "SELECT"),
        ] {
            let statement = Statement { sql: format!("\n\n{sql}\n"), ..Statement::default() };
            assert_eq!(statement.name(), name, "{sql}");
        }
    }
}
