"""Copies a whole store between a folder and the database of a Supabase project, either way.

Everything is written in one transaction of the target. Before it ends, each table of both sides is
hashed and compared, and so are policies, grants, functions and triggers: what differs, or is killed
on the way, leaves the target as it was. Accounts go from one account system to the other with their
identifiers and addresses. Open sessions and codes stay behind, as do the votes of open dialogues,
which a backup leaves out too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql

from quorum.language import _
from quorum.store import NotAllowed, Refused, Unavailable
from quorum.store.backup import OPEN_VOTES
from quorum.store.embedded import Engine
from quorum.store.migrate import (
    SchemaMismatch,
    check_project,
    check_record,
    migrations,
    no_owner,
    owner_connection,
)

# Each side has its own of these: what ran there, and who is signed in there. Votes on open events
# stay where they can be destroyed.
_LEFT_OUT = ("quorum.migration", "quorum.web_session", "quorum.sign_in_code", *OPEN_VOTES)
# Rows here say that somebody uses the store already.
_IN_USE = ("public.organisation", "public.person", "public.supplier")
# The same text for the same value on both sides, whatever a server is set to.
_SETTINGS = (
    "set local search_path = ''",
    "set local row_security = off",
    "set local timezone = 'UTC'",
    "set local datestyle = 'ISO, YMD'",
    "set local intervalstyle = 'postgres'",
    "set local extra_float_digits = 1",
    "set local statement_timeout = 0",
    "set local idle_in_transaction_session_timeout = 0",
    "set local lock_timeout = '10s'",
)

Connection = psycopg.Connection[Any]
Hashes = dict[str, tuple[int, str]]  # table: rows, and a hash that their order does not change


@dataclass(frozen=True)
class Copied:
    """What a copy brought over, every row of it compared."""

    rows: int
    tables: int
    accounts: int
    passwords: int  # accounts whose password came along
    left: int  # accounts that stayed: they have no e-mail address


def copy_to(engine: Engine, address: str) -> Copied:
    """From a folder's store into an empty, migrated project. `address`: of the database's owner.

    Raises Refused for a target in use, SchemaMismatch for one that is not migrated, NotAllowed for
    a user who is not the owner, Unavailable.
    """
    with _side(engine.owner_address, reads=True) as source, _side(address) as target:
        _check_project(target)
        return _copied(source, target, ours=source)


def check_target(address: str) -> None:
    """Raises as `copy_to` when nothing could be copied there, whatever the source."""
    with _side(address) as target:
        _check_project(target)


def copy_from(address: str, open_target: Callable[[], Engine]) -> Copied:
    """From a project into an empty store. `open_target()` gives its Engine, once the project has
    been found usable. Raises as `copy_to`."""
    with _side(address, reads=True) as source:
        _check_project(source)
        engine = open_target()
        try:
            with _side(engine.owner_address) as target:
                return _copied(source, target, ours=target)
        finally:
            engine.close()


@contextmanager
def _side(address: str, *, reads: bool = False) -> Iterator[Connection]:
    """One transaction of the owner's on either side; it is kept only if nothing is raised. The
    source is read as it stands at one moment."""
    with owner_connection(address) as db:
        try:
            with db.transaction():
                if reads:
                    db.execute("set transaction isolation level repeatable read, read only")
                for setting in _SETTINGS:
                    db.execute(setting)
                yield db
        except errors.InsufficientPrivilege as error:
            raise NotAllowed(no_owner()) from error
        except errors.LockNotAvailable as error:
            raise Unavailable(
                _("Somebody is writing into the target. Stop what uses it and copy again.")
            ) from error
        except psycopg.OperationalError as error:
            raise Unavailable(
                _("The connection broke during the copy. The target is as it was; copy again.")
            ) from error


def _check_project(db: Connection) -> None:
    """Is it a Supabase project, is this its owner, and did it run the files of this code?"""
    check_project(db)
    known = migrations()
    there: dict[int, str] = {}
    if _one(db, "select to_regclass('quorum.migration') is not null"):
        there = dict(db.execute("select number, checksum from quorum.migration").fetchall())
    check_record(known, there)
    if len(there) < len(known):
        raise SchemaMismatch(
            _(
                "This project is at schema {store}; this code needs {code}. Run `python -m quorum "
                "migrate --address` on it first; nothing was copied."
            ).format(store=len(there), code=len(known))
        )


# Rows ---------------------------------------------------------------------------------------------


def _copied(source: Connection, target: Connection, ours: Connection) -> Copied:
    """Does it all within the transactions of both sides. `ours` is the side of the folder: what is
    in its schemas is ours, while a project may hold other things as well."""
    tables = [name for name in _tables(ours) if name not in _LEFT_OUT]
    for name in tables:
        target.execute(sql.SQL("lock table {} in exclusive mode").format(_identifier(name)))
    wanted, there = _hashes(source, tables), _hashes(target, tables)
    in_use = [name for name in _IN_USE if there[name][0]]
    # What a migration put there, such as the size classes, is the same on both sides.
    in_use += [name for name in tables if there[name][0] and there[name] != wanted[name]]
    if in_use or _one(target, "select exists (select from auth.users)"):
        raise Refused(
            _("The target is in use already. Copy into a new project or folder; nothing was done.")
        )
    # The triggers have done their work at the source; here they would do it again.
    target.execute("set local session_replication_role = replica")
    for name in tables:
        if there[name] != wanted[name]:
            _stream(source, target, name)
    _write_accounts(target, _accounts(source))
    if _hashes(target, tables) != wanted or _account_hash(target) != _account_hash(source):
        raise Unavailable(
            _("The rows of source and target differ after the copy. The target is as it was.")
        )
    differing = _differing_rules(source, target, ours)
    if differing:
        raise Refused(
            _(
                "Source and target do not have the same rules, so nothing was copied: {rules}"
            ).format(rules=", ".join(differing))
        )
    accounts, passwords = target.execute(
        "select count(*), count(nullif(encrypted_password, '')) from auth.users"
    ).fetchall()[0]
    return Copied(
        rows=sum(count for count, _hash in wanted.values()),
        tables=len(tables),
        accounts=accounts,
        passwords=passwords,
        left=_one(source, "select count(*) from auth.users") - accounts,
    )


def _tables(db: Connection) -> list[str]:
    found = db.execute(
        "select schemaname || '.' || tablename from pg_tables"
        " where schemaname in ('public', 'quorum') order by 1"
    ).fetchall()
    return [name for (name,) in found]


def _identifier(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _hashes(db: Connection, tables: list[str]) -> Hashes:
    """Rows are written as jsonb, which has one form for each value and sorts its keys; the hashes
    of the rows are sorted before they are hashed in turn."""
    return {
        name: _hash(db, sql.SQL("select * from {}").format(_identifier(name))) for name in tables
    }


def _hash(db: Connection, query: sql.Composable) -> tuple[int, str]:
    statement = sql.SQL(
        "select count(*), encode(sha256(coalesce(string_agg(h, ''::bytea order by h), '')), 'hex')"
        " from (select sha256(convert_to(to_jsonb(t)::text, 'UTF8')) as h from ({}) t) x"
    ).format(query)
    count, found = db.execute(statement).fetchall()[0]
    return count, found


def _stream(source: Connection, target: Connection, name: str) -> None:
    """All rows of one table, as PostgreSQL's own text."""
    columns = source.execute(
        "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0"
        " and not attisdropped and attgenerated = '' order by attname",
        (name,),
    ).fetchall()
    place = sql.SQL("{} ({})").format(
        _identifier(name), sql.SQL(", ").join(sql.Identifier(column) for (column,) in columns)
    )
    with (
        source.cursor().copy(sql.SQL("copy {} to stdout").format(place)) as rows,
        target.cursor().copy(sql.SQL("copy {} from stdin").format(place)) as written,
    ):
        for block in rows:
            written.write(block)


