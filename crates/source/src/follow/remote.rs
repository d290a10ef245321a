//! Does a folder lie where Linux doesn't see everything that happens?

use std::path::Path;

use rustix::fs::statfs;

/// File systems that others write to as well, from where inotify hears nothing: their numbers in `statfs(2)`.
const REMOTE: [(u32, &str); 10] = [
    (0x0000_6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x0000_517b, "SMB"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9p"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x0bd0_0bd0, "Lustre"),
    (0x0116_1970, "GFS2"),
];

/// The name of such a file system, where the folder lies on one.
pub(super) fn file_system(folder: &Path) -> Option<&'static str> {
    // Numbers have 32 bits, in a field that is signed here and longer there.
    let number = u64::try_from(i128::from(statfs(folder).ok()?.f_type) & 0xffff_ffff).ok()?;
    REMOTE.iter().find(|(remote, _)| u64::from(*remote) == number).map(|(_, name)| *name)
}
