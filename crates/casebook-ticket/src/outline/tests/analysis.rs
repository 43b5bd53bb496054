//! An analysis of a ticket, in the shape in which they come.

use super::*;

const ANALYSIS: &str = r#"# 🔍 Missing fields – SK-41 (broker outage)

## Summary

I compared **SK-41** with the standard.

---

## ✅ What you have (well done!)

### 1. Basics
- ✅ **Test ID**: SK-41
- ✅ **Summary**: Broker outage is refused
- ✅ **Priority**: Medium
- ✅ **Components/Labels**: server, resilience

### 2. Links
- ✅ **Pre-Conditions**: PC-1 (broker blocked)
- ✅ **Test Data**: a valid view

### 3. Metadata
- ✅ **Reporter**: Dana

---

## ❌ שדות חסרים

### 1. **Test Type** ⚠️ חסר!
**מה צריך:**
```
Test Type: Integration Test
```

**הסבר:** Xray wants it.

**איפה להוסיף:** Jira → Edit

---

### 2. **Objective** ⚠️ missing!
**What is needed:**
```yaml
Objective:
  Validate that the server
  refuses at once.

Business Impact:
  - Nothing leaks
  - Errors are clear
```

**Where:** Jira

---

### 3. **Test Steps (in full)** ⚠️ missing!
**What is needed:**

A table with the steps:

| # | Action | Data | Expected Result |
|---|--------|------|-----------------|
| 1 | Block the broker | rule | away |

**Where:** Jira

### 4. **Test Data (in full)** ⚠️ missing!
**What is needed:**

```json
Valid view:
{
  "channels": 3
}
```

### 5. **Assertions** ⚠️ missing!
**What is needed:**

```python
Critical Assertions (FAILS if violated):
  1. assert status == 503
  2. assert jobs == []  # nothing launched
```

---

## 📊 Summary of the missing

| # | Field | Importance | Status |
|---|-------|------------|--------|
| 1 | Test Type | 🔴 critical | ❌ missing |

## 🎯 Priorities

1. **Test Type** - at once
2. **Objective** - soon

**Expected Result:** a better ticket
"#;

#[test]
fn the_ticket_is_what_the_analysis_says_that_it_has() {
    // The ticket as it is described, in other words.
    let described = "Test ID: SK-41\nSummary: Broker outage is refused\nPriority: Medium\nLabels: server, resilience\nPrerequisites: PC-1 (broker blocked)\nTest Data: a valid view\nReporter: Dana\n";
    let expected = "== ticket at 1:1\nkey: SK-41\nsummary: Broker outage is refused\npriority: Medium\nlabels: server, resilience\npre_conditions: PC-1 (broker blocked)\ntest_data: a valid view\nreporter: Dana\n";
    assert_eq!(told(described), expected);
    assert_eq!(told(ANALYSIS), format!("{expected}== note: analysis-of-ticket\n"));
}

#[test]
fn what_it_proposes_can_be_taken() {
    let read = |text: &str| markdown::read(text, &Lines::new(text));
    let proposals = super::proposals(read(ANALYSIS), &Standard::built_in());
    assert_eq!(
        told_sections(&proposals),
        "\
test_type: Integration Test
objective: Validate that the server · refuses at once. ¶ Business Impact: ¶ Nothing leaks · Errors are clear
test_steps: Block the broker / rule / away
test_data: { ·   \"channels\": 3 · }
assertions: assert status == 503 · assert jobs == [] – nothing launched
"
    );
    assert!(
        super::proposals(read("# SK-1 T\n\n## Missing\n\n## Steps\n1. Do\n"), &Standard::built_in())
            .is_empty()
    );
}
