"""Texts that name somebody, and texts that do not: no export under the Chatham House Rule does."""

import unicodedata

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quorum.chatham import Found, NamesSomebody, Room, RoomUnknown, names_in, refuse, room
from quorum.definitions.dialogues import definition
from quorum.store.relations import RELATIONS

PEOPLE = ["Anna van der Peeters", "Tom Young", "Zoë Müller-Ōta", "Nguyen, Minh Anh", "Seán O'Brien"]
BODIES = ["City of Aarlund", "Lumenta Trading B.V.", "Rijksdienst voor Zeehavens (RVZ)", "AID"]


def written(text: str, people: list[str] = PEOPLE, bodies: list[str] = BODIES,
            suppliers: tuple[str, ...] = ()) -> list[str]:  # fmt: skip
    return [one.written for one in names_in({"note": text}, people, bodies, suppliers)]


# People


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna van der Peeters said no.", "Anna van der Peeters"),
        ("It was Peeters.", "Peeters"),
        ("it was PEETERS", "PEETERS"),
        ("peeters agreed", "peeters"),
        ("so anna agreed", "anna"),
        ("as A. Peeters put it", "A. Peeters"),
        ("as A.Peeters put it", "A.Peeters"),
        ("as A.v.d. Peeters put it", "A.v.d. Peeters"),
        ("Peeters, Anna: no", "Peeters, Anna"),
        ("Peeters Anna: no", "Peeters Anna"),
        ("Anna's idea", "Anna"),
        ("Peeters’ idea", "Peeters"),
        ("Müllers idé", "Müllers"),
        ("says Mrs van der Peeters", "Mrs van der Peeters"),
        ("ask vanderPeeters", "vanderPeeters"),
        ("see annavanderpeeters online", "annavanderpeeters"),
        ("thanks to Muller", "Muller"),
        ("thanks to Mueller", "Mueller"),
        ("thanks to Zoe Mu\u0308ller-Ota", "Zoe Mu\u0308ller-Ota"),
        ("thanks to Mül\u00adler", "Mül\u00adler"),
        ("thanks to \u200bMüller", "\u200bMüller"),
        ("Minh said it", "Minh"),
        ("M.A. Nguyen said it", "M.A. Nguyen"),
        ("Nguyen Minh Anh said it", "Nguyen Minh Anh"),
        ("O’Brien's point", "O’Brien"),
        ("obrien had a point", "obrien"),
        ("Sean wants it", "Sean"),
        ("the Young proposal", "Young"),
        ("Young said so.", "Young"),
        ("tom young said so", "tom young"),
        ("t. young said so", None),
        ("T. young said so", "T. young"),
        ("mr. Young said so", "mr. Young"),
    ],
)
def test_a_person_is_found_however_named(text: str, expected: str | None) -> None:
    assert written(text) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "text",
    [
        "The young workers want a plan.",
        "Workers are young, and a van delivers der goods.",
        "Peetersville and Annabel are other words.",
        "Will they publish the list? Many an offer was made.",
        "",
        "   \n",
        "1234 5678",
    ],
)
def test_words_that_name_nobody_pass(text: str) -> None:
    assert written(text) == []


def test_a_first_name_that_is_a_word_counts_where_a_capital_makes_it_a_name() -> None:
    people = ["Will Smit", "Grace Park"]
    assert written("Will you publish? They will, with grace, in the park.", people) == []
    assert written("We asked Will, and Grace.", people) == ["Will", "Grace"]
    assert written("will smit and G. Park", people) == ["will smit", "G. Park"]
    assert written("A grant was paid to May.", ["Anna Grant"]) == []


def test_before_a_comma_stands_the_surname() -> None:
    assert written("Young said so. Tom too.", ["Young, Tom"], []) == ["Young", "Tom"]
    assert written("Will you? Smit", ["Smit, Will"], []) == ["Smit"]
    assert written("Will said so", ["Will, Bo"], []) == ["Will"]


def test_two_letters_count_with_a_capital_only() -> None:
    people = ["Bo Li", "An Wu"]
    assert written("An offer. bo li", people) == ["bo li"]
    assert written("li and wu are units", people) == []
    assert written("Li said; and Wu", people) == ["Li", "Wu"]


def test_two_people_who_stand_together_are_two_places() -> None:
    assert written("Young and Peeters") == ["Young", "Peeters"]


def test_a_person_of_one_name_and_one_with_a_title() -> None:
    assert written("ask madonna", ["Madonna"]) == ["madonna"]
    assert written("Dr. Ota is a doctor, dr.", ["Dr. Ota", "Anna Ing"]) == ["Dr. Ota"]
    assert written("ing said", ["Anna Ing"], []) == ["ing"]


def test_a_name_of_particles_only_counts_as_a_whole() -> None:
    assert written("the van le route; Van Le", ["Van Le"], []) == ["van le", "Van Le"]
    assert written("a van", ["Van Le"], []) == []


