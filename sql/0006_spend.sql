-- Spend: what an organisation paid a supplier in a year. Confidential money: numeric, never
-- filtered by range in the database, and without planner statistics on the sensitive columns.

-- Tables -----------------------------------------------------------------------------------------

create table public.spend_import (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null references public.organisation,
  file_name text not null default '' check (length(file_name) <= 300),
  row_count integer not null check (row_count > 0),
  created_at timestamptz not null default now(),
  primary key (organisation_id, id)
);
comment on table public.spend_import is 'One file of spend lines.';
comment on column public.spend_import.id is 'Identifier.';
comment on column public.spend_import.organisation_id is 'The owner.';
comment on column public.spend_import.file_name is 'The file.';
comment on column public.spend_import.row_count is 'How many lines it held.';
comment on column public.spend_import.created_at is 'When it was imported.';

create table public.spend (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null,
  import_id uuid not null,
  supplier_id uuid not null references public.supplier,
  year integer not null check (year between 1990 and 2100),
  amount numeric(15, 2) not null,
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  category text check (length(category) <= 200),
  contract_reference text check (length(contract_reference) <= 200),
  contract_end date,
  shared_with uuid[] not null default '{}',
  banded_with uuid[] not null default '{}',
  aggregated_with uuid[] not null default '{}',
  shared_until date,
  created_at timestamptz not null default now(),
  primary key (organisation_id, id),
  foreign key (organisation_id, import_id) references public.spend_import (organisation_id, id) on delete cascade
);
alter table public.spend
  alter column amount set statistics 0,
  alter column supplier_id set statistics 0,
  alter column category set statistics 0,
  alter column contract_reference set statistics 0,
  alter column contract_end set statistics 0;
create index spend_shared on public.spend using gin (shared_with);
create index spend_banded on public.spend using gin (banded_with);
create index spend_of_import on public.spend (organisation_id, import_id);
create index spend_of_supplier on public.spend (organisation_id, supplier_id, year);
comment on table public.spend is 'Spend lines. At level record all of a line is seen, at level band only the size class of the yearly total, at level aggregate nothing but sums over members.';
comment on column public.spend.id is 'Identifier.';
comment on column public.spend.organisation_id is 'The owner.';
comment on column public.spend.import_id is 'The file it came in.';
comment on column public.spend.supplier_id is 'To whom it was paid.';
comment on column public.spend.year is 'Calendar year.';
comment on column public.spend.amount is 'Amount in `currency`; negative for credit notes.';
comment on column public.spend.currency is 'ISO 4217. Kept as it is, never converted silently.';
comment on column public.spend.category is 'Category, e.g. a CPV code.';
comment on column public.spend.contract_reference is 'The owner''s reference.';
comment on column public.spend.contract_end is 'When the contract ends.';
comment on column public.spend.shared_with is 'Consortia that see the line. Written by share() only.';
comment on column public.spend.banded_with is 'Consortia that see the size class of the yearly total.';
comment on column public.spend.aggregated_with is 'Consortia in whose sums it may count.';
comment on column public.spend.shared_until is 'The last day on which any of that holds.';
comment on column public.spend.created_at is 'When it was imported.';

create table public.spend_band (
  low numeric(15, 2) not null primary key,
  high numeric(15, 2) check (high > low)
);
comment on table public.spend_band is 'Size classes of yearly spend, [low, high) in the line''s own currency.';
comment on column public.spend_band.low is 'Lower end, included.';
comment on column public.spend_band.high is 'Upper end, excluded; null for the highest class.';
insert into public.spend_band (low, high) values
  (0, 10000), (10000, 50000), (50000, 250000), (250000, 1000000), (1000000, 5000000),
  (5000000, 25000000), (25000000, null);

-- Grants -----------------------------------------------------------------------------------------

