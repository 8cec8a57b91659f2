"""A request to a node that writes: what all have, and where one is handed in."""

from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args

import msgspec

A = TypeVar("A")


class Request(
    msgspec.Struct, Generic[A], frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Something to be done; `A` is the type of its answer, `route` its path."""

    route: ClassVar[str]
    media_type: ClassVar[str] = "application/json"

    @classmethod
    def answer_type(cls) -> Any:  # noqa: ANN401  msgspec takes any type
        """`A`, for a decoder."""
        return get_args(cls.__orig_bases__[0])[0]  # type: ignore[attr-defined]  # of every class with type arguments


R = TypeVar("R", bound=Request[Any])


class Desk(Protocol):
    """Where work is handed in; it answers when the work is durable."""

    async def run(self, request: Request[A]) -> A:
        """Do what the request asks.

        Raises:
            FederationError: it cannot be done.
            OSError: a disk is full or failed.
        """
