-- When the stages of guests begin, and for whom they speak.

-- For whom a guest speaks --------------------------------------------------------------------------

-- A link for a reseller may name the supplier that it sells; its people are not of that supplier.
-- Only somebody of the supplier itself speaks for it without saying so.
create or replace function quorum.sit_down(link public.invitation, person_name text, affiliation text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  speaks_for text := left(coalesce(nullif(btrim(sit_down.affiliation), ''),
    (select s.name from public.supplier s where s.id = link.supplier_id and link.role = 'supplier'), ''), 200);
begin
  perform quorum.need_open_invitation(link.dialogue_id);
  if link.dialogue_id = any (quorum.my_buyer_dialogues()) then
    perform quorum.refuse('Your organisation is in this consortium: open the event in Quorum and take a seat there.');
  end if;
  if speaks_for = '' then
    perform quorum.refuse('Write the name of your own organisation or company: the others in the event see it beside your name.');
  end if;
  if exists (select from public.dialogue d
      join public.membership m on m.consortium_id = d.consortium_id and m.left_at is null
      join public.organisation o on o.id = m.organisation_id
      where d.id = link.dialogue_id and lower(btrim(o.name)) = lower(speaks_for)) then
    perform quorum.refuse('A guest does not speak for a member of the consortium. Write the name of your own company; people of a member sign in with their own account.');
  end if;
  insert into public.dialogue_seat (dialogue_id, person_id, side, supplier_id, name, affiliation)
    select link.dialogue_id, p.id, link.role, link.supplier_id,
      coalesce(nullif(btrim(person_name), ''), p.name), speaks_for
    from public.person p where p.id = quorum.me()
  on conflict (dialogue_id, person_id) do update set active = true, side = excluded.side,
    role = excluded.role, supplier_id = excluded.supplier_id, name = excluded.name,
    affiliation = excluded.affiliation;
end
$$;

-- When a stage begins ------------------------------------------------------------------------------

-- Guests do not see the stages among buyers, but have to know when their own begin. Of what lies
-- before one of theirs they learn how long it lasts, together, and nothing else; of what comes after
-- the last of theirs nothing at all. In the order of the agenda: id (null: buyers among themselves)
-- and minutes.
create function public.dialogue_times(dialogue_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_dialogue(dialogue_times.dialogue_id);
begin
  return coalesce((
    with stage as (
      select s.id, s.minutes, s.audience = 'all' as open_to_all,
        row_number() over (order by s.position, s.id) as place,
        count(*) filter (where s.audience = 'all') over (order by s.position, s.id) as opened
      from public.dialogue_stage s where s.dialogue_id = event.id
    ), part as (
      select min(case when open_to_all then id::text end) as id, sum(minutes) as minutes,
        min(place) as place, open_to_all
      from stage group by opened, open_to_all
    )
    select jsonb_agg(jsonb_build_object('id', p.id, 'minutes', p.minutes) order by p.place)
    from part p
    where p.place <= (select max(place) from part where open_to_all)), '[]');
end
$$;

revoke execute on function public.dialogue_times(uuid) from public, anon;
grant execute on function public.dialogue_times(uuid) to authenticated;

create or replace function public.schema_number() returns integer
language sql immutable set search_path = ''
as $$ select 15 $$;
