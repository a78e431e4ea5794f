"""Telegram: messages through the HTTP Bot API, and what its webhook brings. The only folder that spells its words."""
