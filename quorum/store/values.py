"""Values on their way into the store, the same through either door."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from quorum.store import Invalid
from quorum.store.refusals import misfit


def plain(value: Any) -> Any:
    """A value as JSON takes it. Raises Invalid for a number that is none: PostgreSQL would keep it,
    and no reader could calculate with it."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case float() | Decimal() if not math.isfinite(value):
            raise Invalid(misfit())
        case Decimal():
            return str(value)
        case Mapping():
            return {str(k): plain(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(v) for v in value]
        case _:
            return value