# Accounts -----------------------------------------------------------------------------------------

# Hashes that the other side can check: embedded stores and Supabase Auth know argon2id and bcrypt.
_KNOWN_HASH = r"^\$(argon2id?\$|2[aby]\$)"


def _account_query(db: Connection) -> sql.Composed:
    """Identifier, address, beginning and password's hash of every account that can be carried over.

    Supabase also knows people by telephone, without any name, or deleted.
    """
    columns = _columns(db, "auth.users")
    unfit = {"deleted_at": " and deleted_at is null", "is_anonymous": " and not is_anonymous"}
    return sql.SQL(
        "select id, lower(email) as email, created_at, case when encrypted_password ~ {} then"
        " encrypted_password::text end as encrypted_password from auth.users where email <> ''{}"
    ).format(
        sql.Literal(_KNOWN_HASH),
        sql.SQL("").join(sql.SQL(text) for name, text in unfit.items() if name in columns),
    )


def _account_hash(db: Connection) -> tuple[int, str]:
    return _hash(db, _account_query(db))


def _accounts(db: Connection) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = db.execute(_account_query(db)).fetchall()
    addresses = [email for _id, email, *_rest in found]
    twice = {email for email in addresses if addresses.count(email) > 1}
    if twice:
        raise Refused(
            _("Two accounts have the address {address}. Remove one of them, then copy.").format(
                address=min(twice)
            )
        )
    return found


