"""What a joint supplier dialogue is planned from: topics, agenda templates, prompts for questions.

All in `dialogues.toml`. A file that contradicts itself is a DefinitionError that names the place.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from quorum.definitions import DefinitionError, _check_unique, _fields
from quorum.language import _

DIALOGUES = Path(__file__).parent / "dialogues.toml"
AUDIENCES = ("all", "buyers")
STILL_OPEN = "still_open"
# Why a question is suggested -> what its prompt may name, besides {supplier}.
REASONS: dict[str, frozenset[str]] = {
    "overdue": frozenset({"day", "promise"}),
    "no_list": frozenset(),
    "differ": frozenset({"question"}),
    "risk": frozenset({"risk"}),
    "old_list": frozenset({"day"}),
    "low": frozenset({"question"}),
    "promised": frozenset({"promise"}),
}


@dataclass(frozen=True)
class Topic:
    code: str
    text_source: str

    @property
    def text(self) -> str:
        return _(self.text_source)


@dataclass(frozen=True)
class Stage:
    """A part of an agenda; with `only_still_open` it is left out where nothing is still open."""

    title_source: str
    purpose_source: str
    minutes: int
    audience: Literal["all", "buyers"]
    only_still_open: bool

    @property
    def title(self) -> str:
        return _(self.title_source)

    @property
    def purpose(self) -> str:
        return _(self.purpose_source)


@dataclass(frozen=True)
class Template:
    code: str
    title_source: str
    description_source: str
    stages: tuple[Stage, ...]

    @property
    def title(self) -> str:
        return _(self.title_source)

    @property
    def description(self) -> str:
        return _(self.description_source)

    def agenda(self, still_open: bool) -> list[dict[str, Any]]:
        """title, purpose, minutes, audience of each stage, as plan_dialogue() takes them.

        still_open: whether commitments of the suppliers invited are still open; then the agenda
        begins with them.
        """
        return [
            {
                "title": stage.title, "purpose": stage.purpose, "minutes": stage.minutes,
                "audience": stage.audience,
            }
            for stage in self.stages
            if still_open or not stage.only_still_open
        ]  # fmt: skip


@dataclass(frozen=True)
class Prompt:
    """A question to suggest; `of`: the block or dimension it is about, empty for any other."""

    reason: str
    of: str
    topic: str
    text_source: str

    @property
    def text(self) -> str:
        """With {supplier} and what REASONS names still to be filled in."""
        return _(self.text_source)


@dataclass(frozen=True)
class Dialogues:
    source: str
    topics: tuple[Topic, ...]
    templates: tuple[Template, ...]
    prompts: tuple[Prompt, ...]

    def template(self, code: str) -> Template:
        return next(one for one in self.templates if one.code == code)

    def prompt(self, reason: str, of: str = "") -> Prompt:
        """The prompt for this block or dimension, or the one for all that have none."""
        fitting = [one for one in self.prompts if one.reason == reason and one.of in (of, "")]
        return max(fitting, key=lambda one: one.of == of)


@cache
def definition() -> Dialogues:
    """The data file. Raises DefinitionError."""
    return read(DIALOGUES.read_text("utf-8"))


def topic_names() -> dict[str, str]:
    """Code to words, in the order of the file."""
    return {one.code: one.text for one in definition().topics}


def topic_name(code: str | None) -> str:
    """The words for a topic; as it stands where it is none of the file's, or was chosen freely."""
    return topic_names().get(code or "", code or "")


def audience_names() -> dict[str, str]:
    return {"all": _("Everybody"), "buyers": _("Buyers only")}


def read(content: str) -> Dialogues:
    """The text of dialogues.toml, checked. Raises DefinitionError."""
    try:
        table = tomllib.loads(content)
        lists = {key: table.pop(key, []) for key in ("topics", "templates", "prompts")}
        _fields(table, "the file", "source")
        made = Dialogues(
            table["source"],
            tuple(_topic(one) for one in _tables(lists, "topics")),
            tuple(_template(one) for one in _tables(lists, "templates")),
            tuple(_prompt(one) for one in _tables(lists, "prompts")),
        )
        _check(made)
    except (tomllib.TOMLDecodeError, DefinitionError) as error:
        raise DefinitionError(f"dialogues.toml: {error}") from error
    return made


