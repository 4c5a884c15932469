-- Joint supplier dialogues: events of a consortium, who sits in them, what is asked, noted and
-- promised, and what organisations did with their leverage besides.
--
-- What is said (questions, notes, votes) lies in the schema quorum, where no API reaches it: functions
-- write it and read it out. Under the Chatham House Rule its rows carry no person, organisation or
-- time, and leave no trace in the audit trail, in idempotency keys or in anybody's counter; see
-- docs/decisions/0007.

-- Tables: the plan -------------------------------------------------------------------------------

create table public.dialogue (
  id uuid primary key,
  consortium_id uuid not null references public.consortium,
  title text not null check (length(btrim(title)) between 2 and 200),
  aim text not null default '' check (length(aim) <= 2000),
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  time_zone text not null check (time_zone ~ '^[A-Za-z0-9_+/-]{1,60}$'),
  place text not null default '' check (length(place) <= 500),
  link text check (link ~ '^https?://\S+$' and length(link) <= 500),
  chatham boolean not null,
  state text not null default 'planned' check (state in ('planned', 'live', 'closed', 'cancelled')),
  votes_each integer not null default 3 check (votes_each between 1 and 20),
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  closed_at timestamptz,
  unique (id, chatham),
  constraint dialogue_ends_after_it_starts check (ends_at > starts_at),
  constraint dialogue_is_not_endless check (ends_at - starts_at <= interval '14 days'),
  check ((closed_at is null) = (state in ('planned', 'live')))
);
create index dialogues_of_consortium on public.dialogue (consortium_id, starts_at);
comment on table public.dialogue is 'An event in which members of a consortium meet suppliers. Seen by the members, and by guests who hold a seat in it.';
comment on column public.dialogue.id is 'Identifier.';
comment on column public.dialogue.consortium_id is 'Whose event it is.';
comment on column public.dialogue.title is 'Title.';
comment on column public.dialogue.aim is 'What should come of it.';
comment on column public.dialogue.starts_at is 'When it begins.';
comment on column public.dialogue.ends_at is 'When it ends.';
comment on column public.dialogue.time_zone is 'The zone of its place (IANA name): in it times are shown.';
comment on column public.dialogue.place is 'Where.';
comment on column public.dialogue.link is 'Link of the video meeting.';
comment on column public.dialogue.chatham is 'Whether the Chatham House Rule holds: nothing said carries a name.';
comment on column public.dialogue.state is 'planned, live, closed or cancelled.';
comment on column public.dialogue.votes_each is 'How many questions each person may vote for, per board.';
comment on column public.dialogue.version is 'Counts edits; an update names the version it saw.';
comment on column public.dialogue.created_at is 'When it was planned.';
comment on column public.dialogue.closed_at is 'When it was closed or cancelled.';

create table public.dialogue_host (
  organisation_id uuid not null references public.organisation,
  dialogue_id uuid not null references public.dialogue,
  primary key (organisation_id, dialogue_id)
);
create index hosts_of_dialogue on public.dialogue_host (dialogue_id);
comment on table public.dialogue_host is 'The organisations that invite: their editors plan, run and close the event.';
comment on column public.dialogue_host.organisation_id is 'The organisation.';
comment on column public.dialogue_host.dialogue_id is 'The event.';

create table public.dialogue_supplier (
  dialogue_id uuid not null references public.dialogue,
  supplier_id uuid not null references public.supplier,
  primary key (dialogue_id, supplier_id)
);
create index dialogues_of_supplier on public.dialogue_supplier (supplier_id);
comment on table public.dialogue_supplier is 'With which suppliers an event is held.';
comment on column public.dialogue_supplier.dialogue_id is 'The event.';
comment on column public.dialogue_supplier.supplier_id is 'The supplier.';

create table public.dialogue_stage (
  id uuid primary key default gen_random_uuid(),
  dialogue_id uuid not null references public.dialogue,
  position integer not null check (position between 0 and 1000),
  title text not null check (length(btrim(title)) between 2 and 200),
  purpose text not null default '' check (length(purpose) <= 1000),
  minutes integer not null check (minutes between 1 and 1440),
  audience text not null check (audience in ('all', 'buyers')),
  version bigint not null default 1
);
create index stages_of_dialogue on public.dialogue_stage (dialogue_id, position);
comment on table public.dialogue_stage is 'The agenda: one part after the other.';
comment on column public.dialogue_stage.id is 'Identifier.';
comment on column public.dialogue_stage.dialogue_id is 'The event.';
comment on column public.dialogue_stage.position is 'Its place in the order.';
comment on column public.dialogue_stage.title is 'Title.';
comment on column public.dialogue_stage.purpose is 'What it is for.';
comment on column public.dialogue_stage.minutes is 'How long it is planned to last.';
comment on column public.dialogue_stage.audience is 'all, or buyers: guests do not see that stage.';
comment on column public.dialogue_stage.version is 'Counts edits.';

create table public.dialogue_seat (
  id uuid primary key default gen_random_uuid(),
  dialogue_id uuid not null references public.dialogue,
  person_id uuid not null references public.person,
  side text not null check (side in ('buyer', 'supplier', 'reseller', 'guest')),
  role text not null default 'participant'
    check (role in ('facilitator', 'note_taker', 'speaker', 'participant')),
  supplier_id uuid references public.supplier,
  name text not null check (length(btrim(name)) between 1 and 200),
  affiliation text not null default '' check (length(affiliation) <= 200),
  active boolean not null default true,
  unique (dialogue_id, person_id),
  check (side <> 'buyer' or supplier_id is null)
);
create index seats_of_person on public.dialogue_seat (person_id) where active;
comment on table public.dialogue_seat is 'Who takes part. Carries no time: it would say who was there when.';
comment on column public.dialogue_seat.id is 'Identifier.';
comment on column public.dialogue_seat.dialogue_id is 'The event.';
comment on column public.dialogue_seat.person_id is 'The account; nobody reads it.';
comment on column public.dialogue_seat.side is 'buyer: of a member organisation; supplier, reseller, guest: came by a link and sees this event only.';
comment on column public.dialogue_seat.role is 'facilitator, note_taker, speaker or participant.';
comment on column public.dialogue_seat.supplier_id is 'For whom a guest speaks.';
comment on column public.dialogue_seat.name is 'Name as the others in the room see it.';
comment on column public.dialogue_seat.affiliation is 'Organisation or company, as the others in the room see it.';
comment on column public.dialogue_seat.active is 'False when the person has left or was taken off the list.';

create table public.commitment (
  id uuid primary key,
  dialogue_id uuid not null,
  supplier_id uuid not null,
  owner_id uuid not null references public.organisation,
  text text not null check (length(btrim(text)) between 3 and 1000),
  first_due_on date not null check (first_due_on between '2000-01-01' and '2100-01-01'),
  due_on date not null check (due_on between '2000-01-01' and '2100-01-01'),
  state text not null default 'open'
    check (state in ('open', 'on_track', 'behind', 'done', 'verified', 'dropped')),
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  unique (id, dialogue_id),
  foreign key (dialogue_id, supplier_id) references public.dialogue_supplier (dialogue_id, supplier_id)
);
create index commitments_of_dialogue on public.commitment (dialogue_id, supplier_id);
comment on table public.commitment is 'What a supplier promised in an event. Seen by the consortium and by the supplier''s own people.';
comment on column public.commitment.id is 'Identifier; the form mints it.';
comment on column public.commitment.dialogue_id is 'Where it was promised.';
comment on column public.commitment.supplier_id is 'Who promised.';
comment on column public.commitment.owner_id is 'The organisation that follows it up.';
comment on column public.commitment.text is 'What was promised.';
comment on column public.commitment.first_due_on is 'The day that was promised first.';
comment on column public.commitment.due_on is 'The day that holds now.';
comment on column public.commitment.state is 'open, on_track, behind, done (says the supplier), verified (says the owner), dropped.';
comment on column public.commitment.version is 'Counts edits; a report names the version it saw.';
comment on column public.commitment.created_at is 'When it was written down.';

create table public.commitment_report (
  id uuid primary key,
  commitment_id uuid not null,
  dialogue_id uuid not null,
  state text not null check (state in ('open', 'on_track', 'behind', 'done', 'verified', 'dropped')),
  note text not null default '' check (length(note) <= 2000),
  evidence text check (evidence ~ '^https?://\S+$' and length(evidence) <= 500),
  due_on date,
  side text not null check (side in ('buyer', 'supplier')),
  author text,
  created_at timestamptz not null default now(),
  foreign key (commitment_id, dialogue_id) references public.commitment (id, dialogue_id)
);
create index reports_of_commitment on public.commitment_report (commitment_id, created_at);
comment on table public.commitment_report is 'What became of a commitment: one row per report, never changed.';
comment on column public.commitment_report.id is 'Identifier; the form mints it.';
comment on column public.commitment_report.commitment_id is 'The commitment.';
comment on column public.commitment_report.dialogue_id is 'Its event.';
comment on column public.commitment_report.state is 'The state from then on.';
comment on column public.commitment_report.note is 'What was done, or why not.';
comment on column public.commitment_report.evidence is 'Link to what shows it.';
comment on column public.commitment_report.due_on is 'The new day, where the report moves it.';
comment on column public.commitment_report.side is 'Whether the supplier or a buyer reported.';
comment on column public.commitment_report.author is 'Who reported; null for an event under the Chatham House Rule.';
comment on column public.commitment_report.created_at is 'When.';

