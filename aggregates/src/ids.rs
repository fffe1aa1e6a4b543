//! Typed ids: a UUIDv7 with a prefix that says what it is the id of, so that one kind can't pass for another.
//!
//! Made from a UUID that the caller drew (`UserId::from_uuid`); `TypeSafeId::new` reads the clock and is not for us.

use type_safe_id::{StaticType, TypeSafeId};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident, $kind:ident, $prefix:literal;)*) => {$(
        #[doc = concat!("The kind behind [`", stringify!($id), "`].")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $kind;

        impl StaticType for $kind {
            const TYPE: &'static str = $prefix;
        }

        $(#[$doc])*
        pub type $id = TypeSafeId<$kind>;
    )*};
}

ids! {
    /// A user of one application: `usr_…`.
    UserId, UserKind, "usr";
    /// An application: `app_…`.
    ApplicationId, ApplicationKind, "app";
    /// A session, which begins with a login: `ses_…`.
    SessionId, SessionKind, "ses";
    /// An API key of an application (not the key itself): `key_…`.
    ApiKeyId, ApiKeyKind, "key";
    /// A developer, who is a user of the built-in application [`portal`]: `dev_…`.
    DeveloperId, DeveloperKind, "dev";
    /// One request for a one-time token (not the token itself): `tok_…`.
    TokenId, TokenKind, "tok";
    /// An entry of an application's audit log: `aud_…`.
    AuditEntryId, AuditEntryKind, "aud";
}

/// The id a developer is known by outside: the same UUID as the user of [`portal`] they are.
pub fn developer_id(user: UserId) -> DeveloperId {
    DeveloperId::from_uuid(user.uuid())
}

/// The user of [`portal`] that a developer is; the way back from [`developer_id`].
pub fn user_id(developer: DeveloperId) -> UserId {
    UserId::from_uuid(developer.uuid())
}

/// The built-in application whose users are the developers.
///
/// Its UUID is a constant (a version 7 one at time zero, ending in the letters of its name), so that every
/// installation has the same one and no drawn id can meet it.
pub fn portal() -> ApplicationId {
    ApplicationId::from_uuid(Uuid::from_u128(0x0000_0000_0000_7000_8000_706f_7274_616c))
}

#[cfg(test)]
mod fuzz {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_has_one_spelling(text in prop_oneof![any::<String>(), "(usr|USR|usr_usr)?_{0,2}[0-9A-Za-z]{25,27}", "usr_[0-9a-z]{26}"]) {
            if let Ok(id) = text.parse::<UserId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn every_id_is_read_back(id in any::<u128>()) {
            let id = SessionId::from_uuid(Uuid::from_u128(id));
            prop_assert_eq!(id.to_string().parse::<SessionId>().unwrap(), id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_with_its_prefix_and_read_back() {
        let id = UserId::from_uuid(Uuid::from_u128(7));

        assert_eq!(id.to_string(), "usr_00000000000000000000000007");
        assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
    }

    #[test]
    fn one_kind_of_id_is_not_read_as_another() {
        let user = UserId::from_uuid(Uuid::from_u128(7)).to_string();

        assert!(user.parse::<SessionId>().is_err());
        assert!(serde_json::from_value::<ApplicationId>(user.into()).is_err());
    }

    #[test]
    fn a_developer_is_the_portal_user_with_the_same_uuid() {
        let user = UserId::from_uuid(Uuid::from_u128(7));

        assert_eq!(developer_id(user).to_string(), "dev_00000000000000000000000007");
        assert_eq!(user_id(developer_id(user)), user);
    }

    #[test]
    fn the_portal_has_one_fixed_id() {
        assert_eq!(portal().to_string(), "app_0000000000e008003gdxs78rbc");
    }
}