revoke all on public.spend_import, public.spend, public.spend_band from public, anon, authenticated;
-- Without the columns that say whom else it is shared with: see 0004.
grant select (id, organisation_id, import_id, supplier_id, year, amount, currency, category,
    contract_reference, contract_end, created_at)
  on public.spend to authenticated;
grant select on public.spend_import, public.spend_band to authenticated;
grant delete on public.spend_import to authenticated;

-- Policies ---------------------------------------------------------------------------------------

alter table public.spend_import enable row level security;
alter table public.spend_import force row level security;
alter table public.spend enable row level security;
alter table public.spend force row level security;
alter table public.spend_band enable row level security;
alter table public.spend_band force row level security;

create policy "An organisation sees its own imports"
  on public.spend_import for select to authenticated
  using (organisation_id = (select quorum.my_organisation()));
create policy "Editors delete imports of which nothing is shared"
  on public.spend_import for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    -- By the receipts: in a subquery, other than in a policy's own row, the member's rights to
    -- columns count.
    and not exists (select from public.spend s
      join public.sharing_item i on i.organisation_id = s.organisation_id and i.item_id = s.id
      join public.sharing r on r.organisation_id = i.organisation_id and r.id = i.sharing_id
      where s.organisation_id = spend_import.organisation_id and s.import_id = spend_import.id
        and r.relation = 'spend' and r.ended_at is null));

create policy "Owners and those it is shared with see a spend line"
  on public.spend for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));

create policy "Members read the size classes"
  on public.spend_band for select to authenticated using ((select quorum.is_member()));

-- Public functions -------------------------------------------------------------------------------