create table public.leverage_use (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null default quorum.my_organisation() references public.organisation,
  supplier_id uuid not null references public.supplier,
  asked_on date not null check (asked_on between '2000-01-01' and '2100-01-01'),
  asked text not null check (length(btrim(asked)) between 3 and 1000),
  channel text not null
    check (channel in ('meeting', 'letter', 'tender', 'contract', 'dialogue', 'other')),
  jointly boolean not null,
  together_with text not null default '' check (length(together_with) <= 500),
  dialogue_id uuid references public.dialogue,
  outcome text not null default 'none_yet'
    check (outcome in ('none_yet', 'refused', 'promised', 'partly', 'done')),
  outcome_text text not null default '' check (length(outcome_text) <= 1000),
  outcome_on date check (outcome_on between '2000-01-01' and '2100-01-01'),
  shared_with uuid[] not null default '{}',
  shared_until date,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  primary key (organisation_id, id),
  check (jointly or together_with = ''),
  check (outcome_on >= asked_on),
  check ((outcome = 'none_yet') = (outcome_on is null))
);
alter table public.leverage_use
  alter column supplier_id set statistics 0,
  alter column asked set statistics 0,
  alter column outcome_text set statistics 0;
create index leverage_uses_shared on public.leverage_use using gin (shared_with);
create index leverage_uses_of_supplier on public.leverage_use (organisation_id, supplier_id);
comment on table public.leverage_use is 'Leverage that was used: who asked what of which supplier, and what came of it.';
comment on column public.leverage_use.id is 'Identifier; the form mints it.';
comment on column public.leverage_use.organisation_id is 'The owner: who asked.';
comment on column public.leverage_use.supplier_id is 'Of whom.';
comment on column public.leverage_use.asked_on is 'When.';
comment on column public.leverage_use.asked is 'What was asked.';
comment on column public.leverage_use.channel is 'meeting, letter, tender, contract, dialogue or other.';
comment on column public.leverage_use.jointly is 'Whether it was asked together with others.';
comment on column public.leverage_use.together_with is 'With whom, in the owner''s words.';
comment on column public.leverage_use.dialogue_id is 'The event in which it was asked, where it was in one.';
comment on column public.leverage_use.outcome is 'none_yet, refused, promised, partly or done.';
comment on column public.leverage_use.outcome_text is 'What came of it.';
comment on column public.leverage_use.outcome_on is 'When that was known.';
comment on column public.leverage_use.shared_with is 'Consortia whose members see it. Written by share() only.';
comment on column public.leverage_use.shared_until is 'The last day on which they do.';
comment on column public.leverage_use.version is 'Counts edits; an update names the version it saw.';
comment on column public.leverage_use.created_at is 'When it was entered.';

alter table public.sharing drop constraint sharing_relation_check;
alter table public.sharing add constraint sharing_relation_check check (relation in (
  'assessment', 'site_list', 'spend', 'initiative', 'rubric', 'initiative_rating',
  'initiative_link', 'leverage_use'));
create or replace function quorum.kinds() returns text[]
language sql immutable set search_path = ''
as $$
  select array['assessment', 'site_list', 'spend', 'initiative', 'rubric', 'initiative_rating',
    'initiative_link', 'leverage_use']
$$;

-- Tables: what is said ---------------------------------------------------------------------------

create table quorum.dialogue_room (
  dialogue_id uuid primary key references public.dialogue,
  counter bigint not null default 1,
  stage_id uuid,
  question_id uuid,
  stage_began_at timestamptz
);
comment on table quorum.dialogue_room is 'Where an event stands, and a counter that tells its screens when to look again.';
comment on column quorum.dialogue_room.dialogue_id is 'The event.';
comment on column quorum.dialogue_room.counter is 'Goes up with everything that somebody in the room may see; says nothing of who did it.';
comment on column quorum.dialogue_room.stage_id is 'The stage that is on.';
comment on column quorum.dialogue_room.question_id is 'The question that is being answered.';
comment on column quorum.dialogue_room.stage_began_at is 'Since when.';

-- A table of its own, so that backups can leave it out.
create table quorum.dialogue_key (
  dialogue_id uuid primary key references public.dialogue,
  key bytea not null
);
comment on table quorum.dialogue_key is 'Makes pseudonyms for voting; destroyed when the event is closed.';
comment on column quorum.dialogue_key.dialogue_id is 'The event.';
comment on column quorum.dialogue_key.key is '256 random bits.';

create table quorum.dialogue_question (
  id uuid primary key,
  dialogue_id uuid not null,
  chatham boolean not null,
  board text not null check (board in ('shared', 'buyers')),
  stage_id uuid,
  supplier_id uuid references public.supplier,
  topic text not null default '' check (length(topic) <= 100),
  text text not null check (length(btrim(text)) between 3 and 1000),
  merged_into uuid,
  state text not null default 'open' check (state in ('open', 'asked', 'answered', 'dropped')),
  votes integer not null default 0,
  author text,
  affiliation text,
  person_id uuid,
  asked_at timestamptz,
  version bigint not null default 1,
  foreign key (dialogue_id, chatham) references public.dialogue (id, chatham) on update cascade,
  constraint question_of_nobody
    check (not chatham or num_nonnulls(author, affiliation, person_id, asked_at) = 0)
);
create index questions_of_dialogue on quorum.dialogue_question (dialogue_id);
comment on table quorum.dialogue_question is 'Questions to put to the suppliers, or among buyers only.';
comment on column quorum.dialogue_question.id is 'Identifier; the form mints it.';
comment on column quorum.dialogue_question.dialogue_id is 'The event.';
comment on column quorum.dialogue_question.chatham is 'As in the event: then the row carries no person, organisation or time.';
comment on column quorum.dialogue_question.board is 'shared, or buyers: guests do not see that board.';
comment on column quorum.dialogue_question.stage_id is 'For which stage; null for any.';
comment on column quorum.dialogue_question.supplier_id is 'To which supplier; null for all.';
comment on column quorum.dialogue_question.topic is 'Topic.';
comment on column quorum.dialogue_question.text is 'The question.';
comment on column quorum.dialogue_question.merged_into is 'The question that stands for this one.';
comment on column quorum.dialogue_question.state is 'open, asked, answered or dropped.';
comment on column quorum.dialogue_question.votes is 'Votes, counted when the event was closed.';
comment on column quorum.dialogue_question.author is 'Who asked.';
comment on column quorum.dialogue_question.affiliation is 'Of which organisation.';
comment on column quorum.dialogue_question.person_id is 'Their account.';
comment on column quorum.dialogue_question.asked_at is 'When.';
comment on column quorum.dialogue_question.version is 'Counts edits while the event is open.';

create table quorum.dialogue_note (
  id uuid primary key,
  dialogue_id uuid not null,
  chatham boolean not null,
  audience text not null check (audience in ('shared', 'buyers')),
  stage_id uuid,
  question_id uuid,
  text text not null check (length(btrim(text)) between 1 and 4000),
  author text,
  affiliation text,
  person_id uuid,
  noted_at timestamptz,
  version bigint not null default 1,
  foreign key (dialogue_id, chatham) references public.dialogue (id, chatham) on update cascade,
  constraint note_of_nobody
    check (not chatham or num_nonnulls(author, affiliation, person_id, noted_at) = 0)
);
create index notes_of_dialogue on quorum.dialogue_note (dialogue_id, stage_id);
comment on table quorum.dialogue_note is 'What was said, taken down by several people at once.';
comment on column quorum.dialogue_note.id is 'Identifier; the form mints it.';
comment on column quorum.dialogue_note.dialogue_id is 'The event.';
comment on column quorum.dialogue_note.chatham is 'As in the event: then the row carries no person, organisation or time.';
comment on column quorum.dialogue_note.audience is 'shared, or buyers: guests do not see it.';
comment on column quorum.dialogue_note.stage_id is 'In which stage.';
comment on column quorum.dialogue_note.question_id is 'To which question it is an answer.';
comment on column quorum.dialogue_note.text is 'The note.';
comment on column quorum.dialogue_note.author is 'Who took it down.';
comment on column quorum.dialogue_note.affiliation is 'Of which organisation.';
comment on column quorum.dialogue_note.person_id is 'Their account.';
comment on column quorum.dialogue_note.noted_at is 'When.';
comment on column quorum.dialogue_note.version is 'Counts edits while the event is open.';

create table quorum.dialogue_ballot (
  question_id uuid not null references quorum.dialogue_question on delete cascade,
  pseudonym bytea not null,
  primary key (question_id, pseudonym)
);
-- Statistics would remember pseudonyms beyond the close.
alter table quorum.dialogue_ballot
  alter column question_id set statistics 0,
  alter column pseudonym set statistics 0;
create index ballots_of_pseudonym on quorum.dialogue_ballot (pseudonym);
comment on table quorum.dialogue_ballot is 'Votes while an event is open; at close they are counted and destroyed.';
comment on column quorum.dialogue_ballot.question_id is 'The question.';
comment on column quorum.dialogue_ballot.pseudonym is 'Hash of the event''s key and the voter: the same all through one event, different in each.';

-- Helpers: who may see and do what ---------------------------------------------------------------

-- Events of the consortia that my organisation is in today.
create function quorum.my_buyer_dialogues() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(d.id), '{}') from public.dialogue d
  where d.consortium_id = any ((select quorum.my_consortia())::uuid[])
$$;

-- Events in which I sit as a guest: by a link, not by membership.
create function quorum.my_guest_dialogues() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(s.dialogue_id), '{}') from public.dialogue_seat s
  where s.person_id = quorum.me() and s.active and s.side <> 'buyer'
$$;

create function quorum.my_dialogues() returns uuid[]
language sql stable security definer set search_path = ''
as $$ select quorum.my_buyer_dialogues() || quorum.my_guest_dialogues() $$;

-- The hosts of an event that are in its consortium today.
create function quorum.hosts_of(dialogue uuid) returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(h.organisation_id), '{}') from public.dialogue d
  join public.dialogue_host h on h.dialogue_id = d.id
  join public.membership m on m.consortium_id = d.consortium_id
    and m.organisation_id = h.organisation_id and m.left_at is null
  where d.id = $1
$$;
revoke execute on function quorum.hosts_of(uuid) from public, anon;

