-- What guests learn, whose words are whose, and what stays as it was after an event.

-- What guests of an event may notice -------------------------------------------------------------

-- Guests had the buyers' counter, and could read from it how much was said on the buyers' board and
-- what was promised by other suppliers. They get one of their own, which moves with what they see.
alter table quorum.dialogue_room add column guest_counter bigint not null default 1;
comment on column quorum.dialogue_room.guest_counter is 'As counter, but goes up only with what every guest may see.';

create function quorum.tick_guests(dialogue uuid) returns void
language sql volatile security definer set search_path = ''
as $$ update quorum.dialogue_room set guest_counter = guest_counter + 1 where dialogue_id = $1 $$;

-- What the caller's screens compare. A guest sees the commitments of one supplier at most: their
-- versions only grow.
create function quorum.counter_of(dialogue uuid) returns bigint
language sql stable security definer set search_path = ''
as $$
  select case when $1 = any (quorum.my_buyer_dialogues()) then r.counter
    else r.guest_counter + coalesce((
      select sum(c.version) from public.commitment c
      where c.dialogue_id = $1
        and c.dialogue_id::text || c.supplier_id::text = any (quorum.my_represented())), 0)::bigint end
  from quorum.dialogue_room r where r.dialogue_id = $1
$$;

-- Shared questions and notes, and votes for them.
create function quorum.tick_talk() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  dialogues uuid[];
begin
  if tg_table_name = 'dialogue_ballot' then
    dialogues := array(select distinct q.dialogue_id from changed c
      join quorum.dialogue_question q on q.id = c.question_id and q.board = 'shared');
  else
    dialogues := array(select distinct c.dialogue_id from changed c
      where coalesce(to_jsonb(c) ->> 'board', to_jsonb(c) ->> 'audience') = 'shared');
  end if;
  perform quorum.tick_guests(d) from unnest(dialogues) as d;
  return null;
end
$$;
create trigger tick_insert after insert on quorum.dialogue_question referencing new table as changed
  for each statement execute function quorum.tick_talk();
create trigger tick_update after update on quorum.dialogue_question referencing new table as changed
  for each statement execute function quorum.tick_talk();
create trigger tick_delete after delete on quorum.dialogue_question referencing old table as changed
  for each statement execute function quorum.tick_talk();
create trigger tick_insert after insert on quorum.dialogue_note referencing new table as changed
  for each statement execute function quorum.tick_talk();
create trigger tick_update after update on quorum.dialogue_note referencing new table as changed
  for each statement execute function quorum.tick_talk();
create trigger tick_delete after delete on quorum.dialogue_note referencing old table as changed
  for each statement execute function quorum.tick_talk();
create trigger tick_insert after insert on quorum.dialogue_ballot referencing new table as changed
  for each statement execute function quorum.tick_talk();
create trigger tick_delete after delete on quorum.dialogue_ballot referencing old table as changed
  for each statement execute function quorum.tick_talk();

-- Where the event stands, as guests see it: of a stage of the buyers only that one is on.
create function quorum.as_guests_see(room quorum.dialogue_room) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_array(
    (select jsonb_build_array(s.audience,
        case when s.audience = 'all' then s.id end,
        case when s.audience = 'all' then ($1).stage_began_at end)
      from public.dialogue_stage s where s.id = ($1).stage_id),
    quorum.if_shared(($1).question_id))
$$;

create function quorum.tick_place() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if quorum.as_guests_see(new) is distinct from quorum.as_guests_see(old) then
    new.guest_counter := old.guest_counter + 1;
  end if;
  return new;
end
$$;
create trigger tick_place before update of stage_id, question_id, stage_began_at
  on quorum.dialogue_room for each row execute function quorum.tick_place();

-- The plan: a stage of the buyers is nothing to guests, a commitment something to its supplier's.
create function quorum.count_dialogue(dialogue uuid, guests uuid[]) returns void
language sql volatile security definer set search_path = ''
as $$
  select quorum.count_changes(guests || array[quorum.my_organisation(),
    (select d.consortium_id from public.dialogue d where d.id = $1)] || quorum.hosts_of($1))
$$;

create or replace function quorum.count_dialogue(dialogue uuid) returns void
language sql volatile security definer set search_path = ''
as $$ select quorum.count_dialogue($1, array[$1]) $$;

