"""Whether everybody can use a view: names and roles, contrast and structure (axe), focus that is seen, room on a phone."""

from pathlib import Path

import axe_core_python

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
NEED_NAMES = {"button", "link", "textbox", "combobox", "slider", "checkbox", "spinbutton", "searchbox", "listbox", "DisclosureTriangle"}


def faults_of_axe(browser):
    """What axe has against the page, a line for each."""
    browser.evaluate(AXE + "; undefined")
    found = browser.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => "
        "v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')))")
    return found


def nameless(browser):
    """Controls that a screen reader would not know how to call."""
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    return [
        node["role"]["value"] for node in nodes
        if not node.get("ignored") and node.get("role", {}).get("value") in NEED_NAMES and not node.get("name", {}).get("value", "").strip()
    ]


def faults(browser):
    """Both of the above, a line for each."""
    return faults_of_axe(browser) + [f"a {role} without a name" for role in nameless(browser)]


# The name of what has the focus, and whether that is seen.
FOCUSED = (
    "(() => { const n = document.activeElement;"
    " const seen = (e) => { const c = getComputedStyle(e); return c.outlineStyle !== 'none' && parseFloat(c.outlineWidth) >= 2; };"
    " return [n === document.body ? '' : (n.id || n.getAttribute('aria-label') || n.textContent.trim().slice(0, 30)),"
    " n === document.body || seen(n) || Boolean(n.parentElement && seen(n.parentElement))]; })()")


def walk(browser, most=60):
    """Goes through the page with the Tab key; returns the names of what had the focus, and what hid it."""
    browser.evaluate("document.activeElement.blur()")
    names, unseen = [], []
    for _ in range(most):
        browser.press("Tab")
        name, is_seen = browser.evaluate(FOCUSED)
        if not name:
            break
        names.append(name)
        if not is_seen:
            unseen.append(name)
    return names, unseen


def is_too_wide(browser):
    return browser.evaluate("document.documentElement.scrollWidth > innerWidth")
