//! The body of `POST /configure`, field by field, as the contract has it.

#![expect(clippy::float_cmp, reason = "these numbers are exact: chosen, not computed")]

use focus_core::{DataType, Draft, FaultKind, Faults, Fibre, Limits, Period, Picture, Plan, View, ViewType};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

fn fibre() -> Fibre {
    Fibre {
        pulse_rate: Some(8000.0),
        sampling_rate: 2000.0,
        dx: Some(1.0),
        gauge_length: Some(10.0),
        channels: 2500,
        start: None,
        length: None,
        samples_per_trace: None,
        data_type: DataType::Int16,
        unit: None,
        software: None,
        description: None,
    }
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn resolve(body: &[u8]) -> Result<(View, Plan), Faults> {
    Draft::parse(body, now())?.resolve(&fibre(), &Limits::default())
}

fn with(changes: &Value) -> Result<(View, Plan), Faults> {
    resolve(body_with(changes).to_string().as_bytes())
}

/// A good request, with some fields replaced.
fn body_with(changes: &Value) -> Value {
    let mut body = json!({
        "view_type": 0,
        "channels": {"min": 11, "max": 110},
        "displayInfo": {"height": 250},
        "displayTimeAxisDuration": 10,
        "nfftSelection": 1024,
        "frequencyRange": {"min": 0, "max": 500},
    });
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn waterfall() -> Value {
    json!({"view_type": 2, "displayTimeAxisDuration": null, "nfftSelection": null, "frequencyRange": null})
}

/// The faulty fields and what decides the status.
fn faults(result: Result<(View, Plan), Faults>) -> (FaultKind, Vec<String>) {
    let faults = result.unwrap_err();
    (faults.kind(), faults.all().iter().map(|fault| fault.path.clone()).collect())
}

fn request_fault(path: &str) -> (FaultKind, Vec<String>) {
    (FaultKind::Request, vec![path.to_owned()])
}

fn view_fault(path: &str) -> (FaultKind, Vec<String>) {
    (FaultKind::View, vec![path.to_owned()])
}

#[test]
fn a_good_request_is_the_view_it_says() {
    let (view, plan) = with(&json!({})).unwrap();
    assert_eq!(view.view_type(), ViewType::Multichannel);
    assert_eq!((view.channels().first(), view.channels().last()), (11, 110));
    assert_eq!(view.period(), Period::Live);
    assert_eq!(plan.frequencies().len(), 257);
    assert_eq!(plan.frequencies()[1], 2000.0 / 1024.0);
    assert_eq!(plan.row_interval, 0.04);
    assert_eq!(plan.streams.len(), 3);
}

#[test]
fn what_may_be_absent_may_also_be_null_and_has_its_default() {
    for absent in [json!({}), json!({"start_time": null, "end_time": null, "unknown": [1]})] {
        let mut body = body_with(&absent);
        for field in ["displayTimeAxisDuration", "nfftSelection", "frequencyRange"] {
            body[field] = Value::Null;
        }
        let (view, plan) = resolve(body.to_string().as_bytes()).unwrap();
        assert_eq!(view.duration(), 10.0);
        let Picture::Spectrogram { nfft, band } = view.picture() else { panic!("a spectrogram") };
        assert_eq!((nfft, band.min, band.max), (1024, 0.0, 1000.0));
        assert_eq!(plan.frequencies().len(), 513);
    }
}

#[test]
fn view_types_come_as_numbers_or_text() {
    for (value, view_type) in [
        (json!(0), ViewType::Multichannel),
        (json!("0"), ViewType::Multichannel),
        (json!("1"), ViewType::SingleChannel),
    ] {
        assert_eq!(with(&json!({"view_type": value})).unwrap().0.view_type(), view_type);
    }
    for value in
        [json!(3), json!(-1), json!("x"), json!(""), json!(true), json!(1.5), json!([0]), Value::Null]
    {
        assert_eq!(faults(with(&json!({"view_type": value}))), request_fault("$.view_type"), "{value}");
    }
}

#[test]
fn a_single_channel_view_shows_channels_min() {
    let (view, plan) = with(&json!({"view_type": 1, "nfftSelection": 65536})).unwrap();
    assert_eq!((view.channels().first(), view.channels().last()), (11, 11));
    assert_eq!(plan.channel_to_stream().collect::<Vec<_>>(), [(11, 0)]);
}

#[test]
fn channels_must_exist() {
    let cases = [
        (json!({"min": 0, "max": 5}), "$.channels.min"),
        (json!({"min": -3, "max": 5}), "$.channels.min"),
        (json!({"min": 1, "max": 2501}), "$.channels.max"),
        (json!({"min": 6, "max": 5}), "$.channels.max"),
        (json!({"min": 1}), "$.channels.max"),
        (json!({"min": 1, "max": null}), "$.channels.max"),
        (json!({"min": "1", "max": 5}), "$.channels.min"),
        (json!({"min": 1, "max": 5.5}), "$.channels.max"),
        (json!({"min": 1, "max": 1e30}), "$.channels.max"),
        (json!([1, 5]), "$.channels"),
        (Value::Null, "$.channels"),
    ];
    for (channels, path) in cases {
        assert_eq!(faults(with(&json!({"channels": channels}))), request_fault(path), "{channels}");
    }
}

#[test]
fn more_channels_than_one_view_may_have_break_a_rule() {
    let whole = json!({"channels": {"min": 1, "max": 2223}, "displayInfo": {"height": 1}});
    assert_eq!(faults(with(&whole)), view_fault("$.channels"));
}

#[test]
fn values_that_break_a_rule() {
    let cases = [
        (json!({"displayInfo": {"height": 0}}), "$.displayInfo.height"),
        (json!({"displayInfo": {"height": -5}}), "$.displayInfo.height"),
        (json!({"displayInfo": {"height": 20_001}}), "$.displayInfo.height"),
        (json!({"displayTimeAxisDuration": 0}), "$.displayTimeAxisDuration"),
        (json!({"displayTimeAxisDuration": -1.5}), "$.displayTimeAxisDuration"),
        (json!({"displayTimeAxisDuration": 1e17}), "$.displayInfo.height"),
        (json!({"displayTimeAxisDuration": 250.0 * 86_401.0}), "$.displayInfo.height"),
        (json!({"nfftSelection": 1000}), "$.nfftSelection"),
        (json!({"nfftSelection": 64}), "$.nfftSelection"),
        (json!({"nfftSelection": 0}), "$.nfftSelection"),
        (json!({"nfftSelection": -1024}), "$.nfftSelection"),
        (json!({"nfftSelection": 4096}), "$.nfftSelection"),
        (json!({"view_type": 1, "nfftSelection": 131_072}), "$.nfftSelection"),
        (json!({"frequencyRange": {"min": 0, "max": 1000.5}}), "$.frequencyRange.max"),
        (json!({"frequencyRange": {"min": -1, "max": 10}}), "$.frequencyRange.min"),
        (json!({"frequencyRange": {"min": 10, "max": 10}}), "$.frequencyRange.max"),
        (json!({"frequencyRange": {"min": 20, "max": 10}}), "$.frequencyRange.max"),
        (json!({"frequencyRange": {"min": 2.0, "max": 3.0}}), "$.frequencyRange"),
        (json!({"start_time": 1000}), "$.end_time"),
        (json!({"end_time": 1000}), "$.start_time"),
        (json!({"start_time": 1000, "end_time": 1000}), "$.end_time"),
        (json!({"start_time": 2000, "end_time": 1000}), "$.end_time"),
        (json!({"start_time": 1000, "end_time": 4e9}), "$.end_time"),
        (json!({"start_time": -1e300, "end_time": 1000}), "$.start_time"),
    ];
    for (change, path) in cases {
        let result = faults(with(&change));
        if path == "$.displayInfo.height" && change["displayInfo"]["height"] == 20_001 {
            // So many rows are too costly as well.
            assert!(result.1.contains(&path.to_owned()), "{change}");
            continue;
        }
        assert_eq!(result, view_fault(path), "{change}");
    }
}

#[test]
fn half_the_output_rate_is_allowed_and_the_pulse_rate_is_irrelevant() {
    let (_, plan) = with(&json!({"frequencyRange": {"min": 0, "max": 1000}})).unwrap();
    assert_eq!(plan.frequencies().last(), Some(&1000.0));
}

#[test]
fn wrong_types_and_missing_fields() {
    let cases = [
        (json!({"displayInfo": null}), "$.displayInfo"),
        (json!({"displayInfo": {}}), "$.displayInfo.height"),
        (json!({"displayInfo": {"height": "250"}}), "$.displayInfo.height"),
        (json!({"displayTimeAxisDuration": "10"}), "$.displayTimeAxisDuration"),
        (json!({"nfftSelection": "1024"}), "$.nfftSelection"),
        (json!({"nfftSelection": 1024.5}), "$.nfftSelection"),
        (json!({"frequencyRange": [0, 500]}), "$.frequencyRange"),
        (json!({"frequencyRange": {"min": 0}}), "$.frequencyRange.max"),
        (json!({"start_time": "now", "end_time": 1000}), "$.start_time"),
    ];
    for (change, path) in cases {
        assert_eq!(faults(with(&change)), request_fault(path), "{change}");
    }
    for body in ["", "{", "[]", "null", "\"text\"", "{\"view_type\":0}}"] {
        assert_eq!(faults(resolve(body.as_bytes())), request_fault("$"), "{body}");
    }
}

#[test]
fn a_waterfall_forbids_what_it_does_not_use() {
    let mut body = waterfall();
    assert!(with(&body).is_ok());
    body["nfftSelection"] = json!(1);
    let (_, plan) = with(&body).unwrap();
    assert_eq!((plan.frequencies().len(), plan.values_per_channel(), plan.row_interval), (0, 1, 0.04));
    for (field, value) in [
        ("displayTimeAxisDuration", json!(10)),
        ("nfftSelection", json!(1024)),
        ("frequencyRange", json!({"min": 0, "max": 1})),
    ] {
        let mut body = waterfall();
        body[field] = value;
        assert_eq!(faults(with(&body)), request_fault(&format!("$.{field}")));
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let change = json!({
        "view_type": "video", "channels": {"min": 0, "max": 5}, "displayInfo": {"height": 0},
        "nfftSelection": 3, "frequencyRange": {"min": 5, "max": 1}, "start_time": 5,
    });
    let (kind, paths) = faults(with(&change));
    assert_eq!(kind, FaultKind::Request);
    let expected = [
        "$.view_type",
        "$.channels.min",
        "$.displayInfo.height",
        "$.nfftSelection",
        "$.frequencyRange.max",
        "$.end_time",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn both_ends_of_a_range_are_looked_at() {
    let change = json!({
        "channels": {"min": 0, "max": 9999}, "nfftSelection": 4096, "frequencyRange": {"min": -1, "max": 2000},
    });
    let expected = [
        "$.channels.min",
        "$.frequencyRange.min",
        "$.channels.max",
        "$.nfftSelection",
        "$.frequencyRange.max",
    ];
    assert_eq!(faults(with(&change)).1, expected);
}

#[test]
fn a_view_that_costs_too_much_says_what_to_change() {
    let change = json!({"channels": {"min": 1, "max": 2222}, "frequencyRange": null});
    let faults = with(&change).unwrap_err();
    assert_eq!(faults.kind(), FaultKind::View);
    let text = faults.to_string();
    assert!(text.contains("MB of rows per second") && text.contains("displayInfo.height"), "{text}");
}

#[test]
fn long_windows_in_quick_succession_cost_too_much_although_they_show_little() {
    let change = json!({
        "view_type": 1, "nfftSelection": 65536, "displayInfo": {"height": 20_000},
        "frequencyRange": {"min": 10, "max": 11},
    });
    let text = with(&change).unwrap_err().to_string();
    assert!(text.contains("Fourier transforms"), "{text}");
    assert!(with(&json!({"view_type": 1, "nfftSelection": 65536})).is_ok());
}

#[test]
fn a_slow_waterfall_of_the_whole_fibre_costs_little() {
    let mut body = waterfall();
    body["channels"] = json!({"min": 1, "max": 2222});
    body["displayInfo"] = json!({"height": 1});
    let (_, plan) = with(&body).unwrap();
    assert!(plan.cost.memory_bytes < 1 << 20, "{:?}", plan.cost);
}

#[test]
fn a_historic_view_has_its_times_to_the_microsecond() {
    let (view, _) = with(&json!({"start_time": 1_458_545_850.532_309, "end_time": 1_458_545_900})).unwrap();
    let Period::Historic { start, end } = view.period() else { panic!("historic") };
    assert_eq!(format!("{start:.6} {end:.6}"), "2016-03-21T07:37:30.532309Z 2016-03-21T07:38:20.000000Z");
}

#[test]
fn a_view_written_as_a_request_is_the_same_view() {
    for change in [
        json!({}),
        json!({"view_type": 1}),
        waterfall(),
        json!({"start_time": 1_458_545_850.5, "end_time": 1_458_545_900}),
        json!({"withPast": true}),
    ] {
        let (view, plan) = with(&change).unwrap();
        let again = resolve(view.to_request().to_string().as_bytes()).unwrap();
        assert_eq!(again, (view, plan));
    }
}

#[test]
fn only_a_live_view_can_begin_in_the_past() {
    let with_past = |changes: &Value| with(changes).unwrap().0.with_past();
    assert!(with_past(&json!({"withPast": true})));
    for absent in [json!({}), json!({"withPast": null}), json!({"withPast": false})] {
        assert!(!with_past(&absent));
    }
    let historic = |value: bool| json!({"withPast": value, "start_time": 1, "end_time": 2});
    assert!(!with_past(&historic(false)));
    assert_eq!(faults(with(&historic(true))), view_fault("$.withPast"));
    for wrong in [json!("yes"), json!(1), json!({})] {
        assert_eq!(faults(with(&json!({"withPast": wrong}))), request_fault("$.withPast"));
    }
}

/// JSON of any shape, much of it close to a request.
fn any_body() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-5_i64..3000).prop_map(Value::from),
        "[0-9a-z]{0,6}".prop_map(Value::from),
        Just(json!({"min": 1, "max": 50})),
        Just(json!({"height": 100})),
    ];
    let pair = (leaf.clone(), leaf.clone()).prop_map(|(min, max)| json!({"min": min, "max": max}));
    let height = leaf.clone().prop_map(|height| json!({"height": height}));
    let value = prop_oneof![4 => leaf, 2 => pair, 1 => height];
    let field = prop::sample::select(vec![
        "view_type",
        "channels",
        "displayInfo",
        "displayTimeAxisDuration",
        "nfftSelection",
        "frequencyRange",
        "start_time",
        "end_time",
        "withPast",
        "other",
    ]);
    prop::collection::vec((field, value), 0..4).prop_map(|changes| {
        let mut body = body_with(&json!({}));
        for (field, value) in changes {
            body[field] = value;
        }
        body
    })
}

proptest! {
    #[test]
    fn any_bytes_are_a_view_or_faults(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(faults) = resolve(&body) {
            prop_assert!(!faults.all().is_empty());
        }
    }

    #[test]
    fn any_request_is_a_view_that_keeps_the_plan_s_promises_or_faults(body in any_body()) {
        match resolve(body.to_string().as_bytes()) {
            Err(faults) => prop_assert!(!faults.all().is_empty()),
            Ok((view, plan)) => {
                let map: Vec<_> = plan.channel_to_stream().collect();
                prop_assert_eq!(map.len(), view.channels().count());
                prop_assert_eq!(map.iter().map(|&(channel, _)| channel).collect::<Vec<_>>(),
                    (view.channels().first()..=view.channels().last()).collect::<Vec<_>>());
                let mut streams: Vec<_> = map.iter().map(|&(_, stream)| stream).collect();
                prop_assert!(streams.is_sorted(), "contiguous");
                streams.dedup();
                prop_assert_eq!(streams.len(), plan.streams.len());
                let most = if view.view_type() == ViewType::SingleChannel { 1 } else { 3 };
                prop_assert_eq!(plan.streams.len(), view.channels().count().min(most));
                let sizes = plan.streams.iter().map(|stream| stream.channels.count());
                prop_assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1, "as equal as possible");
                match view.picture() {
                    Picture::Waterfall => prop_assert!(plan.frequencies().is_empty()),
                    Picture::Spectrogram { nfft, band } => {
                        prop_assert!(!plan.frequencies().is_empty());
                        let step = 2000.0 / f64::from(nfft);
                        for pair in plan.frequencies().windows(2) {
                            prop_assert!((pair[1] - pair[0] - step).abs() < 1e-9);
                        }
                        prop_assert!(plan.frequencies().iter().all(|f| (band.min..=band.max).contains(f)));
                        prop_assert!(plan.frequencies()[0] - step < band.min, "no bin inside is left out");
                        prop_assert!(plan.frequencies().last().unwrap() + step > band.max);
                    }
                }
                prop_assert!(plan.cost.values_per_second * 4.0 <= Limits::default().max_row_bytes_per_second);
            }
        }
    }

    #[test]
    fn the_channel_range_alone_changes_neither_frequencies_nor_rows_nor_streams(
        first in 1_u32..2000, count in 3_u32..200, other in 1_u32..2000, others in 3_u32..200,
    ) {
        let plan = |min: u32, count: u32| {
            let channels = json!({"min": min, "max": min + count - 1});
            with(&json!({"channels": channels, "displayInfo": {"height": 50}})).unwrap().1
        };
        let (a, b) = (plan(first, count), plan(other, others));
        prop_assert_eq!(a.frequencies(), b.frequencies());
        prop_assert_eq!(a.row_interval, b.row_interval);
        prop_assert_eq!(a.streams.len(), b.streams.len());
    }
}
