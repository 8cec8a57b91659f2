"""A page for a telephone on a bad line: one answer has all of it.

Rule: its style stands in it, allowed by its digest, because each further address is
one more round over a line on which a round takes seconds; nothing of the large pages'
header and footer comes along. A script is comfort: it comes last, and may not come.

Source: https://www.w3.org/TR/CSP3/
"""

import base64
import hashlib
from functools import cache
from typing import Final

from aiohttp import web

from federation.web.context import SITE
from federation.web.page import POLICY, Page, static_address, static_file

_STYLE: Final = "small.css"
_FROM_HERE: Final = "style-src 'self'"


class SmallPage(Page):
    """A page whose template begins with `small.html`."""

    def show(
        self, template: str, /, *, script: str = "", **values: object
    ) -> web.Response:
        """The template as an answer.

        Args:
            template: Its name.
            script: The static file that may run on it; "": none.
            values: What it prints.
        """
        style, digest = _style()
        answered = self.render(
            template,
            self.request.app[SITE].settings.name,
            style=style,
            script=self.to(static_address(script)) if script else "",
            **values,
        )
        policy = POLICY.replace(_FROM_HERE, f"style-src 'sha256-{digest}'")
        if script:
            policy += "; script-src 'self'; connect-src 'self'"
        answered.headers["Content-Security-Policy"] = policy
        return answered


@cache
def _style() -> tuple[str, str]:
    """The style, which no escaping changes, and its digest as a policy has it."""
    data = static_file(_STYLE)[0].strip()
    return data.decode(), base64.b64encode(hashlib.sha256(data).digest()).decode()
