"""Sign-in through Supabase Auth, and the sessions that the browser's cookie opens."""

import multiprocessing
import re
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import jwt
import pytest
from supabase_auth.errors import AuthApiError

from quorum.store import Refused, SignedOut, Unavailable
from quorum.store.migrate import migrations
from quorum.store.supabase_accounts import (
    Identity,
    SupabaseAccounts,
    SupabaseSession,
    Tokens,
    seal,
    unseal,
)
from tests.conftest import PASSWORD, World, emptied
from tests.supabase_server import PUBLISHABLE_KEY, SupabaseServer
from tests.test_gateway import Gateway, Handler, hang_up_after

EMAIL = "ann@brunna.example"
NEW = "lakes and light in June"
ORGANISATION = {
    "person_name": "Ann Holm", "email": EMAIL, "organisation_name": "City of Brunna",
    "country": "SE", "kind": "city",
}  # fmt: skip


@pytest.fixture
def project(supabase: SupabaseServer) -> Iterator[World]:
    """A project with one organisation and its admin, who signed up."""
    made = World(emptied(supabase))
    user_id = made.accounts.create(EMAIL, PASSWORD)
    made.accounts.store_of(user_id).call("found_organisation", ORGANISATION)
    yield made
    supabase.hang_up()


def accounts_of(project: World) -> SupabaseAccounts:
    found: SupabaseAccounts = project.engine.accounts
    return found


def cookie_of(project: World, password: str = PASSWORD) -> str:
    accounts = accounts_of(project)
    code = accounts.open_code(accounts.sign_in(EMAIL, password), "this browser")
    cookie = accounts.open_session(code, "this browser")
    assert cookie is not None
    return cookie


def session_of(project: World, cookie: str) -> SupabaseSession:
    found = accounts_of(project).session(cookie)
    assert found is not None
    return found


def is_open(project: World, session: SupabaseSession) -> bool:
    accounts = accounts_of(project)
    found = accounts.look(accounts.store(session), session, None)
    return bool(found["signed_in"])


def expire(project: World, cookie: str) -> None:
    """The access token of the session as it will be in an hour."""
    kept = session_of(project, cookie).tokens
    late = project.engine.token({"sub": kept.user_id, "iat": 1, "exp": 2})
    project.owner(
        "update quorum.web_session set sealed = %s",
        seal(cookie, Tokens(kept.user_id, late, kept.refresh)),
    )


def claims_of(access: str) -> dict[str, Any]:
    return dict(jwt.decode(access, options={"verify_signature": False}))


def renewals(project: World) -> int:
    """How often Supabase Auth renewed tokens: each time it hands out another refresh token."""
    found = project.owner("select count(*) from auth.refresh_tokens where parent is not null")
    return int(found[0][0])


def code_sent(project: World) -> str:
    """The newest code that the server sent by e-mail."""
    return re.findall(r"code is: (\d+)", project.engine.printed())[-1]


# From the form to the cookie ----------------------------------------------------------------------


def test_an_unknown_address_and_a_wrong_password_get_the_same_sentence(project: World) -> None:
    says = "This address and password do not belong together. Check both."
    for email, password in ((EMAIL, "not this one"), ("nobody@example.org", PASSWORD)):
        with pytest.raises(Refused) as refusal:
            accounts_of(project).sign_in(email, password)
        assert str(refusal.value) == says


def test_a_code_works_once(project: World) -> None:
    accounts = accounts_of(project)
    code = accounts.open_code(accounts.sign_in(EMAIL, PASSWORD), "mine")
    assert accounts.open_session(code, "mine") is not None
    assert accounts.open_session(code, "mine") is None


def test_a_code_works_only_in_the_browser_that_asked(project: World) -> None:
    accounts = accounts_of(project)
    code = accounts.open_code(accounts.sign_in(EMAIL, PASSWORD), "mine")
    assert accounts.open_session(code, "another") is None


def test_a_code_works_for_a_minute(project: World) -> None:
    accounts = accounts_of(project)
    code = accounts.open_code(accounts.sign_in(EMAIL, PASSWORD), "mine")
    left = "select extract(epoch from ends_at - now())::integer from quorum.sign_in_code"
    assert 0 < project.owner(left)[0][0] <= 60
    project.owner("update quorum.sign_in_code set ends_at = ends_at - interval '60 seconds'")
    assert accounts.open_session(code, "mine") is None


def test_nobody_opens_a_session_without_having_signed_in(project: World) -> None:
    token = project.engine.token({"sub": str(uuid.uuid4())}, secret="a" * 40)
    forged = Identity(Tokens(str(uuid.uuid4()), token, "x"))
    with pytest.raises(SignedOut):
        accounts_of(project).open_code(forged, "mine")


