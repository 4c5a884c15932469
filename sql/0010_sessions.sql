-- Sessions of the web application on Supabase, where the app holds no database login. What Supabase
-- Auth handed out at sign-in lies here sealed with a key made from the browser's cookie, which this
-- database never sees: it gets a name made from the same cookie. The embedded store keeps its
-- sessions in the schema auth (sql/shim.sql) and uses of this file only what is public to both.

-- Tables -----------------------------------------------------------------------------------------

create table quorum.web_session (
  name_hash bytea primary key,
  person_id uuid not null,
  sealed text not null check (length(sealed) between 1 and 20000),
  version integer not null default 1,
  renewing_until timestamptz,
  created_at timestamptz not null default now(),
  ends_at timestamptz not null
);
create index web_session_of_person on quorum.web_session (person_id);
create index web_session_end on quorum.web_session (ends_at);
comment on table quorum.web_session is 'Who is signed in to the web application, by browser.';
comment on column quorum.web_session.name_hash is 'SHA-256 of a name made from the browser''s cookie.';
comment on column quorum.web_session.person_id is 'Whose session: the account''s identifier.';
comment on column quorum.web_session.sealed is 'The tokens of Supabase Auth; only the cookie opens them.';
comment on column quorum.web_session.version is 'Goes up with every renewal of the tokens.';
comment on column quorum.web_session.renewing_until is 'Until when one replica alone may renew them.';
comment on column quorum.web_session.created_at is 'When.';
comment on column quorum.web_session.ends_at is 'When the browser has to sign in again.';

create table quorum.sign_in_code (
  name_hash bytea primary key,
  sealed text not null check (length(sealed) between 1 and 20000),
  ends_at timestamptz not null
);
create index sign_in_code_end on quorum.sign_in_code (ends_at);
comment on table quorum.sign_in_code is
  'The bridge between the sign-in form and the cookie: works once, for a minute.';
comment on column quorum.sign_in_code.name_hash is
  'SHA-256 of a name made from the code and the cookie of the browser that asked.';
comment on column quorum.sign_in_code.sealed is 'The tokens; only that code and that cookie open them.';
comment on column quorum.sign_in_code.ends_at is 'When the code stops working.';

alter table quorum.web_session enable row level security;
alter table quorum.web_session force row level security;
alter table quorum.sign_in_code enable row level security;
alter table quorum.sign_in_code force row level security;
revoke all on quorum.web_session, quorum.sign_in_code from public, anon, authenticated;

-- Helpers ----------------------------------------------------------------------------------------

create function quorum.hash_of(name text) returns bytea
language sql immutable set search_path = ''
as $$ select sha256(convert_to(coalesce($1, ''), 'UTF8')) $$;
revoke execute on function quorum.hash_of(text) from public, anon;

-- Public functions: for whoever is not signed in -----------------------------------------------------

-- Which files of sql/ this store has run. Every later file replaces it.
create function public.schema_number() returns integer
language sql immutable set search_path = ''
as $$ select 10 $$;

-- No organisation yet: the first visitor founds one.
create function public.store_is_empty() returns boolean
language sql stable security definer set search_path = ''
as $$ select not exists (select from public.organisation) $$;

