"""`python -m sandbox --max`: the emulated bot alone, and the settings that point a notifier at it."""

from sandbox.max.app import create_app
from sandbox.max.bot import Bot
from sandbox.serving import serve_alone

FIRST_PORT = 8095
TOLD = """MAX_BOT_TOKEN={token}
MAX_BOT_NAME={name}
MAX_WEBHOOK_SECRET={secret}
MAX_API_BASE_URL=http://127.0.0.1:{port}

Tell it where updates go:
  curl -H 'content-type: application/json' -H 'Authorization: {token}' http://127.0.0.1:{port}/subscriptions \\
    -d '{{"url": "http://localhost:8000/webhooks/max", "secret": "{secret}"}}'
Open the bot from a link, write as a person, stop it, plan a fault, look at what came:
  curl -H 'content-type: application/json' http://127.0.0.1:{port}/sandbox/said -d '{{"chat": 42, "token": "TOKEN"}}'
  curl -H 'content-type: application/json' http://127.0.0.1:{port}/sandbox/said -d '{{"chat": 42, "text": "СТАТУС"}}'
  curl -H 'content-type: application/json' http://127.0.0.1:{port}/sandbox/said -d '{{"chat": 42, "stops": true}}'
  curl -H 'content-type: application/json' http://127.0.0.1:{port}/sandbox/faults -d '{{"fault": "429", "number": 7}}'
  curl http://127.0.0.1:{port}/log
"""


def run() -> int:
    """Serve until Ctrl-C."""
    bot = Bot()
    return serve_alone(
        create_app(bot),
        FIRST_PORT,
        told=lambda port: TOLD.format(token=bot.token, name=bot.name, secret=bot.secret, port=port),
    )
