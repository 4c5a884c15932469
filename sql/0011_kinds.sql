-- What can be shared, said in one place. A later migration that adds a kind of contribution replaces
-- quorum.kinds() and the constraint sharing_relation_check, and nothing else: share() and what it
-- calls take the rest from there. (The constraint does not ask the function, because whoever copies
-- a store need not be allowed to.)

create function quorum.kinds() returns text[]
language sql immutable set search_path = ''
as $$
  select array['assessment', 'site_list', 'spend', 'initiative', 'rubric', 'initiative_rating',
    'initiative_link']
$$;

-- Those of the items that are the owner's and can be shared: drafts can not.
create function quorum.shareable(relation text, owner uuid, items uuid[]) returns uuid[]
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer uuid[];
begin
  execute format(
    'select array_agg(c.id) from public.%I c where c.organisation_id = $1 and c.id = any ($2)%s',
    relation, case relation when 'assessment' then ' and c.status = ''final''' else '' end)
    into answer using owner, items;
  return answer;
end
$$;

-- Writes onto the rows how they stand. Of spend more than one level is kept; a site goes with its
-- list.
create or replace function quorum.apply_sharings(relation text, owner uuid, items uuid[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  execute format(
    'update public.%I c set shared_with = t.shared, shared_until = t.until%s'
    ' from quorum.standing($1, $2) t where c.organisation_id = $1 and c.id = t.item_id',
    relation, case relation when 'spend'
      then ', banded_with = t.banded, aggregated_with = t.aggregated' else '' end)
    using owner, items;
  if relation = 'site_list' then
    update public.production_site p set shared_with = t.shared, shared_until = t.until
      from quorum.standing(owner, items) t
      where p.organisation_id = owner and p.site_list_id = t.item_id;
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
  if share.relation is null or share.relation <> all (quorum.kinds())
      or share.level is null or share.level not in ('record', 'band', 'aggregate')
      or (share.level <> 'record' and share.relation <> 'spend') then
    perform quorum.refuse('This level does not exist for this kind of contribution.');
  end if;
  owned := quorum.shareable(share.relation, owner, items);
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

revoke execute on function quorum.kinds(), quorum.shareable(text, uuid, uuid[]) from public, anon;

create or replace function public.schema_number() returns integer
language sql immutable set search_path = ''
as $$ select 11 $$;
