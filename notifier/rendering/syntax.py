"""What the source of a message may hold: names, constants, `if` and few filters; refused with where and how to mend."""

import difflib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from claims_core.i18n import marked as _
from notifier.rendering.faults import Fault, Tokens
from notifier.wording.tone import slips_in
from notifier.wording.values import NAMES

MAX_SOURCE = 4_096  # bytes
MAX_CONDITIONS = 6  # different values that an `if` asks for: all their readings are looked at, 64 at most
MAX_DEPTH = 4  # of one `if` in another, and of one filter after another
SAFE_FILTERS = ("lower", "trim", "upper")
VALUE = "\ufffc"  # stands for a value where the words of a text are looked at

# The texts are plain: escaping would put `&amp;` into an SMS.
_environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
_environment.globals.clear()  # no text may call anything, and to lay them under each text takes as long as the text

# Names, constants and `if`: a text needs no more, and nothing of this can reach an attribute, a call or a loop.
SAFE_NODES = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.Filter)
# Kinds of nodes, and the signs by which the place of one is found.
_PARTS = ((nodes.Getattr, nodes.Getitem), (".", "["))
_CALLS = ((nodes.Call, nodes.Test), ("(", "is"))
_COMPUTES = ((nodes.Expr, nodes.Helper), (*"+-*/%~<>[({,:", "//", "**", "==", "!=", "<=", ">=", "and", "or", "not"))
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BRACES = ("{", "}")


def problems_of(source: str) -> list[str]:
    """What is wrong with the source of a message, in English words for its author; empty means it may be used."""
    return [str(fault) for fault in faults_of(source)]


def faults_of(source: str) -> list[Fault]:
    """What is wrong with the source of a message, in the order of the text; empty means it may be used.

    Whatever is not on the list is refused: the syntax tree decides, the tokens only say where.
    """
    return list(_faults(source))


@lru_cache(maxsize=512)  # a look at a text asks often
def _faults(source: str) -> tuple[Fault, ...]:
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > MAX_SOURCE:
        too_long = _("the text has {n} bytes; at most {most} are allowed")
        return (Fault(1, 1, "", too_long, _("say less, or say it on the claim page"), {"n": size, "most": MAX_SOURCE}),)
    tokens = Tokens(source)
    if (unseen := next((at for at, each in enumerate(source) if _is_unseen(each)), -1)) >= 0:
        return (tokens.fault_at(unseen, _code(source[unseen]), _("a character that nobody sees"), _("take it out")),)
    try:
        tree = _environment.parse(source)
        tokens.read(_environment.lex(source))
        faults = [*_unsaid(tokens), *_not_allowed(tree, tokens)] or list(_unknown(tree, tokens))
        faults = faults or list(_in_words(tree, tokens))
        each_once = {str(fault): fault for fault in faults}.values()
        return tuple(sorted(each_once, key=lambda fault: (fault.line, fault.column)))
    except TemplateSyntaxError as error:
        mend = _("see that each opening brace has its closing one, and each if its endif")
        return (tokens.fault_in_line(error.lineno, _("this cannot be read: {why}"), mend, why=error.message or ""),)
    except RecursionError:
        return (Fault(1, 1, "", _("one thing stands in another too often"), _("write it flat"), {}),)


@lru_cache(maxsize=512)  # a look at a text says it in many readings
def compiled(source: str) -> tuple[Template, frozenset[str]]:
    """A source without faults, ready to be said, and the values that it names."""
    return _environment.from_string(source), frozenset(_names(_environment.parse(source)))


def wordings(source: str) -> frozenset[str]:
    """Every reading of a source without faults, by what is known and what is not, with `VALUE` for each value."""
    return frozenset(_readings(_environment.parse(source)))


def asked_for(source: str) -> frozenset[str]:
    """The values that a source without faults asks for with `if`."""
    return frozenset(_conditions(_environment.parse(source)))


def _is_unseen(character: str) -> bool:
    return character != "\n" and unicodedata.category(character) in _UNSEEN


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _unsaid(tokens: Tokens) -> Iterator[Fault]:
    """What the tree does not hold: comments, and words that only look like values."""
    for token in tokens.of_kinds("comment_begin", "raw_begin"):
        what = _("a comment or raw words, which the tests of a text do not see")
        yield tokens.fault_at(token.at, token.value, what, _("take it out"))


def _not_allowed(tree: nodes.Template, tokens: Tokens) -> Iterator[Fault]:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, SAFE_NODES):
            yield _refused(node, tokens)
        elif isinstance(node, nodes.Filter):
            yield from _filter_faults(node, tokens)
        elif isinstance(node, nodes.Const) and not isinstance(node.value, str):
            what, mend = _("a constant that is no words in quotes"), _("put it in quotes, or among the words")
            yield tokens.fault_in_line(node.lineno, what, mend, signs=(str(node.value), str(node.value).lower()))
    deep = max(_depths(tree, nodes.If), default=0), max(_depths(tree, nodes.Filter), default=0)
    if max(deep) > MAX_DEPTH or len(set(_conditions(tree))) > MAX_CONDITIONS:
        what, mend = _("too many conditions, or one in another too often"), _("make two texts of it, or say less")
        yield Fault(1, 1, "", what, mend, {})


