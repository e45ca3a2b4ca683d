//! The key that an embedded hub makes for itself and keeps in its data directory.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use tracing::info;

use super::identity::IdentityError;
use crate::domain::random_token;
use crate::identity::tokens::SigningKey;

const FILE: &str = "signing.key";
const KEY_BYTES: usize = 32;
/// Whoever reads the key can be anybody.
const OWNER_ONLY: u32 = 0o600;

/// The key kept in this directory, made the first time. Readable by its owner alone.
pub(super) fn load_or_make(directory: &Path) -> Result<SigningKey, IdentityError> {
    let path = directory.join(FILE);
    let failed = |error| IdentityError::File { path: path.display().to_string(), error };
    let key = match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(directory, &path).and_then(|()| read(&path)).map_err(failed)?
        }
        other => other.map_err(failed)?,
    };
    SigningKey::from_secret(&key).map_err(|error| IdentityError::Key { place: path.display().to_string(), error })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let text = fs::read_to_string(path)?;
    let damaged = || {
        let advice = "is damaged; restore it, or remove it to have a new one made (everybody logs in again)";
        io::Error::new(ErrorKind::InvalidData, advice)
    };
    let key = HEXLOWER.decode(text.trim().as_bytes()).ok().filter(|key| key.len() == KEY_BYTES);
    let key = key.ok_or_else(damaged)?;
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY))?;
    }
    Ok(key)
}

/// Written aside and linked into place: whole or not at all, and never over another's.
fn make(directory: &Path, path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let key: [u8; KEY_BYTES] = rand::random();
    let aside = Aside(directory.join(format!(".{FILE}.{}", random_token())));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&aside.0)?;
    writeln!(file, "{}", HEXLOWER.encode(&key))?;
    file.sync_all()?;
    match fs::hard_link(&aside.0, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.inspect(|()| info!(path = %path.display(), "signing key made")),
    }
}

/// A file that goes when done with.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn mint(key: &SigningKey) -> String {
        key.mint("anna", &Default::default(), std::time::Duration::from_secs(60)).unwrap().token
    }

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("new").join("data");
        let first = load_or_make(&data).unwrap();
        let path = data.join(FILE);
        assert_eq!((mode(&path), mode(&data)), (0o600, 0o700));
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "nothing is left aside");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let again = load_or_make(&data).unwrap();
        assert_eq!(mode(&path), 0o600);
        // Tokens carry seconds; made in the same one they are equal exactly when the keys are.
        let same = (0..5).any(|_| mint(&first) == mint(&again));
        assert!(same);
    }

    #[test]
    fn all_who_start_at_once_have_the_same_key() {
        let directory = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| load_or_make(directory.path()).unwrap());
            }
        });
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_key_is_reported_and_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        fs::write(&path, "half a k").unwrap();
        let error = load_or_make(directory.path()).unwrap_err().to_string();
        assert!(error.contains("signing.key") && error.contains("damaged"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "half a k");
    }
}
