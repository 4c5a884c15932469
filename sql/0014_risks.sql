-- What organisations know of risks to people where things are made: at one supplier, or in a country
-- whoever produces there. Whose finding it is, of when, and who says so.

-- Tables -----------------------------------------------------------------------------------------

create table public.risk (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null default quorum.my_organisation() references public.organisation,
  supplier_id uuid references public.supplier,
  country char(2) check (country ~ '^[A-Z]{2}$'),
  kind text not null check (kind in ('child_labour', 'forced_labour', 'discrimination',
    'association', 'wages', 'health_safety', 'communities')),
  stage text not null default ''
    check (stage in ('', 'raw_materials', 'components', 'assembly', 'transport', 'end_of_life')),
  text text not null check (length(btrim(text)) between 3 and 1000),
  source text not null check (length(btrim(source)) between 3 and 300),
  link text check (link ~ '^https?://\S+$' and length(link) <= 500),
  seen_on date not null check (seen_on between '2000-01-01' and '2100-01-01'),
  shared_with uuid[] not null default '{}',
  shared_until date,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  primary key (organisation_id, id),
  constraint risk_is_somewhere check (supplier_id is not null or country is not null)
);
alter table public.risk
  alter column supplier_id set statistics 0,
  alter column country set statistics 0,
  alter column kind set statistics 0,
  alter column text set statistics 0,
  alter column source set statistics 0,
  alter column link set statistics 0;
create index risks_shared on public.risk using gin (shared_with);
create index risks_of_supplier on public.risk (organisation_id, supplier_id);
comment on table public.risk is 'What is known of a risk to people at a supplier, or in a country whoever produces there.';
comment on column public.risk.id is 'Identifier; the form mints it.';
comment on column public.risk.organisation_id is 'The owner: who recorded it.';
comment on column public.risk.supplier_id is 'At which supplier; null where it concerns a country whoever produces there.';
comment on column public.risk.country is 'Where, ISO 3166-1 alpha-2; null where only the supplier is known.';
comment on column public.risk.kind is 'child_labour, forced_labour, discrimination, association, wages, health_safety or communities.';
comment on column public.risk.stage is 'raw_materials, components, assembly, transport or end_of_life; empty for any or unknown.';
comment on column public.risk.text is 'What is known.';
comment on column public.risk.source is 'Who says so.';
comment on column public.risk.link is 'Web address of the source.';
comment on column public.risk.seen_on is 'The date of the source.';
comment on column public.risk.shared_with is 'Consortia whose members see it. Written by share() only.';
comment on column public.risk.shared_until is 'The last day on which they do.';
comment on column public.risk.version is 'Counts edits; an update names the version it saw.';
comment on column public.risk.created_at is 'When it was entered.';

alter table public.sharing drop constraint sharing_relation_check;
alter table public.sharing add constraint sharing_relation_check check (relation in (
  'assessment', 'site_list', 'spend', 'initiative', 'rubric', 'initiative_rating',
  'initiative_link', 'leverage_use', 'risk'));
create or replace function quorum.kinds() returns text[]
language sql immutable set search_path = ''
as $$
  select array['assessment', 'site_list', 'spend', 'initiative', 'rubric', 'initiative_rating',
    'initiative_link', 'leverage_use', 'risk']
$$;

-- Triggers ---------------------------------------------------------------------------------------

create trigger version before update of supplier_id, country, kind, stage, text, source, link,
  seen_on on public.risk
  for each row execute function quorum.bump_version();
select quorum.watch('public.risk');

-- Grants -----------------------------------------------------------------------------------------

revoke all on public.risk from public, anon, authenticated;
-- Without the columns that say whom else it is shared with: see 0004.
grant select (id, organisation_id, supplier_id, country, kind, stage, text, source, link, seen_on,
    version, created_at),
  insert (id, supplier_id, country, kind, stage, text, source, link, seen_on),
  update (supplier_id, country, kind, stage, text, source, link, seen_on), delete
  on public.risk to authenticated;

-- Policies ---------------------------------------------------------------------------------------

alter table public.risk enable row level security;
alter table public.risk force row level security;

create policy "Owners and those it is shared with see a risk"
  on public.risk for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));
create policy "Editors record risks"
  on public.risk for insert to authenticated
  with check (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()));
create policy "Editors correct their organisation's risks"
  on public.risk for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation()));
create policy "Editors delete risks that are not shared"
  on public.risk for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and shared_with = '{}');

create or replace function public.schema_number() returns integer
language sql immutable set search_path = ''
as $$ select 14 $$;
