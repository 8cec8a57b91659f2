"""A page out of a template: language, numbers, links that keep what was chosen.

Rule: templates only print. Autoescape is on for all of them, undefined names are
errors, and there is no `|safe` in any template (a test holds that).
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import jinja2
from aiohttp import hdrs, web
from markupsafe import Markup, escape
from yarl import URL

from federation.flows.query import answers
from federation.flows.query.comparison import compare
from federation.records.readers import may_do
from federation.text import Sentence, Text
from federation.web.forms import form_token
from federation.web.further import further
from federation.web.sessions import SIGNED_IN

STATIC = resources.files("federation.web") / "static"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
#: With which a script of ours runs that asks this node, and no other.
SCRIPT_POLICY = f"{POLICY}; script-src 'self'; connect-src 'self'"
SAFETY = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


# `V KOTO KAMPUNG DALAM`, `DI YOGYAKARTA`.
_ROMAN: Final = re.compile(r"\A[IVX]+\Z")
_UPPER: Final = frozenset({"DI", "DKI"})


#: What a page has none of, where nothing is said of it.
_NOTHING: Final = {"data": "", "every_s": 0, "preview": ""}


class Page:
    """One request's page: its language and what was chosen on the way to it."""

    def __init__(self, request: web.Request, t: Text, chosen: dict[str, str]) -> None:
        """`chosen`: the parameters that every link keeps (election, contest, lang)."""
        self.request, self.t, self.chosen = request, t, chosen
        #: What organisations are called, by domain.
        self.names: Mapping[str, str] = {}
        #: When the map last changed, where a page says nothing of it by itself.
        self.fresh = ""
        # A page is as many folders deep as its path has slashes behind the first.
        self._root = "../" * (request.rel_url.raw_path.count("/") - 1) or "./"

    def render(self, template: str, owner: str, /, **values: object) -> web.Response:
        """The template as an answer, with the headers that keep it harmless.

        `live` of its values: where the page hears that it is to ask for itself again
        (`live.py`); "", or none: it does not.
        """
        live = str(values.pop("live", ""))
        other = "en" if self.t.language == "id" else "id"
        text = (
            _templates()
            .get_template(template)
            .render(
                t=self.t,
                owner=owner,
                keep=self.chosen,
                link=self.link,
                to=self.to,
                name=self.name,
                named=self.named,
                number=self.t.number,
                percent=self.t.percent,
                span=self.t.span,
                word=self.word,
                stylesheet=self.to(static_address("style.css")),
                tilemap_styles=self.to(static_address("tilemap.css")),
                other_language=further(self.request, lang=other),
                live=self.to(live) if live else "",
                live_script=self.to(static_address("live.js")),
                **{**_NOTHING, "fresh": self.fresh, **self._reader(), **values},
            )
        )
        answered = web.Response(text=text, content_type="text/html", headers=SAFETY)
        answered.headers[hdrs.CONTENT_LANGUAGE] = self.t.language
        answered.headers[hdrs.VARY] = hdrs.ACCEPT_LANGUAGE
        answered.headers[hdrs.CACHE_CONTROL] = "no-cache"
        if live:
            answered.headers["Content-Security-Policy"] = SCRIPT_POLICY
        return answered

    def _reader(self) -> Mapping[str, object]:
        """Who is signed in, None: nobody, and the token that their forms carry."""
        session = self.request.get(SIGNED_IN)
        token = form_token(self.request) if session else ""
        may_remove = session is not None and may_do(session.person, "remove")
        may_refer = session is not None and may_do(session.person, "refer")
        return {
            "may_refer": may_refer,
            "who": session.person if session else None,
            "form_token": token,
            "may_remove": may_remove,
        }

    def link(self, path: str, **more: str) -> str:
        """The address of another page, keeping what was chosen."""
        return self.to(query_of(path, {**self.chosen, **more}))

    def to(self, address: str) -> str:
        """An address of this node, from this page on.

        Relative, so that it stays on the node where a proxy answers for it below a
        path of its own (`https://example.org/federation/`).
        """
        return self._root + address.removeprefix("/")

    def name(self, place: answers.Place | answers.Region) -> str:
        """A region's name, or its code in words."""
        if place.name:
            return gentle(place.name)
        return self.t("page.unnamed", code=place.code) if place.code else "Indonesia"

    def named(self, org: str) -> str:
        """What an organisation is called; its domain where nobody has said."""
        return self.names.get(org, org)

    def word(self, kind: str, code: str) -> str:
        """The word for a code of the field; the code itself where there is none."""
        return self.t.word(f"page.{kind}_{code}", code)


def query_of(path: str, query: Mapping[str, str]) -> str:
    """The address of a question, without what is not asked."""
    return str(URL.build(path=path, query={k: v for k, v in query.items() if v}))


def render_file(template: str, /, **values: object) -> bytes:
    """A template as a file that stands by itself: of no request, for no reader."""
    return _templates().get_template(template).render(**values).encode()


def static_address(name: str) -> str:
    """Where a static file is; the address changes with its bytes."""
    return f"/static/{name}?v={_static(name)[1]}"


def static_file(name: str) -> tuple[bytes, str]:
    """The bytes of a static file and their short digest.

    Raises:
        KeyError: there is no such file.
    """
    if name not in static_names():
        raise KeyError(name)
    return _static(name)


@cache
def static_names() -> frozenset[str]:
    """The files that there are: nothing else is ever opened."""
    return frozenset(entry.name for entry in STATIC.iterdir())


@cache
def _static(name: str) -> tuple[bytes, str]:
    data = (STATIC / name).read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:12]


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("federation.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_say,
    )
    environment.filters["compared"] = compare
    environment.filters["gentle"] = gentle
    environment.filters["spans"] = mark_commands
    return environment


@jinja2.pass_context
def _say(context: jinja2.runtime.Context, value: object) -> object:
    """A cause in the reader's language, whichever template prints it."""
    return context["t"].say(value) if isinstance(value, Sentence) else value


def mark_commands(sentence: str) -> Markup:
    """A sentence of ours, what stands between backticks as code; all of it escaped."""
    parts = sentence.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def gentle(name: str) -> str:
    """A place's name as people write it: registers shout (`KOTA PADANG`)."""
    if not name.isupper():
        return name
    return " ".join(
        word if word in _UPPER or _ROMAN.match(word) else word.title()
        for word in name.split(" ")
    )
