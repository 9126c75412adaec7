//! XML, `application/xml`, as `schemas/health.xsd` describes it.

use std::{borrow::Cow, io};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
    writer::ElementWriter,
};
use serde_json::Value;

use super::{
    context::{Context, ReportSubject},
    format::{Format, Render},
    view::{CheckView, DrillView, MuteView, ReportView, worst_status},
    wire::{milliseconds, timestamp},
};
use crate::{build_info::BuildMetadata, model::RootCause};

pub(super) static FORMAT: Format = Format::new("xml", "application/xml", Render::Report(render));

/// The schema (XSD 1.0) of every report in XML, as `?format=xml` or `Accept: application/xml` selects it.
pub const SCHEMA: &str = include_str!("../../schemas/health.xsd");

/// Namespace of the elements in the schema.
const NAMESPACE: &str = "urn:health-runtime:report:1";

/// Deeper data becomes the text of its JSON, because parsers limit the depth of a document.
const MAX_DATA_DEPTH: usize = 64;

type Xml = Writer<Vec<u8>>;

/// Renders a report. Writing to a `Vec` cannot fail; if it does, the caller gets an incomplete document rather than a panic.
fn render(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    let mut xml = Writer::new(Vec::new());
    let _ = document(&mut xml, view, context);
    xml.into_inner()
}

fn document(xml: &mut Xml, view: &ReportView<'_>, context: &Context<'_>) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let build = context.build;
    let root = xml.create_element("health").with_attribute(("xmlns", NAMESPACE));
    let root = attribute(root, "status", Some(view.status.as_str()));
    let root = attribute(root, "cause", view.cause);
    let root = attribute(root, "draining", context.is_draining_overview().then_some("true"));
    let root = attribute(root, "name", build.map(BuildMetadata::name));
    let root = attribute(root, "version", build.map(BuildMetadata::version));
    let root = attribute(root, "revision", build.and_then(BuildMetadata::revision));
    root.write_inner_content(|xml| {
        match context.subject {
            ReportSubject::Group { .. } | ReportSubject::Check => checks(xml, &view.checks),
            ReportSubject::Overview { .. } | ReportSubject::Levels { .. } => view.levels.iter().try_for_each(|level| {
                let of_level = view.of_level(*level);
                let element = attribute(xml.create_element("level"), "number", Some(&*level.to_string()));
                attribute(element, "status", Some(worst_status(of_level).as_str()))
                    .write_inner_content(|xml| checks(xml, of_level))?;
                Ok(())
            }),
        }?;
        root_causes(xml, &view.root_causes)
    })?;
    Ok(())
}

fn root_causes(xml: &mut Xml, causes: &[RootCause]) -> io::Result<()> {
    causes.iter().try_for_each(|cause| text(xml, "rootCause", Some(cause.as_str())))
}

