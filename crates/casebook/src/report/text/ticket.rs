//! One ticket: what is there, what is missing, what is wrong, what to do first.

use casebook_ticket::Importance;

use super::super::span::{Kind, Span, sentence};
use super::super::summary;
use super::super::ticket::{FindingView, Lacking, TicketView};
use super::super::words::{fill, letter, mark, sign};
use super::Text;
use super::kinds::{grade_kind, severity_kind, state_kind};
use crate::audit::{State, Verdict};

impl Text<'_> {
    pub(super) fn ticket(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        let title = [
            Span::new(Kind::Strong, fill(&phrases.report_of, &[("ticket", "")]).trim_end()),
            Span::plain(" "),
            Span::code(ticket.name(phrases)),
            Span::plain("  "),
            Span::new(Kind::Foreign, &*ticket.summary),
        ];
        self.page.line(0, &title);
        self.page.line(0, &[Span::code(&*ticket.place)]);
        self.verdict(ticket);

        self.page.heading(&format!("✅ {}", phrases.present));
        if ticket.present.is_empty() {
            self.page.line(2, &[Span::plain(&*phrases.nothing_present)]);
        }
        for field in &ticket.present {
            let mut spans = vec![Span::plain(&*field.name)];
            if field.state == State::Executable {
                spans.push(Span::new(Kind::Faint, format!(": {}", phrases.state_executable)));
            }
            self.page.item(2, "✅ ", &spans);
        }

        if ticket.lacking.is_empty() {
            self.page.blank();
            self.page.item(0, "✅ ", &[Span::plain(&*phrases.nothing_lacking)]);
        } else {
            self.page.heading(&format!("❌ {}", phrases.lacking));
            for field in &ticket.lacking {
                self.lacking(field);
            }
        }
        if !ticket.others.is_empty() {
            let lacks = !ticket.lacking.is_empty();
            self.page.heading(if lacks { &phrases.other_findings } else { &phrases.findings });
            for finding in &ticket.others {
                self.finding(2, finding);
            }
        }
        if !ticket.lacking.is_empty() {
            self.overview(ticket);
            self.priorities(ticket);
            self.checklist(ticket);
        }
        self.page.blank();
        self.verdict_line(&ticket.verdict);
        if let Some(hint) = ticket.complete_hint(phrases) {
            self.page.line(0, &sentence(&hint));
        }
        self.page.line(0, &sentence(&phrases.explain_hint));
    }

    fn verdict(&mut self, ticket: &TicketView) {
        let (phrases, verdict) = (self.phrases, &ticket.verdict);
        self.page.blank();
        self.verdict_line(verdict);
        if let Some(next) = summary::next(verdict.gate) {
            let values = [("gate", phrases.gate(Some(next))), ("meaning", phrases.meaning(next))];
            self.page.line(0, &[Span::plain(fill(&phrases.gate_next, &values))]);
        }
        if let Some(shut) = ticket.shut(phrases) {
            self.page.line(0, &sentence(&shut));
        }
        if verdict.blockers > 0 {
            let told = fill(&phrases.blocked, &[("count", &verdict.blockers.to_string())]);
            self.page.line(0, &[Span::new(Kind::Bad, told)]);
        }
    }

    fn verdict_line(&mut self, verdict: &Verdict) {
        let phrases = self.phrases;
        let points = fill(&phrases.points_of, &[("points", &verdict.points.to_string())]);
        let gate = fill(&phrases.gate_passed, &[("gate", phrases.gate(verdict.gate))]);
        let spans = [
            Span::new(Kind::Strong, format!("{}: ", phrases.verdict)),
            Span::plain(format!("{} ", phrases.grade)),
            Span::new(grade_kind(verdict.grade), letter(verdict.grade)),
            Span::plain(format!(", {points}, {gate}")),
        ];
        self.page.line(0, &spans);
    }

    fn lacking(&mut self, field: &Lacking) {
        let phrases = self.phrases;
        self.page.blank();
        let marker = format!("{}. {} ", field.number, sign(field.importance));
        let spans = [
            Span::new(Kind::Strong, &*field.name),
            Span::plain(": "),
            Span::new(state_kind(field.state), phrases.state(field.state)),
            Span::new(Kind::Faint, format!(" ({})", phrases.importance(field.importance))),
        ];
        self.page.item(2, &marker, &spans);
        for (label, spans) in [
            (&phrases.why, sentence(&field.why)),
            (&phrases.where_to_put, field.way()),
            (&phrases.what_is_wanted, sentence(&field.adequate)),
        ] {
            if !spans.is_empty() {
                let label = Span::new(Kind::Faint, format!("{label}: "));
                self.page.line(5, &[&[label], &*spans].concat());
            }
        }
        for finding in &field.findings {
            self.finding(5, finding);
        }
        if !field.model.is_empty() {
            self.page.line(5, &[Span::new(Kind::Faint, format!("{}:", phrases.model))]);
            self.page.code(7, &field.model);
        }
    }

    fn finding(&mut self, indent: usize, finding: &FindingView) {
        let phrases = self.phrases;
        let mut spans = vec![
            Span::code(&*finding.place),
            Span::plain(" "),
            Span::new(severity_kind(finding.severity), phrases.severity(finding.severity)),
            Span::plain(" "),
            Span::code(format!("[{}]", finding.rule)),
            Span::plain(" "),
        ];
        spans.extend_from_slice(&finding.what);
        self.page.item(indent, "• ", &spans);
        if !finding.remedy.is_empty() {
            let mut spans = vec![Span::new(Kind::Good, format!("{}: ", phrases.mend))];
            spans.extend_from_slice(&finding.remedy);
            self.page.line(indent + 2, &spans);
        }
    }

    fn overview(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        self.page.heading(&format!("📊 {}", phrases.overview));
        let head = [&phrases.number, &phrases.field, &phrases.importance, &phrases.status];
        let mut rows = vec![head.map(|cell| Span::plain(&**cell)).to_vec()];
        rows.extend(ticket.lacking.iter().map(|field| {
            vec![
                Span::plain(field.number.to_string()),
                Span::plain(&*field.name),
                Span::plain(format!("{} {}", sign(field.importance), phrases.importance(field.importance))),
                Span::new(
                    state_kind(field.state),
                    format!("{} {}", mark(field.state), phrases.state(field.state)),
                ),
            ]
        }));
        self.page.table(2, &rows);
        self.page.line(2, &[Span::plain(ticket.lacking_in_all(phrases))]);
    }

    fn priorities(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        self.page.heading(&format!("🎯 {}", phrases.priorities));
        for importance in [Importance::Critical, Importance::Important, Importance::NiceToHave] {
            if ticket.of_importance(importance).next().is_none() {
                continue;
            }
            let (name, when) = (phrases.importance(importance), phrases.when(importance));
            self.page.item(2, &format!("{} ", sign(importance)), &[Span::plain(format!("{name} ({when})"))]);
            for field in ticket.of_importance(importance) {
                let mut spans = vec![Span::new(Kind::Strong, &*field.name)];
                if !field.why.is_empty() {
                    spans.push(Span::plain(": "));
                    spans.extend(sentence(&field.why));
                }
                self.page.item(5, &format!("{}. ", field.number), &spans);
            }
        }
    }

    fn checklist(&mut self, ticket: &TicketView) {
        self.page.heading(&format!("📋 {}", self.phrases.checklist));
        for field in &ticket.lacking {
            let mut spans = vec![Span::plain(format!("{}. ", field.number)), Span::plain(&*field.name)];
            if !field.adequate.is_empty() {
                spans.push(Span::plain(": "));
                spans.extend(sentence(&field.adequate));
            }
            self.page.item(2, "☐ ", &spans);
        }
    }
}
