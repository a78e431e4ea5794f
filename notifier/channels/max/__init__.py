"""MAX: messages through the messenger's bot API, and what its webhook brings. The only folder that spells its words."""
