"""What is sent to a witness has one form, and that of the specification."""

import pytest

from federation.errors import FormatError
from federation.tlog.witness import (
    MAX_REQUEST_BYTES,
    CheckpointOffer,
    format_offer,
    parse_offer,
)

#: Source: C2SP tlog-witness, the example of "add-checkpoint"
EXAMPLE = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".encode()  # noqa: E501  as it stands there
CHECKPOINT = EXAMPLE[EXAMPLE.index(b"\n\n") + 2 :]
HASH = b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"


def test_the_example_of_the_specification_is_read_and_written_the_same():
    offer = parse_offer(EXAMPLE)
    assert (offer.old, len(offer.proof)) == (20_852_014, 4)
    assert offer.checkpoint == CHECKPOINT
    assert format_offer(offer) == EXAMPLE


def test_without_a_proof_and_with_the_longest_it_is_read():
    assert parse_offer(b"old 0\n\n" + CHECKPOINT) == CheckpointOffer(0, (), CHECKPOINT)
    longest = b"old 1\n" + 63 * HASH + b"\n" + CHECKPOINT
    assert len(parse_offer(longest).proof) == 63


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        CHECKPOINT,
        b"old 1\n" + CHECKPOINT,
        b"old 01\n\n" + CHECKPOINT,
        b"old -1\n\n" + CHECKPOINT,
        b"old 1 \n\n" + CHECKPOINT,
        b"old\n\n" + CHECKPOINT,
        b"Old 1\n\n" + CHECKPOINT,
        b"old 1\r\n\n" + CHECKPOINT,
        "old １\n\n".encode() + CHECKPOINT,  # noqa: RUF001  another script's digit
        b"old 20852164\n\n" + CHECKPOINT,
        b"old 1\n" + 64 * HASH + b"\n" + CHECKPOINT,
        b"old 1\n" + HASH[:-2] + b"\n\n" + CHECKPOINT,
        b"old 1\nAAAA\n\n" + CHECKPOINT,
        b"old 1\n\n" + CHECKPOINT[:-1],
        b"old 1\n\n" + CHECKPOINT.replace(b"20852163", b"020852163"),
        b"old 1\n\n" + b"x" * MAX_REQUEST_BYTES,
    ],
)
def test_any_other_form_is_refused(data):
    with pytest.raises(FormatError):
        parse_offer(data)