def _write_accounts(db: Connection, accounts: list[tuple[Any, ...]]) -> None:
    """An account of Supabase Auth has more columns; it does not bear null in those of its codes."""
    columns = _columns(db, "auth.users")
    fixed = {
        "instance_id": "00000000-0000-0000-0000-000000000000",
        "aud": "authenticated",
        "role": "authenticated",
        "raw_app_meta_data": '{"provider": "email", "providers": ["email"]}',
        "raw_user_meta_data": "{}",
        "confirmation_token": "",
        "recovery_token": "",
        "email_change": "",
        "email_change_token_new": "",
        "email_change_token_current": "",
        "phone_change": "",
        "phone_change_token": "",
        "reauthentication_token": "",
    }
    fixed = {name: value for name, value in fixed.items() if name in columns}
    again = ("email_confirmed_at", "updated_at")  # as old as the account itself
    moments = [name for name in again if name in columns]
    names = ["id", "email", "created_at", "encrypted_password", *moments, *fixed]
    insert = sql.SQL("insert into auth.users ({}) values ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(sql.Placeholder() * len(names)),
    )
    with db.cursor() as cursor:
        cursor.executemany(
            insert, [(*one, *(one[2] for _name in moments), *fixed.values()) for one in accounts]
        )
    if not columns.isdisjoint(fixed):
        # How Supabase Auth knows that somebody signs in by e-mail.
        db.execute(
            "insert into auth.identities (id, provider, provider_id, user_id, identity_data,"
            " created_at, updated_at)"
            " select gen_random_uuid(), 'email', id::text, id, jsonb_build_object('sub', id::text,"
            " 'email', email, 'email_verified', true, 'phone_verified', false), created_at,"
            " created_at from auth.users"
        )


def _columns(db: Connection, table: str) -> set[str]:
    found = db.execute(
        "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0"
        " and not attisdropped and attgenerated = ''",
        (table,),
    ).fetchall()
    return {name for (name,) in found}


# Rules --------------------------------------------------------------------------------------------

# Everything that decides who sees what: kind, the table or function that it belongs to, and what it
# says. Of the grants those of the roles that a member or a stranger has.
_RULES = """
select 'row security' as kind, c.oid::regclass::text as object,
  format('%s, %s', c.relrowsecurity, c.relforcerowsecurity) as says
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'quorum') and c.relkind in ('r', 'p')
union all
select 'policy ' || policyname, format('%I.%I', schemaname, tablename),
  concat_ws(' | ', permissive, roles::text, cmd, qual, with_check)
from pg_policies where schemaname in ('public', 'quorum')
union all
select 'trigger ' || t.tgname, t.tgrelid::regclass::text,
  format('%s %s', t.tgenabled, pg_get_triggerdef(t.oid))
from pg_trigger t join pg_class c on c.oid = t.tgrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'quorum') and not t.tgisinternal
union all
select 'constraint ' || k.conname, k.conrelid::regclass::text, pg_get_constraintdef(k.oid)
from pg_constraint k join pg_namespace n on n.oid = k.connamespace
where n.nspname in ('public', 'quorum') and k.contype in ('p', 'u', 'f', 'c') and k.conrelid <> 0
union all
select 'function', p.oid::regprocedure::text,
  format('%s %s %s %s', p.prosecdef, p.provolatile, p.proconfig, p.prosrc)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'quorum')
union all
select 'grant', g.object, string_agg(g.says, ', ' order by g.says)
from (
  select c.oid::regclass::text as object, a.grantee, a.privilege_type as says
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
  where n.nspname in ('public', 'quorum') and c.relkind in ('r', 'p', 'v')
  union all
  select c.oid::regclass::text, a.grantee, format('%s (%s)', a.privilege_type, t.attname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute t on t.attrelid = c.oid
  cross join lateral aclexplode(t.attacl) a
  where n.nspname in ('public', 'quorum') and c.relkind in ('r', 'p', 'v')
  union all
  select p.oid::regprocedure::text, a.grantee, a.privilege_type
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  where n.nspname in ('public', 'quorum')
) held (object, grantee, says)
left join pg_roles r on r.oid = held.grantee
cross join lateral (
  select held.object, coalesce(r.rolname, 'public') || ': ' || held.says as says
) g
where held.grantee = 0 or r.rolname in ('anon', 'authenticated')
group by g.object
"""


def _differing_rules(source: Connection, target: Connection, ours: Connection) -> list[str]:
    """What says something else on the other side, of the tables and functions that are ours."""
    objects = {item for _kind, item in _rules(ours)}
    both = [
        {key: says for key, says in _rules(db).items() if key[1] in objects}
        for db in (source, target)
    ]
    return sorted(
        f"{kind} on {item}"
        for kind, item in both[0].keys() | both[1].keys()
        if both[0].get((kind, item)) != both[1].get((kind, item))
    )


def _rules(db: Connection) -> dict[tuple[str, str], str]:
    found = db.execute(sql.SQL(_RULES)).fetchall()
    return {(kind, item): says for kind, item, says in found}


def _one(db: Connection, query: Any) -> Any:
    return db.execute(query).fetchall()[0][0]