-- The scope of a supplier's people in an event; pulse() makes the same of my_represented().
create function quorum.scope_of_supplier(dialogue uuid, supplier uuid) returns uuid
language sql immutable set search_path = ''
as $$ select md5($1::text || $2::text)::uuid $$;

create or replace function quorum.tick_dialogue() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  changed jsonb := to_jsonb(coalesce(new, old));
  dialogue uuid := coalesce(changed ->> 'dialogue_id', changed ->> 'id')::uuid;
  guests uuid[] := array[dialogue];
begin
  if tg_table_name = 'commitment' then
    guests := array[quorum.scope_of_supplier(dialogue, (changed ->> 'supplier_id')::uuid)];
  elsif tg_table_name = 'commitment_report' then
    guests := array(select quorum.scope_of_supplier(dialogue, c.supplier_id)
      from public.commitment c where c.id = (changed ->> 'commitment_id')::uuid);
  elsif tg_table_name = 'dialogue_stage' and changed ->> 'audience' = 'buyers'
      and coalesce(to_jsonb(old) ->> 'audience', 'buyers') = 'buyers' then
    guests := '{}';
  end if;
  perform quorum.count_dialogue(dialogue, guests);
  perform quorum.tick(dialogue);
  if dialogue = any (guests) then
    perform quorum.tick_guests(dialogue);
  end if;
  return null;
end
$$;

create or replace function public.pulse() returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  session text := nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'session_id';
begin
  if exists (select from public.sharing where ended_at is null and ends_on < current_date) then
    perform quorum.end_due_sharings();
  end if;
  return jsonb_build_object(
    'signed_in', quorum.me() is not null and (session is null or exists (
      select from auth.sessions s where s.id = session::uuid
        and (s.not_after is null or s.not_after > now()))),
    'role', quorum.my_role(),
    'version', (select coalesce(md5(string_agg(scope || ':' || value, ',' order by scope)), '')
      from quorum.change_counter
      where scope = any (quorum.my_consortia() || quorum.my_organisation()
        || quorum.my_guest_dialogues()
        || array(select md5(r)::uuid from unnest(quorum.my_represented()) as r)
        || '00000000-0000-0000-0000-000000000000'::uuid)));
end
$$;

-- A stage of the buyers, to a guest, is none.
create function quorum.if_for_all(stage uuid) returns uuid
language sql stable security definer set search_path = ''
as $$ select s.id from public.dialogue_stage s where s.id = $1 and s.audience = 'all' $$;

revoke execute on function
  quorum.tick_guests(uuid), quorum.counter_of(uuid), quorum.tick_talk(),
  quorum.as_guests_see(quorum.dialogue_room), quorum.tick_place(),
  quorum.count_dialogue(uuid, uuid[]), quorum.scope_of_supplier(uuid, uuid),
  quorum.if_for_all(uuid) from public, anon;

-- As in 0012, with the caller's own counter and without stages that they may not see.
create or replace function public.dialogue_board(dialogue_id uuid, seen bigint) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_dialogue(dialogue_board.dialogue_id);
  buyer boolean := event.id = any (quorum.my_buyer_dialogues());
  me bytea := quorum.my_pseudonym(event.id);
  at bigint := quorum.counter_of(event.id);
begin
  if at = dialogue_board.seen then
    return jsonb_build_object('counter', at);
  end if;
  return jsonb_build_object(
    'counter', at,
    'state', event.state,
    'leads', quorum.leads(event.id),
    'seat', (select jsonb_build_object('id', s.id, 'side', s.side, 'role', s.role)
      from quorum.my_seat(event.id) s where s.id is not null),
    'left', jsonb_build_object('shared', quorum.votes_left(event.id, 'shared'),
      'buyers', quorum.votes_left(event.id, 'buyers')),
    'questions', coalesce((
      select jsonb_agg(jsonb_build_object('id', q.id, 'board', q.board,
        'stage_id', case when buyer then q.stage_id else quorum.if_for_all(q.stage_id) end,
        'supplier_id', q.supplier_id, 'topic', q.topic, 'text', q.text, 'merged_into', q.merged_into,
        'state', q.state, 'votes', q.votes + coalesce(v.votes, 0), 'mine', coalesce(v.mine, false),
        'author', q.author, 'affiliation', q.affiliation,
        'own', coalesce(q.person_id = quorum.me(), false), 'version', q.version)
        order by q.votes + coalesce(v.votes, 0) desc, q.id)
      from quorum.dialogue_question q
      left join (
        select b.question_id, count(*) as votes, bool_or(b.pseudonym = me) as mine
        from quorum.dialogue_ballot b
        join quorum.dialogue_question o on o.id = b.question_id and o.dialogue_id = event.id
        group by b.question_id
      ) v on v.question_id = q.id
      where q.dialogue_id = event.id and (q.board = 'shared' or buyer)), '[]'));
