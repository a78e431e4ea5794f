"""A first mapping from a sample: what can be seen is filled in, what must be decided is left for a person. Pure.

No guess takes effect by itself where it would move a claim: a rule comes without its stage, and the check says so.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backoffice_adapter.mapping import formats
from backoffice_adapter.mapping.phones import phone_reader
from backoffice_adapter.mapping.survey import Place, survey

# Our field, and the words in a path that speak for it; the first path that has all the words of one group is taken.
_SPEAKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "claim_number": (("claim", "num"), ("claim", "no"), ("case", "num"), ("number",), ("claim", "id"), ("id",)),
    "policy_number": (("policy", "num"), ("policy", "no"), ("policy", "id"), ("policy",)),
    "object_label": (("vehicle",), ("object",), ("thing",)),
    "loss_date": (("loss", "date"), ("accident", "date"), ("incident", "date")),
    "reported_at": (("report",), ("notif",), ("creat",), ("opened",), ("received",)),
    "changed_at": (("updat",), ("chang",), ("modif",)),
    "approved": (("approved",), ("paid", "amount"), ("amount",)),
}
_PERSON: dict[str, tuple[tuple[str, ...], ...]] = {
    "ref": (("insured", "id"), ("holder", "id"), ("customer", "id"), ("person", "id"), ("contact", "id")),
    "name": (("holder", "name"), ("insured", "name"), ("customer", "name"), ("beneficiary", "name"), ("name",)),
    "email": (("mail",),),
}  # fmt: skip
# Whoever else claims, and the words for what is known of them.
_CLAIMANTS = ("claimant", "victim", "injured", "harmed", "потерпевш")
_OF_CLAIMANT = {"ref": (("id",), ("ref",), ("key",)), "name": (("name",),), "email": (("mail",),)}
_UTC, _LATEST_YEAR = ZoneInfo("UTC"), 2100
_DATED = ("loss_date", "reported_at", "changed_at")
_FORMATS = ("iso", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y", "%d/%m/%Y", "%d/%m/%Y %H:%M:%S",
            "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%d", "epoch_s", "epoch_ms")  # fmt: skip
# A path with one of these words and few different values says where a claim stands.
_STANDS = ("status", "state", "stage", "phase", "step")
_GUESS = {
    "registered": ("new", "open", "received", "draft", "r"),
    "checking": ("check", "review", "verif"),
    "collecting": ("document", "pending", "await", "inspect"),
    "assessing": ("assess", "estimat", "evaluat", "calculat"),
    "deciding": ("decid", "approval"),
    "decided": ("approv", "adjudicat", "denied", "declin", "reject", "refus"),
    "fulfilling": ("paid", "pay", "repair", "settle", "issued"),
    "closed": ("clos", "done", "complete", "withdraw", "cancel"),
}


def suggest(bodies: Sequence[Mapping[str, Any]], *, source: str, zone: str, country: str) -> str:
    """The text of a mapping for these cases. It is TOML; what is left to decide is a mistake that `check` tells."""
    places = survey(bodies)
    codes = codes_of(places.values())
    dates = {name: _date_formats(places[path]) for name in _DATED if (path := _path_for(_SPEAKS[name], places))}
    usual = next((forms[0] for forms in dates.values() if forms), "iso")
    sections = (
        _about(source, zone, country, usual, [place.path for place in codes], len(bodies)),
        _fields(places, dates, usual, country),
        _person(places, country),
        *_claimants(places, country),
        *(_rules(place, len(bodies), first=place is codes[0]) for place in codes),
    )
    return "\n".join(sections) if codes else "\n".join((*sections, _no_codes()))


def codes_of(places: Iterable[Place]) -> list[Place]:
    """The paths that seem to say where a claim stands, the most telling first; where its parts stand tells less."""
    telling = [place for place in places if place.is_code and _says_where(place.path)]
    return sorted(telling, key=lambda place: ("[]" in place.path, -place.filled, place.path))


def _says_where(path: str) -> bool:
    last = path.rpartition(".")[2].lower()
    return any(word in last for word in _STANDS)


def _path_for(groups: Iterable[tuple[str, ...]], places: Mapping[str, Place]) -> str | None:
    for words in groups:
        for path, place in places.items():
            if place.filled and all(word in path.lower() for word in words):
                return path
    return None


def _date_formats(place: Place) -> list[str]:
    """The formats that read every word of the sample; where two do, a person must look."""
    return [form for form in _FORMATS if place.words and all(_reads(form, word) for word in place.words)]


def _reads(form: str, word: str) -> bool:
    try:
        moment: datetime = formats.moment([form], _UTC)(word)
    except (ValueError, OverflowError):
        return False
    return formats.EARLIEST.year <= moment.year < _LATEST_YEAR


def _about(source: str, zone: str, country: str, form: str, codes: Sequence[str], cases: int) -> str:
    return f"""# A first mapping of '{source}', made of a sample of {cases} cases. Nobody has decided anything here yet:
# go through it line by line, and let `claims mapping check {source}` tell you what is left.

