-- Production sites, as lists that somebody published or handed over. A list is the contribution:
-- it is shared or revoked as a whole, and its rows carry a copy of that, for cheap policies.

-- Tables -----------------------------------------------------------------------------------------

create table public.site_list (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null references public.organisation,
  supplier_id uuid not null references public.supplier,
  title text not null check (length(btrim(title)) between 1 and 200),
  source text not null default '' check (length(source) <= 500),
  as_of date not null check (as_of between '1990-01-01' and '2100-01-01'),
  file_name text not null default '' check (length(file_name) <= 300),
  row_count integer not null check (row_count > 0),
  shared_with uuid[] not null default '{}',
  shared_until date,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  primary key (organisation_id, id)
);
create index site_lists_shared on public.site_list using gin (shared_with);
comment on table public.site_list is 'A list of production sites of one supplier, of one date, from one source.';
comment on column public.site_list.id is 'Identifier.';
comment on column public.site_list.organisation_id is 'The owner.';
comment on column public.site_list.supplier_id is 'Whose supply chain the sites belong to.';
comment on column public.site_list.title is 'Title.';
comment on column public.site_list.source is 'Who published it or handed it over.';
comment on column public.site_list.as_of is 'The date of the list''s facts.';
comment on column public.site_list.file_name is 'The file it came in.';
comment on column public.site_list.row_count is 'How many sites it holds.';
comment on column public.site_list.shared_with is 'Consortia whose members see it. Written by share() only.';
comment on column public.site_list.shared_until is 'The last day on which they do.';
comment on column public.site_list.version is 'Counts edits.';
comment on column public.site_list.created_at is 'When it was imported.';

create table public.production_site (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null,
  site_list_id uuid not null,
  supplier_id uuid not null,
  name text not null check (length(name) between 1 and 200),
  address text not null check (length(address) between 1 and 200),
  country char(2) not null check (country ~ '^[A-Z]{2}$'),
  latitude double precision check (latitude between -90 and 90),
  longitude double precision check (longitude between -180 and 180),
  os_id text check (os_id ~ '^[A-Z]{2}[0-9]{7}[A-Z0-9]{6}$'),
  sector text check (length(sector) <= 500),
  product_type text check (length(product_type) <= 500),
  facility_type text check (length(facility_type) <= 500),
  processing_type text check (length(processing_type) <= 500),
  parent_company text check (length(parent_company) <= 500),
  native_language_name text check (length(native_language_name) <= 500),
  workers_min integer check (workers_min >= 0),
  workers_max integer check (workers_max >= workers_min),
  duns_id text check (length(duns_id) <= 20),
  lei_id text check (length(lei_id) <= 20),
  rba_id text check (length(rba_id) <= 50),
  isic_4 text check (length(isic_4) <= 50),
  place_key text not null check (length(place_key) = 32),
  shared_with uuid[] not null default '{}',
  shared_until date,
  primary key (organisation_id, id),
  foreign key (organisation_id, site_list_id) references public.site_list (organisation_id, id) on delete cascade,
  check ((latitude is null) = (longitude is null))
);
create index sites_shared on public.production_site using gin (shared_with);
create index sites_of_list on public.production_site (organisation_id, site_list_id);
-- The sites page reads by name; the tenant stands in the index, so that the policy costs no detour.
create index sites_by_name on public.production_site (name, id, organisation_id);
comment on table public.production_site is 'One row of a site list. Which rows are the same place is decided at reading (quorum/sites.py).';
comment on column public.production_site.id is 'Identifier.';
comment on column public.production_site.organisation_id is 'The owner.';
comment on column public.production_site.site_list_id is 'The list it came in.';
comment on column public.production_site.supplier_id is 'The list''s supplier.';
comment on column public.production_site.name is 'Name of the site.';
comment on column public.production_site.address is 'Address as written in the list.';
comment on column public.production_site.country is 'ISO 3166-1 alpha-2.';
comment on column public.production_site.latitude is 'Degrees north.';
comment on column public.production_site.longitude is 'Degrees east.';
comment on column public.production_site.os_id is 'Open Supply Hub identifier.';
comment on column public.production_site.sector is 'Sectors, several split by |.';
comment on column public.production_site.product_type is 'Product types, several split by |.';
comment on column public.production_site.facility_type is 'Facility types, several split by |.';
comment on column public.production_site.processing_type is 'Processing types, several split by |.';
comment on column public.production_site.parent_company is 'The company that owns the site.';
comment on column public.production_site.native_language_name is 'Name in the local language.';
comment on column public.production_site.workers_min is 'Workers, lower end.';
comment on column public.production_site.workers_max is 'Workers, upper end.';
comment on column public.production_site.duns_id is 'D-U-N-S number.';
comment on column public.production_site.lei_id is 'Legal Entity Identifier.';
comment on column public.production_site.rba_id is 'Responsible Business Alliance identifier.';
comment on column public.production_site.isic_4 is 'ISIC revision 4 class.';
comment on column public.production_site.place_key is 'Hash of normalised country, name and address: equal keys are one place.';
comment on column public.production_site.shared_with is 'Copy of the list''s.';
comment on column public.production_site.shared_until is 'Copy of the list''s.';

