"""What the mother of forked processes does for all of them after her imports: half of the work of a short life."""

import importlib

from sqlalchemy.orm import configure_mappers

# The provider's library imports this when it is first asked for a message.
importlib.import_module("twilio.rest.api.v2010.account")
configure_mappers()
