-- Organisations, their people, consortia, and invitations into both.
-- Order in every file: types and tables, indexes, comments, helpers, triggers, grants, policies,
-- public functions.

create schema if not exists quorum;
comment on schema quorum is 'Helpers that no API exposes: membership, sharing, audit, counters.';
revoke all on schema quorum from public;
grant usage on schema quorum to authenticated;

-- Tables -----------------------------------------------------------------------------------------

create table public.organisation (
  id uuid primary key default gen_random_uuid(),
  name text not null check (length(btrim(name)) between 2 and 200),
  country char(2) not null check (country ~ '^[A-Z]{2}$'),
  kind text not null check (kind in (
    'city', 'region', 'hospital', 'ministry', 'agency', 'purchasing_body', 'university', 'other')),
  version bigint not null default 1
);
comment on table public.organisation is 'A public buyer. Seen by itself and by those who share a consortium with it.';
comment on column public.organisation.id is 'Identifier.';
comment on column public.organisation.name is 'The name its fellow members know it by.';
comment on column public.organisation.country is 'ISO 3166-1 alpha-2.';
comment on column public.organisation.kind is 'City, region, hospital, ministry, agency, purchasing body, university or other.';
comment on column public.organisation.version is 'Counts edits; an update names the version it saw.';

create table public.person (
  id uuid primary key,
  name text not null check (length(btrim(name)) between 1 and 200),
  email text not null,
  version bigint not null default 1
);
comment on table public.person is 'A member of staff who signs in. Seen by colleagues only.';
comment on column public.person.id is 'The account''s identifier (auth.users.id).';
comment on column public.person.name is 'Name as colleagues see it.';
comment on column public.person.email is 'Address of the account.';
comment on column public.person.version is 'Counts edits.';

-- One person acts for one organisation: see docs/decisions/0003.
create table public.organisation_role (
  organisation_id uuid not null references public.organisation,
  person_id uuid not null references public.person,
  role text not null check (role in ('admin', 'editor', 'viewer')),
  since timestamptz not null default now(),
  version bigint not null default 1,
  primary key (organisation_id, person_id),
  constraint one_organisation_a_person unique (person_id)
);
comment on table public.organisation_role is 'What a person may do in their organisation.';
comment on column public.organisation_role.organisation_id is 'The organisation.';
comment on column public.organisation_role.person_id is 'The person.';
comment on column public.organisation_role.role is 'admin: people and sharing; editor: contributions and sharing; viewer: reads.';
comment on column public.organisation_role.since is 'When the person joined.';
comment on column public.organisation_role.version is 'Counts edits.';

create table public.consortium (
  id uuid primary key default gen_random_uuid(),
  name text not null check (length(btrim(name)) between 2 and 200),
  purpose text not null default '' check (length(purpose) <= 2000),
  version bigint not null default 1
);
comment on table public.consortium is 'Buyers who pool what they know. Seen by its current members.';
comment on column public.consortium.id is 'Identifier.';
comment on column public.consortium.name is 'Name.';
comment on column public.consortium.purpose is 'What the members came together for.';
comment on column public.consortium.version is 'Counts edits.';

create table public.membership (
  id uuid primary key default gen_random_uuid(),
  consortium_id uuid not null references public.consortium,
  organisation_id uuid not null references public.organisation,
  role text not null check (role in ('coordinator', 'member')),
  joined_at timestamptz not null default now(),
  left_at timestamptz check (left_at >= joined_at)
);
create unique index one_current_membership
  on public.membership (organisation_id, consortium_id) where left_at is null;
create index current_members on public.membership (consortium_id) where left_at is null;
comment on table public.membership is 'An organisation''s time in a consortium. Asked at every request: who has left sees nothing at once.';
comment on column public.membership.id is 'Identifier.';
comment on column public.membership.consortium_id is 'The consortium.';
comment on column public.membership.organisation_id is 'The organisation.';
comment on column public.membership.role is 'coordinator: invites and removes members; member.';
comment on column public.membership.joined_at is 'From when.';
comment on column public.membership.left_at is 'Until when; null while it lasts.';