-- Events that my organisation hosts and I may edit. Where all hosts have left the consortium, its
-- coordinators stand in: what only closing destroys would stay for ever.
create function quorum.my_hosted_dialogues() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(d.id), '{}') from public.dialogue d
  where (select quorum.may_edit())
    and d.consortium_id = any ((select quorum.my_consortia())::uuid[])
    and (exists (select from public.dialogue_host h
        where h.dialogue_id = d.id and h.organisation_id = (select quorum.my_organisation()))
      or (d.consortium_id = any ((select quorum.my_coordinated())::uuid[])
        and quorum.hosts_of(d.id) = '{}'))
$$;

-- Events whose participants I may see: under the Chatham House Rule only those in the room.
create function quorum.my_rooms() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(d.id), '{}') from public.dialogue d
  where d.id = any ((select quorum.my_dialogues())::uuid[])
    and (not d.chatham or exists (select from public.dialogue_seat s
      where s.dialogue_id = d.id and s.person_id = quorum.me() and s.active))
$$;

-- Event and supplier for which I speak as a guest, as text one after the other.
create function quorum.my_represented() returns text[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(s.dialogue_id::text || s.supplier_id::text), '{}')
  from public.dialogue_seat s
  where s.person_id = quorum.me() and s.active and s.side <> 'buyer' and s.supplier_id is not null
$$;

-- What a guest has to read names of: suppliers of their events, and who invites or follows up.
create function quorum.my_room_suppliers() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(distinct s.supplier_id), '{}') from public.dialogue_supplier s
  where s.dialogue_id = any ((select quorum.my_guest_dialogues())::uuid[])
$$;

create function quorum.my_room_organisations() returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(distinct o.id), '{}') from (
    select h.organisation_id as id from public.dialogue_host h
    where h.dialogue_id = any ((select quorum.my_guest_dialogues())::uuid[])
    union all
    select c.owner_id from public.commitment c
    where c.dialogue_id::text || c.supplier_id::text = any ((select quorum.my_represented())::text[])
  ) o
$$;

revoke execute on function
  quorum.my_buyer_dialogues(), quorum.my_guest_dialogues(), quorum.my_dialogues(),
  quorum.my_hosted_dialogues(), quorum.my_rooms(), quorum.my_represented(),
  quorum.my_room_suppliers(), quorum.my_room_organisations() from public, anon;
grant execute on function
  quorum.my_buyer_dialogues(), quorum.my_dialogues(), quorum.my_hosted_dialogues(),
  quorum.my_rooms(), quorum.my_represented(), quorum.my_room_suppliers(),
  quorum.my_room_organisations() to authenticated;

-- Screens of the room look again.
create function quorum.tick(dialogue uuid) returns void
language sql volatile security definer set search_path = ''
as $$ update quorum.dialogue_room set counter = counter + 1 where dialogue_id = $1 $$;

-- The event, which the caller may see; absent and hidden are the same.
create function quorum.need_dialogue(dialogue uuid) returns public.dialogue
language plpgsql stable security definer set search_path = ''
as $$
declare
  found_one public.dialogue;
begin
  select d.* into found_one from public.dialogue d
    where d.id = dialogue and d.id = any (quorum.my_dialogues());
  if found_one.id is null then
    raise exception 'There is no such event, or you do not take part in it.' using errcode = 'Q0004';
  end if;
  return found_one;
end
$$;

-- The same for whoever writes: the event stays open until this transaction has ended.
create function quorum.need_open_dialogue(dialogue uuid) returns public.dialogue
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_one public.dialogue := quorum.need_dialogue(dialogue);
begin
  select d.* into found_one from public.dialogue d where d.id = dialogue for share;
  if found_one.state not in ('planned', 'live') then
    perform quorum.refuse('This event is closed. What you wrote was not stored: copy it if you need it.');
  end if;
  return found_one;
end
$$;

-- The caller's seat. Whoever left, whose organisation left, or who only reads has none.
create function quorum.my_seat(dialogue uuid) returns public.dialogue_seat
language sql stable security definer set search_path = ''
as $$
  select s.* from public.dialogue_seat s
  where s.dialogue_id = $1 and s.person_id = quorum.me() and s.active
    and (s.side <> 'buyer' or (quorum.may_edit() and $1 = any (quorum.my_buyer_dialogues())))
$$;

create function quorum.need_seat(dialogue uuid) returns public.dialogue_seat
language plpgsql stable security definer set search_path = ''
as $$
declare
  seat public.dialogue_seat;
begin
  perform quorum.need_dialogue(dialogue);
  select s.* into seat from quorum.my_seat(dialogue) s;
  if seat.id is null then
    raise exception 'Take a seat in this event first.' using errcode = 'Q0004';
  end if;
  return seat;
end
$$;

create function quorum.leads(dialogue uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
  select $1 = any (quorum.my_hosted_dialogues())
    or coalesce((select s.role = 'facilitator' and s.side = 'buyer' from quorum.my_seat($1) s), false)
$$;

create function quorum.need_lead(dialogue uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform quorum.need_dialogue(dialogue);
  if not quorum.leads(dialogue) then
    raise exception 'Only the organisations that invite, and facilitators, may do this.' using errcode = 'Q0004';
  end if;
end
$$;

create function quorum.need_host(dialogue uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform quorum.need_dialogue(dialogue);
  if dialogue <> all (quorum.my_hosted_dialogues()) then
    raise exception 'Only editors of the organisations that invite may do this.' using errcode = 'Q0004';
  end if;
end
$$;

-- Stage and supplier of something said belong to its event; a stage that is hidden is not there.
create function quorum.need_place(dialogue uuid, stage uuid, supplier uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if stage is not null and not exists (select from public.dialogue_stage s
      where s.id = stage and s.dialogue_id = dialogue
        and (s.audience = 'all' or dialogue = any (quorum.my_buyer_dialogues()))) then
    perform quorum.refuse('This stage is not on the agenda any more. Choose another.');
  end if;
  if supplier is not null and not exists (select from public.dialogue_supplier s
      where s.dialogue_id = dialogue and s.supplier_id = supplier) then
    perform quorum.refuse('This supplier is not in the event. Choose one of its suppliers.');
  end if;
end
$$;

-- Triggers ---------------------------------------------------------------------------------------

-- What is seen of the plan is counted for the consortium and for guests. With them, in one go, for
-- whoever acts and for the hosts: what follows in the same transaction counts these as well, and two
-- who count in different orders would block each other.
create function quorum.count_dialogue(dialogue uuid) returns void
language sql volatile security definer set search_path = ''
as $$
  select quorum.count_changes(array[$1, quorum.my_organisation(),
    (select d.consortium_id from public.dialogue d where d.id = $1)] || quorum.hosts_of($1))
$$;

create function quorum.tick_dialogue() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  changed jsonb := to_jsonb(coalesce(new, old));
  dialogue uuid := coalesce(changed ->> 'dialogue_id', changed ->> 'id')::uuid;
begin
  perform quorum.count_dialogue(dialogue);
  perform quorum.tick(dialogue);
  return null;
end
$$;

create trigger version before update of title, aim, starts_at, ends_at, time_zone, place, link,
  votes_each, chatham, state on public.dialogue
  for each row execute function quorum.bump_version();
create trigger version before update on public.dialogue_stage
  for each row execute function quorum.bump_version();
create trigger version before update on public.commitment
  for each row execute function quorum.bump_version();
create trigger version before update of supplier_id, asked_on, asked, channel, jointly, together_with,
  dialogue_id, outcome, outcome_text, outcome_on on public.leverage_use
  for each row execute function quorum.bump_version();

create trigger tick after insert or update or delete on public.dialogue
  for each row execute function quorum.tick_dialogue();
create trigger tick after insert or update or delete on public.dialogue_host
  for each row execute function quorum.tick_dialogue();
create trigger tick after insert or update or delete on public.dialogue_supplier
  for each row execute function quorum.tick_dialogue();
create trigger tick after insert or update or delete on public.dialogue_stage
  for each row execute function quorum.tick_dialogue();
create trigger tick after insert or update or delete on public.dialogue_seat
  for each row execute function quorum.tick_dialogue();
create trigger tick after insert or update or delete on public.commitment
  for each row execute function quorum.tick_dialogue();
create trigger tick after insert or update or delete on public.commitment_report
  for each row execute function quorum.tick_dialogue();

select quorum.watch(t::regclass) from unnest(array[
  'public.dialogue', 'public.dialogue_host', 'public.dialogue_supplier', 'public.dialogue_stage',
  'public.dialogue_seat', 'public.commitment', 'public.commitment_report',
  'public.leverage_use']) as t;

revoke execute on function
  quorum.tick(uuid), quorum.need_dialogue(uuid), quorum.need_open_dialogue(uuid),
  quorum.my_seat(uuid), quorum.need_seat(uuid), quorum.leads(uuid), quorum.need_lead(uuid),
  quorum.need_host(uuid), quorum.need_place(uuid, uuid, uuid), quorum.count_dialogue(uuid),
  quorum.tick_dialogue() from public, anon;

-- Grants -----------------------------------------------------------------------------------------

revoke all on public.dialogue, public.dialogue_host, public.dialogue_supplier,
  public.dialogue_stage, public.dialogue_seat, public.commitment, public.commitment_report,
  public.leverage_use from public, anon, authenticated;
revoke all on quorum.dialogue_room, quorum.dialogue_key, quorum.dialogue_question,
  quorum.dialogue_note, quorum.dialogue_ballot from public, anon, authenticated;
grant select on public.dialogue_host, public.dialogue_supplier, public.dialogue_stage,
  public.commitment, public.commitment_report to authenticated;
grant select (id, consortium_id, title, aim, starts_at, ends_at, time_zone, place, link, chatham,
    state, votes_each, version, created_at, closed_at),
  update (title, aim, starts_at, ends_at, time_zone, place, link, votes_each)
  on public.dialogue to authenticated;
grant insert (id, dialogue_id, position, title, purpose, minutes, audience),
  update (position, title, purpose, minutes, audience), delete
  on public.dialogue_stage to authenticated;
-- Without the account behind a seat.
grant select (id, dialogue_id, side, role, supplier_id, name, affiliation, active)
  on public.dialogue_seat to authenticated;
-- Without the columns that say whom else it is shared with: see 0004.
grant select (id, organisation_id, supplier_id, asked_on, asked, channel, jointly, together_with,
    dialogue_id, outcome, outcome_text, outcome_on, version, created_at),
  insert (id, supplier_id, asked_on, asked, channel, jointly, together_with, dialogue_id, outcome,
    outcome_text, outcome_on),
  update (supplier_id, asked_on, asked, channel, jointly, together_with, dialogue_id, outcome,
    outcome_text, outcome_on), delete
  on public.leverage_use to authenticated;

-- Policies ---------------------------------------------------------------------------------------

alter table public.dialogue enable row level security;
alter table public.dialogue force row level security;
alter table public.dialogue_host enable row level security;
alter table public.dialogue_host force row level security;
alter table public.dialogue_supplier enable row level security;
alter table public.dialogue_supplier force row level security;
alter table public.dialogue_stage enable row level security;
alter table public.dialogue_stage force row level security;
alter table public.dialogue_seat enable row level security;
alter table public.dialogue_seat force row level security;
alter table public.commitment enable row level security;
alter table public.commitment force row level security;
alter table public.commitment_report enable row level security;
alter table public.commitment_report force row level security;
alter table public.leverage_use enable row level security;
alter table public.leverage_use force row level security;
alter table quorum.dialogue_room enable row level security;
alter table quorum.dialogue_room force row level security;
alter table quorum.dialogue_key enable row level security;
alter table quorum.dialogue_key force row level security;
alter table quorum.dialogue_question enable row level security;
alter table quorum.dialogue_question force row level security;
alter table quorum.dialogue_note enable row level security;
alter table quorum.dialogue_note force row level security;
alter table quorum.dialogue_ballot enable row level security;
alter table quorum.dialogue_ballot force row level security;

create policy "Members of the consortium and guests see an event"
  on public.dialogue for select to authenticated
  using (id = any ((select quorum.my_dialogues())::uuid[]));
create policy "Hosts' editors change an event until it is closed"
  on public.dialogue for update to authenticated
  using (id = any ((select quorum.my_hosted_dialogues())::uuid[]) and state in ('planned', 'live'))
  with check (id = any ((select quorum.my_hosted_dialogues())::uuid[]));

create policy "Whoever sees an event sees who invites"
  on public.dialogue_host for select to authenticated
  using (dialogue_id = any ((select quorum.my_dialogues())::uuid[]));
create policy "Whoever sees an event sees its suppliers"
  on public.dialogue_supplier for select to authenticated
  using (dialogue_id = any ((select quorum.my_dialogues())::uuid[]));

-- Guests without the buyers' part.
create policy "Whoever sees an event sees its agenda"
  on public.dialogue_stage for select to authenticated
  using (dialogue_id = any ((select quorum.my_dialogues())::uuid[])
    and (audience = 'all' or dialogue_id = any ((select quorum.my_buyer_dialogues())::uuid[])));
create policy "Hosts' editors add to the agenda"
  on public.dialogue_stage for insert to authenticated
  with check (dialogue_id = any ((select quorum.my_hosted_dialogues())::uuid[]));
create policy "Hosts' editors change the agenda"
  on public.dialogue_stage for update to authenticated
  using (dialogue_id = any ((select quorum.my_hosted_dialogues())::uuid[]))
  with check (dialogue_id = any ((select quorum.my_hosted_dialogues())::uuid[]));
create policy "Hosts' editors take from the agenda"
  on public.dialogue_stage for delete to authenticated
  using (dialogue_id = any ((select quorum.my_hosted_dialogues())::uuid[]));

-- Under the Chatham House Rule those in the room see each other, and nobody else sees them.
create policy "Participants are seen by whoever may know them"
  on public.dialogue_seat for select to authenticated
  using (dialogue_id = any ((select quorum.my_rooms())::uuid[]));

create policy "The consortium and the supplier's people see a commitment"
  on public.commitment for select to authenticated
  using (dialogue_id = any ((select quorum.my_buyer_dialogues())::uuid[])
    or dialogue_id::text || supplier_id::text = any ((select quorum.my_represented())::text[]));
create policy "Whoever sees a commitment sees what became of it"
  on public.commitment_report for select to authenticated
  using (dialogue_id = any ((select quorum.my_dialogues())::uuid[])
    and exists (select from public.commitment c
      where c.id = commitment_report.commitment_id and c.dialogue_id = commitment_report.dialogue_id));

create policy "Owners and those it is shared with see a use of leverage"
  on public.leverage_use for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));
create policy "Editors record uses of leverage"
  on public.leverage_use for insert to authenticated
  with check (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and (dialogue_id is null or dialogue_id = any ((select quorum.my_buyer_dialogues())::uuid[])));
create policy "Editors correct their organisation's uses of leverage"
  on public.leverage_use for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation())
    and (dialogue_id is null or dialogue_id = any ((select quorum.my_buyer_dialogues())::uuid[])));
