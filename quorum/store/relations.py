"""What the store holds, as both doors hand it out: one polars schema per relation.

Identifiers are text (uuid), money is a double: amounts are stored as numeric(15, 2), whose
fifteen digits a double carries exactly to the cent. `sql/` is the truth; a test compares.
"""

import polars as pl

TEXT = pl.String()
WHOLE = pl.Int64()
NUMBER = pl.Float64()
DAY = pl.Date()
MOMENT = pl.Datetime("us", "UTC")
TEXTS = pl.List(pl.String())
YES_NO = pl.Boolean()

# fmt: off
RELATIONS: dict[str, dict[str, pl.DataType]] = {
    # who is here
    "organisation": {
        "id": TEXT, "name": TEXT, "country": TEXT, "kind": TEXT, "version": WHOLE,
    },
    "person": {"id": TEXT, "name": TEXT, "email": TEXT, "version": WHOLE},
    "organisation_role": {
        "organisation_id": TEXT, "person_id": TEXT, "role": TEXT, "since": MOMENT, "version": WHOLE,
    },
    "consortium": {"id": TEXT, "name": TEXT, "purpose": TEXT, "version": WHOLE},
    "membership": {
        "id": TEXT, "consortium_id": TEXT, "organisation_id": TEXT, "role": TEXT,
        "joined_at": MOMENT, "left_at": MOMENT,
    },
    "invitation": {
        "id": TEXT, "organisation_id": TEXT, "consortium_id": TEXT, "role": TEXT, "note": TEXT,
        "created_at": MOMENT, "expires_at": MOMENT, "used_at": MOMENT, "revoked_at": MOMENT,
        "dialogue_id": TEXT, "supplier_id": TEXT,
    },
    # the register: reference data, the same for everybody
    "supplier": {
        "id": TEXT, "name": TEXT, "kind": TEXT, "country": TEXT, "lei": TEXT, "vat": TEXT,
        "registry_number": TEXT, "website": TEXT, "parent_id": TEXT, "merged_into": TEXT,
        "version": WHOLE,
    },
    "supplier_merge": {
        "id": TEXT, "kept_id": TEXT, "merged_id": TEXT, "reason": TEXT, "undone": YES_NO,
    },
    "supplier_turnover": {
        "id": TEXT, "supplier_id": TEXT, "year": WHOLE, "amount": NUMBER, "currency": TEXT,
        "source": TEXT, "link": TEXT, "version": WHOLE,
    },
    # contributions: owned by an organisation, private until shared. With whom, a row does not say
    # (its readers would learn of other consortia): receipts and shared_through() do.
    "assessment": {
        "id": TEXT, "organisation_id": TEXT, "supplier_id": TEXT, "questionnaire": TEXT,
        "respondent_kind": TEXT, "company_name": TEXT, "status": TEXT, "assessed_on": DAY,
        "answers": TEXTS, "evidence": TEXT, "other_actions": TEXT,
        "version": WHOLE, "created_at": MOMENT, "updated_at": MOMENT,
    },
    "assessment_contact": {
        "assessment_id": TEXT, "organisation_id": TEXT, "contact": TEXT, "internal_note": TEXT,
        "version": WHOLE,
    },
    "site_list": {
        "id": TEXT, "organisation_id": TEXT, "supplier_id": TEXT, "title": TEXT, "source": TEXT,
        "as_of": DAY, "file_name": TEXT, "row_count": WHOLE, "version": WHOLE,
        "created_at": MOMENT,
    },
    "production_site": {
        "id": TEXT, "organisation_id": TEXT, "site_list_id": TEXT, "supplier_id": TEXT,
        "name": TEXT, "address": TEXT, "country": TEXT, "latitude": NUMBER, "longitude": NUMBER,
        "os_id": TEXT, "sector": TEXT, "product_type": TEXT, "facility_type": TEXT,
        "processing_type": TEXT, "parent_company": TEXT, "native_language_name": TEXT,
        "workers_min": WHOLE, "workers_max": WHOLE, "duns_id": TEXT, "lei_id": TEXT,
        "rba_id": TEXT, "isic_4": TEXT, "place_key": TEXT,
    },
    "spend": {
        "id": TEXT, "organisation_id": TEXT, "import_id": TEXT, "supplier_id": TEXT, "year": WHOLE,
        "amount": NUMBER, "currency": TEXT, "category": TEXT, "contract_reference": TEXT,
        "contract_end": DAY, "created_at": MOMENT,
    },
    "spend_band": {"low": NUMBER, "high": NUMBER},
    "spend_import": {
        "id": TEXT, "organisation_id": TEXT, "file_name": TEXT, "row_count": WHOLE,
        "created_at": MOMENT,
    },
    "sharing": {
        "id": TEXT, "organisation_id": TEXT, "consortium_id": TEXT, "relation": TEXT,
        "level": TEXT, "legal_basis": TEXT, "title": TEXT, "item_count": WHOLE,
        "created_at": MOMENT, "ends_on": DAY, "ended_at": MOMENT, "ended_because": TEXT,
    },
    # a question to the data under a name; `question` is the query of its link
    "saved_chart": {
        "id": TEXT, "organisation_id": TEXT, "name": TEXT, "question": TEXT,
        "pinned": YES_NO, "version": WHOLE, "created_at": MOMENT, "updated_at": MOMENT,
    },
    "sharing_item": {"sharing_id": TEXT, "organisation_id": TEXT, "item_id": TEXT},
    "audit_event": {
        "id": TEXT, "organisation_id": TEXT, "at": MOMENT, "person_id": TEXT, "action": TEXT,
        "relation": TEXT, "item_id": TEXT, "summary": TEXT,
    },
    # initiatives: added ones, own rubrics, ratings, and who belongs to which
    "initiative": {
        "id": TEXT, "organisation_id": TEXT, "name": TEXT, "kind": TEXT, "description": TEXT,
        "website": TEXT, "version": WHOLE, "created_at": MOMENT,
    },
    "rubric": {
        "id": TEXT, "organisation_id": TEXT, "family": TEXT, "edition": WHOLE, "title": TEXT,
        "source": TEXT, "criteria": TEXT, "valid_from": DAY, "valid_until": DAY,
        "created_at": MOMENT,
    },
    "initiative_rating": {
        "id": TEXT, "organisation_id": TEXT, "initiative": TEXT, "rubric": TEXT, "edition": WHOLE,
        "rated_on": DAY, "scores": TEXT, "evidence": TEXTS, "supersedes": TEXT,
        "created_at": MOMENT,
    },
    "initiative_link": {
        "id": TEXT, "organisation_id": TEXT, "initiative": TEXT, "supplier_id": TEXT,
        "site_name": TEXT, "site_address": TEXT, "site_country": TEXT, "place_key": TEXT,
        "standing": TEXT, "level": TEXT, "scope": TEXT, "valid_from": DAY, "valid_until": DAY,
        "source": TEXT, "link": TEXT, "version": WHOLE, "created_at": MOMENT,
    },
    # dialogues: the plan and what follows from them. What is said is no relation: see sql/0012.
    "dialogue": {
        "id": TEXT, "consortium_id": TEXT, "title": TEXT, "aim": TEXT, "starts_at": MOMENT,
        "ends_at": MOMENT, "time_zone": TEXT, "place": TEXT, "link": TEXT, "chatham": YES_NO,
        "state": TEXT, "votes_each": WHOLE, "version": WHOLE, "created_at": MOMENT,
        "closed_at": MOMENT,
    },
    "dialogue_host": {"organisation_id": TEXT, "dialogue_id": TEXT},
    "dialogue_supplier": {"dialogue_id": TEXT, "supplier_id": TEXT},
    "dialogue_stage": {
        "id": TEXT, "dialogue_id": TEXT, "position": WHOLE, "title": TEXT, "purpose": TEXT,
        "minutes": WHOLE, "audience": TEXT, "version": WHOLE,
    },
    "dialogue_seat": {
        "id": TEXT, "dialogue_id": TEXT, "side": TEXT, "role": TEXT, "supplier_id": TEXT,
        "name": TEXT, "affiliation": TEXT, "active": YES_NO, "follows_up": YES_NO,
    },
    "commitment": {
        "id": TEXT, "dialogue_id": TEXT, "supplier_id": TEXT, "owner_id": TEXT, "text": TEXT,
        "first_due_on": DAY, "due_on": DAY, "state": TEXT, "version": WHOLE, "created_at": MOMENT,
    },
    "commitment_report": {
        "id": TEXT, "commitment_id": TEXT, "dialogue_id": TEXT, "state": TEXT, "note": TEXT,
        "evidence": TEXT, "due_on": DAY, "side": TEXT, "author": TEXT, "created_at": MOMENT,
    },
    "leverage_use": {
        "id": TEXT, "organisation_id": TEXT, "supplier_id": TEXT, "asked_on": DAY, "asked": TEXT,
        "channel": TEXT, "jointly": YES_NO, "together_with": TEXT, "dialogue_id": TEXT,
        "outcome": TEXT, "outcome_text": TEXT, "outcome_on": DAY, "version": WHOLE,
        "created_at": MOMENT,
    },
    # what is known of risks, at a supplier or in a country whoever produces there
    "risk": {
        "id": TEXT, "organisation_id": TEXT, "supplier_id": TEXT, "country": TEXT, "kind": TEXT,
        "stage": TEXT, "text": TEXT, "source": TEXT, "link": TEXT, "seen_on": DAY,
        "version": WHOLE, "created_at": MOMENT,
    },
}