end
$$;

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
        order by n.noted_at desc nulls last, n.ctid desc limit 200) latest), '[]'),
    'commitments', coalesce((
      select jsonb_agg(jsonb_build_object('id', c.id, 'supplier_id', c.supplier_id,
        'owner_id', c.owner_id, 'text', c.text, 'due_on', c.due_on, 'state', c.state)
        order by c.created_at desc)
      from public.commitment c where c.dialogue_id = event.id and (buyer
        or c.dialogue_id::text || c.supplier_id::text = any (quorum.my_represented()))), '[]'));
end
$$;

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
      'noted_at', n.noted_at) order by n.noted_at nulls last, n.id)
    from quorum.dialogue_note n
    where n.dialogue_id = event.id and (n.audience = 'shared' or buyer)), '[]');
end
$$;

-- From the buyers' board to the shared one -------------------------------------------------------

-- What buyers agreed on among themselves is put where suppliers read it. It was not written for
-- them, so it carries the name of whoever puts it there, and votes begin anew.
create function public.share_question(id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  seen quorum.dialogue_question := quorum.need_question(share_question.id);
  event public.dialogue;
begin
  perform quorum.need_lead(seen.dialogue_id);
  event := quorum.need_open_dialogue(seen.dialogue_id);
  if seen.merged_into is not null then
    perform quorum.refuse('This question was merged into another one. Put that one on the shared board.');
  end if;
  if exists (select from public.dialogue_stage s where s.id = seen.stage_id and s.audience = 'buyers') then
    perform quorum.refuse('This question is for a stage of the buyers. Choose another stage for it first.');
  end if;
  if seen.board = 'shared' then
    return;
  end if;
  delete from quorum.dialogue_ballot b where b.question_id = seen.id;
  update quorum.dialogue_question q set board = 'shared', version = q.version + 1,
      author = case when not event.chatham then s.name end,
      affiliation = case when not event.chatham then s.affiliation end,
      person_id = case when not event.chatham then s.person_id end
    from (select) as one left join quorum.my_seat(event.id) s on s.id is not null
    where q.id = seen.id;
  perform quorum.tick(event.id);
end
$$;
revoke execute on function public.share_question(uuid) from public, anon;
grant execute on function public.share_question(uuid) to authenticated;

-- Whose words they are ---------------------------------------------------------------------------

-- Several people may correct a note, but nobody signs for another: it carries the name of whoever
-- wrote it as it stands.
create function quorum.sign_note() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if not new.chatham and old.person_id is distinct from quorum.me() then
    select s.name, s.affiliation, s.person_id into new.author, new.affiliation, new.person_id
      from quorum.my_seat(new.dialogue_id) s;
  end if;
  return new;
end
$$;
create trigger sign before update of text on quorum.dialogue_note
  for each row execute function quorum.sign_note();

-- Whoever comes by a link speaks for no member: members come in with their own account. A link for a
-- reseller may name the supplier that it sells; only somebody of the supplier itself speaks for that
-- without saying so.
create or replace function quorum.sit_down(link public.invitation, person_name text, affiliation text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  speaks_for text := left(coalesce(nullif(btrim(sit_down.affiliation), ''),
    (select s.name from public.supplier s where s.id = link.supplier_id and link.role = 'supplier'),
    ''), 200);
begin
  perform quorum.need_open_invitation(link.dialogue_id, link.role);
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
  insert into public.dialogue_seat (dialogue_id, person_id, side, supplier_id, name, affiliation,
      follows_up)
    select link.dialogue_id, p.id, link.role, link.supplier_id,
      coalesce(nullif(btrim(person_name), ''), p.name), speaks_for,
      exists (select from public.dialogue d where d.id = link.dialogue_id and d.state = 'closed')
    from public.person p where p.id = quorum.me()
  -- Who was in the room stays in it.
  on conflict (dialogue_id, person_id) do update set active = true, side = excluded.side,
    role = excluded.role, supplier_id = excluded.supplier_id, name = excluded.name,
    affiliation = excluded.affiliation,
    follows_up = excluded.follows_up and not (dialogue_seat.active and not dialogue_seat.follows_up);
end
$$;

-- A person's address is the one they signed in with, whatever a form says.
create function quorum.keep_address() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.email := coalesce((select lower(u.email) from auth.users u where u.id = new.id), new.email);
  return new;
end
$$;
create trigger address before insert on public.person
  for each row execute function quorum.keep_address();

-- A seat and a role in an event are an organisation's: whoever works for another one takes a new seat.
create function quorum.free_seats() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.dialogue_seat s set active = false, role = 'participant'
    from public.dialogue d
    where d.id = s.dialogue_id and d.state in ('planned', 'live')
      and s.person_id = old.person_id and s.side = 'buyer' and s.active;
  return null;
end
$$;
create trigger free_seats after delete on public.organisation_role
  for each row execute function quorum.free_seats();

revoke execute on function
  quorum.sign_note(), quorum.keep_address(), quorum.free_seats() from public, anon;

-- Following up for a supplier --------------------------------------------------------------------

-- What a supplier promised is reported on after the event, often by somebody who was not there. Who
-- comes by a link into an event that is over sees the supplier's commitments and nothing else of it.
alter table public.dialogue_seat add column follows_up boolean not null default false;
comment on column public.dialogue_seat.follows_up is 'Came after the event, to report on what the supplier promised: sees nothing else of it.';
grant select (follows_up) on public.dialogue_seat to authenticated;

create or replace function quorum.my_guest_dialogues() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(s.dialogue_id), '{}') from public.dialogue_seat s
  where s.person_id = quorum.me() and s.active and s.side <> 'buyer' and not s.follows_up
$$;

-- As in 0012; and whoever speaks for a supplier reports on what it promised in other events of the
-- same consortium too.
create or replace function quorum.my_represented() returns text[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(distinct p.place), '{}') from (
    select s.dialogue_id::text || s.supplier_id::text as place
    from public.dialogue_seat s
    where s.person_id = quorum.me() and s.active and s.side <> 'buyer' and s.supplier_id is not null
    union all
    select other.id::text || s.supplier_id::text
    from public.dialogue_seat s
    join public.dialogue d on d.id = s.dialogue_id
    join public.dialogue other on other.consortium_id = d.consortium_id
    join public.dialogue_supplier there on there.dialogue_id = other.id
      and there.supplier_id = s.supplier_id
    where s.person_id = quorum.me() and s.active and s.side = 'supplier'
  ) p
$$;

-- The commitment itself is seen by whoever may see it, and by nobody else.
drop policy "Whoever sees a commitment sees what became of it" on public.commitment_report;
create policy "Whoever sees a commitment sees what became of it"
  on public.commitment_report for select to authenticated
  using (exists (select from public.commitment c
    where c.id = commitment_report.commitment_id and c.dialogue_id = commitment_report.dialogue_id));

create or replace function quorum.my_room_suppliers() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(distinct x.supplier_id), '{}') from (
    select s.supplier_id from public.dialogue_supplier s
    where s.dialogue_id = any ((select quorum.my_guest_dialogues())::uuid[])
    union all
    select s.supplier_id from public.dialogue_seat s
    where s.person_id = quorum.me() and s.active and s.side = 'supplier'
  ) x
