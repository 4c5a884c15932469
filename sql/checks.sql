-- Rules that every store keeps, embedded or Supabase: in its catalogue, and from 21 on in its rows.
-- Each is a query of which any row is a failure; its number and name are those of the test
-- (tests/test_checks.py), and `python -m quorum check` runs them too. "Contribution" is a table with
-- organisation_id.
-- Not ours and left alone: the schemas that Supabase or the shim provide (auth, storage, ...).

-- 01 row_security: every table has row level security, enabled and forced
select c.oid::regclass::text as found
from pg_class c
where c.relnamespace in ('public'::regnamespace, 'quorum'::regnamespace)
  and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity);

-- 02 nothing_for_strangers: no table or column grants anything to everybody or to anon
select format('%s: %s to %s', c.oid::regclass, a.privilege_type, coalesce(r.rolname, 'public')) as found
from pg_class c
cross join lateral (
  select * from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner)))
  union all
  select x.* from pg_attribute t cross join lateral aclexplode(t.attacl) x where t.attrelid = c.oid
) a
left join pg_roles r on r.oid = a.grantee
where c.relnamespace in ('public'::regnamespace, 'quorum'::regnamespace)
  and c.relkind in ('r', 'p', 'v', 'm') and (a.grantee = 0 or r.rolname in ('anon', 'authenticator'));

-- 03 no_table_powers: members never hold TRUNCATE, REFERENCES, TRIGGER or MAINTAIN
select format('%s: %s', c.oid::regclass, a.privilege_type) as found
from pg_class c
cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
join pg_roles r on r.oid = a.grantee
where c.relnamespace in ('public'::regnamespace, 'quorum'::regnamespace)
  and r.rolname = 'authenticated'
  and a.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE');

-- 04 members_do_not_reach_helpers: in schema quorum members read and write no table
select format('%s: %s', c.oid::regclass, a.privilege_type) as found
from pg_class c
cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
where c.relnamespace = 'quorum'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
  and a.grantee <> c.relowner;

-- 05 comments: every table and column says what it is
select c.oid::regclass || coalesce('.' || t.attname, '') as found
from pg_class c
left join pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
where c.relnamespace in ('public'::regnamespace, 'quorum'::regnamespace)
  and c.relkind in ('r', 'p', 'v', 'm')
  and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, t.attnum) is null);

-- 06 keys_start_with_the_owner: a unique key of a contribution starts with organisation_id, so that
-- a clash never reveals another's row. Exceptions, whose values no caller chooses: identifiers of
-- membership and invitation, the hash of a link, and a person, who has one organisation.
select i.indexrelid::regclass::text as found
from pg_index i
join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace
where i.indisunique
  and exists (select from pg_attribute t
    where t.attrelid = c.oid and t.attname = 'organisation_id' and not t.attisdropped)
  and (select t.attname from pg_attribute t where t.attrelid = c.oid and t.attnum = i.indkey[0])
    is distinct from 'organisation_id'
  and i.indexrelid::regclass::text not in ('membership_pkey', 'invitation_pkey',
    'invitation_token_hash_key', 'one_organisation_a_person');

-- 07 references_start_with_the_owner: a foreign key between contributions starts with
-- organisation_id on both sides, so that nobody can try out another's identifier
select format('%s on %s', k.conname, k.conrelid::regclass) as found
from pg_constraint k
join pg_class c on c.oid = k.conrelid and c.relnamespace = 'public'::regnamespace
where k.contype = 'f'
  and exists (select from pg_attribute t
    where t.attrelid = k.conrelid and t.attname = 'organisation_id' and not t.attisdropped)
  and exists (select from pg_attribute t
    where t.attrelid = k.confrelid and t.attname = 'organisation_id' and not t.attisdropped)
  and not (
    exists (select from pg_attribute t where t.attrelid = k.conrelid
      and t.attnum = k.conkey[1] and t.attname = 'organisation_id')
    and exists (select from pg_attribute t where t.attrelid = k.confrelid
      and t.attnum = k.confkey[1] and t.attname = 'organisation_id'));

