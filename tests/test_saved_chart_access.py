"""Who may see, save and share a question, from both sides."""

import uuid

import pytest

from quorum.store import Invalid, NotAllowed

pytestmark = pytest.mark.both_doors
QUESTION = "data=spend&by=supplier&show=amount.sum&only_currency=EUR"


def saved(world, actor, **columns):
    chart_id = str(uuid.uuid4())
    row = {"id": chart_id, "name": "Spend", "question": QUESTION, **columns}
    world[actor].store.insert("saved_chart", row)
    return chart_id


def names(world, actor):
    return world[actor].store.rows("saved_chart")["name"].to_list()


def test_a_private_chart_is_seen_by_colleagues_and_nobody_else(world):
    saved(world, "north editor")
    assert names(world, "north viewer") == ["Spend"]
    assert [names(world, actor) for actor in ("south admin", "west admin", "east admin")] == [
        [], [], [],
    ]  # fmt: skip


def test_a_shared_chart_is_seen_by_members_and_not_by_others(world):
    saved(world, "north editor", shared_with=[world.consortium_id])
    assert names(world, "south admin") == ["Spend"]
    assert names(world, "west admin") == names(world, "east admin") == []


def test_a_viewer_saves_nothing(world):
    with pytest.raises(NotAllowed):
        saved(world, "north viewer")


def test_nobody_shares_with_a_consortium_that_they_are_not_in(world):
    with pytest.raises(NotAllowed):
        saved(world, "east admin", shared_with=[world.consortium_id])
    chart_id = saved(world, "west admin")
    with pytest.raises(NotAllowed):
        world["west admin"].store.update(
            "saved_chart", {"shared_with": [world.consortium_id]}, {"id": chart_id}
        )


def test_a_member_reads_a_shared_chart_but_changes_nothing_of_it(world):
    chart_id = saved(world, "north editor", shared_with=[world.consortium_id])
    south = world["south admin"].store
    with pytest.raises(NotAllowed):
        south.update("saved_chart", {"name": "Ours"}, {"id": chart_id})
    with pytest.raises(NotAllowed):
        south.delete("saved_chart", {"id": chart_id})
    assert names(world, "north viewer") == ["Spend"]


def test_a_viewer_changes_and_deletes_nothing(world):
    chart_id = saved(world, "north editor")
    viewer = world["north viewer"].store
    with pytest.raises(NotAllowed):
        viewer.update("saved_chart", {"pinned": True}, {"id": chart_id})
    with pytest.raises(NotAllowed):
        viewer.delete("saved_chart", {"id": chart_id})


def test_nobody_saves_a_chart_for_another_organisation(world):
    with pytest.raises(NotAllowed):
        saved(world, "south admin", organisation_id=world["north admin"].organisation_id)


def test_editors_share_rename_pin_and_delete_their_own(world):
    chart_id = saved(world, "north editor")
    north = world["north admin"].store
    change = {"name": "Money", "pinned": True, "shared_with": [world.consortium_id]}
    north.update("saved_chart", change, {"id": chart_id}, version=1)
    found = world["south admin"].store.rows("saved_chart").row(0, named=True)
    assert (found["name"], found["pinned"], found["version"]) == ("Money", True, 2)
    north.delete("saved_chart", {"id": chart_id})
    assert names(world, "south admin") == []


def test_who_leaves_a_consortium_shows_it_no_chart_any_longer(world):
    saved(world, "south admin", shared_with=[world.consortium_id])
    assert names(world, "north viewer") == ["Spend"]
    world["north admin"].store.call(
        "remove_member",
        {
            "consortium_id": world.consortium_id,
            "organisation_id": world["south admin"].organisation_id,
        },
    )
    assert names(world, "north viewer") == []
    assert world.owner("select shared_with from saved_chart") == [([],)]


def test_one_identifier_in_two_organisations_tells_neither_of_the_other(world):
    chart_id = saved(world, "north editor")
    world["east admin"].store.insert(
        "saved_chart", {"id": chart_id, "name": "Theirs", "question": QUESTION}
    )
    assert (names(world, "north viewer"), names(world, "east admin")) == (["Spend"], ["Theirs"])


@pytest.mark.parametrize("columns", [{"name": "  "}, {"question": "x" * 4_001}])
def test_a_chart_without_a_name_or_with_too_long_a_question_is_refused(world, columns):
    with pytest.raises(Invalid):
        saved(world, "north editor", **columns)


def test_a_shared_chart_is_news_for_the_other_members(world):
    before = world["south admin"].store.call("pulse")["version"]
    saved(world, "north editor")
    assert world["south admin"].store.call("pulse")["version"] == before
    saved(world, "north editor", shared_with=[world.consortium_id])
    assert world["south admin"].store.call("pulse")["version"] != before
