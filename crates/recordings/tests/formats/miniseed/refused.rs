//! What is refused, and by which name.

use miniseed_rs::encode;

use crate::common::hostile::{read_through, refused_field};
use crate::made::miniseed::{edited, record, small_files};

#[test]
fn a_header_that_cannot_be_right_is_refused_by_the_fields_name() {
    for (field, edit) in [
        ("number of samples", (30, &60_000_u16.to_be_bytes()[..])),
        ("sampling rate", (32, &[0, 0])),
        ("start time", (22, &[2, 0])),
        ("encoding", (52, &[5])),
        ("encoding", (52, &[30])),
        ("record length", (54, &[200])),
        ("record length", (54, &[0])),
        ("beginning of data", (44, &[0xff, 0xff])),
        ("beginning of data", (44, &[0, 0])),
        ("blockette 1000", (46, &[0, 0])),
        ("next blockette", (58, &[0, 48])),
    ] {
        assert_eq!(refused_field(&edited(&[edit])), format!("{field} (record at byte 0)"));
    }
    let version_3 = encode(&record(3, "A", 0..50)).unwrap();
    for (field, edit) in [
        ("number of samples", (24, &[0xff; 4][..])),
        ("sampling rate", (16, &f64::NAN.to_le_bytes())),
        ("sampling rate", (16, &0.0_f64.to_le_bytes())),
        ("start time", (8, &[0xff; 2])),
        ("encoding", (15, &[19])),
        ("data payload length", (36, &[0xff; 4])),
        ("source identifier", (40, &[0xff])),
    ] {
        let mut bytes = version_3.clone();
        bytes[edit.0..edit.0 + edit.1.len()].copy_from_slice(edit.1);
        assert_eq!(refused_field(&bytes), format!("{field} (record at byte 0)"));
    }
}

#[test]
fn a_truncated_file_is_an_error_unless_it_ends_with_a_record() {
    for file in small_files() {
        read_through(&file).unwrap();
        let whole = (0..file.len()).filter(|&length| read_through(&file[..length]).is_ok()).count();
        assert_eq!(whole, 2, "after the first and the second record");
    }
}