-- 08 search_path: every function of ours runs with an empty search_path
select p.oid::regprocedure::text as found
from pg_proc p
where p.pronamespace in ('public'::regnamespace, 'quorum'::regnamespace)
  and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  and not coalesce(p.proconfig, '{}') @> array['search_path=""'];

-- 09 functions_for_strangers: everybody and anon may call nothing but what comes before sign-in
select format('%s: %s', p.oid::regprocedure, coalesce(r.rolname, 'public')) as found
from pg_proc p
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
left join pg_roles r on r.oid = a.grantee
where p.pronamespace in ('public'::regnamespace, 'quorum'::regnamespace)
  and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  and (a.grantee = 0 or r.rolname in ('anon', 'authenticator'))
  and not (p.pronamespace = 'public'::regnamespace and r.rolname is not distinct from 'anon'
    and p.proname in ('invitation_for', 'schema_number', 'store_is_empty', 'web_session',
      'begin_renewal', 'end_renewal', 'close_web_session', 'spend_sign_in_code'));

-- 10 helpers_for_members: of the helpers members may call only the questions that policies ask
select p.oid::regprocedure::text as found
from pg_proc p
where p.pronamespace = 'quorum'::regnamespace
  and has_function_privilege('authenticated', p.oid, 'execute')
  and p.proname not in ('me', 'my_organisation', 'my_role', 'may_edit', 'is_admin', 'is_member',
    'my_consortia', 'my_coordinated', 'my_fellows', 'my_colleagues', 'my_buyer_dialogues',
    'my_dialogues', 'my_hosted_dialogues', 'my_rooms', 'my_represented', 'my_room_suppliers',
    'my_room_organisations');

-- 11 views: a view asks with the rights of whoever reads it; nothing is materialised
select c.oid::regclass::text as found
from pg_class c
where c.relnamespace in ('public'::regnamespace, 'quorum'::regnamespace)
  and (c.relkind = 'm'
    or (c.relkind = 'v' and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on']));

-- 12 once_a_query: a policy calls functions only inside (select ...), never once a row
select format('%s on %s', p.polname, p.polrelid::regclass) as found
from pg_policy p
cross join lateral regexp_replace(
  concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)),
  '\( ?SELECT (quorum|auth)\.\w+\(\)', '', 'g') as rest
where rest ~ '\m(quorum|auth|public)\.\w+\(|\mcurrent_setting\(';

-- 13 policies_name_their_role: every policy is for authenticated, and permissive
select format('%s on %s', p.polname, p.polrelid::regclass) as found
from pg_policy p
where not p.polpermissive
  or array(select r.rolname::text from pg_roles r where r.oid = any (p.polroles)) <> array['authenticated'];

-- 14 checked_updates: an update policy also checks the row as it becomes
select format('%s on %s', p.polname, p.polrelid::regclass) as found
from pg_policy p
where p.polcmd in ('w', '*') and p.polwithcheck is null;

-- 15 no_statistics: the planner knows nothing about confidential values
select format('%s.%s', w.relation, w.name) as found
from (values
  ('spend', 'amount'), ('spend', 'supplier_id'), ('spend', 'category'),
  ('spend', 'contract_reference'), ('spend', 'contract_end'),
  ('assessment', 'answers'), ('assessment', 'evidence'), ('assessment', 'other_actions'),
  ('assessment_contact', 'contact'), ('assessment_contact', 'internal_note'),
  ('leverage_use', 'supplier_id'), ('leverage_use', 'asked'), ('leverage_use', 'outcome_text'),
  ('risk', 'supplier_id'), ('risk', 'country'), ('risk', 'kind'), ('risk', 'text'),
  ('risk', 'source'), ('risk', 'link')
) as w (relation, name)
left join pg_attribute t on t.attrelid = to_regclass('public.' || w.relation) and t.attname = w.name
where t.attstattarget is distinct from 0
  or exists (select from pg_statistic s where s.starelid = t.attrelid and s.staattnum = t.attnum);

