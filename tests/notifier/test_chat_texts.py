"""Chats read whole sentences with one button: what WhatsApp would, else what an SMS says."""

import pytest

from notifier.channels.base import Content
from notifier.channels.button import Button, parted
from notifier.rendering import LANGUAGES, render, templates_for
from notifier.rendering.samples import sample_values


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_line_of_whatever_whatsapp_reads_becomes_the_button(language):
    for template in templates_for("whatsapp"):
        values = sample_values(template, language)
        said = render(template, "telegram", language, values)
        words, button = parted(said, Content(template, language, values))
        assert button is not None, template
        assert 0 < len(button.label) <= 20, (template, button.label)
        assert button.url == f"https://{values['link']}"
        assert values["link"] not in words


def test_where_there_are_no_longer_words_a_chat_reads_an_sms_with_a_button_to_the_claim():
    values = sample_values("kw_status", "en")
    said = render("kw_status", "max", "en", values)
    assert said == render("kw_status", "sms", "en", values)
    button = Button("Open my claim", f"https://{values['link']}")
    assert parted(said, Content("kw_status", "en", values)) == (said, button)
    assert parted("Hello", None) == ("Hello", None)
