//! Files that are there whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// Whether [`save`] can be expected to: its folder is there and can be written, and no other is in
/// the way.
pub(crate) fn expect(path: &Path) -> io::Result<()> {
    if is_stream(path) {
        return Ok(());
    }
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

/// Whether something is there that takes bytes and is no file: a device or a pipe. It is written to,
/// and never replaced.
fn is_stream(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Writes `bytes` to a temporary file beside `path`, or beside what that is a link to, and renames it.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_stream(path) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
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

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_a_link_stays_a_link() {
        let null = Path::new("/dev/null");
        expect(null).expect("it takes everything");
        save(null, b"gone").expect("it takes everything");
        assert!(is_stream(null), "it was replaced");
        let folder = tempfile::tempdir().expect("a folder");
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        save(&file, b"first").expect("a file");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        save(&link, b"second").expect("the file that it leads to");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).expect("a file"), b"second");
    }

    #[test]
    fn what_cannot_be_saved_does_not_name_the_temporary_file() {
        let error = save(Path::new("/nowhere/at/all/x"), b"").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let said = error.to_string();
        assert!(!said.contains("nowhere") && !said.contains("saving"), "{said}");
    }
}
