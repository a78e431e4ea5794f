"""Twilio: SMS and WhatsApp through the official SDK. The only folder that imports it and spells Twilio's words."""