create policy "Editors delete uses of leverage that are not shared"
  on public.leverage_use for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and shared_with = '{}');

-- A guest reads the names in their room, and nothing else of register and organisations.
create policy "Guests read the suppliers of their events"
  on public.supplier for select to authenticated
  using (id = any ((select quorum.my_room_suppliers())::uuid[]));
create policy "Guests read who invites them and who follows up"
  on public.organisation for select to authenticated
  using (id = any ((select quorum.my_room_organisations())::uuid[]));

-- Invitations into an event ----------------------------------------------------------------------

alter table public.invitation add column dialogue_id uuid references public.dialogue;
alter table public.invitation add column supplier_id uuid references public.supplier;
comment on column public.invitation.dialogue_id is 'The event to take a seat in; null for other links.';
comment on column public.invitation.supplier_id is 'For whom the guest speaks.';
alter table public.invitation drop constraint invitation_role_check;
alter table public.invitation add constraint invitation_role_check check (role in (
  'admin', 'editor', 'viewer', 'coordinator', 'member', 'supplier', 'reseller', 'guest'));
alter table public.invitation drop constraint invitation_check;
alter table public.invitation add constraint invitation_leads_somewhere check (
  case
    when role in ('admin', 'editor', 'viewer') then num_nonnulls(consortium_id, dialogue_id) = 0
    when role in ('coordinator', 'member') then consortium_id is not null and dialogue_id is null
    else dialogue_id is not null and consortium_id is null
  end);
create index invitations_into_dialogue on public.invitation (dialogue_id) where dialogue_id is not null;
grant select (dialogue_id, supplier_id) on public.invitation to authenticated;
create policy "Hosts' editors see invitations into their events"
  on public.invitation for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    and dialogue_id = any ((select quorum.my_hosted_dialogues())::uuid[]));

create function public.invite_to_dialogue(
  dialogue_id uuid, side text, supplier_id uuid, note text, days integer
) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  token text := quorum.new_token();
begin
  perform quorum.need_host(invite_to_dialogue.dialogue_id);
  perform quorum.need_open_dialogue(invite_to_dialogue.dialogue_id);
  if side is null or side not in ('supplier', 'reseller', 'guest') then
    perform quorum.refuse('Say for whom the guest comes: a supplier, a reseller, or neither.');
  end if;
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

create or replace function public.revoke_invitation(invitation_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  dialogue uuid := (select i.dialogue_id from public.invitation i where i.id = invitation_id
    and i.organisation_id = quorum.my_organisation());
begin
  if dialogue is null then
    perform quorum.need_admin();
  else
    perform quorum.need_host(dialogue);
    -- Event before link, as everywhere: two who lock in different orders would block each other.
    perform 1 from public.dialogue d where d.id = dialogue for share;
  end if;
  update public.invitation set revoked_at = now()
    where id = invitation_id and organisation_id = quorum.my_organisation()
      and used_at is null and revoked_at is null;
  if not found then
    perform quorum.refuse('This invitation is not open any more.');
  end if;
end
$$;

-- Who may not invite into the consortium any more leaves no open link to it or its events behind.
create or replace function quorum.withdraw_invitations(consortium uuid, organisation uuid) returns void
language sql volatile security definer set search_path = ''
as $$
  update public.invitation i set revoked_at = now()
  where i.organisation_id = $2 and i.used_at is null and i.revoked_at is null
    and (i.consortium_id = $1 or (i.dialogue_id in (
        select d.id from public.dialogue d where d.consortium_id = $1)
      and not exists (select from public.membership m
        where m.consortium_id = $1 and m.organisation_id = $2 and m.left_at is null)))
$$;

create or replace function public.invitation_for(token text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'organisation', o.name, 'role', i.role, 'dialogue', d.title, 'supplier', s.name))
    || jsonb_build_object('consortium', c.name)
  from public.invitation i
  join public.organisation o on o.id = i.organisation_id
  left join public.consortium c on c.id = i.consortium_id
  left join public.dialogue d on d.id = i.dialogue_id
  left join public.supplier s on s.id = i.supplier_id
  where i.token_hash = sha256(convert_to(coalesce($1, ''), 'UTF8'))
    and i.used_at is null and i.revoked_at is null and i.expires_at > now()
$$;

-- Open links into an event: all, those of one organisation, or those for suppliers not among the given.
create function quorum.withdraw_links(dialogue uuid, organisation uuid, suppliers uuid[]) returns void
language sql volatile security definer set search_path = ''
as $$
  update public.invitation i set revoked_at = now()
  where i.dialogue_id = $1 and i.used_at is null and i.revoked_at is null
    and ($2 is null or i.organisation_id = $2) and ($3 is null or i.supplier_id <> all ($3))
$$;
revoke execute on function quorum.withdraw_links(uuid, uuid, uuid[]) from public, anon;

