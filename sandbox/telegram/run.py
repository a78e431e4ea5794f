"""`python -m sandbox --telegram`: the emulated bot alone, and the settings that point a notifier at it."""

from sandbox.serving import serve_alone
from sandbox.telegram.app import create_app
from sandbox.telegram.bot import Bot

FIRST_PORT = 8090
TOLD = """NOTIFIER_MARKET=eu
TELEGRAM_BOT_TOKEN={token}
TELEGRAM_BOT_NAME={name}
TELEGRAM_WEBHOOK_SECRET={secret}
TELEGRAM_API_BASE_URL=http://127.0.0.1:{port}

Tell it where updates go:
  curl -H 'content-type: application/json' http://127.0.0.1:{port}/bot{token}/setWebhook \\
    -d '{{"url": "http://localhost:8000/webhooks/telegram", "secret_token": "{secret}"}}'
Write as a person, plan a fault, look at what came:
  curl -H 'content-type: application/json' http://127.0.0.1:{port}/sandbox/said \\
    -d '{{"chat": 42, "text": "/start TOKEN"}}'
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
