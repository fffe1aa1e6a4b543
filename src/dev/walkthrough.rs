/// PLACEHOLDER
pub fn walkthrough(public_url: &str) -> String {
    public_url.to_owned()
}
