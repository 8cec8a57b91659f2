"""Questions on a terminal: answers are checked when they are given, and asked again."""

import io
from types import SimpleNamespace

import pytest

from federation.cli import main
from federation.cli.context import Run
from federation.cli.output import Output
from federation.text import LANGUAGES, Text
from tests.indonesian import find_english

PASSPHRASE = "sebuah frasa sandi yang panjang"


class Terminal(io.StringIO):
    """What somebody types, line by line."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch, capsys):
    """Run a command and type these lines; what it ended with, and what it said."""

    def run(*words, lines, secrets=()):
        left = iter(secrets)
        monkeypatch.setattr("sys.stdin", Terminal("".join(f"{x}\n" for x in lines)))
        monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _: next(left))
        with pytest.raises(SystemExit) as end:
            main(list(words))
        said = capsys.readouterr()
        return end.value.code, said.out + said.err

    return run


def init(tmp_path, *more):
    return ("init", "--home", str(tmp_path / "home"), "--lang", "id", *more)


def test_a_wrong_answer_is_told_at_its_question_and_asked_again(typed, tmp_path):
    code, said = typed(
        *init(tmp_path),
        lines=[
            *("Jaga Pemilu", "jagapemilu.example"),
            "Jaga Pemilu",
            *("pemilu-2042", "pemilu-2024"),
            "data@jagapemilu.example",
            *("node.jagapemilu.example", "https://node.jagapemilu.example"),
        ],
        secrets=["pendek", PASSPHRASE, "lain", PASSPHRASE, PASSPHRASE],
    )
    assert code == 0, said
    assert '"Jaga Pemilu": seharusnya nama domain dengan huruf kecil' in said
    assert "pemilu pemilu-2042 tidak dikenal di sini" in said
    assert '"node.jagapemilu.example": seharusnya alamat' in said
    assert "frasa sandi kurang dari 12 karakter" in said
    assert "Keduanya tidak sama" in said
    assert said.count("Silakan jawab lagi") == 4
    assert find_english(said) == []
    settings = (tmp_path / "home" / "federation.toml").read_text()
    assert 'org = "jagapemilu.example"' in settings
    assert 'public_url = "https://node.jagapemilu.example"' in settings


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_asked(
    typed, tmp_path
):
    (tmp_path / "file").write_text("no folder")
    home = str(tmp_path / "file" / "home")
    code, said = typed("init", "--home", home, "--lang", "id", lines=[])
    assert code == 3, said
    assert f"{tmp_path / 'file'}: tidak dapat ditulis" in said
    assert "Nama domain" not in said


@pytest.mark.parametrize(
    ("answers", "is_yes"),
    [
        (["y"], True),
        (["ya"], True),
        (["Ya"], True),
        (["yes"], True),
        (["t"], False),
        (["tidak"], False),
        (["n"], False),
        ([""], False),
        (["mungkin", "ya"], True),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_yes_and_no_are_taken_in_both_languages(
    monkeypatch, capsys, language, answers, is_yes
):
    monkeypatch.setattr("sys.stdin", Terminal("".join(f"{x}\n" for x in answers)))
    t = Text(language)
    asking = SimpleNamespace(t=t, out=Output(t), _need_terminal=lambda *_: None)
    assert Run.confirm(asking, "?") is is_yes
    said = capsys.readouterr().err
    assert (t("cli.say-yes-or-no") in said) is (len(answers) > 1)


def test_where_nobody_sits_at_a_terminal_nobody_is_asked(cli, tmp_path):
    code, _, err = cli("init", "--home", tmp_path / "home", "--lang", "id")
    assert code == 2
    assert "--org" in err