create table public.invitation (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null references public.organisation,
  consortium_id uuid references public.consortium,
  role text not null check (role in ('admin', 'editor', 'viewer', 'coordinator', 'member')),
  note text not null default '' check (length(note) <= 200),
  token_hash bytea not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz,
  check ((consortium_id is null) = (role in ('admin', 'editor', 'viewer')))
);
create index invitations_of_organisation on public.invitation (organisation_id);
comment on table public.invitation is 'A link that lets one colleague into an organisation, or one organisation into a consortium, once.';
comment on column public.invitation.id is 'Identifier.';
comment on column public.invitation.organisation_id is 'Who invites.';
comment on column public.invitation.consortium_id is 'The consortium to join; null for a colleague.';
comment on column public.invitation.role is 'The role the link gives.';
comment on column public.invitation.note is 'Whom it is for, in the inviter''s words.';
comment on column public.invitation.token_hash is 'SHA-256 of the token; the token itself is stored nowhere.';
comment on column public.invitation.created_at is 'When it was made.';
comment on column public.invitation.expires_at is 'When it ends.';
comment on column public.invitation.used_at is 'When it was used; a link works once.';
comment on column public.invitation.revoked_at is 'When the inviter took it back.';

-- Helpers ----------------------------------------------------------------------------------------
-- Policies call these inside (select ...), so that each runs once a query and never once a row.

create function quorum.me() returns uuid
language sql stable security definer set search_path = ''
as $$
  select nullif(coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  ), '')::uuid
$$;

create function quorum.my_organisation() returns uuid
language sql stable security definer set search_path = ''
as $$ select organisation_id from public.organisation_role where person_id = quorum.me() $$;

create function quorum.my_role() returns text
language sql stable security definer set search_path = ''
as $$ select role from public.organisation_role where person_id = quorum.me() $$;

create function quorum.may_edit() returns boolean
language sql stable security definer set search_path = ''
as $$ select coalesce(quorum.my_role() in ('admin', 'editor'), false) $$;

create function quorum.is_admin() returns boolean
language sql stable security definer set search_path = ''
as $$ select coalesce(quorum.my_role() = 'admin', false) $$;

create function quorum.my_consortia() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.consortium_id), '{}')
  from public.membership m
  where m.organisation_id = quorum.my_organisation() and m.left_at is null
$$;

create function quorum.my_coordinated() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.consortium_id), '{}')
  from public.membership m
  where m.organisation_id = quorum.my_organisation() and m.left_at is null
    and m.role = 'coordinator'
$$;

-- My organisation and all that share a consortium with it today.
create function quorum.my_fellows() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(distinct f.id), '{}') from (
    select quorum.my_organisation() as id
    union all
    select m.organisation_id from public.membership m
    where m.consortium_id = any (quorum.my_consortia()) and m.left_at is null
  ) f
  where f.id is not null
$$;

create function quorum.my_colleagues() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(person_id), '{}') from public.organisation_role
  where organisation_id = quorum.my_organisation()
$$;

create function quorum.invitation_is_usable(token text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.invitation i
    where i.token_hash = sha256(convert_to(coalesce($1, ''), 'UTF8'))
      and i.used_at is null and i.revoked_at is null and i.expires_at > now()
  )
$$;

-- A sentence for the member. Both doors turn Q0001 into `Refused` with the text as it stands.
create function quorum.refuse(sentence text) returns void
language plpgsql immutable set search_path = ''
as $$
begin
  raise exception using message = sentence, errcode = 'Q0001';
end
$$;

create function quorum.need_admin() returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if not quorum.is_admin() then
    raise exception 'Only an admin of your organisation may do this.' using errcode = 'Q0004';
  end if;
end
$$;

create function quorum.need_editor() returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if not quorum.may_edit() then
    raise exception 'Only an admin or editor of your organisation may do this.' using errcode = 'Q0004';
  end if;
end
$$;

create function quorum.bump_version() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.version := old.version + 1;
  return new;
end
$$;

-- An organisation without an admin could never be looked after again.
create function quorum.keep_an_admin() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform 1 from public.organisation where id = old.organisation_id for update;
  if old.role = 'admin' and not exists (
    select from public.organisation_role
    where organisation_id = old.organisation_id and role = 'admin'
  ) then
    perform quorum.refuse('This is the only admin. Make a colleague admin first.');
  end if;
  return null;
end
$$;

