"""What the database refuses, as the exceptions of the store: the same through either door.

The codes are PostgreSQL's (appendix A of its manual) and ours (sql/0001: Q0001 to Q0004). A rule of
the domain speaks its own sentence; of anything else the details go to the log, not to the person.
"""

import logging

from quorum.language import _
from quorum.store import AlreadyThere, Invalid, NotAllowed, Refused, StoreError, Unavailable

log = logging.getLogger("quorum.store")

# Classes of codes: data, constraints, more than PostgreSQL takes in one value.
_NOT_FITTING = ("22", "23", "54")
# Connection, rollback, resources, locks, an operator, the system under it.
_NOT_ANSWERING = ("08", "40", "53", "55", "57", "58")


def of(sqlstate: str, message: str) -> StoreError:
    """The exception for a code of PostgreSQL's, with a sentence for the person."""
    match sqlstate:
        case "Q0001" | "Q0002" | "Q0003":
            return Refused(message)
        case "Q0004":
            return NotAllowed(message)
        case "23505":
            return AlreadyThere(_("This is already there."))
        case "42501" | "23503":
            return NotAllowed(_("You may not do this."))
    if sqlstate[:2] in _NOT_FITTING:
        return Invalid(misfit())
    if sqlstate[:2] in _NOT_ANSWERING:
        log.warning("the database does not answer: %s %s", sqlstate, message)
        return Unavailable(silence())
    log.error("unexpected database error %s: %s", sqlstate, message)
    return StoreError(_("The database refused this. The details are in the server's log."))


def silence() -> str:
    return _("The database does not answer. Try again in a moment; nothing was lost.")


def misfit() -> str:
    return _("A value does not fit. Check the form and try again.")