-- Takes the seat that a link gives, always as a participant. A member of the consortium has one as a
-- buyer.
create function quorum.sit_down(link public.invitation, person_name text, affiliation text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_open_invitation(link.dialogue_id);
  if link.dialogue_id = any (quorum.my_buyer_dialogues()) then
    perform quorum.refuse('Your organisation is in this consortium: open the event in Quorum and take a seat there.');
  end if;
  insert into public.dialogue_seat (dialogue_id, person_id, side, supplier_id, name, affiliation)
    select link.dialogue_id, p.id, link.role, link.supplier_id,
      coalesce(nullif(btrim(person_name), ''), p.name),
      left(coalesce(nullif(btrim(sit_down.affiliation), ''),
        (select s.name from public.supplier s where s.id = link.supplier_id), ''), 200)
    from public.person p where p.id = quorum.me()
  on conflict (dialogue_id, person_id) do update set active = true, side = excluded.side,
    role = excluded.role, supplier_id = excluded.supplier_id, name = excluded.name,
    affiliation = excluded.affiliation;
end
$$;

-- An event that is over takes nobody in.
create function quorum.need_open_invitation(dialogue uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform 1 from public.dialogue d where d.id = dialogue and d.state in ('planned', 'live') for share;
  if not found then
    perform quorum.refuse('This event is over.');
  end if;
end
$$;
revoke execute on function quorum.sit_down(public.invitation, text, text),
  quorum.need_open_invitation(uuid) from public, anon;

create or replace function public.redeem_invitation(
  token text, person_name text, email text, organisation_name text, country text, kind text
) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  link public.invitation;
  into_event uuid;
  joining uuid := quorum.my_organisation();
begin
  if quorum.me() is null then
    raise exception 'Sign in first.' using errcode = 'Q0004';
  end if;
  -- Into an event: the event first, then the link, then the counters, in the order of whoever closes it.
  into_event := (select i.dialogue_id from public.invitation i
    where i.token_hash = sha256(convert_to(coalesce(token, ''), 'UTF8')));
  if into_event is not null then
    perform 1 from public.dialogue d where d.id = into_event for share;
    perform quorum.count_dialogue(into_event);
  end if;
  link := quorum.spend_invitation(token);
  if joining is null then
    insert into public.person (id, name, email)
      values (quorum.me(), btrim(person_name), lower(redeem_invitation.email))
      on conflict (id) do nothing;
  end if;
  if link.dialogue_id is not null then
    perform quorum.sit_down(link, person_name, organisation_name);
    return;
  end if;
  if link.consortium_id is null then
    if joining is not null then
      perform quorum.refuse('Your account already belongs to an organisation. Use another e-mail address for this one.');
    end if;
    insert into public.organisation_role (organisation_id, person_id, role)
      values (link.organisation_id, quorum.me(), link.role);
    return;
  end if;
  if joining is null then
    insert into public.organisation (name, country, kind)
      values (btrim(organisation_name), upper(redeem_invitation.country), redeem_invitation.kind)
      returning id into joining;
    insert into public.organisation_role (organisation_id, person_id, role)
      values (joining, quorum.me(), 'admin');
  else
    perform quorum.need_admin();
  end if;
  if link.consortium_id = any (quorum.my_consortia()) then
    perform quorum.refuse('Your organisation is already in this consortium.');
  end if;
  insert into public.membership (consortium_id, organisation_id, role)
    values (link.consortium_id, joining, link.role);
end
$$;

-- Guests in the questions that every page asks ---------------------------------------------------

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
      and (o.id is not null or cardinality(quorum.my_guest_dialogues()) > 0)), '{}')
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
        || quorum.my_guest_dialogues() || '00000000-0000-0000-0000-000000000000'::uuid)));
end
$$;

-- Public functions: planning ---------------------------------------------------------------------

-- Plans an event. stages: [{title, purpose, minutes, audience}] in order. The planner's organisation
-- invites, the planner gets the facilitator's seat.
create function public.plan_dialogue(
  key uuid, consortium_id uuid, title text, aim text, starts_at timestamptz, ends_at timestamptz,
  time_zone text, place text, link text, chatham boolean, votes_each integer, suppliers uuid[],
  stages jsonb
) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  host uuid := quorum.my_organisation();
  -- Made from planner and key: see create_consortium.
  planned uuid := md5(host::text || plan_dialogue.key::text)::uuid;
begin
  perform quorum.need_editor();
  if plan_dialogue.key is null then
    perform quorum.refuse('The submit carries no key. Reload the page and try again.');
  end if;
  if plan_dialogue.consortium_id is null
      or plan_dialogue.consortium_id <> all (quorum.my_consortia()) then
    raise exception 'Your organisation is not in this consortium.' using errcode = 'Q0004';
  end if;
  if coalesce(cardinality(suppliers), 0) = 0 then
    perform quorum.refuse('Choose at least one supplier: the event is a dialogue with them.');
  end if;
  if plan_dialogue.ends_at <= plan_dialogue.starts_at then
    perform quorum.refuse('The event ends before it begins. Check both times.');
  end if;
  insert into public.dialogue (id, consortium_id, title, aim, starts_at, ends_at, time_zone, place,
      link, chatham, votes_each)
    values (planned, plan_dialogue.consortium_id, btrim(plan_dialogue.title),
      coalesce(btrim(plan_dialogue.aim), ''), plan_dialogue.starts_at, plan_dialogue.ends_at,
      plan_dialogue.time_zone, coalesce(btrim(plan_dialogue.place), ''),
      nullif(btrim(plan_dialogue.link), ''), coalesce(plan_dialogue.chatham, false),
      coalesce(plan_dialogue.votes_each, 3))
    on conflict (id) do nothing;
  if not found then
    return planned;
  end if;
  insert into quorum.dialogue_room (dialogue_id) values (planned);
  insert into public.dialogue_host (organisation_id, dialogue_id) values (host, planned);
  insert into public.dialogue_supplier (dialogue_id, supplier_id)
    select distinct planned, s from unnest(suppliers) as s;
  insert into public.dialogue_stage (dialogue_id, position, title, purpose, minutes, audience)
    select planned, s.place, s.stage ->> 'title', coalesce(s.stage ->> 'purpose', ''),
      (s.stage ->> 'minutes')::integer, coalesce(s.stage ->> 'audience', 'all')
    from jsonb_array_elements(coalesce(stages, '[]')) with ordinality as s (stage, place);
  insert into public.dialogue_seat (dialogue_id, person_id, side, role, name, affiliation)
    select planned, p.id, 'buyer', 'facilitator', p.name, o.name
    from public.person p, public.organisation o where p.id = quorum.me() and o.id = host;
  return planned;
end
$$;

-- Switches the Chatham House Rule on or off, as long as nothing was written under the other one.
create function public.set_chatham(dialogue_id uuid, chatham boolean) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_host(set_chatham.dialogue_id);
  -- Waits for whoever is writing at this moment.
  perform 1 from public.dialogue d where d.id = set_chatham.dialogue_id for update;
  perform quorum.need_open_dialogue(set_chatham.dialogue_id);
  if exists (select from quorum.dialogue_question q where q.dialogue_id = set_chatham.dialogue_id)
      or exists (select from quorum.dialogue_note n where n.dialogue_id = set_chatham.dialogue_id)
      or exists (select from public.commitment c where c.dialogue_id = set_chatham.dialogue_id) then
    perform quorum.refuse('Questions, notes or commitments were written already under the rule that holds now. Plan a new event for another rule.');
  end if;
  update public.dialogue d set chatham = set_chatham.chatham
    where d.id = set_chatham.dialogue_id and d.chatham <> set_chatham.chatham;
end
$$;

