//! Builds a release again when the portal's pages were built: files that were not there yet can't be watched by what embeds
//! them. A debug build reads them when they are asked for.

fn main() {
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    // What isn't there counts as changed each time: right for a release, a compilation too many for everybody else.
    println!("cargo::rerun-if-changed={}", if release { "portal/dist" } else { "build.rs" });
}
