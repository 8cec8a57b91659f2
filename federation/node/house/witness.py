"""Whether witnesses from outside confirm our totals, and whether we can be one.

What is told of them is what the node that runs has met, the alarm that stands; nobody
is asked from here.
"""

from federation.errors import ConfigError
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.node.house.database import is_there, read_refusal
from federation.node.house.house import House
from federation.node.submitting import ALARM
from federation.node.witnesskey import load_witness_key
from federation.store import alarms
from federation.store.db import Database
from federation.text import Sentence, as_said


async def see_witness(house: House) -> CheckStep:
    """Who confirms us from outside, whom we confirm, and what is wrong with either."""
    asked = house.sound.witness
    names = [one.key.name for one in asked.outside]
    facts = {"outside": names, "for": sorted(asked.witnessed_keys)}
    if asked.witnessed:
        try:
            load_witness_key(house.home, house.sound)
        except ConfigError as error:
            mend = Sentence("steps.mend-witness-key")
            return failed("witness", as_said(error.told), mend, **facts)
    standing = _standing(house)
    wrong = {name: standing[name] for name in names if name in standing}
    if wrong:
        told = [
            Sentence("machine.at", place=name, cause=as_said(why))
            for name, why in wrong.items()
        ]
        return warned(
            "witness", join(told), Sentence("alarms.do-witness-failing"), **facts
        )
    if not names and not asked.witnessed:
        return well("witness", Sentence("steps.witness-none"), **facts)
    count = {"outside": len(names), "logs": len(asked.witnessed)}
    return well("witness", Sentence("steps.witness", **count), **facts)


def _standing(house: House) -> dict[str, str]:
    """What stands under the alarm, by witness; nothing where it cannot be read."""
    found = dict[str, str]()

    def read(db: Database) -> None:
        with db.view() as view:
            found.update(alarms.find_details(view, ALARM))

    if is_there(house.home):
        read_refusal(house.home, read)
    return found
