"""What a page owes its readers, measured in the page: what axe asks for, wider text, forced colours."""

# What axe looks for. Listing the thousand things that are sound takes it longer than finding them.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}

# The dark theme is the same page in other colours: of the rules only these can come out differently.
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}

# In another language the page has other words in the same colours; contrast is the longest of all looks.
WORDS = RULES | {"rules": {name: {"enabled": False} for name in ("color-contrast", "link-in-text-block")}}


def looks(language: str | None) -> tuple[tuple[str, dict], ...]:
    """The themes to look at at one visit, and what for: colours know no language, so they are looked at in one."""
    return (("light", RULES), ("dark", COLOURS)) if language == "ru" else (("light", WORDS),)


# WCAG 1.4.12: what a reader may set for himself, and the page must bear.
SPACING = (
    "* { line-height:1.5 !important; letter-spacing:.12em !important; word-spacing:.16em !important; }"
    "p { margin-block-end:2em !important; }"
)
# The content policy lets no style in by markup; a sheet made in the page is the reader's own.
SPACED = """(css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  if (getComputedStyle(document.querySelector("h1")).letterSpacing === "normal") throw new Error("nothing is spaced");
}"""
# A label, and a link to a field, find the first element of that id: an icon once had a field's.
TWICE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((at) => at.id);
  return ids.filter((id, place) => ids.indexOf(id) !== place);
}"""
# Elements whose own text is cut, and by how much the page scrolls sideways.
CUT = """() => {
  const hides = (style) => [style.overflowX, style.overflowY].some((way) => way === "hidden" || way === "clip");
  const spoken = (at) => at.closest(".vh, .skip, svg, [hidden]");
  const cut = [...document.querySelectorAll("body *")].filter((at) => at.clientWidth > 1 && !spoken(at)
    && hides(getComputedStyle(at)) && at.textContent.trim()
    && (at.scrollWidth > at.clientWidth + 1 || at.scrollHeight > at.clientHeight + 1));
  const root = document.documentElement, over = root.scrollWidth - root.clientWidth;
  return [...cut.map((at) => at.tagName + "." + at.className), ...(over > 0 ? [`sideways by ${over}`] : [])];
}"""
# In forced colours a strip keeps today apart from the days ahead, and a status keeps a frame.
FADED = """() => {
  const look = (at) => {
    const style = getComputedStyle(at);
    return style.backgroundColor + style.borderTopStyle + style.outlineStyle;
  };
  const same = [...document.querySelectorAll(".days")].filter((strip) => {
    const [today, ahead] = [strip.querySelector("i.today"), strip.querySelector("i:not([class])")];
    return today && ahead && look(today) === look(ahead);
  });
  const bare = [...document.querySelectorAll(".status")].filter((at) => getComputedStyle(at).borderTopStyle === "none");
  return [...same, ...bare].map((at) => at.outerHTML.slice(0, 80));
}"""
