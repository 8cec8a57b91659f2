"""An examination, step by step: what was looked at, what was seen, how to mend it.

Rule: each step is tried unless one that it needs has failed; then it says so, and
names the first one that did. A step that is not well says what was seen and what to do;
none of them raises. Codes are stable: programs rely on them.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from federation.text import Sentence

#: `warning`: it works, and will not for long, or not for all. `skipped`: not tried.
StepState: TypeAlias = Literal["ok", "warning", "failed", "skipped"]

S = TypeVar("S")


class CheckStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step and how it went.

    Attributes:
        code: Of the step.
        state: How it went.
        seen: What was seen, for people.
        mend: What to do about it; "" where nothing has to be done.
        problem: The code of what is wrong; "" where nothing is.
        after: The code of the failed step because of which this one was not tried.
        facts: What was seen, for programs.
    """

    code: str
    state: StepState
    seen: str
    mend: str = ""
    problem: str = ""
    after: str = ""
    facts: dict[str, object] = {}


class StepPlan(NamedTuple, Generic[S]):
    """A step to be tried: its code, the steps that it needs, and what tries it."""

    code: str
    needs: tuple[str, ...]
    look: Callable[[S], Awaitable[CheckStep]]


async def run_steps(plans: Sequence[StepPlan[S]], subject: S) -> list[CheckStep]:
    """How each step went, in their order."""
    done: dict[str, CheckStep] = {}
    for plan in plans:
        cause = hindrance(plan.needs, done)
        if cause:
            done[plan.code] = not_tried(plan.code, cause, list(done).index(cause) + 1)
        else:
            done[plan.code] = await plan.look(subject)
    return list(done.values())


def hindrance(needs: Iterable[str], done: Mapping[str, CheckStep]) -> str:
    """The failed step because of which one that needs these cannot be tried."""
    for code in needs:
        if done[code].state == "failed":
            return code
        if done[code].after:
            return done[code].after
    return ""


def not_tried(code: str, after: str, number: int) -> CheckStep:
    """A step that needs one that failed, the `number`-th."""
    seen = Sentence(
        "steps.not-tried", number=number, name=Sentence(f"steps.name-{after}")
    )
    return CheckStep(code=code, state="skipped", seen=seen, after=after)


def well(code: str, seen: Sentence, **facts: object) -> CheckStep:
    """A step that went well."""
    return CheckStep(code=code, state="ok", seen=seen, facts=facts)


def warned(code: str, seen: Sentence, mend: Sentence, **facts: object) -> CheckStep:
    """A step after which something should be done."""
    problem = problem_of(seen)
    return CheckStep(
        code=code, state="warning", seen=seen, mend=mend, problem=problem, facts=facts
    )


def failed(code: str, seen: Sentence, mend: Sentence, **facts: object) -> CheckStep:
    """A step that failed."""
    problem = problem_of(seen)
    return CheckStep(
        code=code, state="failed", seen=seen, mend=mend, problem=problem, facts=facts
    )


def problem_of(cause: Sentence) -> str:
    """The code of a cause: the name of its sentence, without its topic.

    A sentence about another (where it happened, which time the clock shows) has that
    one as its `reason`; of several it is the first.
    """
    inner = cause.values.get("reason", cause.values.get("first"))
    if isinstance(inner, Sentence):
        return problem_of(inner)
    return cause.key.partition(".")[2]


def join(sentences: Sequence[Sentence]) -> Sentence:
    """Several sentences as one, in any language."""
    first, *more = sentences
    for one in more:
        first = Sentence("steps.and", first=first, more=one)
    return first
