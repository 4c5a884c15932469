-- The register of suppliers: reference data that every member reads. It says nothing about who
-- buys what, and carries neither a creator nor a time by which one could be guessed.

-- Tables -----------------------------------------------------------------------------------------

create table public.supplier (
  id uuid primary key default gen_random_uuid(),
  name text not null check (length(btrim(name)) between 1 and 200),
  kind text not null check (kind in ('brand', 'manufacturer', 'reseller', 'other')),
  country char(2) check (country ~ '^[A-Z]{2}$'),
  lei text unique check (lei ~ '^[A-Z0-9]{18}[0-9]{2}$'),
  vat text unique check (length(vat) between 4 and 20),
  registry_number text unique check (length(registry_number) between 2 and 60),
  website text check (website ~ '^https?://' and length(website) <= 500),
  parent_id uuid references public.supplier,
  merged_into uuid references public.supplier,
  version bigint not null default 1,
  check (parent_id <> id),
  check (merged_into <> id)
);
create index suppliers_by_parent on public.supplier (parent_id);
create index suppliers_by_merge on public.supplier (merged_into);
comment on table public.supplier is 'The register: brands, manufacturers and resellers that public buyers deal with.';
comment on column public.supplier.id is 'Identifier. Contributions keep the one they were written with, merged or not.';
comment on column public.supplier.name is 'Trading name.';
comment on column public.supplier.kind is 'brand, manufacturer, reseller or other.';
comment on column public.supplier.country is 'Seat, ISO 3166-1 alpha-2.';
comment on column public.supplier.lei is 'Legal Entity Identifier, ISO 17442.';
comment on column public.supplier.vat is 'VAT number with its country prefix.';
comment on column public.supplier.registry_number is 'Business register and number as an org-id, e.g. NL-KVK-12345678.';
comment on column public.supplier.website is 'Website.';
comment on column public.supplier.parent_id is 'The brand or group it belongs to.';
comment on column public.supplier.merged_into is 'The entry that stands for it since a merge; null for a living entry.';
comment on column public.supplier.version is 'Counts edits; an update names the version it saw.';

create table public.supplier_merge (
  id uuid primary key default gen_random_uuid(),
  kept_id uuid not null references public.supplier,
  merged_id uuid not null references public.supplier,
  moved uuid[] not null default '{}',
  reason text not null default '' check (length(reason) <= 500),
  undone boolean not null default false
);
create index merges_of_kept on public.supplier_merge (kept_id);
create index merges_of_merged on public.supplier_merge (merged_id);
comment on table public.supplier_merge is 'Which entries were found to be the same supplier. Nothing moves, so a merge can be undone.';
comment on column public.supplier_merge.id is 'Identifier.';
comment on column public.supplier_merge.kept_id is 'The entry that stays.';
comment on column public.supplier_merge.merged_id is 'The entry that now points to it.';
comment on column public.supplier_merge.moved is 'Entries that were merged into the merged one earlier and follow it.';
comment on column public.supplier_merge.reason is 'Why they are the same.';
comment on column public.supplier_merge.undone is 'Whether the merge was taken back.';

create table public.supplier_turnover (
  id uuid primary key default gen_random_uuid(),
  supplier_id uuid not null references public.supplier,
  year integer not null check (year between 1990 and 2100),
  amount numeric(15, 2) not null check (amount > 0 and amount < 1e13),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  source text not null check (length(btrim(source)) between 2 and 300),
  link text check (link ~ '^https?://' and length(link) <= 500),
  version bigint not null default 1,
  unique (supplier_id, year)
);
comment on table public.supplier_turnover is 'A supplier''s published turnover in a year, with its source: what spend is a share of.';
comment on column public.supplier_turnover.id is 'Identifier.';
comment on column public.supplier_turnover.supplier_id is 'The supplier.';
comment on column public.supplier_turnover.year is 'Calendar or financial year.';
comment on column public.supplier_turnover.amount is 'Turnover in whole currency units.';
comment on column public.supplier_turnover.currency is 'ISO 4217.';
comment on column public.supplier_turnover.source is 'Where the figure was published.';
comment on column public.supplier_turnover.link is 'Link to the source.';
comment on column public.supplier_turnover.version is 'Counts edits.';

-- Helpers ----------------------------------------------------------------------------------------

create function quorum.is_member() returns boolean
language sql stable security definer set search_path = ''
as $$ select quorum.my_organisation() is not null $$;
revoke execute on function quorum.is_member() from public, anon;
grant execute on function quorum.is_member() to authenticated;

