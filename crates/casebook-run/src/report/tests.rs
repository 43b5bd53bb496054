use super::*;
use crate::tests::{case, case_of, http_step, run};

#[test]
fn the_page_is_what_it_was() {
    let all = [Verdict::Passed, Verdict::Failed, Verdict::Inconclusive, Verdict::Error, Verdict::Dirty];
    let page = html(&run(all.map(case_of).to_vec()));
    let page = page.replace(STYLE, "").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!("many.html", page.replace("><", ">\n<"));
    let page = html(&run(vec![case()])).replace(STYLE, "").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!("one.html", page.replace("><", ">\n<"));
}

#[test]
fn nothing_that_is_said_is_markup() {
    let hostile = "</pre></style><script>alert(1)</script><img src=x onerror=\"alert(2)\">'";
    let mut case = case();
    case.key = hostile.into();
    case.summary = hostile.into();
    case.reason = hostile.into();
    case.faults[0].fault.what = hostile.into();
    case.steps = vec![http_step(hostile, hostile.repeat(200))];
    case.steps[0].action = hostile.into();
    case.steps[0].statements[0].statement = hostile.into();
    case.steps[0].statements[0].judged[0].why = hostile.into();
    let page = html(&crate::RunRecord { environment: hostile.into(), ..run(vec![case]) });
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(page.contains("bytes more, in run.json"));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn what_is_broken_still_is_told_first() {
    let page = html(&run(vec![case_of(Verdict::Dirty)]));
    let (told, steps) =
        (page.find("Something may be broken still").unwrap(), page.find("Test Steps").unwrap());
    assert!(told < steps && page.contains("casebook recover"));
    assert!(html(&run(vec![case()])).contains("was put back, and was seen to be gone"));
}
