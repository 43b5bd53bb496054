//! Whether it is said how the test is automated and run, and whether that is true.

use casebook_ticket::Field;

use super::supports::{has_outcome, is_not_executed};
use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::marks::Marks;
use crate::audit::text::Kind;
use crate::audit::words::{excerpt, pattern};

pattern! {
    TO_BE = r"(?i)\b(?:to be|will be|should be|not(?: yet)?|needs? to be|can be|planned|candidate for|pending|in progress)\b.{0,20}\bautomat|\bautomat\w*[ -](?:planned|pending|candidate|in progress|backlog)|\bto-be-automated\b|\bunautomated\b|\bautomatable\b|\bautomat\w*\s*:\s*(?:no|false)\b|מיועד לאוטומציה|טרם אוטומט|לא אוטומטי|תתבצע אוטומציה|בתהליך אוטומציה"
}
pattern! {
    AUTOMATED = r"(?i)\b(?:fully |partially )?automated\b|\bautomat\w*\s*:\s*(?:yes|true)\b|^\W*(?:yes|true)\b|^\W*כן(?:\W|$)|אוטומטי|בוצעה אוטומציה"
}
pattern! {
    MANUAL = r"(?i)\bmanual(?:ly)?\b|\bby hand\b|^\W*(?:no|none|false)\b|^\W*(?:לא|אין)\W*$|ידני"
}
pattern! {
    /// A path to a source, or the name of a test.
    NAMED = r"[\w./-]+\.(?:py|rs|js|jsx|ts|tsx|mjs|java|kt|go|cs|rb|php|robot|feature|groovy|scala|swift|exs?|sh|cpp|cc|c)\b|\btest_\w+|\b\w+_test\b|::\w+|\bTest[A-Z]\w+|\b[A-Z]\w+Tests?\b"
}
pattern! {
    /// The beginning of a command line: variables, a prompt, `sudo`, `cd .. &&`.
    PROLOGUE = r"^\s*(?:[$>%#]\s+)?(?:(?:export\s+)?[A-Za-z_]\w*=\S*\s+(?:&&\s+|;\s*)?|sudo\s+|time\s+|env\s+|cd\s+\S+\s*(?:&&|;)\s*|source\s+\S+\s*(?:&&|;)\s*)*"
}
pattern! {
    PROGRAM = r"^(?:(?:\.{1,2}|~|\$?\w+)?/[\w./-]+|(?:pytest|py\.test|python[\d.]*|cargo|npm|npx|yarn|pnpm|bunx?|deno|node|mvn|mvnw|gradlew?|go|dotnet|robot|pabot|behave|cucumber|newman|k6|locust|jmeter|gatling|artillery|curl|wget|http|grpcurl|make|just|task|bash|sh|zsh|pwsh|powershell|docker|docker-compose|podman|kubectl|helm|casebook|focus|tox|nox|poetry|uvx?|pipenv|hatch|rspec|bundle|rake|ruby|php|phpunit|playwright|cypress|jest|vitest|mocha|ctest|java|ansible-playbook|bazel|nosetests|unittest|karate|testcafe|xcodebuild|swift|mix|ginkgo|bats|\w[\w-]*\.(?:sh|py|exe|bat|ps1))\b)"
}
pattern! {
    /// Words that every command of a runner has.
    RUNNERS = r"^(?:test|tests|tests?/|\.|\./|\.\.\.|\./\.\.\.|run|nextest|exec|t|verify|install|clean|m|pytest|unittest|python[\d.]*|coverage|poetry|uv|npx|playwright|cypress|jest|vitest|mocha|bundle|rspec|robot|behave|cucumber|build|e2e|compose|up|&&|\|)$"
}
pattern! {
    /// An option that says which test with no blank before its name.
    CHOOSES = r"^--?(?:D(?:it\.)?test|tests?|run|t|testNamePattern|test-name-pattern|testPathPatterns?|filter|k|m|grep|g|spec|R|only)=."
}
pattern! {
    IS_RUNNER = r"^(?:pytest|py\.test|python[\d.]*|cargo|npm|npx|yarn|pnpm|mvn|mvnw|\./mvnw|gradlew?|\./gradlew|go|dotnet|robot|pabot|behave|cucumber|make|tox|nox|poetry|uvx?|pipenv|rspec|bundle|rake|phpunit|playwright|cypress|jest|vitest|mocha|ctest|nosetests)$"
}

