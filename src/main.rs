//! The `devauth` program: everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Two TLS providers in one build make rustls panic at the first handshake unless one is chosen here.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("devauth: another TLS provider is already installed");
        return ExitCode::FAILURE;
    }
    devauth::cli::main()
}
