//! Passwords by which people join groups: asked for, kept as hashes in the groups' documents, and compared.

use std::sync::Arc;

use crate::domain::{Access, Code, Group, PasswordHash, Refusal, UserId};
use crate::ports::Passwords;

/// What is known of passwords on this node.
#[derive(Clone)]
pub(crate) struct GroupPasswords(Option<Arc<dyn Passwords>>);

// === impl GroupPasswords ===

impl GroupPasswords {
    /// Where nothing hashes passwords, no group has one.
    pub(crate) fn new(passwords: Option<Arc<dyn Passwords>>) -> Self {
        Self(passwords)
    }

    /// The hash of a password that somebody sets for a group that is to have this access.
    ///
    /// # Errors
    /// `bad_frame` where one is given and no access asks for it.
    pub(crate) async fn asked(&self, access: Access, password: Option<&str>) -> Result<Option<PasswordHash>, Refusal> {
        match (access, password) {
            (Access::Password, Some(password)) => Ok(Some(self.known()?.hash(password).await?)),
            (_, Some(_)) => Err(Refusal::bad_frame("`password` goes with the access `password` alone")),
            (_, None) => Ok(None),
        }
    }

    /// The same, of a group that is made or that had no password: it needs one where it asks for one.
    pub(crate) async fn needed(&self, access: Access, password: Option<&str>) -> Result<Option<PasswordHash>, Refusal> {
        if access == Access::Password && password.is_none() {
            return Err(Refusal::bad_frame("the access `password` needs a `password`"));
        }
        self.asked(access, password).await
    }

    /// Whether somebody knows a group's password.
    ///
    /// # Errors
    /// `forbidden` where they do not.
    pub(crate) async fn check(&self, user: &UserId, group: &Group, password: Option<&str>) -> Result<(), Refusal> {
        let password = password.ok_or_else(|| Refusal::forbidden("this group asks for its `password`"))?;
        let wrong = || Refusal::forbidden("this is not the group's password");
        let hash = group.settings.password.as_ref().ok_or_else(wrong)?;
        if self.known()?.verify(user, &group.id, password, hash).await? { Ok(()) } else { Err(wrong()) }
    }

    fn known(&self) -> Result<&dyn Passwords, Refusal> {
        let passwords = self.0.as_deref();
        passwords.ok_or_else(|| Refusal::new(Code::Unsupported, "this hub has no groups with passwords"))
    }
}