def _refused(node: nodes.Node, tokens: Tokens) -> Fault:
    if isinstance(node, _PARTS[0]):
        what, mend, signs = _("a value has no parts here"), _("name the value alone"), _PARTS[1]
    elif isinstance(node, _CALLS[0]):
        what, mend, signs = _("a text calls and tests nothing"), _("name the value alone"), _CALLS[1]
    elif isinstance(node, _COMPUTES[0]):
        what, signs = _("a text computes, compares and joins nothing"), _COMPUTES[1]
        mend = _("name the value alone, or ask with if whether it is known")
    else:
        what, mend = _("this tag is not allowed"), _("there are only if, elif, else and endif")
        return tokens.fault_in_line(node.lineno, what, mend, tags=True)
    return tokens.fault_in_line(node.lineno, what, mend, signs=signs)


def _filter_faults(node: nodes.Filter, tokens: Tokens) -> Iterator[Fault]:
    filters = ", ".join(SAFE_FILTERS)
    if node.name not in SAFE_FILTERS:
        what, mend = _("there is no such filter"), _("there are {filters}")
        yield tokens.fault_in_line(node.lineno, what, mend, signs=(node.name,), filters=filters)
    elif node.args or node.kwargs or node.dyn_args or node.dyn_kwargs or node.node is None:
        what, mend = _("a filter takes nothing but the value before it"), _("write it without brackets: {filters}")
        yield tokens.fault_in_line(node.lineno, what, mend, signs=(node.name,), filters=filters)


def _unknown(tree: nodes.Template, tokens: Tokens) -> Iterator[Fault]:
    for name in sorted(_names(tree) - NAMES):
        meant = difflib.get_close_matches(name, NAMES, n=1)
        line = next(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
        mend = _("did you mean {meant}?") if meant else _("there are {meant}")
        known = meant[0] if meant else ", ".join(sorted(NAMES))
        yield tokens.fault_in_line(line, _("there is no such value"), mend, signs=(name,), meant=known)


def _names(tree: nodes.Template) -> set[str]:
    """Every name, also those that the engine means something by, as `self`."""
    return {node.name for node in tree.find_all(nodes.Name)}


def _in_words(tree: nodes.Template, tokens: Tokens) -> Iterator[Fault]:
    """What the words themselves may not say, in whichever reading of the text."""
    said: set[tuple[str, str]] = set()
    for words in sorted(_readings(tree)):
        if not words.strip():
            yield Fault(1, 1, "", _("there may be nothing to say"), _("write words that are always said"))
        if hidden := next((each for each in words if _is_unseen(each)), None):
            said.add((hidden, _("a character that nobody sees")))
        if brace := next((each for each in words if each in _BRACES), None):
            said.add((brace, _("a brace among the words; a value stands in two of them")))
        said |= {(slip.found, slip.why) for slip in slips_in(words)}
    for found, why in sorted(said):
        at = tokens.source.find(found)
        shown = _code(found) if _is_unseen(found[0]) else found.replace(VALUE, "…")
        yield tokens.fault_at(max(at, 0), shown, why, _("take it out or say it differently"))


def _readings(tree: nodes.Template) -> set[str]:
    asked = sorted(set(_conditions(tree)))
    known = (dict(zip(asked, values, strict=True)) for values in product((True, False), repeat=len(asked)))
    return {"".join(_words(tree.body, each)) for each in known}


def _conditions(tree: nodes.Template) -> Iterator[str]:
    for branch in tree.find_all(nodes.If):
        root = _root(branch.test)
        if isinstance(root, nodes.Name):
            yield root.name


def _words(body: Iterable[nodes.Node], known: dict[str, bool]) -> Iterator[str]:
    for node in body:
        if isinstance(node, nodes.If):
            chosen = next((one for one in (node, *node.elif_) if _holds(one.test, known)), None)
            yield from _words(node.else_ if chosen is None else chosen.body, known)
        elif isinstance(node, nodes.Output):
            yield from (_said(_root(each), known) for each in node.nodes)


def _said(node: nodes.Node, known: dict[str, bool]) -> str:
    if isinstance(node, nodes.Name):
        return VALUE if known.get(node.name, True) else ""
    return str(getattr(node, "data", None) or getattr(node, "value", ""))


def _holds(test: nodes.Node, known: dict[str, bool]) -> bool:
    root = _root(test)
    return known[root.name] if isinstance(root, nodes.Name) else bool(getattr(root, "value", True))


def _root(node: nodes.Node) -> nodes.Node:
    while isinstance(node, nodes.Filter) and node.node is not None:
        node = node.node
    return node


def _depths(node: nodes.Node, kind: type[nodes.Node], depth: int = 0) -> Iterator[int]:
    """How many of `kind` each node stands in, itself among them. An `elif` stands beside its `if`."""
    for field, value in node.iter_fields():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, nodes.Node):
                here = depth + isinstance(child, kind) - (field == "elif_")
                yield here
                yield from _depths(child, kind, here)