def test_what_the_database_holds_opens_nothing_without_the_cookie(project: World) -> None:
    cookie = cookie_of(project)
    tokens = session_of(project, cookie).tokens
    held = project.owner("select s::text, sealed from quorum.web_session s")
    text, sealed = held[0]
    for secret in (cookie, tokens.access, tokens.refresh):
        assert secret not in text
    assert unseal("another cookie", sealed) is None
    assert unseal(cookie, sealed) == tokens
    assert unseal(cookie, sealed[:-8] + "AAAAAAA=") is None


# While it lasts -----------------------------------------------------------------------------------


def test_twenty_pages_with_an_expired_token_renew_it_once(project: World) -> None:
    cookie = cookie_of(project)
    expire(project, cookie)
    sessions = [session_of(project, cookie) for _ in range(20)]
    together = threading.Barrier(20)

    def look(session: SupabaseSession) -> bool:
        together.wait()
        return is_open(project, session)

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(look, sessions)) == [True] * 20
    assert renewals(project) == 1
    assert len({session.tokens.access for session in sessions}) == 1


def _look_from_another_process(url: str, cookie: str, start: float) -> bool:
    time.sleep(max(0.0, start - time.time()))
    accounts = SupabaseAccounts(url, PUBLISHABLE_KEY)
    session = accounts.session(cookie)
    assert session is not None
    return bool(accounts.look(accounts.store(session), session, None)["signed_in"])


def test_two_replicas_with_an_expired_token_renew_it_once(project: World) -> None:
    cookie = cookie_of(project)
    expire(project, cookie)
    with multiprocessing.get_context("spawn").Pool(2) as replicas:
        asked = [(project.engine.url, cookie, time.time() + 4)] * 2
        assert replicas.starmap(_look_from_another_process, asked, chunksize=1) == [True, True]
        replicas.close()
        replicas.join()
    assert renewals(project) == 1


def test_a_replica_that_dies_while_it_renews_holds_the_others_up_no_longer_than_its_lease(
    project: World,
) -> None:
    cookie = cookie_of(project)
    expire(project, cookie)
    session = session_of(project, cookie)
    accounts = accounts_of(project)
    assert accounts._may_renew(session)
    assert not accounts._may_renew(session)
    project.owner("update quorum.web_session set renewing_until = now()")
    assert is_open(project, session)


