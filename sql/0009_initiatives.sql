-- Initiatives (industry alliances, certificates, rating platforms, codes of conduct): those that an
-- organisation adds, rubrics of its own, its ratings, and who belongs to which initiative. The
-- published ones and their ratings are data files: quorum/definitions/initiatives.toml and rubrics/.

-- Tables -----------------------------------------------------------------------------------------

create table public.initiative (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null default quorum.my_organisation() references public.organisation,
  name text not null check (length(btrim(name)) between 2 and 200),
  kind text not null check (kind in (
    'supplier_code', 'industry', 'multi_stakeholder', 'certification', 'platform', 'monitoring', 'other')),
  description text not null default '' check (length(description) <= 2000),
  website text check (website ~ '^https?://' and length(website) <= 500),
  shared_with uuid[] not null default '{}',
  shared_until date,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  primary key (organisation_id, id)
);
alter table public.initiative alter column description set statistics 0;
create index initiatives_shared on public.initiative using gin (shared_with);
comment on table public.initiative is 'An initiative that an organisation added beside the published ones.';
comment on column public.initiative.id is 'Identifier; the form mints it. As text it is the key that ratings and links name.';
comment on column public.initiative.organisation_id is 'The owner.';
comment on column public.initiative.name is 'Name.';
comment on column public.initiative.kind is 'Supplier code, industry alliance, multi-stakeholder initiative, certification, platform, monitoring, other.';
comment on column public.initiative.description is 'What it does, in the owner''s words.';
comment on column public.initiative.website is 'Website.';
comment on column public.initiative.shared_with is 'Consortia whose members see it. Written by share() only.';
comment on column public.initiative.shared_until is 'The last day on which they do.';
comment on column public.initiative.version is 'Counts edits; an update names the version it saw.';
comment on column public.initiative.created_at is 'When it was added.';

-- An edition never changes once it is there: ratings were given under its words. A new edition is
-- a new row of the same family.
create table public.rubric (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null default quorum.my_organisation() references public.organisation,
  family uuid not null,
  edition integer not null check (edition between 1 and 999),
  title text not null check (length(btrim(title)) between 2 and 200),
  source text not null default '' check (length(source) <= 500),
  criteria jsonb not null
    check (jsonb_typeof(criteria) = 'array' and jsonb_array_length(criteria) between 1 and 12
      and length(criteria::text) <= 20000
      and not jsonb_path_exists(criteria, '$[*].type() ? (@ != "object")')
      and not jsonb_path_exists(criteria, '$[*] ? (!(@.code.type() == "string" && @.label.type() == "string"
        && @.code like_regex "^[a-z][a-z0-9_]{0,39}$" && @.label like_regex "[^ ]"))')),
  valid_from date not null check (valid_from between '2000-01-01' and '2100-01-01'),
  valid_until date check (valid_until >= valid_from),
  shared_with uuid[] not null default '{}',
  shared_until date,
  created_at timestamptz not null default now(),
  primary key (organisation_id, id),
  unique (organisation_id, family, edition)
);
alter table public.rubric alter column criteria set statistics 0;
create index rubrics_shared on public.rubric using gin (shared_with);
comment on table public.rubric is 'An edition of an organisation''s own rubric: what initiatives are rated on, from 0 to 4 in half steps.';
comment on column public.rubric.id is 'Identifier; the form mints it.';
comment on column public.rubric.organisation_id is 'The owner.';
comment on column public.rubric.family is 'The same for all editions of a rubric. As text it is the key that ratings name.';
comment on column public.rubric.edition is 'Counts editions from 1.';
comment on column public.rubric.title is 'Title.';
comment on column public.rubric.source is 'What the rubric is based on.';
comment on column public.rubric.criteria is 'In order: [{code, label, question}].';
comment on column public.rubric.valid_from is 'The first day on which ratings are given under this edition.';
comment on column public.rubric.valid_until is 'The last such day; null while it lasts. Editions never overlap.';
comment on column public.rubric.shared_with is 'Consortia whose members see it. Written by share() only.';
comment on column public.rubric.shared_until is 'The last day on which they do.';
comment on column public.rubric.created_at is 'When it was added.';

