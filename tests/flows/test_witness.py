"""Of one log a witness never signs two histories, whatever it is brought."""

import os
import shutil

import pytest

from federation.errors import VerificationError
from federation.flows.witness import OfferJudge
from federation.store.folderguard import FolderGuard
from federation.tlog.keys import ALG_COSIGNATURE, Signer, parse_vkey
from tests.outsidewitness import OtherLog, tree_hash, verify_cosignature

ORIGIN, NOW = "log.example/pemilu-2029", 1_707_900_000
SIGNER = Signer.from_seed("own.example/witness", bytes(32), ALG_COSIGNATURE)
MOST = 9


@pytest.fixture
def log():
    made = OtherLog(ORIGIN)
    made.leaves = [b"%d" % n for n in range(MOST)]
    return made


def witness(folder, log):
    return OfferJudge(SIGNER, {ORIGIN: parse_vkey(log.key.vkey)}, FolderGuard(folder))


def state(folder):
    return FolderGuard(folder).read(ORIGIN)


def test_every_step_that_goes_on_is_signed_and_no_other_history_ever(tmp_path, log):
    other = [b"other", *log.leaves[1:]]
    for old in range(MOST + 1):
        for new in range(old, MOST + 1):
            folder = tmp_path / f"{old}-{new}"
            if old:
                assert witness(folder, log).judge(log.offer(0, old), NOW).line
            answer = witness(folder, log).judge(log.offer(old, new), NOW)
            assert (answer.verdict, answer.size) == ("cosigned", new)
            line = answer.line
            assert verify_cosignature(line, log.note(new), str(SIGNER.key)) == NOW
            assert state(folder) == (new, tree_hash(log.leaves[:new]))
            for size in range(new, MOST + 1):
                said = witness(folder, log).judge(log.offer(new, size, other), NOW)
                assert new == 0 or said.verdict in {"other-root", "unproved"}
                if new:
                    assert not said.line
                    assert state(folder) == (new, tree_hash(log.leaves[:new]))
            shutil.rmtree(folder)


def test_a_log_is_answered_as_the_specification_says(tmp_path, log):
    ours = witness(tmp_path, log)

    def ask(data):
        answer = ours.judge(data, NOW)
        return answer.verdict, answer.size

    assert ask(OtherLog("b.example/x").offer(0)) == ("unknown", 0)
    forged = log.offer(0, 5).replace(b"\n5\n", b"\n6\n")
    assert ask(forged) == ("unsigned", 0)
    assert ask(log.offer(3, 5)) == ("conflict", 0)
    assert ask(log.offer(0, 5)) == ("cosigned", 5)
    assert ask(log.offer(0, 5)) == ("conflict", 5)
    assert ask(log.offer(0, 7)) == ("conflict", 5)
    assert ask(log.offer(3, 4)) == ("conflict", 5), "never a smaller one"
    assert ask(log.offer(5, 5)) == ("cosigned", 5), "again, with a new time"
    head, gap, note = log.offer(5, 7).partition(b"\n\n")
    cut = head.rsplit(b"\n", 1)[0]
    assert ask(cut + gap + note) == ("unproved", 5)
    assert ask(log.offer(5, 7)) == ("cosigned", 7)
    # With an old size of zero nothing is proved.
    fresh = witness(tmp_path / "fresh", log)
    superfluous = log.offer(5, 7).replace(b"old 5", b"old 0")
    assert fresh.judge(superfluous, NOW).verdict == "unproved"


def test_a_memory_out_of_a_copy_signs_nothing_more(tmp_path, log):
    memory = tmp_path / "memory"
    assert witness(memory, log).judge(log.offer(0, 3), NOW).line
    shutil.copytree(memory, tmp_path / "backup")
    # Nothing is deleted, nor what is written over: the number of an inode is soon
    # given again.
    shutil.copytree(memory, tmp_path / "first", copy_function=os.link)
    assert witness(memory, log).judge(log.offer(3, 7), NOW).line
    memory.rename(tmp_path / "aside")
    shutil.copytree(tmp_path / "backup", memory)
    other = [*log.leaves[:3], b"another", *log.leaves[4:]]
    with pytest.raises(VerificationError, match="copy"):
        witness(memory, log).judge(log.offer(3, 8, other), NOW)


def test_nothing_is_answered_before_it_is_durable(tmp_path, log, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    ours = witness(tmp_path, log)
    monkeypatch.setattr(ours.memory, "raise_to", fail)
    with pytest.raises(OSError, match="No space"):
        ours.judge(log.offer(0, 3), NOW)
    monkeypatch.undo()
    assert state(tmp_path) is None
    other = [b"other", *log.leaves[1:]]
    assert ours.judge(log.offer(0, 3, other), NOW).line, "what came first was not told"
