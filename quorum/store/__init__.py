"""The store: one set of rules in the database, reached through one of two doors.

A door hands out a `Store` for one member. Its verbs are all there is, so that the doors cannot
drift apart; what they raise is named here, and nothing of a driver leaks past them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import polars as pl

from quorum.language import _

Row = Mapping[str, Any]


class StoreError(Exception):
    """Something the store could not do. The text is a sentence for the person."""


class Refused(StoreError):
    """A rule of the domain says no; the sentence says which, and what to do."""


class NotAllowed(StoreError):
    """The member may not do this, or what they address does not exist for them."""


class AlreadyThere(StoreError):
    """A row with this identifier or number exists: a repeated submit, or a duplicate."""


class Invalid(StoreError):
    """A value does not fit its column."""


class Unavailable(StoreError):
    """The store does not answer."""


class SignedOut(StoreError):
    """The member's sign-in has ended, or was ended elsewhere."""


class Conflict(StoreError):
    """Somebody else edited the row since it was read. Nothing was written.

    `theirs` is the row as it stands now.
    """

    def __init__(self, sentence: str, theirs: dict[str, Any]) -> None:
        super().__init__(sentence)
        self.theirs = theirs


@dataclass(frozen=True)
class Consortium:
    id: str
    name: str
    role: str  # coordinator | member


@dataclass(frozen=True)
class Principal:
    """Who is asking. Frozen and hashable: it is part of every cache key.

    `ticket` is minted at sign-in and never reused, so that no two sign-ins share a cached frame.
    """

    person_id: str
    name: str
    email: str
    organisation_id: str
    organisation: str
    role: str  # admin | editor | viewer
    consortia: tuple[Consortium, ...]
    ticket: str
    guest: bool = False  # no organisation here: sees the events that a link invited them to

    @property
    def may_edit(self) -> bool:
        return self.role in ("admin", "editor")

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


class Store(Protocol):
    """What a member can do. Relations and columns are those of `relations.RELATIONS`."""

    def rows(
        self,
        relation: str,
        columns: Sequence[str] | None = None,
        filters: Row | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> pl.DataFrame:
        """The rows the member may see. A filter is a value, a list of values, or None for null;
        an order is a column name, `-` before it for descending."""
        ...

    def ahead(self, relations: Sequence[str], asked: Mapping[str, Row] | None = None) -> None:
        """Says what will be read in the next moment, whole: relations, functions of
        `relations.FUNCTIONS`, and once each of `asked`, functions of `relations.SAID` with their
        arguments. A door for which each question costs a way asks them in one."""
        ...

    def insert(self, relation: str, row: Row) -> None:
        """Adds a row. Raises AlreadyThere, NotAllowed, Invalid."""
        ...

    def update(self, relation: str, values: Row, filters: Row, version: int | None = None) -> None:
        """Changes the rows that match; at least one is expected. With `version`, only a row that
        still has it: otherwise raises Conflict and writes nothing."""
        ...

    def delete(self, relation: str, filters: Row) -> None:
        """Removes the rows that match; at least one is expected. Raises NotAllowed."""
        ...

    def call(self, function: str, arguments: Row | None = None) -> Any:
        """The answer of a public function: a frame for those in `relations.FUNCTIONS`, else a
        value. Raises Refused with the function's own sentence."""
        ...


def explain_nothing(store: Store, relation: str, filters: Row, version: int | None) -> NoReturn:
    """For a door whose update changed no row: because the row changed meanwhile (raises Conflict),
    or because it may not be changed (raises NotAllowed)."""
    there = store.rows(relation, filters=filters, limit=1)
    if version is not None and there.height == 1 and there["version"][0] != version:
        raise Conflict(
            _("Somebody else changed this since you opened it. Nothing was overwritten."),
            there.row(0, named=True),
        )
    raise NotAllowed(_("You may not change this, or it is not there any more."))
