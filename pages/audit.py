"""Who of us did what, and when?"""

from datetime import date

import streamlit as st

from components import data, filters, messages
from components.downloads import downloads
from components.session import require_session
from components.tables import table
from components.trail import RELATIONS, people, trail
from quorum import audit
from quorum.exports.tables import About
from quorum.language import _

STEPS = (200, 2_000, 20_000, 200_000)


def periods() -> dict[str, str]:
    return {
        "1": _("Last 24 hours"),
        "7": _("Last 7 days"),
        "30": _("Last 30 days"),
        "365": _("Last 365 days"),
    }


session = require_session()
data.ahead(session, *RELATIONS)
who = session.principal
st.title(_("Audit trail"))
st.markdown(_("Who of us did what, and when?"))
with filters.row():
    person = filters.choice(_("Person"), people(session), "audit_person")
    kind = filters.choice(_("Kind"), audit.kind_names(), "audit_kind")
    period = filters.choice(_("Period"), periods(), "audit_period")
    limit = st.selectbox(
        _("Read at most"), STEPS, format_func=lambda n: f"{n:,}", key="audit_limit",
        bind="query-params", width=200,
    )  # fmt: skip
found, older = trail(session, person, kind, int(period) if period else None, limit)
columns = {"at": _("When"), "what": _("What"), "who": _("Who"), "kind": _("Kind")}
if found.is_empty():
    messages.empty(
        _("No event is like that"),
        _(
            "Here stands each act of your organisation: who did it, when, and to what. Widen the "
            "filters to see more."
        ),
    )
else:
    when = st.column_config.DatetimeColumn(
        _("When"), format="YYYY-MM-DD HH:mm", timezone=st.context.timezone or "UTC"
    )
    table(found, {**columns, "at": when}, "audit", height=560 if found.height > 14 else None)
    chosen = {
        _("Person"): people(session).get(person or "", ""),
        _("Kind"): audit.kind_names().get(kind or "", ""),
        _("Period"): periods().get(period or "", ""),
    }
    about = About(
        _("Audit trail of {organisation}").format(organisation=who.organisation),
        f"{who.name}, {who.organisation}", date.today(), st.context.url or "",
        {label: value for label, value in chosen.items() if value},
    )  # fmt: skip
    downloads(found, about, "audit", columns)
if older:
    st.caption(_("There are older events: read more, or choose a person, a kind or a period."))
messages.foot(
    [_("The store's own record, which nobody can change and only your organisation can read")],
    withheld=_("values before and after a change"),
)
