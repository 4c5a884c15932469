-- The page of one event, and its room, in as few requests as any other page.

-- As in 0010, and beside relations what is said in an event at this moment:
-- {"dialogue_room": {"dialogue_id": "...", "seen": null}}, and the same for dialogue_board. Where the
-- function refuses, the answer is null: whoever needs it asks by itself and is told why. Each runs
-- as it would by itself, with the caller's rights.
create or replace function public.read_together(wanted jsonb, most integer) returns json
language plpgsql stable set search_path = ''
as $$
declare
  relation text;
  columns text;
  asked jsonb;
  found_rows json;
  answers text[] := '{}';
begin
  for relation in select jsonb_object_keys(wanted) loop
    if jsonb_typeof(wanted -> relation) = 'object' then
      asked := wanted -> relation;
      begin
        found_rows := case relation
          when 'dialogue_room' then
            public.dialogue_room((asked ->> 'dialogue_id')::uuid, (asked ->> 'seen')::bigint)
          when 'dialogue_board' then
            public.dialogue_board((asked ->> 'dialogue_id')::uuid, (asked ->> 'seen')::bigint)
        end;
      exception
        when sqlstate 'Q0001' or sqlstate 'Q0004' or data_exception or insufficient_privilege then
          found_rows := null;
      end;
    else
      select string_agg(
          format(case when t.atttypid = 'jsonb'::regtype then '%1$I::text as %1$I' else '%I' end,
            c.name), ', ')
        into columns
        from jsonb_array_elements_text(wanted -> relation) as c (name)
        left join pg_attribute t on t.attrelid = to_regclass(format('public.%I', relation))
          and t.attname = c.name;
      execute format(
        'select case when count(*) <= $1 then coalesce(json_agg(x), ''[]'') end'
        ' from (select %s from public.%I%s limit $1 + 1) x', columns, relation,
        case when to_regclass(format('public.%I', relation)) is null then '()' else '' end)
        into found_rows using most;
    end if;
    answers := answers || (to_json(relation)::text || ':' || coalesce(found_rows::text, 'null'));
  end loop;
  return ('{' || array_to_string(answers, ',') || '}')::json;
end
$$;

create or replace function public.schema_number() returns integer
language sql immutable set search_path = ''
as $$ select 13 $$;
