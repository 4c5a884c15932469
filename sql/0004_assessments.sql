-- Assessments: one supplier's answers to a questionnaire on a date, as one organisation knows them.
-- Points and bands are derived from the answers and the questionnaire's version, never stored.

-- Tables -----------------------------------------------------------------------------------------

create table public.assessment (
  id uuid not null default gen_random_uuid(),
  organisation_id uuid not null default quorum.my_organisation() references public.organisation,
  supplier_id uuid not null references public.supplier,
  questionnaire text not null check (length(questionnaire) between 1 and 100),
  respondent_kind text not null check (respondent_kind in ('manufacturer', 'reseller', 'other')),
  company_name text not null default '' check (length(company_name) <= 200),
  status text not null default 'draft' check (status in ('draft', 'final')),
  assessed_on date not null check (assessed_on between '2000-01-01' and '2100-01-01'),
  answers text[] not null default '{}' check (cardinality(answers) <= 200),
  evidence jsonb not null default '{}' check (jsonb_typeof(evidence) = 'object' and length(evidence::text) <= 100000),
  other_actions text not null default '' check (length(other_actions) <= 5000),
  shared_with uuid[] not null default '{}',
  shared_until date,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (organisation_id, id),
  constraint drafts_are_private check (status = 'final' or shared_with = '{}')
);
alter table public.assessment
  alter column answers set statistics 0,
  alter column evidence set statistics 0,
  alter column other_actions set statistics 0;
create index assessments_shared on public.assessment using gin (shared_with);
create index assessments_of_supplier on public.assessment (organisation_id, supplier_id, assessed_on);
comment on table public.assessment is 'Answers to the supplier questionnaire. A draft is its organisation''s own; a final one can be shared.';
comment on column public.assessment.id is 'Identifier; the form mints it.';
comment on column public.assessment.organisation_id is 'The owner.';
comment on column public.assessment.supplier_id is 'Whom it is about.';
comment on column public.assessment.questionnaire is 'Questionnaire and version, as named in quorum/definitions/questionnaires.';
comment on column public.assessment.respondent_kind is 'manufacturer (or brand), reseller, other: points depend on it.';
comment on column public.assessment.company_name is 'The respondent''s name, where it is not the supplier''s.';
comment on column public.assessment.status is 'draft or final.';
comment on column public.assessment.assessed_on is 'The day the answers were true.';
comment on column public.assessment.answers is 'Codes of the chosen answers.';
comment on column public.assessment.evidence is 'Per answer code: a note and a link.';
comment on column public.assessment.other_actions is 'Other actions, unscored.';
comment on column public.assessment.shared_with is 'Consortia whose members see it. Written by share() only.';
comment on column public.assessment.shared_until is 'The last day on which they do.';
comment on column public.assessment.version is 'Counts edits; an update names the version it saw.';
comment on column public.assessment.created_at is 'When it was begun.';
comment on column public.assessment.updated_at is 'When it was last edited.';

-- Apart from the assessment, so that sharing one never shares a person's name or an inner thought.
create table public.assessment_contact (
  assessment_id uuid not null,
  organisation_id uuid not null default quorum.my_organisation(),
  contact text not null default '' check (length(contact) <= 500),
  internal_note text not null default '' check (length(internal_note) <= 5000),
  version bigint not null default 1,
  primary key (organisation_id, assessment_id),
  foreign key (organisation_id, assessment_id) references public.assessment (organisation_id, id) on delete cascade
);
alter table public.assessment_contact
  alter column contact set statistics 0,
  alter column internal_note set statistics 0;
comment on table public.assessment_contact is 'Contact and internal note of an assessment. Never shared.';
comment on column public.assessment_contact.assessment_id is 'The assessment.';
comment on column public.assessment_contact.organisation_id is 'The owner.';
comment on column public.assessment_contact.contact is 'Contact person and details at the supplier.';
comment on column public.assessment_contact.internal_note is 'A note for colleagues.';
comment on column public.assessment_contact.version is 'Counts edits.';

-- Triggers ---------------------------------------------------------------------------------------

create function quorum.touch() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.version := old.version + 1;
  new.updated_at := now();
  return new;
