"""The web: pages for the policyholder, the desk for staff, JSON and webhooks for programs."""
