-- What happened, for the organisation it concerns; and counters that tell a screen when to reread.

create table public.audit_event (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null references public.organisation,
  at timestamptz not null default now(),
  person_id uuid,
  action text not null,
  relation text not null,
  item_id uuid,
  summary text not null default '',
  primary key (organisation_id, id)
);
create index audit_by_time on public.audit_event (organisation_id, at desc);
comment on table public.audit_event is 'Append-only: its owner organisation reads it, nobody changes it.';
comment on column public.audit_event.id is 'Identifier; random, because a count would tell how busy others are.';
comment on column public.audit_event.organisation_id is 'Whom it concerns.';
comment on column public.audit_event.at is 'When.';
comment on column public.audit_event.person_id is 'The colleague who did it; null where somebody else did.';
comment on column public.audit_event.action is 'insert, update or delete.';
comment on column public.audit_event.relation is 'The table.';
comment on column public.audit_event.item_id is 'The row, where it was one.';
comment on column public.audit_event.summary is 'Which columns changed, or how many rows; never their values.';

create table quorum.change_counter (
  scope uuid primary key,
  value bigint not null default 1
);
comment on table quorum.change_counter is 'Counts changes per organisation, per consortium and (nil uuid) of the register.';
comment on column quorum.change_counter.scope is 'Organisation, consortium, or the nil uuid.';
comment on column quorum.change_counter.value is 'Goes up with every change that somebody in the scope may see.';

revoke all on public.audit_event from public, anon, authenticated;
revoke all on quorum.change_counter from public, anon, authenticated;
grant select on public.audit_event to authenticated;
alter table public.audit_event enable row level security;
alter table public.audit_event force row level security;
alter table quorum.change_counter enable row level security;
alter table quorum.change_counter force row level security;
create policy "An organisation reads its own trail"
  on public.audit_event for select to authenticated
  using (organisation_id = (select quorum.my_organisation()));

create function quorum.audit_stands() returns trigger
language plpgsql set search_path = ''
as $$
begin
  raise exception 'The audit trail cannot be changed.' using errcode = 'Q0004';
end
$$;
create trigger stands before update or delete on public.audit_event
  for each statement execute function quorum.audit_stands();
create trigger stands_truncate before truncate on public.audit_event
  for each statement execute function quorum.audit_stands();

create function quorum.count_changes(scopes uuid[]) returns void
language sql volatile security definer set search_path = ''
as $$
  -- In one order, so that two writers wait for each other instead of blocking each other.
  insert into quorum.change_counter (scope)
  select distinct s from unnest(scopes) as s where s is not null order by 1
  on conflict (scope) do update set value = quorum.change_counter.value + 1
$$;

-- One statement's effect: an event for each organisation concerned (the one that acted, where the
-- row has no owner), and a tick for every scope that may see the difference. `traces` are rows as
-- json, old and new.
create function quorum.record_change(
  action text, relation text, item uuid, summary text, traces jsonb[]
) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  actor uuid := quorum.my_organisation();
begin
  insert into public.audit_event (organisation_id, person_id, action, relation, item_id, summary)
    select o.organisation, case when o.organisation = actor then quorum.me() end,
      record_change.action, record_change.relation, record_change.item, record_change.summary
    from (
      select distinct coalesce((t ->> 'organisation_id')::uuid, actor) as organisation
      from unnest(traces) as t
      union
      -- Who removes a member or uses a link acts on another's row and remembers it. What follows for
      -- that other's contributions, or a receipt whose end is noticed by whoever comes first, is
      -- theirs alone: even a number of rows would tell what they keep to themselves.
      select actor where record_change.relation in ('membership', 'invitation')
    ) o
    where o.organisation is not null;
  perform quorum.count_changes((
    select array_agg(distinct s.scope) from unnest(traces) as t
    cross join lateral (
      select actor as scope
      union all select (t ->> 'organisation_id')::uuid
      union all select (t ->> 'consortium_id')::uuid
      union all select '00000000-0000-0000-0000-000000000000'::uuid where record_change.relation
        in ('supplier', 'supplier_merge', 'supplier_turnover', 'organisation', 'consortium')
      union all select c::uuid from jsonb_array_elements_text(coalesce(t -> 'shared_with', '[]')) as c
      union all select c::uuid from jsonb_array_elements_text(coalesce(t -> 'banded_with', '[]')) as c
    ) s));
end
$$;

-- Of many rows only the scopes are traced, so that 20,000 rows are one event.
create function quorum.scopes_of(r jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'organisation_id', r -> 'organisation_id', 'consortium_id', r -> 'consortium_id',
    'shared_with', r -> 'shared_with', 'banded_with', r -> 'banded_with'))
$$;

