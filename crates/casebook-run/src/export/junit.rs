//! `JUnit`'s XML, as build servers read it, with the properties that Xray knows.

use std::io;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::material::{About, Attachments, actual, attachments, comment};
use super::{Options, Results};
use crate::{CaseRecord, RunRecord, StepRecord, Verdict};

type Xml = Writer<Vec<u8>>;

/// The whole document.
pub(super) fn write(results: &Results, options: &Options) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory cannot fail.
    drop(document(results, options, &mut xml));
    String::from_utf8_lossy(&xml.into_inner()).into_owned() + "\n"
}

fn document(results: &Results, options: &Options, xml: &mut Xml) -> io::Result<()> {
    let record = &results.record;
    let number = |wanted: &[Verdict]| {
        record.cases.iter().filter(|case| wanted.contains(&case.verdict)).count().to_string()
    };
    let numbers = [
        ("tests", record.cases.len().to_string()),
        ("failures", number(&[Verdict::Failed])),
        ("errors", number(&[Verdict::Error, Verdict::Dirty])),
        ("skipped", number(&[Verdict::Inconclusive])),
        ("time", seconds(record.began, record.ended)),
    ];
    let files = attachments(results, options);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let name = text(&format!("casebook {}", record.id));
    let of_all = numbers.iter().filter(|(name, _)| *name != "skipped");
    let whole = xml.create_element("testsuites").with_attribute(("name", name.as_str()));
    whole.with_attributes(of_all.map(|(name, value)| (*name, value.as_str()))).write_inner_content(
        |xml| {
            let suite =
                xml.create_element("testsuite").with_attribute(("name", text(&record.environment).as_str()));
            let suite = suite.with_attributes(numbers.iter().map(|(name, value)| (*name, value.as_str())));
            let began = record.began.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            suite.with_attribute(("timestamp", began.as_str())).write_inner_content(|xml| {
                let mut facts = vec![
                    ("run", record.id.clone()),
                    ("environment_sha256", record.environment_sha256.clone()),
                ];
                facts.extend(record.tools.iter().map(|tool| (tool.name.as_str(), tool.version.clone())));
                xml.create_element("properties").write_inner_content(|xml| {
                    facts.iter().try_for_each(|(name, value)| property(xml, name, value))
                })?;
                for ((case, about), files) in record.cases.iter().zip(&results.about).zip(&files) {
                    test(record, case, about, files, xml)?;
                }
                Ok(())
            })?;
            Ok(())
        },
    )?;
    Ok(())
}

fn test(
    run: &RunRecord,
    case: &CaseRecord,
    about: &About,
    files: &Attachments,
    xml: &mut Xml,
) -> io::Result<()> {
    let name = text(&format!("{} {}", case.key, case.summary));
    let class = text(&format!("casebook.{}", run.environment));
    let time = seconds(case.began, case.ended);
    let element = xml.create_element("testcase").with_attribute(("name", name.trim()));
    let element =
        element.with_attribute(("classname", class.as_str())).with_attribute(("time", time.as_str()));
    element.write_inner_content(|xml| {
        let steps = case.steps.iter().map(told).collect::<Vec<_>>().join("\n");
        let verdict = case.verdict.to_string();
        let reason = text(&case.reason);
        match case.verdict {
            Verdict::Passed => {}
            // Of all that say why, only this has no attributes.
            Verdict::Inconclusive => {
                let why = text(&format!("{verdict}: {}", case.reason));
                xml.create_element("skipped").write_text_content(BytesText::new(&why))?;
            }
            Verdict::Failed | Verdict::Error | Verdict::Dirty => {
                let element = if case.verdict == Verdict::Failed { "failure" } else { "error" };
                let element = xml.create_element(element).with_attribute(("message", reason.as_str()));
                let element = element.with_attribute(("type", verdict.as_str()));
                element.write_text_content(BytesText::new(&text(&case.reason)))?;
            }
        }
        xml.create_element("system-out").write_text_content(BytesText::new(&text(&steps)))?;
        xml.create_element("properties").write_inner_content(|xml| {
            if super::material::project(&case.key).is_some() {
                property(xml, "test_key", &case.key)?;
            }
            property(xml, "test_summary", if case.summary.is_empty() { &case.key } else { &case.summary })?;
            if !about.requirements.is_empty() {
                property(xml, "requirements", &about.requirements.join(","))?;
            }
            if !about.labels.is_empty() {
                property(xml, "tags", &about.labels.join(","))?;
            }
            let comment = text(&comment(run, case, &verdict, files.left_out));
            let element = xml.create_element("property").with_attribute(("name", "testrun_comment"));
            element.write_text_content(BytesText::new(&comment))?;
            evidence(files, xml)
        })?;
        Ok(())
    })?;
    Ok(())
}

fn evidence(files: &Attachments, xml: &mut Xml) -> io::Result<()> {
    let mut all = files.test.iter().chain(files.steps.iter().flatten()).peekable();
    if all.peek().is_none() {
        return Ok(());
    }
    let element = xml.create_element("property").with_attribute(("name", "testrun_evidence"));
    element.write_inner_content(|xml| {
        for file in all {
            let item = xml.create_element("item").with_attribute(("name", file.name.as_str()));
            item.write_text_content(BytesText::new(&file.data))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn property(xml: &mut Xml, name: &str, value: &str) -> io::Result<()> {
    let (name, value) = (text(name), text(value));
    let element = xml.create_element("property").with_attribute(("name", name.as_str()));
    element.with_attribute(("value", value.as_str())).write_empty().map(drop)
}

fn told(step: &StepRecord) -> String {
    let first = step.action.lines().next().unwrap_or_default();
    format!("[{}] {}: {first}\n{}", step.came_to().words(), step.number, actual(step))
}

fn seconds(began: Timestamp, ended: Timestamp) -> String {
    format!("{:.3}", ended.duration_since(began).as_secs_f64())
}

/// A text without what XML cannot hold.
fn text(text: &str) -> String {
    let can_be = |character: &char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(can_be).collect()
}
