//! Strategies that make anything the language can say.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Words of the language in any order, with what may stand between them.
pub(super) fn words() -> impl Strategy<Value = String> {
    let known: Vec<&'static str> = VERBS
        .iter()
        .chain(PREDICATES)
        .flat_map(|word| std::iter::once(word.word).chain(word.example.split(' ')))
        .chain([
            "as", "from", "for", "since", "within", "and", "every", "\"", "\\", "$", "@", "..", "=", "é",
            "[", "${",
        ])
        .collect();
    vec((select(known), select(vec![" ", " ", " ", "  ", "", "\t", "\n"])), 0..12)
        .prop_map(|words| words.into_iter().flat_map(|(word, between)| [word, between]).collect())
}

fn name() -> impl Strategy<Value = Variable> {
    "[a-z][a-z0-9_]{0,6}".prop_map(|name| Variable::new(&name).unwrap())
}

fn data() -> impl Strategy<Value = DataName> {
    "[a-z][a-z0-9_]{0,6}".prop_map(|name| DataName::new(&name).unwrap())
}

fn duration() -> impl Strategy<Value = Duration> {
    (1u64..100_000_000 / 2)
        .prop_map(Duration::from_millis)
        .boxed()
        .prop_union((1u64..3000).prop_map(Duration::from_secs).boxed())
}

fn text() -> impl Strategy<Value = String> {
    "[^\n\r]{1,12}"
}

fn segment() -> impl Strategy<Value = Segment> {
    prop_oneof![
        "[a-z_]{1,5}".prop_map(Segment::Key),
        "[^\n\r]{0,6}".prop_map(Segment::Key),
        any::<u32>().prop_map(Segment::Index),
        Just(Segment::All)
    ]
}

fn reference() -> impl Strategy<Value = Reference> {
    (name(), vec(segment(), 0..3)).prop_map(|(name, path)| Reference { name, path })
}

fn template_of(text: &'static str) -> impl Strategy<Value = Template> {
    (reference(), vec((text, reference()), 0..3), option::of(text)).prop_map(|(first, rest, last)| {
        let mut parts = vec![TemplatePart::Reference(first)];
        for (text, reference) in rest {
            parts.extend([TemplatePart::Text(text), TemplatePart::Reference(reference)]);
        }
        parts.extend(last.map(TemplatePart::Text));
        Template(parts)
    })
}

fn target() -> impl Strategy<Value = Template> {
    template_of("[A-Za-z0-9/:.?&=_\\[{}é-]{1,5}")
}

fn since() -> impl Strategy<Value = Since> {
    prop_oneof![Just(Since::Start), step().prop_map(Since::Step)]
}

fn step() -> impl Strategy<Value = StepId> {
    "[0-9a-z.]{1,4}".prop_map(StepId)
}

fn kind() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9.-]{0,6}"
}

fn http() -> impl Strategy<Value = Http> {
    let effect = prop_oneof![
        Just(Effect::Untold),
        Just(Effect::ReadOnly),
        request().prop_map(|undo| Effect::Undone(Box::new(undo)))
    ];
    (request(), effect).prop_map(|(request, mut effect)| {
        if let Effect::Undone(undo) = &mut effect {
            undo.target.0[0] = request.target.0[0].clone();
            if ["GET", "HEAD", "OPTIONS"].contains(&undo.method.as_str()) {
                undo.method = "DELETE".into();
            }
        }
        Http { effect, ..request }
    })
}

fn request() -> impl Strategy<Value = Http> {
    let header = ("[A-Za-z-]{1,8}", template_of("[!-#%-~é]{1,6}"));
    let method = select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);
    (method, target(), vec(header, 0..3), option::of(data()), option::of(duration())).prop_map(
        |(method, target, headers, data, deadline)| Http {
            method: method.into(),
            target,
            headers,
            data,
            deadline,
            effect: Effect::Untold,
        },
    )
}

fn observation() -> impl Strategy<Value = Action> {
    let protocol = select(vec![Protocol::Tcp, Protocol::Amqp, Protocol::Mongo]);
    let counters = select(vec!["k8s", "process"]);
    let worlds = select(vec!["k8s", "process", "queue"]);
    prop_oneof![
        http().prop_map(Action::Http),
        (
            target(),
            option::of(data()),
            option::of(1..u32::MAX),
            option::of(duration()),
            option::of(duration())
        )
            .prop_map(|(target, data, read, pace, deadline)| Action::Grpc(Grpc {
                target,
                data,
                read,
                pace,
                deadline
            })),
        (protocol, target(), option::of(name()), option::of(duration())).prop_map(
            |(protocol, target, from, deadline)| Action::Probe(Probe { protocol, target, from, deadline })
        ),
        (target(), option::of(data())).prop_map(|(target, filter)| Action::MongoCount { target, filter }),
        (worlds, name(), option::of(duration())).prop_map(|(world, before, hold)| Action::Diff {
            world,
            before,
            hold
        }),
        name().prop_map(Action::Pods),
        (counters, name(), since()).prop_map(|(world, of, since)| Action::Restarts { world, of, since }),
        name().prop_map(Action::State),
        (kind(), target()).prop_map(|(kind, name)| Action::Get { kind, name }),
        (name(), since()).prop_map(|(of, since)| Action::Logs { of, since }),
        (name(), "[a-z_:]{1,6}(\\{[a-z]{1,3}=\"[a-z ]{0,5}\"\\})?")
            .prop_map(|(of, series)| Action::Metric { of, series }),
        (text(), any::<bool>()).prop_map(|(command, read_only)| Action::Shell { command, read_only }),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (name(), name()).prop_map(|(target, from)| Fault::Block { target, from }),
        (name(), name(), duration()).prop_map(|(target, from, by)| Fault::Delay { target, from, by }),
        name().prop_map(|target| Fault::Freeze { target }),
        name().prop_map(|target| Fault::Stop { target }),
        (name(), any::<u32>()).prop_map(|(target, to)| Fault::Scale { target, to }),
        name().prop_map(|target| Fault::Kill { target }),
        (text(), text()).prop_map(|(command, undo)| Fault::Shell { command, undo }),
    ]
}

