"""Only the process that draws opens pictures: nothing else so much as loads Pillow."""

import subprocess
import sys

import pytest

_LOADED = "print(sorted(m for m in sys.modules if m.split('.')[0] in {names}))"
_OF_PICTURES = {"PIL", "pillow_heif"}


def loaded(code):
    """The modules of pictures that a new process has after this."""
    code = f"import sys\n{code}\n{_LOADED.format(names=_OF_PICTURES)}"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import federation.cli",
        "import federation.node.service",
        "import federation.photos.redraw",
        "import federation.flows.photos.take, federation.web.evidence",
        "import federation.cli.import_, federation.cli.photos.importing",
    ],
)
def test_a_node_and_its_commands_load_nothing_that_opens_pictures(code):
    assert loaded(code) == "[]"


def test_the_process_that_draws_does():
    assert "PIL.Image" in loaded("import federation.photos.draw")


WITHOUT = """
import asyncio, sys
sys.modules["pillow_heif"] = None
from federation.photos import draw
from federation.photos.kind import Kind
from federation.errors import PhotoError
try:
    draw.draw_anew(b"\\0\\0\\0\\x18ftypheic" + bytes(40))
except PhotoError as error:
    assert error.what.key == "photo.no-heic", error
else:
    raise AssertionError
"""


def test_without_the_package_for_heic_everything_else_is_drawn():
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)
