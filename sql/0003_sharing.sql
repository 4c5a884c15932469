-- Sharing: a contribution is private until its owner names a consortium, a level, a legal basis
-- and an end date. Each such act is a receipt. The rows themselves carry the result
-- (shared_with, shared_until), because that is what policies can test cheaply.

-- Tables -----------------------------------------------------------------------------------------

create table public.sharing (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null references public.organisation,
  consortium_id uuid not null references public.consortium,
  relation text not null check (relation in ('assessment', 'site_list', 'spend')),
  level text not null check (level in ('record', 'band', 'aggregate')),
  legal_basis text not null check (length(btrim(legal_basis)) between 3 and 500),
  title text not null default '' check (length(title) <= 300),
  item_count integer not null check (item_count > 0),
  created_by uuid,
  created_at timestamptz not null default now(),
  ends_on date not null,
  ended_at timestamptz,
  ended_because text check (ended_because in ('revoked', 'end date', 'left the consortium')),
  primary key (organisation_id, id),
  check (level = 'record' or relation = 'spend'),
  check ((ended_at is null) = (ended_because is null))
);
create index sharings_of_organisation on public.sharing (organisation_id, created_at);
create index sharings_due on public.sharing (ends_on) where ended_at is null;
comment on table public.sharing is 'Receipts: what an organisation shared with which consortium, how, why and until when.';
comment on column public.sharing.id is 'Identifier; the caller chooses it, so a repeated submit shares nothing twice.';
comment on column public.sharing.organisation_id is 'The owner of what is shared.';
comment on column public.sharing.consortium_id is 'Whose members see it.';
comment on column public.sharing.relation is 'What kind of contribution.';
comment on column public.sharing.level is 'record: all of it; band: only the size class; aggregate: only in sums.';
comment on column public.sharing.legal_basis is 'Why this may be shared, in the owner''s words.';
comment on column public.sharing.title is 'What was shared, in words.';
comment on column public.sharing.item_count is 'How many contributions the receipt covers.';
comment on column public.sharing.created_by is 'The colleague who shared.';
comment on column public.sharing.created_at is 'When.';
comment on column public.sharing.ends_on is 'The last day on which it is seen.';
comment on column public.sharing.ended_at is 'When it ended; null while it lasts.';
comment on column public.sharing.ended_because is 'Why it ended.';

create table public.sharing_item (
  organisation_id uuid not null references public.organisation,
  sharing_id uuid not null,
  item_id uuid not null,
  primary key (organisation_id, sharing_id, item_id),
  foreign key (organisation_id, sharing_id) references public.sharing (organisation_id, id)
);
create index sharings_of_item on public.sharing_item (organisation_id, item_id);
comment on table public.sharing_item is 'The contributions that a receipt covers.';
comment on column public.sharing_item.organisation_id is 'The owner.';
comment on column public.sharing_item.sharing_id is 'The receipt.';
comment on column public.sharing_item.item_id is 'The contribution (assessment, site list or spend line).';

-- One acknowledged submit per key: a retry gets the first answer again and writes nothing.
create table quorum.submission (
  organisation_id uuid not null references public.organisation,
  key uuid not null,
  answer jsonb not null,
  at timestamptz not null default now(),
  primary key (organisation_id, key)
);
comment on table quorum.submission is 'Answers to submits that were acknowledged, by idempotency key.';
comment on column quorum.submission.organisation_id is 'Who submitted.';
comment on column quorum.submission.key is 'Minted by the form.';
comment on column quorum.submission.answer is 'What was answered.';
comment on column quorum.submission.at is 'When.';

-- Grants and policies ----------------------------------------------------------------------------

revoke all on public.sharing, public.sharing_item from public, anon, authenticated;
revoke all on quorum.submission from public, anon, authenticated;
grant select on public.sharing, public.sharing_item to authenticated;

alter table public.sharing enable row level security;
alter table public.sharing force row level security;
alter table public.sharing_item enable row level security;
alter table public.sharing_item force row level security;
alter table quorum.submission enable row level security;
alter table quorum.submission force row level security;

create policy "An organisation sees its own receipts"
  on public.sharing for select to authenticated
  using (organisation_id = (select quorum.my_organisation()));
create policy "An organisation sees what its receipts cover"
  on public.sharing_item for select to authenticated
  using (organisation_id = (select quorum.my_organisation()));

-- Idempotency ------------------------------------------------------------------------------------

-- The first answer to this key, or null. Holds a lock, so that two equal submits queue up.
create function quorum.earlier_answer(key uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if key is null then
    perform quorum.refuse('The submit carries no key. Reload the page and try again.');
  end if;
  perform pg_advisory_xact_lock(hashtextextended(quorum.my_organisation()::text || key::text, 0));
  return (select s.answer from quorum.submission s
    where s.organisation_id = quorum.my_organisation() and s.key = earlier_answer.key);
end
$$;

create function quorum.keep_answer(key uuid, answer jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  insert into quorum.submission (organisation_id, key, answer)
  values (quorum.my_organisation(), $1, $2) returning answer
$$;
revoke execute on function quorum.earlier_answer(uuid), quorum.keep_answer(uuid, jsonb)
  from public, anon;