# From tables to dataclasses -----------------------------------------------------------------------


def _tables(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = holder.get(key)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DefinitionError(f"{key} must be tables under [[{key}]]")
    return found


def _topic(table: dict[str, Any]) -> Topic:
    fields = _fields(table, "topic", "code text")
    return Topic(fields["code"], fields["text"])


def _template(table: dict[str, Any]) -> Template:
    plain = {key: value for key, value in table.items() if key != "stages"}
    fields = _fields(plain, "template", "code title description")
    where = f"template {fields['code']}"
    stages = tuple(_stage(one, where) for one in _tables({"stages": [], **table}, "stages"))
    return Template(fields["code"], fields["title"], fields["description"], stages)


def _stage(table: dict[str, Any], where: str) -> Stage:
    where = f"{where}, stage {table.get('title', '')}".rstrip()
    plain = {key: value for key, value in table.items() if key != "minutes"}
    fields = _fields(plain, where, "title purpose audience", "when")
    minutes = table.get("minutes")
    if type(minutes) is not int or not 1 <= minutes <= 24 * 60:
        raise DefinitionError(f"{where}: minutes must be a whole number from 1 to 1440")
    if fields["audience"] not in AUDIENCES:
        raise DefinitionError(f"{where}: audience is one of {', '.join(AUDIENCES)}")
    if fields.get("when", STILL_OPEN) != STILL_OPEN:
        raise DefinitionError(f"{where}: when can only be {STILL_OPEN}")
    return Stage(
        fields["title"], fields["purpose"], minutes, fields["audience"], "when" in fields
    )  # fmt: skip


def _prompt(table: dict[str, Any]) -> Prompt:
    fields = _fields(table, "prompt", "reason topic text", "of")
    return Prompt(fields["reason"], fields.get("of", ""), fields["topic"], fields["text"])


# What the parts must say to one another -----------------------------------------------------------


def _check(made: Dialogues) -> None:
    if not made.templates:
        raise DefinitionError("the file lacks templates")
    _check_unique("topic", (one.code for one in made.topics))
    _check_unique("template", (one.code for one in made.templates))
    for template in made.templates:
        _check_template(template)
    _check_unique("prompt", (f"{one.reason} {one.of}".strip() for one in made.prompts))
    codes = {one.code for one in made.topics}
    for prompt in made.prompts:
        _check_prompt(prompt, codes)
    general = {one.reason for one in made.prompts if not one.of}
    if missing := [reason for reason in REASONS if reason not in general]:
        raise DefinitionError(f"there is no prompt without `of` for {', '.join(missing)}")


def _check_template(template: Template) -> None:
    where = f"template {template.code}"
    if not template.agenda(still_open=False):
        raise DefinitionError(f"{where} has no stage that is always planned")
    _check_unique(f"{where}: stage", (one.title_source.casefold() for one in template.stages))
    if any(one.only_still_open for one in template.stages[1:]):
        raise DefinitionError(f"{where}: what is still open comes first")


def _check_prompt(prompt: Prompt, topics: set[str]) -> None:
    where = f"prompt {prompt.reason} {prompt.of}".rstrip()
    if prompt.reason not in REASONS:
        raise DefinitionError(f"{where}: reason is one of {', '.join(REASONS)}")
    if prompt.topic not in topics:
        raise DefinitionError(f"{where}: there is no topic {prompt.topic}")
    try:
        named = {field for __, field, *__rest in Formatter().parse(prompt.text_source)}
    except ValueError as error:
        raise DefinitionError(f"{where}: {error}") from error
    if unknown := named - REASONS[prompt.reason] - {"supplier", None}:
        names = ", ".join(f"{{{name}}}" for name in sorted(map(str, unknown)))
        raise DefinitionError(f"{where}: nothing fills in {names}")