fn checks(xml: &mut Xml, checks: &[CheckView<'_>]) -> io::Result<()> {
    checks.iter().try_for_each(|check| one_check(xml, check))
}

fn one_check(xml: &mut Xml, check: &CheckView<'_>) -> io::Result<()> {
    let observed = (check.observed != check.status).then(|| check.observed.as_str());
    let element = attribute(xml.create_element("check"), "name", Some(check.name));
    let element = attribute(element, "display", check.display);
    let element = attribute(element, "level", Some(&*check.level.to_string()));
    let element = attribute(element, "status", Some(check.status.as_str()));
    let element = attribute(element, "observed", observed);
    let element = attribute(element, "consecutive", check.consecutive.map(|count| count.to_string()).as_deref());
    let element = attribute(element, "cause", check.cause);
    let element = attribute(element, "critical", Some(if check.is_critical { "true" } else { "false" }));
    let element = attribute(element, "durationMs", Some(&*milliseconds(check.duration).to_string()));
    let element = attribute(element, "checkedAt", Some(&*timestamp(check.checked_at)));
    let element = attribute(element, "since", Some(&*timestamp(check.since)));
    let element = attribute(element, "heldUntil", check.held_until.map(timestamp).as_deref());
    let element = attribute(element, "runningSince", check.running_since.map(timestamp).as_deref());
    element.write_inner_content(|xml| {
        text(xml, "description", check.description)?;
        text(xml, "owner", check.owner)?;
        text(xml, "runbook", check.runbook)?;
        text(xml, "message", check.message)?;
        check.overridden.iter().try_for_each(|setting| text(xml, "overridden", Some(setting.key)))?;
        check.muted.iter().try_for_each(|mute| muted(xml, mute))?;
        check.drill.iter().try_for_each(|shown| drill(xml, shown))?;
        check.blocked_by.into_iter().flatten().try_for_each(|name| text(xml, "blockedBy", Some(name)))?;
        root_causes(xml, check.root_causes)?;
        check.data.map_or(Ok(()), |data| value(xml, "data", None, data, 0))
    })?;
    Ok(())
}

fn muted(xml: &mut Xml, mute: &MuteView<'_>) -> io::Result<()> {
    let element = attribute(xml.create_element("muted"), "until", mute.until.map(timestamp).as_deref());
    element.write_inner_content(|xml| {
        text(xml, "reason", mute.reason)?;
        text(xml, "caller", mute.caller)
    })?;
    Ok(())
}

fn drill(xml: &mut Xml, drill: &DrillView<'_>) -> io::Result<()> {
    let element = attribute(xml.create_element("drill"), "behavior", Some(drill.behavior));
    let element = attribute(element, "until", Some(&*timestamp(drill.until)));
    element.write_inner_content(|xml| {
        text(xml, "reason", drill.reason)?;
        text(xml, "by", drill.by)
    })?;
    Ok(())
}

/// Writes a JSON value with its type as an attribute, and with its name if it is a field.
fn value(xml: &mut Xml, element: &str, name: Option<&str>, data: &Value, depth: usize) -> io::Result<()> {
    let start =
        |xml, kind| attribute(attribute(Writer::create_element(xml, element), "name", name), "type", Some(kind));
    match data {
        Value::Object(_) | Value::Array(_) if depth == MAX_DATA_DEPTH => {
            write_text(start(xml, "json"), &data.to_string())
        }
        Value::Object(fields) => {
            start(xml, "object").write_inner_content(|xml| {
                fields.iter().try_for_each(|(name, field)| value(xml, "value", Some(name), field, depth + 1))
            })?;
            Ok(())
        }
        Value::Array(items) => {
            start(xml, "array").write_inner_content(|xml| {
                items.iter().try_for_each(|item| value(xml, "value", None, item, depth + 1))
            })?;
            Ok(())
        }
        Value::String(text) => write_text(start(xml, "string"), text),
        Value::Number(number) => write_text(start(xml, "number"), &number.to_string()),
        Value::Bool(boolean) => write_text(start(xml, "boolean"), if *boolean { "true" } else { "false" }),
        Value::Null => write_text(start(xml, "null"), ""),
    }
}

fn text(xml: &mut Xml, element: &str, content: Option<&str>) -> io::Result<()> {
    content.map_or(Ok(()), |content| write_text(xml.create_element(element), content))
}

fn write_text(element: ElementWriter<'_, Vec<u8>>, text: &str) -> io::Result<()> {
    element.write_text_content(BytesText::new(&writable(text)))?;
    Ok(())
}

fn attribute<'a>(element: ElementWriter<'a, Vec<u8>>, name: &str, value: Option<&str>) -> ElementWriter<'a, Vec<u8>> {
    match value {
        Some(value) => element.with_attribute((name, &*writable(value))),
        None => element,
    }
}

/// Replaces the characters that XML 1.0 cannot hold, not even escaped (section 2.2).
fn writable(text: &str) -> Cow<'_, str> {
    let is_forbidden =
        |char: char| matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(is_forbidden) { text.replace(is_forbidden, "\u{fffd}").into() } else { text.into() }
}