def test_what_stands_beside_a_name_in_the_list_is_not_a_name() -> None:
    people = ["Anna Peeters (observer)", "b.jansen@example.org"]
    assert written("An observer wrote an example to peeters", people) == ["peeters"]


def test_names_in_scripts_without_blanks_are_found_within_a_sentence() -> None:
    assert written("それは山田太郎さんの意見です", ["山田太郎"], []) == ["山田太郎"]


def test_names_in_other_alphabets_are_found() -> None:
    assert written("ΠΑΠΑΔΟΠΟΥΛΟΥ είπε", ["Μαρία Παπαδοπούλου"], []) == ["ΠΑΠΑΔΟΠΟΥΛΟΥ"]


# Addresses


@pytest.mark.parametrize(
    "text", ["write to someone@example.org.", "someone@intranet", "a.b+c@x-y.example"]
)
def test_any_address_is_found(text: str) -> None:
    (found,) = names_in({"note": text}, [], [])
    assert found.kind == "address"
    assert found.written == text.removeprefix("write to ").rstrip(".")


def test_an_address_with_a_name_is_one_place() -> None:
    (found,) = names_in({"note": "anna.peeters@aarlund.example"}, PEOPLE, BODIES)
    assert (found.kind, found.start, found.end) == ("address", 0, 28)


# Organisations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the City of Aarlund buys", "City of Aarlund"),
        ("the CITY AARLUND buys", "CITY AARLUND"),
        ("aarlund's tender", "aarlund"),
        ("Aarlunds anbud", "Aarlunds"),
        ("the City of Aarlunds tender", "City of Aarlunds"),
        ("see https://www.aarlund.example/x", "aarlund"),
        ("Lumenta Trading sells", "Lumenta Trading"),
        ("lumenta trading bv sells", "lumenta trading"),
        ("Lumenta's offer", "Lumenta"),
        ("the Rijksdienst Zeehavens said", "Rijksdienst Zeehavens"),
        ("rvz said", "rvz"),
        ("R.V.Z. said", "R.V.Z"),
        ("as AID asked", "AID"),
    ],
)
def test_an_organisation_is_found_however_named(text: str, expected: str) -> None:
    (found,) = names_in({"note": text}, PEOPLE, BODIES)
    assert (found.written, found.kind) == (expected, "organisation")


@pytest.mark.parametrize(
    "text",
    [
        "A city of this size, and its university, buys for the public.",
        "Trading of goods. They aid workers; Aid came late.",
        "The rijksdienst for sea ports",
        "Aarlunders",
    ],
)
def test_ordinary_words_of_a_name_pass(text: str) -> None:
    assert written(text) == []


def test_a_body_of_ordinary_words_and_a_country_counts_as_a_whole() -> None:
    bodies = ["National Procurement Agency of Sweden AB"]
    assert written("An agency for procurement in Sweden", [], bodies) == []
    assert written("the national procurement agency, Sweden", [], bodies) == [
        "national procurement agency, Sweden"
    ]


def test_each_part_of_a_name_with_its_department_counts() -> None:
    bodies = ["KU Tesselt / HUVA", "City of Aarlund, Green Purchasing"]
    assert written("Tesselt, huva, KU; ku", [], bodies) == ["Tesselt", "huva", "KU"]
    assert written("green purchasing helps in Aarlund", [], bodies) == [
        "green purchasing", "Aarlund",
    ]  # fmt: skip


def test_a_body_with_two_telling_words_is_known_by_the_first() -> None:
    assert written("Acme widgets; acme; widgets", [], ["Acme Widgets Ltd"]) == [
        "Acme widgets", "acme",
    ]  # fmt: skip


def test_a_legal_form_alone_names_nobody() -> None:
    assert written("Any bv or gmbh, and co.", [], BODIES) == []


# Suppliers


def test_suppliers_may_be_named_and_their_namesakes_may_not() -> None:
    people, bodies = ["Michael Dellum"], ["Nordlys Procurement", "Nordlys Data Partners"]
    suppliers = ("Dellum", "Nordlys")

    def found(text: str) -> list[str]:
        return written(text, people, bodies, suppliers)

    assert found("Will Dellum and Nordlys publish?") == []
    assert found("M. Dellum of Nordlys Procurement") == ["M. Dellum", "Nordlys Procurement"]
    assert found("Michael said so") == ["Michael"]


def test_an_organisation_with_the_very_name_of_a_supplier_is_refused() -> None:
    assert written("Nordlys said", [], ["Nordlys AS"], ("Nordlys",)) == ["Nordlys"]


def test_a_supplier_may_have_a_name_in_its_own() -> None:
    assert written("Peeters Metal delivers", PEOPLE, [], ("Peeters Metal",)) == []
    assert written("Peeters delivers", PEOPLE, [], ("Metal of Young",)) == ["Peeters"]