-- History is kept: a revision is a new row that names the one it supersedes.
create table public.initiative_rating (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null default quorum.my_organisation() references public.organisation,
  initiative text not null check (initiative ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  rubric text not null check (rubric ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  edition integer not null check (edition between 1 and 999),
  rated_on date not null check (rated_on between '2000-01-01' and '2100-01-01'),
  scores jsonb not null
    check (jsonb_typeof(scores) = 'object' and scores <> '{}' and length(scores::text) <= 60000
      and not jsonb_path_exists(scores, '$.*.type() ? (@ != "object")')
      and not jsonb_path_exists(scores, '$.* ? (!(@.value.type() == "number" && @.value >= 0
        && @.value <= 4 && @.value % 0.5 == 0 && @.rationale.type() == "string"
        && @.rationale like_regex "[^ \\t\\n][^ \\t\\n]"))')),
  evidence text[] not null default '{}' check (cardinality(evidence) <= 20 and '' <> all (evidence)
    and length(array_to_string(evidence, ' ')) <= 10000
    and array_to_string(evidence, ' ', '?') ~ '^(https?://\S+( https?://\S+)*)?$'),
  supersedes uuid,
  shared_with uuid[] not null default '{}',
  shared_until date,
  created_at timestamptz not null default now(),
  primary key (organisation_id, id),
  -- The superseded rating is the owner's own, of the same initiative and rubric, and has one heir.
  unique (organisation_id, initiative, rubric, id),
  foreign key (organisation_id, initiative, rubric, supersedes)
    references public.initiative_rating (organisation_id, initiative, rubric, id),
  unique (organisation_id, supersedes),
  check (supersedes <> id)
);
alter table public.initiative_rating
  alter column scores set statistics 0,
  alter column evidence set statistics 0;
create index ratings_shared on public.initiative_rating using gin (shared_with);
comment on table public.initiative_rating is 'What one organisation thinks of an initiative on a date, criterion by criterion. Never changed, only superseded.';
comment on column public.initiative_rating.id is 'Identifier; the form mints it.';
comment on column public.initiative_rating.organisation_id is 'The rater.';
comment on column public.initiative_rating.initiative is 'Key of the initiative: a published one''s, or the identifier of an added one.';
comment on column public.initiative_rating.rubric is 'Key of the rubric: a published one''s, or the family of an organisation''s own.';
comment on column public.initiative_rating.edition is 'Edition of the rubric.';
comment on column public.initiative_rating.rated_on is 'The day on which the judgement was true.';
comment on column public.initiative_rating.scores is 'By code of the criterion: {value: 0 to 4 in half steps, rationale}.';
comment on column public.initiative_rating.evidence is 'Links to what the judgement rests on.';
comment on column public.initiative_rating.supersedes is 'The earlier rating that this one revises.';
comment on column public.initiative_rating.shared_with is 'Consortia whose members see it. Written by share() only.';
comment on column public.initiative_rating.shared_until is 'The last day on which they do.';
comment on column public.initiative_rating.created_at is 'When it was entered.';

create table public.initiative_link (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null default quorum.my_organisation() references public.organisation,
  initiative text not null check (initiative ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  supplier_id uuid not null references public.supplier,
  site_name text check (length(btrim(site_name)) between 1 and 200),
  site_address text check (length(site_address) between 1 and 200),
  site_country char(2) check (site_country ~ '^[A-Z]{2}$'),
  place_key text check (length(place_key) = 32),
  standing text not null check (standing in ('member', 'certificate')),
  level text check (length(level) <= 200),
  scope text check (length(scope) <= 500),
  valid_from date check (valid_from between '1990-01-01' and '2100-01-01'),
  valid_until date
    check (valid_until between '1990-01-01' and '2100-01-01'),
  source text not null check (length(btrim(source)) between 2 and 500),
  link text check (link ~ '^https?://\S+$' and length(link) <= 500),
  shared_with uuid[] not null default '{}',
  shared_until date,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  primary key (organisation_id, id),
  check (num_nulls(site_name, site_country, place_key) in (0, 3)),
  check (valid_until >= valid_from)
);
alter table public.initiative_link
  alter column scope set statistics 0,
  alter column source set statistics 0,
  alter column link set statistics 0;
create index links_shared on public.initiative_link using gin (shared_with);
create index links_of_supplier on public.initiative_link (organisation_id, supplier_id);
comment on table public.initiative_link is 'A supplier, or one of its production sites, that belongs to an initiative or holds its certificate.';
comment on column public.initiative_link.id is 'Identifier; the form mints it.';
comment on column public.initiative_link.organisation_id is 'The owner of the record.';
comment on column public.initiative_link.initiative is 'Key of the initiative, as in initiative_rating.';
comment on column public.initiative_link.supplier_id is 'The supplier, or whose supply chain the site belongs to.';
comment on column public.initiative_link.site_name is 'The production site; null where the supplier itself is meant.';
comment on column public.initiative_link.site_address is 'Its address.';
comment on column public.initiative_link.site_country is 'Its country, ISO 3166-1 alpha-2.';
comment on column public.initiative_link.place_key is 'Which place it is, as in production_site.';
comment on column public.initiative_link.standing is 'member: belongs to it; certificate: holds one.';
comment on column public.initiative_link.level is 'Level, such as Gold or full member.';
comment on column public.initiative_link.scope is 'What it covers: products, activities, sites.';
comment on column public.initiative_link.valid_from is 'From which day.';
comment on column public.initiative_link.valid_until is 'The last valid day; null where none is stated.';
comment on column public.initiative_link.source is 'Where this was found.';
comment on column public.initiative_link.link is 'Link to the source.';
comment on column public.initiative_link.shared_with is 'Consortia whose members see it. Written by share() only.';
comment on column public.initiative_link.shared_until is 'The last day on which they do.';
comment on column public.initiative_link.version is 'Counts edits; an update names the version it saw.';
comment on column public.initiative_link.created_at is 'When it was entered.';

-- Helpers and triggers ---------------------------------------------------------------------------

-- On one day one edition of a rubric holds, and each of its criteria has a code of its own.
create function quorum.one_edition_a_day() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if (select count(distinct c ->> 'code') from jsonb_array_elements(new.criteria) as c)
      <> jsonb_array_length(new.criteria) then
    perform quorum.refuse('Two criteria have the same code. Give each its own.');
  end if;
  perform pg_advisory_xact_lock(hashtextextended(new.organisation_id::text || new.family::text, 1));
  if exists (select from public.rubric r
      where r.organisation_id = new.organisation_id and r.family = new.family and r.id <> new.id
        and daterange(r.valid_from, r.valid_until, '[]')
          && daterange(new.valid_from, new.valid_until, '[]')) then
    perform quorum.refuse('Another edition of this rubric holds on some of these days. End it first, or begin later.');
  end if;
  return new;
end
$$;
revoke execute on function quorum.one_edition_a_day() from public, anon;

create trigger one_edition_a_day before insert or update of valid_until on public.rubric
  for each row execute function quorum.one_edition_a_day();
-- Sharing is not an edit: it must not turn a colleague's open form into a conflict.
create trigger version before update of name, kind, description, website on public.initiative
  for each row execute function quorum.bump_version();
create trigger version before update of standing, level, scope, valid_from, valid_until, source, link
  on public.initiative_link for each row execute function quorum.bump_version();

select quorum.watch(t::regclass) from unnest(array[
  'public.initiative', 'public.rubric', 'public.initiative_rating', 'public.initiative_link']) as t;

-- Grants -----------------------------------------------------------------------------------------

revoke all on public.initiative, public.rubric, public.initiative_rating, public.initiative_link
  from public, anon, authenticated;
-- Without the columns that say whom else it is shared with: see 0004.
grant select (id, organisation_id, name, kind, description, website, version, created_at)
  on public.initiative to authenticated;
grant select (id, organisation_id, family, edition, title, source, criteria, valid_from,
    valid_until, created_at)
  on public.rubric to authenticated;
grant select (id, organisation_id, initiative, rubric, edition, rated_on, scores, evidence,
    supersedes, created_at)
  on public.initiative_rating to authenticated;
grant select (id, organisation_id, initiative, supplier_id, site_name, site_address, site_country,
    place_key, standing, level, scope, valid_from, valid_until, source, link, version, created_at)
  on public.initiative_link to authenticated;
grant insert (id, name, kind, description, website), update (name, kind, description, website),
  delete on public.initiative to authenticated;
grant insert (id, family, edition, title, source, criteria, valid_from, valid_until),
  update (valid_until), delete on public.rubric to authenticated;
grant insert (id, initiative, rubric, edition, rated_on, scores, evidence, supersedes), delete
  on public.initiative_rating to authenticated;
grant insert (id, initiative, supplier_id, site_name, site_address, site_country, place_key,
    standing, level, scope, valid_from, valid_until, source, link),
  update (standing, level, scope, valid_from, valid_until, source, link), delete
  on public.initiative_link to authenticated;

-- Policies ---------------------------------------------------------------------------------------

alter table public.initiative enable row level security;
alter table public.initiative force row level security;
alter table public.rubric enable row level security;
alter table public.rubric force row level security;
alter table public.initiative_rating enable row level security;
alter table public.initiative_rating force row level security;
alter table public.initiative_link enable row level security;
alter table public.initiative_link force row level security;

create policy "Owners and those it is shared with see an initiative"
  on public.initiative for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));
create policy "Editors add initiatives"
  on public.initiative for insert to authenticated
  with check (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()));
