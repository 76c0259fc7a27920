//! Files that are there whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// Whether [`save`] can be expected to: its folder is there and can be written, and no other is in
/// the way.
pub(crate) fn expect(path: &Path) -> io::Result<()> {
    if !folder_of(path).is_dir() {
        return Err(io::Error::other("its folder is not there; make it first"));
    }
    if path.is_dir() {
        return Err(io::Error::other("it is a folder; name a file"));
    }
    writable(folder_of(path))
}

/// Whether a file can be made in `folder`: permissions alone do not tell.
fn writable(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop).map_err(unnamed)
}

/// Whether the folder at `path` is there or can be expected to be made.
pub(crate) fn expect_folder(path: &Path) -> io::Result<()> {
    match path.ancestors().find(|ancestor| ancestor.exists()) {
        Some(file) if !file.is_dir() => {
            Err(io::Error::other(format!("`{}` is a file; name a folder", file.display())))
        }
        Some(folder) if folder.as_os_str().is_empty() => writable(Path::new(".")),
        Some(folder) => writable(folder),
        None => writable(Path::new(".")),
    }
}

/// Writes `bytes` to a temporary file beside `path`, and renames it.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".saving-");
    // Temporary files are private; this one is to be as readable as any other (less the umask).
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder_of(path)).map_err(unnamed)?;
    file.write_all(bytes).map_err(unnamed)?;
    // Some disks say only now that they are full.
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| unnamed(error.error))?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The error without the temporary file's name, which says nothing to anybody.
fn unnamed(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((why, _)) => io::Error::new(error.kind(), why),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_saved_does_not_name_the_temporary_file() {
        let error = save(Path::new("/nowhere/at/all/x"), b"").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let said = error.to_string();
        assert!(!said.contains("nowhere") && !said.contains("saving"), "{said}");
    }
}