def test_a_renewal_whose_end_was_lost_on_the_way_is_told_again(
    project: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tokens are in place, and the second time the store says that nothing waits for them."""
    cookie = cookie_of(project)
    expire(project, cookie)
    gateway = Gateway(project.engine)
    monkeypatch.setattr("quorum.store.supabase._PAUSES", (0.01, 0.01))
    accounts = SupabaseAccounts(gateway.url, PUBLISHABLE_KEY)
    try:
        session = accounts.session(cookie)
        assert session is not None

        def passing(handler: Handler) -> None:
            handler.answer(*handler.pass_on())

        # look, reread, begin_renewal, the renewal itself, end_renewal
        gateway.faults += [passing, passing, passing, passing, hang_up_after]
        with closing(accounts.store(session)) as store:
            assert store.call("look", {"session": session.name, "seen": None})["signed_in"]
    finally:
        accounts.anonymous.close()
        gateway.close()
    again = ["POST rpc/end_renewal"] * 2 + ["POST rpc/web_session", "POST rpc/look"]
    assert gateway.seen[-4:] == again
    assert session_of(project, cookie).tokens == session.tokens
    assert renewals(project) == 1


def test_a_refused_renewal_signs_out_with_a_sentence(project: World) -> None:
    cookie = cookie_of(project)
    expire(project, cookie)
    session = session_of(project, cookie)
    project.owner("delete from auth.refresh_tokens")
    with pytest.raises(SignedOut, match="Your sign-in has ended"):
        is_open(project, session)
    assert accounts_of(project).session(cookie) is None


def refused(code: str) -> AuthApiError:
    return AuthApiError("says no", 429 if code == "over_request_rate_limit" else 403, code)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["over_request_rate_limit", "validation_failed", ""])
def test_a_limit_or_a_firewall_signs_nobody_out(
    project: World, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """All members share the address of the app, and Supabase Auth counts renewals by address."""
    cookie = cookie_of(project)
    expire(project, cookie)
    session = session_of(project, cookie)

    def refuses(*_arguments: object, **_named: object) -> None:
        raise refused(code)

    with monkeypatch.context() as patch:
        patch.setattr("quorum.store.supabase_accounts.SyncGoTrueClient.refresh_session", refuses)
        with pytest.raises(Unavailable, match=r"^The database does not answer\. Try again"):
            is_open(project, session)
    assert is_open(project, session_of(project, cookie))  # the lease was given back


@pytest.mark.parametrize("code", ["refresh_token_already_used", "session_expired", "user_banned"])
def test_what_cannot_be_renewed_is_closed(
    project: World, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    cookie = cookie_of(project)
    expire(project, cookie)
    session = session_of(project, cookie)

    def refuses(*_arguments: object, **_named: object) -> None:
        raise refused(code)

    with monkeypatch.context() as patch:
        patch.setattr("quorum.store.supabase_accounts.SyncGoTrueClient.refresh_session", refuses)
        with pytest.raises(SignedOut):
            is_open(project, session)
    assert accounts_of(project).session(cookie) is None


def test_an_auth_server_that_does_not_answer_signs_nobody_out(
    project: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = cookie_of(project)
    expire(project, cookie)
    session = session_of(project, cookie)
    accounts = accounts_of(project)

    def silent(*_arguments: object, **_named: object) -> None:
        raise Unavailable("The database does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr("quorum.store.supabase_accounts.SyncGoTrueClient.refresh_session", silent)
        with pytest.raises(Unavailable):
            is_open(project, session)
    assert is_open(project, session_of(project, cookie))
    assert accounts.session(cookie) is not None


def test_signing_out_here_leaves_the_other_browser_signed_in(project: World) -> None:
    here, there = cookie_of(project), cookie_of(project)
    accounts_of(project).close_session(here)
    assert accounts_of(project).session(here) is None
    assert is_open(project, session_of(project, there))


def test_signing_out_everywhere_ends_every_browser_at_its_next_look(project: World) -> None:
    here, there = (session_of(project, cookie_of(project)) for _ in range(2))
    accounts_of(project).close_all(here)
    assert not is_open(project, there)
    assert accounts_of(project).session(there.cookie) is None
    assert project.owner("select count(*) from auth.sessions") == [(0,)]


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(project: World) -> None:
    here, there = (session_of(project, cookie_of(project)) for _ in range(2))
    accounts_of(project).change_password(here, PASSWORD, NEW)
    assert is_open(project, here)
    assert accounts_of(project).session(there.cookie) is None
    expire(project, here.cookie)
    assert is_open(project, session_of(project, here.cookie))  # it can still be renewed
    with pytest.raises(Refused):
        accounts_of(project).sign_in(EMAIL, PASSWORD)
    assert accounts_of(project).sign_in(EMAIL, NEW) == here.user_id


def test_a_new_password_is_set_with_a_token_that_lasts_until_it_is(project: World) -> None:
    here = session_of(project, cookie_of(project))
    soon = project.engine.token({**claims_of(here.tokens.access), "exp": int(time.time()) + 30})
    project.owner(
        "update quorum.web_session set sealed = %s",
        seal(here.cookie, Tokens(here.user_id, soon, here.tokens.refresh)),
    )
    here = session_of(project, here.cookie)
    accounts_of(project).change_password(here, PASSWORD, NEW)
    assert here.tokens.access != soon
    assert session_of(project, here.cookie).tokens == here.tokens
    assert renewals(project) == 1


def test_a_password_that_is_too_short_leaves_no_second_session(project: World) -> None:
    here = session_of(project, cookie_of(project))
    before = project.owner("select id from auth.sessions order by id")
    with pytest.raises(Refused, match="too short"):
        accounts_of(project).change_password(here, PASSWORD, "short")
    assert project.owner("select id from auth.sessions order by id") == before


def test_a_password_is_not_changed_without_the_old_one(project: World) -> None:
    session = session_of(project, cookie_of(project))
    with pytest.raises(Refused, match="The present password is not right"):
        accounts_of(project).change_password(session, "not this one", NEW)
    assert accounts_of(project).store(session).call("has_password") is True


# Codes by e-mail ----------------------------------------------------------------------------------


def test_a_code_by_e_mail_signs_in_once(project: World) -> None:
    accounts = accounts_of(project)
    accounts.send_code(EMAIL)
    code = code_sent(project)
    assert accounts.sign_in_with_code(EMAIL, code) == accounts.sign_in(EMAIL, PASSWORD)
    with pytest.raises(Refused, match="This code does not work"):
        accounts.sign_in_with_code(EMAIL, code)


def test_asking_for_a_code_does_not_tell_who_has_an_account(project: World) -> None:
    accounts_of(project).send_code("nobody@example.org")
    accounts_of(project).send_reset("nobody@example.org")
    assert project.owner("select count(*) from auth.users") == [(1,)]


def test_a_forgotten_password_is_set_anew_and_ends_every_session(project: World) -> None:
    session = session_of(project, cookie_of(project))
    accounts = accounts_of(project)
    accounts.send_reset(EMAIL)
    sent = re.findall(r"\b(\d{6})\b", project.engine.printed())[-1]
    with pytest.raises(Refused, match="too short"):
        accounts.reset(EMAIL, sent, "short")
    assert accounts.reset(EMAIL, sent, NEW) == session.user_id
    assert accounts.sign_in(EMAIL, NEW) == session.user_id
    assert accounts.session(session.cookie) is None


# Projects that cannot be used ---------------------------------------------------------------------


def test_the_schema_number_is_that_of_the_newest_file(project: World) -> None:
    assert project.owner("select public.schema_number()") == [(len(migrations()),)]
