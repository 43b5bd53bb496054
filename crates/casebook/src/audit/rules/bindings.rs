//! Bindings that cannot be run.

use casebook_ticket::language::Checked;

use crate::audit::Finding;

pub(super) fn look(checked: &Checked, findings: &mut Vec<Finding>) {
    for problem in &checked.problems {
        let finding = Finding::new("binding-wrong", problem.at).about(&problem.field);
        findings.push(finding.saying("text", &problem.what).saying("remedy", &problem.remedy));
    }
}