-- A supplier that is taken out takes its people along.
create function public.set_dialogue_suppliers(dialogue_id uuid, suppliers uuid[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_host(set_dialogue_suppliers.dialogue_id);
  perform 1 from public.dialogue d where d.id = set_dialogue_suppliers.dialogue_id for update;
  perform quorum.need_open_dialogue(set_dialogue_suppliers.dialogue_id);
  if coalesce(cardinality(suppliers), 0) = 0 then
    perform quorum.refuse('Choose at least one supplier: the event is a dialogue with them.');
  end if;
  if exists (select from public.commitment c where c.dialogue_id = set_dialogue_suppliers.dialogue_id
      and c.supplier_id <> all (suppliers)) then
    perform quorum.refuse('A supplier that has made a commitment in this event stays in it.');
  end if;
  delete from public.dialogue_supplier d
    where d.dialogue_id = set_dialogue_suppliers.dialogue_id and d.supplier_id <> all (suppliers);
  insert into public.dialogue_supplier (dialogue_id, supplier_id)
    select distinct set_dialogue_suppliers.dialogue_id, s from unnest(suppliers) as s
    on conflict do nothing;
  update public.dialogue_seat s set active = false
    where s.dialogue_id = set_dialogue_suppliers.dialogue_id and s.active
      and s.supplier_id <> all (suppliers);
  perform quorum.withdraw_links(set_dialogue_suppliers.dialogue_id, null, suppliers);
end
$$;

create function public.add_host(dialogue_id uuid, organisation_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_host(add_host.dialogue_id);
  if not exists (select from public.membership m join public.dialogue d on d.consortium_id = m.consortium_id
      where d.id = add_host.dialogue_id and m.organisation_id = add_host.organisation_id
        and m.left_at is null) then
    perform quorum.refuse('Only members of the consortium can invite to its event.');
  end if;
  insert into public.dialogue_host (organisation_id, dialogue_id)
    values (add_host.organisation_id, add_host.dialogue_id) on conflict do nothing;
end
$$;

create function public.leave_host(dialogue_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_host(leave_host.dialogue_id);
  perform 1 from public.dialogue d where d.id = leave_host.dialogue_id for update;
  if array_remove(quorum.hosts_of(leave_host.dialogue_id), quorum.my_organisation()) = '{}' then
    perform quorum.refuse('Yours is the only organisation that invites. Add another first.');
  end if;
  delete from public.dialogue_host h where h.dialogue_id = leave_host.dialogue_id
    and h.organisation_id = quorum.my_organisation();
  perform quorum.withdraw_links(leave_host.dialogue_id, quorum.my_organisation(), null);
end
$$;

create function public.take_seat(dialogue_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_editor();
  perform quorum.need_open_dialogue(take_seat.dialogue_id);
  if take_seat.dialogue_id <> all (quorum.my_buyer_dialogues()) then
    raise exception 'There is no such event, or you do not take part in it.' using errcode = 'Q0004';
  end if;
  insert into public.dialogue_seat (dialogue_id, person_id, side, name, affiliation)
    select take_seat.dialogue_id, p.id, 'buyer', p.name, o.name
    from public.person p, public.organisation o
    where p.id = quorum.me() and o.id = quorum.my_organisation()
  on conflict on constraint dialogue_seat_dialogue_id_person_id_key do update
    set active = true, side = 'buyer', supplier_id = null, affiliation = excluded.affiliation;
end
$$;

create function public.leave_seat(dialogue_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_seat(leave_seat.dialogue_id);
  update public.dialogue_seat s set active = false
    where s.dialogue_id = leave_seat.dialogue_id and s.person_id = quorum.me();
end
$$;

-- Hosts give roles and take people off the list. Back on it comes only who takes a seat again, without
-- the role.
create function public.set_seat(seat_id uuid, role text, active boolean) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  dialogue uuid := (select s.dialogue_id from public.dialogue_seat s where s.id = seat_id);
begin
  perform quorum.need_host(dialogue);
  if set_seat.role is null
      or set_seat.role not in ('facilitator', 'note_taker', 'speaker', 'participant') then
    perform quorum.refuse('Choose a role: facilitator, note taker, speaker or participant.');
  end if;
  if set_seat.role = 'facilitator' and exists (select from public.dialogue_seat s
      where s.id = seat_id and s.side <> 'buyer') then
    perform quorum.refuse('The facilitator is somebody of a member organisation.');
  end if;
  update public.dialogue_seat s set active = s.active and set_seat.active,
      role = case when set_seat.active then set_seat.role else 'participant' end
    where s.id = seat_id;
end
$$;

create function public.open_dialogue(dialogue_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_lead(open_dialogue.dialogue_id);
  update public.dialogue d set state = 'live'
    where d.id = open_dialogue.dialogue_id and d.state = 'planned';
  if not found then
    perform quorum.refuse('This event is open or over already.');
  end if;
end
$$;

create function public.cancel_dialogue(dialogue_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_host(cancel_dialogue.dialogue_id);
  update public.dialogue d set state = 'cancelled', closed_at = now()
    where d.id = cancel_dialogue.dialogue_id and d.state = 'planned';
  if not found then
    perform quorum.refuse('Only a planned event can be cancelled.');
  end if;
  perform quorum.forget_voters(cancel_dialogue.dialogue_id);
  perform quorum.withdraw_links(cancel_dialogue.dialogue_id, null, null);
end
$$;

-- Counts the votes, and leaves nothing of who cast them. What was said is written anew in one go and
-- in random order: no transaction number, no place in the table, no count of edits tells one row from
-- another.
create function quorum.forget_voters(dialogue uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  with gone as (
    delete from quorum.dialogue_question q where q.dialogue_id = dialogue
    returning q.*, (select count(*) from quorum.dialogue_ballot b where b.question_id = q.id) as cast_votes
  )
  insert into quorum.dialogue_question (id, dialogue_id, chatham, board, stage_id, supplier_id, topic,
      text, merged_into, state, votes, author, affiliation, person_id, asked_at)
    select g.id, g.dialogue_id, g.chatham, g.board, g.stage_id, g.supplier_id, g.topic, g.text,
      g.merged_into, g.state, g.votes + g.cast_votes, g.author, g.affiliation, g.person_id, g.asked_at
    from gone g order by random();
  with gone as (delete from quorum.dialogue_note n where n.dialogue_id = dialogue returning n.*)
  insert into quorum.dialogue_note (id, dialogue_id, chatham, audience, stage_id, question_id, text,
      author, affiliation, person_id, noted_at)
    select g.id, g.dialogue_id, g.chatham, g.audience, g.stage_id, g.question_id, g.text, g.author,
      g.affiliation, g.person_id, g.noted_at
    from gone g order by random();
  delete from quorum.dialogue_key k where k.dialogue_id = dialogue;
end
$$;
revoke execute on function quorum.forget_voters(uuid) from public, anon;

create function public.close_dialogue(dialogue_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_lead(close_dialogue.dialogue_id);
  -- Waits for everybody who is writing at this moment; who comes later is told that it is over.
  update public.dialogue d set state = 'closed', closed_at = now()
    where d.id = close_dialogue.dialogue_id and d.state in ('planned', 'live');
  if not found then
    perform quorum.refuse('This event is over already.');
  end if;
  perform quorum.forget_voters(close_dialogue.dialogue_id);
  perform quorum.withdraw_links(close_dialogue.dialogue_id, null, null);
end
$$;

-- Public functions: talking ----------------------------------------------------------------------

-- The stage that is on and the question that is being answered, large on everybody's screen.
create function public.go_to(dialogue_id uuid, stage_id uuid, question_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform quorum.need_lead(go_to.dialogue_id);
  perform quorum.need_open_dialogue(go_to.dialogue_id);
  perform quorum.need_place(go_to.dialogue_id, go_to.stage_id, null);
  if go_to.question_id is not null and not exists (select from quorum.dialogue_question q
      where q.id = go_to.question_id and q.dialogue_id = go_to.dialogue_id and q.merged_into is null) then
    perform quorum.refuse('This question is not on the board any more. Choose another.');
  end if;
  update quorum.dialogue_question q set state = 'asked'
    where q.id = go_to.question_id and q.state = 'open';
  update quorum.dialogue_room r set counter = r.counter + 1, stage_id = go_to.stage_id,
      question_id = go_to.question_id,
      stage_began_at = case when r.stage_id is not distinct from go_to.stage_id
        then r.stage_began_at else clock_timestamp() end
    where r.dialogue_id = go_to.dialogue_id;
end
$$;

create function public.ask_question(
  dialogue_id uuid, id uuid, board text, stage_id uuid, supplier_id uuid, topic text, text text
) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_open_dialogue(ask_question.dialogue_id);
  seat public.dialogue_seat := quorum.need_seat(ask_question.dialogue_id);
begin
  if ask_question.board is null or ask_question.board not in ('shared', 'buyers')
      or (ask_question.board = 'buyers' and seat.side <> 'buyer') then
    raise exception 'You may not write on this board.' using errcode = 'Q0004';
  end if;
  if length(btrim(coalesce(ask_question.text, ''))) not between 3 and 1000 then
    perform quorum.refuse('Write the question in 3 to 1,000 characters.');
  end if;
  perform quorum.need_place(event.id, ask_question.stage_id, ask_question.supplier_id);
  if (select count(*) from quorum.dialogue_question q where q.dialogue_id = event.id
      and q.merged_into is null and q.state <> 'dropped') >= 2000 then
    perform quorum.refuse('The boards of this event are full. Merge or drop questions first.');
  end if;
  insert into quorum.dialogue_question (id, dialogue_id, chatham, board, stage_id, supplier_id, topic,
      text, author, affiliation, person_id, asked_at)
    values (ask_question.id, event.id, event.chatham, ask_question.board, ask_question.stage_id,
      ask_question.supplier_id, left(btrim(coalesce(ask_question.topic, '')), 100), btrim(ask_question.text),
      case when not event.chatham then seat.name end,
      case when not event.chatham then seat.affiliation end,
      case when not event.chatham then seat.person_id end,
      case when not event.chatham then now() end)
    on conflict do nothing;
  if found then
    perform quorum.tick(event.id);
  end if;
end
$$;

-- The question, which the caller may see on its board.
create function quorum.need_question(question uuid) returns quorum.dialogue_question
language plpgsql stable security definer set search_path = ''
as $$
declare
  found_one quorum.dialogue_question;
begin
  select q.* into found_one from quorum.dialogue_question q
    where q.id = question and (q.dialogue_id = any (quorum.my_buyer_dialogues())
      or (q.board = 'shared' and q.dialogue_id = any (quorum.my_guest_dialogues())));
  if found_one.id is null then
    raise exception 'This question is not there any more.' using errcode = 'Q0004';
  end if;
  return found_one;
end
$$;
revoke execute on function quorum.need_question(uuid) from public, anon;

create function public.edit_question(
  id uuid, version bigint, stage_id uuid, supplier_id uuid, topic text, text text
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  seen quorum.dialogue_question := quorum.need_question(edit_question.id);
  event public.dialogue := quorum.need_open_dialogue(seen.dialogue_id);
begin
  perform quorum.need_seat(event.id);
  -- Where a question has an author, it is theirs; under the Chatham House Rule it is everybody's.
  if not event.chatham and seen.person_id is distinct from quorum.me() and not quorum.leads(event.id) then
    raise exception 'Only who asked, the hosts and facilitators may change a question.' using errcode = 'Q0004';
  end if;
  if length(btrim(coalesce(edit_question.text, ''))) not between 3 and 1000 then
    perform quorum.refuse('Write the question in 3 to 1,000 characters.');
  end if;
  perform quorum.need_place(event.id, edit_question.stage_id, edit_question.supplier_id);
  update quorum.dialogue_question q set stage_id = edit_question.stage_id,
      supplier_id = edit_question.supplier_id, topic = left(btrim(coalesce(edit_question.topic, '')), 100),
      text = btrim(edit_question.text), version = q.version + 1
    where q.id = edit_question.id and q.version = edit_question.version
    returning q.* into seen;
  if not found then
    return (select jsonb_build_object('conflict', jsonb_build_object('text', q.text, 'topic', q.topic,
        'stage_id', q.stage_id, 'supplier_id', q.supplier_id, 'version', q.version))
      from quorum.dialogue_question q where q.id = edit_question.id);
  end if;
  perform quorum.tick(event.id);
  return jsonb_build_object('version', seen.version);
end
$$;

create function public.set_question_state(id uuid, state text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  seen quorum.dialogue_question := quorum.need_question(set_question_state.id);
begin
  perform quorum.need_lead(seen.dialogue_id);
  perform quorum.need_open_dialogue(seen.dialogue_id);
  if set_question_state.state is null
      or set_question_state.state not in ('open', 'asked', 'answered', 'dropped') then
    perform quorum.refuse('Choose open, asked, answered or dropped.');
  end if;
  update quorum.dialogue_question q set state = set_question_state.state
    where q.id = set_question_state.id;
  perform quorum.tick(seen.dialogue_id);
end
$$;

-- Of several questions that ask the same, one stands for all. Their votes go with them; who voted for
-- two of them keeps one vote and gets the other back.
create function public.merge_questions(kept uuid, merged uuid[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  stays quorum.dialogue_question := quorum.need_question(kept);
begin
  perform quorum.need_lead(stays.dialogue_id);
  perform quorum.need_open_dialogue(stays.dialogue_id);
  perform 1 from quorum.dialogue_question q
    where q.dialogue_id = stays.dialogue_id order by q.id for update;
  if exists (select from quorum.dialogue_question q where q.id = kept and q.merged_into is not null) then
    perform quorum.refuse('The question that is to stay was merged into another one meanwhile.');
  end if;
  if kept = any (merged) or coalesce(cardinality(merged), 0) = 0
      or exists (select from unnest(merged) as m where not exists (
        select from quorum.dialogue_question q where q.id = m and q.dialogue_id = stays.dialogue_id
          and q.board = stays.board and q.merged_into is null)) then
    perform quorum.refuse('Choose questions of the same board that are not merged yet.');
  end if;
  insert into quorum.dialogue_ballot (question_id, pseudonym)
    select distinct kept, b.pseudonym from quorum.dialogue_ballot b where b.question_id = any (merged)
    on conflict do nothing;
  delete from quorum.dialogue_ballot b where b.question_id = any (merged);
  update quorum.dialogue_question q set merged_into = kept
    where q.id = any (merged) or q.merged_into = any (merged);
  perform quorum.tick(stays.dialogue_id);
end
$$;

-- Null before anybody has voted, and after the event.
create function quorum.my_pseudonym(dialogue uuid) returns bytea
language sql stable security definer set search_path = ''
as $$
  select sha256(k.key || uuid_send(quorum.me())) from quorum.dialogue_key k where k.dialogue_id = $1
$$;

-- How many votes are left on a board.
create function quorum.votes_left(dialogue uuid, board text) returns integer
language sql stable security definer set search_path = ''
as $$
  select greatest(0, d.votes_each - (
    select count(*) from quorum.dialogue_ballot b
    join quorum.dialogue_question q on q.id = b.question_id
    where b.pseudonym = quorum.my_pseudonym($1) and q.dialogue_id = $1 and q.board = $2))::integer
  from public.dialogue d where d.id = $1
$$;
revoke execute on function quorum.my_pseudonym(uuid), quorum.votes_left(uuid, text) from public, anon;

create function public.vote(question_id uuid, wanted boolean) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  seen quorum.dialogue_question := quorum.need_question(vote.question_id);
  event public.dialogue := quorum.need_open_dialogue(seen.dialogue_id);
  voter bytea;
begin
  perform quorum.need_seat(event.id);
  -- Also after a restore: a backup holds neither keys nor ballots.
  insert into quorum.dialogue_key (dialogue_id, key)
    values (event.id, sha256(convert_to(quorum.new_token(), 'UTF8'))) on conflict do nothing;
  voter := quorum.my_pseudonym(event.id);
  -- One vote of a person at a time: two at once could exceed the limit.
  perform pg_advisory_xact_lock(hashtextextended(encode(voter, 'hex'), 2));
  perform 1 from quorum.dialogue_question q where q.id = vote.question_id
    and q.merged_into is null and (q.state <> 'dropped' or not wanted) for share;
  if not found then
    perform quorum.refuse('This question was merged or dropped meanwhile.');
  end if;
  if wanted then
    if not exists (select from quorum.dialogue_ballot b
        where b.question_id = vote.question_id and b.pseudonym = voter) then
      if quorum.votes_left(event.id, seen.board) = 0 then
        perform quorum.refuse(format(
          'You have given all your %s votes on this board. Take one back first.', event.votes_each));
      end if;
      insert into quorum.dialogue_ballot (question_id, pseudonym) values (vote.question_id, voter);
    end if;
  else
    delete from quorum.dialogue_ballot b where b.question_id = vote.question_id and b.pseudonym = voter;
  end if;
  perform quorum.tick(event.id);
  return jsonb_build_object('left', quorum.votes_left(event.id, seen.board));
end
$$;

-- A note: a new one without a version, or a change to the version that was seen.
create function public.write_note(
  dialogue_id uuid, id uuid, stage_id uuid, question_id uuid, audience text, text text, version bigint
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_open_dialogue(write_note.dialogue_id);
  seat public.dialogue_seat := quorum.need_seat(write_note.dialogue_id);
  written bigint;
begin
  if event.state <> 'live' then
    perform quorum.refuse('Notes are taken while the event is live. Its hosts open it.');
  end if;
  if write_note.audience is null or write_note.audience not in ('shared', 'buyers')
      or (write_note.audience = 'buyers' and seat.side <> 'buyer') then
    raise exception 'You may not write here.' using errcode = 'Q0004';
  end if;
  if length(btrim(coalesce(write_note.text, ''))) not between 1 and 4000 then
    perform quorum.refuse('Write the note in 1 to 4,000 characters.');
  end if;
  if write_note.version is null then
    perform quorum.need_place(event.id, write_note.stage_id, null);
    if write_note.question_id is not null
        and (quorum.need_question(write_note.question_id)).dialogue_id <> event.id then
      raise exception 'This question is not there any more.' using errcode = 'Q0004';
    end if;
    if (select count(*) from quorum.dialogue_note n where n.dialogue_id = event.id) >= 20000 then
      perform quorum.refuse('This event holds 20,000 notes already. Strike some first.');
    end if;
    insert into quorum.dialogue_note (id, dialogue_id, chatham, audience, stage_id, question_id, text,
        author, affiliation, person_id, noted_at)
      values (write_note.id, event.id, event.chatham, write_note.audience, write_note.stage_id,
        write_note.question_id, btrim(write_note.text),
        case when not event.chatham then seat.name end,
        case when not event.chatham then seat.affiliation end,
        case when not event.chatham then seat.person_id end,
        case when not event.chatham then now() end)
      on conflict do nothing;
    if not found then
      return jsonb_build_object('version', 1);
    end if;
    written := 1;
  else
    update quorum.dialogue_note n set text = btrim(write_note.text), version = n.version + 1
      where n.id = write_note.id and n.dialogue_id = event.id and n.version = write_note.version
        and (n.audience = 'shared' or seat.side = 'buyer')
      returning n.version into written;
    if not found then
      return coalesce((
        select jsonb_build_object('conflict', jsonb_build_object('text', n.text, 'version', n.version))
        from quorum.dialogue_note n where n.id = write_note.id and n.dialogue_id = event.id
          and (n.audience = 'shared' or seat.side = 'buyer')),
        '{"conflict": {"text": "", "version": null}}');
    end if;
  end if;
  perform quorum.tick(event.id);
  return jsonb_build_object('version', written);
end
$$;

-- Takes a note away: who runs the event or takes its notes, or who wrote it where that is known.
create function public.strike_note(id uuid, version bigint) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  seen quorum.dialogue_note;
  seat public.dialogue_seat;
begin
  select n.* into seen from quorum.dialogue_note n where n.id = strike_note.id
    and (n.dialogue_id = any (quorum.my_buyer_dialogues())
      or (n.audience = 'shared' and n.dialogue_id = any (quorum.my_guest_dialogues())));
  if seen.id is null then
    raise exception 'This note is not there any more.' using errcode = 'Q0004';
  end if;
  perform quorum.need_open_dialogue(seen.dialogue_id);
  seat := quorum.need_seat(seen.dialogue_id);
  if not (quorum.leads(seen.dialogue_id) or seat.role = 'note_taker'
      or seen.person_id is not distinct from quorum.me()) then
    raise exception 'Only hosts, facilitators and note takers may strike a note.' using errcode = 'Q0004';
  end if;
  delete from quorum.dialogue_note n where n.id = strike_note.id and n.version = strike_note.version;
  if not found then
    return coalesce((
      select jsonb_build_object('conflict', jsonb_build_object('text', n.text, 'version', n.version))
      from quorum.dialogue_note n where n.id = strike_note.id), '{}');
  end if;
  perform quorum.tick(seen.dialogue_id);
  return '{}';
end
$$;

-- A note that all may read can answer a question on the buyers' board: to a guest it answers none.
create function quorum.if_shared(question uuid) returns uuid
language sql stable security definer set search_path = ''
as $$ select q.id from quorum.dialogue_question q where q.id = $1 and q.board = 'shared' $$;
revoke execute on function quorum.if_shared(uuid) from public, anon;

-- The boards with everything on them; nothing new when nobody has changed anything since `seen`.
create function public.dialogue_board(dialogue_id uuid, seen bigint) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_dialogue(dialogue_board.dialogue_id);
  buyer boolean := event.id = any (quorum.my_buyer_dialogues());
  me bytea := quorum.my_pseudonym(event.id);
  room quorum.dialogue_room;
begin
  select r.* into room from quorum.dialogue_room r where r.dialogue_id = event.id;
  if room.counter = dialogue_board.seen then
    return jsonb_build_object('counter', room.counter);
  end if;
  return jsonb_build_object(
    'counter', room.counter,
    'state', event.state,
    'leads', quorum.leads(event.id),
    'seat', (select jsonb_build_object('id', s.id, 'side', s.side, 'role', s.role)
      from quorum.my_seat(event.id) s where s.id is not null),
    'left', jsonb_build_object('shared', quorum.votes_left(event.id, 'shared'),
      'buyers', quorum.votes_left(event.id, 'buyers')),
    'questions', coalesce((
      select jsonb_agg(jsonb_build_object('id', q.id, 'board', q.board, 'stage_id', q.stage_id,
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

-- Everything that a screen in the room shows; nothing new when nobody has changed anything.
create function public.dialogue_room(dialogue_id uuid, seen bigint) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_dialogue(dialogue_room.dialogue_id);
  buyer boolean := event.id = any (quorum.my_buyer_dialogues());
  room quorum.dialogue_room;
  stage public.dialogue_stage;
  question quorum.dialogue_question;
begin
  select r.* into room from quorum.dialogue_room r where r.dialogue_id = event.id;
  if room.counter = dialogue_room.seen then
    return jsonb_build_object('counter', room.counter, 'now', now());
  end if;
  select s.* into stage from public.dialogue_stage s
    where s.id = room.stage_id and (s.audience = 'all' or buyer);
  select q.* into question from quorum.dialogue_question q
    where q.id = room.question_id and (q.board = 'shared' or buyer);
  return jsonb_build_object(
    'counter', room.counter,
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
    'people', (select count(*) from public.dialogue_seat s where s.dialogue_id = event.id and s.active),
    'questions', coalesce((
      select jsonb_agg(x) from (
        select jsonb_build_object('id', q.id, 'board', q.board, 'text', q.text, 'topic', q.topic,
          'supplier_id', q.supplier_id, 'stage_id', q.stage_id, 'state', q.state,
          'votes', q.votes + count(b.pseudonym)) as x
        from quorum.dialogue_question q
        left join quorum.dialogue_ballot b on b.question_id = q.id
        where q.dialogue_id = event.id and (q.board = 'shared' or buyer) and q.merged_into is null
          and q.state in ('open', 'asked') and (q.stage_id is null or q.stage_id = stage.id)
        group by q.id order by q.votes + count(b.pseudonym) desc, q.id limit 30) top), '[]'),
    -- The newest. Under the Chatham House Rule no time says which these are; where the table keeps
    -- them does, until the close, and it is not told.
    'notes', coalesce((
      select jsonb_agg(x order by noted_at desc nulls last, id) from (
        select n.id, n.noted_at, jsonb_build_object('id', n.id, 'stage_id', n.stage_id,
          'question_id', case when buyer then n.question_id else quorum.if_shared(n.question_id) end,
          'audience', n.audience, 'text', n.text, 'author', n.author,
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

-- All notes of an event, for reading and for minutes.
create function public.dialogue_notes(dialogue_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_dialogue(dialogue_notes.dialogue_id);
  buyer boolean := event.id = any (quorum.my_buyer_dialogues());
begin
  return coalesce((
    select jsonb_agg(jsonb_build_object('id', n.id, 'stage_id', n.stage_id,
      'question_id', case when buyer then n.question_id else quorum.if_shared(n.question_id) end,
      'audience', n.audience, 'text', n.text, 'author', n.author, 'affiliation', n.affiliation,
      'noted_at', n.noted_at) order by n.noted_at nulls last, n.id)
    from quorum.dialogue_note n
    where n.dialogue_id = event.id and (n.audience = 'shared' or buyer)), '[]');
end
$$;

-- Public functions: following up -----------------------------------------------------------------

create function public.capture_commitment(
  id uuid, dialogue_id uuid, supplier_id uuid, owner_id uuid, text text, due_on date
) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  event public.dialogue := quorum.need_dialogue(capture_commitment.dialogue_id);
  seat public.dialogue_seat := quorum.need_seat(capture_commitment.dialogue_id);
begin
  if seat.side <> 'buyer' then
    raise exception 'Commitments are written down by the buyers.' using errcode = 'Q0004';
  end if;
  if event.state not in ('live', 'closed') then
    perform quorum.refuse('Commitments are made in the event or after it. Its hosts open it.');
  end if;
  if length(btrim(coalesce(capture_commitment.text, ''))) not between 3 and 1000 then
    perform quorum.refuse('Write what was promised in 3 to 1,000 characters.');
  end if;
  if capture_commitment.supplier_id is null then
    perform quorum.refuse('Choose the supplier that made the commitment.');
  end if;
  perform quorum.need_place(event.id, null, capture_commitment.supplier_id);
  if capture_commitment.due_on is null then
    perform quorum.refuse('Give the commitment a due date: without one nobody can follow it up.');
  end if;
  -- A day more, because the place of the event may be in another day than UTC.
  if capture_commitment.due_on < (event.starts_at at time zone 'UTC')::date - 1
      or capture_commitment.due_on > (event.starts_at at time zone 'UTC')::date + 3653 then
    perform quorum.refuse('The due date is not within ten years after the event. Check it.');
  end if;
  if not exists (select from public.membership m where m.consortium_id = event.consortium_id
      and m.organisation_id = capture_commitment.owner_id and m.left_at is null) then
    perform quorum.refuse('Choose the member organisation that follows this up.');
  end if;
  insert into public.commitment (id, dialogue_id, supplier_id, owner_id, text, first_due_on, due_on)
    values (capture_commitment.id, event.id, capture_commitment.supplier_id,
      capture_commitment.owner_id, btrim(capture_commitment.text), capture_commitment.due_on,
      capture_commitment.due_on)
    on conflict do nothing;
end
$$;

-- What became of a commitment. The organisation that follows it up and the hosts say anything; the
-- supplier's people say how far they are, and leave it to the owner to verify or to drop.
create function public.report_commitment(
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
  event := quorum.need_dialogue(promise.dialogue_id);
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

create function public.hand_over_commitment(commitment_id uuid, owner_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  promise public.commitment;
begin
  select c.* into promise from public.commitment c where c.id = hand_over_commitment.commitment_id
    and c.dialogue_id = any (quorum.my_buyer_dialogues());
  if promise.id is null or not quorum.may_edit() or not (promise.owner_id = quorum.my_organisation()
      or promise.dialogue_id = any (quorum.my_hosted_dialogues())) then
    raise exception 'Only editors of the organisation that follows this up, and of the hosts, may hand it over.' using errcode = 'Q0004';
  end if;
  if not exists (select from public.membership m join public.dialogue d on d.consortium_id = m.consortium_id
      where d.id = promise.dialogue_id and m.organisation_id = hand_over_commitment.owner_id
        and m.left_at is null) then
    perform quorum.refuse('Choose the member organisation that follows this up.');
  end if;
  update public.commitment c set owner_id = hand_over_commitment.owner_id where c.id = promise.id;
end
$$;

revoke execute on function
  public.invite_to_dialogue(uuid, text, uuid, text, integer),
  public.plan_dialogue(uuid, uuid, text, text, timestamptz, timestamptz, text, text, text, boolean,
    integer, uuid[], jsonb),
  public.set_chatham(uuid, boolean), public.set_dialogue_suppliers(uuid, uuid[]),
  public.add_host(uuid, uuid), public.leave_host(uuid), public.take_seat(uuid),
  public.leave_seat(uuid), public.set_seat(uuid, text, boolean), public.open_dialogue(uuid),
  public.cancel_dialogue(uuid), public.close_dialogue(uuid), public.go_to(uuid, uuid, uuid),
  public.ask_question(uuid, uuid, text, uuid, uuid, text, text),
  public.edit_question(uuid, bigint, uuid, uuid, text, text), public.set_question_state(uuid, text),
  public.merge_questions(uuid, uuid[]), public.vote(uuid, boolean),
  public.write_note(uuid, uuid, uuid, uuid, text, text, bigint), public.strike_note(uuid, bigint),
  public.dialogue_board(uuid, bigint), public.dialogue_room(uuid, bigint),
  public.dialogue_notes(uuid),
  public.capture_commitment(uuid, uuid, uuid, uuid, text, date),
  public.report_commitment(uuid, uuid, bigint, text, text, text, date),
  public.hand_over_commitment(uuid, uuid)
  from public, anon;
grant execute on function
  public.invite_to_dialogue(uuid, text, uuid, text, integer),
  public.plan_dialogue(uuid, uuid, text, text, timestamptz, timestamptz, text, text, text, boolean,
    integer, uuid[], jsonb),
  public.set_chatham(uuid, boolean), public.set_dialogue_suppliers(uuid, uuid[]),
  public.add_host(uuid, uuid), public.leave_host(uuid), public.take_seat(uuid),
  public.leave_seat(uuid), public.set_seat(uuid, text, boolean), public.open_dialogue(uuid),
  public.cancel_dialogue(uuid), public.close_dialogue(uuid), public.go_to(uuid, uuid, uuid),
  public.ask_question(uuid, uuid, text, uuid, uuid, text, text),
  public.edit_question(uuid, bigint, uuid, uuid, text, text), public.set_question_state(uuid, text),
  public.merge_questions(uuid, uuid[]), public.vote(uuid, boolean),
  public.write_note(uuid, uuid, uuid, uuid, text, text, bigint), public.strike_note(uuid, bigint),
  public.dialogue_board(uuid, bigint), public.dialogue_room(uuid, bigint),
  public.dialogue_notes(uuid),
  public.capture_commitment(uuid, uuid, uuid, uuid, text, date),
  public.report_commitment(uuid, uuid, bigint, text, text, text, date),
  public.hand_over_commitment(uuid, uuid)
  to authenticated;

create or replace function public.schema_number() returns integer
language sql immutable set search_path = ''
as $$ select 12 $$;