create policy "Editors correct their organisation's initiatives"
  on public.initiative for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation()));
create policy "Editors delete initiatives that are not shared and not in use"
  on public.initiative for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and shared_with = '{}'
    and not exists (select from public.initiative_rating r
      where r.organisation_id = initiative.organisation_id and r.initiative = initiative.id::text)
    and not exists (select from public.initiative_link l
      where l.organisation_id = initiative.organisation_id and l.initiative = initiative.id::text));

create policy "Owners and those it is shared with see a rubric"
  on public.rubric for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));
create policy "Editors add rubrics"
  on public.rubric for insert to authenticated
  with check (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()));
create policy "Editors end their organisation's rubrics"
  on public.rubric for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation()));
create policy "Editors delete rubrics that are not shared and not in use"
  on public.rubric for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and shared_with = '{}'
    and not exists (select from public.initiative_rating r
      where r.organisation_id = rubric.organisation_id and r.rubric = rubric.family::text
        and r.edition = rubric.edition));

create policy "Owners and those it is shared with see a rating"
  on public.initiative_rating for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));
create policy "Editors rate"
  on public.initiative_rating for insert to authenticated
  with check (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()));
create policy "Editors take back ratings that are not shared"
  on public.initiative_rating for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and shared_with = '{}');

create policy "Owners and those it is shared with see a link"
  on public.initiative_link for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));