$$;

create or replace function public.whoami() returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce((
    select jsonb_build_object(
        'person', jsonb_build_object('id', p.id, 'name', p.name, 'email', p.email, 'version', p.version))
      || case when o.id is null then '{"guest": true}' else jsonb_build_object(
        'organisation', jsonb_build_object('id', o.id, 'name', o.name, 'country', o.country,
          'kind', o.kind, 'version', o.version),
        'role', r.role,
        'consortia', coalesce((
          select jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'role', m.role) order by c.name)
          from public.membership m join public.consortium c on c.id = m.consortium_id
          where m.organisation_id = o.id and m.left_at is null), '[]')) end
    from public.person p
    left join public.organisation_role r on r.person_id = p.id
    left join public.organisation o on o.id = r.organisation_id
    where p.id = quorum.me()
      and (o.id is not null or exists (select from public.dialogue_seat s
        where s.person_id = p.id and s.active and s.side <> 'buyer'))), '{}')
$$;

create or replace function public.invite_to_dialogue(
  dialogue_id uuid, side text, supplier_id uuid, note text, days integer
) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  token text := quorum.new_token();
begin
  perform quorum.need_host(invite_to_dialogue.dialogue_id);
  if side is null or side not in ('supplier', 'reseller', 'guest') then
    perform quorum.refuse('Say for whom the guest comes: a supplier, a reseller, or neither.');
  end if;
  perform quorum.need_open_invitation(invite_to_dialogue.dialogue_id, side);
  if side = 'supplier' and invite_to_dialogue.supplier_id is null then
    perform quorum.refuse('Choose the supplier for whom the guest speaks.');
  end if;
  perform quorum.need_place(invite_to_dialogue.dialogue_id, null, invite_to_dialogue.supplier_id);
  insert into public.invitation (organisation_id, dialogue_id, supplier_id, role, note, token_hash,
      expires_at)
    values (quorum.my_organisation(), invite_to_dialogue.dialogue_id,
      case when side <> 'guest' then invite_to_dialogue.supplier_id end, side,
      coalesce(btrim(invite_to_dialogue.note), ''), sha256(convert_to(token, 'UTF8')),
      now() + make_interval(days => greatest(1, least(days, 30))));
  return token;