pattern! {
    /// A runner of tests, and of nothing else.
    TEST_RUNNER = r"^(?:pytest|py\.test|python[\d.]*\s+-m\s+(?:pytest|unittest)|cargo\s+(?:test|nextest)|(?:npm|yarn|pnpm)\s+(?:run\s+)?test|(?:npx\s+)?(?:jest|vitest|mocha|cypress|playwright)|(?:\./)?mvnw?\b.*\s(?:test|verify)|(?:\./)?gradlew?\b.*\stest|go\s+test|dotnet\s+test|robot|pabot|behave|phpunit|rspec|ctest|nosetests)\b"
}

/// What a text says of automation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Automation {
    Manual,
    ToBe,
    Automated,
}

/// What a text says of automation, if anything.
pub(super) fn automation(text: &str) -> Option<Automation> {
    if TO_BE.is_match(text) {
        Some(Automation::ToBe)
    } else if MANUAL.is_match(text) {
        Some(Automation::Manual)
    } else {
        AUTOMATED.is_match(text).then_some(Automation::Automated)
    }
}

/// Whether the ticket says that a person runs the test.
pub(super) fn is_manual(case: &Case<'_>) -> bool {
    case.words(&Field::AutomationStatus).and_then(automation) == Some(Automation::Manual)
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    command(case, findings);
    let field = &Field::AutomationStatus;
    let Some(text) = case.words(field) else { return };
    let Some(known) = automation(text) else {
        findings.push(
            case.finding("automation-status-unknown", field, case.at(field)).with("text", excerpt(text)),
        );
        return;
    };
    contradictions(case, known, text, findings);
    if known != Automation::Automated {
        return;
    }
    let command = case.words(&Field::ExecutionCommand).unwrap_or("");
    let names = || {
        NAMED
            .find_iter(text)
            .chain(NAMED.find_iter(command))
            .map(|name| name.as_str().trim_start_matches(':'))
    };
    // Where there is no command, that is said; it may be what names the test.
    if names().next().is_none() && case.filled(&Field::ExecutionCommand).is_some() {
        findings.push(case.finding("automation-test-unnamed", field, case.at(field)));
    }
    let Some(repository) = &case.context.repository else { return };
    let mut missing: Vec<&str> = names()
        .filter(
            |name| if name.contains('.') { !repository.has_file(name) } else { !repository.has_test(name) },
        )
        .collect();
    missing.dedup();
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        findings.push(case.finding("automated-test-not-found", field, case.at(field)).with("text", missing));
    }
}

/// What else in the ticket speaks of its automation, and says otherwise.
fn contradictions(case: &Case<'_>, known: Automation, said: &str, findings: &mut Vec<Finding>) {
    let field = &Field::AutomationStatus;
    let mut others = case.text.marked(Marks::AUTOMATION).filter_map(|(line, text)| {
        let place = case.field(line.section)?;
        let is_told = matches!(
            place,
            Field::Description | Field::Objective | Field::Status | Field::Labels | Field::TestResults
        );
        let other = automation(text).filter(|_| is_told)?;
        let differs = (known == Automation::Automated) != (other == Automation::Automated);
        // "Automated" alone is a label of many kinds in prose; "to be automated" is not.
        let is_clear = other == Automation::ToBe || matches!(place, Field::Status | Field::Labels);
        (differs && is_clear && !text.contains("_automated_")).then_some((line, text))
    });
    // Whoever runs a test by hand has no runner for it.
    let by_runner =
        || case.lines(&Field::ExecutionCommand).find(|(_, text)| command_in(text).is_some_and(runs_tests));
    let found = others.next().or_else(|| by_runner().filter(|_| known == Automation::Manual));
    if let Some((line, text)) = found {
        let finding = case.finding_in("automation-contradiction", line.section, line.at);
        let name = case.standard.rule(field).map(|rule| &rule.name);
        let (en, he) = name.map_or((field.id(), field.id()), |name| (&name.en, &name.he));
        let finding = Finding { arguments: Vec::new(), ..finding }.about(field).in_words("field", en, he);
        findings.push(
            finding.with("text", excerpt(text)).with("other", excerpt(said.lines().next().unwrap_or(""))),
        );
    }
    results(case, known, findings);
}

/// Results of a run that cannot have been.
fn results(case: &Case<'_>, known: Automation, findings: &mut Vec<Finding>) {
    let field = &Field::TestResults;
    // What is expected of a later run is no result.
    let mut lines = case.lines(field).take_while(|(_, text)| !text.to_lowercase().contains("expected"));
    let Some((line, outcome)) = lines.find(|(_, text)| has_outcome(text) && !is_not_executed(text)) else {
        return;
    };
    let Some(words) = case.words(field) else { return };
    let not_executed = words.lines().find(|text| is_not_executed(text));
    let other = match not_executed {
        Some(text) => excerpt(text),
        None if known == Automation::ToBe && automation(words) == Some(Automation::ToBe) => {
            "to be automated".into()
        }
        None => return,
    };
    findings.push(
        case.finding("results-contradiction", field, line.at)
            .with("text", excerpt(outcome))
            .with("other", other),
    );
}