-- 16 watched: every table leaves its changes in the audit trail and the counters. Exceptions: the
-- trail itself; rows that come and go only with another row that is watched; the size classes.
select format('%s: %s', c.oid::regclass, w.name) as found
from pg_class c
cross join (values ('trace_insert'), ('trace_update'), ('trace_delete')) as w (name)
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and c.relname not in ('audit_event', 'production_site', 'sharing_item', 'spend_band')
  and not exists (select from pg_trigger t
    where t.tgrelid = c.oid and t.tgname = w.name and t.tgenabled in ('O', 'A'));

-- 17 the_trail_stands: changing, deleting and emptying the audit trail raise an error
select w.name as found
from (values ('stands'), ('stands_truncate')) as w (name)
where not exists (select from pg_trigger t
  where t.tgrelid = 'public.audit_event'::regclass and t.tgname = w.name and t.tgenabled in ('O', 'A'));

-- 18 money_is_exact: amounts are numeric(15, 2), which a double carries to the cent
select format('%s.%s', c.oid::regclass, t.attname) as found
from pg_class c
join pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and ((t.attname in ('amount', 'low', 'high') and format_type(t.atttypid, t.atttypmod) <> 'numeric(15,2)')
    or t.atttypid = 'money'::regtype);

-- 19 owners_are_not_members: no table, view or function belongs to a role that a member can take
select x.name as found
from (
  select c.oid::regclass::text as name, c.relowner as owner from pg_class c
  where c.relnamespace in ('public'::regnamespace, 'quorum'::regnamespace)
  union all
  select p.oid::regprocedure::text, p.proowner from pg_proc p
  where p.pronamespace in ('public'::regnamespace, 'quorum'::regnamespace)
) x
join pg_roles r on r.oid = x.owner
where r.rolname in ('anon', 'authenticated', 'authenticator');

-- 20 no_making: members and strangers create nothing in our schemas
select format('%s in %s', r.rolname, n.nspname) as found
from pg_namespace n cross join pg_roles r
where n.nspname in ('public', 'quorum') and r.rolname in ('anon', 'authenticated', 'authenticator')
  and has_schema_privilege(r.rolname, n.oid, 'create');

-- 21 shared_as_receipts_say: a contribution is seen by the consortia of its living receipts, no other
with living as (
  select s.organisation_id, s.relation, i.item_id,
    array_agg(distinct s.consortium_id) filter (where s.level = 'record') as shared,
    array_agg(distinct s.consortium_id) filter (where s.level = 'band') as banded,
    array_agg(distinct s.consortium_id) filter (where s.level = 'aggregate') as aggregated
  from public.sharing s
  join public.sharing_item i on i.organisation_id = s.organisation_id and i.sharing_id = s.id
  where s.ended_at is null and s.ends_on >= current_date
  group by s.organisation_id, s.relation, i.item_id
),
contribution as (
  select 'assessment' as relation, organisation_id, id, shared_with, shared_until,
    '{}'::uuid[] as banded_with, '{}'::uuid[] as aggregated_with
  from public.assessment
  union all
  select 'site_list', organisation_id, id, shared_with, shared_until, '{}', '{}'
  from public.site_list
  union all
  select 'spend', organisation_id, id, shared_with, shared_until, banded_with, aggregated_with
  from public.spend
  union all
  select 'initiative', organisation_id, id, shared_with, shared_until, '{}', '{}'
  from public.initiative
  union all
  select 'rubric', organisation_id, id, shared_with, shared_until, '{}', '{}'
  from public.rubric
  union all
  select 'initiative_rating', organisation_id, id, shared_with, shared_until, '{}', '{}'
  from public.initiative_rating
  union all
  select 'initiative_link', organisation_id, id, shared_with, shared_until, '{}', '{}'
  from public.initiative_link
  union all
  select 'leverage_use', organisation_id, id, shared_with, shared_until, '{}', '{}'
  from public.leverage_use
  union all
  select 'risk', organisation_id, id, shared_with, shared_until, '{}', '{}'
  from public.risk
)
select c.relation || ' ' || c.id as found
from contribution c
left join living l on l.organisation_id = c.organisation_id and l.relation = c.relation
  and l.item_id = c.id
