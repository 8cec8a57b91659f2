"""docs/reference/duplicates.md is what the code does."""

import runpy
import tomllib
from importlib import resources
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_duplicates_page.py"


def test_the_page_is_current():
    made = runpy.run_path(str(SCRIPT))
    said = (resources.files("federation") / "text" / "incidents.toml").read_text(
        "utf-8"
    )
    named = {key for key in tomllib.loads(said) if key.startswith("likeness-")}
    assert {f"likeness-{reason}" for reason, _ in made["points"]()} == named
    assert made["PAGE"].read_text(encoding="utf-8") == made["make_page"](), (
        "run `make docs`"
    )
