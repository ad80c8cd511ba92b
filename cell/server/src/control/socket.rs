//! Where the control socket lies, and how it is reached where the path is longer than the system takes.

use rustix::fs::{Mode, OFlags};
use std::fs::Permissions;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// Its name in the data folder.
pub(super) const SOCKET_FILE: &str = "control.sock";
/// The longest path that every system takes as the address of a socket.
const ADDRESS_BYTES_MAX: usize = 103;

/// A path short enough for an address; the folder is open as long as it is used.
struct Address {
    path: PathBuf,
    _folder: Option<OwnedFd>,
}

/// Goes round by the open folder where the path itself is too long.
fn address(data: &Path) -> io::Result<Address> {
    let path = data.join(SOCKET_FILE);
    if path.as_os_str().len() <= ADDRESS_BYTES_MAX {
        return Ok(Address {
            path,
            _folder: None,
        });
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(data, flags, Mode::empty())?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(SOCKET_FILE);
    Ok(Address {
        path,
        _folder: Some(folder),
    })
}

/// Binds the socket of a folder that this process holds the lock of: one that lies there is left over from a process
/// that was killed. Also its path, for removal.
pub(super) fn bind(data: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let path = data.join(SOCKET_FILE);
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let address = address(data)?;
    let listener = UnixListener::bind(&address.path)?;
    // Until here the folder alone, which is its owner's, keeps others out.
    std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok((listener, path))
}

/// Connects to the process that serves the folder; `None` if there is none.
pub(super) async fn connect(data: &Path) -> io::Result<Option<UnixStream>> {
    let connected = match address(data) {
        Ok(address) => UnixStream::connect(&address.path).await,
        Err(error) => Err(error),
    };
    match connected {
        Ok(stream) => Ok(Some(stream)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether a process of that user may command this one: the same user, or the one who may do everything.
pub(super) fn may_command(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}