-- Past its day a row is hidden already; its receipt ends at the next look.
where (c.shared_until is null or c.shared_until >= current_date)
  and not (
    c.shared_with @> coalesce(l.shared, '{}') and c.shared_with <@ coalesce(l.shared, '{}')
    and c.banded_with @> coalesce(l.banded, '{}') and c.banded_with <@ coalesce(l.banded, '{}')
    and c.aggregated_with @> coalesce(l.aggregated, '{}')
    and c.aggregated_with <@ coalesce(l.aggregated, '{}'));

-- 22 sites_follow_their_list: a site is seen by whoever sees its list
select p.site_list_id::text as found
from public.production_site p
join public.site_list l on l.organisation_id = p.organisation_id and l.id = p.site_list_id
where p.shared_with is distinct from l.shared_with or p.shared_until is distinct from l.shared_until
  or p.supplier_id <> l.supplier_id
group by p.site_list_id;

-- 23 receipts_of_members: who shares with a consortium is in it
select s.id::text as found
from public.sharing s
where s.ended_at is null and not exists (select from public.membership m
  where m.organisation_id = s.organisation_id and m.consortium_id = s.consortium_id
    and m.left_at is null);

-- 24 somebody_looks_after: people have an admin, members a coordinator
select distinct 'organisation ' || r.organisation_id as found
from public.organisation_role r
where not exists (select from public.organisation_role a
  where a.organisation_id = r.organisation_id and a.role = 'admin')
union
select 'consortium ' || m.consortium_id
from public.membership m
where m.left_at is null and not exists (select from public.membership c
  where c.consortium_id = m.consortium_id and c.left_at is null and c.role = 'coordinator');

-- 25 merges_are_flat: a merged supplier points to a living one
select s.id::text as found
from public.supplier s join public.supplier kept on kept.id = s.merged_into
where kept.merged_into is not null;

-- 26 whole_imports: a list or import holds as many rows as it says
select 'site_list ' || l.id as found
from public.site_list l
where l.row_count <> (select count(*) from public.production_site p
  where p.organisation_id = l.organisation_id and p.site_list_id = l.id)
union all
select 'spend_import ' || i.id
from public.spend_import i
where i.row_count <> (select count(*) from public.spend s
  where s.organisation_id = i.organisation_id and s.import_id = i.id);

-- 27 sound_indexes: every index and constraint is complete and valid
select i.indexrelid::regclass::text as found
from pg_index i join pg_class c on c.oid = i.indexrelid
where c.relnamespace in ('public'::regnamespace, 'quorum'::regnamespace)
  and not (i.indisvalid and i.indisready and i.indislive)
union all
select k.conname from pg_constraint k
where k.connamespace in ('public'::regnamespace, 'quorum'::regnamespace) and not k.convalidated;

-- 28 whom_else: nobody reads from a row with whom else, or until when, its owner shares it
select format('%s.%s: %s', c.oid::regclass, t.attname, r.rolname) as found
from pg_class c
join pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
cross join pg_roles r
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
  and t.attname in ('shared_with', 'banded_with', 'aggregated_with', 'shared_until')
  and r.rolname in ('anon', 'authenticated', 'authenticator')
  and has_column_privilege(r.oid, c.oid, t.attnum, 'select');

-- 29 chatham_house: what is said under the Chatham House Rule belongs to nobody, and what could lead
-- back to somebody is gone with the end of the event: see docs/decisions/0007
select w.name as found
from (values ('question_of_nobody'), ('note_of_nobody')) as w (name)
where not exists (select from pg_constraint k
  where k.conname = w.name and k.connamespace = 'quorum'::regnamespace and k.convalidated)
union all
select 'dialogue ' || d.id
from public.dialogue d
where d.state in ('closed', 'cancelled') and (
  exists (select from quorum.dialogue_key k where k.dialogue_id = d.id)
  or exists (select from quorum.dialogue_ballot b
    join quorum.dialogue_question q on q.id = b.question_id where q.dialogue_id = d.id)
  -- Written anew in one go at the close.
  or (select count(distinct q.xmin::text) > 1 or max(q.version) > 1
    from quorum.dialogue_question q where q.dialogue_id = d.id)
  or (select count(distinct n.xmin::text) > 1 or max(n.version) > 1
    from quorum.dialogue_note n where n.dialogue_id = d.id));
