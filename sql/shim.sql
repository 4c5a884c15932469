-- What Supabase provides and an embedded PostgreSQL lacks: the API roles, the auth schema, and
-- accounts with sessions. Applied to the embedded store only, before the migrations; every
-- statement may run again. Nothing here is reachable by `authenticated` or `anon` unless granted.

-- Roles ------------------------------------------------------------------------------------------

do $$
begin
  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit bypassrls;
  end if;
  -- The app's login. It owns nothing and inherits nothing: each transaction takes on a role.
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role authenticator login noinherit nosuperuser nocreatedb nocreaterole;
  end if;
end
$$;

grant anon, authenticated to authenticator;
revoke create on schema public from public;
grant usage on schema public to anon, authenticated, service_role;

create schema if not exists auth;
revoke all on schema auth from public;
grant usage on schema auth to authenticator, authenticated, anon;

-- Who is asking ----------------------------------------------------------------------------------

create or replace function auth.jwt() returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb, '{}'::jsonb)
$$;

create or replace function auth.uid() returns uuid
language sql stable set search_path = ''
as $$
  select nullif(coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    auth.jwt() ->> 'sub'
  ), '')::uuid
$$;

-- Accounts ---------------------------------------------------------------------------------------

create table if not exists auth.users (
  id uuid primary key default gen_random_uuid(),
  email text not null unique check (email = lower(email)),
  encrypted_password text,
  created_at timestamptz not null default now()
);

create table if not exists auth.sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  token_hash bytea not null unique,
  created_at timestamptz not null default now(),
  not_after timestamptz not null
);
create index if not exists sessions_of_user on auth.sessions (user_id);

-- The bridge between the sign-in form and the cookie: lives for a minute, works once, and only in
-- the browser that asked (`browser_hash`).
create table if not exists auth.sign_in_codes (
  code_hash bytea primary key,
  user_id uuid not null references auth.users on delete cascade,
  browser_hash bytea not null,
  expires_at timestamptz not null
);

create table if not exists auth.failed_sign_ins (
  email text not null,
  at timestamptz not null default now()
);
create index if not exists failed_sign_ins_of_email on auth.failed_sign_ins (email, at);

-- One row: whether this store holds the fictional demo, whose members need no password.
create table if not exists auth.store (
  only_one boolean primary key default true check (only_one),
  demo boolean not null default false
);
insert into auth.store values (true, false) on conflict do nothing;

alter table auth.users enable row level security;
alter table auth.sessions enable row level security;
alter table auth.sign_in_codes enable row level security;
alter table auth.failed_sign_ins enable row level security;
alter table auth.store enable row level security;
revoke all on all tables in schema auth from public, anon, authenticated, authenticator;

-- The functions that the app calls as `authenticator`, before there is a member ---------------------

-- An account's hash, and whether five failures in a quarter of an hour have closed the door.
create or replace function auth.account(email text)
returns table (user_id uuid, encrypted_password text, locked boolean)
language sql stable security definer set search_path = ''
as $$
  select u.id, u.encrypted_password, f.failures >= 5
  from (select count(*) as failures from auth.failed_sign_ins f
        where f.email = lower($1) and f.at > now() - interval '15 minutes') f
  left join auth.users u on u.email = lower($1)
$$;

create or replace function auth.note_failure(email text) returns void
language sql volatile security definer set search_path = ''
as $$
  delete from auth.failed_sign_ins where at < now() - interval '1 day';
  insert into auth.failed_sign_ins (email) values (lower($1));
$$;

create or replace function auth.open_code(
  user_id uuid, code_hash bytea, browser_hash bytea, seconds integer
) returns void
language sql volatile security definer set search_path = ''
as $$
  delete from auth.sign_in_codes where expires_at < now();
  delete from auth.failed_sign_ins f using auth.users u where u.id = $1 and u.email = f.email;
  insert into auth.sign_in_codes values ($2, $1, $3, now() + make_interval(secs => least($4, 60)));