revoke execute on all functions in schema quorum from public, anon;
grant execute on function
  quorum.me(), quorum.my_organisation(), quorum.my_role(), quorum.may_edit(), quorum.is_admin(),
  quorum.my_consortia(), quorum.my_coordinated(), quorum.my_fellows(), quorum.my_colleagues()
  to authenticated;

-- Triggers ---------------------------------------------------------------------------------------

create trigger version before update on public.organisation
  for each row execute function quorum.bump_version();
create trigger version before update on public.person
  for each row execute function quorum.bump_version();
create trigger version before update on public.organisation_role
  for each row execute function quorum.bump_version();
create trigger version before update on public.consortium
  for each row execute function quorum.bump_version();
create trigger keep_an_admin after update or delete on public.organisation_role
  for each row execute function quorum.keep_an_admin();

-- Grants -----------------------------------------------------------------------------------------
-- Supabase grants everything on new tables to the API roles: take it back, then give what is meant.

revoke all on public.organisation, public.person, public.organisation_role, public.consortium,
  public.membership, public.invitation from public, anon, authenticated;

grant select on public.organisation, public.person, public.organisation_role, public.consortium,
  public.membership to authenticated;
grant select (id, organisation_id, consortium_id, role, note, created_at, expires_at, used_at,
  revoked_at) on public.invitation to authenticated;
grant update (name, country, kind) on public.organisation to authenticated;
grant update (name) on public.person to authenticated;
grant update (role) on public.organisation_role to authenticated;
grant delete on public.organisation_role to authenticated;
grant update (name, purpose) on public.consortium to authenticated;

-- Policies ---------------------------------------------------------------------------------------

alter table public.organisation enable row level security;
alter table public.organisation force row level security;
alter table public.person enable row level security;
alter table public.person force row level security;
alter table public.organisation_role enable row level security;
alter table public.organisation_role force row level security;
alter table public.consortium enable row level security;
alter table public.consortium force row level security;
alter table public.membership enable row level security;
alter table public.membership force row level security;
alter table public.invitation enable row level security;
alter table public.invitation force row level security;

create policy "Members see their organisation and its fellow members"
  on public.organisation for select to authenticated
  using (id = any ((select quorum.my_fellows())::uuid[]));
create policy "Admins edit their organisation"
  on public.organisation for update to authenticated
  using (id = (select quorum.my_organisation()) and (select quorum.is_admin()))
  with check (id = (select quorum.my_organisation()));

create policy "Colleagues see each other"
  on public.person for select to authenticated
  using (id = any ((select quorum.my_colleagues())::uuid[]) or id = (select quorum.me()));
create policy "A person edits their own name"
  on public.person for update to authenticated
  using (id = (select quorum.me())) with check (id = (select quorum.me()));

create policy "Colleagues see each other's roles"
  on public.organisation_role for select to authenticated
  using (organisation_id = (select quorum.my_organisation()));
create policy "Admins change roles"
  on public.organisation_role for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.is_admin()))
  with check (organisation_id = (select quorum.my_organisation()));
create policy "Admins let people go"
  on public.organisation_role for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.is_admin()));

create policy "Members see their consortia"
  on public.consortium for select to authenticated
  using (id = any ((select quorum.my_consortia())::uuid[]));
create policy "Coordinators' admins edit their consortium"
  on public.consortium for update to authenticated
  using (id = any ((select quorum.my_coordinated())::uuid[]) and (select quorum.is_admin()))
  with check (id = any ((select quorum.my_coordinated())::uuid[]));

create policy "Members see who is in their consortia"
  on public.membership for select to authenticated
  using (consortium_id = any ((select quorum.my_consortia())::uuid[]));

create policy "Admins see the invitations they sent"
  on public.invitation for select to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.is_admin()));

-- Public functions -------------------------------------------------------------------------------

-- The first organisation of an empty store, with its first admin.
create function public.found_organisation(
  organisation_name text, country text, kind text, person_name text, email text
) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  founded uuid;
begin
  if quorum.me() is null then
    raise exception 'Sign in first.' using errcode = 'Q0004';
  end if;
  perform pg_advisory_xact_lock(hashtext('quorum.found_organisation'));
  if exists (select from public.organisation) then
    perform quorum.refuse('This store already has an organisation. Ask its members for an invitation.');
  end if;
  insert into public.organisation (name, country, kind)
    values (btrim(organisation_name), upper(found_organisation.country), found_organisation.kind)
    returning id into founded;
  insert into public.person (id, name, email) values (quorum.me(), btrim(person_name), lower(found_organisation.email));
  insert into public.organisation_role (organisation_id, person_id, role)
    values (founded, quorum.me(), 'admin');
  return founded;
