-- What goes to every screen of a live event at each change, and what is asked for once.

-- As in 0015, with the newest 50 notes and not 200: two hundred of them, read out, sent and drawn
-- for sixty screens every few seconds, cost more than all the rest of the room.
create or replace function public.dialogue_room(dialogue_id uuid, seen bigint) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_dialogue(dialogue_room.dialogue_id);
  buyer boolean := event.id = any (quorum.my_buyer_dialogues());
  at bigint := quorum.counter_of(event.id);
  room quorum.dialogue_room;
  stage public.dialogue_stage;
  question quorum.dialogue_question;
begin
  if at = dialogue_room.seen then
    return jsonb_build_object('counter', at, 'now', now());
  end if;
  select r.* into room from quorum.dialogue_room r where r.dialogue_id = event.id;
  select s.* into stage from public.dialogue_stage s
    where s.id = room.stage_id and (s.audience = 'all' or buyer);
  select q.* into question from quorum.dialogue_question q
    where q.id = room.question_id and (q.board = 'shared' or buyer);
  return jsonb_build_object(
    'counter', at,
    'now', now(),
    'state', event.state,
    'leads', quorum.leads(event.id),
    'seat', (select jsonb_build_object('id', s.id, 'side', s.side, 'role', s.role)
      from quorum.my_seat(event.id) s where s.id is not null),
    'among_buyers', not buyer and exists (select from public.dialogue_stage s
      where s.id = room.stage_id and s.audience = 'buyers'),
    'stage_id', stage.id,
    'stage_began_at', case when stage.id is not null then room.stage_began_at end,
    'question', case when question.id is not null then jsonb_build_object('id', question.id,
      'text', question.text, 'topic', question.topic, 'supplier_id', question.supplier_id,
      'state', question.state) end,
    'people', (select count(*) from public.dialogue_seat s where s.dialogue_id = event.id and s.active
      and not s.follows_up),
    'questions', coalesce((
      select jsonb_agg(x) from (
        select jsonb_build_object('id', q.id, 'board', q.board, 'text', q.text, 'topic', q.topic,
          'supplier_id', q.supplier_id, 'stage_id', q.stage_id, 'state', q.state,
          'votes', q.votes + count(b.pseudonym)) as x
        from quorum.dialogue_question q
        left join quorum.dialogue_ballot b on b.question_id = q.id
        where q.dialogue_id = event.id and (q.board = 'shared' or buyer) and q.merged_into is null
          and q.state in ('open', 'asked') and (q.stage_id is null or q.stage_id = stage.id)
        -- Those that were put to the room already after those that wait.
        group by q.id order by q.state = 'asked', q.votes + count(b.pseudonym) desc, q.id
        limit 30) top), '[]'),
    'waiting', (select count(*) from quorum.dialogue_question q
      where q.dialogue_id = event.id and (q.board = 'shared' or buyer) and q.merged_into is null
        and q.state in ('open', 'asked') and (q.stage_id is null or q.stage_id = stage.id)
        and q.id is distinct from question.id),
    -- The newest. Under the Chatham House Rule no time says which these are; where the table keeps
    -- them does, until the close, and it is not told.
    'notes', coalesce((
      select jsonb_agg(x order by noted_at desc nulls last, id) from (
        select n.id, n.noted_at, jsonb_build_object('id', n.id, 'stage_id', n.stage_id,
          'question_id', case when buyer then n.question_id else quorum.if_shared(n.question_id) end,
          'audience', n.audience, 'text', n.text, 'author', n.author, 'affiliation', n.affiliation,
          'own', coalesce(n.person_id = quorum.me(), false), 'version', n.version) as x
        from quorum.dialogue_note n
        where n.dialogue_id = event.id and (n.audience = 'shared' or buyer)
          and n.stage_id is not distinct from stage.id
        order by n.noted_at desc nulls last, n.ctid desc limit 50) latest), '[]'),
    'commitments', coalesce((
      select jsonb_agg(jsonb_build_object('id', c.id, 'supplier_id', c.supplier_id,
        'owner_id', c.owner_id, 'text', c.text, 'due_on', c.due_on, 'state', c.state)
        order by c.created_at desc)
      from public.commitment c where c.dialogue_id = event.id and (buyer
        or c.dialogue_id::text || c.supplier_id::text = any (quorum.my_represented()))), '[]'));
end
$$;

-- As in 0015, and with what it takes to correct a note that the room does not show any more.
create or replace function public.dialogue_notes(dialogue_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_dialogue(dialogue_notes.dialogue_id);
  buyer boolean := event.id = any (quorum.my_buyer_dialogues());
begin
  return coalesce((
    select jsonb_agg(jsonb_build_object('id', n.id,
      'stage_id', case when buyer then n.stage_id else quorum.if_for_all(n.stage_id) end,
      'question_id', case when buyer then n.question_id else quorum.if_shared(n.question_id) end,
      'audience', n.audience, 'text', n.text, 'author', n.author, 'affiliation', n.affiliation,
      'own', coalesce(n.person_id = quorum.me(), false), 'version', n.version,
      'noted_at', n.noted_at) order by n.noted_at nulls last, n.id)
    from quorum.dialogue_note n
    where n.dialogue_id = event.id and (n.audience = 'shared' or buyer)), '[]');
end
$$;

create or replace function public.schema_number() returns integer
language sql immutable set search_path = ''
as $$ select 18 $$;