end
$$;
revoke execute on function quorum.touch() from public, anon;
-- Sharing is not an edit: it must not turn a colleague's open form into a conflict.
create trigger version before update of supplier_id, questionnaire, respondent_kind, company_name,
  status, assessed_on, answers, evidence, other_actions on public.assessment
  for each row execute function quorum.touch();
create trigger version before update on public.assessment_contact
  for each row execute function quorum.bump_version();

-- Grants -----------------------------------------------------------------------------------------

revoke all on public.assessment, public.assessment_contact from public, anon, authenticated;
-- Not whom else an owner shares with, nor until when: each sees that only of its own rows, from its
-- receipts, and of others' rows from shared_through(). Policies need no right to a column.
grant select (id, organisation_id, supplier_id, questionnaire, respondent_kind, company_name,
    status, assessed_on, answers, evidence, other_actions, version, created_at, updated_at)
  on public.assessment to authenticated;
grant select on public.assessment_contact to authenticated;
grant insert (id, supplier_id, questionnaire, respondent_kind, company_name, status, assessed_on,
    answers, evidence, other_actions),
  update (supplier_id, questionnaire, respondent_kind, company_name, status, assessed_on, answers,
    evidence, other_actions),
  delete on public.assessment to authenticated;
grant insert (assessment_id, contact, internal_note), update (contact, internal_note)
  on public.assessment_contact to authenticated;

-- Policies ---------------------------------------------------------------------------------------

alter table public.assessment enable row level security;
alter table public.assessment force row level security;
alter table public.assessment_contact enable row level security;
alter table public.assessment_contact force row level security;

create policy "Owners and those it is shared with see an assessment"
  on public.assessment for select to authenticated
  using (organisation_id = (select quorum.my_organisation())
    or (shared_with && (select quorum.my_consortia())::uuid[] and shared_until >= current_date));
create policy "Editors assess"
  on public.assessment for insert to authenticated
  with check (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()));
create policy "Editors correct their organisation's assessments"
  on public.assessment for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation()));
create policy "Editors delete what is not shared"
  on public.assessment for delete to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit())
    and shared_with = '{}');

create policy "Only colleagues see contacts"
  on public.assessment_contact for select to authenticated
  using (organisation_id = (select quorum.my_organisation()));
create policy "Editors note contacts"
  on public.assessment_contact for insert to authenticated
  with check (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()));
create policy "Editors correct contacts"
  on public.assessment_contact for update to authenticated
  using (organisation_id = (select quorum.my_organisation()) and (select quorum.may_edit()))
  with check (organisation_id = (select quorum.my_organisation()));

-- Public functions -------------------------------------------------------------------------------

-- Many at once, all or none. rows: [{supplier_id, questionnaire, respondent_kind, company_name,
-- contact, assessed_on, answers, evidence, other_actions, status}].
-- Answers {imported: how many, items: their identifiers, so that they can be shared}.
create function public.import_assessments(key uuid, rows jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  answer jsonb;
  items jsonb;
begin
  perform quorum.need_editor();
  answer := quorum.earlier_answer(key);
  if answer is not null then
    return answer;
  end if;
  with incoming as materialized (
    select gen_random_uuid() as id, r.*
    from jsonb_to_recordset(rows) as r (
      supplier_id uuid, questionnaire text, respondent_kind text, company_name text, contact text,
      assessed_on date, answers text[], evidence jsonb, other_actions text, status text)
  ),
  assessed as (
    insert into public.assessment (id, organisation_id, supplier_id, questionnaire,
        respondent_kind, company_name, status, assessed_on, answers, evidence, other_actions)
      select id, quorum.my_organisation(), supplier_id, questionnaire, respondent_kind,
        coalesce(company_name, ''), coalesce(status, 'final'), assessed_on,
        coalesce(answers, '{}'), coalesce(evidence, '{}'), coalesce(other_actions, '')
      from incoming
      returning id
  ),
  contacts as (
    insert into public.assessment_contact (assessment_id, organisation_id, contact)
      select id, quorum.my_organisation(), btrim(contact) from incoming
      where nullif(btrim(contact), '') is not null
  )
  select coalesce(jsonb_agg(id), '[]') into items from assessed;
  return quorum.keep_answer(key,
    jsonb_build_object('imported', jsonb_array_length(items), 'items', items));
end
$$;
revoke execute on function public.import_assessments(uuid, jsonb) from public, anon;
grant execute on function public.import_assessments(uuid, jsonb) to authenticated;