end
$$;

create function public.create_consortium(key uuid, name text, purpose text) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  founder uuid := quorum.my_organisation();
  -- Made from founder and key: a repeated submit founds nothing twice, and nobody can try out
  -- whether an identifier is taken.
  founded uuid := md5(founder::text || create_consortium.key::text)::uuid;
begin
  perform quorum.need_admin();
  if create_consortium.key is null then
    perform quorum.refuse('The submit carries no key. Reload the page and try again.');
  end if;
  insert into public.consortium (id, name, purpose)
    values (founded, btrim(create_consortium.name), coalesce(btrim(create_consortium.purpose), ''))
    on conflict (id) do nothing;
  if found then
    insert into public.membership (consortium_id, organisation_id, role)
      values (founded, founder, 'coordinator');
  end if;
  return founded;
end
$$;

-- The token is answered once and kept nowhere: three random uuids hold 366 random bits.
create function quorum.new_token() returns text
language sql volatile set search_path = ''
as $$
  select encode(sha256(convert_to(
    gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex')
$$;
revoke execute on function quorum.new_token() from public, anon;

create function public.invite_colleague(role text, note text, days integer) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  token text := quorum.new_token();
begin
  perform quorum.need_admin();
  if invite_colleague.role is null or invite_colleague.role not in ('admin', 'editor', 'viewer') then
    perform quorum.refuse('Choose a role: admin, editor or viewer.');
  end if;
  insert into public.invitation (organisation_id, role, note, token_hash, expires_at)
    values (quorum.my_organisation(), invite_colleague.role, coalesce(btrim(invite_colleague.note), ''),
      sha256(convert_to(token, 'UTF8')), now() + make_interval(days => greatest(1, least(days, 30))));
  return token;
end
$$;

create function public.invite_organisation(consortium_id uuid, role text, note text, days integer)
returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  token text := quorum.new_token();
begin
  perform quorum.need_admin();
  if invite_organisation.consortium_id is null
    or invite_organisation.consortium_id <> all (quorum.my_coordinated()) then
    raise exception 'Only a coordinator of the consortium may invite organisations.' using errcode = 'Q0004';
  end if;
  if invite_organisation.role is null or invite_organisation.role not in ('coordinator', 'member') then
    perform quorum.refuse('Choose a role: coordinator or member.');
  end if;
  insert into public.invitation (organisation_id, consortium_id, role, note, token_hash, expires_at)
    values (quorum.my_organisation(), invite_organisation.consortium_id, invite_organisation.role,
      coalesce(btrim(invite_organisation.note), ''), sha256(convert_to(token, 'UTF8')),
      now() + make_interval(days => greatest(1, least(days, 30))));
  return token;
end
$$;

create function public.revoke_invitation(invitation_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_admin();
  update public.invitation set revoked_at = now()
    where id = invitation_id and organisation_id = quorum.my_organisation()
      and used_at is null and revoked_at is null;
  if not found then
    perform quorum.refuse('This invitation is not open any more.');
  end if;
end
$$;

-- Spends the link: of any number of racers one gets the row. Wrong, late, used and revoked links
-- all get the same sentence.
create function quorum.spend_invitation(token text) returns public.invitation
language plpgsql volatile security definer set search_path = ''
as $$
declare
  spent public.invitation;
begin
  update public.invitation set used_at = now()
    where token_hash = sha256(convert_to(coalesce(token, ''), 'UTF8'))
      and used_at is null and revoked_at is null and expires_at > now()
    returning * into spent;
  if spent.id is null then
    raise exception 'This link is not valid any more. Ask whoever sent it for a new one.' using errcode = 'Q0002';
  end if;
  return spent;
end
$$;
revoke execute on function quorum.spend_invitation(text) from public, anon;

-- What a link is for, so that the page can say it before the button is pressed. Needs the token.
create function public.invitation_for(token text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object(
    'organisation', o.name, 'consortium', c.name, 'role', i.role)
  from public.invitation i
  join public.organisation o on o.id = i.organisation_id
  left join public.consortium c on c.id = i.consortium_id
  where i.token_hash = sha256(convert_to(coalesce($1, ''), 'UTF8'))
    and i.used_at is null and i.revoked_at is null and i.expires_at > now()
$$;

-- A person without an organisation joins the one that invited them, or founds the invited one.
-- A member's admin takes their organisation into the consortium.
create function public.redeem_invitation(
  token text, person_name text, email text, organisation_name text, country text, kind text
) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  link public.invitation;
  joining uuid := quorum.my_organisation();
begin
  if quorum.me() is null then
    raise exception 'Sign in first.' using errcode = 'Q0004';
  end if;
  link := quorum.spend_invitation(token);
  if joining is null then
    insert into public.person (id, name, email)
      values (quorum.me(), btrim(person_name), lower(redeem_invitation.email))
      on conflict (id) do nothing;
  end if;
  if link.consortium_id is null then
    if joining is not null then
      perform quorum.refuse('Your account already belongs to an organisation. Use another e-mail address for this one.');
    end if;
    insert into public.organisation_role (organisation_id, person_id, role)
      values (link.organisation_id, quorum.me(), link.role);
    return;
  end if;
  if joining is null then
    insert into public.organisation (name, country, kind)
      values (btrim(organisation_name), upper(redeem_invitation.country), redeem_invitation.kind)
      returning id into joining;
    insert into public.organisation_role (organisation_id, person_id, role)
      values (joining, quorum.me(), 'admin');
  else
    perform quorum.need_admin();
  end if;
  if link.consortium_id = any (quorum.my_consortia()) then
    perform quorum.refuse('Your organisation is already in this consortium.');
  end if;
  insert into public.membership (consortium_id, organisation_id, role)
    values (link.consortium_id, joining, link.role);
end
$$;

-- Who may not invite into the consortium any more leaves no open link to it behind.
create function quorum.withdraw_invitations(consortium uuid, organisation uuid) returns void
language sql volatile security definer set search_path = ''
as $$
  update public.invitation set revoked_at = now()
  where consortium_id = $1 and organisation_id = $2 and used_at is null and revoked_at is null
$$;
revoke execute on function quorum.withdraw_invitations(uuid, uuid) from public, anon;

create function public.set_membership_role(membership_id uuid, role text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  consortium uuid;
  organisation uuid;
begin
  perform quorum.need_admin();
  if set_membership_role.role is null or set_membership_role.role not in ('coordinator', 'member') then
    perform quorum.refuse('Choose a role: coordinator or member.');
  end if;
  -- Two coordinators who demote each other at once would leave none: one waits for the other.
  perform 1 from public.consortium c join public.membership m on m.consortium_id = c.id
    where m.id = membership_id for update of c;
  update public.membership m set role = set_membership_role.role
    where m.id = membership_id and m.left_at is null
      and m.consortium_id = any (quorum.my_coordinated())
      and m.organisation_id <> quorum.my_organisation()
    returning m.consortium_id, m.organisation_id into consortium, organisation;
  if not found then
    raise exception 'Only another coordinator of the consortium may change this.' using errcode = 'Q0004';
  end if;
  if set_membership_role.role = 'member' then
    perform quorum.withdraw_invitations(consortium, organisation);
  end if;
end
$$;

revoke execute on function
  public.found_organisation(text, text, text, text, text),
  public.create_consortium(uuid, text, text), public.invite_colleague(text, text, integer),
  public.invite_organisation(uuid, text, text, integer), public.revoke_invitation(uuid),
  public.invitation_for(text), public.redeem_invitation(text, text, text, text, text, text),
  public.set_membership_role(uuid, text)
  from public, anon;
grant execute on function
  public.found_organisation(text, text, text, text, text),
  public.create_consortium(uuid, text, text), public.invite_colleague(text, text, integer),
  public.invite_organisation(uuid, text, text, integer), public.revoke_invitation(uuid),
  public.invitation_for(text), public.redeem_invitation(text, text, text, text, text, text),
  public.set_membership_role(uuid, text)
  to authenticated;
-- Shown to whoever holds the link, before they have an account.
grant execute on function public.invitation_for(text) to anon;