$$;

-- Swaps a code for a session. A code that is wrong, spent, late or another browser's gives null.
create or replace function auth.open_session(
  code_hash bytea, browser_hash bytea, token_hash bytea, days integer
) returns uuid
language sql volatile security definer set search_path = ''
as $$
  with code as (
    delete from auth.sign_in_codes c
    where c.code_hash = $1
    returning c.user_id, c.browser_hash, c.expires_at
  )
  insert into auth.sessions (user_id, token_hash, not_after)
  select code.user_id, $3, now() + make_interval(days => least($4, 90)) from code
  where code.browser_hash = $2 and code.expires_at > now()
  returning id
$$;

create or replace function auth.session(token_hash bytea)
returns table (session_id uuid, user_id uuid)
language sql stable security definer set search_path = ''
as $$
  select s.id, s.user_id from auth.sessions s where s.token_hash = $1 and s.not_after > now()
$$;

create or replace function auth.close_session(token_hash bytea) returns void
language sql volatile security definer set search_path = ''
as $$
  delete from auth.sessions s where s.token_hash = $1 or s.not_after < now();
$$;

create or replace function auth.demo_members()
returns table (user_id uuid, name text, role text, organisation text, country text, kind text)
language plpgsql stable security definer set search_path = ''
as $$
begin
  if not (select demo from auth.store) then
    return;
  end if;
  return query
    select p.id, p.name, r.role, o.name, o.country::text, o.kind
    from public.person p
    join public.organisation_role r on r.person_id = p.id
    join public.organisation o on o.id = r.organisation_id
    order by o.name, r.role, p.name;
end
$$;

create or replace function auth.is_demo() returns boolean
language sql stable security definer set search_path = ''
as $$ select demo from auth.store $$;

-- No organisation yet: the first visitor founds one. True at most once in a store's life.
create or replace function auth.is_empty() returns boolean
language plpgsql stable security definer set search_path = ''
as $$
begin
  return not exists (select from public.organisation);
end
$$;

-- An account comes only with a usable invitation, or as the store's first.
create or replace function auth.create_account(email text, encrypted_password text, token text)
returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  created uuid;
begin
  if not (auth.is_empty() or quorum.invitation_is_usable(token)) then
    raise exception 'invitation' using errcode = 'Q0002';
  end if;
  insert into auth.users (email, encrypted_password) values (lower($1), $2)
  on conflict do nothing returning id into created;
  if created is null then
    raise exception 'address' using errcode = 'Q0003';
  end if;
  return created;
end
$$;

-- The functions that a member calls ------------------------------------------------------------------

create or replace function auth.my_password() returns text
language sql stable security definer set search_path = ''
as $$ select encrypted_password from auth.users where id = auth.uid() $$;

-- A new password ends every other session: whoever knew the old one is out.
create or replace function auth.change_my_password(encrypted_password text, keep_session uuid)
returns void
language sql volatile security definer set search_path = ''
as $$
  update auth.users set encrypted_password = $1 where id = auth.uid();
  delete from auth.sessions where user_id = auth.uid() and id is distinct from $2;
$$;

create or replace function auth.close_my_sessions() returns void
language sql volatile security definer set search_path = ''
as $$ delete from auth.sessions where user_id = auth.uid() $$;

revoke execute on all functions in schema auth from public, anon, authenticated, authenticator;
grant execute on function auth.jwt(), auth.uid() to authenticated, anon, authenticator;
grant execute on function
  auth.account(text), auth.note_failure(text), auth.open_code(uuid, bytea, bytea, integer),
  auth.open_session(bytea, bytea, bytea, integer), auth.session(bytea), auth.close_session(bytea),
  auth.demo_members(), auth.is_demo(), auth.is_empty(), auth.create_account(text, text, text)
  to authenticator;
grant execute on function
  auth.my_password(), auth.change_my_password(text, uuid), auth.close_my_sessions()
  to authenticated;