end
$$;

-- An event that was held still takes people of its suppliers in, to follow up.
create function quorum.need_open_invitation(dialogue uuid, side text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform 1 from public.dialogue d where d.id = dialogue
    and (d.state in ('planned', 'live') or (d.state = 'closed' and side = 'supplier')) for share;
  if not found then
    perform quorum.refuse('This event is over. Only people of its suppliers are still invited, to report on what they promised.');
  end if;
end
$$;
revoke execute on function quorum.need_open_invitation(uuid, text) from public, anon;

-- As in 0012, for whoever sees the commitment, whether or not they see its event.
create or replace function public.report_commitment(
  id uuid, commitment_id uuid, version bigint, state text, note text, evidence text, due_on date
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  promise public.commitment;
  event public.dialogue;
  buyer boolean;
  written bigint;
  reporter text;
begin
  select c.* into promise from public.commitment c where c.id = report_commitment.commitment_id
    and (c.dialogue_id = any (quorum.my_buyer_dialogues())
      or c.dialogue_id::text || c.supplier_id::text = any (quorum.my_represented()))
    for update;
  if promise.id is null then
    raise exception 'This commitment is not there, or you do not take part in its event.' using errcode = 'Q0004';
  end if;
  select d.* into event from public.dialogue d where d.id = promise.dialogue_id;
  buyer := event.id = any (quorum.my_buyer_dialogues());
  if buyer and not (quorum.may_edit() and (promise.owner_id = quorum.my_organisation()
      or event.id = any (quorum.my_hosted_dialogues()))) then
    raise exception 'Only editors of the organisation that follows this up, and of the hosts, may report on it.' using errcode = 'Q0004';
  end if;
  if exists (select from public.commitment_report r where r.id = report_commitment.id
      and r.commitment_id = promise.id) then
    return jsonb_build_object('version', promise.version);
  end if;
  if report_commitment.state is null or report_commitment.state not in
      ('open', 'on_track', 'behind', 'done', 'verified', 'dropped') then
    perform quorum.refuse('Choose a state.');
  end if;
  if not buyer and report_commitment.state not in ('on_track', 'behind', 'done') then
    perform quorum.refuse('Say whether you are on track, behind, or done. Whoever follows it up verifies or drops it.');
  end if;
  if not buyer and promise.state in ('verified', 'dropped') then
    perform quorum.refuse('This commitment is settled already. Ask whoever follows it up to open it again.');
  end if;
  if report_commitment.state = 'dropped' and length(btrim(coalesce(note, ''))) < 3 then
    perform quorum.refuse('Say why the commitment is dropped.');
  end if;
  if report_commitment.state = 'verified' and length(btrim(coalesce(note, ''))) < 3
      and coalesce(evidence, '') = '' then
    perform quorum.refuse('Say what shows that it was done: a note or a link.');
  end if;
  if not buyer and report_commitment.due_on is not null then
    perform quorum.refuse('Whoever follows the commitment up moves its date. Write in the note which one you ask for.');
  end if;
  update public.commitment c set state = report_commitment.state,
      due_on = coalesce(report_commitment.due_on, c.due_on)
    where c.id = promise.id and c.version = report_commitment.version
    returning c.version into written;
  if not found then
    return jsonb_build_object('conflict', jsonb_build_object('state', promise.state,
      'due_on', promise.due_on, 'version', promise.version));
  end if;
  if not event.chatham then
    reporter := (select p.name || coalesce(', ' || coalesce(
        (select o.name from public.organisation o where o.id = quorum.my_organisation()),
        (select nullif(s.affiliation, '') from quorum.my_seat(event.id) s)), '')
      from public.person p where p.id = quorum.me());
  end if;
  insert into public.commitment_report (id, commitment_id, dialogue_id, state, note, evidence, due_on,
      side, author)
    values (report_commitment.id, promise.id, event.id, report_commitment.state,
      coalesce(btrim(note), ''), nullif(btrim(evidence), ''), report_commitment.due_on,
      case when buyer then 'buyer' else 'supplier' end, reporter);
  return jsonb_build_object('version', written);
end
$$;

-- What an event may become -----------------------------------------------------------------------

-- A time far away is a slip, and no client can show it: it would take the page from everybody.
create function quorum.keep_in_our_time() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.starts_at < '2000-01-01' or new.ends_at >= '2100-01-01' then
    perform quorum.refuse('The event lies before the year 2000 or after 2099. Check both dates.');
  end if;
  return new;
end
$$;
create trigger in_our_time before insert or update of starts_at, ends_at on public.dialogue
  for each row execute function quorum.keep_in_our_time();

-- What was said lies in its stages: after the event they stay as they were. Waits for a close.
create function quorum.need_open_agenda() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform quorum.need_open_agenda_of(coalesce(new.dialogue_id, old.dialogue_id));
  return coalesce(new, old);
end
$$;

create function quorum.need_open_agenda_of(dialogue uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform 1 from public.dialogue d where d.id = dialogue and d.state in ('planned', 'live') for share;
  if not found then
    perform quorum.refuse('This event is over: its agenda and its hosts stay as they were.');
  end if;
end
$$;
create trigger open_agenda before insert or update or delete on public.dialogue_stage
  for each row execute function quorum.need_open_agenda();

create or replace function public.add_host(dialogue_id uuid, organisation_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_host(add_host.dialogue_id);
  perform quorum.need_open_agenda_of(add_host.dialogue_id);
  if not exists (select from public.membership m join public.dialogue d on d.consortium_id = m.consortium_id
      where d.id = add_host.dialogue_id and m.organisation_id = add_host.organisation_id
        and m.left_at is null) then
    perform quorum.refuse('Only members of the consortium can invite to its event.');
  end if;
  insert into public.dialogue_host (organisation_id, dialogue_id)
    values (add_host.organisation_id, add_host.dialogue_id) on conflict do nothing;
end
$$;

revoke execute on function
  quorum.keep_in_our_time(), quorum.need_open_agenda(), quorum.need_open_agenda_of(uuid)
  from public, anon;

-- After a consortium was left --------------------------------------------------------------------

-- What an organisation asked in an event stays its own to correct.
drop policy "Editors correct their organisation's uses of leverage" on public.leverage_use;
create policy "Editors correct their organisation's uses of leverage"
  on public.leverage_use for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation()));

create function quorum.need_own_event() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.dialogue_id is distinct from old.dialogue_id and new.dialogue_id is not null
      and new.dialogue_id <> all (quorum.my_buyer_dialogues()) then
    raise exception 'There is no such event, or you do not take part in it.' using errcode = 'Q0004';
  end if;
  return new;
end
$$;
create trigger own_event before update of dialogue_id on public.leverage_use
  for each row execute function quorum.need_own_event();

-- A chart is shared while its owner is a member: whoever is being removed at this moment is waited for.
create function quorum.need_memberships() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  wanted integer := (select count(distinct c) from unnest(new.shared_with) as c);
  held integer := 0;
begin
  select count(*) into held from (
    select from public.membership m
    where m.organisation_id = new.organisation_id and m.left_at is null
      and m.consortium_id = any (new.shared_with)
    for share) as memberships;
  if held < wanted then
    raise exception 'Your organisation is not in this consortium.' using errcode = 'Q0004';
  end if;
  return new;
end
$$;
create trigger memberships before insert or update of shared_with on public.saved_chart
  for each row when (new.shared_with <> '{}') execute function quorum.need_memberships();

revoke execute on function quorum.need_own_event(), quorum.need_memberships() from public, anon;

create or replace function public.schema_number() returns integer
language sql immutable set search_path = ''
as $$ select 15 $$;
