//! `/v1/portal`

mod api_keys;
mod applications;
mod developers;