-- A whole file, all or nothing. rows: [{supplier_id, year, amount, currency, category,
-- contract_reference, contract_end}].
create function public.import_spend(key uuid, file_name text, rows jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  answer jsonb;
  owner uuid := quorum.my_organisation();
  new_import uuid := gen_random_uuid();
  imported integer;
begin
  perform quorum.need_editor();
  answer := quorum.earlier_answer(key);
  if answer is not null then
    return answer;
  end if;
  if coalesce(case jsonb_typeof(rows) when 'array' then jsonb_array_length(rows) end, 0) = 0 then
    perform quorum.refuse('The file holds no line that can be stored. Mend the rejected rows and import again.');
  end if;
  insert into public.spend_import (id, organisation_id, file_name, row_count)
    values (new_import, owner, coalesce(import_spend.file_name, ''), jsonb_array_length(rows));
  insert into public.spend (organisation_id, import_id, supplier_id, year, amount, currency,
      category, contract_reference, contract_end)
    select owner, new_import, r.*
    from jsonb_to_recordset(rows) as r (
      supplier_id uuid, year integer, amount numeric, currency text, category text,
      contract_reference text, contract_end date);
  get diagnostics imported = row_count;
  return quorum.keep_answer(key, jsonb_build_object('import_id', new_import, 'imported', imported));
end
$$;

-- Colleagues' yearly totals as far as they share bands: the class, never the sum. Totals are taken
-- per supplier as merged today. An organisation appears here only with lines shared as bands; a
-- line that the member also sees as a record, through another consortium, does not count again.
create function public.spend_bands() returns table (
  organisation_id uuid, supplier_id uuid, year integer, currency text, low numeric, high numeric
)
language sql stable security definer set search_path = ''
as $$
  with mine as (
    select quorum.my_organisation() as organisation, quorum.my_consortia() as consortia
  ),
  totals as (
    select s.organisation_id, coalesce(r.merged_into, r.id) as supplier_id, s.year,
      s.currency::text as currency, sum(s.amount) as total
    from public.spend s
    join public.supplier r on r.id = s.supplier_id
    cross join mine
    where s.banded_with && mine.consortia and not (s.shared_with && mine.consortia)
      and s.shared_until >= current_date
      and s.organisation_id <> mine.organisation
    group by 1, 2, 3, 4
  )
  select t.organisation_id, t.supplier_id, t.year, t.currency, b.low, b.high
  from totals t
  join public.spend_band b on t.total >= b.low and (b.high is null or t.total < b.high)
$$;

revoke execute on function public.import_spend(uuid, text, jsonb), public.spend_bands()
  from public, anon;
grant execute on function public.import_spend(uuid, text, jsonb), public.spend_bands()
  to authenticated;

-- Sharing ----------------------------------------------------------------------------------------
-- Here and not in 0003, because it writes to all kinds of contribution.

-- The standing of these contributions, as their living receipts say.
create function quorum.standing(owner uuid, items uuid[]) returns table (
  item_id uuid, shared uuid[], banded uuid[], aggregated uuid[], until date
)
language sql stable security definer set search_path = ''
as $$
  select i.item_id,
    coalesce(array_agg(distinct s.consortium_id) filter (where s.level = 'record'), '{}'),
    coalesce(array_agg(distinct s.consortium_id) filter (where s.level = 'band'), '{}'),
    coalesce(array_agg(distinct s.consortium_id) filter (where s.level = 'aggregate'), '{}'),
    min(s.ends_on)
  from unnest(items) as i (item_id)
  left join public.sharing_item c on c.organisation_id = owner and c.item_id = i.item_id
  left join public.sharing s on s.organisation_id = owner and s.id = c.sharing_id
    and s.ended_at is null and s.ends_on >= current_date
  group by i.item_id
$$;

-- Writes that standing onto the rows.
create function quorum.apply_sharings(relation text, owner uuid, items uuid[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if relation = 'assessment' then
    update public.assessment a set shared_with = t.shared, shared_until = t.until
      from quorum.standing(owner, items) t where a.organisation_id = owner and a.id = t.item_id;
  elsif relation = 'site_list' then
    update public.site_list l set shared_with = t.shared, shared_until = t.until
      from quorum.standing(owner, items) t where l.organisation_id = owner and l.id = t.item_id;
    update public.production_site p set shared_with = t.shared, shared_until = t.until
      from quorum.standing(owner, items) t
      where p.organisation_id = owner and p.site_list_id = t.item_id;
  else
    update public.spend s set shared_with = t.shared, banded_with = t.banded,
        aggregated_with = t.aggregated, shared_until = t.until
      from quorum.standing(owner, items) t where s.organisation_id = owner and s.id = t.item_id;
  end if;
end
$$;

-- One act at a time on an organisation's receipts: each computes the standing of rows from all of
-- them, and would otherwise write back what another has just ended.
create function quorum.lock_sharings(owner uuid) returns void
language sql volatile set search_path = ''
as $$ select pg_advisory_xact_lock(hashtextextended(owner::text || 'share', 0)) $$;

-- The caller holds the lock.
create function quorum.end_sharings(owner uuid, ids uuid[], because text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  ended record;
begin
  update public.sharing set ended_at = now(), ended_because = because
    where organisation_id = owner and id = any (ids) and ended_at is null;
  for ended in
    select s.relation, array_agg(distinct i.item_id) as items
    from public.sharing s join public.sharing_item i
      on i.organisation_id = s.organisation_id and i.sharing_id = s.id
    where s.organisation_id = owner and s.id = any (ids)
    group by s.relation
  loop
    perform quorum.apply_sharings(ended.relation, owner, ended.items);
  end loop;
end
$$;

-- Receipts past their day. Rows hide by themselves on that day; this lets the others show again.
create function quorum.end_due_sharings() returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  due record;
begin
  for due in
    select s.organisation_id as owner, array_agg(s.id) as ids
    from public.sharing s where s.ended_at is null and s.ends_on < current_date
    group by s.organisation_id order by s.organisation_id
  loop
    perform quorum.lock_sharings(due.owner);
    perform quorum.end_sharings(due.owner, due.ids, 'end date');
  end loop;
end
$$;

create function public.share(
  sharing_id uuid, relation text, items uuid[], consortium_id uuid, level text, legal_basis text,
  ends_on date, title text
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  owner uuid := quorum.my_organisation();
  owned uuid[];
  fresh uuid[];
begin
  perform quorum.need_editor();
  perform quorum.lock_sharings(owner);
  if exists (select from public.sharing s where s.id = share.sharing_id and s.organisation_id = owner) then
    return (select jsonb_build_object('sharing_id', s.id, 'shared', s.item_count)
      from public.sharing s where s.id = share.sharing_id and s.organisation_id = owner);
  end if;
  if share.consortium_id is null or share.consortium_id <> all (quorum.my_consortia()) then
    raise exception 'Your organisation is not in this consortium.' using errcode = 'Q0004';
  end if;
  if share.ends_on is null or share.ends_on <= current_date
      or share.ends_on > current_date + interval '5 years' then
    perform quorum.refuse('Choose an end date after today and within five years.');
  end if;
  if length(btrim(coalesce(share.legal_basis, ''))) < 3 then
    perform quorum.refuse('Say why this may be shared: the legal basis is missing.');
  end if;
  if share.relation is null or share.relation not in ('assessment', 'site_list', 'spend')
      or share.level is null or share.level not in ('record', 'band', 'aggregate')
      or (share.level <> 'record' and share.relation <> 'spend') then
    perform quorum.refuse('This level does not exist for this kind of contribution.');
  end if;
  if share.relation = 'assessment' then
    select array_agg(a.id) into owned from public.assessment a
      where a.organisation_id = owner and a.id = any (items) and a.status = 'final';
  elsif share.relation = 'site_list' then
    select array_agg(l.id) into owned from public.site_list l
      where l.organisation_id = owner and l.id = any (items);
  else
    select array_agg(s.id) into owned from public.spend s
      where s.organisation_id = owner and s.id = any (items);
  end if;
  if coalesce(cardinality(owned), 0) = 0
      or cardinality(owned) <> (select count(distinct i) from unnest(items) as i) then
    perform quorum.refuse('Only finished contributions of your own organisation can be shared.');
  end if;
  if exists (
    select from public.sharing_item i join public.sharing s
      on s.organisation_id = owner and s.id = i.sharing_id
    where i.organisation_id = owner and i.item_id = any (owned) and s.ended_at is null
      and s.consortium_id = share.consortium_id and s.level <> share.level
  ) then
    perform quorum.refuse('Some of this is already shared with this consortium at another level. Revoke that first.');
  end if;
  select array_agg(o) into fresh from unnest(owned) as o
    where not exists (
      select from public.sharing_item i join public.sharing s
      on s.organisation_id = owner and s.id = i.sharing_id
      where i.organisation_id = owner and i.item_id = o and s.ended_at is null
        and s.consortium_id = share.consortium_id);
  if fresh is null then
    perform quorum.refuse('All of this is already shared with this consortium.');
  end if;
  insert into public.sharing (id, organisation_id, consortium_id, relation, level, legal_basis,
      title, item_count, created_by, ends_on)
    values (share.sharing_id, owner, share.consortium_id, share.relation, share.level,
      btrim(share.legal_basis), coalesce(left(share.title, 300), ''), cardinality(fresh),
      quorum.me(), share.ends_on);
  insert into public.sharing_item (organisation_id, sharing_id, item_id)
    select owner, share.sharing_id, f from unnest(fresh) as f;
  perform quorum.apply_sharings(share.relation, owner, fresh);
  return jsonb_build_object('sharing_id', share.sharing_id, 'shared', cardinality(fresh));
end
$$;

-- Through which of the member's own consortia it sees what others share as a record. Other consortia
-- that see the same are the owner's secret. An item of which any receipt is past its day is hidden
-- until the next look at the counter, and is not named here either.
create function public.shared_through() returns table (
  relation text, organisation_id uuid, item_id uuid, consortium_id uuid
)
language sql stable security definer set search_path = ''
as $$
  select distinct s.relation, s.organisation_id, i.item_id, s.consortium_id
  from public.sharing s
  join public.sharing_item i on i.organisation_id = s.organisation_id and i.sharing_id = s.id
  where s.consortium_id = any ((select quorum.my_consortia())::uuid[])
    and s.organisation_id <> (select quorum.my_organisation())
    and s.level = 'record' and s.ended_at is null and s.ends_on >= current_date
    and not exists (select from public.sharing_item o
      join public.sharing d on d.organisation_id = o.organisation_id and d.id = o.sharing_id
      where o.organisation_id = i.organisation_id and o.item_id = i.item_id
        and d.relation = s.relation and d.ended_at is null and d.ends_on < current_date)
$$;

create function public.revoke_sharing(sharing_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  owner uuid := quorum.my_organisation();
begin
  perform quorum.need_editor();
  perform quorum.lock_sharings(owner);
  if not exists (select from public.sharing s where s.id = revoke_sharing.sharing_id
      and s.organisation_id = owner and s.ended_at is null) then
    perform quorum.refuse('This receipt has already ended.');
  end if;
  perform quorum.end_sharings(owner, array[revoke_sharing.sharing_id], 'revoked');
end
$$;

-- Ends an organisation's membership and, with it, all that it shared there.
create function quorum.end_membership(consortium uuid, organisation uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  ended uuid[];
begin
  -- What the organisation is sharing at this moment ends with the rest, or is refused.
  perform quorum.lock_sharings(organisation);
  perform 1 from public.consortium c where c.id = consortium for update;
  update public.membership m set left_at = now()
    where m.consortium_id = consortium and m.organisation_id = organisation and m.left_at is null;
  if not found then
    perform quorum.refuse('This organisation is not in the consortium any more.');
  end if;
  if exists (select from public.membership m where m.consortium_id = consortium and m.left_at is null)
    and not exists (select from public.membership m where m.consortium_id = consortium
      and m.left_at is null and m.role = 'coordinator') then
    perform quorum.refuse('This is the only coordinator. Make another member coordinator first.');
  end if;
  select array_agg(s.id) into ended from public.sharing s
    where s.organisation_id = organisation and s.consortium_id = consortium and s.ended_at is null;
  if ended is not null then
    perform quorum.end_sharings(organisation, ended, 'left the consortium');
  end if;
  perform quorum.withdraw_invitations(consortium, organisation);
end
$$;

create function public.leave_consortium(consortium_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_admin();
  perform quorum.end_membership(consortium_id, quorum.my_organisation());
end
$$;

create function public.remove_member(consortium_id uuid, organisation_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_admin();
  if remove_member.consortium_id is null
      or remove_member.consortium_id <> all (quorum.my_coordinated()) then
    raise exception 'Only a coordinator of the consortium may remove a member.' using errcode = 'Q0004';
  end if;
  perform quorum.end_membership(remove_member.consortium_id, remove_member.organisation_id);
end
$$;

revoke execute on function
  quorum.standing(uuid, uuid[]), quorum.apply_sharings(text, uuid, uuid[]),
  quorum.lock_sharings(uuid), quorum.end_sharings(uuid, uuid[], text),
  quorum.end_due_sharings(), quorum.end_membership(uuid, uuid) from public, anon;
revoke execute on function
  public.share(uuid, text, uuid[], uuid, text, text, date, text), public.revoke_sharing(uuid),
  public.shared_through(), public.leave_consortium(uuid), public.remove_member(uuid, uuid)
  from public, anon;
grant execute on function
  public.share(uuid, text, uuid[], uuid, text, text, date, text), public.revoke_sharing(uuid),
  public.shared_through(), public.leave_consortium(uuid), public.remove_member(uuid, uuid)
  to authenticated;