[about]
title = {quoted(source)}
owner = ""   # who answers for this file?
time_zone = {quoted(zone)}
phone_countries = [{quoted(country.upper())}]
date_formats = [{quoted(form)}]
code = {json.dumps(codes or [""], ensure_ascii=False)}
"""


def _fields(places: Mapping[str, Place], dates: Mapping[str, list[str]], usual: str, country: str) -> str:
    lines = ["[fields]"]
    for name, groups in _SPEAKS.items():
        path = _path_for(groups, places)
        if path is None:
            lines += [f'{name} = ""   # which path?'] if name in ("claim_number", "reported_at") else []
        elif name in dates:
            lines.append(f"{name} = {_dated(path, dates[name], usual)}   # {_seen(places[path], dates[name])}")
        else:
            lines.append(f"{name} = {quoted(path)}   # {_seen(places[path])}")
    constants = {"line_of_business": "", "product": "", "country": country.lower(), "currency": ""}
    lines += [f"{name} = {{ value = {quoted(value)} }}   # a constant, or a path and a table"
              for name, value in constants.items()]  # fmt: skip
    return "\n".join(lines) + "\n"


def _dated(path: str, forms: list[str], usual: str) -> str:
    if usual in forms:
        return quoted(path)
    return f"{{ path = {quoted(path)}, format = {quoted(forms[0] if forms else '')} }}"


def _person(places: Mapping[str, Place], country: str) -> str:
    lines = ["# Whose claim it is. Without a key of the person, the claim's own number is one person each.",
             "[policyholder]"]  # fmt: skip
    for name, groups in _PERSON.items():
        path = _path_for(groups, places)
        if path is None and name == "ref":
            path = _path_for(_SPEAKS["claim_number"], places)
        if path is None:
            lines += [f'{name} = ""   # which path?'] if name != "email" else []
        else:
            lines.append(f"{name} = {quoted(path)}   # {_seen(places[path])}")
    numbers = [place.path for place in places.values() if _has_phones(place, country)]
    # In a list stand the telephones of others, unless there are no others.
    theirs = [path for path in numbers if "[]" not in path] or numbers
    lines.append(f"phones = {json.dumps(theirs, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _claimants(places: Mapping[str, Place], country: str) -> Iterator[str]:
    """Whoever else seems to claim, as a comment: nobody is written to because of a guess."""
    theirs = {path: place for path, place in places.items() if any(word in path.lower() for word in _CLAIMANTS)}
    lists = [path.rpartition("[].")[0] + "[]" for path in theirs if "[]." in path]
    each = lists[0] if lists else "."
    inside = {path.removeprefix(f"{each}."): place for path, place in theirs.items() if each == "." or each in path}
    if _path_for(_OF_CLAIMANT["ref"], inside) is None:
        return
    lines = ["Others seem to claim too (in motor liability the harmed party). If so, complete this, and take # away.",
             "[claimant]", f"each = {quoted(each)}"]  # fmt: skip
    for name, groups in _OF_CLAIMANT.items():
        if (path := _path_for(groups, inside)) is not None:
            lines.append(f"{name} = {quoted(path)}   # {_seen(inside[path])}")
        elif name != "email" or _path_for(_PERSON[name], places) is not None:
            lines.append(f'{name} = ""   # which path?')  # what [policyholder] says, the check wants here too
    numbers = [path for path, place in inside.items() if _has_phones(place, country)]
    lines.append(f"phones = {json.dumps(numbers, ensure_ascii=False)}")
    yield "".join(f"# {line}\n" for line in lines)


def _has_phones(place: Place, country: str) -> bool:
    named = re.search(r"phone|mobile|cell|tel", place.path, re.IGNORECASE)
    read = phone_reader([country.upper()])
    return bool(named) or (
        len(place.words) > 1 and all(read(word) and len(word) > 9 for word in list(place.words)[:20])
    )


def _rules(place: Place, cases: int, *, first: bool) -> str:
    """A rule without its stage for each code of the telling path; of other paths, the codes as a list to look at."""
    if not first:
        said = "".join(f"#   {word} ({times:,})\n" for word, times in place.words.most_common())
        return f"# {place.path} has codes too; put them beside the others where they tell more:\n{said}"
    return "\n".join(_rule(place, word, times, cases) for word, times in place.words.most_common())


def _rule(place: Place, word: str, times: int, cases: int) -> str:
    guess = _guess(word)
    return f"""[[rule]]
name = {quoted(word)}
when = {{ {quoted(place.path)} = {quoted(word)} }}   # {times:,} of {cases:,}
# stage = {quoted(guess or "?")}{"   # a guess: is it so?" if guess else ""}
"""


def _guess(word: str) -> str | None:
    said = word.lower()
    fits = (
        stage for stage, parts in _GUESS.items() for part in parts if said == part or (part in said and part != "r")
    )
    return next(fits, None)


def _no_codes() -> str:
    return """# No path looks like the code of where a claim stands: write the rules by hand.
[[rule]]
name = ""
when = { "" = "" }
"""


def _seen(place: Place, forms: Sequence[str] = ()) -> str:
    """How often it is there, and how it reads; no examples: the file is no place for a person's data."""
    doubt = f"; reads as {' and as '.join(forms)}: which one?" if len(forms) > 1 else ""
    return f"in {place.filled:,} of {place.cases:,}{doubt}"


def quoted(word: str | None) -> str:
    """A word as a string of TOML, which escapes as JSON does, and the delete character too."""
    return json.dumps(word or "", ensure_ascii=False).replace("\x7f", "\\u007f")