create trigger version before update of name, kind, country, lei, vat, registry_number, website,
  parent_id on public.supplier for each row execute function quorum.bump_version();
create trigger version before update on public.supplier_turnover
  for each row execute function quorum.bump_version();

-- Grants -----------------------------------------------------------------------------------------

revoke all on public.supplier, public.supplier_merge, public.supplier_turnover
  from public, anon, authenticated;
grant select on public.supplier, public.supplier_merge, public.supplier_turnover to authenticated;
grant insert (id, name, kind, country, lei, vat, registry_number, website, parent_id),
  update (name, kind, country, lei, vat, registry_number, website, parent_id)
  on public.supplier to authenticated;
grant insert (id, supplier_id, year, amount, currency, source, link),
  update (amount, currency, source, link), delete on public.supplier_turnover to authenticated;

-- Policies ---------------------------------------------------------------------------------------

alter table public.supplier enable row level security;
alter table public.supplier force row level security;
alter table public.supplier_merge enable row level security;
alter table public.supplier_merge force row level security;
alter table public.supplier_turnover enable row level security;
alter table public.supplier_turnover force row level security;

create policy "Members read the register"
  on public.supplier for select to authenticated using ((select quorum.is_member()));
create policy "Editors add suppliers"
  on public.supplier for insert to authenticated with check ((select quorum.may_edit()));
create policy "Editors correct suppliers"
  on public.supplier for update to authenticated
  using ((select quorum.may_edit())) with check ((select quorum.may_edit()));

create policy "Members read merges"
  on public.supplier_merge for select to authenticated using ((select quorum.is_member()));

create policy "Members read turnover"
  on public.supplier_turnover for select to authenticated using ((select quorum.is_member()));
create policy "Editors add turnover"
  on public.supplier_turnover for insert to authenticated with check ((select quorum.may_edit()));
create policy "Editors correct turnover"
  on public.supplier_turnover for update to authenticated
  using ((select quorum.may_edit())) with check ((select quorum.may_edit()));
create policy "Editors remove turnover"
  on public.supplier_turnover for delete to authenticated using ((select quorum.may_edit()));

-- Public functions -------------------------------------------------------------------------------

-- Chains stay flat: whatever pointed to the merged entry follows it, and is remembered for undo.
create function public.merge_suppliers(kept uuid, merged uuid, reason text) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  moved_ids uuid[];
  merge_id uuid;
begin
  perform quorum.need_editor();
  perform pg_advisory_xact_lock(hashtext('quorum.merge_suppliers'));
  if kept = merged or (select count(*) from public.supplier
      where id in (kept, merged) and merged_into is null) <> 2 then
    perform quorum.refuse('Choose two different suppliers, neither of them merged already.');
  end if;
  with moved as (
    update public.supplier set merged_into = kept where merged_into = merged returning id
  )
  select coalesce(array_agg(id), '{}') into moved_ids from moved;
  update public.supplier set merged_into = kept where id = merged;
  insert into public.supplier_merge (kept_id, merged_id, moved, reason)
    values (kept, merged, moved_ids, coalesce(btrim(merge_suppliers.reason), '')) returning id into merge_id;
  return merge_id;
end
$$;

create function public.undo_merge(merge_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  undone_merge public.supplier_merge;
begin
  perform quorum.need_editor();
  perform pg_advisory_xact_lock(hashtext('quorum.merge_suppliers'));
  select * into undone_merge from public.supplier_merge where id = merge_id and not undone;
  -- Only while nothing was built on it: otherwise the later merge has to be undone first.
  if undone_merge.id is null or not exists (select from public.supplier
      where id = undone_merge.merged_id and merged_into = undone_merge.kept_id)
    or exists (select from public.supplier
      where id = undone_merge.kept_id and merged_into is not null) then
    perform quorum.refuse('This merge cannot be undone now: undo the later merge of the same supplier first.');
  end if;
  update public.supplier set merged_into = null where id = undone_merge.merged_id;
  update public.supplier set merged_into = undone_merge.merged_id
    where id = any (undone_merge.moved) and merged_into = undone_merge.kept_id;
  update public.supplier_merge set undone = true where id = merge_id;
end
$$;

revoke execute on function public.merge_suppliers(uuid, uuid, text), public.undo_merge(uuid)
  from public, anon;
grant execute on function public.merge_suppliers(uuid, uuid, text), public.undo_merge(uuid)
  to authenticated;
