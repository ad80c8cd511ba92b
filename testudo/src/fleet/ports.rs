//! Whether somebody listens already where we are to: asked before a new data folder is made, so that a start that comes to
//! nothing leaves none behind. The socket itself decides; this only says it early.

use server::data_folder::DataFolder;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

/// Tries the addresses, each of the option that named it. A folder that is there tells more: who holds it.
///
/// # Errors
/// Which one is taken, and the option to name another with.
pub fn check_free(data: &Path, wanted: &[(SocketAddr, &str)]) -> anyhow::Result<()> {
    if DataFolder::is_at(data) {
        return Ok(());
    }
    for (address, option) in wanted {
        if let Err(error) = TcpListener::bind(address) {
            anyhow::bail!("cannot listen on {address}: {error}; name another one with {option}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_free;
    use server::data_folder::DataFolder;
    use std::net::TcpListener;

    #[test]
    fn a_taken_address_is_told_before_a_folder_is_made() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let wanted = [
            ("127.0.0.1:0".parse().unwrap(), "--listen"),
            (address, "--page"),
        ];
        let said = check_free(&path, &wanted).unwrap_err().to_string();
        assert!(
            said.contains(&address.to_string()) && said.ends_with("with --page"),
            "{said}"
        );
        assert!(!path.exists());
        drop(taken);
        check_free(&path, &wanted).unwrap();
        let _held = DataFolder::open(&path).unwrap();
        let _taken = TcpListener::bind(address).unwrap();
        check_free(&path, &wanted).unwrap();
    }
}