fn command(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::ExecutionCommand;
    let Some(number) = case.filled(field) else { return };
    let lines = case.text.section(number).filter(|(line, _)| line.kind != Kind::Heading);
    let mut commands = lines.filter_map(|(_, text)| command_in(text)).peekable();
    let Some(first) = commands.peek().copied() else {
        // How a person runs it is said in words.
        if !is_manual(case) {
            findings.push(case.finding("command-not-runnable", field, case.at(field)));
        }
        return;
    };
    if !commands.any(has_target) {
        findings
            .push(case.finding("command-without-target", field, case.at(field)).with("text", excerpt(first)));
    }
}

/// Whether a command has a runner run a test that it names.
fn runs_tests(command: &str) -> bool {
    TEST_RUNNER.is_match(command) && has_target(command)
}

/// The command line in a line, behind what stands before it.
fn command_in(text: &str) -> Option<&str> {
    // "Command: pytest ..", or prose that ends in a colon.
    let behind_colon = text.split_once(": ").map(|(_, behind)| behind);
    [Some(text), behind_colon].into_iter().flatten().find_map(|text| {
        let text = text.trim_start_matches(['-', '*', '•', ' ', '`']);
        let command = &text[PROLOGUE.find(text).map_or(0, |prologue| prologue.end())..];
        PROGRAM.is_match(command).then_some(command)
    })
}

/// Whether a command says what it runs; programs other than runners are their own target.
fn has_target(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or("");
    !IS_RUNNER.is_match(program)
        || words.any(|word| {
            CHOOSES.is_match(word) || !word.starts_with('-') && !RUNNERS.is_match(word) && word != "\\"
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_automation() {
        for (text, known) in [
            ("Automated", Some(Automation::Automated)),
            ("Status: Automated\nTest: test_a", Some(Automation::Automated)),
            ("TO BE AUTOMATED", Some(Automation::ToBe)),
            ("Not automated yet", Some(Automation::ToBe)),
            ("Automation planned", Some(Automation::ToBe)),
            ("Manual", Some(Automation::Manual)),
            ("ידני", Some(Automation::Manual)),
            ("מיועד לאוטומציה", Some(Automation::ToBe)),
            ("אוטומטי", Some(Automation::Automated)),
            ("No", Some(Automation::Manual)),
            ("None", Some(Automation::Manual)),
            ("לא", Some(Automation::Manual)),
            ("לא אוטומטי", Some(Automation::ToBe)),
            ("Yes", Some(Automation::Automated)),
            ("כן", Some(Automation::Automated)),
            ("כן, test_a", Some(Automation::Automated)),
            ("Dana", None),
        ] {
            assert_eq!(automation(text), known, "{text}");
        }
    }

    #[test]
    fn a_command_has_a_program_and_a_target() {
        for (text, target) in [
            ("pytest tests/a.py::test_b -v", true),
            ("$ RABBIT=x sudo pytest -k outage", true),
            ("cd tests && pytest test_a.py", true),
            ("cargo nextest run outage", true),
            ("./run_outage.sh", true),
            ("Command: casebook run PZ-1", true),
            ("python -m pytest tests/a.py", true),
            ("curl $focus/health", true),
            ("mvn test -Dtest=RefundTest", true),
            ("./mvnw -q verify -Dit.test=RefundIT", true),
            ("./gradlew test --tests RefundTest", true),
            ("gradle test --tests=RefundTest", true),
            ("go test -run TestRefund ./...", true),
            ("go test ./... -run=TestRefund", true),
            ("npm test -- -t 'refund'", true),
            ("npx jest --testNamePattern=refund", true),
            ("cargo test refund", true),
            ("dotnet test --filter RefundTest", true),
            ("dotnet test --filter=Name~Refund", true),
            ("mvn test -DskipTests=false", false),
            ("pytest", false),
            ("pytest -v tests/", false),
            ("cargo test", false),
            ("npm run test", false),
            ("python -m pytest -v", false),
        ] {
            let command = command_in(text).unwrap_or_else(|| panic!("{text} has a command"));
            assert_eq!(has_target(command), target, "{text}");
        }
        for text in ["Run it with pytest as usual", "by hand", "הריצו את הטסט", "Ask Dana for the script"]
        {
            assert_eq!(command_in(text), None, "{text}");
        }
    }
}