create policy "Editors record who belongs to what"
  on public.initiative_link for insert to authenticated
  with check (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()));
create policy "Editors correct their organisation's links"
  on public.initiative_link for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation()));
create policy "Editors delete links that are not shared"
  on public.initiative_link for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and shared_with = '{}');

-- Public functions -------------------------------------------------------------------------------

-- Many at once, all or none. rows: the columns of initiative_link that a form gives.
-- Answers {imported: how many, items: their identifiers, so that they can be shared}.
create function public.import_initiative_links(key uuid, rows jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  answer jsonb;
  items jsonb;
begin
  perform quorum.need_editor();
  answer := quorum.earlier_answer(key);
  if answer is not null then
    return answer;
  end if;
  if coalesce(jsonb_array_length(rows), 0) = 0 then
    perform quorum.refuse('The file holds no row that can be stored. Mend the rejected rows and import again.');
  end if;
  with stored as (
    insert into public.initiative_link (organisation_id, initiative, supplier_id, site_name,
        site_address, site_country, place_key, standing, level, scope, valid_from, valid_until,
        source, link)
      select quorum.my_organisation(), r.*
      from jsonb_to_recordset(rows) as r (
        initiative text, supplier_id uuid, site_name text, site_address text, site_country text,
        place_key text, standing text, level text, scope text, valid_from date, valid_until date,
        source text, link text)
      returning id
  )
  select coalesce(jsonb_agg(id), '[]') into items from stored;
  return quorum.keep_answer(key,
    jsonb_build_object('imported', jsonb_array_length(items), 'items', items));
end
$$;
revoke execute on function public.import_initiative_links(uuid, jsonb) from public, anon;
grant execute on function public.import_initiative_links(uuid, jsonb) to authenticated;

-- Sharing ----------------------------------------------------------------------------------------
-- The functions of 0006 with the new kinds of contribution; all else as it was.

alter table public.sharing drop constraint sharing_relation_check;
alter table public.sharing add constraint sharing_relation_check check (relation in (
  'assessment', 'site_list', 'spend', 'initiative', 'rubric', 'initiative_rating', 'initiative_link'));
comment on column public.sharing_item.item_id is 'The contribution of the receipt''s relation.';

create or replace function quorum.apply_sharings(relation text, owner uuid, items uuid[]) returns void
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
  elsif relation = 'initiative' then
    update public.initiative n set shared_with = t.shared, shared_until = t.until
      from quorum.standing(owner, items) t where n.organisation_id = owner and n.id = t.item_id;
  elsif relation = 'rubric' then
    update public.rubric r set shared_with = t.shared, shared_until = t.until
      from quorum.standing(owner, items) t where r.organisation_id = owner and r.id = t.item_id;
  elsif relation = 'initiative_rating' then
    update public.initiative_rating r set shared_with = t.shared, shared_until = t.until
      from quorum.standing(owner, items) t where r.organisation_id = owner and r.id = t.item_id;
  elsif relation = 'initiative_link' then
    update public.initiative_link l set shared_with = t.shared, shared_until = t.until
      from quorum.standing(owner, items) t where l.organisation_id = owner and l.id = t.item_id;
  else
    update public.spend s set shared_with = t.shared, banded_with = t.banded,
        aggregated_with = t.aggregated, shared_until = t.until
      from quorum.standing(owner, items) t where s.organisation_id = owner and s.id = t.item_id;
  end if;
end
$$;

create or replace function public.share(
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
  if share.relation is null or share.relation not in ('assessment', 'site_list', 'spend',
        'initiative', 'rubric', 'initiative_rating', 'initiative_link')
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
  elsif share.relation = 'initiative' then
    select array_agg(n.id) into owned from public.initiative n
      where n.organisation_id = owner and n.id = any (items);
  elsif share.relation = 'rubric' then
    select array_agg(r.id) into owned from public.rubric r
      where r.organisation_id = owner and r.id = any (items);
  elsif share.relation = 'initiative_rating' then
    select array_agg(r.id) into owned from public.initiative_rating r
      where r.organisation_id = owner and r.id = any (items);
  elsif share.relation = 'initiative_link' then
    select array_agg(l.id) into owned from public.initiative_link l
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