-- The session of a browser, while it lasts. A name is 256 random bits: nobody guesses one.
create function public.web_session(name text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object('person_id', s.person_id, 'sealed', s.sealed, 'version', s.version)
  from quorum.web_session s
  where s.name_hash = quorum.hash_of($1) and s.ends_at > now()
$$;

-- May the caller renew the tokens? Of any number who ask at once, one may, for `seconds`.
create function public.begin_renewal(name text, version integer, seconds integer) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update quorum.web_session s
    set renewing_until = clock_timestamp() + make_interval(secs => least(seconds, 60))
    where s.name_hash = quorum.hash_of(name) and s.version = begin_renewal.version
      and s.ends_at > now()
      and (s.renewing_until is null or s.renewing_until < clock_timestamp());
  return found;
end
$$;

-- Puts the renewed tokens where those of `version` were; without any, lets somebody else try.
create function public.end_renewal(name text, version integer, sealed text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update quorum.web_session s
    set renewing_until = null,
      sealed = coalesce(end_renewal.sealed, s.sealed),
      version = s.version + (end_renewal.sealed is not null)::integer
    where s.name_hash = quorum.hash_of(name) and s.version = end_renewal.version
      and s.ends_at > now();
  return found;
end
$$;

create function public.close_web_session(name text) returns void
language sql volatile security definer set search_path = ''
as $$
  delete from quorum.web_session s where s.name_hash = quorum.hash_of($1) or s.ends_at < now()
$$;

-- What a code was for, once.
create function public.spend_sign_in_code(name text) returns text
language sql volatile security definer set search_path = ''
as $$
  with spent as (
    delete from quorum.sign_in_code c where c.name_hash = quorum.hash_of($1)
    returning c.sealed, c.ends_at
  )
  select sealed from spent where ends_at > now()
$$;

-- Public functions: for members ----------------------------------------------------------------------

create function public.open_sign_in_code(name text, sealed text, seconds integer) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if quorum.me() is null then
    raise exception 'Sign in first.' using errcode = 'Q0004';
  end if;
  delete from quorum.sign_in_code c where c.ends_at < now();
  insert into quorum.sign_in_code (name_hash, sealed, ends_at)
    values (quorum.hash_of(name), open_sign_in_code.sealed,
      now() + make_interval(secs => least(seconds, 60)));
end
$$;

-- A person keeps their fifty newest sessions.
create function public.open_web_session(name text, sealed text, days integer) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if quorum.me() is null then
    raise exception 'Sign in first.' using errcode = 'Q0004';
  end if;
  delete from quorum.web_session s
    where s.ends_at < now() or s.name_hash in (
      select o.name_hash from quorum.web_session o where o.person_id = quorum.me()
      order by o.created_at desc offset 49);
  insert into quorum.web_session (name_hash, person_id, sealed, ends_at)
    values (quorum.hash_of(name), quorum.me(), open_web_session.sealed,
      now() + make_interval(days => least(days, 90)));
end
$$;

-- Signs out everywhere, or everywhere else.
create function public.close_my_web_sessions(keep text) returns void
language sql volatile security definer set search_path = ''
as $$
  delete from quorum.web_session s
  where s.person_id = quorum.me() and s.name_hash is distinct from quorum.hash_of($1)
$$;

create function public.has_password() returns boolean
language sql stable security definer set search_path = ''
as $$
  select coalesce((select coalesce(u.encrypted_password, '') <> '' from auth.users u
    where u.id = quorum.me()), false)
$$;

-- What every run of a page asks first, in one answer: is the session still open, has anything
-- changed since `seen`, and if so, who am I? `session` is null on the embedded store, whose sessions
-- pulse() knows.
create function public.look(session text, seen text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  answer jsonb := public.pulse();
begin
  if session is not null and not exists (select from quorum.web_session s
      where s.name_hash = quorum.hash_of(session) and s.person_id = quorum.me()
        and s.ends_at > now()) then
    answer := answer || '{"signed_in": false}';
  end if;
  if answer ->> 'version' is distinct from seen then
    answer := answer || jsonb_build_object('who', public.whoami());
  end if;
  return answer;
end
$$;

-- Several relations in one answer, as the caller may see them: their rows, or null where there are
-- more than `most`. `wanted` names the columns of each: {"supplier": ["id", "name"]}; a relation may
-- also be a function without arguments. Runs with the caller's rights, so grants and policies decide
-- as for any select. Columns of json come as text, as the app takes them.
create function public.read_together(wanted jsonb, most integer) returns json
language plpgsql stable set search_path = ''
as $$
declare
  relation text;
  columns text;
  found_rows json;
  answers text[] := '{}';
begin
  for relation in select jsonb_object_keys(wanted) loop
    select string_agg(
        format(case when t.atttypid = 'jsonb'::regtype then '%1$I::text as %1$I' else '%I' end,
          c.name), ', ')
      into columns
      from jsonb_array_elements_text(wanted -> relation) as c (name)
      left join pg_attribute t on t.attrelid = to_regclass(format('public.%I', relation))
        and t.attname = c.name;
    execute format(
      'select case when count(*) <= $1 then coalesce(json_agg(x), ''[]'') end'
      ' from (select %s from public.%I%s limit $1 + 1) x', columns, relation,
      case when to_regclass(format('public.%I', relation)) is null then '()' else '' end)
      into found_rows using most;
    answers := answers || (to_json(relation)::text || ':' || coalesce(found_rows::text, 'null'));
  end loop;
  return ('{' || array_to_string(answers, ',') || '}')::json;
end
$$;

-- Grants -----------------------------------------------------------------------------------------

revoke execute on function
  public.schema_number(), public.store_is_empty(), public.web_session(text),
  public.begin_renewal(text, integer, integer), public.end_renewal(text, integer, text),
  public.close_web_session(text), public.spend_sign_in_code(text),
  public.open_sign_in_code(text, text, integer), public.open_web_session(text, text, integer),
  public.close_my_web_sessions(text), public.has_password(), public.look(text, text),
  public.read_together(jsonb, integer)
  from public, anon;
grant execute on function
  public.open_sign_in_code(text, text, integer), public.open_web_session(text, text, integer),
  public.close_my_web_sessions(text), public.has_password(), public.look(text, text),
  public.read_together(jsonb, integer)
  to authenticated;
-- Before there is a member: they tell nothing, or only whoever holds the browser's cookie.
grant execute on function
  public.schema_number(), public.store_is_empty(), public.web_session(text),
  public.begin_renewal(text, integer, integer), public.end_renewal(text, integer, text),
  public.close_web_session(text), public.spend_sign_in_code(text)
  to anon, authenticated;
