-- When the stages of guests begin.

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
as $$ select 17 $$;
