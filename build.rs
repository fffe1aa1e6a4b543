//! Builds again when the portal's pages were built: files that were not there yet can't be watched by what embeds them.

fn main() {
    println!("cargo::rerun-if-changed=portal/dist");
}
