"""Inside, only our words: what the back office and the providers say stops at the border."""

import ast
import re
from collections.abc import Iterator

from tests.house.source import PRODUCT, Module, modules

# The clear ones of the glossary's column "we avoid", as parts of an identifier.
RETIRED = {
    "adjuster": "handler",
    "blacklist": "opt_out",
    "client": "policyholder",
    "customer": "policyholder",
    "dao": "ledger",
    "disbursement": "payment",
    "dto": "snapshot",
    "experiment": "pilot",
    "incident": "loss",
    "insured": "policyholder",
    "otp": "code",
    "payload": "values",
    "payout": "payment",
    "repository": "ledger",
    "status": "stage, situation or state",
    "ticket": "claim",
    "unsubscribe": "opt_out",
    "user": "policyholder, handler or viewer",
    "vendor": "provider",
    "workflow": "rule",
}
# Compounds that say something else: HTTP's number, a provider's own word kept as it came.
FINE = re.compile(r"_?(http_)?status_code|(their_|provider_)+status|statuses_of_theirs", re.IGNORECASE)
# In the web package the bare word is HTTP's number, and nothing else.
WEB, HTTP_STATUS = "claims_portal/", re.compile(r"_?(by_)?status(_of)?", re.IGNORECASE)
BORDER = ("backoffice_adapter/mapping", "backoffice_adapter/sources/", "notifier/channels/")
# The operating system has users, and there the word means one.
BORDER += ("claims_core/embedded/",)
# The ticket from the first step of a sign-in to the second is no claim.
FINE_IN = {"claims_portal/staff/sign_in.py": {"ticket"}, "claims_portal/desk/sign_in.py": {"ticket"}}
# To OpenID Connect we are a client.
FINE_IN |= {f"claims_portal/{place}.py": {"client"} for place in ("oidc_settings", "oidc/provider", "oidc/tokens")}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that the code chooses itself: definitions, arguments, assignments, fields. Uses are others' words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def retired_in(module: Module) -> list[str]:
    found = []
    is_web = module.place.startswith(WEB)
    for line, name in bound_names(module.tree):
        words = {word.lower() for word in WORD.findall(name)}
        fine = FINE.fullmatch(name) or (is_web and HTTP_STATUS.fullmatch(name))
        hits = [] if fine else sorted((words & RETIRED.keys()) - FINE_IN.get(module.place, set()))
        found += [f"{module.place}:{line} {name}: say {RETIRED[word]} for {word}" for word in hits]
    return found


def test_retired_words_are_no_identifiers():
    inside = [module for module in modules(*PRODUCT, "claims_cli") if not module.place.startswith(BORDER)]
    assert not [hit for module in inside for hit in retired_in(module)]


def test_the_search_sees_a_retired_word_wherever_a_name_is_bound():
    text = "class UserPage: ...\ndef f(client): customer_id = 1; x.ticket = 2\nstatus_code = 3"
    names = [name for _, name in bound_names(ast.parse(text))]
    retired = {name for name in names if {word.lower() for word in WORD.findall(name)} & RETIRED.keys()}
    assert retired == {"UserPage", "client", "customer_id", "ticket", "status_code"}
    assert FINE.fullmatch("status_code")
