//! Connection URLs that sqlx and libpq both understand.

use std::path::Path;

use url::form_urlencoded::byte_serialize;

/// `postgres:///database?host=/dir&port=5432&user=name`. The port is said because `PGPORT` would change it otherwise.
pub(crate) fn socket(dir: &Path, port: u16, user: &str, database: &str) -> String {
    let (database, dir, user) = (text(database), path(dir), text(user));
    format!("postgres:///{database}?host={dir}&port={port}&user={user}")
}

/// `postgres://name:password@127.0.0.1:port/database`.
pub(crate) fn tcp(port: u16, user: &str, password: &str, database: &str) -> String {
    let (user, password, database) = (text(user), text(password), text(database));
    format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}")
}

fn path(path: &Path) -> String {
    percent(path.as_os_str().as_encoded_bytes()).replace("%2F", "/")
}

fn text(text: &str) -> String {
    percent(text.as_bytes())
}

/// libpq reads `+` as a plus sign, so a space is `%20`.
fn percent(bytes: &[u8]) -> String {
    byte_serialize(bytes).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_url_gives_meaning_to_is_encoded() {
        let url = socket(Path::new("/Users/a b/x&y+z"), 5432, "devauth", "a/b?c");
        assert_eq!(url, "postgres:///a%2Fb%3Fc?host=/Users/a%20b/x%26y%2Bz&port=5432&user=devauth");
        assert_eq!(tcp(1, "u", "a/+=", "d"), "postgres://u:a%2F%2B%3D@127.0.0.1:1/d");
    }
}