pub(super) fn statement() -> impl Strategy<Value = Statement> {
    let wait = (observation(), vec(predicate(), 1..4), duration(), option::of(duration())).prop_map(
        |(action, until, within, every)| {
            let every = every.map(|every| every.min(within));
            Action::Wait(Box::new(Wait { action, until, within, every }))
        },
    );
    let world = prop_oneof![
        vec(kind(), 1..4).prop_map(World::Kubernetes),
        name().prop_map(World::Process),
        name().prop_map(World::Queue)
    ];
    let named = prop_oneof![4 => observation(), 1 => wait];
    let unnamed = prop_oneof![
        (fault(), option::of(duration())).prop_map(|(fault, expiry)| {
            let expiry = expiry.filter(|_| matches!(fault, Fault::Block { .. }));
            let expiry = expiry.map(|expiry| Duration::from_secs(expiry.as_secs() + 1));
            Action::Mutate(Mutation { fault, expiry })
        }),
        vec(name(), 1..4).prop_map(Action::Use),
        step().prop_map(|step| Action::Undo(Undo::Step(step))),
        Just(Action::Undo(Undo::All)),
        name().prop_map(Action::Recall),
    ];
    let of = |action, capture| Statement { at: At::default(), action, capture };
    prop_oneof![
        3 => (named, option::of(name())).prop_map(move |(action, capture)| of(action, capture)),
        1 => (world, name()).prop_map(move |(world, name)| of(Action::Snapshot(world), Some(name))),
        2 => unnamed.prop_map(move |action| of(action, None)),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![(-1000i32..1000).prop_map(f64::from), -1e9..1e9]
}

fn comparison() -> impl Strategy<Value = Comparison<Operand>> {
    let operand = prop_oneof![number().prop_map(Operand::Number), reference().prop_map(Operand::Reference)];
    prop_oneof![
        (select(Operator::ALL), operand).prop_map(|(operator, operand)| Comparison::With(operator, operand)),
        (number(), number()).prop_map(|(one, other)| {
            Comparison::Range(Operand::Number(one.min(other)), Operand::Number(one.max(other)))
        }),
    ]
}

/// A comparison of what is never below zero.
fn amount() -> impl Strategy<Value = Comparison<Operand>> {
    comparison().prop_map(|comparison| match comparison {
        Comparison::With(operator, Operand::Number(number)) => {
            Comparison::With(operator, Operand::Number(number.abs() + 1.0))
        }
        other => other,
    })
}

fn text_test() -> impl Strategy<Value = TextTest> {
    prop_oneof![
        vec(text(), 1..3).prop_map(TextTest::Contains),
        vec(text(), 1..3).prop_map(TextTest::HasAny),
        vec(text(), 1..3).prop_map(TextTest::HasNone),
        text().prop_map(|text| TextTest::Matches(regex::escape(&text))),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let json = prop_oneof![
        "[^\n\r]{0,8}".prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        number().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    prop_oneof![json.prop_map(Value::Json), reference().prop_map(Value::Reference)]
}

fn value_test() -> impl Strategy<Value = ValueTest> {
    let unequal = |comparison: &Comparison<Operand>| {
        !matches!(comparison, Comparison::With(Operator::Equal | Operator::Unequal, _))
    };
    prop_oneof![
        Just(ValueTest::Exists),
        Just(ValueTest::Absent),
        value().prop_map(ValueTest::Is),
        value().prop_map(ValueTest::IsNot),
        comparison().prop_filter("those are Is and IsNot", unequal).prop_map(ValueTest::Compare),
        text_test().prop_map(ValueTest::Text),
        amount().prop_map(ValueTest::Count),
    ]
}

pub(super) fn predicate() -> impl Strategy<Value = Predicate> {
    let code = prop_oneof![(100u16..600).prop_map(StatusCode::Exact), (1u8..=5).prop_map(StatusCode::Class)];
    let elapsed = prop_oneof![
        (select(Operator::ALL), duration()).prop_map(|(operator, time)| Comparison::With(operator, time)),
        (duration(), duration()).prop_map(|(one, other)| Comparison::Range(one.min(other), one.max(other))),
    ];
    let words = select(vec![
        Predicate::Up,
        Predicate::Down,
        Predicate::Exists,
        Predicate::Absent,
        Predicate::Applied,
        Predicate::Undone,
    ]);
    prop_oneof![
        vec(code, 1..4).prop_map(Predicate::Status),
        (vec(segment(), 0..3).prop_map(Path), value_test())
            .prop_map(|(path, test)| Predicate::Json(path, test)),
        ("[A-Za-z-]{1,8}", value_test()).prop_map(|(name, test)| Predicate::Header(name, test)),
        elapsed.prop_map(Predicate::Elapsed),
        text_test().prop_map(Predicate::Text),
        (select(Measure::ALL), amount())
            .prop_map(|(measure, comparison)| Predicate::Measure(measure, comparison)),
        vec(select(Reach::ALL), 1..4).prop_map(Predicate::Reach),
        words,
    ]
}
