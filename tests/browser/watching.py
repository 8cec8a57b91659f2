"""A tab in which nothing goes wrong unseen, and text that would do harm as markup.

What is noticed: errors in the console, exceptions, breaches of the page's policy (CSP),
what the browser's own audit finds, requests to other hosts, and hostile text that ran.
"""

import json
from urllib.parse import urlsplit

#: Closes what it may stand in, then tries each way by which text becomes a program.
POLYGLOT = "\"'><img src=x onerror=hurt=1><script>hurt=1</script>{{7*7}}${hurt=1}"
_DOMAINS = ("Page", "Runtime", "Network", "DOM", "Log", "Audits")
#: Runs before any page does. Nothing of it is there for a page to find but `complain`.
_EAR = """
addEventListener("securitypolicyviolation", (event) =>
  complain(`CSP at ${event.documentURI}: ${event.violatedDirective}: `
    + `${event.blockedURI} ${event.sample}`));
addEventListener("error", (event) =>
  complain(`error: ${event.message ?? event}`), true);
Object.defineProperty(window, "hurt", {
  set: () => complain("hostile text ran"), get: () => undefined,
});
"""


async def watch(tab) -> None:
    """Notice from now on what goes wrong in this tab."""
    for domain in _DOMAINS:
        await tab.call(f"{domain}.enable")
    await tab.call("Runtime.addBinding", name="complain")
    await tab.call("Page.addScriptToEvaluateOnNewDocument", source=_EAR)


def complaints(tab, url: str) -> list[str]:
    """All that went wrong so far; `url` is that of the node."""
    events, host = tab.events, urlsplit(url).netloc
    entries = [one["entry"] for one in events["Log.entryAdded"]]
    asked = [one["request"]["url"] for one in events["Network.requestWillBeSent"]]
    calls = events["Runtime.consoleAPICalled"]
    return [
        *(one["payload"] for one in events["Runtime.bindingCalled"]),
        *(f"console: {one['text']} {one.get('url', '')}" for one in entries),
        *(f"console: {one['args']}" for one in calls),
        *(
            f"thrown: {one['exceptionDetails']}"
            for one in events["Runtime.exceptionThrown"]
        ),
        *(f"audit: {json.dumps(one['issue'])}" for one in events["Audits.issueAdded"]),
        *(
            f"asked elsewhere: {one}"
            for one in asked
            if urlsplit(one).scheme not in {"data", "blob"}
            and urlsplit(one).netloc != host
        ),
    ]
