//! `/v1/auth`

mod introspect;
mod signup;
