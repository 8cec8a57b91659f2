"""A mistyped command is explained in the reader's language."""

import click
import pytest

from federation.cli.usage import explain_misuse
from federation.text import Text


@click.group()
def cli():
    """Hold the commands below."""


@cli.command()
@click.argument("tps")
@click.option("--limit", "-n", type=click.IntRange(1, 9))
@click.option("--format", type=click.Choice(["csv", "ndjson"]))
@click.option("--map", type=click.Path(exists=True))
@click.option("--count", type=int)
def show(**_):
    """Take one of each kind."""


@click.command
@click.argument("which", type=click.Choice(["unread", "differs"]))
def queue(which):
    """A command that needs one of a few words."""


def explain(language, *arguments):
    with pytest.raises(click.ClickException) as caught:
        cli.main(list(arguments), standalone_mode=False)
    return explain_misuse(Text(language), caught.value)


SAID = {
    ("shwo",): "Tidak ada perintah 'shwo'. Maksud Anda: show?",
    ("zzz",): "Tidak ada perintah 'zzz'.",
    ("show", "1", "--limt", "2"): "Tidak ada pilihan '--limt'. Maksud Anda: --limit?",
    ("show",): "TPS belum disebut.",
    ("show", "1", "--limit", "0"): "harus angka dari 1 sampai 9.",
    ("show", "1", "--limit", "x"): "harus angka dari 1 sampai 9.",
    ("show", "1", "--format", "xls"): "--format: harus salah satu dari csv, ndjson.",
    (
        "show",
        "1",
        "--map",
        "it's not",
    ): "--map: it's not: berkas atau folder itu tidak ada",
}


@pytest.mark.parametrize("arguments", SAID)
def test_every_kind_of_mistake_is_said_in_indonesian(arguments):
    assert SAID[arguments] in explain("id", *arguments)


@pytest.mark.parametrize("arguments", SAID)
def test_english_says_nothing_in_indonesian(arguments):
    said = explain("en", *arguments)
    assert not {"Tidak", "harus", "belum", "Maksud"} & set(said.split())


def test_a_kind_without_words_of_ours_keeps_those_of_click():
    assert "'x' is not a valid integer" in explain("id", "show", "1", "--count", "x")


def test_a_sentence_of_a_command_is_passed_on_as_it_is():
    assert explain_misuse(Text("id"), click.UsageError("sudah jelas")) == "sudah jelas"


def test_what_is_missing_is_said_with_what_it_may_be():
    with pytest.raises(click.ClickException) as caught:
        queue.main([], standalone_mode=False)
    said = explain_misuse(Text("id"), caught.value)
    assert said.endswith(" belum disebut. Salah satu dari: unread, differs.")
