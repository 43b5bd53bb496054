//! One ticket: what is there, what is missing, what is wrong, what to do first.

use casebook_ticket::Importance;

use super::super::span::sentence;
use super::super::summary;
use super::super::ticket::{FindingView, Lacking, TicketView};
use super::super::words::{fill, letter, mark, sign};
use super::Markdown;
use super::marks::escaped;
use crate::audit::State;

impl Markdown<'_> {
    pub(super) fn ticket(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        let key = self.code(ticket.name(phrases));
        let colon = if ticket.summary.is_empty() { "" } else { ": " };
        self.heading(
            1,
            &format!(
                "{}{colon}{}",
                fill(&phrases.report_of, &[("ticket", &key)]),
                self.foreign(&ticket.summary)
            ),
        );
        let place = self.code(&ticket.place);
        self.paragraph(&place);
        self.verdict(ticket);

        self.heading(2, &format!("✅ {}", phrases.present));
        if ticket.present.is_empty() {
            self.paragraph(&phrases.nothing_present);
        }
        self.out.push('\n');
        for field in &ticket.present {
            let more = match field.state {
                State::Executable => format!(": {}", phrases.state_executable),
                _ => String::new(),
            };
            self.put(format_args!("- ✅ **{}**{more}\n", escaped(&field.name)));
        }

        if ticket.lacking.is_empty() {
            self.paragraph(&format!("✅ {}", phrases.nothing_lacking));
        } else {
            self.heading(2, &format!("❌ {}", phrases.lacking));
            for field in &ticket.lacking {
                self.lacking(field);
            }
        }
        if !ticket.others.is_empty() {
            let lacks = !ticket.lacking.is_empty();
            self.heading(2, if lacks { &phrases.other_findings } else { &phrases.findings });
            self.findings(&ticket.others);
        }
        if !ticket.lacking.is_empty() {
            self.overview(ticket);
            self.priorities(ticket);
            self.checklist(ticket);
        }
        if let Some(hint) = ticket.complete_hint(phrases) {
            let hint = self.sentence(&hint);
            self.paragraph(&hint);
        }
    }

    fn verdict(&mut self, ticket: &TicketView) {
        let (phrases, verdict) = (self.phrases, &ticket.verdict);
        let points = fill(&phrases.points_of, &[("points", &verdict.points.to_string())]);
        let gate = format!("**{}**", phrases.gate(verdict.gate));
        let gate = fill(&phrases.gate_passed, &[("gate", &gate)]);
        let (label, grade) = (&phrases.verdict, &phrases.grade);
        let letter = self.apart("ltr", &format!("**{}**", letter(verdict.grade)));
        self.put(format_args!("\n> **{label}:** {grade} {letter}, {points}, {gate}\n"));
        if let Some(next) = summary::next(verdict.gate) {
            let gate = format!("**{}**", phrases.gate(Some(next)));
            let told = fill(&phrases.gate_next, &[("gate", &gate), ("meaning", phrases.meaning(next))]);
            self.put(format_args!(">\n> {told}\n"));
        }
        if let Some(shut) = ticket.shut(phrases) {
            let told = self.sentence(&shut);
            self.put(format_args!(">\n> {told}\n"));
        }
        if verdict.blockers > 0 {
            let told = fill(&phrases.blocked, &[("count", &verdict.blockers.to_string())]);
            self.put(format_args!(">\n> ⛔ {told}\n"));
        }
    }

    fn lacking(&mut self, field: &Lacking) {
        let phrases = self.phrases;
        let name = escaped(&field.name);
        let (sign, state) = (sign(field.importance), phrases.state(field.state));
        self.heading(3, &format!("{}. {sign} {name}: {state}", field.number));
        for (label, spans) in [
            (&phrases.why, sentence(&field.why)),
            (&phrases.where_to_put, field.way()),
            (&phrases.what_is_wanted, sentence(&field.adequate)),
        ] {
            if !spans.is_empty() {
                let text = self.spans(&spans);
                self.paragraph(&format!("**{label}:** {text}"));
            }
        }
        if !field.findings.is_empty() {
            self.findings(&field.findings);
        }
        if !field.model.is_empty() {
            self.paragraph(&format!("**{}:**", phrases.model));
            self.fenced(&field.model);
        }
    }

    fn findings(&mut self, findings: &[FindingView]) {
        let phrases = self.phrases;
        self.out.push('\n');
        for finding in findings {
            let (place, rule) = (self.code(&finding.place), self.code(finding.rule));
            let (what, severity) = (self.spans(&finding.what), phrases.severity(finding.severity));
            self.put(format_args!("- {place} **{severity}** ({rule}): {what}"));
            if !finding.remedy.is_empty() {
                let remedy = self.spans(&finding.remedy);
                self.put(format_args!("<br>**{}:** {remedy}", phrases.mend));
            }
            self.out.push('\n');
        }
    }

    fn overview(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        self.heading(2, &format!("📊 {}", phrases.overview));
        self.row_of_head(&[&phrases.number, &phrases.field, &phrases.importance, &phrases.status]);
        for field in &ticket.lacking {
            let importance = format!("{} {}", sign(field.importance), phrases.importance(field.importance));
            let state = format!("{} {}", mark(field.state), phrases.state(field.state));
            self.row(&[field.number.to_string(), escaped(&field.name), importance, state]);
        }
        self.paragraph(&format!("**{}**", ticket.lacking_in_all(phrases)));
    }

    fn priorities(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        self.heading(2, &format!("🎯 {}", phrases.priorities));
        for importance in [Importance::Critical, Importance::Important, Importance::NiceToHave] {
            if ticket.of_importance(importance).next().is_none() {
                continue;
            }
            let (name, when) = (phrases.importance(importance), phrases.when(importance));
            self.heading(3, &format!("{} {name} ({when})", sign(importance)));
            self.out.push('\n');
            for field in ticket.of_importance(importance) {
                let why = self.behind_colon(&field.why);
                // The number is text: a list's numbers would be those of the list.
                self.put(format_args!("- {}\\. **{}**{why}\n", field.number, escaped(&field.name)));
            }
        }
    }

    fn checklist(&mut self, ticket: &TicketView) {
        self.heading(2, &format!("📋 {}", self.phrases.checklist));
        self.out.push('\n');
        for field in &ticket.lacking {
            let wanted = self.behind_colon(&field.adequate);
            self.put(format_args!("- [ ] {}\\. {}{wanted}\n", field.number, escaped(&field.name)));
        }
    }
}
