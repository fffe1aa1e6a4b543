//! `/v1/portal`