create function quorum.item_of(r jsonb) returns uuid
language sql immutable set search_path = ''
as $$ select coalesce(r ->> 'id', r ->> 'assessment_id', r ->> 'person_id')::uuid $$;

create function quorum.trace_insert() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  n bigint := (select count(*) from new_rows);
begin
  if n > 0 then
    perform quorum.record_change('insert', tg_table_name,
      case when n = 1 then (select quorum.item_of(to_jsonb(r)) from new_rows r) end,
      case when n = 1 then '' else n || ' rows' end,
      array(select distinct quorum.scopes_of(to_jsonb(r)) from new_rows r));
  end if;
  return null;
end
$$;

create function quorum.trace_update() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  n bigint := (select count(*) from new_rows);
begin
  if n > 0 then
    perform quorum.record_change('update', tg_table_name,
      case when n = 1 then (select quorum.item_of(to_jsonb(r)) from new_rows r) end,
      case when n = 1 then (
        select coalesce(string_agg(f.key, ', ' order by f.key), '')
        from new_rows r cross join old_rows o cross join jsonb_each(to_jsonb(r)) f
        where f.value is distinct from to_jsonb(o) -> f.key
          and f.key not in ('version', 'updated_at'))
        else n || ' rows' end,
      array(select quorum.scopes_of(to_jsonb(r)) from old_rows r
        union select quorum.scopes_of(to_jsonb(r)) from new_rows r));
  end if;
  return null;
end
$$;

create function quorum.trace_delete() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  n bigint := (select count(*) from old_rows);
begin
  if n > 0 then
    perform quorum.record_change('delete', tg_table_name,
      case when n = 1 then (select quorum.item_of(to_jsonb(r)) from old_rows r) end,
      case when n = 1 then '' else n || ' rows' end,
      array(select distinct quorum.scopes_of(to_jsonb(r)) from old_rows r));
  end if;
  return null;
end
$$;

-- Puts a table under watch. Each new table calls this once in its migration.
create function quorum.watch(relation regclass) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  execute format('create trigger trace_insert after insert on %s referencing new table as new_rows '
    'for each statement execute function quorum.trace_insert()', relation);
  execute format('create trigger trace_update after update on %s referencing old table as old_rows '
    'new table as new_rows for each statement execute function quorum.trace_update()', relation);
  execute format('create trigger trace_delete after delete on %s referencing old table as old_rows '
    'for each statement execute function quorum.trace_delete()', relation);
end
$$;

revoke execute on all functions in schema quorum from public, anon;

select quorum.watch(t::regclass) from unnest(array[
  'public.organisation', 'public.person', 'public.organisation_role', 'public.consortium',
  'public.membership', 'public.invitation', 'public.supplier', 'public.supplier_merge',
  'public.supplier_turnover', 'public.sharing', 'public.assessment', 'public.assessment_contact',
  'public.site_list', 'public.spend_import', 'public.spend']) as t;
-- production_site rows come, go and are shared only with their list: its events say it all.

-- The session's two questions -----------------------------------------------------------------------

-- Who am I here? {} for an account without an organisation.
create function public.whoami() returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce((
    select jsonb_build_object(
      'person', jsonb_build_object('id', p.id, 'name', p.name, 'email', p.email, 'version', p.version),
      'organisation', jsonb_build_object('id', o.id, 'name', o.name, 'country', o.country,
        'kind', o.kind, 'version', o.version),
      'role', r.role,
      'consortia', coalesce((
        select jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'role', m.role) order by c.name)
        from public.membership m join public.consortium c on c.id = m.consortium_id
        where m.organisation_id = o.id and m.left_at is null), '[]'))
    from public.person p
    join public.organisation_role r on r.person_id = p.id
    join public.organisation o on o.id = r.organisation_id
    where p.id = quorum.me()), '{}')
$$;

-- Has anything that I may see changed? Also ends the receipts that are past their day, and says
-- whether the session that asks was signed out elsewhere.
create function public.pulse() returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  session text := nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'session_id';
begin
  if exists (select from public.sharing where ended_at is null and ends_on < current_date) then
    perform quorum.end_due_sharings();
  end if;
  return jsonb_build_object(
    'signed_in', quorum.me() is not null and (session is null or exists (
      select from auth.sessions s where s.id = session::uuid
        and (s.not_after is null or s.not_after > now()))),
    'role', quorum.my_role(),
    'version', (select coalesce(md5(string_agg(scope || ':' || value, ',' order by scope)), '')
      from quorum.change_counter
      where scope = any (quorum.my_consortia() || quorum.my_organisation()
        || '00000000-0000-0000-0000-000000000000'::uuid)));
end
$$;

revoke execute on function public.whoami(), public.pulse() from public, anon;
grant execute on function public.whoami(), public.pulse() to authenticated;
