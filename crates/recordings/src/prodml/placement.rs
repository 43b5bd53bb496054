use std::io;

use hdf5_writer::jenkins_lookup3;

/// The message by which an object header says where a contiguous dataset lies, of one that lies nowhere: message
/// type, size, flags; version, class; address, length. No text can hold it: it is not UTF-8.
const NOWHERE: [u8; 22] = {
    let mut message = [0; 22];
    (message[0], message[1], message[4], message[5]) = (8, 18, 3, 1);
    let mut byte = 6;
    while byte < 14 {
        message[byte] = 0xff;
        byte += 1;
    }
    message
};
/// Where in that message the address is; the length follows.
const ADDRESS: usize = 6;

/// What an object header begins with; its version, flags, and length follow.
const HEADER: &[u8] = b"OHDR";
/// Where in the superblock the end of the file is, and its checksum over all that is before it.
const END_OF_FILE: usize = 28;
const SUPERBLOCK_CHECKSUM: usize = 44;

/// Tells a file without data where the data of its datasets are: address and length in bytes of each, in their order
/// in the file, and where the file ends.
pub(super) fn place(head: &mut [u8], data: &[(u64, u64)], end: u64) -> io::Result<()> {
    for &(address, length) in data {
        let message = find(head, &NOWHERE).ok_or_else(unknown)?;
        // Checked, because the name may stand anywhere by chance.
        let (header, checksum) = (0..message)
            .rev()
            .find_map(|at| checksum_place(head, at).filter(|&end| end > message).map(|end| (at, end)))
            .ok_or_else(unknown)?;
        let address_at = message + ADDRESS;
        head[address_at..address_at + 8].copy_from_slice(&address.to_le_bytes());
        head[address_at + 8..address_at + 16].copy_from_slice(&length.to_le_bytes());
        seal(head, header, checksum);
    }
    if find(head, &NOWHERE).is_some() || !is_sealed(head, 0, SUPERBLOCK_CHECKSUM) {
        return Err(unknown());
    }
    head[END_OF_FILE..END_OF_FILE + 8].copy_from_slice(&end.to_le_bytes());
    seal(head, 0, SUPERBLOCK_CHECKSUM);
    Ok(())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Where the checksum of the object header at `start` is, if there is one.
fn checksum_place(head: &[u8], start: usize) -> Option<usize> {
    let header = head[start..].strip_prefix(HEADER)?;
    let width = 1 << (header.get(1)? & 3);
    let mut length = [0; 8];
    length[..width].copy_from_slice(header.get(2..2 + width)?);
    let length = usize::try_from(u64::from_le_bytes(length)).ok()?;
    let checksum = (start + HEADER.len() + 2 + width).checked_add(length)?;
    is_sealed(head, start, checksum).then_some(checksum)
}

fn is_sealed(head: &[u8], start: usize, checksum: usize) -> bool {
    checksum
        .checked_add(4)
        .and_then(|end| head.get(checksum..end))
        .is_some_and(|found| found == jenkins_lookup3(&head[start..checksum]).to_le_bytes())
}

fn seal(head: &mut [u8], start: usize, checksum: usize) {
    let sum = jenkins_lookup3(&head[start..checksum]);
    head[checksum..checksum + 4].copy_from_slice(&sum.to_le_bytes());
}

fn unknown() -> io::Error {
    io::Error::other("the HDF5 writer lays out files in an unknown way")
}
