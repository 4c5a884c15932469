-- What came to light when both doors were compared: see docs/decisions/0006 and 0009.

-- Amounts ----------------------------------------------------------------------------------------

-- PostgreSQL counts NaN as a number, greater than any other; a line that holds it names no amount,
-- and whoever reads it beside other lines could not read those either.
update public.spend set amount = 0 where amount = 'NaN';
alter table public.spend add constraint spend_amount_is_a_number
  check (amount > -1e13 and amount < 1e13);

-- Functions --------------------------------------------------------------------------------------

-- Each row once, however often the owner named the consortium: the Supabase door reads long tables
-- page by page, and tells their rows apart.
create or replace function public.chart_consortia() returns table (
  organisation_id uuid, item_id uuid, consortium_id uuid
)
language sql stable security definer set search_path = ''
as $$
  select distinct c.organisation_id, c.id, m
  from public.saved_chart c cross join unnest(c.shared_with) as m
  where m = any ((select quorum.my_consortia())::uuid[])
$$;

-- As in 0006, and a receipt that its owner has revoked may be revoked again: whoever did not get the
-- first answer asks a second time.
create or replace function public.revoke_sharing(sharing_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  owner uuid := quorum.my_organisation();
  receipt public.sharing;
begin
  perform quorum.need_editor();
  perform quorum.lock_sharings(owner);
  select * into receipt from public.sharing s
    where s.id = revoke_sharing.sharing_id and s.organisation_id = owner;
  if receipt.ended_because = 'revoked' then
    return;
  end if;
  if receipt.id is null or receipt.ended_at is not null then
    perform quorum.refuse('This receipt has already ended.');
  end if;
  perform quorum.end_sharings(owner, array[revoke_sharing.sharing_id], 'revoked');
end
$$;

create or replace function public.schema_number() returns integer
language sql immutable set search_path = ''
as $$ select 16 $$;