def test_prompts_name_nobody() -> None:
    texts = {str(n): one.text for n, one in enumerate(definition().prompts)}
    people = [*PEOPLE, "Will Price", "Mark Long", "May Best", "Bill Cook"]
    assert names_in(texts, people, BODIES) == []


# The room


def seats(*rows: tuple[str, str, str]) -> pl.DataFrame:
    schema = RELATIONS["dialogue_seat"]
    names = ("side", "name", "affiliation")
    made = [{**dict.fromkeys(schema), **dict(zip(names, row, strict=True))} for row in rows]
    return pl.DataFrame(made, schema=schema)


def test_the_room_is_its_people_buyers_and_resellers() -> None:
    schema = RELATIONS["supplier"]
    register = [("Dellum", "brand"), ("Resella", "reseller"), ("Ownkind", None)]
    suppliers = pl.DataFrame(
        [{**dict.fromkeys(schema), "name": name, "kind": kind} for name, kind in register],
        schema=schema,
    )
    who = room(
        seats(
            ("buyer", "Anna Peeters", "City of Aarlund"), ("supplier", "Bo Li", "DELLUM Inc."),
            ("guest", "Cy Twom", ""), ("guest", "Di Ott", "Institute Ximen"),
        ),
        ["City of Aarlund", "Province of Wolmer"],
        suppliers,
    )  # fmt: skip
    assert who == Room(
        ("Anna Peeters", "Bo Li", "Cy Twom", "Di Ott"),
        ("City of Aarlund", "Province of Wolmer", "Resella", "Institute Ximen"),
        ("Dellum", "Ownkind"),
    )


def test_an_empty_room() -> None:
    assert room(seats(), [], pl.DataFrame(schema=RELATIONS["supplier"])) == Room((), (), ())
    assert names_in({}, PEOPLE, BODIES) == []
    assert names_in({"note": "Anna Peeters"}, ["", " ", "-"], ["", "()", "B.V."]) == []


def test_a_refusal_says_where() -> None:
    who = Room(("Anna Peeters",), ("City of Aarlund",), ())
    texts = {"question 1": "Why?", "note 2": "Peeters asked Aarlund, at a@b.example."}
    with pytest.raises(NamesSomebody) as refused:
        refuse(texts, who)
    assert str(refused.value) == (
        "Under the Chatham House Rule this cannot be exported: somebody is named in 3 places. "
        "Change the texts, then export again. “Peeters” in note 2 names a participant. “Aarlund” "
        "in note 2 names an organisation in the room. “a@b.example” in note 2 is an e-mail address."
    )
    assert refused.value.found[0] == Found("note 2", 0, 7, "Peeters", "person")
    refuse({"note": "Nobody said it."}, who)


def test_without_participants_nothing_can_be_checked() -> None:
    with pytest.raises(RoomUnknown, match="only somebody with a seat"):
        refuse({"note": "Nobody said it."}, Room((), ("City of Aarlund",), ()))


# Whatever the words


ALPHABET = "abcdefghijklmnopqrstuvwxyzéøüßłñ"
NAME = st.text(ALPHABET, min_size=4, max_size=10).map(str.title)
FILLER = st.sampled_from(["the", "list", "of", "factories", "is", "late", ",", ".", "–", "\n", "“"])
CASES = [str, str.upper, str.lower, lambda t: unicodedata.normalize("NFD", t)]


@settings(deadline=None)
@given(NAME, NAME, st.lists(FILLER), st.lists(FILLER), st.sampled_from(CASES), st.booleans())
def test_a_full_name_is_found_anywhere(given_name, surname, before, after, case, reordered) -> None:
    named = f"{surname} {given_name}" if reordered else f"{given_name} {surname}"
    text = " ".join([*before, case(named), *after])
    found = names_in({"note": text}, [f"{given_name} {surname}"], [])
    assert any(one.start <= len(" ".join(before)) + 1 and one.kind == "person" for one in found)
    assert all(text[one.start : one.end] == one.written for one in found)


@settings(deadline=None)
@given(NAME, st.lists(FILLER), st.lists(FILLER))
def test_a_name_that_is_not_there_is_not_found(name, before, after) -> None:
    words = [word.strip(",.–\n“") for word in [*before, *after]]
    assume(name.lower() not in words)
    assert (
        names_in({"note": " ".join([*before, *after])}, [f"Anna {name}"], [f"City of {name}"]) == []
    )


@settings(deadline=None)
@given(st.text(), st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_any_text_and_any_name_can_be_looked_at(text, people, bodies) -> None:
    found = names_in({"note": text}, people, bodies, bodies[:1])
    assert all(text[one.start : one.end] == one.written != "" for one in found)
    ends = [one.end for one in found]
    assert ends == sorted(ends)
