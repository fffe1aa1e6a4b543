//! `/v1/auth`

mod signup;
