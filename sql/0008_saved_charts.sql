-- Saved charts: a question to the data under a name. A chart holds no data: whoever opens it sees
-- the answer that their own rights give. So sharing one needs no receipt, no legal basis and no end
-- date, and is a column that its owner's editors set.

create table public.saved_chart (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null default quorum.my_organisation() references public.organisation,
  name text not null check (length(btrim(name)) between 1 and 200),
  question text not null check (length(question) between 1 and 4000),
  pinned boolean not null default false,
  shared_with uuid[] not null default '{}' check (cardinality(shared_with) <= 50),
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (organisation_id, id)
);
-- A filter may name whom the owner looks at.
alter table public.saved_chart alter column question set statistics 0;
create index saved_charts_shared on public.saved_chart using gin (shared_with);
comment on table public.saved_chart is 'A question to the data under a name: picks and filters, never the answer.';
comment on column public.saved_chart.id is 'Identifier; the form mints it.';
comment on column public.saved_chart.organisation_id is 'The owner.';
comment on column public.saved_chart.name is 'Name.';
comment on column public.saved_chart.question is 'The question as the query of a link, read and checked by quorum/explore.py.';
comment on column public.saved_chart.pinned is 'Whether it stands on the board of those who see it.';
comment on column public.saved_chart.shared_with is 'Consortia whose members see the question; each gets their own answer.';
comment on column public.saved_chart.version is 'Counts edits; an update names the version it saw.';
comment on column public.saved_chart.created_at is 'When it was saved.';
comment on column public.saved_chart.updated_at is 'When it was last edited.';

-- Triggers ---------------------------------------------------------------------------------------

create trigger version before update on public.saved_chart
  for each row execute function quorum.touch();

-- Who leaves a consortium, or is removed, shows it no chart any longer.
create function quorum.withdraw_charts() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.saved_chart set shared_with = array_remove(shared_with, new.consortium_id)
    where organisation_id = new.organisation_id and shared_with @> array[new.consortium_id];
  return null;
end
$$;
create trigger withdraw_charts after update of left_at on public.membership
  for each row when (new.left_at is not null) execute function quorum.withdraw_charts();
revoke execute on function quorum.withdraw_charts() from public, anon;

select quorum.watch('public.saved_chart');

-- Grants -----------------------------------------------------------------------------------------

revoke all on public.saved_chart from public, anon, authenticated;
-- Without whom else it is shared with: chart_consortia() says it as far as a member may know.
grant select (id, organisation_id, name, question, pinned, version, created_at, updated_at)
  on public.saved_chart to authenticated;
grant insert (id, name, question, pinned, shared_with), update (name, question, pinned, shared_with),
  delete on public.saved_chart to authenticated;

-- Policies ---------------------------------------------------------------------------------------

alter table public.saved_chart enable row level security;
alter table public.saved_chart force row level security;

create policy "Owners and those it is shared with see a chart"
  on public.saved_chart for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or shared_with && (select quorum.my_consortia())::uuid[]);
create policy "Editors save charts, and share them where they are members"
  on public.saved_chart for insert to authenticated
  with check (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and shared_with <@ (select quorum.my_consortia())::uuid[]);
create policy "Editors change their organisation's charts"
  on public.saved_chart for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation())
    and shared_with <@ (select quorum.my_consortia())::uuid[]);
create policy "Editors delete their organisation's charts"
  on public.saved_chart for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()));

-- Public functions -------------------------------------------------------------------------------

-- With which of the member's own consortia each chart is shared that it sees.
create function public.chart_consortia() returns table (
  organisation_id uuid, item_id uuid, consortium_id uuid
)
language sql stable security definer set search_path = ''
as $$
  select c.organisation_id, c.id, m
  from public.saved_chart c cross join unnest(c.shared_with) as m
  where m = any ((select quorum.my_consortia())::uuid[])
$$;
revoke execute on function public.chart_consortia() from public, anon;
grant execute on function public.chart_consortia() to authenticated;