create trigger version before update of title, source, as_of on public.site_list
  for each row execute function quorum.bump_version();

-- Grants -----------------------------------------------------------------------------------------

revoke all on public.site_list, public.production_site from public, anon, authenticated;
-- Without the columns that say whom else it is shared with: see 0004.
grant select (id, organisation_id, supplier_id, title, source, as_of, file_name, row_count,
    version, created_at)
  on public.site_list to authenticated;
grant select (id, organisation_id, site_list_id, supplier_id, name, address, country, latitude,
    longitude, os_id, sector, product_type, facility_type, processing_type, parent_company,
    native_language_name, workers_min, workers_max, duns_id, lei_id, rba_id, isic_4, place_key)
  on public.production_site to authenticated;
grant update (title, source, as_of), delete on public.site_list to authenticated;

-- Policies ---------------------------------------------------------------------------------------

alter table public.site_list enable row level security;
alter table public.site_list force row level security;
alter table public.production_site enable row level security;
alter table public.production_site force row level security;

create policy "Owners and those it is shared with see a list"
  on public.site_list for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));
create policy "Editors correct their organisation's lists"
  on public.site_list for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation()));
create policy "Editors delete lists that are not shared"
  on public.site_list for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and shared_with = '{}');

create policy "Owners and those it is shared with see a site"
  on public.production_site for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));

-- Public functions -------------------------------------------------------------------------------

-- A whole list, all or nothing. rows: the columns of production_site from name to place_key.
create function public.import_site_list(
  key uuid, supplier_id uuid, title text, source text, as_of date, file_name text, rows jsonb
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  answer jsonb;
  owner uuid := quorum.my_organisation();
  list_id uuid := gen_random_uuid();
  imported integer;
begin
  perform quorum.need_editor();
  answer := quorum.earlier_answer(key);
  if answer is not null then
    return answer;
  end if;
  if coalesce(case jsonb_typeof(rows) when 'array' then jsonb_array_length(rows) end, 0) = 0 then
    perform quorum.refuse('The list holds no site that can be stored. Mend the rejected rows and import again.');
  end if;
  insert into public.site_list (id, organisation_id, supplier_id, title, source, as_of, file_name, row_count)
    values (list_id, owner, import_site_list.supplier_id, btrim(import_site_list.title),
      coalesce(import_site_list.source, ''), import_site_list.as_of,
      coalesce(import_site_list.file_name, ''), jsonb_array_length(rows));
  insert into public.production_site (organisation_id, site_list_id, supplier_id, name, address,
      country, latitude, longitude, os_id, sector, product_type, facility_type, processing_type,
      parent_company, native_language_name, workers_min, workers_max, duns_id, lei_id, rba_id,
      isic_4, place_key)
    select owner, list_id, import_site_list.supplier_id, r.*
    from jsonb_to_recordset(rows) as r (
      name text, address text, country text, latitude double precision,
      longitude double precision, os_id text, sector text, product_type text, facility_type text,
      processing_type text, parent_company text, native_language_name text, workers_min integer,
      workers_max integer, duns_id text, lei_id text, rba_id text, isic_4 text, place_key text);
  get diagnostics imported = row_count;
  return quorum.keep_answer(key, jsonb_build_object('site_list_id', list_id, 'imported', imported));
end
$$;
revoke execute on function
  public.import_site_list(uuid, uuid, text, text, date, text, jsonb) from public, anon;
grant execute on function
  public.import_site_list(uuid, uuid, text, text, date, text, jsonb) to authenticated;
