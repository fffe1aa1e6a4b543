//! Where traces go, under the names that OpenTelemetry gives its variables.

use axum::http::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use super::reader::{Reader, Reason, must_be};
use super::variables;

/// Where traces go, and of how many requests.
#[derive(Debug, Clone)]
pub struct Traces {
    /// The collector's URL for traces.
    pub endpoint: String,
    /// What it wants to see with each delivery, such as a key.
    pub headers: Vec<(String, SecretString)>,
    /// The name of this service among all.
    pub service_name: String,
    /// Whether a caller who has decided already whether the trace is kept decides for us too.
    pub as_the_caller: bool,
    /// The part of all other traces that is kept, from 0 to 1.
    pub sampled: f64,
}

/// The samplers: whether they follow the caller, and their share; none if that is in another variable.
const SAMPLERS: [(&str, (bool, Option<f64>)); 6] = [
    ("parentbased_always_on", (true, Some(1.0))),
    ("parentbased_always_off", (true, Some(0.0))),
    ("parentbased_traceidratio", (true, None)),
    ("always_on", (false, Some(1.0))),
    ("always_off", (false, Some(0.0))),
    ("traceidratio", (false, None)),
];

impl Traces {
    /// Nothing if there is no collector, or if something about it was reported.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let endpoint = reader.parse(&variables::OTLP_ENDPOINT, endpoint);
        let headers = reader.parse(&variables::OTLP_HEADERS, headers);
        let _only_one = reader.choice(&variables::OTLP_PROTOCOL, &[("http/protobuf", ())]);
        let service_name = reader.parse(&variables::OTEL_SERVICE_NAME, |text| Ok(text.to_owned()));
        let sampler = reader.choice(&variables::OTEL_TRACES_SAMPLER, &SAMPLERS);
        let share = reader.parse(&variables::OTEL_TRACES_SAMPLER_ARG, share);
        let (as_the_caller, fixed) = sampler?;
        Some(Traces {
            endpoint: endpoint?,
            headers: headers?,
            service_name: service_name?,
            as_the_caller,
            sampled: fixed.unwrap_or(share?),
        })
    }
}

/// The variable has the base that all kinds of telemetry share.
fn endpoint(text: &str) -> Result<String, Reason> {
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.host().is_some();
    let url = Url::parse(text).ok().filter(is_web).ok_or_else(|| must_be(&variables::OTLP_ENDPOINT))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not carry a user name or a password; OTEL_EXPORTER_OTLP_HEADERS can".to_owned());
    }
    Ok(format!("{}/v1/traces", url.as_str().trim_end_matches('/')))
}

fn headers(text: &str) -> Result<Vec<(String, SecretString)>, Reason> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs.map(|pair| header(pair).ok_or_else(|| must_be(&variables::OTLP_HEADERS))).collect()
}

fn header(pair: &str) -> Option<(String, SecretString)> {
    let (name, value) = pair.split_once('=')?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    HeaderValue::from_str(&value).ok()?;
    Some((name.to_string(), value.into_owned().into()))
}

fn share(text: &str) -> Result<f64, Reason> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| must_be(&variables::OTEL_TRACES_SAMPLER_ARG))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(values: &[(&str, &str)]) -> (Option<Traces>, Vec<String>) {
        let values: HashMap<_, _> = values.iter().copied().collect();
        let find = |name: &str| values.get(name).map(|value| (*value).to_owned());
        let mut reader = Reader::new(&find);
        let traces = Traces::read(&mut reader);
        let problems = reader.finish(|| Some(())).err();
        (traces, problems.iter().flat_map(|all| all.problems()).map(|one| one.variable.clone()).collect())
    }

    const THERE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/");

    #[test]
    fn without_a_collector_there_are_none() {
        let (traces, problems) = read(&[("OTEL_SERVICE_NAME", "auth")]);
        assert!(traces.is_none() && problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn the_address_alone_is_enough() {
        let traces = read(&[THERE]).0.expect("a collector");
        assert_eq!(traces.endpoint, "http://localhost:4318/v1/traces");
        assert_eq!(
            (traces.service_name.as_str(), traces.as_the_caller, traces.sampled),
            ("devauth", true, 1.0)
        );
        assert!(traces.headers.is_empty());
    }

    #[test]
    fn samplers_have_their_standard_names() {
        for (name, argument, expected) in [
            ("always_on", "0.5", (false, 1.0)),
            ("always_off", "0.5", (false, 0.0)),
            ("traceidratio", "0.5", (false, 0.5)),
            ("parentbased_always_off", "", (true, 0.0)),
            ("parentbased_traceidratio", "0.25", (true, 0.25)),
        ] {
            let sampler = [("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", argument), THERE];
            let traces = read(&sampler).0.expect(name);
            assert_eq!((traces.as_the_caller, traces.sampled), expected, "{name}");
        }
    }

    #[test]
    fn headers_are_names_and_encoded_values_and_no_secret_is_shown() {
        let traces =
            read(&[THERE, ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20abc, x-a=1")]).0.unwrap();
        let [(name, value), (other, _)] = traces.headers.as_slice() else { panic!("two") };
        assert_eq!(
            (name.as_str(), value.expose_secret(), other.as_str()),
            ("authorization", "Bearer abc", "x-a")
        );
        assert!(!format!("{traces:?}").contains("abc"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:pass@collector:4318"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "no-value"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=%0d%0ab"),
            ("OTEL_TRACES_SAMPLER", "sometimes"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
            ("OTEL_TRACES_SAMPLER_ARG", "NaN"),
        ] {
            assert_eq!(read(&[THERE, (name, value)]).1, [name], "{value}");
        }
    }
}