# Columns that a member writes and does not read: whoever sees the row would learn with whom
# else its owner shares it. chart_consortia() answers as far as the member may know.
WRITE_ONLY = {"saved_chart": frozenset({"shared_with"})}

# What the functions of the store return as tables.
FUNCTIONS: dict[str, dict[str, pl.DataType]] = {
    # colleagues' spend as far as it is shared in bands: [low, high) in `currency`, high may be null
    "spend_bands": {
        "organisation_id": TEXT, "supplier_id": TEXT, "year": WHOLE, "currency": TEXT,
        "low": NUMBER, "high": NUMBER,
    },
    # through which of the member's consortia it sees what others share as records
    "shared_through": {
        "relation": TEXT, "organisation_id": TEXT, "item_id": TEXT, "consortium_id": TEXT,
    },
    # with which of the member's consortia the charts are shared that it sees
    "chart_consortia": {"organisation_id": TEXT, "item_id": TEXT, "consortium_id": TEXT},
}
# fmt: on

# Functions that tell what is said in an event at this moment, given `dialogue_id` and the counter
# that was `seen`: nothing to hold on to, but what a page asks first of all. See sql/0013.
SAID = frozenset({"dialogue_board", "dialogue_room"})

# Functions without arguments that give one value, as a table of one row and one column: only where
# they are fetched ahead, together with relations.
VALUES: dict[str, dict[str, pl.DataType]] = {"has_password": {"has_password": pl.Boolean()}}


def writable(relation: str) -> frozenset[str]:
    """The columns that a row handed to the store may name."""
    return frozenset(RELATIONS[relation]) | WRITE_ONLY.get(relation, frozenset())
