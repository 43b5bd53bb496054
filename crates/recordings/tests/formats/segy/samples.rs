//! Every format of samples, at its ends.

use focus_core::DataType;

use crate::common::hostile::opened;
use crate::common::numbers;
use crate::made::segy::{Order, Segy, with_extension};

#[test]
fn samples_are_exact_to_the_ends_of_their_format() {
    let cases: [(i64, DataType, &[i64]); 8] = [
        (2, DataType::Int32, &[i64::from(i32::MIN), -1, 0, 1, i64::from(i32::MAX)]),
        (3, DataType::Int16, &[i64::from(i16::MIN), -1, 0, 1, i64::from(i16::MAX)]),
        (5, DataType::Float32, &[-16_777_216, -1, 0, 1, 16_777_215]),
        (7, DataType::Int32, &[-8_388_608, -8_388_607, -1, 0, 1, 65_536, 8_388_607]),
        (8, DataType::Int16, &[-128, -1, 0, 1, 127]),
        (11, DataType::Int32, &[0, 1, 32_768, 65_535]),
        (15, DataType::Int32, &[0, 1, 65_536, 8_388_608, 16_777_215]),
        (16, DataType::Int16, &[0, 1, 128, 255]),
    ];
    for (format, data_type, values) in cases {
        for order in [Order::Big, Order::Little] {
            let (samples, values) = (values.len() as u64, values.to_vec());
            let segy = Segy { format, order, samples, values: values.clone(), ..with_extension() };
            let file = opened(&segy.bytes()).unwrap();
            assert_eq!(file.header().fibre.data_type, data_type, "{format}");
            for column in 0..4 {
                let read = file.read(0, 0..samples, column..column + 1).unwrap();
                assert_eq!(numbers(&read), values, "{format} {order:?}");
                let last = file.read(0, samples - 2..samples, column..column + 1).unwrap();
                assert_eq!(numbers(&last), values[values.len() - 2..], "{format} {order:?}");
            }
        }
    }
}
